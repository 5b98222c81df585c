"""The sandbox as its users see it."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from odb_nb.errors import InputError
from odb_nb.sandbox import desk, landing, paging, permissions, points, restores, sessions, tokens
from odb_nb.sandbox.desk import Desk
from odb_nb.sandbox.files import book, stories
from odb_nb.sandbox.messages import Refusal
from odb_nb.sandbox.routes import (
    browse,
    browse_sessions,
    drives,
    policies,
    restore_bodies,
    restore_points,
    restore_sessions,
    search,
    service,
)
from odb_nb.sandbox.routes.table import OPERATIONS
from odb_nb.sandbox.settings import Settings, Switches
from odb_nb.sandbox.tenant import Tenant
from odb_nb.sandbox.tokens import ALL_PERMISSIONS, make_token

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType
    from typing import Self, Unpack

    from odb_nb.sandbox.clock import Clock
    from odb_nb.sandbox.faults import Faults
    from odb_nb.sandbox.files import Item
    from odb_nb.sandbox.points import Point
    from odb_nb.sandbox.restores import ArtifactRecord, RestoreRecord
    from odb_nb.sandbox.server import LoopbackServer
    from odb_nb.sandbox.sessions import SessionRecord
    from odb_nb.sandbox.watch import RequestRecord
    from odb_nb.sandbox.world import Drive

_DECLARING = (
    *(desk, tokens, permissions, paging, service, policies, drives),
    *(points, restore_points, search, browse_sessions, sessions),
    *(browse, book, stories),
    *(restore_sessions, restore_bodies, restores, landing),
)


class Sandbox:
    """A local service that speaks Microsoft Graph's backup API for OneDrive; nothing in it is real.

    Making one does nothing; `start` opens a socket on 127.0.0.1. Equal switches give equal answers, whatever the
    order in which requests arrive.

    Parameters
    ----------
    **switches
        See `Settings` for the names, defaults and meanings.

    Raises
    ------
    InputError
        For a switch that cannot be used.

    Examples
    --------
    >>> with Sandbox(seed=1, drives=3) as sandbox:
    ...     [drive.display_name for drive in sandbox.drives]
    ['Adele Vance', 'Alex Wilber', 'Diego Siciliano']
    """

    def __init__(self, **switches: Unpack[Switches]) -> None:
        self.settings = Settings(**switches)
        self._tenant = Tenant(self.settings)
        self._desk = Desk(self._tenant)
        self._server: LoopbackServer | None = None
        self._folder: Path | None = None
        self._forget_folder: weakref.finalize[[str, bool], Sandbox] | None = None
        self._starting = threading.Lock()

    def __repr__(self) -> str:
        return f"<Sandbox seed={self.settings.seed} {self.url if self._server else 'not started'}>"

    def start(self) -> Self:
        """The sandbox itself, listening; nothing happens if it already does.

        Raises
        ------
        InputError
            If the port is taken.
        """
        with self._starting:
            if self._server is None:
                # Only now: tornado and asyncio take their time to import.
                from odb_nb.sandbox.server import LoopbackServer

                self._server = LoopbackServer(self._desk.answer, self.settings.port, self.clock)
        return self

    def close(self) -> None:
        """End the thread, close the socket and remove the temporary folder; a second time does nothing."""
        with self._starting:
            server, self._server = self._server, None
            if server is not None:
                server.close()
            if self._forget_folder is not None:
                self._forget_folder()
            self._folder = self._forget_folder = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where it listens, such as ``http://127.0.0.1:51234``, without the version segment."""
        if self._server is None:
            raise InputError("the sandbox is not started, so it has no url")
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def clock(self) -> Clock:
        """Its own time: ``now()`` and ``advance(seconds)``."""
        return self._tenant.clock

    @property
    def faults(self) -> Faults:
        """Faults on order: ``add(Fault(...))``, ``clear()``, and ``len()`` for how many may still strike."""
        return self._desk.faults

    @property
    def tenant_id(self) -> str:
        """The tenant's id, which follows from the seed."""
        return self._tenant.world.tenant_id

    @property
    def folder(self) -> Path:
        """A private temporary folder, made when first asked for and removed by `close`."""
        with self._starting:
            if self._folder is None:
                name = tempfile.mkdtemp(prefix="odb-nb-sandbox-")
                self._forget_folder = weakref.finalize(self, shutil.rmtree, name, True)
                self._folder = Path(name)
            return self._folder

    def token(self, *, permissions: Collection[str] | None = None, app_only: bool = False, roles: bool = True) -> str:
        """A bearer token for the imaginary admin Megan Bowen, or for an app alone; unsigned, of use only here.

        Parameters
        ----------
        permissions : collection of str, optional
            Names such as ``BackupRestore-Search.Read.All``; all that the toolkit uses by default.
        app_only : bool, default False
            An app without a signed-in user.
        roles : bool, default True
            Whether the admin is a SharePoint Backup Administrator.

        Raises
        ------
        InputError
            If a permission is not one of the backup API's.
        """
        if isinstance(permissions, str):
            raise InputError("permissions must be a collection of names, not one text")
        unknown = sorted(set(permissions or ()) - set(ALL_PERMISSIONS))
        if unknown:
            raise InputError(f"unknown permissions {', '.join(unknown)}; known: {', '.join(ALL_PERMISSIONS)}")
        return make_token(self._tenant.seeded, self.tenant_id, permissions=permissions, app_only=app_only, roles=roles)

    @property
    def drives(self) -> list[Drive]:
        """All drives, in the order in which they are listed."""
        with self._desk.lock:
            return list(self._tenant.world.drives)

    def points(self, drive_id: str, *, fast_only: bool = True) -> list[Point]:
        """The drive's restore points at the clock's present instant, newest first.

        Raises
        ------
        InputError
            If there is no such drive.
        """
        with self._desk.lock:
            drive = self._tenant.world.drive_by_id.get(drive_id)
            if drive is None:
                raise InputError(f"the sandbox has no drive {drive_id!r}")
            return list(self._tenant.points.of_drive(drive, self.clock.now(), fast=True if fast_only else None))

    def files(self, drive_id: str, restore_point_id: str) -> list[Item]:
        """Everything that the drive held at a restore point, with paths: breadth-first from the site on, by name.

        Raises
        ------
        InputError
            If there is no such drive, or no such point of it at the clock's present instant.
        """
        with self._desk.lock:
            drive = self._tenant.world.drive_by_id.get(drive_id)
            point = self._tenant.points.find(restore_point_id, self.clock.now())
            if drive is None or point is None or point.drive_id != drive_id:
                raise InputError(f"the sandbox has no restore point {restore_point_id!r} of a drive {drive_id!r}")
            return list(self._tenant.files.everything(drive, point.time))

    @property
    def sessions(self) -> list[SessionRecord]:
        """All OneDrive browse sessions ever opened, the expired ones too, by time of creation and id."""
        with self._desk.lock:
            return self._tenant.sessions.everything()

    def sessions_on(self, restore_point_id: str) -> list[SessionRecord]:
        """All browse sessions ever opened on this point, oldest first."""
        with self._desk.lock:
            return self._tenant.sessions.on_point(restore_point_id)

    def open_session(self, restore_point_id: str) -> SessionRecord:
        """Open a session as a colleague elsewhere would: into the books, without a request.

        Raises
        ------
        InputError
            If there is no such point, or it is not a ``fastRestore`` point.
        """
        with self._desk.lock:
            point = self._tenant.points.find(restore_point_id, self.clock.now())
            if point is None or not point.fast:
                raise InputError(f"{restore_point_id!r} is not a fastRestore point of the sandbox")
            return self._tenant.sessions.open(point, "colleague")

    @property
    def restores(self) -> list[RestoreRecord]:
        """All restore sessions as they are now, but deleted drafts, by time of creation and id."""
        with self._desk.lock:
            return self._tenant.restores.everything()

    @property
    def restored(self) -> list[ArtifactRecord]:
        """All items of activated restore sessions, those that fail too; nothing was ever written to a drive."""
        return [one for restore in self.restores if restore.activated for one in restore.artifacts]

    def open_restore(self, session_id: str, item_keys: Collection[str], *, activate: bool = True) -> RestoreRecord:
        """Restore items of a browse session to a new folder as a colleague elsewhere would: without a request.

        Raises
        ------
        InputError
            If there are none, or if one cannot be restored from that session.
        """
        with self._desk.lock:
            try:
                artifacts = [restore_bodies.find_artifact(self._tenant, session_id, key, "new") for key in item_keys]
                restore_bodies.check_together(artifacts)
            except Refusal as refusal:
                raise InputError(refusal.message) from refusal
            if not artifacts:
                raise InputError("item_keys is empty, so there is nothing to restore")
            draft = self._tenant.restores.open(artifacts, "fail", "colleague", self.clock.now())
            return self._tenant.restores.activate(draft, self.clock.now()) if activate else draft

    @property
    def requests(self) -> list[RequestRecord]:
        """All requests so far, in the order of arrival; without headers and tokens."""
        with self._desk.lock:
            return list(self._tenant.watch.requests)

    @property
    def complaints(self) -> list[str]:
        """What clients did wrong: impatience, next links made up or put together anew, second live sessions on a point,
        second restores and activations, writes repeated without a look after a lost answer."""
        with self._desk.lock:
            return list(self._tenant.watch.complaints)

    def count(self, operation: str) -> int:
        """How many requests for this operation came.

        Raises
        ------
        InputError
            If there is no such operation.
        """
        if operation not in OPERATIONS:
            raise InputError(f"unknown operation {operation!r}; one of {', '.join(sorted(OPERATIONS))}")
        with self._desk.lock:
            return self._tenant.watch.counts[operation]

    @staticmethod
    def coverage() -> list[dict[str, str]]:
        """What the sandbox does and how that is known: one row per behaviour.

        Returns
        -------
        list of dict
            ``operation``, ``behaviour``, ``basis`` (``documented``, ``observed``, ``assumed``), ``source``.
        """
        return [behaviour._asdict() for module in _DECLARING for behaviour in module.BEHAVIOURS]
