"""Protection policies: all of them, and the OneDrive ones."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.clock import stamp
from odb_nb.sandbox.messages import Refusal, context, ok
from odb_nb.sandbox.routes.route import Route

if TYPE_CHECKING:
    from odb_nb.sandbox.messages import Answer, Call
    from odb_nb.sandbox.tenant import Tenant
    from odb_nb.sandbox.world import Policy

ONEDRIVE = "oneDriveForBusinessProtectionPolicy"
POLICIES = "oneDriveForBusinessProtectionPolicies"

BEHAVIOURS = (
    documented("list_policies", "all kinds of policies, each with its @odata.type", "POL-list"),
    assumed("list_policies", "/oneDriveForBusinessProtectionPolicies lists the OneDrive ones", "csdl"),
    documented("get_policy", "400 InvalidPolicyId for an id that is no GUID, 404 PolicyNotFound", "codes"),
)


def is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def find_policy(tenant: Tenant, policy_id: str) -> Policy:
    """The policy with this id; refuses with the documented codes."""
    if not is_guid(policy_id):
        raise Refusal(400, "InvalidPolicyId", f"'{policy_id}' is not the id of a policy.")
    for policy in tenant.world.policies:
        if policy.id == policy_id:
            return policy
    raise Refusal(404, "PolicyNotFound", f"There is no policy {policy_id}.")


def _as_json(tenant: Tenant, policy: Policy) -> dict[str, Any]:
    drives = sum(drive.policy_id == policy.id for drive in tenant.world.drives)
    modified_by = {"user": {"id": tenant.seeded.guid("admin"), "displayName": "Megan Bowen"}}
    return {
        "@odata.type": f"#microsoft.graph.{policy.kind}",
        "id": policy.id,
        "displayName": policy.display_name,
        "status": "active",
        "isEnabled": True,
        "protectionPolicyArtifactCount": {"total": drives, "completed": drives, "inProgress": 0, "failed": 0},
        "createdBy": modified_by,
        "createdDateTime": stamp(policy.created),
        "lastModifiedBy": modified_by,
        "lastModifiedDateTime": "2026-06-02T08:20:11Z",
        "retentionSettings": [{"interval": "R/PT10M", "period": "P14D"}, {"interval": "R/P1W", "period": "P365D"}],
    }


def _list(tenant: Tenant, call: Call, name: str, kinds: tuple[str, ...]) -> Answer:
    chosen = [_as_json(tenant, policy) for policy in tenant.world.policies if policy.kind in kinds]
    return ok({**context(call, f"/{name}"), "value": chosen})


def list_all(tenant: Tenant, call: Call) -> Answer:
    return _list(tenant, call, "protectionPolicies", (ONEDRIVE, "sharePointProtectionPolicy"))


def list_onedrive(tenant: Tenant, call: Call) -> Answer:
    return _list(tenant, call, POLICIES, (ONEDRIVE,))


def get_any(tenant: Tenant, call: Call) -> Answer:
    policy = find_policy(tenant, call.ids[0])
    return ok({**context(call, "/protectionPolicies/$entity"), **_as_json(tenant, policy)})


def get_onedrive(tenant: Tenant, call: Call) -> Answer:
    policy = find_policy(tenant, call.ids[0])
    if policy.kind != ONEDRIVE:
        raise Refusal(404, "PolicyNotFound", f"Policy {policy.id} is not a OneDrive policy.")
    return ok({**context(call, f"/{POLICIES}/$entity"), **_as_json(tenant, policy)})


ROUTES = (
    Route("list_policies", "GET", "protectionPolicies", list_all),
    Route("get_policy", "GET", "protectionPolicies/{id}", get_any),
    Route("list_policies", "GET", POLICIES, list_onedrive),
    Route("get_policy", "GET", f"{POLICIES}/{{id}}", get_onedrive),
)
