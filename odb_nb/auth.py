"""From the name of a way to sign in to an azure-identity credential; makes it, asks it for nothing."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from odb_nb.credential import Credential
from odb_nb.errors import InputError
from odb_nb.permissions import DELEGATED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

__all__ = ["Credential", "WAYS", "choose_way", "make_credential"]

WAYS: tuple[str, ...] = (
    "sandbox", "browser", "device-code", "azure-cli", "environment", "managed-identity", "default",
)  # fmt: skip
_WAY_VARIABLE = "ODB_NB_AUTH"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE)
_MICROSOFT_HOSTS = frozenset(
    {
        "login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net",
        "login.microsoftonline.us", "login-us.microsoftonline.com", "login.usgovcloudapi.net",
        "login.partner.microsoftonline.cn", "login.chinacloudapi.cn",
    }
)  # fmt: skip
_REGISTER = (
    "an app registration of your own is needed: in the Entra admin center under App registrations create one with the "
    'platform "Mobile and desktop applications" and the redirect URI http://localhost, turn on Allow public client '
    f"flows for device codes, add the delegated Microsoft Graph permissions {', '.join(DELEGATED)}, have an "
    "administrator consent, and pass its client_id (or set AZURE_CLIENT_ID). The client ids that azure-identity uses "
    "by default are not meant for these permissions"
)


def is_guid(text: str) -> bool:
    """True for the written form of a GUID, which names one tenant or app for good."""
    return _GUID.fullmatch(text) is not None


def comparable(id_: str) -> str:
    """The id as it may be compared: GUIDs come back in any letters, while in others, such as base64, the case tells."""
    return id_.lower() if is_guid(id_) else id_


def choose_way(auth: str | None, credential: object | None) -> str:
    """The way of signing in: a name from `WAYS`, or ``"credential"`` where one is given.

    Raises
    ------
    InputError
        Both are given, or the name (or that in ``ODB_NB_AUTH``) is not known.
    """
    if credential is not None:
        if auth is not None:
            raise InputError("give either auth or credential, not both")
        return "credential"
    way, source = (auth, "auth") if auth is not None else (os.environ.get(_WAY_VARIABLE) or "sandbox", _WAY_VARIABLE)
    if way in WAYS:
        return way
    if not isinstance(way, str):
        raise InputError(f"auth is a name, not a {type(way).__name__}; pass a credential object as credential=")
    # What is no plain word may be a token or secret in the wrong place: not repeated
    shown = f'"{way}"' if re.fullmatch(r"[\w -]{1,30}", way) else "what was given"
    raise InputError(f"{source}: {shown} is not a way of signing in; accepted are {', '.join(WAYS)}")


def make_credential(
    way: str,
    *,
    tenant_id: str | None,
    client_id: str | None,
    show_code: Callable[[str, str, datetime], None],
) -> Any:
    """The azure-identity credential for a name from `WAYS`; nothing is sent yet.

    Parameters
    ----------
    way : str
        Any of `WAYS` but ``"sandbox"``.
    tenant_id, client_id : str or None
        For browser, device code and environment, ``AZURE_TENANT_ID`` and ``AZURE_CLIENT_ID`` stand in.
    show_code : callable
        ``(verification_uri, user_code, expires_on)``: how a device code is shown. Called on a worker thread.

    Raises
    ------
    InputError
        Something is missing, malformed or cannot be honoured by this way.

    References
    ----------
    ``AZURE_AUTHORITY_HOST`` names another sign-in host; azure-identity reads it itself. For one that is not
    Microsoft's, its validation by Microsoft is turned off (``disable_instance_discovery``).
    """
    check_tenant("tenant_id", tenant_id)
    check_client("client_id", client_id)
    try:
        return _build(way, tenant_id, client_id, show_code)
    except InputError:
        raise
    except (ValueError, TypeError, OSError) as exc:
        fault = str(exc)
    # Not `from exc`: the frames of azure-identity have the certificate's password among their locals
    raise InputError(f'"{way}" cannot be set up: {fault}')


def _build(
    way: str, tenant_id: str | None, client_id: str | None, show_code: Callable[[str, str, datetime], None]
) -> Any:
    from azure import identity

    match way:
        case "browser":
            return identity.InteractiveBrowserCredential(**_public_client(way, tenant_id, client_id))
        case "device-code":
            return identity.DeviceCodeCredential(prompt_callback=show_code, **_public_client(way, tenant_id, client_id))
        case "azure-cli":
            if client_id:
                raise InputError('"azure-cli" signs in as the Azure CLI\'s own app: leave client_id out')
            return identity.AzureCliCredential(tenant_id=tenant_id or "")
        case "environment":
            return _service_principal(tenant_id, client_id)
        case "managed-identity":
            return identity.ManagedIdentityCredential(client_id=client_id)
        case "default":
            if tenant_id and tenant_id != os.environ.get("AZURE_TENANT_ID"):
                # Not all of the credentials it tries can be bound to a tenant; a write must not land in another one
                raise InputError('"default" cannot be bound to tenant_id: set AZURE_TENANT_ID, or name another way')
            chosen = {"managed_identity_client_id": client_id} if client_id else {}
            return identity.DefaultAzureCredential(**chosen, **_authority_options())
    raise InputError(f"no credential is made for {way!r}")


def _public_client(way: str, tenant_id: str | None, client_id: str | None) -> dict[str, Any]:
    tenant_id, client_id = _ids(tenant_id, client_id)
    if not client_id:
        raise InputError(f'"{way}" needs a client_id: {_REGISTER}')
    return {"client_id": client_id, "tenant_id": tenant_id} | _authority_options()


def _service_principal(tenant_id: str | None, client_id: str | None) -> Any:
    from azure import identity

    tenant_id, client_id = _ids(tenant_id, client_id)
    has_secret = bool(os.environ.get("AZURE_CLIENT_SECRET"))
    certificate = os.environ.get("AZURE_CLIENT_CERTIFICATE_PATH")
    if not (tenant_id and client_id and (has_secret or certificate)):
        has = {
            "AZURE_TENANT_ID": tenant_id,
            "AZURE_CLIENT_ID": client_id,
            "AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH)": has_secret or certificate,
        }
        missing = ", ".join(name for name, value in has.items() if not value)
        raise InputError(f'"environment" reads the AZURE_* variables; not set: {missing}')
    # Secrets are read in the call and never become locals here: tracebacks may show locals
    if has_secret:
        return identity.ClientSecretCredential(
            tenant_id, client_id, os.environ["AZURE_CLIENT_SECRET"], **_authority_options()
        )
    return identity.CertificateCredential(
        tenant_id,
        client_id,
        certificate,
        password=os.environ.get("AZURE_CLIENT_CERTIFICATE_PASSWORD") or None,
        send_certificate_chain=os.environ.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "").lower() in ("1", "true"),
        **_authority_options(),
    )


def _ids(tenant_id: str | None, client_id: str | None) -> tuple[str | None, str | None]:
    """What was given, else the variables."""
    tenant_id = tenant_id or check_tenant("AZURE_TENANT_ID", os.environ.get("AZURE_TENANT_ID"))
    client_id = client_id or check_client("AZURE_CLIENT_ID", os.environ.get("AZURE_CLIENT_ID"))
    return tenant_id, client_id


# A malformed value is not repeated: it may be a secret in the wrong place


def check_tenant(name: str, given: str | None) -> str | None:
    """The tenant as given, None for nothing; `InputError` where it is neither a GUID nor a domain."""
    if given and not (_GUID.fullmatch(given) or _DOMAIN.fullmatch(given) or given == "organizations"):
        raise InputError(f"{name} is neither a GUID nor a domain such as contoso.onmicrosoft.com")
    return given or None


def check_client(name: str, given: str | None) -> str | None:
    """The client id as given, None for nothing; `InputError` where it is no GUID."""
    if given and not _GUID.fullmatch(given):
        raise InputError(f"{name} is not a GUID: it is the Application (client) ID of an app registration")
    return given or None


def _authority_options() -> dict[str, Any]:
    given = os.environ.get("AZURE_AUTHORITY_HOST")
    if not given:
        return {}
    url = urlsplit(given if "://" in given else f"https://{given}")
    if url.scheme != "https" or not url.hostname:
        raise InputError("AZURE_AUTHORITY_HOST must be a host name or an https URL")
    return {} if url.hostname in _MICROSOFT_HOSTS else {"disable_instance_discovery": True}
