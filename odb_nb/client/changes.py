"""Find the last good restore point of a drive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_bool

from odb_nb import tables
from odb_nb.bisection import Bisection
from odb_nb.checks import EVERYTHING, Check
from odb_nb.client.items import ItemMethods
from odb_nb.client.sessions import SessionMethods
from odb_nb.errors import GraphError, InputError
from odb_nb.notices import notify
from odb_nb.words import time_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from odb_nb.arguments import RestorePoint
    from odb_nb.progress import Progress

_OF_POINT = ("drive_id", "display_name", "protection_date_time")
_WORDS = {True: "good", False: "not good", None: "unknown"}


class ChangeMethods(SessionMethods, ItemMethods):
    """`find_change`."""

    def find_change(
        self,
        restore_points: object,
        is_good: Callable[[pd.DataFrame], bool],
        *,
        progress: Progress = None,
        dry_run: bool = False,
    ) -> pd.DataFrame:
        """The restore points of one drive between which something changed, found by opening few of them.

        By halving: of 14 points at most 6 are opened. That **assumes one change**, from good to not good. The points
        next to the change are looked at as well; if they disagree, that is said.

        Parameters
        ----------
        restore_points : DataFrame, Series, list or str
            Restore points of one drive, as `list_restore_points` gives them; their times must be known.
        is_good : callable
            Takes a listing (a frame as `walk` gives it) and returns True or False. Or one of `path_exists`,
            `has_items`, `no_suffix`, which list no more of the drive than they need.
        progress : None, False or callable
            See `create_sessions`; its first note says how many sessions and requests it may take.
        dry_run : bool
            Open nothing; ``attrs["in_words"]`` says how many sessions and requests it may take.

        Returns
        -------
        pandas.DataFrame
            One row per point looked at, oldest first: ``restore_point_id``, ``drive_id``, ``display_name`` (string),
            ``protection_date_time`` (datetime64[us, UTC]), ``session_id``, ``verdict`` (``good``, ``not good``,
            ``unknown`` where its session failed, what a check needs could not be listed, or two looks showed different
            items), ``change`` (``last good``, ``first not good``, or null) (string), ``items_seen`` (Int64),
            ``error_code``, ``error_message`` (string). ``attrs``: ``question``, ``points``, ``sessions_at_most``,
            ``effort``, ``last_good`` and ``first_not_good`` (ids or None), ``is_consistent``, ``counts_differ`` (ids of
            the points that twice showed the same items, in another number than the service told), and ``in_words``.
            With `dry_run` one row per point given, all ``planned``.

        Raises
        ------
        InputError
            No points, points of several drives, times that are not known, an answer that is neither True nor False.
        AuthError, GraphError

        Warns
        -----
        UserWarning
            The points next to the change disagree, so that there is more than one change.

        Examples
        --------
        >>> import odb_nb as odb
        >>> with odb.connect() as client:
        ...     points = client.list_restore_points(client.list_drives(search="vance"), start="2026-11-07")
        ...     found = client.find_change(points, odb.path_exists("Documents"))
        ...     found.attrs["in_words"]
        'no change: in all 14 points Documents exists, as far as 4 of them show'
        """
        if not callable(is_good):
            raise InputError(f"is_good={is_good!r:.80} must be a function of a listing, or a check such as path_exists")
        points = _in_time(self._points(restore_points))
        search = Bisection(len(points))
        question = is_good.words if isinstance(is_good, Check) else getattr(is_good, "__name__", "the check")
        effort = is_good.effort if isinstance(is_good, Check) else EVERYTHING
        told: dict[Hashable, Any] = {
            "question": question,
            "points": len(points),
            "sessions_at_most": search.most_looks,
            "effort": f"opens at most {search.most_looks} sessions of {len(points)} points; {effort}",
        }
        if dry_run:
            return _planned(points, told)
        rows: dict[int, dict[str, Any]] = {}

        def so_far() -> pd.DataFrame:
            return _frame(points, search, rows, told)

        try:
            with self._reporting(progress, "restore points") as report:
                report(0, search.most_looks, told["effort"])
                while (place := search.next()) is not None:
                    verdict, rows[place] = self._judged(points[place], is_good)
                    search.verdicts[place] = verdict
                    report(len(rows), max(len(rows), search.most_looks), _WORDS[verdict])
        finally:
            self._keep(so_far)  # and not what the calls in between have kept
        frame = so_far()
        self._keep(lambda: frame)
        if not search.is_consistent:
            notify(f"more than one change: {frame.attrs['in_words']}; look at the points between one by one")
        return frame

    def _judged(
        self, point: RestorePoint, is_good: Callable[[pd.DataFrame], bool]
    ) -> tuple[bool | None, dict[str, Any]]:
        """One point's verdict, None where it cannot be opened, and what its row tells."""
        session = self.create_sessions([point.id], wait=True, progress=False).iloc[0]
        row: dict[str, Any] = {"session_id": _plain(session["id"]), "error": {}}
        if session["status"] is pd.NA or session["status"].casefold() != "created":
            row["error"] = {"code": _plain(session["error_code"]), "message": _plain(session["error_message"])}
            return None, row
        opens, sure = (is_good.opens, is_good.sure_answer) if isinstance(is_good, Check) else (None, None)
        try:
            listing = self._walk(session["id"], opens=opens, progress=False)
            odd = _oddly_listed(listing)
            if odd is not None and (sure is None or is_good(listing) != sure):
                # a page may have left out the very row that the check is about; what is really so shows again
                listing = self._walk(session["id"], opens=opens, progress=False)
        except GraphError as exc:
            if exc.status_code != 404:
                raise
            return None, {**row, "error": {"code": exc.code, "message": exc.message}}
        row["items_seen"] = len(listing)
        answer = is_good(listing)
        if not is_bool(answer):
            raise InputError(
                f"is_good must return True or False; at {point.protection_date_time} it gave {answer!r:.80}"
            )
        if answer != sure:  # that one holds whatever the listing lacks
            not_listed = 0 if sure is None else len(listing.attrs["not_listed"])
            if not_listed or _oddly_listed(listing) not in (None, odd):
                what = f"{not_listed} places could not be listed" if not_listed else "two looks showed different items"
                words = f"{what}, and the answer may lie there; call again"
                return None, {**row, "error": {"code": "NotAllListed", "message": words}}
            row["counts_differ"] = bool(listing.attrs["counts_differ"])
        return bool(answer), row


