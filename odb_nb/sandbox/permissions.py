"""Which permission and which role each operation asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.messages import Refusal
from odb_nb.sandbox.tokens import BACKUP_ADMINISTRATOR

if TYPE_CHECKING:
    from odb_nb.sandbox.tokens import Caller

_NEEDED = {
    "service_status": "BackupRestore-Control.Read.All",
    "list_policies": "BackupRestore-Configuration.Read.All",
    "get_policy": "BackupRestore-Configuration.Read.All",
    "list_drives": "BackupRestore-Configuration.Read.All",
    "get_drive": "BackupRestore-Configuration.Read.All",
    "list_restore_points": "BackupRestore-Search.Read.All",
    "get_restore_point": "BackupRestore-Search.Read.All",
    "search_restore_points": "BackupRestore-Search.Read.All",
    "create_session": "BackupRestore-Restore.ReadWrite.All",
    "list_sessions": "BackupRestore-Restore.ReadWrite.All",
    "get_session": "BackupRestore-Restore.ReadWrite.All",
    "browse": "BackupRestore-Restore.ReadWrite.All",
    "create_restore": "BackupRestore-Restore.ReadWrite.All",
    "get_restore": "BackupRestore-Restore.Read.All",
    "list_restores": "BackupRestore-Restore.Read.All",
    "list_restore_artifacts": "BackupRestore-Restore.ReadWrite.All",
    "update_restore": "BackupRestore-Restore.ReadWrite.All",
    "activate_restore": "BackupRestore-Restore.ReadWrite.All",
    "delete_restore": "BackupRestore-Restore.ReadWrite.All",
}
_NEEDED_IN_BETA = _NEEDED | {
    "list_restore_points": "BackupRestore-Restore.Read.All",
    "get_restore_point": "BackupRestore-Restore.Read.All",
}
_NEED_ROLE = frozenset({"create_session", "list_sessions", "get_session", "browse", "list_restore_artifacts"})
_INCLUDED = {"BackupRestore-Restore.Read.All": "BackupRestore-Restore.ReadWrite.All"}

BEHAVIOURS = (
    documented("service_status", "needs BackupRestore-Control.Read.All", "root-get"),
    documented("list_policies", "needs BackupRestore-Configuration.Read.All", "POL-list"),
    assumed("get_policy", "needs BackupRestore-Configuration.Read.All", "POL-get"),
    documented("list_drives", "needs BackupRestore-Configuration.Read.All", "PU-list"),
    assumed("get_drive", "needs BackupRestore-Configuration.Read.All"),
    documented("list_restore_points", "needs BackupRestore-Search.Read.All in v1.0", "RP-list"),
    documented("list_restore_points", "needs BackupRestore-Restore.Read.All in beta", "RP-list-beta"),
    assumed("get_restore_point", "needs what the list needs"),
    documented("search_restore_points", "needs BackupRestore-Search.Read.All", "RP-search"),
    documented("create_session", "needs BackupRestore-Restore.ReadWrite.All", "B-create"),
    documented("list_sessions", "needs BackupRestore-Restore.ReadWrite.All, though it only reads", "B-list"),
    documented("get_session", "needs BackupRestore-Restore.ReadWrite.All", "role"),
    assumed("browse", "needs BackupRestore-Restore.ReadWrite.All and the role, as its sister pages say", "B-browse"),
    documented("create_session", "a signed-in user needs the SharePoint Backup Administrator role", "role"),
    documented("create_restore", "needs BackupRestore-Restore.ReadWrite.All, and no role", "RS-create"),
    documented("get_restore", "needs BackupRestore-Restore.Read.All", "RS-get"),
    assumed("list_restores", "needs BackupRestore-Restore.Read.All"),
    documented(
        "list_restore_artifacts",
        "needs BackupRestore-Restore.ReadWrite.All and, of a signed-in user, SharePoint Backup Administrator",
        "RS-gran-list",
    ),
    documented("update_restore", "needs BackupRestore-Restore.ReadWrite.All", "RS-update"),
    assumed("activate_restore", "needs BackupRestore-Restore.ReadWrite.All", "RS-act"),
    documented("delete_restore", "needs BackupRestore-Restore.ReadWrite.All", "RS-del"),
    assumed("all", "an app without a user needs no role"),
    assumed("all", "Restore.ReadWrite.All includes Restore.Read.All"),
    assumed("all", "a missing permission or role: 403 accessDenied", "err"),
)


def check_permission(operation: str, version: str, caller: Caller) -> None:
    """Refuse with 403, naming what lacks, unless the caller may do this."""
    needed = _needed(operation, version)
    if needed not in caller.permissions and _INCLUDED.get(needed) not in caller.permissions:
        kind = "application" if caller.app_only else "delegated"
        raise Refusal(403, "accessDenied", f"The token lacks the {kind} permission {needed}.")
    if operation in _NEED_ROLE and not caller.app_only and BACKUP_ADMINISTRATOR not in caller.roles:
        raise lacks_role()


def lacks_role() -> Refusal:
    """The refusal for want of the role."""
    message = f"The signed-in user lacks the role SharePoint Backup Administrator ({BACKUP_ADMINISTRATOR})."
    return Refusal(403, "accessDenied", message)


def _needed(operation: str, version: str) -> str:
    return (_NEEDED_IN_BETA if version == "beta" else _NEEDED)[operation]
