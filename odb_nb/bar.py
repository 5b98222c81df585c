"""A progress bar for notebooks that is a plain picture at any moment, and so also in the saved notebook.

A widget's bar is gone once the kernel is; this one is HTML that is shown again in its own place.
"""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_FIRST_S = 2.0  # short work shows no bar
_APART_S = 0.2

_TRACK = "width: 20em; height: 0.6em; border: 1px solid #8a8a8a; border-radius: 3px; margin: 0.2em 0"
_FILL = "height: 100%; background: #0072b2; width: {share:.0f}%"


class Bar:
    """``what: 12 of 20`` with the note below: counts per status."""

    def __init__(
        self, what: str, *, quiet_s: float = QUIET_FIRST_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._quiet_s = quiet_s
        self._monotonic = monotonic
        self._started_at = self._shown_at = monotonic()
        self._now = (0, 0, "")
        self._handle: Any = None

    def __call__(self, done: int, total: int, note: str) -> None:
        """Show how far it is, now and then."""
        self._now = done, total, note
        now = self._monotonic()
        if now - self._started_at >= self._quiet_s and now - self._shown_at >= _APART_S:
            self._show()

    def close(self) -> None:
        """Leave the last state as a still picture; nothing where nothing was shown."""
        if self._handle is not None:
            self._show()

    def _show(self) -> None:
        from IPython.display import display

        self._shown_at = self._monotonic()
        done, total, note = self._now
        data = {"text/plain": in_words(self._what, done, total, note), "text/html": as_html(self._what, *self._now)}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)


def in_words(what: str, done: int, total: int, note: str) -> str:
    """One line."""
    return f"{what}: {done:,} of {total:,}" + (f" ({note})" if note else "")


def as_html(what: str, done: int, total: int, note: str) -> str:
    """The bar and the line; counts per status come from the service, and are text."""
    words = html.escape(in_words(what, done, total, note))
    share = min(100, 100 * done / total) if total else 100
    return (
        f'<div role="img" aria-label="{words}"><div>{words}</div>'
        f'<div style="{_TRACK}"><div style="{_FILL.format(share=share)}"></div></div></div>'
    )
