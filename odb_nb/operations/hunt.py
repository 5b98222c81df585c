"""Every restore point of many drives in a window, with as few questions as the service allows.

Each search proves something about each drive it names: a window without an answer is empty; the newest point proves
that nothing comes after it; the oldest, that nothing comes before it. A drive is done when proofs cover its window.

Drives are searched twenty at a time, downwards from the window's end. Their newest points lie close together, yet
not on the same second, so one question for the newest below the lowest of them leaves slivers between that lowest
point and the others; one question for the oldest closes all the slivers. That is two questions a day for twenty
drives with one fast point a day each. Where fewer than ten drives want every point, the list (five at a time) is
cheaper, and is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from odb_nb.errors import ReplyShapeError
from odb_nb.operations.restore_points import (
    LATEST,
    MOST_DRIVES_A_SEARCH,
    OLDEST,
    POINTS_A_LIST,
    is_fast,
    list_before,
    search,
    time_of,
)
from odb_nb.operations.together import together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msgraph.generated.models.restore_point_preference import RestorePointPreference

    from odb_nb.pacing import Deadline
    from odb_nb.progress import Report
    from odb_nb.transport import Transport

LONGEST_RETENTION = timedelta(days=3_660)  # the longest that can be set is ten years
CLOCK_MARGIN = timedelta(days=1)

_INSTANT = timedelta(microseconds=1)


@dataclass
class _Drive:
    """One drive's points so far: all of them from `known_from` on are in `found`."""

    id: str
    known_from: datetime
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    has_unreadable_time: bool = False


