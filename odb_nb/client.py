"""The sync face: every method works in a cell, a form's callback and a script, and returns a DataFrame."""

from __future__ import annotations

import asyncio
import dataclasses
import warnings
from typing import TYPE_CHECKING, Any, TypeVar

from odb_nb import arguments, frames, tables
from odb_nb.auth import is_guid
from odb_nb.background import Background, show
from odb_nb.banner import Banner
from odb_nb.errors import AuthError, InputError, JournalError
from odb_nb.journal import Journal, default_path
from odb_nb.memory import Memory
from odb_nb.operations import create, drives, hunt, matching, restore_points, sessions
from odb_nb.operations.recorder import Recorder
from odb_nb.operations.sessions import wait_until_settled
from odb_nb.permissions import account_of, permission_rows, tenant_of
from odb_nb.progress import reporting

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    import pandas as pd

    from odb_nb.credential import Credential
    from odb_nb.operations.create import IfExists
    from odb_nb.operations.results import Result
    from odb_nb.pacing import Deadline
    from odb_nb.progress import Progress
    from odb_nb.sandbox import Sandbox
    from odb_nb.transport import Transport

READ_DEADLINE_S = 300.0
HUNT_DEADLINE_S = 3600.0
MOST_AT_ONCE = 32

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Connection:
    """Where a client leads and with what; put together by `odb_nb.connect`."""

    way: str
    transport: Transport
    credential: Credential
    api_version: str
    tenant_id: str | None
    journal: Path | None
    sandbox: Sandbox | None
    owns_sandbox: bool
    owns_credential: bool

    def journal_path(self, claims: Mapping[str, Any] | None) -> Path:
        """One file per tenant; the sandbox's lives and dies with the sandbox."""
        if self.journal is not None:
            return self.journal
        if self.sandbox is not None:
            return self.sandbox.folder / "journal.sqlite"
        return default_path(self.tenant_id or tenant_of(claims) or self.transport.host.replace(":", "-"))

    def banner(self) -> Banner:
        """What the client shows of itself."""
        claims = self.credential.claims()
        return Banner(
            is_sandbox=self.sandbox is not None or self.way == "sandbox",
            host=self.transport.host,
            api_version=self.api_version,
            tenant=self.tenant_id or tenant_of(claims),
            account=account_of(claims),
        )


