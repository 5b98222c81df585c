"""Restore points, by arithmetic: which exist at an instant, and what their ids say.

A drive has a point every ten minutes for two weeks, then one a week for a year. Nothing is stored: a point is its
drive and its second, and its id can be read back into both.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

from odb_nb.sandbox.behaviours import assumed, documented, observed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from odb_nb.sandbox.seeded import Seeded
    from odb_nb.sandbox.world import Drive, World

_SLOT, _DAY, _WEEK = 600, 86_400, 604_800
_DENSE, _SPARSE = 14 * _DAY, 52 * _WEEK
_FAST_AT = 3 * 3600
_SUNDAY = 3 * _DAY  # 1970-01-01 was a Thursday
_FOREVER = 1 << 40

BEHAVIOURS = (
    documented("list_restore_points", "a point every ten minutes for 14 days, then weekly to 52 weeks", "m365-restore"),
    assumed(
        "list_restore_points", "one fastRestore point a day at about 03:00 UTC; every weekly point is one", "B-list"
    ),
    observed("list_restore_points", "a point expires one year after it was taken", "RP-list"),
    observed("list_restore_points", "a point's id is base64 of base64(guid)_unixTime_14_1", "B-create"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One restore point: its id, its drive's id, when it was taken, and whether it is tagged ``fastRestore``."""

    id: str
    drive_id: str
    time: datetime
    fast: bool


@dataclass(frozen=True, slots=True)
class Window:
    """Unix seconds from `low` to `high`, both included."""

    low: int = -_FOREVER
    high: int = _FOREVER


EVER = Window()


def _aligned(low: int, high: int, step: int, phase: int) -> range:
    return range(low + (phase - low) % step, high + 1, step)


def _times(drive: Drive, now: int, window: Window, *, daily: bool) -> tuple[range, range]:
    """The seconds of the drive's points within the window, oldest first: the weekly ones, then the dense ones."""
    last = now if drive.protected_until is None else min(now, int(drive.protected_until.timestamp()))
    step, phase = (_DAY, _FAST_AT) if daily else (_SLOT, 0)
    dense_low, dense_high = max(window.low, now - _DENSE + 1), min(window.high, last)
    sparse_low, sparse_high = max(window.low, now - _SPARSE), min(window.high, last, now - _DENSE)
    return (
        _aligned(sparse_low, sparse_high, _WEEK, _SUNDAY + _FAST_AT + drive.offset_s),
        _aligned(dense_low, dense_high, step, phase + drive.offset_s),
    )


def _is_fast(drive: Drive, second: int) -> bool:
    return drive.special != "no-fast-points" and (second - drive.offset_s - _FAST_AT) % _DAY == 0


class PointBook:
    """Answers which points a tenant's drives have."""

    def __init__(self, world: World, seeded: Seeded) -> None:
        self._world = world
        self._seeded = seeded

    def of_drive(
        self, drive: Drive, now: datetime, window: Window = EVER, *, fast: bool | None = None, newest_first: bool = True
    ) -> Iterator[Point]:
        """The drive's points at the instant `now`, one by one; `fast` picks those tagged so, or those not."""
        if fast and drive.special == "no-fast-points":
            return
        sparse, dense = _times(drive, int(now.timestamp()), window, daily=bool(fast))
        seconds = chain(reversed(dense), reversed(sparse)) if newest_first else chain(sparse, dense)
        for second in seconds:
            point = self._point(drive, second)
            if fast is None or point.fast == fast:
                yield point

    def find(self, point_id: str, now: datetime) -> Point | None:
        """The point with this id if it exists at the instant `now`."""
        try:
            vault, second_text, _, _ = base64.b64decode(point_id, validate=True).decode("ascii").rsplit("_", 3)
            drive = self._world.drive_by_vault.get(base64.b64decode(vault, validate=True).decode("ascii"))
            second = int(second_text)
        except (ValueError, binascii.Error):
            return None
        if drive is None or not any(
            second in times for times in _times(drive, int(now.timestamp()), EVER, daily=False)
        ):
            return None
        point = self._point(drive, second)
        return point if point.id == point_id else None

    def size_in_bytes(self, point: Point) -> int:
        """How much the drive held when the point was taken: its own size, some growth, some noise."""
        own: int = 50_000_000 << (self._seeded.number("size", point.drive_id) % 10)
        own += self._seeded.number("rest", point.drive_id) % own
        days = (point.time - datetime(2025, 1, 1, tzinfo=UTC)).days
        return own + days * (own // 2_000) + self._seeded.number("noise", point.id) % (own // 500)

    def _point(self, drive: Drive, second: int) -> Point:
        vault = base64.b64encode(drive.vault_id.encode()).decode()
        point_id = base64.b64encode(f"{vault}_{second}_14_1".encode()).decode()
        return Point(point_id, drive.id, datetime.fromtimestamp(second, UTC), _is_fast(drive, second))
