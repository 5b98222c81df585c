"""One daemon thread with one event loop: the only place where requests run.

A caller blocks on it from any thread: a cell, a form's worker, a script. What the work wants to show (progress, a
device code) is run in the caller's own thread, where a notebook can display it; an interrupt there cancels the work.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakSet

from odb_nb.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from typing import Any

T = TypeVar("T")

# a blocking get without a time-out cannot be interrupted on Windows
_LISTEN_S = 0.2
_WIND_UP_S = 5.0

Mailbox = SimpleQueue[Callable[[], object] | None]

_caller: ContextVar[Mailbox] = ContextVar("odb_nb_caller")

_waiting: dict[threading.Thread, Mailbox] = {}
_to_interrupt: WeakSet[threading.Thread] = WeakSet()
_guard = threading.Lock()


def interrupt(thread: threading.Thread) -> None:
    """Interrupt the work that `thread` waits for, or else the next that it asks for, as Ctrl+C does a cell's.

    The call ends with `KeyboardInterrupt` in that thread: what a form's Cancel button does.
    """
    with _guard:
        if thread in _waiting:
            _waiting[thread].put(_interrupt)
        else:
            _to_interrupt.add(thread)


@contextlib.contextmanager
def _can_be_interrupted(mailbox: Mailbox) -> Iterator[None]:
    thread = threading.current_thread()
    outer: Mailbox | None = None
    has_ended = False
    try:
        with _guard:
            outer = _waiting.get(thread)  # a progress function may call the client again
            _waiting[thread] = mailbox
            if thread in _to_interrupt:
                _to_interrupt.discard(thread)
                mailbox.put(_interrupt)
        yield
        has_ended = True
    finally:
        with _guard:
            if outer is None:
                _waiting.pop(thread, None)
            else:
                _waiting[thread] = outer
            if has_ended and _interrupt in _left_in(mailbox):  # too late for this call: meant for what comes after it
                outer.put(_interrupt) if outer is not None else _to_interrupt.add(thread)


def _left_in(mailbox: Mailbox) -> list[Callable[[], object] | None]:
    return [mailbox.get_nowait() for _ in range(mailbox.qsize())]


def show(call: Callable[[], object]) -> None:
    """From within the work: have `call` run in the thread that waits for it. Elsewhere nobody waits: run it here."""
    mailbox = _caller.get(None)
    if mailbox is None:
        call()
    else:
        mailbox.put(call)


class _Call(Generic[T]):
    """Work from its beginning on the loop to its end; whatever moment its caller is interrupted at, it ends."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self.mailbox: Mailbox = SimpleQueue()
        self._work = work
        self._task: asyncio.Task[T] | None = None
        self._ended = threading.Event()

    def begin(self) -> None:
        """On the loop: what `call_soon_threadsafe` is given comes in order, so before `cancel` or not at all."""
        self._task = asyncio.get_running_loop().create_task(self._work)
        self._task.add_done_callback(self._end)

    def cancel(self) -> None:
        """On the loop."""
        if self._task is not None:
            self._task.cancel()
        else:
            self.forget()

    def forget(self) -> None:
        """It never began."""
        self._work.close()
        self._ended.set()

    def wait(self, seconds: float) -> None:
        """Return when it has ended, or the time is over; in pieces, as Windows needs them."""
        left = seconds
        while left > 0 and not self._ended.wait(_LISTEN_S):
            left -= _LISTEN_S

    def result(self) -> T:
        """What came of it."""
        if self._task is None or self._task.cancelled():
            raise InputError("this client was closed while the call ran")
        return self._task.result()

    def _end(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # or asyncio complains that nobody asked, if the caller was interrupted
        self._ended.set()
        self.mailbox.put(None)


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
        call, loop = _Call(work), None
        context = copy_context()
        context.run(_caller.set, call.mailbox)
        try:
            with _can_be_interrupted(call.mailbox):  # before it begins: who sees it run may interrupt it
                with self._guard:  # until it is on the loop: `close` would not know of it
                    loop = self._running()
                    loop.call_soon_threadsafe(call.begin, context=context)
                _serve(call.mailbox)
        except BaseException:
            _abandon(call, loop)
            raise
        return call.result()

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
            loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_live, args=(loop,), name="odb_nb", daemon=True)
            self._thread.start()
            self._loop = loop  # last: interrupted before it, the next call starts another
        return self._loop


def _live(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def _interrupt() -> None:
    raise KeyboardInterrupt


async def _cancel_all(last: Callable[[], Coroutine[Any, Any, object]]) -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=_WIND_UP_S) if tasks else None
    await last()


def _serve(mailbox: Mailbox) -> None:
    """Run what the work wants shown, until it says that it has ended."""
    while True:
        try:
            call = mailbox.get(timeout=_LISTEN_S)
        except Empty:
            continue
        if call is None:
            return
        call()


def _abandon(call: _Call[T], loop: asyncio.AbstractEventLoop | None) -> None:
    """Cancel it and wait for its wind-up, showing nothing more; a second interrupt ends even this."""
    with contextlib.suppress(RuntimeError):  # a loop that is closed, on which nothing runs any more
        if loop is not None:
            loop.call_soon_threadsafe(call.cancel)
            call.wait(_WIND_UP_S)
            return
    call.forget()
