"""The rows of a create run as a form shows them: growing, with what failed in words, and what is worth another try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets
import pandas as pd

from odb_nb.styles import styled
from odb_nb.tables import SESSIONS
from odb_nb.widgets.form import bullets
from odb_nb.words import counts_in_words, time_in_words

if TYPE_CHECKING:
    from odb_nb.styles import StyledTable

_CUT_OFF = {
    "cancelled": "not reached: the work was stopped before their turn; nothing was sent for them",
    "unknown": "not known: sent, but the work was stopped before the answer; another try looks before it sends",
}
_AGAIN = ("failed", "timed_out", *_CUT_OFF)  # outcomes worth another try
_OF_POINT = ["display_name", "protection_date_time"]
_SHOWN = [*_OF_POINT, "status", "outcome", "error_code", "error_message"]
_FAILURES_SHOWN = 20


class SessionRows:
    """Sessions on restore points, one row per point; a run that tries some again puts its rows in their place.

    Attributes
    ----------
    points : pandas.DataFrame or None
        The restore points of the run, in order.
    sessions : pandas.DataFrame or None
        Its rows so far, in that order.
    view : ipywidgets.VBox
        Failures in words, and the table.
    """

    def __init__(self) -> None:
        self.points: pd.DataFrame | None = None
        self.sessions: pd.DataFrame | None = None
        self.failures = ipywidgets.HTML()
        self.rows = ipywidgets.HTML(layout={"max_height": "36em", "overflow": "auto"})
        self.view = ipywidgets.VBox([self.failures, self.rows])

    def begin(self, points: pd.DataFrame) -> None:
        """A new run on these points."""
        self.points, self.sessions = points, None
        self.failures.value = self.rows.value = ""

    def take(self, rows: pd.DataFrame | None) -> None:
        """Take over rows of the run; what they do not speak of stays as it is."""
        if rows is None or self.points is None or not _are_of(rows, self.points):
            return
        if self.sessions is not None:
            kept = self.sessions[~self.sessions["restore_point_id"].isin(rows["restore_point_id"])]
            rows = pd.concat([kept, rows]).set_index("restore_point_id", drop=False)
            rows = rows.reindex(self.points["id"]).reset_index(drop=True)
        self.sessions = rows
        self.rows.value = self.table()._repr_html_() if rows["outcome"].notna().any() else ""

    def show_failures(self) -> None:
        """Say in words what is not open: each failure with the ids that support asks for, the rest by count."""
        rows = self.again
        cut_off = rows["outcome"].isin(tuple(_CUT_OFF))
        failed = rows[~cut_off]
        lines = [_in_words(row) for row in self._with_points(failed.head(_FAILURES_SHOWN)).to_dict("records")]
        if len(failed) > len(lines):
            lines.append(f"and {len(failed) - len(lines):,} more, in the table below and in .result")
        counts = rows.loc[cut_off, "outcome"].value_counts()
        lines += [f"{count:,} {_CUT_OFF[str(outcome)]}" for outcome, count in counts.items()]
        self.failures.value = bullets(f"Not open ({len(rows):,})", lines)

    @property
    def again(self) -> pd.DataFrame:
        """The rows that are worth another try: failed, or not reached."""
        if self.sessions is None:
            return pd.DataFrame(columns=["restore_point_id", *_SHOWN])
        has_failed = self.sessions["status"].eq("failed").fillna(False)
        return self.sessions[(self.sessions["outcome"].isin(_AGAIN) | has_failed).astype(bool)]

    @property
    def points_again(self) -> pd.DataFrame:
        """The restore points of those rows."""
        points = self.points if self.points is not None else pd.DataFrame(columns=["id"])
        return points[points["id"].isin(self.again["restore_point_id"])]

    @property
    def summary(self) -> str:
        """``40 restore points: 38 created, 2 failed``: what the call did, a session that failed being no success."""
        if self.sessions is None:
            return "nothing was opened"
        has_failed = self.sessions["status"].eq("failed").fillna(False)
        words = self.sessions["outcome"].fillna("under way").mask(has_failed, "failed")
        counts = {str(word): int(count) for word, count in words.value_counts().items()}
        return f"{len(words):,} restore points: {counts_in_words(counts)}"

    def table(self, *, max_rows: int = 500) -> StyledTable:
        """The rows that are settled, for people."""
        rows = self.sessions if self.sessions is not None else self.again
        return styled(self._with_points(rows[rows["outcome"].notna()])[_SHOWN], max_rows=max_rows)

    def _with_points(self, sessions: pd.DataFrame) -> pd.DataFrame:
        points = self.points if self.points is not None else pd.DataFrame(columns=["id", *_OF_POINT])
        known = points.drop_duplicates("id").set_index("id")[_OF_POINT]
        return sessions.join(known, on="restore_point_id").reset_index(drop=True)


def _are_of(rows: pd.DataFrame, points: pd.DataFrame) -> bool:
    """False for the result of another call: a cell may use the same client while the form works."""
    return set(SESSIONS.names) <= set(rows.columns) and bool(rows["restore_point_id"].isin(points["id"]).all())


def _in_words(row: dict[Any, Any]) -> str:
    told = {name: None if pd.isna(value) else value for name, value in row.items()}
    where = f"{told['display_name'] or 'drive not known'}, {time_in_words(told['protection_date_time'])}"
    what = ": ".join(filter(None, [told["error_code"] or told["outcome"], told["error_message"]]))
    return f"{where}: {what}" + (f" (request id {told['request_id']})" if told["request_id"] else "")
