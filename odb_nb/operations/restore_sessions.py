"""Restore sessions: draft one, set it going, delete a draft, list them and what they restore. One request each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgraph.generated.models.granular_drive_restore_artifact import GranularDriveRestoreArtifact
from msgraph.generated.models.one_drive_for_business_restore_session import OneDriveForBusinessRestoreSession

from odb_nb.auth import comparable
from odb_nb.errors import AuthError, GraphError, OutcomeUnknownError
from odb_nb.transport import Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from odb_nb.pacing import Deadline
    from odb_nb.plans import PlannedItem
    from odb_nb.replies import Answer
    from odb_nb.transport import Transport

DRAFT = "draft"
OVER = ("succeeded", "failed")  # of artifacts; what else there is may still change
GRANULAR = "granular"

_CONFLICT = "@microsoft.graph.conflictBehavior"
_NO_PLACE = ("", None)
_NEVER = "0001-01-01"  # what a time is before there is one, going by samples


async def draft(transport: Transport, items: Iterable[PlannedItem], deadline: Deadline) -> Answer:
    """POST a restore session of these items; nothing is restored before it is activated, so it may be repeated.

    The items are of one request of a plan: one drive, one destination, one rule for conflicts.
    """
    planned = list(items)
    first = planned[0]
    # in place, and rules for conflicts, are beta's; v1.0 is sent neither
    place = {"destinationType": first.destination} if first.is_in_place else {}
    rule = {_CONFLICT: first.conflict} if first.conflict != "fail" else {}
    body = OneDriveForBusinessRestoreSession(
        granular_drive_restore_artifacts=[
            GranularDriveRestoreArtifact(
                id=item.item_key, browse_session_id=item.session_id, additional_data=dict(place)
            )
            for item in planned
        ],
        additional_data=dict(rule),
    )
    sessions = transport.backup.one_drive_for_business_restore_sessions
    return await transport.write(Request(sessions.to_post_request_information(body)), deadline)


async def activate(transport: Transport, session_id: str, deadline: Deadline) -> None:
    """Set a draft going. Sent twice it restores once: what is no draft any more is refused."""
    item = transport.backup.restore_sessions.by_restore_session_base_id(session_id)
    answer = await transport.write(Request(item.activate.to_post_request_information()), deadline)
    if comparable(answer.json["id"]) != comparable(session_id):
        raise OutcomeUnknownError("sent, but the answer is of another session", request_id=answer.request_id)


async def delete(transport: Transport, session_id: str, deadline: Deadline) -> None:
    """Delete a draft; once that is done nothing can set it going any more."""
    item = transport.backup.restore_sessions.by_restore_session_base_id(session_id)
    await transport.write(Request(item.to_delete_request_information()), deadline, expect=None)


async def find(transport: Transport, session_id: str, deadline: Deadline) -> dict[str, Any] | None:
    """One restore session by its id; None where there is none, or none any more."""
    item = transport.backup.restore_sessions.by_restore_session_base_id(session_id)
    try:
        return (await transport.read(Request(item.to_get_request_information()), deadline, expect="id")).json
    except GraphError as exc:
        if is_not_there(exc):
            return None
        raise


async def listed(transport: Transport, deadline: Deadline) -> list[dict[str, Any]]:
    """Every restore session of OneDrive that the service shows us."""
    sessions = transport.backup.one_drive_for_business_restore_sessions
    return await transport.all_pages(Request(sessions.to_get_request_information()), deadline)


async def artifacts(transport: Transport, session_id: str, deadline: Deadline) -> list[dict[str, Any]] | None:
    """What a restore session restores, item by item; None where there is no such session, or none any more."""
    sessions = transport.backup.one_drive_for_business_restore_sessions
    item = sessions.by_one_drive_for_business_restore_session_id(session_id)
    try:
        rows = await transport.all_pages(
            Request(item.granular_drive_restore_artifacts.to_get_request_information()), deadline
        )
    except GraphError as exc:
        if is_not_there(exc):
            return None
        raise
    return [_plain(row) for row in rows]


def _plain(artifact: dict[str, Any]) -> dict[str, Any]:
    """An artifact without the placeholders of what has not happened yet."""
    plain = {
        name: value
        for name, value in artifact.items()
        if value not in _NO_PLACE and not (isinstance(value, str) and value.startswith(_NEVER))
    }
    if has_failed(plain) and not plain.get("error"):
        plain["error"] = {"message": "the service gives no reason; only beta does"}
    return plain


def has_failed(artifact: Mapping[str, Any]) -> bool:
    """True if the service says that this item was not restored."""
    return str(artifact.get("status")).casefold() == "failed"


def is_over(artifact: Mapping[str, Any]) -> bool:
    """True once waiting for it makes no sense."""
    return str(artifact.get("status")).casefold() in OVER


def is_draft(session: Mapping[str, Any] | None) -> bool:
    """True if nothing has set it going."""
    return session is not None and str(session.get("status")).casefold() == DRAFT


def is_going(session: Mapping[str, Any] | None) -> bool:
    """True if something has set it going; a session without a status shows neither that nor the contrary."""
    return session is not None and bool(session.get("status")) and not is_draft(session)


def is_not_there(exc: GraphError | AuthError) -> bool:
    """True for the answer that there is no such session; what is no id at all names none either."""
    return exc.status_code == 404 or exc.code == "InvalidRestoreSessionId"


def was_set_going_before(exc: GraphError | AuthError) -> bool:
    """True for the refusal to activate, change or delete what is no draft any more."""
    return exc.code == "RestoreSessionActionNotAllowed"


def must_wait(exc: GraphError) -> bool:
    """True for the refusal above so many active sessions: a 500 that passes, and that proves that nothing began."""
    return exc.code == "TooManyActiveRestoreSessions"
