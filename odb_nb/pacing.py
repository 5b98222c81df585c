"""One gate for all requests of a client: how many at once, and when everybody waits.

Told to wait, everybody waits, for the whole time asked and never less. Without a time asked, the wait doubles
with jitter. After a throttle fewer requests run at once, and their number creeps up again with each success.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BACK_OFF_FIRST_S = 1.0
BACK_OFF_MOST_S = 60.0


class Time(Protocol):
    """Where seconds come from and how they are waited out; handed in, so that nothing sleeps in a test."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""

    async def sleep_until(self, moment: float) -> None:
        """Return once `monotonic` has reached `moment`; at once if it has."""


class RealTime:
    """The machine's own monotonic clock."""

    def monotonic(self) -> float:
        """Seconds since some fixed instant."""
        return time.monotonic()

    async def sleep_until(self, moment: float) -> None:
        """Sleep what is left, if anything is."""
        await asyncio.sleep(max(0.0, moment - time.monotonic()))


@dataclass(frozen=True)
class Deadline:
    """An instant on a `Time` that a call must not pass."""

    time: Time
    at: float

    @classmethod
    def after(cls, time: Time, seconds: float) -> Deadline:
        """The deadline `seconds` from now."""
        return cls(time, time.monotonic() + seconds)

    @property
    def remaining_s(self) -> float:
        """Seconds left, zero when none are."""
        return max(0.0, self.at - self.time.monotonic())

    def later(self, seconds: float) -> Deadline:
        """The deadline `seconds` after this one."""
        return Deadline(self.time, self.at + seconds)

    def allows(self, seconds: float) -> bool:
        """True if a wait of `seconds` ends before the deadline."""
        return seconds < self.remaining_s

    async def pause(self, seconds: float) -> bool:
        """Wait `seconds`; False, without waiting, if that would pass the deadline."""
        if not self.allows(seconds):
            return False
        await self.time.sleep_until(self.time.monotonic() + seconds)
        return True


class Gate:
    """Lets requests through, `most_at_once` at a time, and holds all of them while the service wants a pause."""

    def __init__(self, time: Time, *, most_at_once: int) -> None:
        self._time = time
        self._most = most_at_once
        self._allowed = float(most_at_once)
        self._inside = 0
        self._not_before = time.monotonic()
        self._throttles_in_a_row = 0
        self._freed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def slot(self, deadline: Deadline) -> AsyncIterator[bool]:
        """Hold a place while a request runs; yields False if the pause asked for outlasts the deadline."""
        if not await self._take_place(deadline):
            yield False
            return
        try:
            yield True
        finally:
            self._inside -= 1
            await asyncio.shield(self._wake())

    async def _take_place(self, deadline: Deadline) -> bool:
        # nobody holds a place during a pause: a patient call would keep one with less time from seeing its end
        try:
            async with asyncio.timeout(deadline.remaining_s):
                while await self._wait_out_pause(deadline):
                    async with self._freed:
                        await self._freed.wait_for(lambda: self._inside < max(1, int(self._allowed)))
                        if self._time.monotonic() >= self._not_before:
                            self._inside += 1
                            return True
        except TimeoutError:
            pass
        return False

    async def _wait_out_pause(self, deadline: Deadline) -> bool:
        # in a loop: another answer may have prolonged the pause while we slept
        while self._time.monotonic() < self._not_before:
            if deadline.at <= self._not_before:
                return False
            await self._time.sleep_until(self._not_before)
        return True

    async def _wake(self) -> None:
        async with self._freed:
            self._freed.notify_all()

    def throttled(self, retry_after_s: float | None) -> float:
        """Hold everybody; returns the seconds of the pause."""
        if self._time.monotonic() >= self._not_before:  # else it was under way when the pause was asked for
            self._throttles_in_a_row += 1
            self._allowed = max(1.0, self._allowed / 2)
        pause_s = back_off_s(self._throttles_in_a_row) if retry_after_s is None else retry_after_s
        self._not_before = max(self._not_before, self._time.monotonic() + pause_s)
        return pause_s

    def succeeded(self) -> None:
        """Creep up: about one more at once for each full round of successes."""
        self._throttles_in_a_row = 0
        self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)


def back_off_s(attempt: int) -> float:
    """Seconds to wait before attempt number `attempt` + 1: doubling, capped, with jitter upwards only."""
    base: float = min(BACK_OFF_MOST_S, BACK_OFF_FIRST_S * 2 ** min(attempt - 1, 30))
    return base * random.uniform(1.0, 1.25)  # noqa: S311 - spreads load, guards no secret


def retry_after_s(header: str | None, now: datetime | None) -> float | None:
    """Seconds asked for by a ``Retry-After`` of seconds (fractions too) or an HTTP date; None if unreadable.

    A date is measured from the ``Date`` of the same answer, so that a wrong clock here does not matter. Zero and
    the past ask for nothing and count as unreadable: the back-off then keeps us from hammering.
    """
    try:
        wait_s = float(header or "")
    except ValueError:
        wait_s = _seconds_until(header or "", now)
    return wait_s if 0 < wait_s < float("inf") else None


def _seconds_until(http_date: str, now: datetime | None) -> float:
    try:
        wanted = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return 0.0
    wanted = wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    return (wanted - (now or datetime.now(UTC))).total_seconds()
