"""Drafts of restores: make one, set it going, or make sure that it never goes. Each may be called again.

A draft restores nothing, so one more does no harm. The service refuses to set going what is no draft any more, and to
delete it, so both requests may be repeated, and what a session is tells what became of a lost one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb.errors import AuthError, GraphError, OutcomeUnknownError
from odb_nb.operations import restore_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odb_nb.pacing import Deadline
    from odb_nb.plans import PlannedItem
    from odb_nb.transport import Transport

MOST_SENDS = 3
ABSENCES = 2
PAUSE_FIRST_S = 2.0
PAUSE_MOST_S = 30.0


async def was_set_going(transport: Transport, session_id: str, deadline: Deadline) -> bool:
    """Settle it for good: a draft is deleted, so that no request on its way can set it going any more.

    Not by looking alone, which may lag: only what cannot be found by two deletes some seconds apart is not there.
    """
    pause_s, absences = PAUSE_FIRST_S, 0
    while True:
        if restore_sessions.is_going(await restore_sessions.find(transport, session_id, deadline)):
            return True
        try:
            await restore_sessions.delete(transport, session_id, deadline)
            return False
        except (GraphError, AuthError) as exc:
            if restore_sessions.was_set_going_before(exc):
                return True
            absences += restore_sessions.is_not_there(exc)
            if absences >= ABSENCES:
                return False
            may_pass = restore_sessions.is_not_there(exc) or isinstance(exc, OutcomeUnknownError)
            if not may_pass or not await deadline.pause(pause_s):
                raise
        pause_s = min(PAUSE_MOST_S, pause_s * 2)


async def drafted(transport: Transport, items: Sequence[PlannedItem], deadline: Deadline) -> str:
    """A draft's id. A lost answer may leave a draft behind, which restores nothing."""
    for attempt in range(1, MOST_SENDS + 1):
        try:
            return str((await restore_sessions.draft(transport, items, deadline)).json["id"])
        except OutcomeUnknownError:
            if attempt == MOST_SENDS or not await deadline.pause(PAUSE_FIRST_S * attempt):
                raise
    raise AssertionError("unreachable")


async def set_going(transport: Transport, session_id: str, deadline: Deadline) -> None:
    """Set the draft going, however often that takes.

    Raises
    ------
    AuthError, GraphError
        It did not go as far as we know; `was_set_going` settles that.
    """
    pause_s, lost = PAUSE_FIRST_S, 0
    while True:
        try:
            await restore_sessions.activate(transport, session_id, deadline)
            return
        except OutcomeUnknownError as exc:
            lost += not restore_sessions.must_wait(exc)
            if restore_sessions.is_going(await restore_sessions.find(transport, session_id, deadline)):
                return
            if lost >= MOST_SENDS or not await deadline.pause(pause_s):
                raise
        except (GraphError, AuthError) as exc:
            if restore_sessions.was_set_going_before(exc):
                return
            raise
        pause_s = min(PAUSE_MOST_S, pause_s * 2)
