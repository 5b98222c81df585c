"""Drive protection units: the tenant's, a policy's, and one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.behaviours import assumed, documented, observed
from odb_nb.sandbox.clock import stamp
from odb_nb.sandbox.messages import Refusal, context, ok
from odb_nb.sandbox.odata import holds, parse_filter
from odb_nb.sandbox.routes.policies import POLICIES, find_policy, is_guid
from odb_nb.sandbox.routes.route import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odb_nb.sandbox.messages import Answer, Call
    from odb_nb.sandbox.odata import Condition
    from odb_nb.sandbox.tenant import Tenant
    from odb_nb.sandbox.world import Drive

_OPTIONS = frozenset({"$filter", "$skiptoken", "$top"})
_FILTERABLE = {
    "id": "id",
    "policyId": "policy_id",
    "directoryObjectId": "directory_object_id",
    "email": "email",
    "displayName": "display_name",
    "status": "status",
}
# Members numbered above unknownFutureValue are withheld from clients that do not ask for them.
_LATE_MEMBERS = frozenset({"offboardRequested", "offboarded", "cancelOffboardRequested"})

BEHAVIOURS = (
    documented(
        "list_drives", "/protectionUnits/microsoft.graph.driveProtectionUnit, and graph. for the SDK", "PU-list"
    ),
    assumed("list_drives", "/driveProtectionUnits gives the same list", "csdl"),
    documented("list_drives", "displayName and email for delegated calls only", "PU-list"),
    assumed("list_drives", "for an app they are left out, not null", "PU-list"),
    documented("list_drives", "a deleted user's drive is listed with null name and email", "RP-res"),
    documented(
        "list_drives",
        "late status members read unknownFutureValue without Prefer: include-unknown-enum-members",
        "best",
    ),
    assumed("list_drives", "$filter: eq, and, or, brackets over six properties, at most 2,000 characters", "codes"),
    observed("list_drives", "an unprotected unit has no policyId", "PU-list"),
    documented("get_drive", "400 InvalidProtectionUnitId for an id that is no GUID", "codes"),
    assumed("get_drive", "404 itemNotFound for an unknown one"),
)


def _as_json(drive: Drive, call: Call) -> dict[str, Any]:
    status = drive.status
    if status in _LATE_MEMBERS and not call.shows_unknown_members:
        status = "unknownFutureValue"
    unit: dict[str, Any] = {"@odata.type": "#microsoft.graph.driveProtectionUnit", "id": drive.id}
    if drive.policy_id is not None:
        unit["policyId"] = drive.policy_id
    unit["directoryObjectId"] = drive.directory_object_id
    if not call.caller.app_only:
        unit |= {"displayName": drive.display_name, "email": drive.email}
    return unit | {
        "status": status,
        "protectionSources": "dynamicRule" if drive.offset_s % 3 else "manual,dynamicRule",
        "createdDateTime": stamp(drive.created),
        "lastModifiedDateTime": stamp(drive.protected_until or drive.created),
        "error": None,
    }


def _picked(drives: Sequence[Drive], call: Call) -> Sequence[Drive]:
    text = call.options.get("$filter")
    if text is None:
        return drives
    tree = parse_filter(text, "invalidRequest")
    # A first look at every condition, so that a wrong name is refused also where no drive is left to judge.
    holds(tree, lambda condition: _is_usable(condition))
    return [
        drive
        for drive in drives
        if holds(tree, lambda condition: getattr(drive, _FILTERABLE[condition.name]) == condition.value)  # noqa: B023
    ]


def _is_usable(condition: Condition) -> bool:
    if condition.name not in _FILTERABLE:
        raise Refusal(400, "invalidRequest", f"Drives cannot be filtered by '{condition.name}'.")
    if condition.operator != "eq" or not condition.quoted:
        raise Refusal(400, "invalidRequest", f"'{condition.name}' can only be compared by eq with a quoted text.")
    return True


def _page(tenant: Tenant, call: Call, drives: Sequence[Drive], name: str) -> Answer:
    picked = _picked(drives, call)
    start = tenant.drive_pages.place(call) or 0
    end = start + tenant.settings.page_size
    link = tenant.drive_pages.next_link(call, end if end < len(picked) else None)
    return ok({**context(call, name), **link, "value": [_as_json(drive, call) for drive in picked[start:end]]})


def list_all(tenant: Tenant, call: Call) -> Answer:
    return _page(tenant, call, tenant.world.drives, "/protectionUnits/microsoft.graph.driveProtectionUnit")


def list_of_policy(tenant: Tenant, call: Call) -> Answer:
    policy = find_policy(tenant, call.ids[0])
    drives = [drive for drive in tenant.world.drives if drive.policy_id == policy.id]
    name = f"/{POLICIES}('{policy.id}')/driveProtectionUnits"
    return _page(tenant, call, drives, name)


def get_one(tenant: Tenant, call: Call) -> Answer:
    unit_id = call.ids[0]
    if not is_guid(unit_id):
        raise Refusal(400, "InvalidProtectionUnitId", f"'{unit_id}' is not the id of a protection unit.")
    drive = tenant.world.drive_by_id.get(unit_id)
    if drive is None:
        raise Refusal(404, "itemNotFound", f"There is no protection unit {unit_id}.")
    return ok({**context(call, "/protectionUnits/$entity"), **_as_json(drive, call)})


ROUTES = (
    Route("list_drives", "GET", "protectionUnits/microsoft.graph.driveProtectionUnit", list_all, _OPTIONS),
    Route("list_drives", "GET", "protectionUnits/graph.driveProtectionUnit", list_all, _OPTIONS),
    Route("list_drives", "GET", "driveProtectionUnits", list_all, _OPTIONS),
    Route("list_drives", "GET", f"{POLICIES}/{{id}}/driveProtectionUnits", list_of_policy, _OPTIONS),
    Route("get_drive", "GET", "protectionUnits/{id}", get_one),
    Route("get_drive", "GET", "driveProtectionUnits/{id}", get_one),
)
