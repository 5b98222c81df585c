"""What a client has learned of drives and points, and what all clients of this process know of ids.

The first makes an id alone enough the next time. The second keeps the ids of two tenants apart.
"""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Any

import pandas as pd

from odb_nb.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from odb_nb.arguments import RestorePoint

_NAMED = 3
_SHOWN = 40


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a client gets its ids: a tenant, or a host where the token does not tell the tenant."""

    tenant: str | None
    host: str

    def surely_differs(self, other: Place) -> bool:
        """True if an id of one means nothing in the other; False where that cannot be known."""
        if self.tenant and other.tenant:
            return self.tenant != other.tenant
        return not self.tenant and not other.tenant and self.host != other.host

    def __str__(self) -> str:
        return f"tenant {self.tenant}" if self.tenant else f"host {self.host}"


class Sightings:
    """Which places have shown each id of a drive, restore point or session. Any thread may call.

    It lives as long as the process, for frames outlive the client that made them. An id takes about 0.2 kB, most of it
    the text itself: fifty thousand restore points take some 10 MB.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._places: dict[str, frozenset[Place]] = {}
        self._sets: dict[frozenset[Place], frozenset[Place]] = {}  # one of each, however many ids it is for

    def note(self, ids: Iterable[str], place: Place) -> None:
        """These ids were shown by the service to a client of this place."""
        nowhere: frozenset[Place] = frozenset()
        with self._guard:
            alone = self._sets.setdefault(frozenset({place}), frozenset({place}))
            # mostly an id is known, and to this place alone: no need to look closer
            for id_ in [id_ for id_ in ids if self._places.get(id_) is not alone]:
                places = self._places.get(id_, nowhere)
                if place not in places:
                    places |= {place}
                    self._places[id_] = self._sets.setdefault(places, places)

    def check(self, noun: str, ids: Iterable[str], place: Place) -> None:
        """Refuse ids that other tenants have shown and this one has not; those never seen anywhere may be right.

        Raises
        ------
        InputError
            With the first of them, where they come from, and how to mend it.
        """
        with self._guard:
            elsewhere = {places for places in self._sets if all(place.surely_differs(other) for other in places)}
            if not elsewhere:  # as always where a process knows one tenant
                return
            seen = {id_: self._places.get(id_) for id_ in ids}
        foreign = {id_: min(map(str, places)) for id_, places in seen.items() if places and places in elsewhere}
        if foreign:
            raise InputError(_refusal(noun, foreign, place))


def _refusal(noun: str, foreign: dict[str, str], place: Place) -> str:
    first = [f"{_short(id_)} ({where})" for id_, where in list(foreign.items())[:_NAMED]]
    rest = f" and {len(foreign) - _NAMED:,} more" if len(foreign) > _NAMED else ""
    verb = "was" if len(foreign) == 1 else "were"
    return (
        f"{len(foreign):,} {noun}{'' if len(foreign) == 1 else 's'} {verb} listed from elsewhere: {', '.join(first)}"
        f"{rest}. This client is signed in to {place}; nothing was sent. Give each client what it listed itself, and "
        "keep frames of different tenants apart"
    )


def _short(id_: str) -> str:
    return repr(id_ if len(id_) <= _SHOWN else f"{id_[: _SHOWN - 1]}…")


SIGHTINGS = Sightings()


class Memory:
    """Drives and restore points by id, from what was listed or handed in."""

    def __init__(self) -> None:
        self._drives: dict[str, dict[str, Any]] = {}
        self._points: dict[str, RestorePoint] = {}
        self._places: dict[tuple[str, str], dict[str, Any]] = {}

    def learn_drives(self, units: Iterable[dict[str, Any]]) -> None:
        """From the service's own objects; nothing known is ever forgotten for a null."""
        for unit in units:
            known = {key: unit[key] for key in ("id", "displayName", "directoryObjectId") if unit.get(key)}
            self._drives.setdefault(str(unit.get("id")), {}).update(known)

    def learn_drive_frame(self, drives: object) -> None:
        """From a frame of drives, which may be older than this client."""
        if isinstance(drives, pd.DataFrame) and {"id", "display_name", "directory_object_id"} <= set(drives.columns):
            names = {"id": "id", "display_name": "displayName", "directory_object_id": "directoryObjectId"}
            rows = drives[list(names)].rename(columns=names).astype("object")
            values = rows.where(rows.notna(), None).to_numpy().tolist()
            self.learn_drives(dict(zip(rows.columns, row, strict=True)) for row in values)

    def with_drive(self, point: dict[str, Any]) -> dict[str, Any]:
        """The service's point with what is known of its drive where the answer leaves that out."""
        unit = {key: value for key, value in (point.get("protectionUnit") or {}).items() if value is not None}
        return {**point, "protectionUnit": {**self._drives.get(str(unit.get("id")), {}), **unit}}

    def learn_points(self, points: Iterable[RestorePoint]) -> None:
        """Keep what is told of each point; nothing known is ever forgotten for a null."""
        for point in points:
            self._points[point.id] = self.completed(point)

    def completed(self, point: RestorePoint) -> RestorePoint:
        """The point with what was learned of it before."""
        known = self._points.get(point.id)
        if known is None or known == point:
            return point
        told = {name: value for name, value in vars(point).items() if value is not None}
        # mostly there is nothing new, and a point takes long to make
        return known if told.items() <= vars(known).items() else dataclasses.replace(known, **told)

    def taken_at(self, moment: datetime | None) -> list[RestorePoint]:
        """Known points of that second."""
        wanted = moment and moment.replace(microsecond=0)
        times = ((point, point.protection_date_time) for point in self._points.values())
        return [point for point, taken in times if wanted and taken and taken.replace(microsecond=0) == wanted]

    def learn_places(self, items: pd.DataFrame) -> None:
        """Keep the libraries and folders of a frame of items: their keys alone tell neither path nor type."""
        places = items[items["type"].ne("file").fillna(False) & items["item_key"].notna()]
        columns = ("session_id", "item_key", "type", "path", "depth", "items_count")
        for row in zip(*(places[name].astype("object").tolist() for name in columns), strict=True):
            place = {name: None if value is pd.NA else value for name, value in zip(columns, row, strict=True)}
            self._places[str(place["session_id"]), str(place["item_key"])] = place

    def place(self, session_id: str, item_key: str) -> dict[str, Any] | None:
        """What is known of a place in a session: its type, path and depth."""
        return self._places.get((session_id, item_key))
