"""What a token may do, in words: from its claims, without asking anybody.

Claims are read, never verified: they only tell the user what was granted. The service decides.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTROL_READ = "BackupRestore-Control.Read.All"
CONFIGURATION_READ = "BackupRestore-Configuration.Read.All"
SEARCH_READ = "BackupRestore-Search.Read.All"
RESTORE_READ = "BackupRestore-Restore.Read.All"
RESTORE_WRITE = "BackupRestore-Restore.ReadWrite.All"
BACKUP_ADMINISTRATOR = "SharePoint Backup Administrator"
# Role template id. Public role lists have it; no page of Microsoft's was seen.
BACKUP_ADMINISTRATOR_ID = "9d3e04ba-3ee4-4d1b-a3a7-9aef423a09be"

DELEGATED = (CONFIGURATION_READ, SEARCH_READ, RESTORE_READ, RESTORE_WRITE)

# Not documented: the permission tables name no higher permission. Assumed, as everywhere else in Graph.
_INCLUDED_IN = {RESTORE_READ: RESTORE_WRITE}

_NEEDED_FOR = {
    CONFIGURATION_READ: "listing protected drives",
    SEARCH_READ: "listing restore points",
    RESTORE_READ: "reading restore sessions",
    RESTORE_WRITE: "opening, listing and browsing browse sessions; restoring",
}
_NEEDED_FOR_IN_BETA = _NEEDED_FOR | {
    SEARCH_READ: "searching restore points",
    RESTORE_READ: "listing restore points, reading restore sessions",
}
_ROLE_NEEDED_FOR = "browse sessions, browsing and restored items, for a signed-in user"
_CONSENT = "a Global Administrator or Privileged Role Administrator, by admin consent to the {kind} permission"
_ASSIGNMENT = "a Privileged Role Administrator or Global Administrator, by assigning the directory role to the user"
_MESSAGE_LIMIT = 300


def permission_rows(claims: Mapping[str, Any] | None, *, api_version: str) -> list[dict[str, str]]:
    """One row per permission that the toolkit uses, and one for the role that a signed-in user needs.

    Parameters
    ----------
    claims : mapping or None
        The token's claims; None where there is no token or it cannot be read.
    api_version : str
        ``"v1.0"`` or ``"beta"``: listing restore points needs another permission in each.

    Returns
    -------
    list of dict
        Keys `permission`, `needed_for`, `state` (``granted``, ``missing`` or ``unknown``), `granted_by`.
        No row for the role when an app signs in without a user.
    """
    needed_for = _NEEDED_FOR_IN_BETA if api_version == "beta" else _NEEDED_FOR
    rows = [
        {
            "permission": permission,
            "needed_for": purpose,
            "state": _permission_state(claims, permission),
            "granted_by": _consent(claims),
        }
        for permission, purpose in needed_for.items()
    ]
    if _is_app_only(claims) is not True:
        rows.append(
            {
                "permission": BACKUP_ADMINISTRATOR,
                "needed_for": _ROLE_NEEDED_FOR,
                "state": _role_state(claims),
                "granted_by": _ASSIGNMENT,
            }
        )
    return rows


def scope_for(base_url: str) -> str:
    """The scope to ask a token for: Graph's own, or that of the host in `base_url`.

    A loopback host stands in for Graph, so it gets Graph's scope. Ports are left out: Entra ID refuses them.
    """
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if not host or _is_loopback(host):
        host = "graph.microsoft.com"
    return f"https://[{host}]/.default" if ":" in host else f"https://{host}/.default"


def account_of(claims: Mapping[str, Any] | None) -> str | None:
    """Who signed in: a user's name, or ``app <id> (<name>)`` where there is no user; None where it is not known."""
    if claims is None:
        return None
    if not _is_app_only(claims):
        names = (_text(claims, key) for key in ("upn", "preferred_username", "unique_name"))
        if user := next(filter(None, names), None):
            return user
    app = _text(claims, "appid") or _text(claims, "azp")
    if app is None:
        return None
    name = _text(claims, "app_displayname")
    return f"app {app} ({name})" if name else f"app {app}"


def tenant_of(claims: Mapping[str, Any] | None) -> str | None:
    """The id of the tenant that the token is for, None where it is not known."""
    return None if claims is None else _text(claims, "tid")


def refusal(status: int, code: str | None, message: str | None, *, claims: Mapping[str, Any] | None, path: str) -> str:
    """Words for a 401 or 403 from Graph: what is probably missing, and who can give it.

    Parameters
    ----------
    status : int
        401 or 403.
    code, message : str or None
        Graph's own; quoted, not interpreted.
    claims : mapping or None
        What the token holds, None where it cannot be read.
    path : str
        What was asked: a path, also with the version before it or an HTTP method and a space.
    """
    verdict = _not_accepted(claims) if status == 401 else _not_allowed(claims, path)
    said = " ".join(filter(None, (code, f"({message[:_MESSAGE_LIMIT]})" if message else None)))
    return f"{verdict}. Graph said: {said}" if said else verdict


