"""The HTTP server: its own thread, its own loop, one socket on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from http.client import responses
from typing import TYPE_CHECKING, cast

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders, ResponseStartLine

from odb_nb.errors import InputError
from odb_nb.sandbox.messages import Answer, Received

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.http1connection import HTTP1Connection
    from tornado.httputil import HTTPServerRequest

_LARGEST_BODY = 4 * 1024 * 1024


class LoopbackServer:
    """Serves answers on 127.0.0.1 from a daemon thread until it is closed.

    Parameters
    ----------
    answer : callable
        Turns a request into an answer, at once; the answer says how long to hold it back.
    port : int
        0 takes a free one.
    """

    def __init__(self, answer: Callable[[Received], Answer], port: int) -> None:
        self._answer = answer
        # Bound here and not in the thread, so that a port in use is the caller's exception.
        self._socket = _listening(port)
        self.port: int = self._socket.getsockname()[1]
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name=f"odb-nb-sandbox-{self.port}", daemon=True)
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        """Close the socket and all connections, and end the thread."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            # A selector loop on every platform: tornado would add a second thread to Windows' own kind.
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._serve())
        finally:
            self._socket.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        server = HTTPServer(self._on_request, max_buffer_size=_LARGEST_BODY)
        server.add_sockets([self._socket])
        self._ready.set()
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()

    def _on_request(self, request: HTTPServerRequest) -> None:
        headers = {name.lower(): value for name, value in request.headers.get_all()}
        received = Received(request.method or "", request.uri or "", headers, request.body)
        answer = self._answer(received)
        # A request handed to a plain callable always comes with HTTP/1's connection.
        connection = cast("HTTP1Connection", request.connection)
        if answer.delay_s > 0:
            asyncio.get_running_loop().call_later(answer.delay_s, _send, connection, received, answer)
        else:
            _send(connection, received, answer)


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            # Windows lets a second program take a port over; this forbids it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except OSError as problem:
        listener.close()
        raise InputError(f"the sandbox cannot listen on 127.0.0.1:{port}: {problem}") from problem
    listener.setblocking(False)
    return listener


def _send(connection: HTTP1Connection, received: Received, answer: Answer) -> None:
    if connection.stream is None or connection.stream.closed():
        return  # the client has gone away meanwhile
    if answer.drop:
        connection.detach().close()
        return
    reason = responses.get(answer.status, "Unknown")
    # A 204 must not say how long its body is (RFC 9110, 8.6): it has none.
    length = {} if answer.status == 204 else {"Content-Length": str(len(answer.body))}
    headers = {**answer.headers, **length}
    if answer.cut:
        lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        stream = connection.detach()
        half = answer.body[: len(answer.body) // 2]
        stream.write("\r\n".join(lines).encode("latin-1") + half).add_done_callback(lambda _: stream.close())
        return
    body = b"" if received.method == "HEAD" else answer.body
    connection.write_headers(ResponseStartLine("HTTP/1.1", answer.status, reason), HTTPHeaders(headers), body)
    connection.finish()
