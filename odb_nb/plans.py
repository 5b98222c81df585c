"""Plans of a restore: made from items, edited by people, checked before anything is sent. Pure, no I/O."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from odb_nb import arguments
from odb_nb.auth import comparable
from odb_nb.errors import InputError
from odb_nb.tables import PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Destination = Literal["new", "inPlace"]
Conflict = Literal["fail", "replace", "rename"]

MOST_IN_A_REQUEST = 50  # Graph: RestoreArtifactsLimitBreached above it
CONFLICTS: tuple[Conflict, ...] = ("fail", "replace", "rename")
RESTORABLE = ("folder", "file")

_NEEDED = ("item_key", "session_id", "destination", "conflict", "request_number")
_DESTINATIONS: dict[str, Destination] = {"new": "new", "inPlace": "inPlace", "in_place": "inPlace"}


@dataclass(frozen=True)
class PlannedItem:
    """One row of a plan: what is restored, from which session and point, to where."""

    item_key: str
    name: str | None
    type: str | None
    path: str | None
    session_id: str
    restore_point_id: str | None
    drive_id: str | None
    destination: Destination
    conflict: Conflict
    request_number: int

    @property
    def is_in_place(self) -> bool:
        """True if it goes where it was; else a new folder takes it."""
        return self.destination == "inPlace"

    @property
    def identity(self) -> tuple[str, str]:
        """What the journal knows it by: its restore point, if that is known, and a hash of its key.

        An item whose point is not known is told apart by its session, so that no other version passes for it.
        """
        point = comparable(self.restore_point_id or "")
        text = self.item_key if point else f"{self.session_id}\n{self.item_key}"
        return point, hashlib.sha256(text.encode()).hexdigest()

    @property
    def label(self) -> str:
        """What to call it in a message."""
        return self.path or self.name or f"the item with the key {self.item_key[:40]}"


def check_destination(destination: object, conflict: object, *, api_version: str) -> tuple[Destination, Conflict]:
    """The two words, if this version of Graph takes them.

    Raises
    ------
    InputError
        Unknown words; in place, or another rule for conflicts than to fail, on v1.0.
    """
    arguments.one_of(destination, ("new", "inPlace", "in_place"), "destination")
    rule = arguments.one_of(conflict, CONFLICTS, "conflict")
    place = _DESTINATIONS[str(destination)]
    if api_version != "beta":
        words = 'Graph v1.0 restores items to a new folder only; connect(..., api_version="beta") can'
        if place == "inPlace":
            raise InputError(f"destination='inPlace': {words} put them back in place")
        if rule != "fail":
            raise InputError(f"conflict={rule!r}: {words} replace and rename, and in a new folder there is no conflict")
    return place, rule  # type: ignore[return-value]  # one_of has narrowed it


def make(
    rows: Sequence[Mapping[str, Any]],
    origins: Mapping[str, tuple[str | None, str | None]],
    destination: Destination,
    conflict: Conflict,
) -> pd.DataFrame:
    """A plan for rows of items; `origins` has the restore point and drive of each session.

    Equal items count once, and what lies in a folder of the plan goes with that folder; how many rows that took away
    is in ``attrs``. Each request has at most fifty items, all of one session.
    """
    for position, row in enumerate(rows):
        if row["type"] is not None and row["type"] not in RESTORABLE:
            raise InputError(
                f"row {position} is a {row['type']} ({row['path'] or row['name']!r}); only files and folders can be "
                "restored, so take the folders in it"
            )
    single = list({(row["session_id"], row["item_key"]): row for row in rows}.values())
    kept = _without_covered(single)
    numbers = _request_numbers([row["session_id"] for row in kept])
    columns: dict[str, list[Any]] = {name: [row.get(name) for row in kept] for name in PLAN.names}
    columns["restore_point_id"] = [origins[row["session_id"]][0] for row in kept]
    columns["drive_id"] = [origins[row["session_id"]][1] for row in kept]
    columns |= {"destination": [destination] * len(kept), "conflict": [conflict] * len(kept), "request_number": numbers}
    plan = PLAN.of_columns(columns)
    plan.attrs = {
        "requests": max(numbers, default=0),
        "given": len(rows),
        "given_twice": len(rows) - len(single),
        "within_folders": len(single) - len(kept),
    }
    return plan


def _without_covered(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows that lie in no folder of the same session that is among them: the folder's restore brings them along."""
    folders: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["type"] == "folder" and row["path"]:
            folders[row["session_id"]].add(row["path"])
    return [row for row in rows if not _is_covered(row["path"], folders[row["session_id"]])]


def _is_covered(path: str | None, folders: set[str]) -> bool:
    return bool(folders) and any(above in folders for above in _above(path or ""))


