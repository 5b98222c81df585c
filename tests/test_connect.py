"""The way in: what is refused before anything happens, and where each way leads."""

from __future__ import annotations

import html
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from azure.core.credentials import AccessToken

import odb_nb as odb
from odb_nb.errors import AuthError, InputError
from odb_nb.sandbox import Sandbox

CANARY = "canary-secret-token-value"


class Canary:
    """A credential that counts how often it is asked."""

    def __init__(self, token=CANARY):
        self.asked = 0
        self.token = token

    def get_token(self, *scopes, **kwargs):
        self.asked += 1
        self.scopes = scopes
        return AccessToken(self.token, 2**40)


class AsyncCanary(Canary):
    async def get_token(self, *scopes, **kwargs):
        return super().get_token(*scopes)


def test_nothing_asked_for_is_the_sandbox_and_says_so():
    with odb.connect() as client:
        assert client.banner.is_sandbox
        assert "nothing here is real" in repr(client)
        assert "nothing here is real" in client._repr_html_()
        assert len(client.list_drives()) == 40


def test_the_environment_chooses_the_way(monkeypatch):
    monkeypatch.setenv("ODB_NB_AUTH", "nonsense")
    with pytest.raises(InputError, match="ODB_NB_AUTH"):
        odb.connect()
    monkeypatch.setenv("ODB_NB_AUTH", "sandbox")
    with odb.connect() as client:
        assert client.banner.is_sandbox


