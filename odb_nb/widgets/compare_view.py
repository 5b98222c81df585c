"""What changed between two points of a drive: counts, rows to filter and tick, and their items as they were before."""

from __future__ import annotations

import html
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets

from odb_nb.comparing import compare, summarize_changes
from odb_nb.errors import InputError
from odb_nb.palette import look_of, look_of_change
from odb_nb.plans import RESTORABLE
from odb_nb.widgets.change_filter import ChangeControls
from odb_nb.widgets.export_box import ExportBox
from odb_nb.widgets.form import Form, button
from odb_nb.widgets.item_words import marked, seen, sizes, still_table
from odb_nb.widgets.progress_line import ProgressLine
from odb_nb.widgets.snippets import rows_of
from odb_nb.widgets.status_words import chip
from odb_nb.widgets.tick_table import TickTable
from odb_nb.widgets.walked import Walked
from odb_nb.words import size_in_words

if TYPE_CHECKING:
    import os

    import pandas as pd

    from odb_nb.client import BackupClient
    from odb_nb.widgets.sign_in_form import SignInForm

MOST_IN_TABLE = 500
_HEADINGS: dict[str | tuple[str, ...], str] = {
    "seen_change": "Change",
    "seen_path": "Path",
    "seen_before": "Path before",
    "seen_type": "Type",
    "seen_size_before": "Size before",
    "seen_size_after": "Size after",
}
_SORT_BY = {"Size before": "size_before", "Size after": "size_after"}
_IN_STILL = {str(name): words for name, words in _HEADINGS.items()}