def _above(path: str) -> Iterator[str]:
    """Paths of the places that hold an item, the nearest first, up to its library."""
    while end := path.rfind("/") + 1:
        path = path[: end - 1]
        yield path


def _request_numbers(session_ids: Sequence[str]) -> list[int]:
    """Requests of at most fifty, each of one session, numbered in the order of the rows."""
    seen: Counter[str] = Counter()
    number_of: dict[tuple[str, int], int] = {}
    numbers = []
    for session_id in session_ids:
        part = session_id, seen[session_id] // MOST_IN_A_REQUEST
        seen[session_id] += 1
        numbers.append(number_of.setdefault(part, len(number_of) + 1))
    return numbers


def read(plan: object, *, api_version: str) -> list[PlannedItem]:
    """The rows of a plan, which may have been edited or come from a file.

    Raises
    ------
    InputError
        What cannot be used, with its row and how to mend it.
    """
    if not isinstance(plan, pd.DataFrame):
        raise InputError(f"expected a plan from plan_restore, got a {type(plan).__name__}")
    missing = [name for name in _NEEDED if name not in plan.columns]
    if missing or not plan.columns.is_unique:
        raise InputError(f"a plan has one each of the columns {', '.join(PLAN.names)}; missing: {', '.join(missing)}")
    rows = arguments.plain_rows(plan)
    items = [_planned(row, position, api_version) for position, row in enumerate(rows)]
    _check_requests(items)
    _check_points(items)
    return items


def _planned(row: Mapping[str, Any], position: int, api_version: str) -> PlannedItem:
    where = f"row {position} of the plan"
    try:
        for name in ("item_key", "session_id", "restore_point_id"):
            if not isinstance(row.get(name), str | None):  # what follows takes lists of ids as well
                raise InputError(f"{name}={row[name]!r:.80} must be text")
        arguments.one_item(row["item_key"])
        arguments.session_ids(row["session_id"])
        if row.get("restore_point_id") is not None:
            arguments.restore_points(row["restore_point_id"])
        destination, conflict = check_destination(row["destination"], row["conflict"], api_version=api_version)
        number = row["request_number"]
        if isinstance(number, float) and number.is_integer():  # as CSV gives a column that had nulls
            number = int(number)
        number = arguments.whole_number(number, "request_number", least=1, most=1_000_000)
        if (kind := row.get("type")) is not None and kind not in RESTORABLE:
            raise InputError(f"type={kind!r:.40} is not known; accepted: {', '.join(RESTORABLE)}")
    except InputError as exc:
        raise InputError(f"{where}: {exc}") from None
    text = {name: None if row.get(name) is None else str(row[name]) for name in ("name", "type", "path", "drive_id")}
    return PlannedItem(
        item_key=row["item_key"], session_id=row["session_id"], restore_point_id=row.get("restore_point_id"),
        destination=destination, conflict=conflict, request_number=number, **text,
    )  # fmt: skip


def _check_requests(items: Sequence[PlannedItem]) -> None:
    seen: dict[tuple[tuple[str, str], str], int] = {}
    by_request: dict[int, list[tuple[int, PlannedItem]]] = defaultdict(list)
    for position, item in enumerate(items):
        first = seen.setdefault((item.identity, item.destination), position)
        if first != position:
            raise InputError(f"rows {first} and {position} of the plan are the same item ({item.label!r}); drop one")
        by_request[item.request_number].append((position, item))
    for number, members in by_request.items():
        first_at, model = members[0]
        if len(members) > MOST_IN_A_REQUEST:
            raise InputError(
                f"request {number} of the plan has {len(members)} items, {MOST_IN_A_REQUEST} at most; give some of its "
                "rows another request_number"
            )
        for position, item in members:
            for name in ("session_id", "destination", "conflict"):
                if getattr(item, name) != getattr(model, name):
                    raise InputError(
                        f"rows {first_at} and {position} of the plan are of one request ({number}) and differ in "
                        f"{name}; give one of them another request_number"
                    )


def _check_points(items: Sequence[PlannedItem]) -> None:
    points: dict[str, tuple[int, str | None]] = {}
    for position, item in enumerate(items):
        first, point = points.setdefault(item.session_id, (position, item.restore_point_id))
        if point != item.restore_point_id:
            raise InputError(
                f"rows {first} and {position} of the plan have one session and two restore points; a session is of one"
            )


def replaces(items: Sequence[PlannedItem]) -> bool:
    """True if the plan may overwrite what is in the drives now."""
    return any(item.is_in_place and item.conflict == "replace" for item in items)


def folders_on_the_way(items: Sequence[PlannedItem]) -> set[str] | None:
    """Paths of the places in which the items lie, and of those above; None where a path is not known."""
    found = {""}
    for item in items:
        if not item.path:
            return None
        for above in _above(item.path):
            if above in found:  # and so is what is above that
                break
            found.add(above)
    return found
