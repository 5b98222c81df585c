"""Browse sessions: open, list, wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odb_nb import arguments, frames, tables
from odb_nb.client.connection import READ_DEADLINE_S, ConnectedClient, until
from odb_nb.errors import InputError
from odb_nb.operations import create
from odb_nb.operations import sessions as browse_sessions
from odb_nb.operations.recorder import Recorder
from odb_nb.operations.results import wait_for_results

if TYPE_CHECKING:
    import pandas as pd

    from odb_nb.operations.create import IfExists
    from odb_nb.operations.results import Result
    from odb_nb.progress import Progress

MOST_AT_ONCE = 32


class SessionMethods(ConnectedClient):
    """`create_session`, `create_sessions`, `list_sessions`, `get_session`, `wait_for_sessions`."""

    def create_session(
        self, restore_point: object, *, if_exists: IfExists = "reuse", wait: bool = False, timeout: float = 900
    ) -> pd.DataFrame:
        """One browse session on one restore point; see `create_sessions` for the parameters and the columns.

        Returns
        -------
        pandas.DataFrame
            One row. A session whose ``status`` is ``failed`` is returned, not raised.

        Raises
        ------
        InputError
            Refused here: not one usable restore point, one that is not ``fastRestore``, or ``if_exists="error"`` and
            there is a live session. Nothing was sent.
        OutcomeUnknownError
            The create was sent and its reply lost, and looking did not settle it. Call again to look again.
        AuthError, GraphError, NoReplyError, ThrottledError, JournalError
            No session was opened.

        Examples
        --------
        >>> import odb_nb as odb
        >>> with odb.connect() as client:
        ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=1)
        ...     client.create_session(points, wait=True)[["status", "outcome"]].values.tolist()
        [['created', 'created']]
        """
        points = self._points(restore_point)
        if len(points) != 1:
            raise InputError(f"create_session takes one restore point, got {len(points)}; create_sessions takes many")
        frame, results = self._create(
            points, if_exists=if_exists, wait=wait, timeout=timeout, max_concurrency=1, progress=False, dry_run=False
        )
        error = results[points[0].id].error
        if error is not None:
            raise error
        return frame

    def create_sessions(
        self,
        restore_points: object,
        *,
        if_exists: IfExists = "reuse",
        wait: bool = False,
        timeout: float = 900,
        max_concurrency: int = 8,
        progress: Progress = None,
        dry_run: bool = False,
    ) -> pd.DataFrame:
        """Browse sessions on many restore points: one row per point, in the order given, whatever happens.

        Running it again is safe: points that have a live session are reused, and a create whose answer was lost is
        looked for before anything is sent again. A point given twice gets one session and two rows.

        Parameters
        ----------
        restore_points : DataFrame, Series, list or str
            Restore points of ours, or their ids.
        if_exists : {"reuse", "create", "error"}
            What to do about a point that has a live session: take that one, open another, or fail the row.
        wait : bool
            Also wait until no session is being created any more.
        timeout : float
            Seconds for the whole call.
        max_concurrency : int
            How many creates run at once, 1 to 32.
        progress : None, False or callable
            None shows a bar in a notebook or terminal when the work is long, False nothing; a callable gets
            ``(done, total, note)`` in the calling thread.
        dry_run : bool
            Look, and say what would be done; nothing is opened and nothing is recorded.

        Returns
        -------
        pandas.DataFrame
            One row per point given: ``restore_point_id``, ``id``, ``status`` (the service's own word), ``outcome``
            (``created``, ``reused``, ``failed``, ``timed_out``, ``cancelled``, ``unknown``, ``planned``),
            ``restore_point_date_time``, ``created_date_time``, ``expiration_date_time`` (datetime64[us, UTC]),
            ``backup_size_in_bytes`` (Int64), ``directory_object_id``, ``error_code``, ``error_message``,
            ``request_id`` (string).

        Raises
        ------
        InputError
            An argument cannot be used; nothing was sent.
        AuthError
            Signing in failed; nothing was sent.
        JournalError
            The intent cannot be recorded; nothing was sent.

        References
        ----------
        Graph: ``POST /solutions/backupRestore/oneDriveForBusinessBrowseSessions``.
        """
        frame, _ = self._create(
            self._points(restore_points), if_exists=if_exists, wait=wait, timeout=timeout,
            max_concurrency=max_concurrency, progress=progress, dry_run=dry_run,
        )  # fmt: skip
        return frame

    def _create(
        self,
        points: list[arguments.RestorePoint],
        *,
        if_exists: IfExists,
        wait: bool,
        timeout: float,
        max_concurrency: int,
        progress: Progress,
        dry_run: bool,
    ) -> tuple[pd.DataFrame, dict[str, Result]]:
        arguments.one_of(if_exists, ("reuse", "create", "error"), "if_exists")
        seconds = arguments.seconds(timeout, "timeout")
        arguments.whole_number(max_concurrency, "max_concurrency", least=1, most=MOST_AT_ONCE)
        run: create.CreateRun | None = None
        ids = [point.id for point in points]
        self._keep(lambda: frames.of_create(ids, dict(run.results) if run else {}, unsettled=None))
        with self._reporting(progress, "browse sessions") as report:

            async def work() -> None:
                nonlocal run
                deadline = self._transport.deadline(seconds)
                run = create.CreateRun(
                    self._transport, Recorder(self._opened_journal()),
                    list({point.id: point for point in points}.values()),
                    if_exists=if_exists, dry_run=dry_run, max_concurrency=max_concurrency,
                    deadline=deadline, report=report, look_up=self._look_up,
                )  # fmt: skip
                await run.run()
                if wait:
                    await wait_for_results(self._transport, run.results, deadline, report)

            try:
                self._run(work)
            finally:
                results = run.so_far() if run else {}
                self._note_origin(result.session for result in results.values())
                frame = frames.of_create(ids, results, unsettled="cancelled")
                self._keep(lambda: frame)
        return frame, results

    def list_sessions(self) -> pd.DataFrame:
        """All OneDrive browse sessions that the service shows.

        Returns
        -------
        pandas.DataFrame
            One row per session, in the service's order, with the columns of `create_sessions`. ``outcome`` is null;
            ``restore_point_id`` is known where the service tells it or the journal does.

        Raises
        ------
        AuthError, GraphError

        References
        ----------
        Graph: ``GET /solutions/backupRestore/oneDriveForBusinessBrowseSessions``.
        """
        listed, point_of_session = self._run(self._look)
        points = [session.get("restorePointId") or point_of_session.get(str(session.get("id"))) for session in listed]
        return tables.SESSIONS.frame(listed, restore_point_id=points)

    def get_session(self, session_id: object) -> pd.DataFrame:
        """One session by its id: one row with the columns of `create_sessions`.

        Raises
        ------
        InputError
            Not one id.
        GraphError
            404 ``itemNotFound`` where there is none, or none any more.
        """
        ids = arguments.session_ids(session_id)
        self._check_origin("session", ids)
        if len(ids) != 1:
            raise InputError(f"get_session takes one session, got {len(ids)}; list_sessions gives all")

        async def work() -> tuple[dict[str, Any], str | None, str | None]:
            answer = await browse_sessions.get_session(
                self._transport, ids[0], self._transport.deadline(READ_DEADLINE_S)
            )
            point = answer.json.get("restorePointId") or (await self._point_of_session()).get(ids[0])
            return answer.json, point, answer.request_id

        session, point, request_id = self._run(work)
        return tables.SESSIONS.frame([session], restore_point_id=[point], request_id=[request_id])

    def wait_for_sessions(self, sessions: object, *, timeout: float = 900, progress: Progress = None) -> pd.DataFrame:
        """The same sessions once none is being created any more, or as they are when the time is up.

        Parameters
        ----------
        sessions : DataFrame, Series, list or str
            Sessions of ours, or their ids. Rows without a session (failed creates) pass through as they are.
        timeout : float
            Seconds to wait at most.
        progress : None, False or callable
            See `create_sessions`.

        Returns
        -------
        pandas.DataFrame
            One row per row given, in that order, with the columns of `create_sessions`; ``outcome`` is ``timed_out``
            where the session is still not settled, ``failed`` where it is gone, else what it was.

        Raises
        ------
        InputError
            Sessions that cannot be used; nothing was sent.
        AuthError, GraphError
        """
        seconds = arguments.seconds(timeout, "timeout")
        rows = arguments.session_rows(sessions)
        self._check_origin("session", [row["id"] for row in rows if row["id"]])
        known: dict[str, dict[str, Any]] = {row["id"]: {} for row in rows if row["id"]}
        point_of_session: dict[str, str] = {}
        with self._reporting(progress, "sessions settled") as report:

            async def work() -> None:
                deadline = self._transport.deadline(seconds)
                point_of_session.update(await self._point_of_session())
                with until(deadline):
                    await browse_sessions.wait_until_settled(self._transport, known, deadline, report)

            is_cut_off = True
            try:
                if known:
                    self._run(work)
                is_cut_off = False
            finally:
                frame = frames.of_wait(rows, known, point_of_session, is_cut_off=is_cut_off)
                self._keep(lambda: frame)
        return frame