class CompareView(Form):
    """What became of each item between two points of one drive; it says what differs, not why.

    Parameters
    ----------
    client : BackupClient, SignInForm or None
        The client, or the form that leads to one; None will do where both sides are walks.
    before, after : DataFrame, Series or str
        A walk, from `BackupClient.walk` or `load_listing`, or one session to walk, or its id.
    export_path : str or os.PathLike
        Where to write what is shown: ``.csv``, ``.parquet`` or ``.html``.

    Attributes
    ----------
    compare, export : ipywidgets.Button
        Walk what was not walked yet and compare; write the rows that the filters leave.
    changes : dict of str to ipywidgets.Checkbox
        Which changes are shown: ``form.changes["same"]`` and so on.
    text, files_only : ipywidgets widgets
        Show only items whose path holds this; only files.
    export_to, overwrite : ipywidgets widgets
        Which file to write, and whether to replace one that is there.
    table : TickTable
        The first 500 of the rows that the filters leave.
    counts, found : ipywidgets.HTML
        How many files and bytes of each change; what the filters leave.
    walks : tuple of DataFrame or None
        Before and after.
    result : DataFrame or None
        The whole comparison.
    shown : DataFrame or None
        The rows of it that the filters leave.
    chosen : DataFrame or None
        What the ticked rows were before, as rows of that walk, for a `RestoreForm`. Where none is ticked, the files of
        all rows that the filters leave, and the folders that are gone.

    Raises
    ------
    InputError
        Neither a walk nor one session. What only the service can tell is shown in the form and raised by `wait`.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb.widgets import CompareView
    >>> with odb.connect() as client:
    ...     drive = client.list_drives(search="nestor")
    ...     points = client.list_restore_points(drive, start="2026-11-17", end="2026-11-18")
    ...     after, before = client.create_sessions(points.head(2), wait=True)["id"]
    ...     with CompareView(client, before, after) as form:
    ...         form.compare.click()
    ...         form.wait().text.value = ".locked"
    >>> form.shown["change"].value_counts().to_dict(), len(form.chosen)
    ({'renamed': 300}, 300)
    """

    title = "Changes between two points"

    def __init__(
        self,
        client: BackupClient | SignInForm | None,
        before: object,
        after: object,
        *,
        export_path: str | os.PathLike[str] = "comparison.csv",
    ) -> None:
        self._sides = Walked(before, "before"), Walked(after, "after")
        self._export_box = ExportBox(export_path, "comparison")
        super().__init__()
        self._showing = threading.RLock()  # the kernel's thread and the worker show things
        self._comparison: pd.DataFrame | None = None
        self._shown: pd.DataFrame | None = None
        self._banner, self._what, self.counts, self.found = (ipywidgets.HTML() for _ in range(4))
        self._progress = ProgressLine()
        self._progress.show_while(False)
        self._controls = ChangeControls(self._filter)
        self.table = TickTable(_HEADINGS, "Changes", search=False, sort_by=_SORT_BY, long=["Path", "Path before"])
        self._make_controls()
        self._lay_out()
        if client is not None or any(side.needs_walk for side in self._sides):
            self._use(client)
        else:
            self._say_ready()

    def _make_controls(self) -> None:
        self.compare = button("Compare", "Walk what was not walked yet, and compare", style="primary", icon="exchange")
        self.compare.on_click(lambda _: self._start("Comparing …", self._compare))
        self.changes, self.text, self.files_only = (
            self._controls.changes,
            self._controls.text,
            self._controls.files_only,
        )
        box = self._export_box
        self.export_to, self.overwrite, self.export = box.path, box.overwrite, box.write
        self.export.on_click(lambda _: self._start("Writing …", self._export))
        self._busy_controls += [self.compare, self.export]

    def _lay_out(self) -> None:
        row = {"align_items": "center", "flex_flow": "row wrap"}
        self._rest = ipywidgets.VBox([self._controls.view, self.found, self.table.view, self._export_box.view])
        self._rest.layout.display = "none"
        self._say_sides()
        self.view.children = [
            self._banner,
            self._what,
            ipywidgets.HBox([self.compare, self.cancel, *self._progress.parts], layout=row),
            self.message,
            self.counts,
            self._rest,
        ]

    @property
    def result(self) -> pd.DataFrame | None:
        """The whole comparison; None before there is one."""
        return self._comparison

    @property
    def walks(self) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
        """The two walks, as far as they are there; `save_listing` keeps them when their sessions are gone."""
        before, after = self._sides
        return before.walk, after.walk

    @property
    def shown(self) -> pd.DataFrame | None:
        """The rows of `result` that the filters leave."""
        return self._shown

    @property
    def chosen(self) -> pd.DataFrame | None:
        """What the ticked rows, or those that the filters leave, were in the walk before."""
        walk, _ = self.walks
        with self._showing:
            shown, positions = self._shown, self.table.positions
        if walk is None or shown is None:
            return None
        keys = self._wanted(shown, positions)["item_key_before"].dropna()
        return walk[walk["item_key"].isin(keys) & walk["type"].isin(RESTORABLE).fillna(False)]

    def _wanted(self, shown: pd.DataFrame, positions: list[int]) -> pd.DataFrame:
        """A folder that is still there is taken only where it is ticked: with it would go all that is in it."""
        if positions:
            return shown.iloc[positions]
        return shown[(shown["type"].eq("file") | shown["change"].eq("removed")).fillna(False)]

    def code(self) -> str:
        """Python that does the same as the form in its present state, with `client`, and walks given, as they are."""
        lines = ["import odb_nb as odb", *self._sides[0].code, *self._sides[1].code]
        lines += ["comparison = odb.compare(before, after)", *self._controls.chosen.code]
        if self._export_box.code:
            lines.append(self._export_box.code)
        return "\n".join([*lines, *self._code_of_chosen(), "comparison"])

    def _code_of_chosen(self) -> list[str]:
        if not self.table.positions or (chosen := self.chosen) is None:
            is_wanted = 'comparison["type"].eq("file") | comparison["change"].eq("removed")'
            return [
                f"wanted = comparison[({is_wanted}).fillna(False)]",
                'is_chosen = before["item_key"].isin(wanted["item_key_before"].dropna())',
                f'chosen = before[is_chosen & before["type"].isin({list(RESTORABLE)!r}).fillna(False)]',
            ]
        return [f"chosen = {rows_of('before', 'item_key', chosen['item_key'])}"]

    def still(self) -> tuple[str, str]:
        """The form's state as HTML and as plain text."""
        banner = self.client.banner if self.client else None
        facts = [self.title, *(side.in_words for side in self._sides)]
        comparison, shown = self._comparison, self._shown
        table, lines = "", ""
        if comparison is not None and shown is not None:
            files, others = _counts(comparison)
            facts += [f"Files: {'; '.join(files.values())}", others, self._controls.chosen.found(comparison, shown)]
            table, lines = still_table(_in_words(shown.head(MOST_IN_TABLE)), _IN_STILL)
        page = (banner.html if banner else "") + "<br>".join(map(html.escape, facts)) + table
        return page, "\n".join([banner.text if banner else "not signed in", *facts]) + lines

    def _enable(self, is_idle: bool) -> None:
        super()._enable(is_idle)
        self._progress.show_while(not is_idle)

    def _connected(self, client: BackupClient) -> None:
        self._banner.value = client.banner.html
        self._say_ready()

    def _say_ready(self) -> None:
        to_walk = sum(side.needs_walk for side in self._sides)
        first = f"walks {to_walk} session{'' if to_walk == 1 else 's'}, which only reads, and " if to_walk else ""
        self.say(f"Press Compare: it {first}compares.")

    def _say_sides(self) -> None:
        self._what.value = "<br>".join(html.escape(side.in_words) for side in self._sides)

    def _compare(self) -> None:
        for number, side in enumerate(self._sides, start=1):
            if side.needs_walk:
                self.say(f"Walking the session {side.name} ({number} of 2); this only reads …")
                side.take(self._signed_in(), self._progress)
                self._say_sides()
        before, after = self.walks
        if before is None or after is None:
            raise InputError("there is nothing to compare yet")
        comparison = compare(before, after)
        with self._showing:
            self._comparison = comparison
            self._controls.offer({str(word): int(n) for word, n in comparison["change"].value_counts().items()})
            self.counts.value = _chips(comparison)
            self._rest.layout.display = ""
        self._filter()
        changed = int((comparison["change"] != "same").sum())
        self.say_well(f"{len(comparison):,} items compared, {changed:,} of them differ.")

    def _cancelled(self) -> None:
        walked = [side.name for side in self._sides if side.session_id and not side.needs_walk]
        self.say(f"Cancelled.{f' The walk {walked[0]} is kept.' if walked else ''}", look_of("unknown"))

    def _filter(self) -> None:
        with self._showing:
            comparison = self._comparison
            if comparison is None or self._is_closed:
                return
            wanted = self._controls.chosen
            shown = self._shown = wanted.of(comparison)
            words = wanted.found(comparison, shown)
            if len(shown) > MOST_IN_TABLE:
                words += f" The table has the first {MOST_IN_TABLE:,}; narrow the filter, or export to have all."
            self.found.value = html.escape(words)
            self.table.show(_in_words(shown.head(MOST_IN_TABLE)))

    def _export(self) -> None:
        if self._shown is None:
            raise InputError("nothing to export yet; press Compare first")
        file = self._export_box.export(self._shown)
        self.say_well(f"{len(self._shown):,} rows are in {file}")


