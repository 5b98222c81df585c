"""A fake Entra ID on loopback over TLS, for azure-identity's real credentials.

Serves OIDC discovery, the device code and the token endpoint as far as the tests need them. Tokens are unsigned JWTs.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from odb_nb.errors import AuthError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCOPE = "https://graph.microsoft.com/.default"
TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
SECRET = "canary-secret-Zx8Q~client"
REFRESH = "canary-refresh-0.AAAA"
DEVICE_CODE = "canary-device-code"
TRACE_ID = "0a0a0a0a-1111-2222-3333-444444444444"
CORRELATION_ID = "0b0b0b0b-1111-2222-3333-444444444444"
USER = "adelev@contoso.com"


def unsigned_jwt(claims: dict[str, Any]) -> str:
    """A JWT with these claims and a made-up signature."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "unsigned"])


def refused(code: int, words: str, *, error: str = "invalid_grant") -> dict[str, Any]:
    """The JSON of an error, as Entra ID sends it."""
    description = (
        f"AADSTS{code}: {words} Trace ID: {TRACE_ID} Correlation ID: {CORRELATION_ID} Timestamp: 2026-11-20 09:30:00Z"
    )
    return {
        "error": error,
        "error_description": description,
        "error_codes": [code],
        "timestamp": "2026-11-20 09:30:00Z",
        "trace_id": TRACE_ID,
        "correlation_id": CORRELATION_ID,
        "error_uri": f"https://login.microsoftonline.com/error?code={code}",
    }


@dataclass
class Entra:
    """The directory behind the server. Set the switches; read `asked` for the token requests it got."""

    url: str
    ca_file: Path
    lifetime_s: int = 3600
    claims: dict[str, Any] = field(default_factory=dict)  # added to every access token
    refuse_with: dict[str, Any] | None = None  # what the token endpoint answers, with 400
    unknown_tenant: bool = False
    cut_short: bool = False  # the token answer ends in the middle
    device_pending: int = 0  # how often a device code is not entered yet
    asked: list[dict[str, str]] = field(default_factory=list)
    device_codes: int = 0
    minted: list[str] = field(default_factory=list)

    @property
    def token_requests(self) -> int:
        """How many answers of the token endpoint were tokens or refusals, not 'still waiting'."""
        return len(self.asked)

    def discovery(self, tenant: str) -> tuple[int, dict[str, Any]]:
        if self.unknown_tenant:
            return 400, refused(
                90002, f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            )
        base = f"{self.url}/{tenant}"
        return 200, {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        }

    def device_code(self) -> tuple[int, dict[str, Any]]:
        self.device_codes += 1
        return 200, {
            "user_code": f"CODE{self.device_codes}",
            "device_code": DEVICE_CODE,
            "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": 900,
            "interval": 1,
            "message": "enter the code",
        }

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        grant = form["grant_type"]
        if grant.endswith("device_code") and self.device_pending > 0:
            self.device_pending -= 1
            return 400, refused(70016, "The application is still polling.", error="authorization_pending")
        self.asked.append(form)
        if self.refuse_with is not None:
            return 400, self.refuse_with
        if grant == "client_credentials" and (fault := self._client_fault(form)):
            return 401, fault
        return 200, self._mint(app_only=grant == "client_credentials")

    def _client_fault(self, form: dict[str, str]) -> dict[str, Any] | None:
        if "client_secret" in form:
            right = form["client_secret"] == SECRET
            return None if right else refused(7000215, "Invalid client secret provided.", error="invalid_client")
        claims = _payload(form.get("client_assertion", ""))
        right = claims.get("iss") == CLIENT and claims.get("aud") == f"{self.url}/{TENANT}/oauth2/v2.0/token"
        return (
            None if right else refused(700027, "Client assertion failed signature validation.", error="invalid_client")
        )

    def _mint(self, *, app_only: bool) -> dict[str, Any]:
        now = int(time.time())
        common = {"tid": TENANT, "iat": now, "nbf": now, "exp": now + self.lifetime_s}
        access = {"aud": "https://graph.microsoft.com", "appid": CLIENT, "jti": str(len(self.minted))} | common
        access |= {"idtyp": "app"} if app_only else {"idtyp": "user", "upn": USER, "scp": ""}
        token = unsigned_jwt(access | self.claims)
        self.minted.append(token)
        answer = {"token_type": "Bearer", "expires_in": self.lifetime_s, "access_token": token}
        if not app_only:
            identity = {"iss": f"{self.url}/{TENANT}/v2.0", "aud": CLIENT, "sub": "me", "preferred_username": USER}
            who = json.dumps({"uid": "me", "utid": TENANT}).encode()
            answer |= {
                "refresh_token": REFRESH,
                "id_token": unsigned_jwt(identity | common),
                "client_info": base64.urlsafe_b64encode(who).decode(),
                "scope": "https://graph.microsoft.com/.default",
            }
        return answer


def _payload(token: str) -> dict[str, Any]:
    parts = token.split(".")
    return json.loads(base64.urlsafe_b64decode(parts[1] + "==")) if len(parts) == 3 else {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    entra: Entra

    def do_GET(self) -> None:
        tenant, _, rest = urlsplit(self.path).path.lstrip("/").partition("/")
        known = rest == "v2.0/.well-known/openid-configuration"
        self._answer(*(self.entra.discovery(tenant) if known else (404, {"error": f"no such page: {self.path}"})))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        match urlsplit(self.path).path.rpartition("/")[2]:
            case "devicecode":
                self._answer(*self.entra.device_code())
            case "token":
                self._answer(*self.entra.token(form))
            case _:
                self._answer(404, {"error": f"no such page: {self.path}"})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        if status == 200 and self.entra.cut_short and "access_token" in content:
            body = body[: -len(b'"}') - 1]
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(folder: Path) -> Iterator[Entra]:
    """A running fake; its CA is written into `folder`."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    handler.entra = entra = Entra(f"https://localhost:{server.server_port}", ca_file)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield entra
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificate_file(folder: Path) -> Path:
    """A PEM file with an RSA key and its certificate, as `CertificateCredential` wants it."""
    issued = trustme.CA().issue_cert("app.invalid", key_type=trustme.KeyType.RSA)
    path = folder / "app.pem"
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    return path


class Clock:
    """The time, handed in."""

    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


def run(credential, *scopes, **kwargs):
    """One token, and the credential closed: its sockets would be warned of."""

    async def ask():
        try:
            return await credential.get_token(*(scopes or (SCOPE,)), **kwargs)
        finally:
            await credential.close()

    return asyncio.run(ask())


def failure(credential, **kwargs):
    with pytest.raises(AuthError) as caught:
        run(credential, **kwargs)
    return caught.value


def everything_in(error):
    """All that a notebook or a log could show of an error: text, chain, traceback with locals, attributes."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    texts = ["".join(shown.format()), repr(error)]
    waiting, seen = [error], set()
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        texts += [str(link), repr(link), repr(vars(link)), repr(link.args)]
        for held in vars(link).values():
            body = getattr(getattr(held, "request", None), "content", None)
            texts += [repr(body), repr(getattr(held, "text", lambda: "")()) if hasattr(held, "text") else ""]
        waiting += [link.__cause__, link.__context__]
    return "\n".join(texts)
