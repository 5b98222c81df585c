"""The rows of a restore as a form shows them: growing, with what failed in words, and what is worth another try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import pandas as pd

from odb_nb.styles import styled
from odb_nb.tables import RESTORES
from odb_nb.widgets.form import bullets
from odb_nb.widgets.item_words import seen
from odb_nb.words import counts_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odb_nb.styles import StyledTable

_SUCCEEDED, _FAILED = "succeeded", "failed"
_REASONS = {
    "cancelled": "not reached: the work was stopped before their turn; nothing was sent for them",
    "unknown": "not known: sent, but the answer was lost; another try looks before it sends",
    "timed_out": "not over yet; another look follows them",
}
_SHOWN = ["path", "status", "outcome", "restored_item_path", "error_code", "error_message"]
_LISTED = 20


class RestoreRows:
    """What became of each row of a plan; a run that tries some again puts its rows in their place.

    Attributes
    ----------
    plan : pandas.DataFrame or None
        The rows of the plan that are restored, in order.
    restores : pandas.DataFrame or None
        What became of them so far, in that order.
    view : ipywidgets.VBox
        Where the files are, failures in words, and the table.
    """

    def __init__(self) -> None:
        self.plan: pd.DataFrame | None = None
        self.restores: pd.DataFrame | None = None
        self.places, self.failures = ipywidgets.HTML(), ipywidgets.HTML()
        self.rows = ipywidgets.HTML(layout={"max_height": "36em", "overflow": "auto"})
        self.view = ipywidgets.VBox([self.places, self.failures, self.rows])

    def begin(self, plan: pd.DataFrame | None) -> None:
        """A new run of these rows of a plan, or none."""
        self.plan, self.restores = plan, None
        self.places.value = self.failures.value = self.rows.value = ""

    def take(self, rows: pd.DataFrame | None, positions: Sequence[int]) -> None:
        """Take over what became of the rows at these positions; the others stay as they are."""
        if rows is None or self.plan is None or not self._are_of(rows, positions):
            return
        rows = rows.set_axis(list(positions))
        if self.restores is not None:
            rows = pd.concat([self.restores.drop(index=list(positions)), rows]).sort_index()
        self.restores = rows
        self.rows.value = self.table()._repr_html_() if rows["outcome"].notna().any() else ""

    def _are_of(self, rows: pd.DataFrame, positions: Sequence[int]) -> bool:
        """False for the result of another call: a cell may use the same client while the form works."""
        keys = [] if self.plan is None else self.plan["item_key"].iloc[list(positions)].tolist()
        return set(RESTORES.names) <= set(rows.columns) and rows["item_key"].tolist() == keys

    def show_ends(self) -> None:
        """Say where the files are, and in words what was not restored and why."""
        self.places.value = bullets("Restored to", self.where)
        rows = self._with_paths(self.again)
        status = rows["status"].fillna("").str.casefold()
        has_failed = (status == _FAILED) | (rows["outcome"] == _FAILED).fillna(False)
        lines = [_in_words(row) for row in rows[has_failed].head(_LISTED).to_dict("records")]
        if (more := int(has_failed.sum()) - len(lines)) > 0:
            lines.append(f"and {more:,} more, in the table below and in .result")
        counts = rows.loc[~has_failed, "outcome"].value_counts()
        lines += [f"{count:,} {_REASONS.get(str(word), 'under way')}" for word, count in counts.items()]
        self.failures.value = bullets(f"Not restored ({len(rows):,})", lines)

    @property
    def where(self) -> list[str]:
        """Where restored items are, as the service says, with how many are there."""
        if self.restores is None:
            return []
        counts = self.restores["restored_item_path"].dropna().value_counts(sort=False)
        lines = [f"{seen(path)} ({count:,} {'item' if count == 1 else 'items'})" for path, count in counts.items()]
        return lines[:_LISTED] + ([f"and {len(lines) - _LISTED:,} more places"] if len(lines) > _LISTED else [])

    @property
    def positions_again(self) -> list[int]:
        """Positions in the plan of all that was not restored, for whatever reason."""
        if self.plan is None:
            return []
        if self.restores is None:
            return list(range(len(self.plan)))
        is_done = self.restores["status"].fillna("").str.casefold().eq(_SUCCEEDED)
        return [int(position) for position in self.restores.index[~is_done]]

    @property
    def again(self) -> pd.DataFrame:
        """What became of them."""
        if self.restores is None:
            return RESTORES.frame([])
        return self.restores.loc[self.positions_again]

    @property
    def summary(self) -> str:
        """``5 items: 3 succeeded, 2 failed``, and how many of them earlier runs had restored."""
        if self.restores is None:
            return "nothing was restored"
        words = self.restores["status"].fillna(self.restores["outcome"]).fillna("under way")
        counts = {seen(word): int(count) for word, count in words.value_counts().items()}
        reused = int(self.restores["outcome"].eq("reused").fillna(False).sum())
        before = f"; {reused:,} had been restored before and were not again" if reused else ""
        return f"{len(words):,} item{'' if len(words) == 1 else 's'}: {counts_in_words(counts)}{before}"

    def table(self, *, max_rows: int = 500) -> StyledTable:
        """The rows that are settled, for people."""
        rows = self.restores if self.restores is not None else self.again
        return styled(self._with_paths(rows[rows["outcome"].notna()])[_SHOWN], max_rows=max_rows)

    def _with_paths(self, rows: pd.DataFrame) -> pd.DataFrame:
        plan = self.plan if self.plan is not None else pd.DataFrame(columns=["path", "name"])
        paths = plan["path"].fillna(plan["name"]).reset_index(drop=True)
        return rows.assign(
            path=[seen(path) for path in paths.reindex(rows.index)],
            restored_item_path=[seen(path) for path in rows["restored_item_path"]],
        ).reset_index(drop=True)


def _in_words(row: dict[Any, Any]) -> str:
    told = {name: None if pd.isna(value) else value for name, value in row.items()}
    what = ": ".join(filter(None, [told["error_code"] or told["status"] or told["outcome"], told["error_message"]]))
    return f"{told['path'] or told['name'] or told['item_key']}: {what}"
