"""Restores: plan them, do them, follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odb_nb import arguments, frames, plans
from odb_nb.client.connection import READ_DEADLINE_S, until
from odb_nb.client.items import ItemMethods
from odb_nb.errors import InputError
from odb_nb.notices import notify
from odb_nb.operations import restore_sessions
from odb_nb.operations.following import Follower
from odb_nb.operations.recorder import Recorder
from odb_nb.operations.reopen import Reopener
from odb_nb.operations.restore import RestoreRun
from odb_nb.operations.together import together

if TYPE_CHECKING:
    import pandas as pd

    from odb_nb.operations.following import Known
    from odb_nb.operations.restore import IfRestored
    from odb_nb.plans import Conflict
    from odb_nb.progress import Progress


class RestoreMethods(ItemMethods):
    """`plan_restore`, `restore_items`, `list_restores`, `wait_for_restore`."""

    def plan_restore(self, items: object, *, destination: str = "new", conflict: Conflict = "fail") -> pd.DataFrame:
        """The plan of a restore, to be looked at, edited and saved; nothing is written anywhere.

        Parameters
        ----------
        items : DataFrame
            Rows of a walk or of `browse`: files, and folders with all that is in them.
        destination : {"new", "inPlace"}
            A new folder in the drive, or where each item was; the latter in beta only.
        conflict : {"fail", "replace", "rename"}
            What happens in place when something of that name is there; other than ``fail`` in beta only.

        Returns
        -------
        pandas.DataFrame
            One row per item: ``item_key``, ``name``, ``type``, ``path`` (string), ``size_in_bytes`` (Int64),
            ``session_id``, ``restore_point_id``, ``drive_id``, ``destination``, ``conflict`` (string),
            ``request_number`` (Int64): rows of one number go in one request, at most 50 of one session, and v1.0 puts
            what is of one request into one new folder. ``attrs`` tell the ``requests``, and how many of the rows
            ``given`` were ``given_twice`` or lie ``within_folders`` that are restored anyway; both are left out.

        Raises
        ------
        InputError
            Rows that cannot be restored, or what v1.0 does not offer; nothing was sent.
        AuthError, GraphError

        References
        ----------
        Graph: ``POST /solutions/backupRestore/oneDriveForBusinessRestoreSessions`` is what the plan is for. To say
        which point each session is of, the sessions are listed once.
        """
        place, rule = plans.check_destination(destination, conflict, api_version=self._connection.api_version)
        rows = arguments.item_rows(items)
        session_ids = list(dict.fromkeys(row["session_id"] for row in rows))
        self._check_origin("session", session_ids)
        plans.make(rows, dict.fromkeys(session_ids, (None, None)), place, rule)  # so that a bad row sends nothing
        origins = self._run(lambda: self._origins(session_ids)) if rows else {}
        plan = plans.make(rows, origins, place, rule)
        if plan.attrs["within_folders"]:
            notify(f"{plan.attrs['within_folders']:,} items lie in folders of this plan and are restored with them")
        return plan

    async def _origins(self, session_ids: list[str]) -> dict[str, tuple[str | None, str | None]]:
        """Restore point and drive of each session, as far as known."""
        listed, _ = await self._look()
        by_id = {str(session.get("id")): session for session in listed}
        found = {}
        for session_id in session_ids:
            told = await self._told_of({**by_id.get(session_id, {}), "id": session_id})
            found[session_id] = told["restore_point_id"], told["drive_id"]
        return found

    def restore_items(
        self,
        plan: pd.DataFrame,
        *,
        wait: bool = False,
        timeout: float = 3600,
        progress: Progress = None,
        confirm: str | None = None,
        dry_run: bool = False,
        if_restored: IfRestored = "reuse",
    ) -> pd.DataFrame:
        """Restore what a plan says: one row per row of the plan, in its order, whatever happens.

        Running it again is safe: what an earlier run restored, or is restoring, is not restored again, also if that
        run was killed in the middle; what failed is tried again. A session of the plan that has expired is opened
        again on its restore point, and each key is looked for in it before anything is restored. Rows whose session is
        known to be of another point than they say are not restored.

        Parameters
        ----------
        plan : DataFrame
            From `plan_restore`, possibly edited, or read back from a file.
        wait : bool
            Also wait until each item is restored or has failed.
        timeout : float
            Seconds for the whole call.
        progress : None, False or callable
            See `create_sessions`.
        confirm : str, optional
            The tenant, typed out as the banner shows it: asked for where a plan replaces files in place.
        dry_run : bool
            Look, and say what would be done; nothing is restored and nothing is recorded.
        if_restored : {"reuse", "create"}
            What to do about an item that this journal has restored from the same point to the same destination: show
            that restore, or restore it once more.

        Returns
        -------
        pandas.DataFrame
            ``restore_session_id``, ``item_key``, ``name``, ``status`` (the service's own word: ``scheduling``,
            ``scheduled``, ``inProgress``, ``succeeded``, ``failed``), ``outcome`` (``created``, ``reused``, ``failed``,
            ``timed_out``, ``cancelled``, ``unknown``, ``planned``), ``restored_item_path``, ``restored_item_web_url``
            (string), ``start_date_time``, ``completion_date_time`` (datetime64[us, UTC]), ``error_code``,
            ``error_message`` (string). ``outcome`` is ``failed`` only where nothing was set going, and ``unknown``
            where this run or an earlier one may have: ``restore_session_id`` says in which session, and the next run
            looks. An item that the service could not restore is a row whose ``status`` is ``failed``; v1.0 gives no
            reason.

        Raises
        ------
        InputError
            A plan that cannot be used, or not confirmed; nothing was sent.
        AuthError
            Signing in failed; nothing was sent.
        JournalError
            The intent cannot be recorded; nothing was restored.

        References
        ----------
        Graph: ``POST /solutions/backupRestore/oneDriveForBusinessRestoreSessions``, then
        ``POST /solutions/backupRestore/restoreSessions/{id}/activate``; at most 50 items a request and 25 active
        sessions, for which it waits.
        """
        items = plans.read(plan, api_version=self._connection.api_version)
        seconds = arguments.seconds(timeout, "timeout")
        arguments.one_of(if_restored, ("reuse", "create"), "if_restored")
        self._check_origin("session", [item.session_id for item in items])
        self._check_origin("restore point", [item.restore_point_id for item in items if item.restore_point_id])
        if plans.replaces(items) and not dry_run:
            self._check_confirmed(confirm)
        run: RestoreRun | None = None
        self._keep(lambda: frames.of_restore(items, run.so_far() if run else {}, unsettled=None))
        with self._reporting(progress, "items") as report:

            async def work() -> None:
                nonlocal run
                recorder = Recorder(self._opened_journal())
                reopener = Reopener(self._transport, recorder, self._look_up)
                deadline = self._transport.deadline(seconds)
                run = RestoreRun(self._transport, recorder, items, if_restored, dry_run, deadline, report, reopener)
                await run.run()
                if not dry_run:
                    await run.follow(until_over=wait)

            try:
                if items:
                    self._run(work)
            finally:
                frame = frames.of_restore(items, run.so_far() if run else {}, unsettled="cancelled")
                self._keep(lambda: frame)
        return frame

    def list_restores(self) -> pd.DataFrame:
        """Every item of every restore session that the service shows, newest session first.

        Returns
        -------
        pandas.DataFrame
            One row per item with the columns of `restore_items`; ``outcome`` is null, ``name`` is the last part of its
            address. A restore of whole drives is one row without an item, with the session's own status.

        Raises
        ------
        AuthError, GraphError

        References
        ----------
        Graph: ``GET /solutions/backupRestore/oneDriveForBusinessRestoreSessions``, and for each of them
        ``GET .../granularDriveRestoreArtifacts``.
        """

        async def work() -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
            deadline = self._transport.deadline(READ_DEADLINE_S)
            listed = await restore_sessions.listed(self._transport, deadline)
            found: dict[str, list[dict[str, Any]]] = {}

            async def ask(session_id: str) -> None:
                found[session_id] = await restore_sessions.artifacts(self._transport, session_id, deadline) or []

            ids = [id_ for session in listed if isinstance(id_ := session.get("id"), str) and id_.strip(".")]
            await together(ask(id_) for id_ in ids)
            return listed, found

        return frames.of_restores_listed(*self._run(work))

    def wait_for_restore(
        self, restores: pd.DataFrame, *, timeout: float = 3600, progress: Progress = None
    ) -> pd.DataFrame:
        """The same restores once each item is restored or has failed, or as they are when the time is up.

        Parameters
        ----------
        restores : DataFrame
            From `restore_items` or `list_restores`. Rows without a restore session pass through as they are.
        timeout : float
            Seconds to wait at most.
        progress : None, False or callable
            See `create_sessions`.

        Returns
        -------
        pandas.DataFrame
            One row per row given, in that order, with the columns of `restore_items`; ``outcome`` is ``timed_out``
            where an item is not over yet, ``unknown`` where the service knows its restore no more, else what it was.

        Raises
        ------
        InputError
            Not a frame of restores; nothing was sent.
        AuthError, GraphError
        """
        seconds = arguments.seconds(timeout, "timeout")
        rows = arguments.restore_rows(restores)
        known: Known = {}
        for row in rows:
            if row["restore_session_id"] and row["item_key"]:
                known.setdefault(row["restore_session_id"], {})[row["item_key"]] = {}
        with self._reporting(progress, "items restored") as report:

            async def work() -> None:
                deadline = self._transport.deadline(seconds)
                with until(deadline):
                    await Follower(self._transport, deadline, report).follow(known, until_over=True)

            is_cut_off = True
            try:
                if known:
                    self._run(work)
                is_cut_off = False
            finally:
                frame = frames.of_restore_wait(rows, known, is_cut_off=is_cut_off)
                self._keep(lambda: frame)
        return frame

    def _check_confirmed(self, confirm: str | None) -> None:
        banner = self._connection.banner()
        tenant = banner.tenant or banner.host
        if not isinstance(confirm, str) or confirm.strip().casefold() != tenant.casefold():
            raise InputError(
                f"this plan replaces files in place, which cannot be taken back; to go on, type the tenant out: "
                f"restore_items(plan, confirm={tenant!r})"
            )
