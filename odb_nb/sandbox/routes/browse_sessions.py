"""Browse sessions: create, list, get; deleting and changing them is not allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.clock import stamp
from odb_nb.sandbox.messages import Refusal, context, ok
from odb_nb.sandbox.routes.bodies import read_body
from odb_nb.sandbox.routes.route import Route
from odb_nb.sandbox.routes.service import refuse_when_locked
from odb_nb.sandbox.sessions import SiteSession

if TYPE_CHECKING:
    from odb_nb.sandbox.messages import Answer, Call
    from odb_nb.sandbox.sessions import SessionRecord
    from odb_nb.sandbox.tenant import Tenant

# What the first public sample of the create sent, all of it made by the service; see the page of 2025-09-23.
_OLD_SAMPLE = frozenset(
    {"status", "expirationDateTime", "restorePointDateTime", "backupSizeInBytes", "error", "directoryObjectId"}
)
_ODATA_TYPE = {"@odata.type": "#microsoft.graph.oneDriveForBusinessBrowseSession"}
_SITE_TYPE = {"@odata.type": "#microsoft.graph.sharePointBrowseSession"}

BEHAVIOURS = (
    documented("create_session", "201 with the session; the body is restorePointId", "B-create"),
    assumed("create_session", "properties of the old sample body are ignored, others refused with 400", "B-create"),
    documented("create_session", "a point without fastRestore cannot be browsed", "BS-base"),
    assumed("create_session", "no, an unknown or an unsuitable point: 400 InvalidRestorePoint"),
    documented("list_sessions", "/browseSessions lists all kinds, each with its @odata.type", "BS-list"),
    documented("list_sessions", "no query options", "B-list"),
    documented("get_session", "/oneDriveForBusinessBrowseSessions/{id}", "B-get"),
    assumed("get_session", "/browseSessions/{id} works too", "new-sdk"),
    assumed("get_session", "a SharePoint session is none of /oneDriveForBusinessBrowseSessions/{id}: 404"),
    assumed("unknown", "DELETE and PATCH of a session: 405 notAllowed"),
)


def _as_json(tenant: Tenant, session: SessionRecord) -> dict[str, Any]:
    status = session.status(tenant.clock.now())
    shown: dict[str, Any] = {
        "id": session.id,
        "status": status,
        "restorePointDateTime": stamp(session.restore_point_time),
        "createdDateTime": stamp(session.created),
        "expirationDateTime": stamp(session.expires),
        "directoryObjectId": session.directory_object_id,
    }
    if tenant.settings.echo_restore_point_id:
        shown["restorePointId"] = session.restore_point_id
    if status == "failed":
        message = "The session could not be prepared."
        shown["error"] = {"code": "ArtifactCannotBeRestored", "message": message, "details": []}
    else:
        shown["backupSizeInBytes"] = str(session.size_in_bytes)
    return shown


def _site_as_json(session: SiteSession) -> dict[str, Any]:
    alike = {"directoryObjectId": session.directory_object_id, "restorePointId": session.restore_point_id}
    return {
        **_SITE_TYPE,
        "id": session.id,
        "status": "created",
        "restorePointDateTime": stamp(session.restore_point_time),
        "createdDateTime": stamp(session.created),
        "expirationDateTime": stamp(session.expires),
        "backupSizeInBytes": "0",
        "siteId": session.site_id,
        **{name: value for name, value in alike.items() if value is not None},
    }


def create(tenant: Tenant, call: Call) -> Answer:
    refuse_when_locked(tenant)
    body = read_body(call.body, frozenset({"restorePointId"}), ignored=_OLD_SAMPLE)
    point_id = body.get("restorePointId")
    if not isinstance(point_id, str) or not point_id:
        raise Refusal(400, "InvalidRestorePoint", "restorePointId is missing, empty or not a text.")
    point = tenant.points.find(point_id, tenant.clock.now())
    if point is None:
        raise Refusal(400, "InvalidRestorePoint", f"There is no restore point '{point_id}'.")
    if not point.fast:
        raise Refusal(400, "InvalidRestorePoint", f"Restore point '{point_id}' is not a fastRestore point.")
    if any(session.is_live(tenant.clock.now()) for session in tenant.sessions.on_point(point_id)):
        tenant.watch.complain(f"a second live session was created on restore point {point_id}")
    session = tenant.sessions.open(point, "client")
    return ok({**context(call, "/oneDriveForBusinessBrowseSessions/$entity"), **_as_json(tenant, session)}, 201)


def _list(tenant: Tenant, call: Call, name: str, kind: dict[str, str]) -> Answer:
    after = tenant.session_pages.place(call)
    sessions, last = tenant.sessions.page(after, tenant.settings.page_size)
    value = [
        _site_as_json(session) if isinstance(session, SiteSession) else {**kind, **_as_json(tenant, session)}
        for session in sessions
    ]
    return ok({**context(call, f"/{name}"), **tenant.session_pages.next_link(call, last), "value": value})


def list_onedrive(tenant: Tenant, call: Call) -> Answer:
    return _list(tenant, call, "oneDriveForBusinessBrowseSessions", {})


def list_all(tenant: Tenant, call: Call) -> Answer:
    return _list(tenant, call, "browseSessions", _ODATA_TYPE)


def _found(tenant: Tenant, call: Call) -> dict[str, Any]:
    session = tenant.sessions.find(call.ids[0])
    if session is None:
        raise Refusal(404, "itemNotFound", f"There is no browse session '{call.ids[0]}', or it has expired.")
    return _as_json(tenant, session)


def get_onedrive(tenant: Tenant, call: Call) -> Answer:
    return ok({**context(call, "/oneDriveForBusinessBrowseSessions/$entity"), **_found(tenant, call)})


def get_any(tenant: Tenant, call: Call) -> Answer:
    of_site = tenant.sessions.find_site(call.ids[0])
    shown = _site_as_json(of_site) if of_site else {**_ODATA_TYPE, **_found(tenant, call)}
    return ok({**context(call, "/browseSessions/$entity"), **shown})


def _of_body(_tenant: Tenant, _ids: tuple[str, ...], body: Any) -> tuple[str, ...]:
    point_id = body.get("restorePointId") if isinstance(body, dict) else None
    return (point_id,) if isinstance(point_id, str) else ()


def of_session(tenant: Tenant, ids: tuple[str, ...], _body: Any) -> tuple[str, ...]:
    """The restore point of the session in the path, expired or not."""
    session = tenant.sessions.known(ids[0])
    return (session.restore_point_id,) if session else ()


_PAGED = frozenset({"$skiptoken"})
ROUTES = (
    Route("create_session", "POST", "oneDriveForBusinessBrowseSessions", create, about=_of_body),
    Route("list_sessions", "GET", "oneDriveForBusinessBrowseSessions", list_onedrive, _PAGED, looks=True),
    Route("list_sessions", "GET", "browseSessions", list_all, _PAGED, looks=True),
    Route("get_session", "GET", "oneDriveForBusinessBrowseSessions/{id}", get_onedrive, looks=True, about=of_session),
    Route("get_session", "GET", "browseSessions/{id}", get_any, looks=True, about=of_session),
)
