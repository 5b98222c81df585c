"""Watch the browse sessions of many restore points: what is ready, what failed and why, what runs out next."""

from __future__ import annotations

import html
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import ipywidgets
import pandas as pd

from odb_nb.analysis import drive_labels
from odb_nb.arguments import one_of
from odb_nb.errors import InputError
from odb_nb.styles import styled
from odb_nb.widgets.export_box import ExportBox
from odb_nb.widgets.form import Form, button
from odb_nb.widgets.latest import Latest
from odb_nb.widgets.status_filter import FilterControls, choice, status_filter
from odb_nb.widgets.status_views import StatusViews
from odb_nb.widgets.status_words import as_of, changes, counts_of, overview, when
from odb_nb.widgets.ticker import Ticker
from odb_nb.widgets.watched_points import MORE, WatchedPoints

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from typing import Self

    from odb_nb.client import BackupClient
    from odb_nb.widgets.create_sessions_form import CreateSessionsForm
    from odb_nb.widgets.sign_in_form import SignInForm

_EVERY_S = {30: "30 s", 60: "1 min", 300: "5 min", 900: "15 min"}
_TICK_S = 5.0
_ASKING = "Asking for the status …"
_ROWS_IN_STILL = 100


class StatusBoard(Form):
    """The status of many restore points: table, matrix and pictures, with filters, countdown and export.

    Asks the service once at the start, then by button or by interval: one list request each time. Filters and views
    work on what was answered last and send nothing. Close a board that is no longer needed: its interval goes on
    while the kernel lives.

    Parameters
    ----------
    client : BackupClient or SignInForm
        The client, or the form that leads to one.
    restore_points : DataFrame, Series, list, str or CreateSessionsForm
        What to watch; of a form, the points it has at each refresh.
    across : {"days", "points"}
        What the matrix has across.
    drive : str
        Show only drives whose name holds this; or whose id, or the id of a point or session, begins with it.
    statuses : list of str
        Show only these words, such as ``["created", "no session"]``; none for all.
    failed_only : bool
        Show only sessions that failed.
    expires_within : {None, 1, 6, 12, 24}
        Show only sessions that run out within so many hours.
    refresh_every : {None, 30, 60, 300, 900}
        Seconds from one refresh to the next; None for by button only.
    export_path : str or os.PathLike
        Where to write what is shown: ``.csv``, ``.parquet`` or ``.html``.

    Attributes
    ----------
    refresh, export : ipywidgets.Button
        Ask the service; write the rows that the filters leave.
    refresh_every, export_to, overwrite : ipywidgets widgets
        How often to ask; which file to write, and whether to replace one that is there.
    drive, statuses, failed_only, expires_within : ipywidgets widgets
        The filters.
    shows, across : ipywidgets widgets
        Which view: ``Table``, ``Matrix``, ``Timeline``, ``Summary``; and what the matrix has across.
    table : TickTable
        The rows; the one that is ticked is told in full by `details`.
    details, drawn, countdown, found : ipywidgets.HTML
        All about the ticked row; the matrix or the picture; the counts and what runs out next; what the filters leave.
    result : DataFrame or None
        The whole status frame of the last refresh.
    shown : DataFrame or None
        The rows of it that the filters leave.

    Raises
    ------
    InputError
        Restore points, or values of controls, that cannot be used. What only a refresh can find out, such as a client
        that is closed, is shown in the form and raised by `wait`.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb.widgets import StatusBoard
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), start="2026-11-19")
    ...     _ = client.create_sessions(points.head(1), wait=True)
    ...     with StatusBoard(client, points) as board:
    ...         board.wait().statuses.value = ["no session"]
    >>> board.result["status"].tolist(), len(board.shown)
    (['created', <NA>], 1)
    """

    title = "Status of restore points"

    def __init__(
        self,
        client: BackupClient | SignInForm,
        restore_points: object | CreateSessionsForm,
        *,
        across: Literal["days", "points"] = "days",
        drive: str = "",
        statuses: Iterable[str] = (),
        failed_only: bool = False,
        expires_within: int | None = None,
        refresh_every: int | None = None,
        export_path: str | os.PathLike[str] = "status.csv",
    ) -> None:
        points = WatchedPoints(restore_points)
        one_of(across, ("days", "points"), "across")
        start = status_filter(drive, statuses, failed_only, expires_within)
        every = choice(refresh_every, tuple(_EVERY_S), "refresh_every", "seconds")
        export_box = ExportBox(export_path)
        super().__init__()
        self._points = points
        self._showing = threading.RLock()  # the kernel's thread, the worker and the ticker show things
        self._frame: pd.DataFrame | None = None
        self._shown: pd.DataFrame | None = None
        self._labels = pd.Series(dtype="string")
        self._asked_at: datetime | None = None
        self._trouble = ""
        self._is_still_old = False
        self._latest = Latest()
        self._export_box = export_box
        self._make_controls(every)
        self._filters = FilterControls(start, self._filter)
        self._views = StatusViews(across, self._latest)
        self._name_parts()
        self._lay_out()
        self._busy_controls += [self.refresh, self.export]
        self._ticker = Ticker(self.tick, _TICK_S)
        try:
            self._use(client)
        except InputError:
            self.close()
            raise

    def _make_controls(self, every: int | None) -> None:
        self.refresh = button("Refresh", "Ask the service for the status", style="primary", icon="refresh")
        self.refresh.on_click(lambda _: self._start(_ASKING, self._refresh))
        intervals = [("off", 0), *((words, seconds) for seconds, words in _EVERY_S.items())]
        self.refresh_every = ipywidgets.Dropdown(
            options=intervals, value=every or 0, description="Refresh every", style={"description_width": "initial"},
            layout={"width": "13em"},
        )  # fmt: skip
        self._export_box.write.on_click(lambda _: self._start("Writing …", self._export))
        self._banner, self.countdown, self.found = (ipywidgets.HTML() for _ in range(3))

    def _name_parts(self) -> None:
        filters, views, box = self._filters, self._views, self._export_box
        self.drive, self.statuses = filters.drive, filters.statuses
        self.failed_only, self.expires_within = filters.failed_only, filters.expires_within
        self.shows, self.across = views.shows, views.across
        self.table, self.details, self.drawn = views.table, views.details, views.drawn
        self.export_to, self.overwrite, self.export = box.path, box.overwrite, box.write

    def _lay_out(self) -> None:
        row = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "0 1em"}
        self.view.children = [
            self._banner,
            ipywidgets.HBox([self.refresh, self.cancel, self.refresh_every], layout=row),
            self.message,
            self.countdown,
            self._filters.view,
            self.found,
            self._views.view,
            self._export_box.view,
        ]

    @property
    def result(self) -> pd.DataFrame | None:
        """The whole status frame of the last refresh; None before there is one."""
        return self._frame

    @property
    def shown(self) -> pd.DataFrame | None:
        """The rows of `result` that the filters leave."""
        return self._shown

    def code(self) -> str:
        """Python that does the same as the board in its present state, with `client` and `points` as they are."""
        wanted, written, view = self._filters.chosen, self._export_box.code, self._views.code
        lines = [
            "import pandas as pd" if wanted.expires_within is not None else "",
            "import odb_nb as odb" if "odb." in written + view else "",
            "status = client.tabulate_status(points)",
            *wanted.code,
            written,
            view,
        ]
        return "\n".join(line for line in lines if line)

    def still(self) -> tuple[str, str]:
        """The board's state as HTML and as plain text, as of the last refresh."""
        banner = self.client.banner if self.client else None
        page = [banner.html if banner else "", f"<strong>{html.escape(self.title)}</strong>"]
        text = [banner.text if banner else "not signed in", self.title]
        if self._trouble:
            page.append(f"<p>{html.escape(self._trouble)}</p>")
            text.append(self._trouble)
        frame, shown = self._frame, self._shown
        if frame is None or shown is None:
            return "\n".join([*page, "<p>Not refreshed yet.</p>"]), "\n".join([*text, "Not refreshed yet."])
        said = overview(frame, self._labels, as_of(frame))
        found = self._filters.chosen.found(frame, shown, as_of(frame))
        page += [said.html, f"<p>{html.escape(found)}</p>"]
        text += [said.text, found]
        if len(shown):
            table = styled(shown, max_rows=_ROWS_IN_STILL)
            page.append(table._repr_html_())  # IPython's protocol
            text += ["", repr(table)]
        return "\n".join(page), "\n".join(text)

    def tick(self, now: datetime | None = None) -> None:
        """Bring what depends on the time up to date, and refresh if that is due; called every few seconds.

        Parameters
        ----------
        now : datetime, optional
            The service's time by default.
        """
        now = now or self._now()
        try:
            self._render(now)
            self._renew_still()
            if self._is_due(now):
                self._start(_ASKING, self._refresh)
        except Exception as exc:  # noqa: BLE001  # nobody would see it on the ticker's thread
            self._failed(exc)

    def wait(self, timeout: float | None = None) -> Self:
        """This board, when no refresh or export runs and all is drawn; see `Form.wait`."""
        super().wait(timeout)
        if not self._latest.wait(timeout):
            raise TimeoutError(f"{self.title}: still drawing after {timeout} s")
        self._renew_still()
        return self

    def close(self) -> None:
        """End the work, the threads and all widgets of this board; `result` stays. Safe to call twice."""
        self._ticker.close()
        self._latest.close()
        super().close()

    def _connected(self, client: BackupClient) -> None:
        self._banner.value = client.banner.html
        if not self._points.are_there:
            self.say(f"No restore points to watch yet: {MORE}, then press Refresh.")
        else:
            self._start(_ASKING, self._refresh)

    def _refresh(self) -> None:
        is_done = False
        try:
            client = self._signed_in()
            frame = client.tabulate_status(self._points.now())
            is_done = True
        finally:
            self._asked_at = self._now()
            if not is_done and self._frame is not None:
                self._notice(f"what is shown is the status {when(self._frame)}")
        before, self._trouble = self._frame, ""
        with self._showing:
            self._frame, self._shown = frame, None
            self._labels = drive_labels(frame)
            self._filters.offer(counts_of(frame))
            self._render(self._now())
        self.say_well(changes(before, frame))

    def _failed(self, exc: Exception) -> None:
        super()._failed(exc)
        self._trouble = f"The last action failed: {exc}"

    def _now(self) -> datetime:
        """The service's time; this machine's as long as the service has not answered."""
        return (self.client and self.client.now) or datetime.now(UTC)

    def _is_due(self, now: datetime) -> bool:
        every = self.refresh_every.value
        if not every or self.client is None or not self._points.are_there:
            return False
        return self._asked_at is None or now - self._asked_at >= timedelta(seconds=every)

    def _filter(self) -> None:
        self._render(self._now())
        self._is_still_old = True  # drawing it takes longer than a keystroke may: `tick` and `wait` do

    def _renew_still(self) -> None:
        if self._is_still_old:
            self._is_still_old = False
            self._update_still()

    def _render(self, now: datetime) -> None:
        """Filters, countdown and the view that is looked at, from the last frame; sends nothing."""
        with self._showing:
            frame = self._frame
            if frame is None or self._is_closed:
                return
            wanted = self._filters.chosen
            shown = wanted.of(frame, now)
            if self._shown is None or not shown.index.equals(self._shown.index):
                self._shown = shown
            self.countdown.value = overview(frame, self._labels, now).html
            self.found.value = html.escape(wanted.found(frame, self._shown, now))
            self._views.show(self._shown, self._labels, now)

    def _export(self) -> None:
        if self._shown is None:
            raise InputError("nothing to export yet; press Refresh first")
        file = self._export_box.export(self._shown)
        self._trouble = ""
        self.say_well(f"{len(self._shown):,} rows, {when(self._shown)}, are in {file}")
