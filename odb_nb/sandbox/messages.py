"""What passes between the server and the routes: a request received, a call understood, an answer, a refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from odb_nb.sandbox.tokens import Caller

Manner = Literal["whole", "drop", "reset", "cut", "drip", "shut"]


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came off the wire; `headers` has lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A request that found its route; `query` as it came, `options` as it was read."""

    version: str
    url: str
    query: str
    ids: tuple[str, ...]
    options: Mapping[str, str]
    body: Any
    caller: Caller
    shows_unknown_members: bool
    request_id: str


def _nothing() -> None:
    """Nobody minds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, and in which manner; `seconds` is how long a ``drip`` takes, or a door stays ``shut``.

    `unread` is called where the client goes away before it has the answer.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = "whole"
    seconds: float = 0.0
    delay_s: float = 0.0
    unread: Callable[[], None] = _nothing

    @property
    def is_sent(self) -> bool:
        """Whether anything of it goes out."""
        return self.manner not in ("drop", "reset")


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """An error answer in Graph's envelope.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        Graph's error code.
    message : str
        Says what is wrong and names the offender.
    headers : Mapping, optional
        More headers for the answer.
    inner : Mapping, optional
        More members for ``innerError``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        inner: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})
        self.inner = dict(inner or {})

    def answer(self, date: str, request_id: str, client_request_id: str) -> Answer:
        """The envelope of section "error responses": code, message and the ids to quote to support."""
        trace = {"date": date, "request-id": request_id, "client-request-id": client_request_id}
        error = {"code": self.code, "message": self.message, "innerError": {**self.inner, **trace}}
        return Answer(self.status, to_json({"error": error}), {**JSON_TYPE, **self.headers})


JSON_TYPE = {"Content-Type": "application/json"}


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def ok(value: Any, status: int = 200) -> Answer:
    return Answer(status, to_json(value), JSON_TYPE)


def context(call: Call, what: str) -> dict[str, str]:
    """The ``@odata.context`` of an answer: an identifier, so it names Graph and not this server."""
    return {"@odata.context": f"https://graph.microsoft.com/{call.version}/$metadata#solutions/backupRestore{what}"}
