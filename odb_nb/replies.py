"""An HTTP answer, made into a value or an error: the one place that does."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from odb_nb.errors import AuthError, GraphError, ReplyShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import httpx

# Half a character, which JSON may carry and UTF-8 cannot: no file, no database, no Arrow takes it.
_HALF = re.compile("[\ud800-\udfff]")
# What a terminal obeys, or what turns a line around; a notebook's traceback obeys some of it too.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# What bytes that hold one must hold, by its first byte, which is found at no cost: an escape, the half as it stands,
# or the zero bytes of UTF-16 and UTF-32.
_SIGNS_OF_HALVES = {
    b"\\": re.compile(rb"\\u[dD][89a-fA-F]"),
    b"\xed": re.compile(rb"\xed[\xa0-\xbf]"),
    b"\0": re.compile(rb"\0"),
}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer without its request: raw responses hold the token and are let go at once."""

    status: int
    headers: httpx.Headers
    content: bytes

    def without(self, secrets: Iterable[str]) -> Reply:
        """The same with ``[secure]`` for each secret: a service, or a proxy on the way, may repeat what it was sent."""
        content, headers = self.content, self.headers
        for secret in secrets:
            content = content.replace(secret.encode(), b"[secure]")
            if any(secret in text for text in headers.values()):
                shown = [(name, text.replace(secret, "[secure]")) for name, text in headers.multi_items()]
                headers = type(headers)(shown)
        return Reply(self.status, headers, content)

    @property
    def date(self) -> datetime | None:
        """The service's clock in UTC, from the ``Date`` header."""
        with contextlib.suppress(ValueError, TypeError, OverflowError):
            moment = parsedate_to_datetime(self.headers.get("Date"))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return None

    @property
    def request_id(self) -> str | None:
        """What to quote to support."""
        found: str | None = self.headers.get("request-id")
        return found


@dataclass(frozen=True)
class Answer:
    """A success: its JSON object and the id to quote to support."""

    json: dict[str, Any]
    request_id: str | None

    def rows(self, label: str) -> list[dict[str, Any]]:
        """The objects in `value`; `ReplyShapeError` if it is anything but a list of objects."""
        rows = self.json.get("value")
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
        raise ReplyShapeError("expected 'value' to be a list of objects", request_id=self.request_id, request=label)


def value(reply: Reply, *, expect: str | None, label: str, client_request_id: str) -> Answer:
    """The JSON object of a success; an empty one where nothing is expected and 204 says that there is nothing.

    Raises
    ------
    AuthError
        401 or 403.
    GraphError
        Any other refusal or fault.
    ReplyShapeError
        A success that is not a JSON object, or has no `expect` in it.
    """
    body = _json(reply)
    if not 200 <= reply.status < 300:
        raise _error(reply, body, label, client_request_id)
    if reply.status == 204 and expect is None:
        return Answer({}, reply.request_id)
    if isinstance(body, dict) and (expect is None or expect in body):
        return Answer(body, reply.request_id)
    wanted = f"a JSON object with {expect!r}" if expect else "a JSON object"
    raise ReplyShapeError(
        f"expected {wanted}, got {_described(reply, body)}",
        status_code=reply.status,
        request_id=reply.request_id,
        client_request_id=client_request_id,
        request=label,
    )


def identified(answer: Answer, label: str) -> Answer:
    """The answer itself, if its `id` is one that can be used; `ReplyShapeError` if it is not."""
    if isinstance(answer.json.get("id"), str) and answer.json["id"]:
        return answer
    raise ReplyShapeError("expected 'id' to be text", request_id=answer.request_id, request=label)


def _error(reply: Reply, body: Any, label: str, client_request_id: str) -> AuthError | GraphError:
    error = _object(body, "error")
    inner = _object(error, "innerError") or _object(error, "innererror")
    message = error.get("message") or (body.get("error") if isinstance(body, dict) else None)
    kind = AuthError if reply.status in (401, 403) else GraphError
    return kind(
        str(_text(message)) if isinstance(message, str) and message.strip() else _described(reply, body),
        status_code=reply.status,
        code=_text(error.get("code")),
        request_id=_text(reply.request_id) or _text(inner.get("request-id")),
        client_request_id=client_request_id,
        request=label,
    )


def _object(parent: Any, name: str) -> dict[str, Any]:
    """A member that ought to be an object; the body may be HTML, a list, or ``{"error": "text"}``."""
    child = parent.get(name) if isinstance(parent, dict) else None
    return child if isinstance(child, dict) else {}


def _text(found: Any) -> str | None:
    """Text with what would be obeyed as escapes to be seen; None for all else."""
    return _OBEYED.sub(lambda one: one[0].encode("unicode_escape").decode(), found) if isinstance(found, str) else None


def _json(reply: Reply) -> Any:
    try:
        found = json.loads(reply.content)
        return _mended(found) if _may_hold_halves(reply.content) else found
    except (ValueError, RecursionError):
        return None


def _may_hold_halves(content: bytes) -> bool:
    return any(first in content and sign.search(content) for first, sign in _SIGNS_OF_HALVES.items())


def _mended(found: Any) -> Any:
    """The same, with U+FFFD for each half of a character; two escapes that make a whole one are one by now."""
    return json.loads(_HALF.sub("\ufffd", json.dumps(found, ensure_ascii=False)))


def _described(reply: Reply, body: Any) -> str:
    if not reply.content:
        return f"HTTP {reply.status} with an empty body"
    if body is None:
        kind = reply.headers.get("Content-Type", "no content type").split(";")[0]
        return f"HTTP {reply.status} with a body that is not JSON ({kind}, {len(reply.content):,} bytes)"
    return f"HTTP {reply.status} with a JSON {type(body).__name__}"
