"""Restore items: plan, look, restore, follow; each step is one button."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING, Any

import ipywidgets
import pandas as pd

from odb_nb.columns import parsed
from odb_nb.errors import InputError, OdbError
from odb_nb.tables import PLAN
from odb_nb.widgets.destination import Destination
from odb_nb.widgets.form import Form, button, heading, named
from odb_nb.widgets.plan_table import PlanTable
from odb_nb.widgets.progress_line import ProgressLine
from odb_nb.widgets.restore_rows import RestoreRows
from odb_nb.widgets.snippets import call, rows_of
from odb_nb.widgets.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from odb_nb.client import BackupClient
    from odb_nb.widgets.compare_view import CompareView
    from odb_nb.widgets.file_browser import FileBrowser
    from odb_nb.widgets.sign_in_form import SignInForm

_ROWS_APART_S = 0.7
_ROWS_IN_STILL = 100
_NOT_STOPPED = "What the service has begun goes on there; “Try again” follows it and restores nothing twice."


class RestoreForm(Form):
    """Restores what a plan says, after somebody has looked at it.

    Nothing is restored that is not ticked, and nothing twice: what an earlier run has restored is shown, not restored
    again.

    Parameters
    ----------
    client : BackupClient or SignInForm
        The client, or the form that leads to one.
    items : DataFrame, FileBrowser or CompareView
        Rows of `walk` or `browse`; of a browser, what is in its basket when Plan is pressed; of a comparison, what is
        chosen there then.

    Attributes
    ----------
    destination, conflict : ipywidgets widgets
        ``new`` or ``inPlace``; ``fail``, ``replace`` or ``rename``. Both are off on v1.0.
    make_plan, check, restore, retry : ipywidgets.Button
        Plan; say what would be restored; restore the ticked rows; try again what was not restored.
    table : TickTable
        The plan, to be ticked off.
    confirm : ipywidgets.Text
        The tenant, typed out; shown where files in the drive would be replaced.
    plan : DataFrame or None
        The ticked rows of the plan, as `plan_restore` gives them.
    result : DataFrame or None
        One row per row of the plan that was restored, with the columns of `restore_items`; also after Cancel.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb.widgets import RestoreForm
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=1)
    ...     walk = client.walk(client.create_session(points, wait=True))
    ...     with RestoreForm(client, walk[walk["type"] == "file"].head(3)) as form:
    ...         for press in (form.make_plan, form.restore):
    ...             press.click()
    ...             _ = form.wait()
    >>> form.result["status"].tolist()
    ['succeeded', 'succeeded', 'succeeded']
    """

    title = "Restore items"

    def __init__(self, client: BackupClient | SignInForm, items: pd.DataFrame | FileBrowser | CompareView) -> None:
        if not (isinstance(items, pd.DataFrame) or hasattr(items, "result")):
            raise InputError(
                f"expected rows of walk or browse, a FileBrowser or a CompareView, not a {type(items).__name__}"
            )
        super().__init__()
        self._source = items
        self._banner, self._amount = ipywidgets.HTML(), ipywidgets.HTML()
        self._to = Destination(self._forget, self._count)
        self.destination, self.conflict, self.confirm = self._to.way, self._to.conflict, self._to.confirm
        self._table = PlanTable()
        self.table = self._table.table
        self.table.on_tick(self._count)
        self._progress = ProgressLine()
        self._progress.show_while(False)
        self.rows = RestoreRows()
        self._make_buttons()
        self._lay_out()
        self._use(client)

    def _make_buttons(self) -> None:
        self.make_plan = button("Plan", "Say what would go where; nothing is restored", style="primary", icon="list")
        self.check = button("Check", "Look what would be restored and what is already; nothing is", icon="question")
        self.restore = button("Restore", "Restore the ticked rows", style="warning", icon="play")
        self.retry = button("Try again", "Once more for what was not restored", icon="repeat")
        self.retry.layout.display = "none"
        self._busy_controls += [self.make_plan, self.check, self.retry, self.confirm]
        self.make_plan.on_click(lambda _: self._step(0, "Planning; nothing is restored …", self._make_plan))
        self.check.on_click(lambda _: self._step(1, "Checking; nothing is restored …", self._check))
        self.restore.on_click(lambda _: self._restore_ticked())
        self.retry.on_click(lambda _: self._step(1, "Trying again …", self._retry))

    def _lay_out(self) -> None:
        row = {"align_items": "center", "flex_flow": "row wrap"}
        line = ipywidgets.HBox([self.cancel, *self._progress.parts], layout=row)
        self._steps = Steps(ipywidgets.VBox([line, self.message]), 2)
        self._planned = ipywidgets.VBox(
            [
                self._table.view,
                self._amount,
                heading("2. Restore"),
                *self._to.asked,
                ipywidgets.HBox([self.check, self.restore, self.retry], layout=row),
            ]
        )
        self._count()
        self.view.children = [
            self._banner,
            heading("1. Plan"),
            self._to.view,
            self.make_plan,
            self._steps.places[0],
            self._planned,
            self._steps.places[1],
            self.rows.view,
        ]

    def _step(self, step: int, doing: str, job: Callable[[], None]) -> None:
        if self._start(doing, job):
            self._steps.show_at(step)

    @property
    def plan(self) -> pd.DataFrame | None:
        """The ticked rows of the plan; None before there is one."""
        return self._table.ticked

    @property
    def result(self) -> pd.DataFrame | None:
        """What became of each row that was restored; None before any was."""
        return self.rows.restores

    def code(self) -> str:
        """Python that does the same as the form in its present state, with `client`, and `items` given, as they are."""
        lines = self._code_of_items()
        lines.append(f"plan = client.plan_restore(items{call(**self._to.arguments)})")
        if self._table.is_cut:
            lines.append(f"plan = {self._code_of_ticks()}")
        confirm = self._to.confirmed if self.confirm.layout.display == "" else None
        lines.append(f"restores = client.restore_items(plan, wait=True{call(confirm=confirm)})")
        return "\n".join([*lines, "restores"])

    def _code_of_ticks(self) -> str:
        keys = PLAN.frame([])["item_key"] if self._table.plan is None else self._table.plan["item_key"]
        if keys.duplicated().any():  # one file from two points
            return f"plan.iloc[{self.table.positions!r}]"
        return rows_of("plan", "item_key", keys.iloc[self.table.positions])

    def _code_of_items(self) -> list[str]:
        if isinstance(self._source, pd.DataFrame):
            return []
        *lines, _ = self._source.code().splitlines()  # its last line shows it
        return [*lines, f"items = {'chosen' if hasattr(self._source, 'chosen') else 'basket'}"]

    def still(self) -> tuple[str, str]:
        """The form's state as HTML and as plain text."""
        banner = self.client.banner if self.client else None
        facts = [self.title, self._table.in_words]
        table, lines = "", ""
        if self.rows.restores is not None:
            facts += [f"{self.rows.summary}.", *(f"Restored to {place}" for place in self.rows.where)]
            shown = self.rows.table(max_rows=_ROWS_IN_STILL)
            table, lines = shown._repr_html_(), f"\n\n{shown!r}"
        page = (banner.html if banner else "") + "<br>".join(map(html.escape, facts)) + table
        return page, "\n".join([banner.text if banner else "not signed in", *facts]) + lines

    def _connected(self, client: BackupClient) -> None:
        self._banner.value = client.banner.html
        self._to.offer(client)
        self.say("Press Plan: it says what would go where, and restores nothing.")

    def _enable(self, is_idle: bool) -> None:
        super()._enable(is_idle)
        if not self._is_closed:
            self._progress.show_while(not is_idle)
            self._to.enable(is_idle=is_idle)
            self._count()

    def _forget(self) -> None:
        """The plan says where things go: with another destination it is none."""
        if self._table.plan is not None:
            self._table.forget()
            self._count()
            self.say("The destination has changed; press Plan again.")

    def _count(self) -> None:
        """Say on the button what it restores; off where it cannot."""
        plan = self.plan
        count = 0 if plan is None else len(plan)
        self._planned.layout.display = "none" if plan is None else ""
        self._amount.value = html.escape(self._table.in_words)
        self.restore.description = f"Restore {count:,} item{'' if count == 1 else 's'}"
        self.restore.disabled = not self._to.ask(plan) or not count or self._is_at_work

    def _items(self) -> pd.DataFrame:
        source: Any = self._source
        items = source if isinstance(source, pd.DataFrame) else getattr(source, "chosen", source.result)
        if items is None or items.empty:
            is_frame = isinstance(source, pd.DataFrame)
            raise InputError(
                f"nothing to restore: {'no rows' if is_frame else f'nothing is picked in “{source.title}”'}"
            )
        return items

    def _make_plan(self) -> None:
        client, items = self._signed_in(), self._items()
        plan = client.plan_restore(items, **self._to.arguments)  # type: ignore[arg-type]  # the controls' own words
        times = self._times(client, plan, items)
        self.rows.begin(None)
        self._table.show(plan, times)
        self._show_ends()
        if twice := plan.attrs["given_twice"]:
            self._notice(f"{twice:,} items were given twice and are planned once")
        self.say_well("Planned; nothing is restored yet. Look at the rows, untick what is not needed.")

    def _times(self, client: BackupClient, plan: pd.DataFrame, items: pd.DataFrame) -> dict[str, datetime | None]:
        """Of which time each session is, as far as it is still there, or the walk tells."""
        sessions = client.list_sessions()
        told = dict(zip(sessions["id"], sessions["restore_point_date_time"], strict=True))
        told.setdefault(str(items.attrs.get("session_id")), parsed(items.attrs.get("restore_point_date_time")))
        return {session_id: told.get(session_id) for session_id in plan["session_id"].unique()}

    def _ready(self) -> pd.DataFrame:
        plan = self.plan
        if plan is None:
            raise InputError("there is no plan yet; press Plan first")
        if plan.empty:
            raise InputError("no row of the plan is ticked; tick what to restore")
        return plan

    def _check(self) -> None:
        frame = self._signed_in().restore_items(self._ready(), dry_run=True, progress=self._progress)
        counts = frame["outcome"].value_counts()
        to_do, done = int(counts.get("planned", 0)), int(counts.get("reused", 0))
        words = f"{to_do:,} would be restored, {done:,} have been or are being restored."
        if cannot := len(frame) - to_do - done:
            words += f" {cannot:,} cannot be: {named(frame['error_message'].dropna().unique().tolist())}"
        self.say_well(f"{words} Nothing was restored.")

    def _restore_ticked(self) -> None:
        plan = self.plan  # as it is at the click: what is ticked while it runs is none of it
        self._step(1, "Restoring …", lambda: self._restore(plan))

    def _restore(self, plan: pd.DataFrame | None) -> None:
        if plan is None or plan.empty:
            self._ready()  # says which
            return
        self._check_confirmed(plan)
        self.rows.begin(plan)
        self._run_plan(range(len(plan)))

    def _retry(self) -> None:
        positions = self.rows.positions_again
        if not positions:
            raise InputError("there is nothing to try again")
        self._check_confirmed(self.rows.plan)
        self._run_plan(positions)

    def _check_confirmed(self, plan: pd.DataFrame | None) -> None:
        if not self._to.ask(plan):
            raise InputError("this plan replaces files in the drive; type the tenant into the field above to go on")

    def _run_plan(self, positions: Sequence[int]) -> None:
        """Restore these rows of the run's plan and follow them to their end; what is done stays, however it ends."""
        client, rows = self._signed_in(), self.rows
        plan = pd.DataFrame() if rows.plan is None else rows.plan.iloc[list(positions)]
        shown_at = 0.0

        def progress(done: int, total: int, note: str) -> None:
            nonlocal shown_at
            self._progress(done, total, note)
            if time.monotonic() - shown_at >= _ROWS_APART_S:
                rows.take(client.last_result, positions)
                shown_at = time.monotonic()

        cut_off = ""
        try:
            rows.take(client.restore_items(plan, progress=progress, confirm=self._to.confirmed), positions)
            self.say("Waiting until each item is restored or has failed …")
            begun = rows.restores
            if begun is not None:
                rows.take(client.wait_for_restore(begun.loc[list(positions)], progress=progress), positions)
        except InputError:
            raise  # refused before it began: the last result is of another call
        except OdbError:
            rows.take(client.last_result, positions)
            raise
        except KeyboardInterrupt:
            rows.take(client.last_result, positions)
            cut_off = f"Cancelled. {_NOT_STOPPED} So far: "
        finally:
            self._show_ends()
        self.say_well(f"{cut_off}{rows.summary}.")

    def _show_ends(self) -> None:
        self.rows.show_ends()
        count = len(self.rows.positions_again) if self.rows.restores is not None else 0
        self.retry.description = f"Try the {count:,} again"
        self.retry.layout.display = "" if count else "none"
        if count:
            self._notice("what is not restored is listed below, with the reason")
