"""Find drives, choose restore points, open browse sessions on them: by clicking."""

from __future__ import annotations

import html
import time
from typing import TYPE_CHECKING

import ipywidgets

from odb_nb.arguments import drive_ids
from odb_nb.errors import InputError, OdbError
from odb_nb.widgets.form import Form, button, heading, named
from odb_nb.widgets.points_choice import PointsChoice
from odb_nb.widgets.progress_line import ProgressLine
from odb_nb.widgets.session_rows import SessionRows
from odb_nb.widgets.snippets import call, isin
from odb_nb.widgets.steps import Steps
from odb_nb.widgets.tick_table import TickTable

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from odb_nb.client import BackupClient
    from odb_nb.widgets.points_choice import Which
    from odb_nb.widgets.sign_in_form import SignInForm

_ROWS_APART_S = 0.7
_ROWS_IN_STILL = 100


class CreateSessionsForm(Form):
    """Browse sessions on many restore points by clicking; each step is one button.

    Parameters
    ----------
    client : BackupClient or SignInForm
        The client, or the form that leads to one.
    drives : DataFrame, Series, list or str, optional
        Drives to tick from the start: a frame of ours, ids, or e-mail addresses.
    which : {"latest", "before", "window"}
        Which restore points to look for.
    before, start, end : str, optional
        Times in UTC; `before` is not part of what is searched, an `end` that is a bare date is.

    Attributes
    ----------
    drives, points : TickTable
        What can be ticked.
    list_drives, find, check, create, retry : ipywidgets.Button
        One step each.
    choice : PointsChoice
        Which restore points `find` looks for: ``choice.which``, ``.before``, ``.start``, ``.end``.
    result : DataFrame or None
        The sessions, one row per restore point; also after Cancel.
    restore_points : DataFrame or None
        The restore points that sessions were opened on, else those that are ticked; a `StatusBoard` watches them.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb.widgets import CreateSessionsForm
    >>> with odb.connect() as client, CreateSessionsForm(client, drives="adelev@contoso.com") as form:
    ...     for press in (form.find, form.create):
    ...         _ = form.wait() and press.click()
    ...     form.wait().result["status"].tolist()
    ['created']
    """

    title = "Create browse sessions"

    def __init__(
        self,
        client: BackupClient | SignInForm,
        *,
        drives: object = None,
        which: Which = "latest",
        before: str | None = None,
        start: str | None = None,
        end: str | None = None,
    ) -> None:
        super().__init__()
        self._wanted = [] if drives is None else drive_ids(drives)
        self._searched = ""
        self._banner = ipywidgets.HTML()
        self.drives = TickTable(
            {("display_name", "id"): "Drive", "email": "E-mail", "status": "Status"}, "Protected drives"
        )
        self.points = TickTable(
            {
                ("display_name", "drive_id"): "Drive",
                "protection_date_time": "Restore point (UTC)",
                "expiration_date_time": "Kept until",
            },
            "Restore points",
        )
        self._make_buttons()
        self.choice = PointsChoice(which, before, start, end)
        self.points.on_tick(self._count_points)
        self._progress = ProgressLine()
        self.bar, self.so_far = self._progress.bar, self._progress.so_far
        self.rows = SessionRows()
        self._lay_out()
        self._count_points()
        self._use(client)

    def _make_buttons(self) -> None:
        self.list_drives = button("List drives again", "Ask the service for the protected drives", icon="refresh")
        self.find = button("Find restore points", "Look for restore points of the ticked drives", icon="search")
        self.check = button("Check", "Say what would be opened and what is open; nothing is opened", icon="question")
        self.create = button("Open sessions", "Open a session on each ticked point", style="primary", icon="play")
        self.retry = button("Try again", "Once more for those that failed or were not reached", icon="repeat")
        self.retry.layout.display = "none"
        self._busy_controls += [self.list_drives, self.find, self.check, self.create, self.retry]
        for step, (control, doing, job) in enumerate(
            (
                (self.list_drives, "Listing drives …", self._list_drives),
                (self.find, "Looking for restore points …", self._find),
                (self.check, "Checking; nothing is opened …", self._check),
                (self.create, "Opening sessions …", self._create),
                (self.retry, "Trying again …", self._retry),
            )
        ):
            control.on_click(lambda _, step=step, doing=doing, job=job: self._step(step, doing, job))

    def _step(self, step: int, doing: str, job: Callable[[], None]) -> None:
        """Start a step's work, and say how it goes below that step's button, where the user looks."""
        if self._start(doing, job):
            self._steps.show_at(step)

    def _lay_out(self) -> None:
        row = {"align_items": "center", "flex_flow": "row wrap"}
        line = ipywidgets.HBox([self.cancel, *self._progress.parts], layout=row)
        self._steps = Steps(ipywidgets.VBox([line, self.message]), 3)
        self.view.children = [
            self._banner,
            heading("1. Drives"),
            self.drives.view,
            self.list_drives,
            self._steps.places[0],
            heading("2. Restore points"),
            self.choice.view,
            self.find,
            self._steps.places[1],
            self.points.view,
            heading("3. Sessions"),
            ipywidgets.HBox([self.check, self.create, self.retry], layout=row),
            self._steps.places[2],
            self.rows.view,
        ]

    @property
    def result(self) -> pd.DataFrame | None:
        """The sessions, one row per restore point, with the columns of `create_sessions`; None before there are any."""
        return self.rows.sessions

    @property
    def restore_points(self) -> pd.DataFrame | None:
        """The points that sessions were opened on, else those ticked; None where none is."""
        if self.rows.points is not None:
            return self.rows.points
        return self.points.ticked if self.points.positions else None

    def code(self) -> str:
        """Python that does the same as the form in its present state, with `client` as it is."""
        lines = ["drives = client.list_drives()"]
        if len(self.drives.positions) < len(self.drives.frame):
            lines.append(isin("drives", "id", self.drives.ticked["id"]))
        lines.append(f"points = client.list_restore_points(drives{call(**self.choice.arguments())})")
        if len(self.points.positions) < len(self.points.frame):
            lines.append(isin("points", "id", self.points.ticked["id"]))
        return "\n".join([*lines, "sessions = client.create_sessions(points, wait=True)", "sessions"])

    def still(self) -> tuple[str, str]:
        """The form's state as HTML and as plain text."""
        facts = [
            self.title,
            f"{len(self.drives.positions):,} of {len(self.drives.frame):,} drives ticked",
            f"{len(self.points.positions):,} of {len(self.points.frame):,} restore points ticked"
            + (f" (found {self._searched})" if self._searched else ""),
        ]
        banner = self.client.banner if self.client else None
        if self.rows.sessions is not None:
            facts.append(self.rows.summary)
        page = (banner.html if banner else "") + "<br>".join(map(html.escape, facts))
        text = "\n".join([banner.text if banner else "not signed in", *facts])
        if self.rows.sessions is None:
            return page, text
        table = self.rows.table(max_rows=_ROWS_IN_STILL)
        return page + table._repr_html_(), f"{text}\n\n{table!r}"

    def _connected(self, client: BackupClient) -> None:
        self._banner.value = client.banner.html
        self._step(0, "Listing drives …", self._list_drives)

    def _list_drives(self) -> None:
        frame = self._signed_in().list_drives()
        missing = self._tick_wanted(frame)
        if missing:
            raise InputError(
                f"{len(missing)} of the drives asked for are not among this tenant's {len(frame):,} protected drives: "
                f"{named(missing)}"
            )
        if frame.empty:
            raise InputError("this tenant has no protected drives; add some to a OneDrive protection policy first")
        self.say(f"{len(frame):,} protected drives. Tick those you need.")

    def _tick_wanted(self, frame: pd.DataFrame) -> list[str]:
        """Show the drives with those ticked that were asked for, or that were ticked before; which are missing."""
        before = self.drives.ticked["id"].tolist() if "id" in self.drives.frame else []
        wanted = before or self._wanted
        keys = {key.casefold() for key in wanted}
        is_wanted = frame["id"].str.casefold().isin(keys) | frame["email"].str.casefold().isin(keys)
        self.drives.show(frame, [position for position, ticked in enumerate(is_wanted) if ticked])
        known = {*frame["id"].str.casefold(), *frame["email"].dropna().str.casefold()}
        return [key for key in wanted if key.casefold() not in known]

    def _find(self) -> None:
        client, drives = self._signed_in(), self.drives.ticked
        if drives.empty:
            raise InputError("no drive is ticked; tick those whose restore points you need")
        window = self.choice.arguments()
        self._searched = self.choice.in_words()
        frame = client.list_restore_points(drives, **window, progress=self._progress)
        self.points.show(frame, range(len(frame)))
        self._count_points()
        without = drives.loc[drives["id"].isin(frame.attrs["drives_without_points"])]
        names = named(without["display_name"].fillna(without["id"]).tolist())
        if frame.empty:
            raise InputError(
                f"no restore point that can carry a session (fastRestore) was found for {names} {self._searched}; "
                "take a wider window, or the latest of each drive"
            )
        words = f"{len(frame):,} restore points of {len(drives) - len(without):,} drives, all ticked."
        if len(without):
            self._notice(f"none found {self._searched} for {names}; take a wider window for these")
        self.say_well(words)

    def _ticked_points(self) -> pd.DataFrame:
        if not self.points.positions:
            raise InputError("no restore point is ticked; find some and tick those to open")
        return self.points.ticked

    def _check(self) -> None:
        plan = self._signed_in().create_sessions(self._ticked_points(), dry_run=True, progress=self._progress)
        counts = plan["outcome"].value_counts()
        to_open, reused = int(counts.get("planned", 0)), int(counts.get("reused", 0))
        words = f"{to_open:,} sessions would be opened ({to_open:,} create requests), {reused:,} are open and reused."
        if cannot := len(plan) - to_open - reused:
            words += f" {cannot:,} cannot be opened: {named(plan['error_message'].dropna().tolist())}"
        self.say_well(f"{words} Nothing was opened.")

    def _create(self) -> None:
        points = self._ticked_points()
        self.rows.begin(points)
        self._open(points)

    def _retry(self) -> None:
        points = self.rows.points_again
        if points.empty:
            raise InputError("there is nothing to try again")
        self._open(points)

    def _open(self, points: pd.DataFrame) -> None:
        client = self._signed_in()
        shown_at = 0.0

        def progress(done: int, total: int, note: str) -> None:
            nonlocal shown_at
            self._progress(done, total, note)
            if time.monotonic() - shown_at >= _ROWS_APART_S:
                self.rows.take(client.last_result)
                shown_at = time.monotonic()

        cut_off = ""
        try:
            self.rows.take(client.create_sessions(points, progress=progress))
            self.say("Waiting until no session is being created any more …")
            # all rows: a run that was cancelled has left some behind
            self.rows.take(client.wait_for_sessions(self.rows.sessions, progress=self._progress))
        except InputError:
            raise  # refused before it began: the last result is of another call
        except OdbError:
            self.rows.take(client.last_result)
            raise
        except KeyboardInterrupt:
            self.rows.take(client.last_result)
            cut_off = "Cancelled. So far: "
        finally:
            self._show_failures()
        self.say_well(f"{cut_off}{self.rows.summary}.")

    def _show_failures(self) -> None:
        self.rows.show_failures()
        count = len(self.rows.again)
        self.retry.description = f"Try the {count:,} again"
        self.retry.layout.display = "" if count else "none"
        if count:
            self._notice("what is not open is listed below, with the reason")

    def _count_points(self) -> None:
        count = len(self.points.positions)
        self.create.description = f"Open {count:,} session{'' if count == 1 else 's'}"
