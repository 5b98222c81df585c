"""Restore sessions: create, get, list, their artifacts, change, activate, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.behaviours import assumed, documented, observed
from odb_nb.sandbox.clock import stamp
from odb_nb.sandbox.messages import Answer, Refusal, context, ok
from odb_nb.sandbox.routes.policies import is_guid
from odb_nb.sandbox.routes.restore_bodies import (
    GRANULAR,
    check_together,
    named_sessions,
    read_create,
    read_update,
)
from odb_nb.sandbox.routes.route import Route
from odb_nb.sandbox.routes.service import refuse_when_locked

if TYPE_CHECKING:
    from datetime import datetime

    from odb_nb.sandbox.messages import Call
    from odb_nb.sandbox.restores import ArtifactRecord, RestoreRecord
    from odb_nb.sandbox.tenant import Tenant

ONEDRIVE, BASE = "oneDriveForBusinessRestoreSessions", "restoreSessions"
_ODATA_TYPE = {"@odata.type": "#microsoft.graph.oneDriveForBusinessRestoreSession"}
_NEVER = "0001-01-01T00:00:00Z"
# Members numbered above unknownFutureValue are withheld from clients that do not ask for them.
_LATE_MEMBERS = frozenset({"failed", "granular"})
_MESSAGES = {
    "ArtifactCannotBeRestored": "The item cannot be restored.",
    "nameAlreadyExists": "There is an item of this name already, and conflictBehavior is fail.",
}

BEHAVIOURS = (
    documented("create_restore", "201 with the session in draft", "RS-create"),
    assumed("create_restore", "403 notAllowed while the service is disabled or restoreLocked"),
    documented(
        "get_restore", "400 InvalidRestoreSessionId for an id that is no GUID, 404 RestoreSessionNotFound", "codes"
    ),
    assumed("get_restore", "/oneDriveForBusinessRestoreSessions/{id} works too", "new-sdk"),
    documented(
        "get_restore", "failed reads unknownFutureValue without Prefer: include-unknown-enum-members", "RS-base"
    ),
    assumed("get_restore", "restoreJobType granular reads unknownFutureValue without it too", "csdl"),
    assumed("list_restores", "/restoreSessions gives each session with its @odata.type; no query options", "RS-base"),
    documented("list_restore_artifacts", "no query options", "RS-gran-list"),
    observed(
        "list_restore_artifacts", "what is not known yet is an empty text, or 0001-01-01T00:00:00Z", "RS-gran-list"
    ),
    documented("list_restore_artifacts", "destinationType and error in beta only", "RS-gran-beta"),
    assumed("list_restore_artifacts", "in pages of 100"),
    documented("activate_restore", "POST without a body; 200 with the session, activating", "RS-act"),
    documented("activate_restore", "anything but a draft: 403 RestoreSessionActionNotAllowed", "RS-act"),
    documented("activate_restore", "500 TooManyActiveRestoreSessions when 25 are active", "codes"),
    assumed("activate_restore", "an empty draft: 400 InvalidArtifactRequest"),
    documented("delete_restore", "a draft: 204; anything else: 403 RestoreSessionActionNotAllowed", "RS-del"),
    documented("update_restore", "a draft takes additions and @removed; anything else: 403", "RS-update"),
    assumed("update_restore", "the answer is {@context: #$delta, value: [what was added and removed]}", "RS-update"),
    documented(
        "update_restore", "a removal that fails is in the answer with @Core.DataModificationException", "RS-update"
    ),
    assumed("update_restore", "additions that cannot be had are refused as in a create, all of them"),
)


def _as_json(tenant: Tenant, call: Call, restore: RestoreRecord) -> dict[str, Any]:
    now = tenant.clock.now()
    status = restore.status(now)
    done = [one.status(now) for one in restore.artifacts]
    user = {"id": tenant.seeded.guid("admin"), "displayName": "Megan Bowen"}
    shown: dict[str, Any] = {
        "id": restore.id,
        "status": _told(call, status),
        "restoreJobType": _told(call, restore.job_type),
        "createdBy": {"user": user},
        "createdDateTime": stamp(restore.created),
        "lastModifiedBy": {"user": user},
        "lastModifiedDateTime": stamp(restore.modified),
        "restoreSessionArtifactCount": {
            "total": len(done),
            "completed": done.count("succeeded"),
            "inProgress": 0 if status == "draft" else len(done) - done.count("succeeded") - done.count("failed"),
            "failed": done.count("failed"),
        },
    }
    if restore.completed is not None and now >= restore.completed:
        shown["completedDateTime"] = stamp(restore.completed)
    return shown


def _told(call: Call, member: str) -> str:
    return "unknownFutureValue" if member in _LATE_MEMBERS and not call.shows_unknown_members else member


def _artifact_as_json(call: Call, artifact: ArtifactRecord, now: datetime) -> dict[str, Any]:
    status = artifact.status(now)
    has_landed = status == "succeeded"
    shown: dict[str, Any] = {
        "id": artifact.key,
        "browseSessionId": artifact.browse_session_id,
        "status": status,
        "webUrl": artifact.web_url,
        "restoredItemKey": artifact.restored_item_key if has_landed else "",
        "restoredItemPath": artifact.restored_item_path if has_landed else "",
        "restoredItemWebUrl": artifact.restored_item_web_url if has_landed else "",
        "restorePointDateTime": stamp(artifact.restore_point_time),
        "startDateTime": _once_past(artifact.start, now),
        "completionDateTime": _once_past(artifact.completion, now),
        "directoryObjectId": artifact.directory_object_id,
    }
    if call.version == "beta":
        shown["destinationType"] = artifact.destination
        if status == "failed" and artifact.reason is not None:
            shown["error"] = {"code": artifact.reason, "message": _MESSAGES[artifact.reason], "details": []}
    return shown


def _once_past(moment: datetime | None, now: datetime) -> str:
    return stamp(moment) if moment is not None and now >= moment else _NEVER


def _find(tenant: Tenant, call: Call) -> RestoreRecord:
    restore_id = call.ids[0]
    if not is_guid(restore_id):
        raise Refusal(400, "InvalidRestoreSessionId", f"'{restore_id}' is not the id of a restore session.")
    restore = tenant.restores.find(restore_id, tenant.clock.now())
    if restore is None:
        raise Refusal(404, "RestoreSessionNotFound", f"There is no restore session {restore_id}.")
    return restore


def _find_draft(tenant: Tenant, call: Call, action: str) -> RestoreRecord:
    refuse_when_locked(tenant)
    restore = _find(tenant, call)
    status = restore.status(tenant.clock.now())
    if status != "draft":
        message = f"Only a draft can be {action}; restore session {restore.id} is {status}."
        raise Refusal(403, "RestoreSessionActionNotAllowed", message)
    return restore


def create(tenant: Tenant, call: Call) -> Answer:
    refuse_when_locked(tenant)
    wanted = read_create(tenant, call)
    restore = tenant.restores.open(wanted.artifacts, wanted.conflict_behavior, "client", tenant.clock.now())
    return ok({**context(call, f"/{ONEDRIVE}/$entity"), **_as_json(tenant, call, restore)}, 201)


def get_onedrive(tenant: Tenant, call: Call) -> Answer:
    return ok({**context(call, f"/{ONEDRIVE}/$entity"), **_as_json(tenant, call, _find(tenant, call))})


def get_any(tenant: Tenant, call: Call) -> Answer:
    return ok({**context(call, f"/{BASE}/$entity"), **_ODATA_TYPE, **_as_json(tenant, call, _find(tenant, call))})


def _list(tenant: Tenant, call: Call, name: str, kind: dict[str, str]) -> Answer:
    after = tenant.restore_pages.place(call)
    restores, last = tenant.restores.page(after, tenant.settings.page_size, tenant.clock.now())
    value = [{**kind, **_as_json(tenant, call, restore)} for restore in restores]
    return ok({**context(call, f"/{name}"), **tenant.restore_pages.next_link(call, last), "value": value})


def list_onedrive(tenant: Tenant, call: Call) -> Answer:
    return _list(tenant, call, ONEDRIVE, {})


def list_all(tenant: Tenant, call: Call) -> Answer:
    return _list(tenant, call, BASE, _ODATA_TYPE)


def list_artifacts(tenant: Tenant, call: Call) -> Answer:
    restore = _find(tenant, call)
    start = tenant.artifact_pages.place(call) or 0
    end = start + tenant.settings.page_size
    link = tenant.artifact_pages.next_link(call, end if end < len(restore.artifacts) else None)
    now = tenant.clock.now()
    value = [_artifact_as_json(call, one, now) for one in restore.artifacts[start:end]]
    return ok({**context(call, f"/{ONEDRIVE}('{restore.id}')/{GRANULAR}"), **link, "value": value})


def activate(tenant: Tenant, call: Call) -> Answer:
    known = tenant.restores.known(call.ids[0])
    if known is not None and known.activated is not None:
        tenant.watch.complain(f"restore session {known.id} was activated a second time")
    draft = _find_draft(tenant, call, "activated")
    now = tenant.clock.now()
    if not draft.artifacts:
        raise Refusal(400, "InvalidArtifactRequest", f"Restore session {draft.id} has nothing to restore.")
    most = tenant.settings.most_active_restores
    if tenant.restores.active_count(now) >= most:
        raise Refusal(500, "TooManyActiveRestoreSessions", f"{most} restore sessions are active; wait until one ends.")
    for one in draft.artifacts:
        if tenant.restores.is_restored(one):
            tenant.watch.complain(f"item {one.key} of restore point {one.restore_point_id} was restored twice")
    restore = tenant.restores.activate(draft, now)
    return ok({**context(call, f"/{BASE}/$entity"), **_ODATA_TYPE, **_as_json(tenant, call, restore)})


def delete(tenant: Tenant, call: Call) -> Answer:
    tenant.restores.delete(_find_draft(tenant, call, "deleted"))
    return Answer(204, b"")


def update(tenant: Tenant, call: Call) -> Answer:
    draft = _find_draft(tenant, call, "changed")
    changes = read_update(tenant, call)
    there = {one.key for one in draft.artifacts}
    kept = [one for one in draft.artifacts if one.key not in changes.removals]
    check_together([*kept, *changes.additions])
    now = tenant.clock.now()
    tenant.restores.change(draft, [*kept, *changes.additions], now)
    value = [
        *(_artifact_as_json(call, one, now) for one in changes.additions),
        *(_removed(key, was_there=key in there) for key in changes.removals),
    ]
    return ok({"@context": "#$delta", "value": value})


def _removed(key: str, *, was_there: bool) -> dict[str, Any]:
    if was_there:
        return {"@removed": {"reason": "changed"}, "id": key}
    return {"id": key, "@Core.DataModificationException": {"failedOperation": "delete", "responseCode": 409}}


def _of_body(tenant: Tenant, _ids: tuple[str, ...], body: Any) -> tuple[str, ...]:
    sessions = (tenant.sessions.known(session_id) for session_id in named_sessions(body))
    return tuple({session.restore_point_id for session in sessions if session})


def _of_restore(tenant: Tenant, ids: tuple[str, ...], body: Any) -> tuple[str, ...]:
    restore = tenant.restores.known(ids[0])
    known = {one.restore_point_id for one in restore.artifacts} if restore else set()
    return (*known, *_of_body(tenant, (), body))


_PAGED = frozenset({"$skiptoken"})
_ONE = f"{ONEDRIVE}/{{id}}"
ROUTES = (
    Route("create_restore", "POST", ONEDRIVE, create, about=_of_body, needs_body=False),
    Route("list_restores", "GET", ONEDRIVE, list_onedrive, _PAGED, looks=True),
    Route("list_restores", "GET", BASE, list_all, _PAGED, looks=True),
    Route("get_restore", "GET", _ONE, get_onedrive, looks=True, about=_of_restore),
    Route("get_restore", "GET", f"{BASE}/{{id}}", get_any, looks=True, about=_of_restore),
    Route(
        "list_restore_artifacts",
        "GET",
        f"{_ONE}/{GRANULAR}",
        list_artifacts,
        _PAGED,
        looks=True,
        about=_of_restore,
    ),
    Route("update_restore", "PATCH", _ONE, update, about=_of_restore),
    Route("activate_restore", "POST", f"{BASE}/{{id}}/activate", activate, about=_of_restore, needs_body=False),
    Route("delete_restore", "DELETE", f"{BASE}/{{id}}", delete, about=_of_restore),
)
