"""The sandbox's own time, and how times are written on the wire."""

from __future__ import annotations

import math
import re
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from odb_nb.errors import InputError

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant on both clocks, the machine's and the sandbox's."""

    machine: float
    sandbox: datetime


class Clock:
    """A clock that moves only when told to.

    Parameters
    ----------
    start : datetime
        The first instant; aware.
    step_s : float
        How far it moves each time a client looks at sessions, so that polling makes progress.
    """

    def __init__(self, start: datetime, step_s: float) -> None:
        self._now = start.astimezone(UTC)
        self._step_s = step_s
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present instant of the sandbox, aware and in UTC."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move forward and give the new instant.

        Raises
        ------
        InputError
            If `seconds` is negative or not finite: sessions could come back from the dead.
        """
        if not (math.isfinite(seconds) and seconds >= 0):
            raise InputError(f"the sandbox's clock only goes forward; {seconds!r} seconds is not a way forward")
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now

    def mark(self) -> Mark:
        """This instant, for `since`."""
        return Mark(time.monotonic(), self._now)

    def since(self, mark: Mark) -> float:
        """Seconds on both clocks together: a client that skips its waits has waited."""
        return time.monotonic() - mark.machine + (self._now - mark.sandbox).total_seconds()

    def step(self) -> None:
        self.advance(self._step_s)


def stamp(moment: datetime) -> str:
    """ISO 8601 with ``Z``, as Graph writes it; a fraction only where there is one."""
    text = moment.replace(tzinfo=None).isoformat()
    return text.rstrip("0") + "Z" if "." in text else text + "Z"


def http_date(moment: datetime) -> str:
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


def parse_time(text: object) -> datetime | None:
    """The aware time in `text`, or None where it is not one; a seventh fraction digit is dropped."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    seconds, fraction, zone = found.groups()
    try:
        return datetime.fromisoformat(f"{seconds}.{(fraction or '0')[:6]:0<6}{zone.replace('Z', '+00:00')}").astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        return None
