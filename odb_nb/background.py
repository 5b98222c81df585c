"""One daemon thread with one event loop: the only place where requests run.

A caller blocks on it from any thread: a cell, a form's worker, a script. What the work wants to show (progress, a
device code) is run in the caller's own thread, where a notebook can display it; an interrupt there cancels the work.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from concurrent.futures import CancelledError
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from odb_nb.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future
    from typing import Any

T = TypeVar("T")

# a blocking get without a time-out cannot be interrupted on Windows
_LISTEN_S = 0.2
_WIND_UP_S = 5.0

_caller: ContextVar[SimpleQueue[Callable[[], object] | None]] = ContextVar("odb_nb_caller")


def show(call: Callable[[], object]) -> None:
    """From within the work: have `call` run in the thread that waits for it."""
    _caller.get().put(call)


class Background:
    """The thread and its loop; started by the first `run`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._closed = False
        self._pid = os.getpid()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end and return its result; an interrupt cancels it and waits for its wind-up."""
        mailbox: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        token = _caller.set(mailbox)  # the work's context is a copy of ours
        try:
            with self._guard:  # until it is on the loop: `close` would not know of it
                loop = self._running()
                future = asyncio.run_coroutine_threadsafe(_announce_end(work, mailbox), loop)
        except InputError:
            work.close()
            raise
        finally:
            _caller.reset(token)
        try:
            _serve(mailbox)
        except BaseException:
            future.cancel()
            _drain(mailbox)
            raise
        return _result(future)

    def close(self, last: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Cancel what runs, run `last`, stop the loop, end the thread; further calls of `run` are refused."""
        with self._guard:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None and self._pid == os.getpid():
            try:
                asyncio.run_coroutine_threadsafe(_cancel_all(last), loop).result(2 * _WIND_UP_S)
            finally:
                loop.call_soon_threadsafe(loop.stop)
                if self._thread is not None:
                    self._thread.join(_WIND_UP_S)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._closed:
            raise InputError("this client is closed; connect() again")
        if self._pid != os.getpid():  # a fork takes neither the thread nor its sockets along
            raise InputError("this client was connected in another process; connect() again in this one")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_live, args=(self._loop,), name="odb_nb", daemon=True)
            self._thread.start()
        return self._loop


def _live(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


async def _announce_end(work: Coroutine[Any, Any, T], mailbox: SimpleQueue[Callable[[], object] | None]) -> T:
    try:
        return await work
    finally:
        mailbox.put(None)


async def _cancel_all(last: Callable[[], Coroutine[Any, Any, object]]) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_WIND_UP_S) if tasks else None
    await last()


def _serve(mailbox: SimpleQueue[Callable[[], object] | None]) -> None:
    """Run what the work wants shown, until it says that it has ended."""
    while True:
        try:
            call = mailbox.get(timeout=_LISTEN_S)
        except Empty:
            continue
        if call is None:
            return
        call()


def _drain(mailbox: SimpleQueue[Callable[[], object] | None]) -> None:
    """Wait for cancelled work to wind up, showing nothing more; a second interrupt ends even this."""
    with contextlib.suppress(Empty):
        while mailbox.get(timeout=_WIND_UP_S) is not None:
            pass


def _result(future: Future[T]) -> T:
    try:
        return future.result()
    except CancelledError:
        raise InputError("this client was closed while the call ran") from None
