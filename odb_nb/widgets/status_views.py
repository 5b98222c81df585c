"""One status frame as table, matrix, timeline or summary; only what is looked at is drawn."""

from __future__ import annotations

import html
import threading
from typing import TYPE_CHECKING

import ipywidgets
import pandas as pd

from odb_nb.analysis import status_matrix
from odb_nb.plots import plot_summary, plot_timeline
from odb_nb.styles import styled
from odb_nb.widgets.form import in_words
from odb_nb.widgets.status_words import details, left_of, marked, runs_out, words_of
from odb_nb.widgets.tick_table import TickTable

if TYPE_CHECKING:
    from datetime import datetime

    from odb_nb.widgets.latest import Latest

TABLE, MATRIX, TIMELINE, SUMMARY = VIEWS = ("Table", "Matrix", "Timeline", "Summary")

_HEADINGS: dict[str | tuple[str, ...], str] = {
    "label": "Drive",
    "protection_date_time": "Restore point (UTC)",
    "word": "Status",
    "usable_until": "Expires (UTC)",
    "runs_out": "Runs out",
    "error_code": "Error",
}
_MOST_CELLS = 20_000  # about 2 MB of HTML, which a browser draws in a second
# drives and days stay in sight while the rest is scrolled; the table's own rules weigh more than these
_MATRIX_CSS = """<style>
.odb-nb-matrix {overflow: auto; width: 0; min-width: 100%; max-height: 70vh; line-height: 1.3; font-size: 90%}
.odb-nb-matrix table {border-collapse: separate; border-spacing: 1px; margin: 0}
.odb-nb-matrix :is(th, td) {padding: 0.2em 0.5em !important; white-space: nowrap}
.odb-nb-matrix th {background: var(--jp-layout-color0, Canvas)}
.odb-nb-matrix thead th {position: sticky; top: 0; z-index: 1}
.odb-nb-matrix tbody th {position: sticky; left: 0; min-width: 16em; max-width: 16em}
.odb-nb-matrix tbody th {white-space: normal; overflow-wrap: anywhere}
.odb-nb-matrix thead th:first-child {left: 0; z-index: 2}
</style>"""
_HINT = "Tick a row to see all that is known of it."


