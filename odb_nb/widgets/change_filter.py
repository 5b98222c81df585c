"""Which changes somebody wants to see: as values, as pandas, as words, as Python, as controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets

from odb_nb.comparing import CHANGES_IN_ORDER
from odb_nb.palette import look_of_change

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

_FIRST = tuple(change for change in CHANGES_IN_ORDER if change != "same")


@dataclass(frozen=True)
class ChangeFilter:
    """All that is asked of a change.

    Attributes
    ----------
    changes : tuple of str
        One of these words.
    text : str
        Part of the path, before or after, whatever the case.
    files_only : bool
        Only files.
    """

    changes: tuple[str, ...] = _FIRST
    text: str = ""
    files_only: bool = False

    def of(self, comparison: pd.DataFrame) -> pd.DataFrame:
        """The rows that are wanted."""
        frame = comparison[comparison["change"].isin(self.changes)]
        if self.files_only:
            frame = frame[frame["type"].eq("file").fillna(False)]
        if self.text:
            before, after = (
                frame[name].str.contains(self.text, case=False, regex=False).fillna(False)
                for name in ("path_before", "path")
            )
            frame = frame[before | after]
        return frame

    @property
    def code(self) -> list[str]:
        """Lines of Python that do the same to a frame called `comparison`; values go in by `repr` alone."""
        lines = [f'comparison = comparison[comparison["change"].isin({list(self.changes)!r})]']
        if self.files_only:
            lines.append('comparison = comparison[comparison["type"].eq("file").fillna(False)]')
        if self.text:
            found = f".str.contains({self.text!r}, case=False, regex=False).fillna(False)"
            lines.append(f'is_found = comparison["path_before"]{found} | comparison["path"]{found}')
            lines.append("comparison = comparison[is_found]")
        return lines

    def found(self, comparison: pd.DataFrame, shown: pd.DataFrame) -> str:
        """How many of how many are shown and why."""
        asked = [f"change is {' or '.join(self.changes)}" if self.changes else "no kind of change is ticked"]
        asked += ["files only"] if self.files_only else []
        asked += [f"path holds “{self.text}”"] if self.text else []
        return f"{len(shown) or 'None'} of {len(comparison):,} items: {'; '.join(asked)}."


class ChangeControls:
    """The controls of a `ChangeFilter`; each change counts at once.

    Attributes
    ----------
    changes : dict of str to ipywidgets.Checkbox
        One per kind of change.
    text, files_only : ipywidgets widgets
        Part of the path; only files.
    view : ipywidgets.VBox
        All of them.
    """

    def __init__(self, on_change: Callable[[], object]) -> None:
        self.changes = {change: _tick(_marked(change), value=change in _FIRST) for change in CHANGES_IN_ORDER}
        self.text = ipywidgets.Text(
            description="Path holds", placeholder="part of it, before or after", layout={"width": "28em"},
            style={"description_width": "initial"},
        )  # fmt: skip
        self.files_only = _tick("Files only", value=False)
        row = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "0 1em"}
        self.view = ipywidgets.VBox(
            [
                ipywidgets.HBox(list(self.changes.values()), layout=row),
                ipywidgets.HBox([self.text, self.files_only], layout=row),
            ]
        )
        for control in (*self.changes.values(), self.text, self.files_only):
            control.observe(lambda _: on_change(), names="value")

    @property
    def chosen(self) -> ChangeFilter:
        """What the controls say."""
        changes = tuple(change for change, tick in self.changes.items() if tick.value)
        return ChangeFilter(changes, self.text.value.strip(), bool(self.files_only.value))

    def offer(self, counts: dict[str, int]) -> None:
        """Say how many there are of each."""
        for change, tick in self.changes.items():
            tick.description = f"{_marked(change)} ({counts.get(change, 0):,})"


def _marked(change: str) -> str:
    look = look_of_change(change)
    return f"{look.mark} {change}" if look else change


def _tick(words: str, *, value: bool) -> Any:
    return ipywidgets.Checkbox(value=value, description=words, indent=False, layout={"width": "max-content"})
