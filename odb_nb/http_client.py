"""httpx under Graph's middleware, less what would act behind our back or keep a token; its errors made ours."""

from __future__ import annotations

import asyncio
import binascii
import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import msgraph.graph_request_adapter as graph_adapter
from kiota_abstractions.api_error import APIError
from kiota_http.kiota_client_factory import KiotaClientFactory
from kiota_http.middleware import HeadersInspectionHandler, RedirectHandler, RetryHandler
from kiota_http.middleware.options import UserAgentHandlerOption
from msgraph_core import GraphClientFactory
from msgraph_core.middleware import GraphTelemetryHandler
from msgraph_core.middleware.options import GraphTelemetryHandlerOption

from odb_nb.errors import AuthError, NoReplyError

if TYPE_CHECKING:
    from odb_nb.errors import OdbError

CONNECT_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 60.0
MOST_CONNECTIONS = 32


class _Client(httpx.AsyncClient):
    """Closes its sockets itself: the SDK puts its middleware over them, and that does not pass a close on."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._sockets = [self._transport, *filter(None, self._mounts.values())]

    async def aclose(self) -> None:
        await super().aclose()
        for sockets in self._sockets:
            await sockets.aclose()


def http_client(base_url: str, version: str) -> httpx.AsyncClient:
    """A client for `base_url`.

    No retries and no redirects: the SDK would repeat a create after a 503 and turn a POST into a GET. HTTP/1.1: over
    HTTP/2 one GOAWAY makes every create in flight ambiguous. Keep-alive equals the limit, or connections above 20 are
    opened anew for each request.
    """
    client = _Client(
        timeout=httpx.Timeout(REQUEST_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        limits=httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS),
        follow_redirects=False,
        trust_env=urlsplit(base_url).scheme == "https",  # a proxy has no business with loopback
    )
    agent = UserAgentHandlerOption(product_name="odb_nb", product_version=version)
    options = {**graph_adapter.options, UserAgentHandlerOption.get_key(): agent}
    middleware = [
        ware
        for ware in KiotaClientFactory.get_default_middleware(options)
        if not isinstance(ware, (RetryHandler, RedirectHandler, HeadersInspectionHandler))
    ]
    middleware.append(GraphTelemetryHandler(options[GraphTelemetryHandlerOption.get_key()]))
    wrapped: httpx.AsyncClient = GraphClientFactory.create_with_custom_middleware(middleware, client=client)
    return wrapped


def origin(url: str) -> tuple[str, str]:
    """(scheme, host:port) with the default port written out."""
    parts = urlsplit(url)
    with contextlib.suppress(ValueError):
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        return parts.scheme, f"{parts.hostname}:{port}"
    return parts.scheme, "?"


def never_sent(message: str, label: str) -> NoReplyError:
    """The error for a request that the service has provably not seen."""
    error = NoReplyError(f"{message}; nothing was sent", request=label)
    error.was_sent = False
    return error


def translate(exc: BaseException, *, host: str, limit_s: float, label: str) -> OdbError | None:
    """The one place where foreign errors become ours, the most specific first; None for what is not theirs.

    Only what is met before a socket is open proves that a request was not sent.
    """
    name = type(exc).__name__
    match exc:
        case asyncio.CancelledError():
            task = asyncio.current_task()
            if task is None or task.cancelling():
                return None
            # nobody asked for it: some versions of the HTTP stack end a dropped connection so
            return NoReplyError("the connection broke (cancelled below us)", request=label)
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return never_sent(f"no connection to {host} ({name}); check the network, the proxy and the address", label)
        case TimeoutError() | httpx.TimeoutException():
            return NoReplyError(f"no answer within {limit_s:.0f} s", request=label)
        case httpx.HTTPError() | httpx.InvalidURL():
            return NoReplyError(f"the connection broke ({name})", request=label)
        case binascii.Error() | UnicodeDecodeError():
            return AuthError("the service asked for new claims in a form that cannot be read", request=label)
        case APIError():
            return NoReplyError(f"the SDK gave up ({name})", request=label)
    return None
