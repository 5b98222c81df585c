"""Browse sessions of a plan that are gone by now: opened again on their restore points, their keys checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from odb_nb.arguments import RestorePoint
from odb_nb.auth import comparable
from odb_nb.errors import InputError, OdbError
from odb_nb.operations.create import CreateRun
from odb_nb.operations.items import Items, Walk
from odb_nb.operations.matching import has_failed, is_live
from odb_nb.operations.results import wait_for_results
from odb_nb.operations.sessions import SETTLED, list_sessions
from odb_nb.plans import folders_on_the_way
from odb_nb.tables import ITEMS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from odb_nb.journal import Ties
    from odb_nb.operations.recorder import Recorder
    from odb_nb.operations.results import Result
    from odb_nb.pacing import Deadline
    from odb_nb.plans import PlannedItem
    from odb_nb.transport import Transport

_AT_ONCE = 8


@dataclass
class Reopener:
    """Gives each item of a plan a browse session that can be restored from, or an error that says why not."""

    transport: Transport
    recorder: Recorder
    look_up: Callable[[str, Deadline], Any]

    async def __call__(self, items: Sequence[PlannedItem], deadline: Deadline) -> list[PlannedItem | OdbError]:
        """One answer per item, in their order; a session that is still there needs no more than one list for all."""
        listed = {str(session.get("id")): session for session in await list_sessions(self.transport, deadline)}
        ties = await self.recorder.call(self.recorder.journal.ties)
        checked: dict[PlannedItem, PlannedItem | OdbError] = {
            item: _at_odds(item, listed.get(item.session_id, {}).get("restorePointId"), ties) or item for item in items
        }
        gone = [one for one in items if checked[one] is one and not self._is_ready(listed.get(one.session_id))]
        if not gone:
            return list(checked.values())
        points = dict.fromkeys(item.restore_point_id for item in gone if item.restore_point_id)
        opened = await self._open(list(points), deadline)
        sessions: dict[str, str | OdbError] = {
            point_id: self._usable(point_id, result) for point_id, result in opened.items()
        }
        for session_id in dict.fromkeys(item.session_id for item in gone):
            of_session = [item for item in gone if item.session_id == session_id]
            checked |= await self._checked(of_session, sessions, deadline)
        return [checked[item] for item in items]

    def _is_ready(self, session: dict[str, Any] | None) -> bool:
        return (
            session is not None
            and is_live(session, self.transport.now)
            and str(session.get("status")).casefold() in SETTLED
        )

    async def _open(self, point_ids: list[str], deadline: Deadline) -> dict[str, Result]:
        run = CreateRun(
            self.transport, self.recorder, [RestorePoint(id_) for id_ in point_ids], if_exists="reuse", dry_run=False,
            max_concurrency=_AT_ONCE, deadline=deadline, report=_quietly, look_up=self.look_up,
        )  # fmt: skip
        await run.run()
        await wait_for_results(self.transport, run.results, deadline, _quietly)
        return run.results

    def _usable(self, point_id: str, result: Result) -> str | OdbError:
        if result.error is not None:
            return result.error
        session = result.session
        if has_failed(session) or str(session.get("status")).casefold() not in SETTLED:
            return InputError(
                f"the session of this plan is gone, and one opened again on restore point {point_id} is "
                f"{session.get('status')}; run the same call again, or plan from another point"
            )
        return str(session["id"])

    async def _checked(
        self, items: list[PlannedItem], sessions: dict[str, str | OdbError], deadline: Deadline
    ) -> dict[PlannedItem, PlannedItem | OdbError]:
        first = items[0]
        session = sessions.get(first.restore_point_id or "") or InputError(
            f"session {first.session_id} is gone and its restore point is not known, so it cannot be opened again; "
            "open a session, walk it and make the plan anew"
        )
        if isinstance(session, OdbError):
            return dict.fromkeys(items, session)
        try:
            found = await self._keys_in(session, items, deadline)
        except InputError as exc:  # it cannot be looked into after all
            return dict.fromkeys(items, exc)
        return {
            item: replace(item, session_id=session)
            if item.item_key in found
            else InputError(
                f"{item.label!r} is not in session {session}, opened again on its restore point in place of "
                f"{item.session_id}; nothing was restored for it. Walk that session and plan anew"
            )
            for item in items
        }

    async def _keys_in(self, session_id: str, items: list[PlannedItem], deadline: Deadline) -> set[str]:
        """Keys of the places in which the items ought to be; of the whole session if a path is not known."""
        on_the_way = folders_on_the_way(items)
        found = Items(ITEMS, session_id)
        walk = Walk(
            self.transport, session_id, found, deadline, _quietly, None, _AT_ONCE,
            opens=lambda path: on_the_way is None or path in on_the_way,
        )  # fmt: skip
        await walk.run()
        return {str(key) for key in found.columns()["item_key"]}


def _at_odds(item: PlannedItem, told: object, ties: Ties) -> InputError | None:
    """The error of an item whose session is known to be of another point than the plan says, by the service or us."""
    known = str(told or ties.point_of_session.get(item.session_id) or item.restore_point_id)
    if item.restore_point_id is None or comparable(known) == comparable(item.restore_point_id):
        return None
    return InputError(
        f"{item.label!r}: the plan says restore point {item.restore_point_id}, and its session {item.session_id} is of "
        f"{known}; nothing was restored for it. Plan anew from a walk of the point that is meant"
    )


def _quietly(done: int, total: int, note: str) -> None:
    del done, total, note