class BackupClient:
    """A connection to the backup service of one tenant, or to the sandbox; made by `odb_nb.connect`.

    Methods block until they are done, can be interrupted, and may be called from any thread. As a context manager,
    or by `close`, it gives back its thread, its sockets and the sandbox that it started.

    Attributes
    ----------
    last_result : pandas.DataFrame or None
        The frame of the last bulk call as far as it came, also after an interrupt or a time-out.
    sandbox : Sandbox or None
        The local service, where that is what this client talks to.
    """

    def __init__(self, connection: Connection) -> None:
        self.last_result: pd.DataFrame | None = None
        self.sandbox: Sandbox | None = connection.sandbox
        self._connection = connection
        self._transport = connection.transport
        self._background = Background()
        self._memory = Memory()
        self._journal: Journal | None = None
        self._listed: list[dict[str, Any]] | None = None

    # -- drives and restore points

    def list_drives(self, *, search: str | None = None) -> pd.DataFrame:
        """Protected drives.

        Parameters
        ----------
        search : str, optional
            Only drives whose name, e-mail or id holds this text, whatever the case.

        Returns
        -------
        pandas.DataFrame
            One row per drive protection unit: ``id``, ``display_name``, ``email``, ``status``,
            ``directory_object_id``, ``policy_id`` (string), ``created_date_time`` (datetime64[us, UTC]). Name and
            e-mail are null for deleted users, and for all drives when signed in as an app.

        Raises
        ------
        AuthError, GraphError

        References
        ----------
        Graph: ``GET /solutions/backupRestore/protectionUnits/microsoft.graph.driveProtectionUnit``.

        Examples
        --------
        >>> import odb_nb as odb
        >>> with odb.connect() as client:
        ...     client.list_drives(search="vance")["email"].tolist()
        ['adelev@contoso.com']
        """
        if search is not None and not isinstance(search, str):
            raise InputError(f"search={search!r} must be text, or None for all drives")
        found = self._run(lambda: drives.list_drives(self._transport, self._transport.deadline(READ_DEADLINE_S)))
        self._memory.learn_drives(found)
        return tables.DRIVES.frame(drives.matching(found, search))

    def list_restore_points(
        self,
        drives: object,
        *,
        start: object = None,
        end: object = None,
        fast_only: bool = True,
        limit: int | None = None,
        progress: Progress = None,
    ) -> pd.DataFrame:
        """Restore points, newest first per drive, complete for the window asked for.

        Parameters
        ----------
        drives : DataFrame, Series, list or str
            Drives of ours, or their ids.
        start, end : str, date or aware datetime, optional
            ``start <= protection_date_time < end``, in UTC; an end given as a bare date includes that day.
        fast_only : bool
            Only points tagged ``fastRestore``: no other can carry a browse session.
        limit : int, optional
            At most so many per drive, the newest.
        progress : None, False or callable
            See `create_sessions`.

        Returns
        -------
        pandas.DataFrame
            One row per restore point: ``id``, ``drive_id``, ``display_name``, ``tags``, ``directory_object_id``
            (string), ``protection_date_time``, ``expiration_date_time`` (datetime64[us, UTC]). Drives without a
            point in the window have no row; their ids are in ``frame.attrs["drives_without_points"]``.

        Raises
        ------
        InputError
            Drives or times that cannot be used; nothing was sent.
        AuthError, GraphError

        References
        ----------
        Graph: ``POST /solutions/backupRestore/restorePoints/search`` (twenty drives, one point each) and
        ``GET /solutions/backupRestore/restorePoints`` (one drive, five points), whichever needs fewer requests.
        """
        begin, finish = arguments.time_window(start, end)
        if limit is not None:
            arguments.whole_number(limit, "limit", least=1, most=1_000_000)
        ids = arguments.drive_ids(drives)
        self._memory.learn_drive_frame(drives)
        with reporting(progress, "restore points") as report:
            found = self._run(
                lambda: hunt.Hunt(
                    self._transport, self._transport.deadline(HUNT_DEADLINE_S), report,
                    start=begin, end=finish, fast_only=fast_only, limit=limit,
                ).run(ids)
            )  # fmt: skip
        points = [self._memory.with_drive(point) for id_ in ids for point in found[id_]]
        frame = tables.RESTORE_POINTS.frame(points)
        self._memory.learn_points(arguments.restore_points(frame))
        frame.attrs["drives_without_points"] = [id_ for id_ in ids if not found[id_]]
        return frame

    # -- browse sessions

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
        results: dict[str, Result] = {}
        with reporting(progress, "browse sessions") as report:

            async def work() -> None:
                deadline = self._transport.deadline(seconds)
                run = create.CreateRun(
                    self._transport, Recorder(self._opened_journal()),
                    list({point.id: point for point in points}.values()),
                    if_exists=if_exists, dry_run=dry_run, max_concurrency=max_concurrency,
                    deadline=deadline, report=report, look_up=self._look_up, results=results,
                )  # fmt: skip
                await run.run()
                if wait:
                    await create.wait_for_results(self._transport, results, deadline, report)

            try:
                self._run(work)
            finally:
                self.last_result = frames.of_create([point.id for point in points], results)
        return self.last_result, results

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
        if len(ids) != 1:
            raise InputError(f"get_session takes one session, got {len(ids)}; list_sessions gives all")

        async def work() -> tuple[dict[str, Any], str | None, str | None]:
            answer = await sessions.get_session(self._transport, ids[0], self._transport.deadline(READ_DEADLINE_S))
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
        known: dict[str, dict[str, Any]] = {row["id"]: {} for row in rows if row["id"]}
        point_of_session: dict[str, str] = {}
        with reporting(progress, "sessions settled") as report:

            async def work() -> None:
                point_of_session.update(await self._point_of_session())
                await wait_until_settled(self._transport, known, self._transport.deadline(seconds), report)

            try:
                if known:
                    self._run(work)
            finally:
                self.last_result = frames.of_wait(rows, known, point_of_session)
        return self.last_result

    def tabulate_status(self, restore_points: object, *, refresh: bool = True) -> pd.DataFrame:
        """Each restore point with its browse session, if it has one; one list request serves the whole table.

        Parameters
        ----------
        restore_points : DataFrame, Series, list or str
            Restore points of ours, or their ids.
        refresh : bool
            False takes the sessions as this client listed them last, without a request.

        Returns
        -------
        pandas.DataFrame
            One row per point given, in that order: the point's columns with ``id`` as ``restore_point_id``, then
            ``session_id``, ``status``, ``matched_by`` (string), ``session_created_date_time``,
            ``session_expiration_date_time`` (datetime64[us, UTC]), ``expires_in`` (timedelta64[us], by the service's
            clock), ``backup_size_in_bytes`` (Int64), ``error_code``, ``error_message`` (string). The session's
            columns are null where there is none. Of several sessions on a point the newest usable one is shown.

            ``matched_by`` says what ties them: ``service`` (it named the point), ``journal`` (opened from here),
            ``drive_and_time`` (same directory object and time). Sessions that nothing ties are not guessed.

        Raises
        ------
        InputError, AuthError, GraphError
        """
        points = self._points(restore_points)
        if refresh or self._listed is None:
            listed, point_of_session = self._run(self._look)
        else:
            listed, point_of_session = self._listed, self._run(self._point_of_session)
        matches = matching.match(points, listed, point_of_session)
        return frames.of_status(points, matches, self._transport.now)

    # -- record and rights

    def history(self, *, since: object = None) -> pd.DataFrame:
        """The journal: one row per write that was tried, oldest first.

        Parameters
        ----------
        since : str, date or aware datetime, optional
            Only writes from then on.

        Returns
        -------
        pandas.DataFrame
            ``date_time`` (datetime64[us, UTC], the service's clock), ``tenant_id``, ``account``, ``operation``,
            ``restore_point_id``, ``item_hash``, ``session_id``, ``outcome``, ``error_code``, ``request_id``,
            ``client_request_id`` (string). ``outcome`` is ``created``, ``failed``, ``absent`` (the reply was lost,
            and looking proved that nothing had happened) or ``unknown``.

        Raises
        ------
        InputError, JournalError
        """
        moment = arguments.moment(since, "since")
        return tables.HISTORY.frame(self._opened_journal().history(since=moment))

    def check_permissions(self) -> pd.DataFrame:
        """What the toolkit needs and whether the token has it; read from the token's own claims, nothing is sent.

        Returns
        -------
        pandas.DataFrame
            One row per permission, and for delegated sign-in one for the directory role: ``permission``,
            ``needed_for``, ``state`` (``granted``, ``missing``, ``unknown``), ``granted_by`` (string).

        Raises
        ------
        AuthError
            No token can be had.
        """
        self.sign_in()
        claims = self._connection.credential.claims()
        return tables.PERMISSIONS.frame(permission_rows(claims, api_version=self._connection.api_version))

    # -- life

    def close(self) -> None:
        """Give back the thread, the sockets and, if this client started it, the sandbox. Safe to call twice."""
        self._background.close(self._close_connections)
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        if self.sandbox is not None and self._connection.owns_sandbox:
            self.sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def banner(self) -> Banner:
        """Where this client leads: shown by notebooks in its place, never with a token."""
        return self._connection.banner()

    def sign_in(self) -> None:
        """Have a token; `connect` does this, so that what is missing is said there.

        Raises
        ------
        AuthError
            No token can be had; the message says what is missing and who can mend it.
        """
        self._run(_nothing)
        wanted, got = self._connection.tenant_id, tenant_of(self._connection.credential.claims())
        if wanted and got and is_guid(wanted) and wanted.casefold() != got.casefold():
            raise AuthError(f"asked for tenant {wanted}, but the sign-in is for tenant {got}; sign in to the former")

    def __repr__(self) -> str:
        return self.banner.text

    def _repr_html_(self) -> str:
        return self.banner.html

    # -- within

    async def _close_connections(self) -> None:
        await self._transport.close()
        if self._connection.owns_credential:
            await self._connection.credential.close()

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async def signed_in() -> T:
            await self._connection.transport.sign_in()
            return await work()

        return self._background.run(signed_in())

    def _points(self, given: object) -> list[arguments.RestorePoint]:
        points = arguments.restore_points(given)
        self._memory.learn_points(points)
        return [self._memory.completed(point) for point in points]

    async def _look(self) -> tuple[list[dict[str, Any]], dict[str, str]]:
        deadline = self._transport.deadline(READ_DEADLINE_S)
        self._listed = await sessions.list_sessions(self._transport, deadline)
        return self._listed, await self._point_of_session()

    async def _look_up(self, point_id: str, deadline: Deadline) -> arguments.RestorePoint:
        return await restore_points.get_restore_point(self._transport, point_id, deadline)

    async def _point_of_session(self) -> dict[str, str]:
        """What the journal ties; a journal that fails must not keep anybody from reading."""
        try:
            ties = await asyncio.to_thread(lambda: self._opened_journal().ties())
        except JournalError as exc:
            words = f"{exc}; sessions are tied to points without it"
            show(lambda: warnings.warn(words, UserWarning, stacklevel=2))
            return {}
        return ties.point_of_session

    def _opened_journal(self) -> Journal:
        if self._journal is None:
            claims = self._connection.credential.claims()
            self._journal = Journal(
                self._connection.journal_path(claims), tenant_id=tenant_of(claims), account=account_of(claims)
            )
        return self._journal


async def _nothing() -> None:
    """Signing in is all that is wanted."""
