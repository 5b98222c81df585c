"""What every method of a client stands on: the connection, the background loop, the journal, the memory."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from odb_nb import arguments
from odb_nb.auth import is_guid
from odb_nb.background import Background, show
from odb_nb.banner import Banner
from odb_nb.bar import QUIET_FIRST_S
from odb_nb.errors import AuthError, InputError, JournalError, NoReplyError, ThrottledError
from odb_nb.journal import Journal, default_path
from odb_nb.memory import SIGHTINGS, Memory, Place
from odb_nb.notices import notify
from odb_nb.operations import restore_points, sessions
from odb_nb.permissions import account_of, tenant_of
from odb_nb.progress import reporting

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    import pandas as pd

    from odb_nb.credential import Credential
    from odb_nb.pacing import Deadline
    from odb_nb.progress import Progress, Report
    from odb_nb.sandbox import Sandbox
    from odb_nb.transport import Transport

READ_DEADLINE_S = 300.0
QUIET_ON_SANDBOX_S = 30.0
_ANY_TENANT = ("organizations", "common")

T = TypeVar("T")


@contextlib.contextmanager
def until(deadline: Deadline) -> Iterator[None]:
    """A wait that ends with its deadline, without an error: the rows so far say what has timed out."""
    try:
        yield
    except (NoReplyError, ThrottledError) as exc:
        if deadline.remaining_s and not isinstance(exc, ThrottledError):
            raise


@dataclass(frozen=True)
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
        named = None if self.tenant_id in _ANY_TENANT else self.tenant_id
        return default_path((named or tenant_of(claims) or self.transport.host.replace(":", "-")).casefold())

    def place(self) -> Place:
        """Where this client gets its ids; a sandbox that runs elsewhere takes any token, so its tenant is not known."""
        is_made_up = self.way == "sandbox" and self.sandbox is None
        named = self.tenant_id if is_guid(self.tenant_id or "") else None
        tenant = None if is_made_up else tenant_of(self.credential.claims()) or named
        return Place(tenant and tenant.casefold(), urlsplit(f"//{self.transport.host}").hostname or "")

    def banner(self) -> Banner:
        """What the client shows of itself."""
        claims = self.credential.claims()
        return Banner(
            is_sandbox=self.sandbox is not None or self.way == "sandbox",
            host=self.transport.host,
            api_version=self.api_version,
            tenant=self.tenant_id or tenant_of(claims),
            account=account_of(claims),
            faults=len(self.sandbox.faults) if self.sandbox else 0,
        )


class ConnectedClient:
    """A client without its methods for users: life, sign-in, and how work is run."""

    def __init__(self, connection: Connection) -> None:
        self.sandbox: Sandbox | None = connection.sandbox
        self._connection = connection
        self._transport = connection.transport
        self._background = Background()
        self._memory = Memory()
        self._journal: Journal | None = None
        self._journal_guard = threading.Lock()
        self._is_closed = False
        self._listed: list[dict[str, Any]] | None = None
        self._last: Callable[[], pd.DataFrame] | None = None
        self._last_here = threading.local()

    @property
    def now(self) -> datetime | None:
        """The service's time, for countdowns; None before its first answer. No request is sent."""
        return self._transport.service_time()

    @property
    def last_result(self) -> pd.DataFrame | None:
        """The frame of this thread's last bulk call, or else of any thread's, as far as it has come."""
        last = getattr(self._last_here, "frame", self._last)
        return last() if last else None

    def close(self) -> None:
        """Give back the thread, the sockets and, if this client started it, the sandbox. Safe to call twice."""
        self._background.close(self._close_connections)
        with self._journal_guard:
            self._is_closed = True
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

    async def _close_connections(self) -> None:
        await self._transport.close()
        if self._connection.owns_credential:
            await self._connection.credential.close()

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async def signed_in() -> T:
            await self._connection.transport.sign_in()
            return await work()

        return self._background.run(signed_in())

    def _reporting(self, progress: Progress, what: str) -> AbstractContextManager[Report]:
        """What a long call shows: a bar soon on a tenant, late on a sandbox of this process.

        There waits are skipped and only a busy machine is slow; a bar that came with the load would make the outputs
        of a notebook differ from run to run.
        """
        return reporting(progress, what, quiet_s=QUIET_FIRST_S if self.sandbox is None else QUIET_ON_SANDBOX_S)

    def _keep(self, frame: Callable[[], pd.DataFrame]) -> None:
        """What `last_result` gives from now on."""
        self._last = self._last_here.frame = frame

    def _points(self, given: object) -> list[arguments.RestorePoint]:
        points = arguments.restore_points(given)
        self._check_origin("restore point", [point.id for point in points])
        self._memory.learn_points(points)
        return [self._memory.completed(point) for point in points]

    def _check_origin(self, noun: str, ids: Iterable[str]) -> None:
        """Refuse what another tenant's client has listed: here it names nothing, or something else."""
        SIGHTINGS.check(noun, ids, self._connection.place())

    def _note_origin(self, found: Iterable[Mapping[str, Any]], key: str = "id") -> None:
        """Keep in mind that the service showed these objects here."""
        SIGHTINGS.note([str(one[key]) for one in found if one.get(key)], self._connection.place())

    async def _look(self) -> tuple[list[dict[str, Any]], dict[str, str]]:
        deadline = self._transport.deadline(READ_DEADLINE_S)
        self._listed = listed = await sessions.list_sessions(self._transport, deadline)
        self._note_origin(listed)
        self._note_origin(listed, "restorePointId")
        return listed, await self._point_of_session()

    async def _look_up(self, point_id: str, deadline: Deadline) -> arguments.RestorePoint:
        return await restore_points.get_restore_point(self._transport, point_id, deadline)

    async def _point_of_session(self) -> dict[str, str]:
        """What the journal ties; a journal that fails must not keep anybody from reading."""
        try:
            ties = await asyncio.to_thread(lambda: self._opened_journal().ties())
        except JournalError as exc:
            words = f"{exc}; sessions are tied to points without it"
            show(lambda: notify(words))
            return {}
        return ties.point_of_session

    def _opened_journal(self) -> Journal:
        with self._journal_guard:
            if self._is_closed:
                raise InputError("this client is closed; connect() again")
            if self._journal is None:
                claims = self._connection.credential.claims()
                path = self._connection.journal_path(claims)
                self._journal = Journal(path, tenant_id=tenant_of(claims), account=account_of(claims))
            return self._journal


async def _nothing() -> None:
    """Signing in is all that is wanted."""