@dataclass
class Hunt:
    """A search for restore points.

    Parameters
    ----------
    transport, deadline, report
        How to ask, until when, and whom to tell.
    start, end : datetime or None
        The window, ``start <= t < end``; None means as far back, or as late, as there are points.
    fast_only : bool
        Only points tagged ``fastRestore``: the ones that can carry a browse session.
    limit : int or None
        At most so many per drive, the newest.
    """

    transport: Transport
    deadline: Deadline
    report: Report
    start: datetime | None
    end: datetime | None
    fast_only: bool
    limit: int | None
    _drives: list[_Drive] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)
    _is_whole: bool = False

    async def run(self, drive_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
        """Per drive, in the order given: its points, newest first."""
        end = self.end or self._after_the_newest()
        start = self.start or end - LONGEST_RETENTION
        self._drives, self._done = [_Drive(id_, end) for id_ in drive_ids], set()
        if start < end:
            await together(self._batches(start))
        if self.end is None and self.transport.now is not None and end < self.transport.now:
            return await self.run(drive_ids)  # our own clock was far behind; now the service's is known
        self._is_whole = True  # also for a window in which there was nothing to ask
        return self.so_far()

    def so_far(self) -> dict[str, list[dict[str, Any]]]:
        """The same at any moment: of drives that are not done, points may be missing between those that are here."""
        return {drive.id: self._newest_first(drive) for drive in list(self._drives)}

    def is_done(self, drive_id: str) -> bool:
        """True once all points of the drive are known."""
        return self._is_whole or drive_id in self._done

    def _after_the_newest(self) -> datetime:
        """No point is later than the service's now; before its first answer our own clock, and a margin, must do."""
        return (self.transport.now or datetime.now(UTC)) + CLOCK_MARGIN

    def _batches(self, start: datetime) -> Iterable[Any]:
        for first in range(0, len(self._drives), MOST_DRIVES_A_SEARCH):
            batch = self._drives[first : first + MOST_DRIVES_A_SEARCH]
            # a search yields a point per drive and takes two questions; a list yields five points of one drive
            if self.fast_only or len(batch) > 2 * POINTS_A_LIST:
                yield self._search_batch(batch, start)
            else:
                yield from (self._list_all(drive, start) for drive in batch)

    async def _search_batch(self, batch: list[_Drive], start: datetime) -> None:
        end = batch[0].known_from
        await self._cover(batch, start)
        for drive in batch:
            if drive.has_unreadable_time:  # a search cannot step below such a point, a list can
                drive.known_from = end
                await self._list_all(drive, start)
            else:
                self._settled(drive)

    async def _cover(self, drives: list[_Drive], start: datetime) -> None:
        """Find what lies in ``start <= t < known_from`` for each drive."""
        open_ = drives
        while open_ := [drive for drive in open_ if start < drive.known_from and not self._has_enough(drive)]:
            low = min(drive.known_from for drive in open_)
            await self._close_slivers([drive for drive in open_ if drive.known_from > low], low)
            newest = await self._ask(open_, (start, low), LATEST)
            for drive in open_:
                drive.known_from = min(drive.known_from, newest.get(drive.id, start))

    async def _close_slivers(self, drives: list[_Drive], low: datetime) -> None:
        """Find what lies in ``low <= t < known_from``; mostly nothing, which one question proves for all."""
        if not drives:
            return
        high = max(drive.known_from for drive in drives)
        oldest = await self._ask(drives, (low, high), OLDEST)
        crowded = [drive for drive in drives if oldest.get(drive.id, high) < drive.known_from]
        for drive in drives:
            if drive not in crowded:
                drive.known_from = low
        await self._cover(crowded, low)

    async def _ask(
        self, drives: list[_Drive], window: tuple[datetime, datetime], preference: RestorePointPreference
    ) -> dict[str, datetime]:
        """The time of each drive's newest or oldest point; asked until every drive is accounted for."""
        waiting = {drive.id: drive for drive in drives}
        times = {}
        while waiting:
            answer = await search(
                self.transport, list(waiting), window, preference, fast_only=self.fast_only, deadline=self.deadline
            )
            accounted = answer.points.keys() | answer.without
            if not accounted & waiting.keys():
                raise ReplyShapeError(f"a search accounts for none of the {len(waiting)} drives asked about")
            for drive_id, point in answer.points.items():
                times[drive_id] = self._keep(waiting[drive_id], point, window)
            for drive_id in accounted:
                waiting.pop(drive_id, None)
        return times

    def _keep(self, drive: _Drive, point: dict[str, Any], window: tuple[datetime, datetime]) -> datetime:
        drive.found[str(point.get("id"))] = point
        moment = time_of(point)
        if moment is None:
            drive.has_unreadable_time = True
            return window[0]
        if not window[0] <= moment < window[1]:
            raise ReplyShapeError(
                f"a search answered with a point of {point.get('protectionDateTime')!r}, "
                f"outside the time asked for ({window[0].isoformat()} to {window[1].isoformat()})"
            )
        return moment

    async def _list_all(self, drive: _Drive, start: datetime) -> None:
        """Walk down a drive's points, five at a time, until the start or until nothing is left."""
        while start < drive.known_from and not self._has_enough(drive):
            points = await list_before(self.transport, drive.id, drive.known_from, self.deadline)
            drive.found.update({str(point.get("id")): point for point in points if self._is_wanted(point, start)})
            times = [moment for point in points if (moment := time_of(point))]
            lowest = min(times, default=start)
            if lowest >= drive.known_from:
                raise ReplyShapeError(f"a list of points before {drive.known_from.isoformat()} holds later ones")
            drive.known_from = lowest
        self._settled(drive)

    def _is_wanted(self, point: dict[str, Any], start: datetime) -> bool:
        moment = time_of(point)  # a point whose time cannot be read is shown, not lost
        return (moment is None or moment >= start) and (is_fast(point) or not self.fast_only)

    def _has_enough(self, drive: _Drive) -> bool:
        if self.limit is None:
            return False
        # what an "oldest" question found lies below points not yet known, so it does not count
        times = (time_of(point) for point in drive.found.values())
        return sum(moment is not None and moment >= drive.known_from for moment in times) >= self.limit

    def _settled(self, drive: _Drive) -> None:
        self._done.add(drive.id)
        self.report(len(self._done), len(self._drives), f"{len(drive.found)} points of drive {drive.id}")

    def _newest_first(self, drive: _Drive) -> list[dict[str, Any]]:
        oldest = datetime.min.replace(tzinfo=UTC)
        points = sorted(drive.found.values(), key=lambda point: time_of(point) or oldest, reverse=True)
        return points[: self.limit]
