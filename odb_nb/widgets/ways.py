"""The ways to sign in, for people: what each is called, what it needs, and which ids it uses."""

from __future__ import annotations

from dataclasses import dataclass

from odb_nb.banner import SANDBOX_NOTE

_APP = "an app registration of your own"
_GUID_OR_DOMAIN = "GUID, or domain such as contoso.onmicrosoft.com"


@dataclass(frozen=True)
class Way:
    """One way to sign in, for people; an id without a hint is not used by it."""

    label: str
    needs: str
    tenant_hint: str | None = None
    client_hint: str | None = None
    reads_variables: bool = False  # AZURE_TENANT_ID and AZURE_CLIENT_ID stand in for what is left empty


WAYS = {
    "sandbox": Way("Sandbox (nothing is real)", f"{SANDBOX_NOTE} Needs nothing."),
    "browser": Way(
        "Browser window",
        "A browser opens on the computer where this notebook's kernel runs; on a remote Jupyter take the device code. "
        f"Needs the client ID of {_APP}, with the redirect URI http://localhost.",
        f"{_GUID_OR_DOMAIN}; empty: your account's own",
        "GUID of the app registration",
        reads_variables=True,
    ),
    "device-code": Way(
        "Device code",
        "A link and a code are shown here; enter the code in any browser. "
        f"Needs the client ID of {_APP} that allows public client flows.",
        f"{_GUID_OR_DOMAIN}; empty: your account's own",
        "GUID of the app registration",
        reads_variables=True,
    ),
    "azure-cli": Way(
        "Azure CLI",
        "As whoever has signed in with “az login” where this notebook's kernel runs. Needs the Azure CLI there.",
        f"{_GUID_OR_DOMAIN}; empty: that of az login",
    ),
    "environment": Way(
        "App, by environment variables",
        "As an app, without a user. Needs its secret in AZURE_CLIENT_SECRET or its certificate in "
        "AZURE_CLIENT_CERTIFICATE_PATH, set before this notebook's kernel starts; never type a secret here.",
        _GUID_OR_DOMAIN,
        "GUID of the app registration",
        reads_variables=True,
    ),
    "managed-identity": Way(
        "Managed identity",
        "As the identity of the Azure machine that this notebook's kernel runs on. Needs such a machine.",
        "GUID that must turn out to be the tenant; may stay empty",
        "GUID of a user-assigned identity; empty: the system's",
    ),
    "default": Way(
        "Default: what is there",
        "The first that works of azure-identity's ways: variables, managed identity, Azure CLI and others. "
        "Look at the banner then: it says as whom.",
        client_hint="GUID of a user-assigned managed identity; may stay empty",
    ),
}
