"""A thread that calls something every few seconds until it is closed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_STOP_S = 10.0


class Ticker:
    """Calls `tick` every `seconds`; what is due when is for `tick` to know, which tests call themselves."""

    def __init__(self, tick: Callable[[], object], seconds: float) -> None:
        self._tick = tick
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="odb_nb ticker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; a tick that runs ends first."""
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(_STOP_S)

    def _live(self) -> None:
        while not self._stop.wait(self._seconds):
            self._tick()