def _oddly_listed(listing: pd.DataFrame) -> frozenset[str] | None:
    """What was shown in places that hold another number of items than the service told; None if there are none."""
    if listing["type"].eq("documentLibrary").any() and not listing.attrs["counts_differ"]:
        return None
    return frozenset(listing.loc[listing["parent_key"].isin(listing.attrs["counts_differ"]), "item_key"])


def _plain(value: Any) -> str | None:
    return None if value is pd.NA else str(value)


def _in_time(points: Sequence[RestorePoint]) -> list[RestorePoint]:
    """The points oldest first, each once, if they are of one drive."""
    by_id = {point.id: point for point in points}
    drives = {point.drive_key for point in by_id.values()}
    if not by_id:
        raise InputError("no restore points; list_restore_points gives those of a drive")
    if None in drives or any(point.protection_date_time is None for point in by_id.values()):
        raise InputError("drive or time of a restore point is not known; pass the frame that list_restore_points gave")
    if len(drives) > 1:
        raise InputError(
            f"these are restore points of {len(drives)} drives; look for the change in one after the other"
        )
    return sorted(by_id.values(), key=lambda point: (point.protection_date_time, point.id))


def _frame(
    points: Sequence[RestorePoint], search: Bisection, rows: dict[int, dict[str, Any]], told: dict[Hashable, Any]
) -> pd.DataFrame:
    last_good, first_bad = search.change
    places = sorted(search.verdicts)
    errors = [rows[place]["error"] for place in places]
    frame = tables.CHANGES.of_columns(
        {
            **{name: [getattr(points[place], name) for place in places] for name in _OF_POINT},
            "restore_point_id": [points[place].id for place in places],
            "session_id": [rows[place]["session_id"] for place in places],
            "verdict": [_WORDS[search.verdicts[place]] for place in places],
            "change": [{last_good: "last good", first_bad: "first not good"}.get(place) for place in places],
            "items_seen": [rows[place].get("items_seen") for place in places],
            "error_code": [error.get("code") for error in errors],
            "error_message": [error.get("message") for error in errors],
        }
    )
    frame.attrs = {
        **told,
        "last_good": None if last_good is None else points[last_good].id,
        "first_not_good": None if first_bad is None else points[first_bad].id,
        "is_consistent": search.is_consistent,
        "counts_differ": [points[place].id for place in places if rows[place].get("counts_differ")],
    }
    frame.attrs["in_words"] = _in_words(points, search, told["question"]) + _of_counts(frame.attrs["counts_differ"])
    return frame


def _planned(points: Sequence[RestorePoint], told: dict[Hashable, Any]) -> pd.DataFrame:
    nothing = [None] * len(points)
    columns: dict[str, list[Any]] = dict.fromkeys(tables.CHANGES.names, nothing)
    columns |= {name: [getattr(point, name) for point in points] for name in _OF_POINT}
    columns |= {"restore_point_id": [point.id for point in points], "verdict": ["planned"] * len(points)}
    frame = tables.CHANGES.of_columns(columns)
    frame.attrs = {
        **told,
        "in_words": f"asks whether {told['question']}, assuming one change; {told['effort']}",
    }
    return frame


def _of_counts(points: Sequence[str]) -> str:
    return f"; in {len(points)} of them places hold another number of items than the service told" if points else ""


def _in_words(points: Sequence[RestorePoint], search: Bisection, question: str) -> str:
    last_good, first_bad = search.change
    looked = sum(verdict is not None for verdict in search.verdicts.values())
    shown = f"as far as {looked} of them show"
    if last_good is None and first_bad is None:
        return f"not known: none of the {len(points)} points could be looked into"
    if first_bad is None:
        return f"no change: in all {len(points)} points {question}, {shown}"
    first = time_in_words(points[first_bad].protection_date_time)
    if last_good is None:
        return f"in none of the {len(points)} points, {shown}, does it hold that {question}; it changed before {first}"
    last = time_in_words(points[last_good].protection_date_time)
    skipped = first_bad - last_good - 1
    between = f" ({skipped} points between them could not be opened)" if skipped else ""
    doubt = "" if search.is_consistent else "; a later point is good again"
    return f"{question}: true in {last}, no longer in {first}{between}{doubt}"