class StatusViews:
    """What is shown of a status frame, and how.

    Attributes
    ----------
    shows, across : ipywidgets widgets
        Which view; and what the matrix has across.
    table : TickTable
        One row at a time can be ticked.
    details : ipywidgets.HTML
        All about that row.
    drawn : ipywidgets.HTML
        The matrix or the picture that is looked at.
    view : ipywidgets.VBox
        All of them.
    """

    def __init__(self, across: str, latest: Latest) -> None:
        self.shows = ipywidgets.ToggleButtons(options=VIEWS, value=TABLE, style={"button_width": "7em"})
        self.across = ipywidgets.Dropdown(
            options=[("days", "days"), ("points in time", "points")], value=across, description="Across",
            style={"description_width": "initial"}, layout={"width": "14em"},
        )  # fmt: skip
        self.table = TickTable(_HEADINGS, "Status of restore points", many=False, search=False)
        self.details = ipywidgets.HTML()
        self.drawn = ipywidgets.HTML()
        row = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "0 1em"}
        top = ipywidgets.HBox([self.shows, self.across], layout=row)
        self.view = ipywidgets.VBox([top, self.table.view, self.details, self.drawn])
        self._latest = latest
        self._guard = threading.RLock()  # the kernel's thread, a worker and a ticker show things
        self._rows: pd.DataFrame | None = None
        self._labels = pd.Series(dtype="string")
        self._now: datetime | None = None
        self._in_table: tuple[pd.DataFrame, pd.Series[str]] | None = None
        self._is_drawn: tuple[str, str, pd.DataFrame] | None = None
        self.shows.observe(lambda _: self.draw(), names="value")
        self.across.observe(lambda _: self.draw(), names="value")
        self.table.on_tick(self._show_details)
        self.draw()

    @property
    def code(self) -> str:
        """Python for what is looked at of a frame called `status`."""
        views = {
            MATRIX: f"odb.status_matrix(status, across={self.across.value!r})",
            TIMELINE: "odb.plot_timeline(status)",
            SUMMARY: "odb.plot_summary(status)",
        }
        return views.get(self.shows.value, "status")

    def show(self, rows: pd.DataFrame, labels: pd.Series[str], now: datetime | None) -> None:
        """These rows, as far as they are looked at, with the drives' labels, as things stand at `now`."""
        with self._guard:
            self._rows, self._labels, self._now = rows, labels, now
            self.draw()

    def draw(self) -> None:
        """Draw what is looked at, unless it is drawn already."""
        with self._guard:
            looked_at = self.shows.value
            for widget, is_seen in (
                (self.table.view, looked_at == TABLE),
                (self.details, looked_at == TABLE),
                (self.across, looked_at == MATRIX),
                (self.drawn, looked_at != TABLE),
            ):
                widget.layout.display = "" if is_seen else "none"
            if looked_at == TABLE:
                self._fill_table()
            else:
                self._ask_for(looked_at)

    def _fill_table(self) -> None:
        rows = self._rows
        if rows is None:
            return
        said = runs_out(left_of(rows, self._now))
        if self._in_table is None or self._in_table[0] is not rows or not self._in_table[1].equals(said):
            self._in_table = (rows, said)
            ticked = self.table.ticked
            chosen = ticked["restore_point_id"].tolist() if "restore_point_id" in ticked else []
            is_chosen = rows["restore_point_id"].isin(chosen).tolist()
            shown = rows.assign(
                label=self._labels.loc[rows.index],
                word=marked(words_of(rows)),
                usable_until=rows["session_expiration_date_time"].where(rows["expires_in"].notna()),
                runs_out=said,
            )
            self.table.show(shown, [position for position, chosen in enumerate(is_chosen) if chosen])
        self._show_details()

    def _show_details(self) -> None:
        ticked = self.table.ticked
        if ticked.empty:
            self.details.value = f"<em>{_HINT}</em>" if len(self.table.frame) else ""
            return
        row = {str(name): value for name, value in ticked.iloc[0].items()}
        self.details.value = details(row, row["label"], self._now)

    def _ask_for(self, looked_at: str) -> None:
        rows, across = self._rows, self.across.value
        if rows is None or rows.empty:
            self._is_drawn = None
            self.drawn.value = ""
            return
        drawn = self._is_drawn
        if drawn is not None and drawn[:2] == (looked_at, across) and drawn[2] is rows:
            return
        wanted = self._is_drawn = (looked_at, across, rows)
        if drawn is None or drawn[:2] != (looked_at, across) or not drawn[2].index.equals(rows.index):
            self.drawn.value = "<em>Drawing …</em>"  # else it stays in sight until the next is there
        self._latest.ask("view", lambda: self._paint(wanted))

    def _paint(self, wanted: tuple[str, str, pd.DataFrame]) -> None:
        try:
            drawn = _page(*wanted, self._now)
        except Exception as exc:  # noqa: BLE001  # whatever it is, the user must see it
            drawn = f'<div role="alert">{html.escape(in_words(exc))}</div>'
        if self._is_drawn is wanted:
            self.drawn.value = drawn


def _page(looked_at: str, across: str, rows: pd.DataFrame, now: datetime | None) -> str:
    if looked_at == TIMELINE:
        return plot_timeline(rows, now=now).html
    if looked_at == SUMMARY:
        return plot_summary(rows).html
    return _matrix(rows, across)


def _matrix(rows: pd.DataFrame, across: str) -> str:
    times = rows["protection_date_time"]
    columns = (times.dt.date if across == "days" else times.dt.floor("s")).nunique(dropna=False)
    drives = rows["drive_id"].nunique(dropna=False)
    if columns * drives > _MOST_CELLS:
        less = "show days across, or filter" if across == "points" else "filter"
        return f"<p>{drives:,} drives and {columns:,} {across} are too much to look at; {less}.</p>"
    drawn = styled(status_matrix(rows, across=across), max_rows=len(rows))  # type: ignore[arg-type]  # one of the two
    return f'{_MATRIX_CSS}<div class="odb-nb-matrix" tabindex="0">{drawn._repr_html_()}</div>'  # IPython's protocol
