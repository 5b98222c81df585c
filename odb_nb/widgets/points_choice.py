"""Which restore points of a drive: the latest, the last before a time, or all in a window."""

from __future__ import annotations

from typing import Any, Literal

import ipywidgets

from odb_nb.arguments import moment, one_of, time_window
from odb_nb.errors import InputError
from odb_nb.words import time_in_words

Which = Literal["latest", "before", "window"]

_WHICH = {"latest": "The latest of each drive", "before": "The last before …", "window": "All from … to …"}
_UTC = "UTC, such as 2026-11-20 or 2026-11-20 08:30"


class PointsChoice:
    """Controls for the window that `list_restore_points` takes.

    Attributes
    ----------
    which : ipywidgets.RadioButtons
        ``latest``, ``before`` or ``window``.
    before, start, end : ipywidgets.Text
        Times in UTC; only those that the choice needs are shown.
    view : ipywidgets.HBox
        All of them.
    """

    def __init__(self, which: Which, before: str | None, start: str | None, end: str | None) -> None:
        one_of(which, tuple(_WHICH), "which")
        moment(before, "before")
        time_window(start, end)
        options = [(words, name) for name, words in _WHICH.items()]
        self.which = ipywidgets.RadioButtons(options=options, value=which, layout={"width": "max-content"})
        self.before, self.start, self.end = _time("before", before), _time("from", start), _time("to", end)
        self.view = ipywidgets.HBox(
            [self.which, ipywidgets.VBox([self.before, self.start, self.end])],
            layout={"align_items": "center", "flex_flow": "row wrap"},
        )
        self.which.observe(lambda _: self._show_times(), names="value")
        self._show_times()

    def arguments(self) -> dict[str, Any]:
        """Arguments of `list_restore_points` for what is chosen.

        Raises
        ------
        InputError
            A time that the choice needs is missing, or cannot be read.
        """
        start, end, before = (control.value.strip() or None for control in (self.start, self.end, self.before))
        if self.which.value == "latest":
            return {"limit": 1}
        if self.which.value == "before":
            at = moment(before, "before")  # a moment, since an end that is a bare date takes in the whole day
            if at is None:
                raise InputError(f"the last restore point before when? Fill in the time, {_UTC}")
            return {"end": at.isoformat(), "limit": 1}
        if start is None and end is None:
            raise InputError(f"from when to when? Fill in one of the times or both, {_UTC}")
        return {"start": start, "end": end}

    def in_words(self) -> str:
        """``before 2026-11-15 00:00:00``: what was searched."""
        if self.which.value == "latest":
            return "at any time"
        if self.which.value == "before":
            return f"before {time_in_words(moment(self.before.value, 'before'))}"
        bounds = (("from", self.start.value.strip()), ("to", self.end.value.strip()))
        return " ".join(f"{name} {when}" for name, when in bounds if when)

    def _show_times(self) -> None:
        for control, choice in ((self.before, "before"), (self.start, "window"), (self.end, "window")):
            control.layout.display = "" if self.which.value == choice else "none"


def _time(description: str, value: str | None) -> Any:
    return ipywidgets.Text(
        value=value or "", description=description, placeholder=_UTC, layout={"width": "28em"},
        style={"description_width": "4em"},
    )  # fmt: skip
