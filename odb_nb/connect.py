"""The way in: from a few words to a client."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from odb_nb.arguments import one_of
from odb_nb.errors import InputError
from odb_nb.whole_file import as_path

if TYPE_CHECKING:
    import os
    from datetime import datetime
    from pathlib import Path

    from odb_nb.client import BackupClient
    from odb_nb.sandbox import Sandbox

API_VERSIONS = ("v1.0", "beta")
GRAPH = "https://graph.microsoft.com"

_YIELD_S = 0.05


def connect(
    auth: str | None = None,
    *,
    credential: object | None = None,
    tenant_id: str | None = None,
    client_id: str | None = None,
    api_version: str = "v1.0",
    base_url: str | None = None,
    journal: str | os.PathLike[str] | None = None,
    sandbox: Sandbox | None = None,
) -> BackupClient:
    """A client for a tenant's backup service, or for the sandbox.

    Parameters
    ----------
    auth : str, optional
        ``"sandbox"``, ``"browser"``, ``"device-code"``, ``"azure-cli"``, ``"environment"`` (client secret or
        certificate, from the ``AZURE_*`` variables), ``"managed-identity"`` or ``"default"``. None reads
        ``ODB_NB_AUTH``, and without it means ``"sandbox"``: nothing touches a tenant unless asked.
    credential : object, optional
        Any azure-identity style credential, sync or async, instead of `auth`.
    tenant_id : str, optional
        GUID or domain of the tenant.
    client_id : str, optional
        Application id of your app registration.
    api_version : {"v1.0", "beta"}
        Version of Graph.
    base_url : str, optional
        Another service than Microsoft Graph's global one, with its version segment, such as
        ``http://127.0.0.1:8911/v1.0``. https, or a loopback host.
    journal : path, optional
        The journal's file; by default one per tenant in the platform's data folder.
    sandbox : Sandbox, optional
        A sandbox of your own, started or not; it stays yours to close.

    Returns
    -------
    BackupClient
        Signed in. Use it as a context manager, or close it.

    Raises
    ------
    InputError
        Arguments that are not known or do not go together; no token was asked for.
    AuthError
        No token can be had: says which consent, role or setting is missing and who can mend it.

    Examples
    --------
    >>> import odb_nb as odb
    >>> client = odb.connect()
    >>> client.banner.is_sandbox
    True
    >>> client.close()
    """
    from odb_nb.auth import choose_way

    one_of(api_version, API_VERSIONS, "api_version")
    way = choose_way(auth, credential)
    if sandbox is not None and (way != "sandbox" or base_url is not None):
        raise InputError('sandbox=... goes with auth="sandbox" alone, without base_url or credential')
    url, version = _checked_url(base_url, api_version)
    journal_path = None if journal is None else as_path(journal, "journal")
    if way == "sandbox":
        if tenant_id is not None or client_id is not None:
            raise InputError('the sandbox has its own tenant; name a way to sign in, such as connect("browser", ...)')
        if url is not None and not _is_loopback(urlsplit(url).hostname or ""):
            raise InputError('base_url leads away from this machine; name a way to sign in, such as "browser"')
        return _to_sandbox(url, version, journal_path, sandbox)
    return _to_graph(way, credential, tenant_id, client_id, url or f"{GRAPH}/{version}", version, journal_path)


def _to_graph(
    way: str,
    credential: object | None,
    tenant_id: str | None,
    client_id: str | None,
    url: str,
    version: str,
    journal: Path | None,
) -> BackupClient:
    from odb_nb.auth import check_tenant, make_credential
    from odb_nb.pacing import RealTime

    check_tenant("tenant_id", tenant_id)
    owns_credential = credential is None
    if credential is None:
        credential = make_credential(way, tenant_id=tenant_id, client_id=client_id, show_code=_show_code)
    return _open(
        way, url, version, credential, time=RealTime(), tenant_id=tenant_id, journal=journal,
        owns_credential=owns_credential,
    )  # fmt: skip


def _to_sandbox(url: str | None, version: str, journal: Path | None, sandbox: Sandbox | None) -> BackupClient:
    from odb_nb.pacing import RealTime
    from odb_nb.sandbox import Sandbox

    if url is not None:  # one that runs elsewhere on this machine; its clock is its own, and waits are real
        token = _SandboxCredential(Sandbox())
        return _open("sandbox", url, version, token, time=RealTime(), journal=journal)
    owns = sandbox is None
    started = (sandbox or Sandbox()).start()
    try:
        return _open(
            "sandbox", f"{started.url}/{version}", version, _SandboxCredential(started), time=_SkippedTime(started),
            tenant_id=started.tenant_id, journal=journal, sandbox=started, owns_sandbox=owns,
        )  # fmt: skip
    except BaseException:
        if owns:
            started.close()
        raise


def _open(
    way: str,
    url: str,
    version: str,
    credential: object,
    *,
    time: Any,
    journal: Path | None,
    tenant_id: str | None = None,
    sandbox: Sandbox | None = None,
    owns_sandbox: bool = False,
    owns_credential: bool = False,
) -> BackupClient:
    from odb_nb import __version__
    from odb_nb.client import BackupClient, Connection
    from odb_nb.credential import Credential
    from odb_nb.permissions import refusal, scope_for
    from odb_nb.transport import Transport

    wrapped = Credential(credential)

    def explain(status: int, code: str | None, message: str | None, path: str) -> str:
        return refusal(status, code, message, claims=wrapped.claims(), path=path)

    transport = Transport(url, wrapped, scope=scope_for(url), version=__version__, explain_refusal=explain, time=time)
    client = BackupClient(
        Connection(way, transport, wrapped, version, tenant_id, journal, sandbox, owns_sandbox, owns_credential)
    )
    try:
        client.sign_in()
    except BaseException:
        client.close()
        raise
    return client


def _checked_url(base_url: str | None, api_version: str) -> tuple[str | None, str]:
    """The base URL without a slash at its end, and the version that holds."""
    if base_url is None:
        return None, api_version
    if not isinstance(base_url, str):
        raise InputError(f"base_url is a {type(base_url).__name__}; expected text such as {GRAPH}/v1.0")
    url = base_url.rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InputError("base_url cannot be read as a URL") from None
    if parts.username is not None or parts.password is not None:
        raise InputError("base_url carries credentials; leave them out, connect(auth or credential) signs in")
    if parts.query or parts.fragment or not host:
        raise InputError(f"base_url must be scheme, host and version segment only, such as {GRAPH}/v1.0")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise InputError("base_url must be https, or http on a loopback host (127.0.0.1, localhost, [::1])")
    version = parts.path.rpartition("/")[2]
    if version not in API_VERSIONS:
        raise InputError(f"base_url must end with its version segment, one of {', '.join(API_VERSIONS)}")
    if api_version not in (version, API_VERSIONS[0]):
        raise InputError(f"api_version={api_version!r} and the base_url's version {version!r} do not agree")
    return url, version


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _show_code(address: str, code: str, expires_on: datetime) -> None:
    """Show a device code where the caller waits: a link to click in a notebook, else a line of text."""
    from odb_nb.background import show
    from odb_nb.device_code import display

    show(lambda: display(address, code, expires_on))


class _SandboxCredential:
    """The sandbox's own token, good for nothing else."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._token = sandbox.token()

    def get_token(self, *scopes: str, **kwargs: Any) -> Any:
        """A token that does not run out while anybody plays."""
        from azure.core.credentials import AccessToken

        del scopes, kwargs
        return AccessToken(self._token, 2**40)


class _SkippedTime:
    """Waits that are skipped by moving the sandbox's clock instead; nothing else moves it, so runs are alike."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._now = 0.0

    def monotonic(self) -> float:
        """Seconds that have been skipped."""
        return self._now

    async def sleep_until(self, moment: float) -> None:
        """Skip to `moment`."""
        import asyncio

        left = moment - self._now
        if left > 0:
            self._now = moment
            self._sandbox.clock.advance(left)
            await asyncio.sleep(_YIELD_S)  # whoever we wait for, in this process or another, works in real time
