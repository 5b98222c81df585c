"""A plan of a restore as a form shows it: rows that can be ticked off, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from odb_nb.tables import PLAN
from odb_nb.widgets.item_words import BYTES, PATH, SIZE, TYPE, in_table, total
from odb_nb.widgets.tick_table import TickTable
from odb_nb.words import time_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import pandas as pd

_HEADINGS: dict[str | tuple[str, ...], str] = {
    PATH: "Path",
    TYPE: "Type",
    SIZE: "Size",
    "seen_point": "From the point of (UTC)",
    "seen_request": "Request",
}


class PlanTable:
    """A plan, its ticks, and what is ticked in words.

    Attributes
    ----------
    plan : pandas.DataFrame or None
        All its rows.
    table : TickTable
        The same, to be ticked off.
    view : ipywidgets.VBox
        The table alone.
    """

    def __init__(self) -> None:
        self.plan: pd.DataFrame | None = None
        self.table = TickTable(_HEADINGS, "Plan", search=False, sort_by={"Size": BYTES}, long=["Path"])
        self.view = ipywidgets.VBox([self.table.view])

    def show(self, plan: pd.DataFrame, times: Mapping[str, datetime | None]) -> None:
        """This plan, all ticked; `times` has the restore point's time of each session, where it is known."""
        self.plan = plan
        seen = in_table(plan).assign(
            seen_point=[time_in_words(times.get(session_id)) or "not known" for session_id in plan["session_id"]],
            seen_request=plan["request_number"],
        )
        self.table.show(seen, range(len(plan)))

    def forget(self) -> None:
        """No plan."""
        self.show(PLAN.frame([]), {})
        self.plan = None

    @property
    def ticked(self) -> pd.DataFrame | None:
        """The ticked rows of the plan, as they were planned."""
        return None if self.plan is None else self.plan.iloc[self.table.positions]

    @property
    def is_cut(self) -> bool:
        """True if some rows are not ticked."""
        return self.plan is not None and len(self.table.positions) < len(self.plan)

    @property
    def in_words(self) -> str:
        """``2 of 5 rows are ticked: 2 files, 4.5 MB, in 1 request.``"""
        ticked = self.ticked
        if self.plan is None or ticked is None:
            return "No plan yet."
        requests = ticked["request_number"].nunique()
        words = f"{len(ticked):,} of {len(self.plan):,} rows are ticked: {total(ticked)}"
        return f"{words}, in {requests:,} request{'' if requests == 1 else 's'}."
