"""Looking inside sessions: one place, or everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odb_nb import arguments, tables
from odb_nb.client.connection import READ_DEADLINE_S, ConnectedClient
from odb_nb.columns import parsed
from odb_nb.errors import InputError
from odb_nb.notices import notify
from odb_nb.operations import matching
from odb_nb.operations.items import OPENED, TOP, Items, OrderBy, Place, Walk, pages_of, session_to_browse

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import pandas as pd

    from odb_nb.columns import Table
    from odb_nb.progress import Progress

WALK_DEADLINE_S = 6 * 3600.0
MOST_AT_ONCE = 32


class ItemMethods(ConnectedClient):
    """`browse` and `walk`."""

    def browse(
        self,
        session: object,
        item_key: object = None,
        *,
        contains: str | None = None,
        order_by: OrderBy | None = None,
    ) -> pd.DataFrame:
        """Items of one place in a session: all of them, whatever the service's page size.

        Parameters
        ----------
        session : DataFrame, Series or str
            One session of ours, or its id.
        item_key : str or DataFrame of one row, optional
            A site, library or folder, by its key or as its row of an items frame; without it, the top of the session.
        contains : str, optional
            Only items whose name holds this text; the service decides about letters (our sandbox ignores their case).
            Items in the place itself, not in folders below it.
        order_by : {"nameAsc", "nameDsc", "pathAsc", "pathDsc"}, optional
            The service's own order otherwise.

        Returns
        -------
        pandas.DataFrame
            One row per item: ``session_id``, ``item_key``, ``name``, ``type`` (``site``, ``documentLibrary``,
            ``folder``, ``file``), ``path`` (string), ``depth`` (Int64), ``parent_key`` (string), ``size_in_bytes``,
            ``items_count`` (Int64), ``web_url`` (string; the live address). In beta also ``created_date_time``,
            ``created_by``, ``last_modified_date_time``, ``last_modified_by``; v1.0 has no dates of files. ``path``
            starts at the library; it and ``depth`` are null where only a key was given that this client has not seen.

        Raises
        ------
        InputError
            Not one session, one that is still being created or has failed, a file, a text that cannot be searched for.
        GraphError
            404: the session has expired, or has nothing with this key.
        AuthError, NoReplyError, ThrottledError

        References
        ----------
        Graph: ``POST /solutions/backupRestore/browseSessions/{id}/browse``, further pages by GET.

        Examples
        --------
        >>> import odb_nb as odb
        >>> with odb.connect() as client:
        ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=1)
        ...     session = client.create_session(points, wait=True)
        ...     client.browse(session)["type"].tolist()
        ['site']
        """
        session_id = self._one_session(session)
        place = self._place(session_id, item_key)
        if contains is not None:
            arguments.search_text(contains, "contains")
        if order_by is not None:
            arguments.one_of(order_by, ("nameAsc", "nameDsc", "pathAsc", "pathDsc"), "order_by")
        items = Items(self._items_table, session_id)
        take = items.listing(place)

        async def work() -> None:
            deadline = self._transport.deadline(READ_DEADLINE_S)
            pages = pages_of(
                self._transport, session_id, place, deadline, contains=contains, order_by=order_by
            )  # fmt: skip
            async for page in pages:
                take(page)

        self._run(work)
        frame = self._items_table.of_columns(items.columns(place.key))
        self._memory.learn_places(frame)
        return frame

    def walk(
        self,
        session: object,
        *,
        max_depth: int | None = None,
        max_concurrency: int = 8,
        progress: Progress = None,
    ) -> pd.DataFrame:
        """Every item of a session, with its path.

        Parameters
        ----------
        session : DataFrame, Series or str
            One session of ours, or its id.
        max_depth : int, optional
            Items no deeper than this: 0 the site, 1 its libraries, 2 what lies in them, and so on.
        max_concurrency : int
            How many places are listed at once, 1 to 32.
        progress : None, False or callable
            See `create_sessions`; `total` is what the places found so far have announced.

        Returns
        -------
        pandas.DataFrame
            One row per item with the columns of `browse`, breadth-first. ``frame.attrs`` say what was walked:
            ``session_id``, ``restore_point_id``, ``restore_point_date_time``, ``drive_id``, ``display_name`` (None
            where not known), ``items`` (rows), ``as_of``, and how far that can be trusted: ``complete``, ``not_listed``
            (keys of places that could not be listed), ``counts_differ`` (keys of places that hold another number of
            items than the service announced). After an interrupt the rows so far are in ``last_result``.

        Raises
        ------
        InputError
            Not one session, one that is still being created or has failed.
        GraphError
            404: the session has expired. Or the service fails at place after place.
        AuthError, NoReplyError, ThrottledError

        Warns
        -----
        UserWarning
            Some places could not be listed; the others are all there.

        References
        ----------
        Graph: ``POST /solutions/backupRestore/browseSessions/{id}/browse``, further pages by GET; about one request
        for each folder and for each ten items more in it.

        Examples
        --------
        >>> import odb_nb as odb
        >>> with odb.connect() as client:
        ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=1)
        ...     walk = client.walk(client.create_session(points, wait=True), max_depth=1)
        ...     walk[["path", "type"]].values.tolist()
        [['', 'site'], ['Documents', 'documentLibrary']]
        """
        if max_depth is not None:
            arguments.whole_number(max_depth, "max_depth", least=0, most=100_000)
        arguments.whole_number(max_concurrency, "max_concurrency", least=1, most=MOST_AT_ONCE)
        session_id = self._one_session(session)
        return self._walk(session_id, max_depth=max_depth, at_once=max_concurrency, progress=progress)

    def _walk(
        self,
        session_id: str,
        *,
        max_depth: int | None = None,
        at_once: int = 8,
        opens: Callable[[str], bool] | None = None,
        progress: Progress = None,
    ) -> pd.DataFrame:
        """Walk a session, or only the places that `opens` picks by their paths."""
        told: dict[Hashable, Any] = {"session_id": session_id}
        walk: Walk | None = None

        def so_far() -> pd.DataFrame:
            return self._items_frame(walk, told)

        self._keep(so_far)
        with self._reporting(progress, "items") as report:

            async def work() -> None:
                nonlocal walk
                deadline = self._transport.deadline(WALK_DEADLINE_S)
                session = await session_to_browse(self._transport, session_id, deadline)
                told.update(await self._told_of(session))
                walk = Walk(
                    self._transport, session_id, Items(self._items_table, session_id), deadline, report,
                    max_depth, at_once, opens or (lambda _: True),
                )  # fmt: skip
                await walk.run()

            self._run(work)
        frame = so_far()
        self._keep(lambda: frame)
        self._memory.learn_places(frame)
        if walk and walk.not_listed:
            notify(f"{len(walk.not_listed)} places of session {session_id} could not be listed, so this walk is not "
                   'complete; their keys are in frame.attrs["not_listed"]')  # fmt: skip
        return frame

    def _items_frame(self, walk: Walk | None, told: dict[Hashable, Any]) -> pd.DataFrame:
        empty = Items(self._items_table, str(told["session_id"]))
        frame = self._items_table.of_columns((walk.items if walk else empty).columns())
        now = self._transport.now
        frame.attrs = {
            **told,
            "items": len(frame),
            "complete": bool(walk and walk.is_complete),
            "not_listed": list(walk.not_listed) if walk else [],
            "counts_differ": list(walk.counts_differ) if walk else [],
            "as_of": now.isoformat() if now else None,
        }
        return frame

    async def _told_of(self, session: dict[str, Any]) -> dict[str, Any]:
        """Which point and drive a session is of, as far as the service, the journal or what was listed tell."""
        session_id = str(session.get("id"))
        taken = parsed(session.get("restorePointDateTime"))
        points = self._memory.taken_at(taken)
        ties = await self._point_of_session()
        matches = matching.match(points, [session], ties)
        point_id = next(iter(matches), None)
        point = self._memory.completed(arguments.RestorePoint(point_id)) if point_id else None
        return {
            "session_id": session_id,
            "restore_point_id": point_id,
            "restore_point_date_time": taken.isoformat() if taken else None,
            "drive_id": point and point.drive_id,
            "display_name": point and point.display_name,
        }

    @property
    def _items_table(self) -> Table:
        return tables.BETA_ITEMS if self._connection.api_version == "beta" else tables.ITEMS

    def _one_session(self, session: object) -> str:
        ids = arguments.session_ids(session)
        if len(ids) != 1:
            raise InputError(f"expected one session, got {len(ids)}; look into one after the other")
        self._check_origin("session", ids)
        return ids[0]

    def _place(self, session_id: str, given: object) -> Place:
        """The place that a key names, with what is known of it; a file is none."""
        if given is None:
            return TOP
        row = arguments.one_item(given)
        known = {**(self._memory.place(session_id, row["item_key"]) or {}), **row}
        place = Place(known["item_key"], known.get("type"), known.get("path"), known.get("depth"))
        if place.type is not None and place.type not in OPENED:
            raise InputError(
                f"{known.get('path') or place.key!r:.200} is a {place.type}, which has nothing inside; "
                f"what can be opened: {', '.join(OPENED)}"
            )
        return place
