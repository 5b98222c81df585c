"""Faults on order: what can go wrong between a client and the service, off until asked for; which requests it strikes.

What each kind does is in `fault_kinds`.
"""

from __future__ import annotations

import math
import threading
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from odb_nb.errors import InputError
from odb_nb.sandbox.fault_kinds import KINDS, LOSING, TRUE
from odb_nb.sandbox.routes.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from odb_nb.sandbox.clock import Clock
    from odb_nb.sandbox.seeded import Seeded

_CHANCES = 2**64  # a number of `Seeded` is below it


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Which of the requests for its operation it strikes is said by count (`times`, `skip`), by share (`share`), or by
    schedule (`from_` and `until`, or `places`); a share may have a schedule.

    Parameters
    ----------
    operation : str
        Where: an operation's name, or ``any``.
    kind : str, default "status"
        Error answers: ``status`` one of any status; ``no-permission``, ``no-role`` 403 in the words of the service.
        The connection: ``drop`` closed without an answer; ``reset`` the same by an RST; ``cut`` closed halfway through
        the body; ``refuse`` the true answer, and then for `seconds` no connection is accepted and none stays open;
        ``slow`` the true answer, late; ``drip`` the true answer, in pieces over so many seconds.
        The body, with 200: ``short`` half of the true one; ``html`` and ``empty`` that; ``no-value`` JSON that has no
        ``value``; ``malformed-date`` one date of the true answer cannot be read; ``repeats`` the page shows its first
        row twice; ``misses`` the page lacks its last row; ``body`` the bytes in `body`.
        Sessions: ``expire`` those on the points that the request is about expire just before it; ``never-ready`` the
        one that a ``create_session`` opens stays in ``creating`` for good.
    status : int, default 503
        For ``status``.
    code, message : str, optional
        For ``status``; each status has its own defaults.
    retry_after : str, optional
        Sent as it stands as ``Retry-After``.
    claims : str, optional
        JSON; makes the answer a 401 claims challenge.
    after_effect : bool, default False
        Whether a write takes place before it goes wrong. It always does where the true answer is needed.
    times : int or None, default 1
        How often; None for always. Left alone with `share` and schedules, which say it themselves.
    skip : int, default 0
        How many matching requests pass first.
    share : float, optional
        Of each hundred matching requests about ``100 * share``. Which ones follows from the seed, the request and how
        often it was asked, not from the order of arrival.
    from_, until : datetime, optional
        Strikes all matching requests from an instant of the sandbox's clock on, and before another.
    places : collection of int, optional
        Strikes the first matching request for 0, the second for 1, and so on.
    restore_points : collection of str, optional
        Only requests about one of these points.
    body : bytes, optional
        For ``body``.
    seconds : float, default 0.0
        Real delay, for ``slow`` and ``drip``. For ``refuse`` of both clocks together, the machine's and the sandbox's,
        so that a client that skips its waits need not wait for it.

    Raises
    ------
    InputError
        For a value that cannot be used.
    """

    operation: str
    kind: str = "status"
    _: KW_ONLY
    status: int = 503
    code: str | None = None
    message: str | None = None
    retry_after: str | None = None
    claims: str | None = None
    after_effect: bool = False
    times: int | None = 1
    skip: int = 0
    share: float | None = None
    from_: datetime | None = None
    until: datetime | None = None
    places: Collection[int] | None = None
    restore_points: Collection[str] | None = None
    body: bytes | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS | {"any"}:
            raise InputError(f"unknown operation {self.operation!r}; one of any, {', '.join(sorted(OPERATIONS))}")
        if self.kind not in KINDS:
            raise InputError(f"unknown kind of fault {self.kind!r}; one of {', '.join(KINDS)}")
        if not 400 <= self.status <= 599:
            raise InputError(f"status must be an error status, not {self.status!r}")
        if (self.times is not None and self.times < 1) or self.skip < 0 or not 0 <= self.seconds < math.inf:
            raise InputError("times must be 1 or more, or None; skip and seconds 0 or more")
        if (self.kind == "body") != (self.body is not None):
            raise InputError("body belongs to the kind 'body', and that kind needs it")
        if isinstance(self.restore_points, str):
            raise InputError("restore_points must be a collection of ids, not one text")
        if self.kind == "never-ready" and self.operation != "create_session":
            raise InputError("never-ready is a fault of create_session alone")
        if self.kind == "no-permission" and self.operation in ("any", "unknown"):
            raise InputError("no-permission is a fault of one operation: each needs another permission")
        self._check_when()

    def _check_when(self) -> None:
        if self.share is not None and not 0 < self.share <= 1:
            raise InputError(f"share must be above 0 and at most 1, not {self.share!r}")
        if any(moment is not None and moment.tzinfo is None for moment in (self.from_, self.until)):
            raise InputError("from_ and until must be datetimes with a time zone")
        if not self.is_counted and (self.times, self.skip) != (1, 0):
            raise InputError("times and skip go neither with share nor with from_, until and places")
        if self.places is not None and (self.share is not None or self.has_window):
            raise InputError("places go neither with share nor with from_ and until")

    @property
    def has_window(self) -> bool:
        """Whether it strikes in a stretch of time only."""
        return self.from_ is not None or self.until is not None

    @property
    def is_counted(self) -> bool:
        """Whether `times` and `skip` say which requests it strikes."""
        return self.share is None and self.places is None and not self.has_window

    @property
    def needs_answer(self) -> bool:
        """Whether the request is carried out before it goes wrong."""
        return self.after_effect or self.kind in TRUE

    @property
    def loses_answer(self) -> bool:
        """Whether it leaves the client not knowing what became of a write."""
        return self.kind in LOSING or (self.kind == "status" and self.status >= 500 and self.claims is None)


class Faults:
    """The faults on order, in the order in which they were added; the first one that fits strikes.

    Its length is how many of them may still strike; `struck` counts the requests struck so far.
    """

    def __init__(self, seeded: Seeded, clock: Clock) -> None:
        self._seeded = seeded
        self._clock = clock
        self._lock = threading.Lock()
        self._orders: list[_Order] = []
        self.struck = 0

    def __len__(self) -> int:
        now = self._clock.now()
        with self._lock:
            return sum(not order.is_spent(now) for order in self._orders)

    def add(self, fault: Fault) -> None:
        """Order one more fault."""
        with self._lock:
            self._orders.append(_Order(fault, len(self._orders)))

    def clear(self) -> None:
        """Cancel all faults."""
        with self._lock:
            self._orders.clear()

    def take(self, operation: str, points: tuple[str, ...], asked: tuple[str, ...] = ()) -> Fault | None:
        """The fault that strikes this request, if one does; `asked` is the request and how often it came by now."""
        now = self._clock.now()
        with self._lock:
            for order in self._orders:
                if order.strikes(operation, points, now, self._chance(order, asked)):
                    self.struck += 1
                    return order.fault
        return None

    def _chance(self, order: _Order, asked: tuple[str, ...]) -> float:
        return self._seeded.number("fault", str(order.number), *asked) / _CHANCES


@dataclass(slots=True)
class _Order:
    fault: Fault
    number: int
    seen: int = 0

    def strikes(self, operation: str, points: tuple[str, ...], now: datetime, chance: float) -> bool:
        fault = self.fault
        if fault.operation not in (operation, "any"):
            return False
        if fault.restore_points is not None and not set(points) & set(fault.restore_points):
            return False
        place = self.seen
        self.seen += 1
        if fault.is_counted:
            return place >= fault.skip and (fault.times is None or place < fault.skip + fault.times)
        if fault.places is not None:
            return place in fault.places
        is_time = (fault.from_ is None or now >= fault.from_) and (fault.until is None or now < fault.until)
        return is_time and (fault.share is None or chance < fault.share)

    def is_spent(self, now: datetime) -> bool:
        fault = self.fault
        if fault.is_counted:
            return fault.times is not None and self.seen >= fault.skip + fault.times
        if fault.places is not None:
            return all(place < self.seen for place in fault.places)
        return fault.until is not None and now >= fault.until
