"""What each kind of fault does: to the true answer, or to the sessions that a request is about.

A new kind is a function from a fault and the true answer to a changed answer, and a line in `KINDS`.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from odb_nb.sandbox.messages import JSON_TYPE, Answer, Refusal, to_json
from odb_nb.sandbox.permissions import lacks_role

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from odb_nb.sandbox.faults import Fault
    from odb_nb.sandbox.tenant import Tenant

    Change = Callable[[Fault, Answer], Answer]
    Blow = Callable[[Tenant, tuple[str, ...]], None]

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
_LISTS = ("value", "searchResults")


def spoil(fault: Fault, answer: Answer) -> Answer:
    """The answer as the fault makes it; raises `Refusal` where it makes it an error."""
    return KINDS[fault.kind](fault, answer)


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


def _no_role(_fault: Fault, _answer: Answer) -> Answer:
    raise lacks_role()


def _drop(_fault: Fault, answer: Answer) -> Answer:
    return replace(answer, manner="drop")


def _reset(_fault: Fault, answer: Answer) -> Answer:
    return replace(answer, manner="reset")


def _cut(_fault: Fault, answer: Answer) -> Answer:
    return replace(answer, manner="cut")


def _drip(fault: Fault, answer: Answer) -> Answer:
    return replace(answer, manner="drip", seconds=fault.seconds)


def _refuse(fault: Fault, answer: Answer) -> Answer:
    return replace(answer, manner="shut", seconds=fault.seconds)


def _slow(fault: Fault, answer: Answer) -> Answer:
    return replace(answer, delay_s=answer.delay_s + fault.seconds)


def _short(_fault: Fault, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


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


def _repeats(_fault: Fault, answer: Answer) -> Answer:
    return _with_rows(answer, lambda rows: [*rows, *rows[:1]])


def _misses(_fault: Fault, answer: Answer) -> Answer:
    return _with_rows(answer, lambda rows: rows[:-1])


def _with_rows(answer: Answer, change: Callable[[list[Any]], list[Any]]) -> Answer:
    """The answer with other rows on its page, and their number if it was told; what is no page stays as it is."""
    page: Any = json.loads(answer.body) if answer.body else None
    name = next((name for name in _LISTS if isinstance(page, dict) and isinstance(page.get(name), list)), None)
    if name is None:
        return answer
    rows = change(page[name])
    count = {"@odata.count": len(rows)} if "@odata.count" in page else {}
    return replace(answer, body=to_json({**page, **count, name: rows}))


def _body(fault: Fault, _answer: Answer) -> Answer:
    return Answer(200, fault.body or b"", JSON_TYPE)


def _true(_fault: Fault, answer: Answer) -> Answer:
    return answer


def _expire(tenant: Tenant, points: tuple[str, ...]) -> None:
    for point_id in points:
        tenant.sessions.expire(point_id)


def _never_ready(tenant: Tenant, points: tuple[str, ...]) -> None:
    for point_id in points:
        tenant.sessions.hold_up(point_id)


KINDS: dict[str, Change] = {
    "status": _status,
    "no-permission": _true,  # the desk refuses it, which knows the caller
    "no-role": _no_role,
    "drop": _drop,
    "reset": _reset,
    "refuse": _refuse,
    "cut": _cut,
    "short": _short,
    "html": _html,
    "empty": _empty,
    "no-value": _no_value,
    "malformed-date": _malformed_date,
    "repeats": _repeats,
    "misses": _misses,
    "slow": _slow,
    "drip": _drip,
    "expire": _true,
    "never-ready": _true,
    "body": _body,
}
# What goes wrong with the thing itself, before the request is carried out, and after it.
BEFORE: dict[str, Blow] = {"expire": _expire}
AFTER: dict[str, Blow] = {"never-ready": _never_ready}
# Those that need the true answer: the request is carried out, and what it writes is written.
TRUE = frozenset(
    {"refuse", "cut", "short", "malformed-date", "repeats", "misses", "slow", "drip", "expire", "never-ready"}
)
# After these nobody who wrote can know what became of it, but by looking.
LOSING = frozenset({"drop", "reset", "cut", "short", "html", "empty", "no-value", "body"})
