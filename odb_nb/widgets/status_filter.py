"""Which rows of a status frame somebody wants to see: as values, as pandas, as words, as Python, as controls."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import ipywidgets

from odb_nb.errors import InputError
from odb_nb.palette import NO_SESSION
from odb_nb.styles import in_rows, sound
from odb_nb.widgets.status_words import counts_of, left_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    import pandas as pd

WITHIN_HOURS = (1, 6, 12, 24)
_IDS = ["drive_id", "restore_point_id", "session_id"]
_ID_BEGINS = 8  # as many characters as tell namesakes apart; fewer would find names' letters in ids


@dataclass(frozen=True)
class StatusFilter:
    """All that is asked of a row.

    Attributes
    ----------
    drive : str
        Part of the drive's name, whatever the case; or the start of an id of drive, point or session, 8 characters
        at least.
    statuses : tuple of str
        One of these words; none for any.
    failed_only : bool
        Only sessions that failed.
    expires_within : int or None
        Hours that are left at most.
    """

    drive: str = ""
    statuses: tuple[str, ...] = ()
    failed_only: bool = False
    expires_within: int | None = None

    def of(self, frame: pd.DataFrame, now: datetime | None) -> pd.DataFrame:
        """The rows that are wanted at `now`."""
        if self.drive:
            is_found = frame["display_name"].str.contains(self.drive, case=False, regex=False).fillna(False)
            if self._may_be_id:
                is_found |= frame[_IDS].apply(lambda ids: ids.str.startswith(self.drive).fillna(False)).any(axis=1)
            frame = frame[is_found]
        if self.statuses:
            frame = frame[words_of(frame).isin(self.statuses)]
        if self.failed_only:
            frame = frame[words_of(frame).str.casefold() == "failed"]
        if self.expires_within is not None:
            frame = frame[left_of(frame, now) <= timedelta(hours=self.expires_within)]
        return frame

    @property
    def _may_be_id(self) -> bool:
        return len(self.drive) >= _ID_BEGINS and " " not in self.drive

    @property
    def code(self) -> list[str]:
        """Lines of Python that do the same to a frame called `status`; values go in by `repr` alone."""
        lines = []
        if self.drive:
            lines.append(
                f'is_found = status["display_name"].str.contains({self.drive!r}, case=False, regex=False).fillna(False)'
            )
            if self._may_be_id:
                starts = f"ids.str.startswith({self.drive!r}).fillna(False)"
                lines.append(f"is_found |= status[{_IDS!r}].apply(lambda ids: {starts}).any(axis=1)")
            lines.append("status = status[is_found]")
        if self.statuses:
            lines.append(f'status = status[status["status"].fillna({NO_SESSION!r}).isin({list(self.statuses)!r})]')
        if self.failed_only:
            lines.append('status = status[status["status"].fillna("").str.casefold() == "failed"]')
        if self.expires_within is not None:
            lines.append(f'status = status[status["expires_in"] <= pd.Timedelta(hours={self.expires_within!r})]')
        return lines

    @property
    def in_words(self) -> list[str]:
        """One entry per filter that is set."""
        said = []
        if self.drive:
            said.append(f"name holds {self.drive!r}" + (", or an id begins with it" if self._may_be_id else ""))
        if self.statuses:
            said.append(f"status is {' or '.join(self.statuses)}")
        if self.failed_only:
            said.append("failed only")
        if self.expires_within is not None:
            said.append(f"runs out within {self.expires_within} h")
        return said

    def found(self, frame: pd.DataFrame, shown: pd.DataFrame, now: datetime | None) -> str:
        """How many of how many are shown and why; where none are, which filter to widen."""
        if not self.in_words:
            return f"All {len(frame):,} restore points." if len(frame) != 1 else "The one restore point."
        asked = "; ".join(self.in_words)
        if len(shown):
            return f"{len(shown):,} of {len(frame):,} restore points: {asked}."
        return f"None of {len(frame):,} restore points: {asked}. {self._advice(frame, now)}"

    def _advice(self, frame: pd.DataFrame, now: datetime | None) -> str:
        nothing = StatusFilter()
        without = [replace(self, **{field.name: getattr(nothing, field.name)}) for field in fields(self)]
        ways = [
            f"“{(set(self.in_words) - set(wider.in_words)).pop()}” ({in_rows(rows)})"
            for wider in without
            if wider != self and wider.in_words and len(rows := wider.of(frame, now))
        ]
        if ways:
            return f"To see some, drop {' or '.join(ways)}."
        words = ", ".join(f"{count:,} {word}" for word, count in counts_of(frame).items())
        return f"Widen or clear {'it' if len(self.in_words) == 1 else 'more than one of these'}; there are {words}."


class FilterControls:
    """The controls of a `StatusFilter`; each change counts at once.

    Attributes
    ----------
    drive, statuses, failed_only, expires_within : ipywidgets widgets
        One per part of the filter.
    view : ipywidgets.HBox
        All of them.
    """

    def __init__(self, start: StatusFilter, on_change: Callable[[], object]) -> None:
        own_width = {"description_width": "initial"}
        self.drive = ipywidgets.Text(
            value=start.drive, description="Drive", placeholder="part of its name, or an id", style=own_width,
            layout={"width": "19em"},
        )  # fmt: skip
        self.statuses = ipywidgets.SelectMultiple(
            options=list(start.statuses), value=start.statuses, description="Status", style=own_width, rows=2,
            tooltip="Ctrl and click for several; none chosen shows all", layout={"width": "17em"},
        )  # fmt: skip
        self.failed_only = ipywidgets.Checkbox(
            value=start.failed_only, description="Failed only", indent=False, layout={"width": "max-content"}
        )
        within = [("any", 0), *((f"{hours} h", hours) for hours in WITHIN_HOURS)]  # None would show as a blank
        self.expires_within = ipywidgets.Dropdown(
            options=within, value=start.expires_within or 0, description="Runs out within", style=own_width,
            layout={"width": "13em"},
        )  # fmt: skip
        controls = [self.drive, self.statuses, self.failed_only, self.expires_within]
        layout = {"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "0 1em"}
        self.view = ipywidgets.HBox(controls, layout=layout)
        self._is_offering = False
        for control in controls:
            control.observe(lambda _: None if self._is_offering else on_change(), names="value")

    @property
    def chosen(self) -> StatusFilter:
        """What the controls say."""
        drive, hours = sound(self.drive.value.strip()), self.expires_within.value or None
        return StatusFilter(drive, tuple(self.statuses.value), self.failed_only.value, hours)

    def offer(self, counts: dict[str, int]) -> None:
        """Let the words of this frame be chosen, with those that are chosen already."""
        chosen = self.statuses.value
        words = [*counts, *(word for word in chosen if word not in counts)]
        options = tuple((f"{word} ({counts.get(word, 0):,})", word) for word in words)
        if options == tuple(self.statuses.options):
            return
        self._is_offering = True  # new options unset the value for a moment
        try:
            self.statuses.options, self.statuses.value = options, chosen
            self.statuses.rows = max(2, min(len(options), 6))
        finally:
            self._is_offering = False


def status_filter(drive: Any, statuses: Any, failed_only: Any, expires_within: Any) -> StatusFilter:
    """The filter from a user's arguments, or an `InputError` that says what is accepted."""
    if not isinstance(drive, str):
        raise InputError(f"drive={drive!r:.80} must be text: part of a drive's name or id")
    if not isinstance(failed_only, bool):
        raise InputError(f"failed_only={failed_only!r:.80} must be True or False")
    return StatusFilter(
        drive.strip(), _words(statuses), failed_only, choice(expires_within, WITHIN_HOURS, "expires_within", "hours")
    )


def choice(value: Any, accepted: tuple[int, ...], name: str, unit: str) -> int | None:
    """One of these numbers, or None."""
    if value is None or (value == 0 and not isinstance(value, bool)):
        return None
    if not isinstance(value, bool) and isinstance(value, int | float) and value in accepted:
        return int(value)
    numbers = ", ".join(map(str, accepted))
    raise InputError(f"{name}={value!r:.80} must be one of {numbers} ({unit}), or None")


def _words(statuses: Iterable[str] | Any) -> tuple[str, ...]:
    words = [statuses] if isinstance(statuses, str) else statuses
    if not isinstance(words, (list, tuple, set, frozenset)) or not all(isinstance(word, str) for word in words):
        raise InputError(f"statuses={statuses!r:.80} must be a list of words, such as ['created', 'no session']")
    return tuple(sorted(words) if isinstance(words, (set, frozenset)) else dict.fromkeys(words))
