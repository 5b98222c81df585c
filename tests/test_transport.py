"""What goes over the wire, and what becomes of what comes back."""

from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from azure.core.credentials import AccessToken

import odb_nb as odb
from odb_nb.errors import AuthError, GraphError, NoReplyError, ThrottledError
from odb_nb.sandbox import Fault


class Spying:
    """A credential that keeps the claims it was asked for."""

    def __init__(self):
        self.claims = []

    def get_token(self, *scopes, claims=None, **kwargs):
        self.claims.append(claims)
        return AccessToken(f"token-{len(self.claims)}", 2**40)


@pytest.fixture
def wire(monkeypatch):
    """Requests as httpx sends them, seen through its own event hook point."""
    sent = []
    original = httpx.AsyncHTTPTransport.handle_async_request

    async def spy(self, request):
        sent.append(request)
        return await original(self, request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", spy)
    return sent


def test_a_create_carries_what_the_contract_asks_for(client, points, wire):
    client.create_session(points.head(1))
    post = next(request for request in wire if request.method == "POST")
    assert post.headers["prefer"] == "include-unknown-enum-members"
    assert len(post.headers["client-request-id"]) == 36
    assert post.headers["content-type"] == "application/json"
    assert post.headers["user-agent"].endswith(f"odb_nb/{odb.__version__}")
    assert b'"restorePointId"' in post.content


def test_all_pages_of_one_operation_share_a_client_request_id(wire):
    from odb_nb.sandbox import Sandbox

    with Sandbox(page_size=10) as sandbox, odb.connect(sandbox=sandbox) as client:
        client.list_drives()
    ids = [request.headers["client-request-id"] for request in wire]
    assert len(ids) == 4
    assert len(set(ids)) == 1


def test_a_claims_challenge_is_answered_with_a_new_token(sandbox, points):
    credential = Spying()
    sandbox.faults.add(Fault("create_session", claims='{"access_token": {"nbf": {"essential": true}}}'))
    with odb.connect(credential=credential, base_url=f"{sandbox.url}/v1.0") as client:
        frame = client.create_session(points["id"][0])
    assert frame["outcome"].tolist() == ["created"]
    assert credential.claims == [None, '{"access_token": {"nbf": {"essential": true}}}']
    assert len(sandbox.sessions_on(points["id"][0])) == 1


def test_a_plain_401_is_an_auth_error_with_the_attributes_of_a_graph_error(client, sandbox):
    sandbox.faults.add(Fault("list_drives", status=401, times=None))
    with pytest.raises(AuthError) as caught:
        client.list_drives()
    assert caught.value.status_code == 401
    assert caught.value.request_id
    assert sandbox.count("list_drives") == 1


@pytest.mark.parametrize("status", [400, 404, 405, 409])
def test_a_refusal_is_not_asked_again(client, sandbox, status):
    sandbox.faults.add(Fault("list_drives", status=status, times=None))
    with pytest.raises(GraphError) as caught:
        client.list_drives()
    assert caught.value.status_code == status
    assert sandbox.count("list_drives") == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_the_service_is_asked_again_but_not_for_ever(client, sandbox, status):
    sandbox.faults.add(Fault("list_drives", status=status, times=None))
    with pytest.raises(GraphError) as caught:
        client.list_drives()
    assert caught.value.status_code == status
    assert sandbox.count("list_drives") == 5


@pytest.mark.parametrize("retry_after", ["7", "0.5", None, "0", "soon", "Fri, 20 Nov 2026 09:31:00 GMT"])
def test_429_is_waited_out_whatever_the_header_says(client, sandbox, retry_after):
    sandbox.faults.add(Fault("list_drives", status=429, retry_after=retry_after, times=4))
    assert len(client.list_drives()) == 40
    assert sandbox.complaints == []


def test_a_throttle_that_outlasts_the_deadline_is_throttled_error(client, sandbox):
    sandbox.faults.add(Fault("list_drives", status=429, retry_after="100000", times=None))
    with pytest.raises(ThrottledError, match="nothing was sent"):
        client.list_drives()
    assert sandbox.count("list_drives") == 1


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_not_followed(sandbox, status):
    """The SDK's own handler would follow, turn a POST into a GET, and take the token along on the same host."""
    seen = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            self.send_response(status)
            self.send_header("Location", f"{sandbox.url}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/v1.0"
            with odb.connect("sandbox", base_url=url) as client, pytest.raises(GraphError) as caught:
                client.list_drives()
        finally:
            server.shutdown()
    assert caught.value.status_code == status
    assert len(seen) == 1
    assert sandbox.requests == []


def test_nobody_there_is_no_reply_and_says_what_to_check(sandbox):
    client = odb.connect(sandbox=sandbox)
    sandbox.close()
    with client, pytest.raises(NoReplyError, match="check the network"):
        client.list_drives()


def test_no_token_is_in_any_log(sandbox, points, caplog):
    class Canary:
        def get_token(self, *scopes, **kwargs):
            return AccessToken("canary-token", 2**40)

    with caplog.at_level(logging.DEBUG), odb.connect(credential=Canary(), base_url=f"{sandbox.url}/v1.0") as client:
        client.create_sessions(points["id"].tolist())
        with pytest.raises(GraphError):
            client.get_session("gone")
    assert caplog.records
    assert "canary-token" not in caplog.text
