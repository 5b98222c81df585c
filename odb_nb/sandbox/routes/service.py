"""Service status: ``GET /solutions/backupRestore``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.messages import Refusal, context, ok
from odb_nb.sandbox.routes.route import Route

if TYPE_CHECKING:
    from odb_nb.sandbox.messages import Answer, Call
    from odb_nb.sandbox.tenant import Tenant

BEHAVIOURS = (
    documented("service_status", "the state of the service and its last change", "status"),
    assumed("create_session", "403 notAllowed while the service is disabled or restoreLocked"),
)


def service_status(tenant: Tenant, call: Call) -> Answer:
    disabled = tenant.settings.service_status == "disabled"
    status = {
        "status": tenant.settings.service_status,
        "disableReason": "userRequested" if disabled else "none",
        "backupServiceConsumer": "thirdparty",
        "lastModifiedDateTime": "2026-06-02T08:15:40Z",
        "lastModifiedBy": {"user": {"id": tenant.seeded.guid("admin"), "displayName": "Megan Bowen"}},
    }
    return ok({**context(call, "/$entity"), "id": tenant.seeded.guid("service"), "serviceStatus": status})


def refuse_when_locked(tenant: Tenant) -> None:
    """Refuse a write with 403 while the service would not restore."""
    status = tenant.settings.service_status
    if status in ("disabled", "restoreLocked"):
        raise Refusal(403, "notAllowed", f"The backup service is {status}; nothing can be browsed or restored.")


ROUTES = (Route("service_status", "GET", "", service_status),)
