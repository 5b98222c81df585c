"""What the sandbox remembers about its clients: what they asked, and what they did wrong."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from odb_nb.sandbox.clock import Clock, Mark

# Other requests may already be on their way when one is told to wait; the very same request never is.
_ON_THEIR_WAY_S = 0.5
# What shows whether a write whose answer was lost has taken place: for all of its kind, or for the one asked about.
_LOOKS_AT_ALL = {"list_sessions": "create_session", "list_restores": "activate_restore"}
_LOOKS_AT_ONE = dict.fromkeys(("get_restore", "list_restore_artifacts", "delete_restore"), "activate_restore")


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
        self._lost: dict[str, set[str]] = {write: set() for write in _LOOKS_AT_ALL.values()}
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

    def is_lost(self, operation: str, subjects: Collection[str]) -> None:
        """Remember writes whose answers did not reach the client, or whose looks did not."""
        if operation in self._lost:
            self._lost[operation].update(subjects)

    def is_answered(self, operation: str, subject: str, *, is_last_page: bool) -> tuple[str, Collection[str]]:
        """An answered look clears up the writes that it shows; what is lost (again) if nobody reads the answer."""
        if operation in _LOOKS_AT_ALL and is_last_page:
            write = _LOOKS_AT_ALL[operation]
            shown = set(self._lost[write])
        elif operation in _LOOKS_AT_ONE:
            write = _LOOKS_AT_ONE[operation]
            shown = self._lost[write] & {subject}
        else:
            return operation, (subject,)
        self._lost[write] -= shown
        return write, shown

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
