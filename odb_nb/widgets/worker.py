"""One job at a time on a thread of its own: a form's clicks never keep the kernel from running cells."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from odb_nb.background import interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

_LISTEN_S = 0.2  # a wait without a time-out cannot be interrupted on Windows
_END_S = 0.05  # a job's last deed is to enable the button again; it ends a moment later


class Worker:
    """Starts a job if none is running; cancels it; waits for it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        # not Thread.is_alive: before Python 3.13 that is False for good once a join was interrupted
        self._ended = threading.Event()
        self._ended.set()
        self._is_closed = False

    @property
    def is_busy(self) -> bool:
        """True while a job runs."""
        return not self._ended.is_set()

    def start(self, job: Callable[[], object]) -> bool:
        """Run `job` on a new thread; False, and nothing done, while another runs: a second click is no second job."""
        with self._guard:
            if self._is_closed or not self._ended.wait(_END_S):
                return False
            self._ended = ended = threading.Event()

            def run() -> None:
                try:
                    job()
                finally:
                    ended.set()

            self._thread = threading.Thread(target=run, name="odb_nb form", daemon=True)
            self._thread.start()
            return True

    def cancel(self) -> None:
        """Interrupt the job: it ends with `KeyboardInterrupt` at the client's call it waits for, or the next one."""
        thread = self._thread
        if thread is not None and self.is_busy:
            interrupt(thread)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until no job runs, True; False if the time is over before that."""
        left = float("inf") if timeout_s is None else timeout_s
        while left > 0 and not self._ended.wait(min(_LISTEN_S, left)):
            left -= _LISTEN_S
        return not self.is_busy

    def close(self, timeout_s: float = 10.0) -> None:
        """Cancel, wait, start nothing any more."""
        with self._guard:
            self._is_closed = True
        self.cancel()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread() and self.wait(timeout_s):
            thread.join(timeout_s)
