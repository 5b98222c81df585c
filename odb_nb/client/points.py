"""Drives and their restore points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb import arguments, tables
from odb_nb.client.connection import READ_DEADLINE_S, ConnectedClient
from odb_nb.errors import InputError
from odb_nb.operations import drives as drive_units
from odb_nb.operations import hunt

if TYPE_CHECKING:
    import pandas as pd

    from odb_nb.progress import Progress

HUNT_DEADLINE_S = 3600.0


class PointMethods(ConnectedClient):
    """`list_drives` and `list_restore_points`."""

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
        found = self._run(lambda: drive_units.list_drives(self._transport, self._transport.deadline(READ_DEADLINE_S)))
        self._memory.learn_drives(found)
        self._note_origin(found)
        return tables.DRIVES.frame(drive_units.matching(found, search))

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
            point in the window have no row; their ids are in ``frame.attrs["drives_without_points"]``. After an
            interrupt the rows so far are in ``last_result``; its ``attrs["drives_not_finished"]`` are the drives of
            which points may be missing.

        Raises
        ------
        InputError
            Drives or times that cannot be used, or drives of another tenant; nothing was sent.
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
        self._check_origin("drive", ids)
        self._memory.learn_drive_frame(drives)
        search: hunt.Hunt | None = None

        def so_far() -> pd.DataFrame:
            return self._points_frame(ids, search)

        self._keep(so_far)
        with self._reporting(progress, "restore points") as report:

            async def work() -> None:
                nonlocal search
                deadline = self._transport.deadline(HUNT_DEADLINE_S)
                search = hunt.Hunt(
                    self._transport, deadline, report, start=begin, end=finish, fast_only=fast_only, limit=limit
                )
                await search.run(ids)

            self._run(work)
        frame = so_far()
        self._keep(lambda: frame)
        self._memory.learn_points(arguments.restore_points(frame))
        return frame

    def _points_frame(self, drive_ids: list[str], search: hunt.Hunt | None) -> pd.DataFrame:
        found = search.so_far() if search else {}
        points = [self._memory.with_drive(point) for id_ in drive_ids for point in found.get(id_, ())]
        self._note_origin(points)
        frame = tables.RESTORE_POINTS.frame(points)
        unfinished = [id_ for id_ in drive_ids if not (search and search.is_done(id_))]
        empty = [id_ for id_ in drive_ids if not found.get(id_)]
        frame.attrs["drives_without_points"] = [] if unfinished else empty
        if unfinished:
            frame.attrs["drives_not_finished"] = unfinished
        return frame
