"""Reading what a client wants restored: the artifacts of a create, the additions and removals of an update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.messages import Refusal
from odb_nb.sandbox.restores import ArtifactRecord
from odb_nb.sandbox.routes.bodies import read_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odb_nb.sandbox.messages import Call
    from odb_nb.sandbox.tenant import Tenant

GRANULAR = "granularDriveRestoreArtifacts"
DELTA = f"{GRANULAR}@delta"
_WHOLE = "driveRestoreArtifacts"
_BULK = "driveRestoreArtifactsBulkAdditionRequests"
_CONFLICT = "@microsoft.graph.conflictBehavior"
_MOST = 50
_WRONG = "InvalidArtifactRequest"

BEHAVIOURS = (
    documented("create_restore", "granularDriveRestoreArtifacts: browseSessionId and id, the item's key", "RS-create"),
    documented("create_restore", "no payload: an empty standard session", "RS-create"),
    documented("create_restore", "more than 50 artifacts: 413 RestoreArtifactsLimitBreached", "codes"),
    documented("create_restore", "an artifact twice: 400 DuplicateArtifactInList", "codes"),
    documented("create_restore", "an empty list: 400 InvalidArtifactRequest", "codes"),
    assumed("create_restore", "both kinds of artifacts in one request: 400 InvalidArtifactRequest", "RS-create"),
    assumed("create_restore", "an unknown, expired or unready browse session: 400 InvalidArtifactRequest"),
    assumed("create_restore", "a key that is not in the browse session: 400 InvalidArtifactRequest"),
    assumed("create_restore", "items of several browse sessions, if of one drive; else 400 InvalidArtifactRequest"),
    assumed("create_restore", "a site cannot be an artifact: 400 InvalidPathType", "codes"),
    assumed("create_restore", "a folder or library is restored with all that is in it, as one artifact"),
    assumed("create_restore", "destinationType and conflictBehavior: 400 invalidRequest in v1.0", "RS-create-beta"),
    documented("create_restore", "beta takes destinationType and @microsoft.graph.conflictBehavior", "RS-create-beta"),
    documented("create_restore", "new and inPlace in one session: 400 DifferentRestoreDestinationType", "codes"),
    documented("create_restore", "conflictBehavior without granular artifacts: 400", "RS-create-beta"),
    assumed("create_restore", "whole drives and bulk additions are not spoken here: 400 notSupported"),
    documented("update_restore", "more than 50 changes: 400 RestoreArtifactsLimitBreached", "codes"),
    documented("update_restore", "nothing to change: 400 InvalidPatchRequest", "codes"),
    assumed("update_restore", "an addition names its key as itemKey (as the sample does) or id", "RS-update"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a create asks for."""

    artifacts: list[ArtifactRecord]
    conflict_behavior: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update asks for: items to add, ids to take out."""

    additions: list[ArtifactRecord]
    removals: list[str]


def read_create(tenant: Tenant, call: Call) -> Wanted:
    """What to restore; refuses with the documented codes."""
    is_beta = call.version == "beta"
    known = frozenset({GRANULAR, _WHOLE, _BULK}) | ({_CONFLICT} if is_beta else frozenset())
    body = read_body({} if call.body is None else call.body, known)
    _refuse_other_kinds(body, GRANULAR)
    conflict = body.get(_CONFLICT)
    if conflict not in (None, "fail", "replace", "rename"):
        raise Refusal(400, "invalidRequest", f"{_CONFLICT} must be fail, replace or rename, not {conflict!r}.")
    if GRANULAR not in body:
        if conflict is not None:
            raise Refusal(400, "invalidRequest", f"{_CONFLICT} is for sessions with {GRANULAR}.")
        return Wanted([], "fail")
    entries = _read_list(body[GRANULAR], GRANULAR, 413, _WRONG)
    artifacts = [_read_artifact(tenant, call, entry, frozenset({"id"})) for entry in entries]
    check_together(artifacts)
    return Wanted(artifacts, conflict or "fail")


def read_update(tenant: Tenant, call: Call) -> Changes:
    """What to add and what to take out; refuses with the documented codes."""
    body = read_body(call.body, frozenset({DELTA, f"{_WHOLE}@delta"}))
    _refuse_other_kinds(body, DELTA)
    entries = _read_list(body.get(DELTA), DELTA, 400, "InvalidPatchRequest")
    additions, removals = [], []
    for entry in entries:
        if isinstance(entry, dict) and "@removed" in entry:
            removals.append(_read_text(read_body(entry, frozenset({"@removed", "id"}), where=DELTA), "id"))
        else:
            additions.append(_read_artifact(tenant, call, entry, frozenset({"id", "itemKey"})))
    if len(set(removals)) < len(removals):
        raise Refusal(400, "DuplicateArtifactInList", "An artifact is taken out twice.")
    return Changes(additions, removals)


def check_together(artifacts: Sequence[ArtifactRecord]) -> None:
    """Refuse artifacts that cannot be in one session."""
    seen: set[str] = set()
    for artifact in artifacts:
        if artifact.key in seen:
            raise Refusal(400, "DuplicateArtifactInList", f"The artifact '{artifact.key}' is there twice.")
        seen.add(artifact.key)
    if len({artifact.drive_id for artifact in artifacts}) > 1:
        raise Refusal(400, _WRONG, "The artifacts are of several drives; a session restores items of one.")
    if len({artifact.destination for artifact in artifacts}) > 1:
        raise Refusal(400, "DifferentRestoreDestinationType", "Some artifacts go to a new place, some back in place.")


def named_sessions(body: Any) -> list[str]:
    """The browse sessions that a create or an update names, however malformed the rest of it is."""
    entries = body.get(GRANULAR, body.get(DELTA)) if isinstance(body, dict) else None
    rows = entries if isinstance(entries, list) else []
    named = [entry.get("browseSessionId") for entry in rows if isinstance(entry, dict)]
    return [session_id for session_id in named if isinstance(session_id, str)]


def _refuse_other_kinds(body: dict[str, Any], granular: str) -> None:
    others = sorted(set(body) - {granular, _CONFLICT})
    if not others:
        return
    if granular in body:
        raise Refusal(400, _WRONG, f"{granular} and {others[0]} cannot be in one request.")
    raise Refusal(400, "notSupported", f"The sandbox restores files and folders only, so it has no {others[0]}.")


def _read_list(entries: Any, name: str, status_of_too_many: int, code_of_none: str) -> list[Any]:
    if not isinstance(entries, list) or not entries:
        raise Refusal(400, code_of_none, f"{name} must be a list of 1 to {_MOST} artifacts.")
    if len(entries) > _MOST:
        message = f"{name} has {len(entries)} artifacts; a request may have {_MOST}."
        raise Refusal(status_of_too_many, "RestoreArtifactsLimitBreached", message)
    return entries


def _read_text(entry: dict[str, Any], name: str) -> str:
    text = entry.get(name)
    if not isinstance(text, str) or not text:
        raise Refusal(400, _WRONG, f"{name} of an artifact is missing, empty or not a text.")
    return text


def _read_artifact(tenant: Tenant, call: Call, entry: Any, key_names: frozenset[str]) -> ArtifactRecord:
    known = key_names | {"browseSessionId"} | ({"destinationType"} if call.version == "beta" else frozenset())
    read = read_body(entry, known, where="an artifact")
    destination = read.get("destinationType") or "new"
    if destination not in ("new", "inPlace"):
        raise Refusal(400, _WRONG, f"destinationType must be new or inPlace, not {destination!r}.")
    key = _read_text(read, "itemKey" if "itemKey" in read else "id")
    return find_artifact(tenant, _read_text(read, "browseSessionId"), key, destination)


def find_artifact(tenant: Tenant, session_id: str, key: str, destination: str) -> ArtifactRecord:
    """The item with this key in this browse session, as an artifact of a draft."""
    session = tenant.sessions.find(session_id)
    if session is None:
        raise Refusal(400, _WRONG, f"There is no browse session '{session_id}', or it has expired.")
    status = session.status(tenant.clock.now())
    if status != "created":
        raise Refusal(400, _WRONG, f"The browse session '{session_id}' is {status}; nothing can be restored from it.")
    item = tenant.files.exists(session, key)
    if item is None:
        raise Refusal(400, _WRONG, f"The browse session '{session_id}' has no item '{key}'.")
    if item.type == "site":
        raise Refusal(400, "InvalidPathType", f"'{key}' is a site; libraries, folders and files can be restored.")
    return ArtifactRecord(
        key=key,
        browse_session_id=session_id,
        restore_point_id=session.restore_point_id,
        drive_id=session.drive_id,
        restore_point_time=session.restore_point_time,
        directory_object_id=session.directory_object_id,
        name=item.name,
        web_url=item.web_url,
        is_file=item.type == "file",
        is_restorable=item.restorable,
        destination=destination,
    )
