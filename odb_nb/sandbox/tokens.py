"""Bearer tokens: made for the sandbox's imaginary admin, read from requests.

Nothing here signs or checks a signature.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from odb_nb.sandbox.behaviours import assumed
from odb_nb.sandbox.messages import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection

    from odb_nb.sandbox.seeded import Seeded

ISSUER = "https://sandbox.odb-nb.invalid/"
ALL_PERMISSIONS = (
    "BackupRestore-Configuration.Read.All",
    "BackupRestore-Control.Read.All",
    "BackupRestore-Restore.Read.All",
    "BackupRestore-Restore.ReadWrite.All",
    "BackupRestore-Search.Read.All",
)
BACKUP_ADMINISTRATOR = "9d3e04ba-3ee4-4d1b-a3a7-9aef423a09be"  # role template id of SharePoint Backup Administrator

# Who signs real tokens and whom they are for, by the end of the host name; all clouds, and the consumer brands.
_REAL_HOSTS = (
    "microsoftonline.com", "microsoftonline.us", "microsoftonline.de", "microsoftonline.cn", "microsoftonline-p.com",
    "windows.net", "microsoft.com", "microsoft.us", "chinacloudapi.cn", "ciamlogin.com", "b2clogin.com", "live.com",
)  # fmt: skip
_REAL_AUDIENCES = ("00000003-0000-0000-c000-000000000000", "00000002-0000-0000-c000-000000000000")  # Graph, AAD Graph
# What is no JWT: tokens of personal accounts; refresh tokens of Entra ID. Both are long.
_REAL_STARTS = ("EwA", "EwB", "EwC", "EwD", "EwI", "M.C", "0.A", "1.A")
_SHORTEST_REAL = 100
_NEVER_EXPIRES = 4_102_444_800  # 2100: a date relative to the laptop's clock would make two runs differ

BEHAVIOURS = (
    assumed("all", "no bearer token: 401 unauthenticated", "err"),
    assumed("all", "any made-up bearer token may do everything"),
    assumed("all", "what looks like a real token of Microsoft's is refused with 401: it must not be sent here"),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an app alone or a signed-in user, with these permissions and directory roles."""

    app_only: bool
    permissions: frozenset[str]
    roles: frozenset[str]


_ANYONE = Caller(False, frozenset(ALL_PERMISSIONS), frozenset({BACKUP_ADMINISTRATOR}))


def make_token(
    seeded: Seeded, tenant_id: str, *, permissions: Collection[str] | None, app_only: bool, roles: bool
) -> str:
    """An unsigned JWT with the claims that Entra ID would give; see `Sandbox.token`."""
    granted = sorted(ALL_PERMISSIONS if permissions is None else permissions)
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "https://graph.microsoft.com",
        "tid": tenant_id,
        "appid": seeded.guid("app"),
        "app_displayname": "odb_nb sandbox",
        "exp": _NEVER_EXPIRES,
        "ver": "1.0",
    }
    if app_only:
        claims |= {"idtyp": "app", "oid": seeded.guid("service principal"), "roles": granted}
    else:
        claims |= {"idtyp": "user", "oid": seeded.guid("admin"), "name": "Megan Bowen", "upn": "meganb@contoso.com"}
        claims |= {"scp": " ".join(granted), "wids": [BACKUP_ADMINISTRATOR] if roles else []}
    return ".".join([_encode({"alg": "none", "typ": "JWT"}), _encode(claims), ""])


def _encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode()).rstrip(b"=").decode()


def _claims(token: str) -> dict[str, Any] | None:
    """The claims of a JWT, or None where the token is not one."""
    parts = token.split(".")
    return _decoded(parts[1]) if len(parts) == 3 else None


def _decoded(part: str) -> dict[str, Any] | None:
    """The JSON object in a part of a JWT, or None."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def host_name(url: object) -> str:
    """The host of a URL in lower case; empty where there is none to be found."""
    try:
        return (urlsplit(url).hostname or "") if isinstance(url, str) else ""
    except ValueError:  # half an IPv6 address
        return ""


def _is_microsofts(url: object) -> bool:
    host = host_name(url).rstrip(".")
    return any(host == name or host.endswith("." + name) for name in _REAL_HOSTS)


def _looks_real(token: str) -> bool:
    """Whether a real directory may have issued this: by issuer, by audience where it is signed, by its coding.

    Also what is cut short, or comes with more parts, such as an encrypted JWT: whoever sent it took it from somewhere.
    """
    if token.startswith(_REAL_STARTS) and len(token) >= _SHORTEST_REAL:
        return True
    parts = token.split(".")
    header, claims = _decoded(parts[0]), _claims(token)
    if claims is None or header is None:
        return token.startswith("eyJ") and len(parts) > 1  # {" in base64: how each JWT begins
    if claims.get("iss") == ISSUER:
        return False
    is_signed = header.get("alg") != "none"
    return _is_microsofts(claims.get("iss")) or (is_signed and any(map(_is_for_microsoft, _listed(claims.get("aud")))))


def _is_for_microsoft(audience: object) -> bool:
    return audience in _REAL_AUDIENCES or _is_microsofts(audience)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def read_caller(authorization: str) -> Caller:
    """Who the ``Authorization`` header speaks for.

    Raises
    ------
    Refusal
        401 without a bearer token, or with one that a real directory issued.
    """
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Refusal(
            401, "unauthenticated", "The request has no bearer token. Any text will do here, but none was sent."
        )
    if _looks_real(token):
        raise Refusal(
            401,
            "unauthenticated",
            "This looks like a real Microsoft token. Never send one to a sandbox: use sandbox.token(), or any made-up "
            "text. The sandbox has not kept it.",
        )
    claims = _claims(token)
    if claims is None:
        return _ANYONE
    delegated = isinstance(claims.get("scp"), str)
    granted = claims["scp"].split() if delegated else _texts(claims.get("roles"))
    return Caller(not delegated, frozenset(granted), frozenset(_texts(claims.get("wids"))))


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
