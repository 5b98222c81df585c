"""Faults on order: what can go wrong between a client and the service, off until asked for.

A new kind is a function from a fault and the true answer to a changed answer, and a line in `_KINDS`.
"""

from __future__ import annotations

import base64
import re
import threading
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING

from odb_nb.errors import InputError
from odb_nb.sandbox.messages import JSON_TYPE, Answer, Refusal
from odb_nb.sandbox.routes.table import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    Change = Callable[["Fault", Answer], Answer]

_CODES = {
    400: "invalidRequest",
    401: "unauthenticated",
    403: "accessDenied",
    404: "itemNotFound",
    409: "resourceModified",
    429: "TooManyRequests",
    503: "serviceNotAvailable",
}
_MESSAGES = {429: "Please wait and try again.", 503: "The service is busy or being maintained. Try again later."}
_TIME = re.compile(rb'"(\d{4}-\d\d-\d\dT)(\d\d):(\d\d):(\d\d)')


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Parameters
    ----------
    operation : str
        Where: an operation's name, or ``any``.
    kind : str, default "status"
        ``status`` an error answer; ``drop`` the connection is closed without one; ``cut`` it is closed halfway
        through the body; ``html`` and ``empty`` 200 with that; ``no-value`` 200 with JSON that has no ``value``;
        ``malformed-date`` one date of the true answer cannot be read; ``slow`` the true answer, late;
        ``body`` 200 with the bytes in `body`.
    status : int, default 503
        For ``status``.
    code, message : str, optional
        For ``status``; each status has its own defaults.
    retry_after : str, optional
        Sent as it stands as ``Retry-After``.
    claims : str, optional
        JSON; makes the answer a 401 claims challenge.
    after_effect : bool, default False
        Whether a write takes place before it goes wrong. It always does for ``cut``, ``slow`` and ``malformed-date``.
    times : int or None, default 1
        How often; None for always.
    skip : int, default 0
        How many matching requests pass first.
    restore_points : collection of str, optional
        Only requests about one of these points.
    body : bytes, optional
        For ``body``.
    seconds : float, default 0.0
        Real delay, for ``slow``.

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
    restore_points: Collection[str] | None = None
    body: bytes | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS | {"any"}:
            raise InputError(f"unknown operation {self.operation!r}; one of any, {', '.join(sorted(OPERATIONS))}")
        if self.kind not in _KINDS:
            raise InputError(f"unknown kind of fault {self.kind!r}; one of {', '.join(_KINDS)}")
        if not 400 <= self.status <= 599:
            raise InputError(f"status must be an error status, not {self.status!r}")
        if (self.times is not None and self.times < 1) or self.skip < 0 or self.seconds < 0:
            raise InputError("times must be 1 or more, or None; skip and seconds 0 or more")
        if (self.kind == "body") != (self.body is not None):
            raise InputError("body belongs to the kind 'body', and that kind needs it")
        if isinstance(self.restore_points, str):
            raise InputError("restore_points must be a collection of ids, not one text")

    @property
    def needs_answer(self) -> bool:
        """Whether the request is carried out before it goes wrong."""
        return self.after_effect or self.kind in ("cut", "slow", "malformed-date")


class Faults:
    """The faults on order, in the order in which they were added; the first one that fits strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[_Order] = []

    def add(self, fault: Fault) -> None:
        """Order one more fault."""
        with self._lock:
            self._orders.append(_Order(fault))

    def clear(self) -> None:
        """Cancel all faults."""
        with self._lock:
            self._orders.clear()

    def take(self, operation: str, points: tuple[str, ...]) -> Fault | None:
        """The fault that strikes this request, if one does; it is counted as spent."""
        with self._lock:
            return next((order.fault for order in self._orders if order.strikes(operation, points)), None)


@dataclass(slots=True)
class _Order:
    fault: Fault
    seen: int = 0

    def strikes(self, operation: str, points: tuple[str, ...]) -> bool:
        fault = self.fault
        if fault.operation not in (operation, "any"):
            return False
        if fault.restore_points is not None and not set(points) & set(fault.restore_points):
            return False
        place = self.seen
        self.seen += 1
        return place >= fault.skip and (fault.times is None or place < fault.skip + fault.times)


def spoil(fault: Fault, answer: Answer) -> Answer:
    """The answer as the fault makes it; raises `Refusal` where it makes it an error."""
    return _KINDS[fault.kind](fault, answer)


def _status(fault: Fault, _answer: Answer) -> Answer:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    status = fault.status
    if fault.claims is not None:
        status = 401
        claims = base64.b64encode(fault.claims.encode()).decode()
        headers["WWW-Authenticate"] = (
            'Bearer realm="", authorization_uri="https://sandbox.odb-nb.invalid/authorize", '
            f'error="insufficient_claims", claims="{claims}"'
        )
    # The one documented sample of a 429 nests its own code and message inside.
    inner = {"code": "429", "status": "429", "message": "Please retry after"} if status == 429 else {}
    code = fault.code or _CODES.get(status, "generalException")
    message = fault.message or _MESSAGES.get(status, f"This is a fault on order: status {status}.")
    raise Refusal(status, code, message, headers=headers, inner=inner)


def _drop(_fault: Fault, answer: Answer) -> Answer:
    return replace(answer, drop=True)


def _cut(_fault: Fault, answer: Answer) -> Answer:
    return replace(answer, cut=True)


def _html(_fault: Fault, _answer: Answer) -> Answer:
    page = (
        b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to this network</h1></body></html>"
    )
    return Answer(200, page, {"Content-Type": "text/html; charset=utf-8"})


def _empty(_fault: Fault, _answer: Answer) -> Answer:
    return Answer(200, b"")


def _no_value(_fault: Fault, _answer: Answer) -> Answer:
    return Answer(200, b'{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#odd"}', JSON_TYPE)


def _malformed_date(_fault: Fault, answer: Answer) -> Answer:
    return replace(answer, body=_TIME.sub(rb'"\1\2-\3-\4', answer.body, count=1))


def _slow(fault: Fault, answer: Answer) -> Answer:
    return replace(answer, delay_s=answer.delay_s + fault.seconds)


def _body(fault: Fault, _answer: Answer) -> Answer:
    return Answer(200, fault.body or b"", JSON_TYPE)


_KINDS: dict[str, Change] = {
    "status": _status,
    "drop": _drop,
    "cut": _cut,
    "html": _html,
    "empty": _empty,
    "no-value": _no_value,
    "malformed-date": _malformed_date,
    "slow": _slow,
    "body": _body,
}
