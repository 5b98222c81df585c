"""One request to Graph: built and sent by msgraph-sdk, read by us as raw JSON.

The SDK brings its builders, URL templates, auth provider and middleware. Its models cost milliseconds per object
and drop enum words they do not know, so they are not used for reading. Its retries and redirects are left out:
it would repeat a create after a 503 and turn a POST into a GET. What an answer means is said in `replies`; what may
be asked again, how long it may take, and where the next page lies, here.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_abstractions.response_handler import ResponseHandler
from kiota_authentication_azure.azure_identity_access_token_provider import AzureIdentityAccessTokenProvider
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient

from odb_nb.errors import (
    AuthError,
    GraphError,
    NoReplyError,
    OdbError,
    OutcomeUnknownError,
    ReplyShapeError,
    ThrottledError,
    advised,
)
from odb_nb.http_client import (
    MOST_CONNECTIONS,
    REQUEST_TIMEOUT_S,
    http_client,
    never_sent,
    origin,
    translate,
)
from odb_nb.pacing import Deadline, Gate, Time, back_off_s, retry_after_s
from odb_nb.replies import Answer, Reply, identified, value

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from kiota_abstractions.request_option import RequestOption

    from odb_nb.auth import Credential

ATTEMPTS = 5


@dataclass
class Request:
    """What is asked: the SDK's request, and the id that names this operation in the service's logs."""

    information: RequestInformation
    client_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def label(self) -> str:
        """Method and path, fit for messages: no host, query or body."""
        path = urlsplit(self.information.url).path
        method = self.information.http_method
        return f"{method.value if method else 'GET'} {path}"


class _Keep(ResponseHandler):
    """Takes the answer as it is, whatever its status; stateless, shared by all requests."""

    async def handle_response_async(self, response: Any, error_map: Any = None) -> Any:
        del error_map
        return Reply(response.status_code, response.headers, response.content)


_OPTIONS: list[RequestOption] = [ResponseHandlerOption(_Keep())]


def get(url: str) -> RequestInformation:
    """A GET on a link that the service gave, as it stands."""
    information = RequestInformation(Method.GET)
    information.url = url
    information.headers.try_add("Accept", "application/json")
    return information


class Transport:
    """Sends requests of one client, on one event loop.

    Parameters
    ----------
    base_url : str
        With the version segment and without a slash at the end.
    credential : Credential
        Gives tokens; only the host of `base_url` ever sees one.
    scope : str
        What a token is asked for.
    explain_refusal : callable
        ``(status, code, message, path) -> str``: words for a 401 or 403.
    time : Time
        Where waits are taken from.
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        *,
        scope: str,
        version: str,
        explain_refusal: Callable[[int, str | None, str | None, str], str],
        time: Time,
    ) -> None:
        self.time = time
        self.gate = Gate(time, most_at_once=MOST_CONNECTIONS)
        self.now: datetime | None = None  # the service's clock, as of its last answer
        self._heard_at = time.monotonic()
        self._origin = origin(base_url)
        self.host = urlsplit(base_url).netloc
        self._explain_refusal = explain_refusal
        self._credential = credential
        self._scope = scope
        self._http = http_client(base_url, version)
        provider = AzureIdentityAccessTokenProvider(
            credential,  # type: ignore[arg-type]  # the SDK awaits get_token and asks for nothing else
            None,
            scopes=[scope],
            allowed_hosts=[urlsplit(base_url).hostname or ""],
        )
        self._adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(provider), client=self._http)
        self._adapter.base_url = base_url
        self.backup = GraphServiceClient(request_adapter=self._adapter).solutions.backup_restore

    async def close(self) -> None:
        """Close all sockets."""
        await self._http.aclose()

    async def sign_in(self) -> None:
        """Have a token ready. A person may take minutes over it, so no request's time runs meanwhile."""
        await self._credential.get_token(self._scope, enable_cae=True)

    def service_time(self) -> datetime | None:
        """The service's clock by now: as of its last answer, and the time since then."""
        return self.now and self.now + timedelta(seconds=self.time.monotonic() - self._heard_at)

    def deadline(self, seconds: float) -> Deadline:
        """The deadline `seconds` from now."""
        return Deadline.after(self.time, seconds)

    async def read(self, request: Request, deadline: Deadline, *, expect: str | None = None) -> Answer:
        """Ask something that changes nothing; asked again, with pauses, while a passing fault stands in the way.

        Raises
        ------
        AuthError, GraphError, NoReplyError, ThrottledError
        ReplyShapeError
            Not a JSON object, or no `expect` in it, five times over.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._value(await self._admitted(request, deadline), request, expect)
            except GraphError as exc:
                if not _is_passing(exc):
                    raise
                if attempt == ATTEMPTS or not await deadline.pause(back_off_s(attempt)):
                    raise advised(exc, "call again later") from None
        raise AssertionError("unreachable")

    async def write(self, request: Request, deadline: Deadline, *, expect: str | None = "id") -> Answer:
        """Ask for a change, once. Repeated only where it is proven that nothing happened: a 429, no connection.

        An answer without the `expect` of what was changed leaves open what happened.

        Raises
        ------
        OutcomeUnknownError
            Any 5xx, a lost or unreadable answer: the change may have happened, the caller must look.
        AuthError, GraphError, NoReplyError, ThrottledError
            Nothing happened.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = await self._admitted(request, deadline)
            except NoReplyError as exc:
                if exc.was_sent:
                    raise _unknown(exc, request) from exc
                if attempt == ATTEMPTS or not await deadline.pause(back_off_s(attempt)):
                    raise advised(exc, "call again later") from None
                continue
            try:
                answer = self._value(reply, request, expect)
                return identified(answer, request.label) if expect == "id" else answer
            except ReplyShapeError as exc:
                raise _unknown(exc, request) from exc
            except GraphError as exc:
                if (exc.status_code or 0) >= 500:
                    raise _unknown(exc, request) from exc
                raise
        raise AssertionError("unreachable")

    async def pages(self, request: Request, deadline: Deadline) -> AsyncIterator[list[dict[str, Any]]]:
        """Each page's `value`, following next links to the end.

        Raises
        ------
        ReplyShapeError
            A next link to another host, one that repeats, or a page whose `value` is not a list of objects.
        """
        seen = set()
        while True:
            answer = await self.read(request, deadline, expect="value")
            yield answer.rows(request.label)
            link = answer.json.get("@odata.nextLink")
            if not link:
                return
            self._check_link(link, request)
            if link in seen:
                raise ReplyShapeError("a next link that was followed already came again", request=request.label)
            seen.add(link)
            request = Request(get(link), request.client_request_id)

    async def all_pages(self, request: Request, deadline: Deadline) -> list[dict[str, Any]]:
        """All rows of all pages, each once: what is added while we read moves rows from one page on to the next."""
        rows: dict[object, dict[str, Any]] = {}
        async for page in self.pages(request, deadline):
            for row in page:
                id_ = row.get("id")
                rows[id_ if isinstance(id_, str) and id_ else len(rows)] = row  # later pages know better
        return list(rows.values())

    def _check_link(self, link: object, request: Request) -> None:
        leads_home = False
        with contextlib.suppress(ValueError):  # half an IPv6 address
            # user and password in a link would replace our own authorization
            is_plain = isinstance(link, str) and link.isprintable() and "@" not in urlsplit(link).netloc
            leads_home = is_plain and origin(str(link)) == self._origin
        if not leads_home:
            raise ReplyShapeError(
                f"a next link points away from {self._origin[1]}; it was not followed and got no token",
                request=request.label,
            )

    async def _admitted(self, request: Request, deadline: Deadline) -> Reply:
        """Send when the gate lets us; wait as asked while throttled, all of it within the deadline."""
        while True:
            async with self.gate.slot(deadline) as admitted:
                if not admitted and not deadline.remaining_s:
                    raise never_sent("the time given has run out", request.label)
                if not admitted:
                    raise ThrottledError(
                        "the service still asks to wait and the time given ends before that; nothing was sent. "
                        "Call again later, or with a longer timeout",
                        status_code=429,
                        request=request.label,
                        client_request_id=request.client_request_id,
                    )
                reply = await self._exchange(request, deadline)
                if reply.date:
                    self.now, self._heard_at = reply.date, self.time.monotonic()
                wait_s = retry_after_s(reply.headers.get("Retry-After"), self.now)
                refused_by_throttle = reply.status == 429
                if refused_by_throttle or (reply.status == 503 and wait_s is not None):
                    self.gate.throttled(wait_s)
                elif reply.status < 500:
                    self.gate.succeeded()
            if not refused_by_throttle:
                return reply

    async def _exchange(self, request: Request, deadline: Deadline) -> Reply:
        """One attempt on the wire, in bounded time."""
        limit_s = min(REQUEST_TIMEOUT_S, deadline.remaining_s)
        if not limit_s:
            raise never_sent("the time given has run out", request.label)
        information = request.information
        self._adapter.set_base_url_for_request_information(information)
        information.url = information.url  # or the SDK expands its template each time that it is looked at
        information.headers.try_add("Prefer", "include-unknown-enum-members")
        information.headers.try_add("client-request-id", request.client_request_id)
        information.add_request_options(_OPTIONS)
        try:
            async with asyncio.timeout(limit_s):
                # no model class: the response handler keeps the answer as it is
                reply: Reply = await self._adapter.send_async(information, cast("Any", None), {})
                return reply.without(self._credential.tokens())
        except (asyncio.CancelledError, Exception) as exc:
            translated = translate(exc, host=self._origin[1], limit_s=limit_s, label=request.label)
            if translated is None:
                raise
        finally:
            # the SDK leaves it there: frames of errors would keep it, and the next attempt would send one that ran out
            information.headers.remove("Authorization")
        raise translated  # not from the cause: its request holds the token

    def _value(self, reply: Reply, request: Request, expect: str | None) -> Answer:
        label, client_request_id = request.label, request.client_request_id
        try:
            return value(reply, expect=expect, label=label, client_request_id=client_request_id)
        except AuthError as exc:
            exc.args = (self._explain_refusal(reply.status, exc.code, exc.message, label),)
            raise


def _is_passing(exc: OdbError) -> bool:
    if isinstance(exc, (NoReplyError, ReplyShapeError)):
        return True
    return isinstance(exc, GraphError) and not isinstance(exc, ThrottledError) and (exc.status_code or 0) >= 500


def _unknown(exc: GraphError, request: Request) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"sent, but what became of it is not known: {exc.message.rstrip('.')}; run the same call again, it looks first",
        status_code=exc.status_code,
        code=exc.code,
        request_id=exc.request_id,
        client_request_id=request.client_request_id,
        request=request.label,
    )
