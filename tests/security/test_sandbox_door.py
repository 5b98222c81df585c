"""The sandbox answers this machine alone, keeps no token, and refuses one that looks real."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import subprocess
import sys

import pytest

from odb_nb.sandbox import Sandbox
from odb_nb.sandbox.tokens import ALL_PERMISSIONS

PATH = "/v1.0/solutions/backupRestore"
GRAPH_ID = "00000003-0000-0000-c000-000000000000"


def jwt(claims, *, alg="RS256", signature="c2lnbmF0dXJl"):
    parts = [json.dumps(part).encode() for part in ({"alg": alg, "typ": "JWT"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), signature])


SCOPE = {"scp": " ".join(ALL_PERMISSIONS)}
REAL = [
    pytest.param(jwt({"iss": "https://sts.windows.net/x/", **SCOPE}), id="issuer"),
    pytest.param(jwt({"iss": "https://sts.windows.net./x/", **SCOPE}), id="issuer with a dot at its end"),
    pytest.param(jwt({"iss": "https://login.microsoftonline.com/x/v2.0", **SCOPE}, alg="none"), id="issuer, unsigned"),
    pytest.param(jwt({"aud": "https://graph.microsoft.com", **SCOPE}), id="audience"),
    pytest.param(jwt({"aud": "https://graph.microsoft.com/", **SCOPE}), id="audience with a slash"),
    pytest.param(jwt({"aud": GRAPH_ID, **SCOPE}), id="audience by its id"),
    pytest.param(jwt({"aud": ["x", "https://management.azure.com", GRAPH_ID], **SCOPE}), id="one of the audiences"),
    pytest.param(jwt({"aud": "https://graph.microsoft.us", "iss": "https://other.example/"}), id="another cloud"),
    pytest.param(jwt({"iss": "https://sts.windows.net/x/"}).rpartition(".")[0], id="without its signature"),
    pytest.param(jwt({"iss": "https://sts.windows.net/x/"})[:70], id="cut short"),
    pytest.param("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", id="encrypted"),
    pytest.param("EwBYA8l6BAAU" + "A1b2/+" * 200, id="a personal account's"),
    pytest.param("0.AXoA" + "A1b2-_" * 200, id="a refresh token"),
]


def asked(sandbox, method="GET", path=PATH, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rpartition(":")[2]), timeout=10)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("token", REAL)
def test_a_token_that_looks_real_is_refused_and_not_kept(sandbox, token):
    status, _, body = asked(sandbox, Authorization=f"Bearer {token}")
    assert status == 401
    assert "Never send one to a sandbox" in body
    assert token not in body + repr(sandbox.requests) + repr(vars(sandbox)) + repr(sandbox.complaints)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("any-text", id="any text"),
        pytest.param("eyJ", id="how a JWT begins"),
        pytest.param(jwt({"iss": "https://sandbox.example/", "aud": "mine", **SCOPE}), id="another issuer's"),
        pytest.param(jwt({"aud": "https://graph.microsoft.com", **SCOPE}, alg="none"), id="made by hand, unsigned"),
        pytest.param(None, id="its own"),
    ],
)
def test_a_made_up_token_will_do(sandbox, token):
    assert asked(sandbox, Authorization=f"Bearer {token or sandbox.token()}")[0] == 200


def addresses_of_this_machine():
    found = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return sorted(address for address in found if not address.startswith("127."))


def test_it_listens_on_loopback_alone(sandbox):
    port = int(sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    for address in addresses_of_this_machine():
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((address, port), timeout=5)


def test_no_switch_makes_it_listen_elsewhere():
    shown = subprocess.run(
        [sys.executable, "-m", "odb_nb.sandbox", "--help"], capture_output=True, text=True, check=True
    )
    assert "--port" in shown.stdout
    assert not {"--host", "--ip", "--bind", "--address", "--interface"} & set(shown.stdout.split())


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1@evil.example",
     "169.254.169.254", "0.0.0.0", "[::2]", "[::1", "", "localhost."],  # noqa: S104  # names, not bound
)  # fmt: skip
def test_a_name_that_was_bound_to_loopback_gets_no_answer(sandbox, host):
    status, _, body = asked(sandbox, Host=host, Authorization=f"Bearer {sandbox.token()}")
    assert status == 400
    assert "loopback names only" in body or body == ""  # tornado refuses some by itself


def test_a_page_of_another_origin_is_given_no_leave(sandbox):
    """What a web page can send without asking has no token; and asking, by OPTIONS, is not answered with leave."""
    origin = {"Origin": "https://evil.example"}
    asking = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization,content-type"}
    create = f"{PATH}/oneDriveForBusinessBrowseSessions"
    simple = asked(sandbox, "POST", create, b'{"restorePointId": "x"}', **origin, Content_Type="text/plain")
    preflight = asked(sandbox, "OPTIONS", create, **origin, **asking)
    allowed = asked(sandbox, "GET", PATH, **origin, Authorization=f"Bearer {sandbox.token()}")
    assert [simple[0], preflight[0], allowed[0]] == [401, 405, 200]
    for _, headers, _ in (simple, preflight, allowed):
        assert not [name for name in headers if name.startswith("access-control")]
    assert sandbox.sessions == []


def test_all_that_it_writes_is_in_a_folder_of_the_owners_own(sandbox):
    assert sandbox.folder.stat().st_mode & 0o777 == 0o700


def test_it_does_not_start_by_being_made():
    assert "not started" in repr(Sandbox())
