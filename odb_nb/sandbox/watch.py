"""What the sandbox remembers about its clients: what they asked, and what they did wrong."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from odb_nb.sandbox.clock import Clock, Mark

# Other requests may already be on their way when one is told to wait; the very same request never is.
_ON_THEIR_WAY_S = 0.5
# What shows whether a write whose answer was lost has taken place.
_LOOKS = {
    "create_session": ("list_sessions", "get_session"),
    "activate_restore": ("get_restore", "list_restores", "list_restore_artifacts", "delete_restore"),
}


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request: the operation, its method and path, the status sent (0: none), and the sandbox's time."""

    operation: str
    method: str
    path: str
    status: int
    time: datetime


@dataclass(slots=True)
class _Wait:
    question: bytes
    seconds: float
    told: Mark


class Watch:
    """The record of all requests and of all complaints."""

    def __init__(self, clock: Clock, clock_off_s: float) -> None:
        self._clock = clock
        self._off = timedelta(seconds=clock_off_s)
        self._lost: dict[str, set[str]] = {write: set() for write in _LOOKS}
        self._wait: _Wait | None = None
        self.requests: list[RequestRecord] = []
        self.counts: Counter[str] = Counter()
        self.complaints: list[str] = []

    def record(self, request: RequestRecord) -> None:
        self.requests.append(request)
        self.counts[request.operation] += 1

    def complain(self, about: str) -> None:
        self.complaints.append(about)

    def asks(self, operation: str, subject: str) -> None:
        """Complain if this write was sent before, its answer was lost, and nobody has looked since."""
        if subject in self._lost.get(operation, ()):
            self.complain(f"{operation} of {subject} was repeated without a look after its answer was lost")

    def is_answered(self, operation: str, subject: str, *, is_lost: bool) -> None:
        """Remember a write whose answer is lost; a look that is answered clears up all of its kind."""
        if is_lost and operation in self._lost:
            self._lost[operation].add(subject)
        for write, looks in _LOOKS.items():
            if operation in looks and not is_lost:
                self._lost[write].clear()

    def arrived(self, question: bytes, what: str) -> None:
        """Complain if this request comes before a wait that was asked for is over."""
        wait = self._wait
        if wait is None:
            return
        waited = self._clock.since(wait.told)
        if waited >= wait.seconds:
            self._wait = None
        elif question == wait.question or time.monotonic() - wait.told.machine > _ON_THEIR_WAY_S:
            self.complain(f"{what} was sent {waited:.2f} s after a Retry-After of {wait.seconds:g} s")

    def told_to_wait(self, question: bytes, retry_after: str) -> None:
        """Remember the wait that an answer asks for, unless an earlier one lasts longer."""
        seconds = self._seconds(retry_after)
        if seconds <= 0:
            return
        if self._wait is not None and self._wait.seconds - self._clock.since(self._wait.told) > seconds:
            return
        self._wait = _Wait(question, seconds, self._clock.mark())

    def _seconds(self, retry_after: str) -> float:
        if retry_after.strip().isdecimal():
            return float(retry_after)
        try:
            return (parsedate_to_datetime(retry_after) - self._clock.now() - self._off).total_seconds()
        except (ValueError, TypeError):
            return 0.0
