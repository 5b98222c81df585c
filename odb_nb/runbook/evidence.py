"""The evidence of a backup drill: what each restore point showed, a verdict and its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odb_nb import arguments
from odb_nb.errors import GraphError
from odb_nb.pairing import is_whole, point_time
from odb_nb.runbook.columns import checked
from odb_nb.tables import DRILL, ITEMS
from odb_nb.words import time_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    import pandas as pd

    from odb_nb.client import BackupClient
    from odb_nb.progress import Progress

_FALL = 10  # a tenth
_BEYOND_64_BITS = 2**63

_OF_POINT = ("drive_id", "display_name", "protection_date_time")


def walk_each(client: BackupClient, sessions: pd.DataFrame, *, progress: Progress = None) -> list[pd.DataFrame]:
    """A walk of every session that is ready, one after the other; one that fails is an empty walk that says why.

    Parameters
    ----------
    client : BackupClient
        The client that opened them.
    sessions : DataFrame
        From `BackupClient.create_sessions` or `BackupClient.wait_for_sessions`.
    progress : None, False or callable
        See `BackupClient.walk`.

    Returns
    -------
    list of DataFrame
        In the order of the sessions, without those that are not ready. An empty walk has ``error_code`` and
        ``error_message`` in its attrs.

    Raises
    ------
    InputError
        Another frame.
    AuthError
        The sign-in does not hold any more.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="langer"), limit=1)
    ...     sessions = client.create_sessions(points, wait=True)
    ...     len(sessions), len(runbook.walk_each(client, sessions))
    (1, 0)
    """
    rows = checked(sessions, ("id", "status"), "create_sessions")
    is_ready = rows["id"].notna() & (rows["status"].str.casefold() == "created").fillna(value=False).astype(bool)
    return [_walked(client, str(id_), progress) for id_ in rows.loc[is_ready, "id"].unique()]


def _walked(client: BackupClient, session_id: str, progress: Progress) -> pd.DataFrame:
    try:
        return client.walk(session_id, progress=progress)
    except GraphError as exc:
        nothing = ITEMS.frame([])
        nothing.attrs = {"session_id": session_id, "items": 0, "complete": False, "not_listed": []}
        nothing.attrs |= {"error_code": exc.code or type(exc).__name__, "error_message": exc.message}
        return nothing


def drill_evidence(
    points: pd.DataFrame,
    sessions: pd.DataFrame,
    walks: Iterable[pd.DataFrame],
    earlier: Iterable[pd.DataFrame] = (),
) -> pd.DataFrame:
    """What each restore point of a drill showed, with a verdict.

    ``failed``
        The session failed or was not ready in time; it could not be walked; there is no file and no folder in it.
    ``look``
        Somebody should look: places could not be listed; places hold another number of items than the service
        announced; files or bytes fell by more than a tenth against the newest complete listing of that drive from
        before, saved or of this drill.
    ``passed``
        None of these. What the files hold is not looked at: no call of the service tells.

    Parameters
    ----------
    points : DataFrame
        From `BackupClient.list_restore_points`.
    sessions : DataFrame
        From `BackupClient.create_sessions` on these points.
    walks : list of DataFrame
        From `walk_each`.
    earlier : list of DataFrame
        From `newest_listings`.

    Returns
    -------
    pandas.DataFrame
        One row per point, in the order given: ``restore_point_id``, ``drive_id``, ``display_name`` (string),
        ``protection_date_time`` (datetime64[us, UTC]), ``session_id``, ``status`` (string), ``files``, ``folders``,
        ``bytes`` (Int64: of the files; null for a sum beyond 64 bits), ``date_time_before`` (datetime64[us, UTC]: the
        point of the listing it was compared with), ``files_before``, ``bytes_before`` (Int64), ``verdict``, ``reasons``
        (string). In ``attrs``, ``as_of`` is the service's time of the last walk.

    Raises
    ------
    InputError
        Other frames.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=2)
    ...     sessions = client.create_sessions(points, wait=True)
    ...     evidence = runbook.drill_evidence(points, sessions, runbook.walk_each(client, sessions))
    >>> evidence["verdict"].tolist(), evidence["reasons"].tolist()[1]
    (['passed', 'passed'], 'no earlier listing to compare with')
    """
    rows = arguments.plain_rows(checked(points, ("id", *_OF_POINT), "list_restore_points"))
    opened = arguments.plain_rows(checked(sessions, ("restore_point_id", "id", "status"), "create_sessions"))
    session_of = {row["restore_point_id"]: row for row in opened}
    by_session = {walk.attrs.get("session_id"): walk for walk in walks}
    known = [_seen(walk) for walk in (*earlier, *by_session.values()) if is_whole(walk) and len(walk)]
    found = [_row(row, session_of.get(row["id"], {}), by_session, known) for row in rows]
    evidence = DRILL.of_columns({name: [row.get(name) for row in found] for name in DRILL.names})
    asked = [told for walk in by_session.values() if (told := walk.attrs.get("as_of"))]
    evidence.attrs = {"as_of": max(asked)} if asked else {}
    return evidence


@dataclass(frozen=True)
class _Seen:
    """What a walk comes to."""

    drive_id: str | None
    taken: datetime | None
    files: int
    folders: int
    size: int


def _seen(walk: pd.DataFrame) -> _Seen:
    is_file = (walk["type"] == "file").fillna(value=False)
    sizes = walk.loc[is_file, "size_in_bytes"].dropna()
    # added up as Python's numbers, which hold any sum
    return _Seen(
        walk.attrs.get("drive_id"), point_time(walk), int(is_file.sum()), int((walk["type"] == "folder").sum()),
        sum(map(int, sizes)),
    )  # fmt: skip


def _that_fits(size: int) -> int | None:
    return size if size < _BEYOND_64_BITS else None


def _row(
    point: Mapping[str, Any], session: Mapping[str, Any], walks: Mapping[Any, pd.DataFrame], known: Iterable[_Seen]
) -> dict[str, Any]:
    row = {"restore_point_id": point["id"], **{name: point[name] for name in _OF_POINT}}
    row |= {"session_id": session.get("id"), "status": session.get("status")}
    walk = walks.get(session.get("id")) if session.get("id") else None
    failure = _failure(session, walk)
    if walk is None or failure:
        return {**row, "verdict": "failed", "reasons": failure}
    seen, before = _seen(walk), _before(point, known)
    row |= {"files": seen.files, "folders": seen.folders, "bytes": _that_fits(seen.size)}
    if before:
        row |= {"date_time_before": before.taken, "files_before": before.files}
        row["bytes_before"] = _that_fits(before.size)
    doubts = [*_gaps(walk), *(_falls(seen, before) if before else ())]
    compared = "files and bytes compared with an earlier listing" if before else "no earlier listing to compare with"
    return {**row, "verdict": "look" if doubts else "passed", "reasons": "; ".join(doubts) or compared}


def _failure(session: Mapping[str, Any], walk: pd.DataFrame | None) -> str | None:
    """Why nothing can be said about what is in it."""
    if walk is None:
        status, code = session.get("status"), session.get("error_code")
        told = f"the session's status is {status}" if status else "no session was opened"
        return f"{told} ({code})" if code else told
    if code := walk.attrs.get("error_code"):
        return f"the session could not be walked ({code})"
    return None if walk["type"].isin(["file", "folder"]).any() else "there is no file and no folder in it"


def _before(point: Mapping[str, Any], known: Iterable[_Seen]) -> _Seen | None:
    """The newest listing of the point's drive from before it."""
    taken: datetime | None = point["protection_date_time"]
    fitting = [
        (seen.taken, seen) for seen in known
        if taken and seen.taken and seen.drive_id == point["drive_id"] and seen.taken < taken.replace(microsecond=0)
    ]  # fmt: skip
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def _gaps(walk: pd.DataFrame) -> Iterable[str]:
    if not_listed := walk.attrs.get("not_listed"):
        yield f"{len(not_listed):,} places could not be listed"
    elif not is_whole(walk):
        yield "the walk was cut short"
    if differ := walk.attrs.get("counts_differ"):
        yield f"{len(differ):,} places hold another number of items than the service announced"


def _falls(seen: _Seen, before: _Seen) -> Iterable[str]:
    for name, now, then in (("files", seen.files, before.files), ("bytes", seen.size, before.size)):
        if now * _FALL < then * (_FALL - 1):
            yield f"{name} fell from {then:,} to {now:,} since {time_in_words(before.taken)}"
