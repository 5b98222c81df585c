"""Browse sessions: list them, get one, open one, wait until they are ready."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from msgraph.generated.models.one_drive_for_business_browse_session import OneDriveForBusinessBrowseSession

from odb_nb.errors import GraphError, advised
from odb_nb.transport import Request
from odb_nb.words import counts_in_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from odb_nb.pacing import Deadline
    from odb_nb.progress import Report
    from odb_nb.replies import Answer
    from odb_nb.transport import Transport

SETTLED = ("created", "failed")
GONE = {"code": "itemNotFound", "message": "the session is gone: expired, or deleted"}

_KIND = "oneDriveForBusinessBrowseSession"
_POLL_FIRST_S = 1.0
_POLL_GROWTH = 1.5
_POLL_MOST_S = 15.0


async def list_sessions(transport: Transport, deadline: Deadline) -> list[dict[str, Any]]:
    """Every OneDrive browse session that the service shows us, all pages.

    Nothing documented keeps sessions of other kinds out of this list. One of a SharePoint site may have the very
    time, site and point id that tie sessions to our points, so whatever says it is of another kind ends here.
    """
    sessions = transport.backup.one_drive_for_business_browse_sessions
    listed = await transport.all_pages(Request(sessions.to_get_request_information()), deadline)
    return [session for session in listed if _is_of_onedrive(session)]


def _is_of_onedrive(session: Mapping[str, Any]) -> bool:
    """True unless its type says otherwise; the documented list has no type, since its items have but one."""
    kind = session.get("@odata.type")
    return not kind or str(kind).rpartition(".")[2].casefold() == _KIND.casefold()


async def get_session(transport: Transport, session_id: str, deadline: Deadline) -> Answer:
    """One session by its id."""
    sessions = transport.backup.one_drive_for_business_browse_sessions
    item = sessions.by_one_drive_for_business_browse_session_id(session_id)
    try:
        return await transport.read(Request(item.to_get_request_information()), deadline, expect="id")
    except GraphError as exc:
        if exc.status_code == 404:
            raise advised(exc, "open its restore point again with create_sessions") from None
        raise


async def find_session(transport: Transport, session_id: str, deadline: Deadline) -> dict[str, Any] | None:
    """One session by its id; None where there is none, or none any more."""
    try:
        return (await get_session(transport, session_id, deadline)).json
    except GraphError as exc:
        if exc.status_code == 404:
            return None
        raise


async def open_session(
    transport: Transport, restore_point_id: str, client_request_id: str, deadline: Deadline
) -> Answer:
    """POST one create; see `Transport.write` for what its errors prove."""
    sessions = transport.backup.one_drive_for_business_browse_sessions
    body = OneDriveForBusinessBrowseSession(restore_point_id=restore_point_id)
    request = Request(sessions.to_post_request_information(body), client_request_id)
    return await transport.write(request, deadline)


async def wait_until_settled(
    transport: Transport,
    known: dict[str, dict[str, Any]],
    deadline: Deadline,
    report: Report,
) -> None:
    """Refresh the sessions in `known`, in place, until none is being created or the deadline comes.

    One list request serves them all; the pauses between lists grow. A session that is in none of two lists running
    is asked for by its id, and if it is gone, says so in its `error`.
    """
    missed: set[str] = set()
    pause_s = _POLL_FIRST_S
    while True:
        listed = {str(session.get("id")): session for session in await list_sessions(transport, deadline)}
        absent = {id_ for id_, session in known.items() if id_ not in listed and not is_over(session)}
        known.update({id_: listed[id_] for id_ in known.keys() & listed.keys()})
        for id_ in sorted(absent & missed):
            known[id_] = await find_session(transport, id_, deadline) or {"id": id_, **known[id_], "error": GONE}
        missed = absent
        waiting = {id_ for id_, session in known.items() if not is_over(session)}
        statuses = Counter(str(session.get("status", "not seen yet")) for session in known.values())
        report(len(known) - len(waiting), len(known), counts_in_words(statuses))
        if not waiting or not await deadline.pause(pause_s):
            return
        pause_s = min(_POLL_MOST_S, pause_s * _POLL_GROWTH)


def is_over(session: Mapping[str, Any]) -> bool:
    """True once waiting for it makes no sense: settled, or gone. A word we do not know may still change."""
    error = session.get("error")
    has_error = isinstance(error, dict) and bool(error.get("code") or error.get("message"))
    return str(session.get("status")).casefold() in SETTLED or has_error
