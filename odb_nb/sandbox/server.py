"""The HTTP server: its own thread, its own loop, one socket on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
import weakref
from typing import TYPE_CHECKING, cast

from tornado.httpserver import HTTPServer

from odb_nb.errors import InputError
from odb_nb.sandbox.messages import Answer, Received
from odb_nb.sandbox.sending import send, send_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tornado.http1connection import HTTP1Connection
    from tornado.httputil import HTTPServerRequest
    from tornado.iostream import IOStream

    from odb_nb.sandbox.clock import Clock, Mark

_LARGEST_BODY = 4 * 1024 * 1024
_DOOR_LOOKS_S = 0.005


class LoopbackServer:
    """Serves answers on 127.0.0.1 from a daemon thread until it is closed.

    Parameters
    ----------
    answer : callable
        Turns a request into an answer, at once; the answer says how long to hold it back, and in which manner it goes.
    port : int
        0 takes a free one.
    clock : Clock
        By which a door that was shut opens again.
    """

    def __init__(self, answer: Callable[[Received], Answer], port: int, clock: Clock) -> None:
        self._answer = answer
        self._clock = clock
        # Bound here and not in the thread, so that a port in use is the caller's exception.
        self._socket = _listening(port)
        self.port: int = self._socket.getsockname()[1]
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._door: _Door | None = None
        self._tasks: set[asyncio.Task[None]] = set()
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
        self._open()
        self._ready.set()
        await self._stop.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._door is not None:
            self._door.stop()
            await self._door.close_all_connections()

    def _open(self) -> None:
        self._door = _Door(self._on_request, max_buffer_size=_LARGEST_BODY)
        self._door.add_sockets([self._socket])

    def _on_request(self, request: HTTPServerRequest) -> None:
        headers = {name.lower(): value for name, value in request.headers.get_all()}
        received = Received(request.method or "", request.uri or "", headers, request.body)
        answer = self._answer(received)
        # A request handed to a plain callable always comes with HTTP/1's connection.
        connection = cast("HTTP1Connection", request.connection)
        is_head = received.method == "HEAD"
        if answer.manner == "whole" and not answer.delay_s:  # as nearly all are: at once, and without a task
            send_whole(connection, answer, is_head=is_head)
        else:
            self._start(self._send(connection, answer, is_head=is_head))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, connection: HTTP1Connection, answer: Answer, *, is_head: bool) -> None:
        if answer.delay_s > 0:
            connection.set_close_callback(answer.unread)
            await asyncio.sleep(answer.delay_s)
        if answer.manner == "shut" and self._door is not None:
            # Before the answer goes out: who has it finds the door shut.
            self._door.shut(but=connection.stream)
            self._door = None
            self._start(self._open_later(answer.seconds, self._clock.mark()))
        await send(connection, answer, is_head=is_head)

    async def _open_later(self, seconds: float, shut: Mark) -> None:
        """Open the door again once so many seconds have passed, on the machine's clock and the sandbox's together."""
        # nobody tells when a clock that others move has moved far enough
        while self._clock.since(shut) < seconds:  # noqa: ASYNC110
            await asyncio.sleep(_DOOR_LOOKS_S)
        while True:
            try:
                self._socket = _listening(self.port)
                break
            except InputError:  # somebody's connection has the port for a moment
                await asyncio.sleep(_DOOR_LOOKS_S)
        self._open()


class _Door(HTTPServer):
    """An HTTP server that can be shut at once: no connection is accepted, and none stays open but the one named."""

    streams: weakref.WeakSet[IOStream]

    def initialize(self, *args: Any, **options: Any) -> None:
        super().initialize(*args, **options)
        self.streams = weakref.WeakSet()

    def handle_stream(self, stream: IOStream, address: tuple[str, int]) -> None:
        self.streams.add(stream)
        super().handle_stream(stream, address)

    def shut(self, *, but: IOStream | None) -> None:
        self.stop()
        for stream in list(self.streams):
            if stream is not but:
                stream.close()


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