def _not_accepted(claims: Mapping[str, Any] | None) -> str:
    audience = _text(claims or {}, "aud")
    if audience and not _is_for_graph(audience):
        return (
            f"the token is for {audience}, not for Microsoft Graph: the credential ignored the scope it was asked for"
        )
    return "the token was not accepted; it may be expired or revoked. Sign in again with a new connect()"


def _not_allowed(claims: Mapping[str, Any] | None, path: str) -> str:
    permission, needs_role = _needed_by(path)
    if permission is None:
        return "the token may not do this, and what it would need is not known here; see check_permissions()"
    state = _permission_state(claims, permission)
    if state == "missing":
        return f"the token lacks {permission}. It is granted by {_consent(claims)}; then sign in again"
    if needs_role and _is_app_only(claims) is False and _role_state(claims) == "missing":
        return (
            f"the signed-in user lacks the role {BACKUP_ADMINISTRATOR} (or has not activated it). "
            f"It is granted by {_ASSIGNMENT}; then sign in again"
        )
    if state == "unknown":
        role = f" and, for a signed-in user, the role {BACKUP_ADMINISTRATOR}" if needs_role else ""
        return f"this needs {permission}{role}; what the token holds cannot be read here"
    if needs_role and _is_app_only(claims) is False and _role_state(claims) == "unknown":
        return (
            f"the token holds {permission}; probably the signed-in user lacks the role {BACKUP_ADMINISTRATOR}. "
            f"It is granted by {_ASSIGNMENT}"
        )
    return (
        f"the token holds {permission}, so consent is not what is missing. Microsoft 365 Backup may be off or locked "
        "in this tenant, or this app may not be allowed to use it: ask the administrator of Microsoft 365 Backup"
    )


def _needed_by(path: str) -> tuple[str | None, bool]:
    """The permission for what was asked, and whether a signed-in user needs the role too."""
    method, _, rest = path.rpartition(" ")
    segments = [segment for segment in urlsplit(rest).path.lower().split("/") if segment]
    names = set(segments)
    last = segments[-1] if segments else ""
    if any("browsesessions" in name for name in names):
        return RESTORE_WRITE, True
    if any("restoresessions" in name for name in names):
        if "granulardriverestoreartifacts" in names:
            return RESTORE_WRITE, True
        reads = method.upper() in ("", "GET") and last != "activate" and "bulkadditionrequests" not in last
        return (RESTORE_READ if reads else RESTORE_WRITE), False
    if "restorepoints" in names:
        return (RESTORE_READ if "beta" in names and last != "search" else SEARCH_READ), False
    if any("protectionunits" in name or "protectionpolicies" in name for name in names):
        return CONFIGURATION_READ, False
    return (CONTROL_READ if last == "backuprestore" else None), False


def _is_app_only(claims: Mapping[str, Any] | None) -> bool | None:
    """Whether an app signed in without a user; None where the claims do not say."""
    if claims is None:
        return None
    kind = _text(claims, "idtyp")
    if kind in ("app", "user"):
        return kind == "app"
    if "scp" in claims:
        return False
    if "roles" in claims:
        return True
    if any(key in claims for key in ("upn", "preferred_username", "unique_name", "wids")):
        return False
    # An app to which nothing was granted has neither scp nor roles
    return True if "appid" in claims or "azp" in claims else None


def _permission_state(claims: Mapping[str, Any] | None, permission: str) -> str:
    app_only = _is_app_only(claims)
    if claims is None or app_only is None:
        return "unknown"
    held = {name.lower() for name in _texts(claims.get("roles" if app_only else "scp"))}
    enough = (permission, _INCLUDED_IN.get(permission, permission))
    return "granted" if any(name.lower() in held for name in enough) else "missing"


def _role_state(claims: Mapping[str, Any] | None) -> str:
    if claims is None or "wids" not in claims:
        return "unknown"
    held = {role.lower() for role in _texts(claims["wids"])}
    return "granted" if BACKUP_ADMINISTRATOR_ID in held else "missing"


def _consent(claims: Mapping[str, Any] | None) -> str:
    kind = {True: "application", False: "delegated", None: "Graph"}[_is_app_only(claims)]
    return _CONSENT.format(kind=kind)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _text(claims: Mapping[str, Any], key: str) -> str | None:
    value = claims.get(key)
    return value if isinstance(value, str) and value else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_for_graph(audience: str) -> bool:
    # The GUID is Graph's own app id; national clouds have their hosts
    host = urlsplit(audience).hostname or ""
    return audience == "00000003-0000-0000-c000-000000000000" or "graph" in host.split(".")[0]