def _in_words(rows: pd.DataFrame) -> pd.DataFrame:
    is_moved = rows["path_before"].notna() & rows["path_before"].ne(rows["path"]).fillna(True)
    return rows.assign(
        seen_change=[_marked(word) for word in rows["change"]],
        seen_path=[seen(path) for path in rows["path"]],
        seen_before=[seen(path) for path in rows["path_before"].where(is_moved)],
        seen_type=[marked(kind) for kind in rows["type"]],
        seen_size_before=sizes(rows["size_before"]),
        seen_size_after=sizes(rows["size_after"]),
    )


def _marked(word: str) -> str:
    look = look_of_change(word)
    return f"{look.mark} {word}" if look else word


def _chips(comparison: pd.DataFrame) -> str:
    """Files as chips with their bytes; what is no file in words below."""
    files, others = _counts(comparison)
    chips = " ".join(chip(words, look_of_change(change) or look_of(change)) for change, words in files.items())
    return f'<div style="line-height: 2">Files: {chips or "none"}<br>{html.escape(others)}</div>'


def _counts(comparison: pd.DataFrame) -> tuple[dict[str, str], str]:
    """Words about the files of each change, and words about all that is no file."""
    summary = summarize_changes(comparison)
    is_file = summary["type"].eq("file").fillna(False)
    files = {str(row["change"]): _with_bytes(row) for row in summary[is_file].to_dict("records")}
    others = summary[~is_file].groupby("change", sort=False)["items"].sum()
    listed = ", ".join(f"{count:,} {change}" for change, count in others.items())
    return files, f"Folders, libraries and sites: {listed or 'none'}. A folder's size is that of all that is in it."


def _with_bytes(row: dict[Any, Any]) -> str:
    """``300 renamed, 1.2 GB → 1.3 GB``: sizes that say nothing new are left out."""
    before, after = size_in_words(row["bytes_before"]), size_in_words(row["bytes_after"])
    size = f"{before} → {after}" if before and after and before != after else before or after
    return f"{row['items']:,} {row['change']}" + (f", {size}" if size else "")