REFUSED = [
    pytest.param({"auth": "password"}, "sandbox, browser", id="unknown auth"),
    pytest.param({"auth": 7}, "auth", id="auth of another type"),
    pytest.param({"auth": "browser", "credential": Canary()}, "not both", id="auth and credential"),
    pytest.param({"credential": object()}, "get_token", id="credential without get_token"),
    pytest.param({"auth": "sandbox", "tenant_id": "contoso.com"}, "own tenant", id="a tenant for the sandbox"),
    pytest.param({"auth": "sandbox", "base_url": "https://a.example/v1.0"}, "away", id="a sandbox that is not here"),
    pytest.param({"api_version": "v2"}, "v1.0", id="unknown version"),
    pytest.param({"tenant_id": "not a tenant!"}, "tenant_id", id="tenant"),
    pytest.param({"base_url": "http://graph.microsoft.com/v1.0"}, "https", id="http"),
    pytest.param({"base_url": "http://127.0.0.1.evil.example/v1.0"}, "https", id="looks like loopback"),
    pytest.param({"base_url": "ftp://127.0.0.1/v1.0"}, "https", id="ftp"),
    pytest.param({"base_url": "https://user:pw@graph.microsoft.com/v1.0"}, "credentials", id="credentials in url"),
    pytest.param({"base_url": "https://graph.microsoft.com"}, "version segment", id="no version"),
    pytest.param({"base_url": "https://graph.microsoft.com/v1.0?x=1"}, "version segment", id="query"),
    pytest.param({"base_url": "https:///v1.0"}, "version segment", id="no host"),
    pytest.param({"base_url": "https://[broken/v1.0"}, "URL", id="no url"),
    pytest.param({"base_url": 7}, "int", id="number"),
    pytest.param({"base_url": "https://graph.microsoft.com/v1.0", "api_version": "beta"}, "agree", id="versions"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_what_cannot_be_used_is_refused_before_a_token_is_asked_for(arguments, words):
    canary = arguments.get("credential") or Canary()
    given = {"credential": canary, **arguments} if "auth" not in arguments else arguments
    with pytest.raises(InputError, match=words):
        odb.connect(**given)
    assert getattr(canary, "asked", 0) == 0


def test_a_sandbox_of_ones_own_goes_with_the_sandbox_alone(sandbox):
    with pytest.raises(InputError, match="sandbox="):
        odb.connect(credential=Canary(), sandbox=sandbox)
    with odb.connect(sandbox=sandbox):
        pass
    with odb.connect(sandbox=sandbox) as again:  # closing the client left it running
        assert not again.list_drives().empty


@pytest.mark.parametrize("kind", [Canary, AsyncCanary])
def test_any_credential_is_asked_once_and_its_token_is_nowhere(sandbox, kind, points):
    credential = kind()
    with odb.connect(credential=credential, base_url=f"{sandbox.url}/v1.0") as client:
        frame = client.create_sessions(points["id"].tolist(), max_concurrency=8)
        assert set(frame["outcome"]) == {"created"}
        assert credential.asked == 1
        assert credential.scopes == ("https://graph.microsoft.com/.default",)
        shown = repr(client) + client._repr_html_() + client.check_permissions().to_string()
        with pytest.raises(odb.GraphError) as caught:
            client.get_session("gone")
        shown += repr(caught.value) + str(vars(caught.value))
    assert CANARY not in shown


def test_a_credential_that_fails_is_an_auth_error():
    class Failing:
        def get_token(self, *scopes, **kwargs):
            raise RuntimeError("no luck")

    with pytest.raises(AuthError, match="Failing"):
        odb.connect(credential=Failing(), base_url="http://127.0.0.1:9/v1.0")


def test_a_sign_in_to_another_tenant_is_refused(sandbox):
    with pytest.raises(AuthError, match="tenant"):
        odb.connect(
            credential=Canary(sandbox.token()),
            base_url=f"{sandbox.url}/v1.0",
            tenant_id="00000000-0000-0000-0000-000000000001",
        )


def test_the_journal_lies_in_the_data_folder_one_per_tenant(sandbox, tmp_path, points):
    url = f"{sandbox.url}/v1.0"
    with odb.connect(credential=Canary(), base_url=url) as client:
        client.create_session(points["id"][0])
    with odb.connect(credential=Canary(sandbox.token()), base_url=url) as client:
        client.create_session(points["id"][0], if_exists="create")
    with odb.connect(credential=Canary(), base_url=url, tenant_id="contoso.onmicrosoft.com") as client:
        client.create_session(points["id"][0], if_exists="create")
    names = {path.name for path in (tmp_path / "data" / "odb_nb").glob("*.sqlite")}
    host = sandbox.url.removeprefix("http://").replace(":", "-")
    assert names == {
        f"journal-{host}.sqlite",
        f"journal-{sandbox.tenant_id}.sqlite",
        "journal-contoso.onmicrosoft.com.sqlite",
    }


def test_the_sandboxs_journal_dies_with_it(points):
    with Sandbox() as sandbox:
        with odb.connect(sandbox=sandbox) as client:
            client.create_session(points["id"][0])
        with odb.connect(sandbox=sandbox) as client:
            assert len(client.history()) == 1
        folder = sandbox.folder
    assert not folder.exists()


def test_the_banner_escapes_what_the_token_says(sandbox):
    import base64
    import json

    claims = {"tid": "<b>t</b>", "upn": "<img src=x onerror=alert(1)>"}
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with odb.connect(credential=Canary(f"e30.{part}."), base_url=f"{sandbox.url}/v1.0") as client:
        shown = client._repr_html_()
    assert "<img" not in shown
    assert html.escape("<img") in shown


def test_a_sandbox_in_another_process_is_reached():
    command = [sys.executable, "-m", "odb_nb.sandbox", "--port", "0", "--seed", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = next(word for word in process.stdout.readline().split() if word.startswith("http://"))
            with odb.connect("sandbox", base_url=f"{url.rstrip('/')}/v1.0") as client:
                points = client.list_restore_points(client.list_drives().head(1), start="2026-11-20")
                frame = client.create_session(points, wait=True)
                assert frame[["status", "outcome"]].values.tolist() == [["created", "created"]]
        finally:
            process.send_signal(signal.SIGTERM)


def test_threads_and_files_are_given_back(sandbox):
    def open_files():
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    if not os.path.isdir("/proc/self/fd"):  # noqa: PTH112
        pytest.skip("needs /proc")
    with odb.connect(sandbox=sandbox) as client:
        client.list_drives()
    before, threads = open_files(), threading.active_count()
    for _ in range(5):
        with odb.connect(sandbox=sandbox) as client:
            client.list_drives()
    for _ in range(100):  # the sandbox notices a closed connection a little later
        if open_files() <= before and threading.active_count() <= threads:
            break
        time.sleep(0.02)
    assert open_files() <= before
    assert threading.active_count() <= threads
