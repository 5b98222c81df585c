"""How far a long call is, in a form: a bar and words."""

from __future__ import annotations

import html
import math
import time
from typing import TYPE_CHECKING

import ipywidgets

if TYPE_CHECKING:
    from collections.abc import Callable

# a page takes some milliseconds for each message: 2,000 drives that are reported one by one kept it busy for 10 s after
# the work had ended
_APART_S = 0.2


class ProgressLine:
    """A `Report` that a form shows; hand it to a client's method as ``progress``.

    Attributes
    ----------
    bar : ipywidgets.IntProgress
        How much of it is done.
    so_far : ipywidgets.HTML
        The same in words.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._shown_at = -math.inf
        self.bar = ipywidgets.IntProgress(min=0, max=1, layout={"width": "20em"})
        self.so_far = ipywidgets.HTML()

    @property
    def parts(self) -> tuple[ipywidgets.IntProgress, ipywidgets.HTML]:
        """What goes into a row of the form."""
        return self.bar, self.so_far

    def show_while(self, is_at_work: bool) -> None:
        """In sight only while something runs: what was counted last says nothing afterwards."""
        for part in self.parts:
            part.layout.display = "" if is_at_work else "none"
        if not is_at_work:
            self.bar.value, self.so_far.value = 0, ""

    def __call__(self, done: int, total: int, note: str) -> None:
        """Show how far it is: the beginning and the end at once, what is between now and then.

        So a pause may begin with what was so 0.2 s before it.
        """
        now = self._monotonic()
        if self.bar.value <= done < total and now - self._shown_at < _APART_S:
            return
        self._shown_at = now
        self.bar.max, self.bar.value = max(total, 1), done
        self.so_far.value = html.escape(f"{done:,} of {total:,}" + (f": {note}" if note else ""))
