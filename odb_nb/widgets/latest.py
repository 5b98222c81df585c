"""What takes longer than a keystroke may: of each kind of work, only what was asked for last is done."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LISTEN_S = 0.2  # a join without a time-out cannot be interrupted on Windows


class Latest:
    """Does the last job asked for under each name, on a thread that ends when there is nothing left to do."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._jobs: dict[str, Callable[[], object]] = {}
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def ask(self, name: str, job: Callable[[], object]) -> None:
        """Do this soon, in place of what waits under the same name; `job` must not raise."""
        with self._guard:
            if self._is_closed:
                return
            self._jobs[name] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="odb_nb drawing", daemon=True)
                self._thread.start()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing is left to do, True; False if the time is over before that."""
        left = float("inf") if timeout_s is None else timeout_s
        while (thread := self._thread) is not None and left > 0:
            thread.join(min(_LISTEN_S, left))
            left -= _LISTEN_S
        return self._thread is None

    def close(self, timeout_s: float = 10.0) -> None:
        """Begin nothing more, and wait for what is being done."""
        with self._guard:
            self._is_closed = True
            self._jobs.clear()
            thread = self._thread
        if thread is not None and threading.current_thread() is not thread:
            thread.join(timeout_s)

    def _work(self) -> None:
        while True:
            with self._guard:
                if not self._jobs:
                    self._thread = None
                    return
                job = self._jobs.pop(next(iter(self._jobs)))
            job()
