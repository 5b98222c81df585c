"""A token goes to the host that was connected to, over TLS that is checked, and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import trustme
from azure.core.credentials import AccessToken

import odb_nb as odb
from odb_nb.connect import _open, _SkippedTime
from odb_nb.errors import GraphError, InputError, NoReplyError, OdbError, ReplyShapeError
from odb_nb.widgets import SignInForm

from .listening import listening

TOKEN = "canary-token-Zx8Q-0123456789"
SECRET = "Zx8Q~canary-secret-0123456789-abcdefghij"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJjYW5hcnkifQ.c2lnbmF0dXJl"


class Canary:
    """A credential whose token cannot be mistaken."""

    def get_token(self, *_scopes, **_options):
        return AccessToken(TOKEN, 2**40)


@pytest.fixture
def service():
    with listening() as heard:
        yield heard


@pytest.fixture
def elsewhere():
    with listening() as heard:
        yield heard


@pytest.fixture
def connected(sandbox, tmp_path):
    """Connects to a URL as `connect(credential=..., base_url=...)` does; waits are skipped."""
    opened = []

    def make(url, credential=None):
        time, journal = _SkippedTime(sandbox), tmp_path / "journal.sqlite"
        credential = credential or Canary()
        opened.append(_open("credential", f"{url}/v1.0", "v1.0", credential, time=time, journal=journal))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


CALLS = [
    pytest.param(lambda client: client.list_drives(), id="read"),
    pytest.param(lambda client: client.create_session("point"), id="write"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "where", ["{elsewhere}/v1.0/x", "//{host}/v1.0/x", "/v1.0/other", "https://graph.microsoft.com/"]
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(service, elsewhere, connected, status, where, call):
    location = where.format(elsewhere=elsewhere.url, host=elsewhere.url.removeprefix("http://"))
    service.answer = (status, {"Location": location}, {})
    client = connected(service.url)
    try:
        assert call(client)["outcome"].tolist() == ["failed"]
    except GraphError as exc:
        assert "HTTP 3" in str(exc)  # noqa: PT017  # a read raises, a create tells by its row
    assert elsewhere.asked == []
    assert service.tokens  # it was the redirect that ended it
    assert all("/solutions/backupRestore/" in path for _, path, _ in service.asked)


def test_an_attempt_after_a_wait_does_not_send_the_token_of_the_one_before(service, connected):
    class ShortLived:
        asked = 0

        def get_token(self, *_scopes, **_options):
            self.asked += 1
            return AccessToken(f"{TOKEN}-{self.asked}", 0)

    service.answer = (503, {"Retry-After": "10"}, {})
    with pytest.raises(GraphError):
        connected(service.url, ShortLived()).list_drives()
    assert len(set(service.tokens)) == len(service.tokens) > 1


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("{elsewhere}/v1.0/x", id="another port"),
        pytest.param("//{elsewhere_host}/v1.0/x", id="no scheme"),
        pytest.param("/v1.0/x", id="no host"),
        pytest.param("{service}@{elsewhere_host}/v1.0/x", id="host as a user name"),
        pytest.param("http://me:pw@{service_host}/v1.0/x", id="user and password"),
        pytest.param("https://{service_host}/v1.0/x", id="another scheme"),
        pytest.param("HTTP://{elsewhere_host}/v1.0/x", id="large letters"),
        pytest.param("{service}\\@{elsewhere_host}/v1.0/x", id="backslash"),
        pytest.param("{service}.evil.example/v1.0/x", id="begins alike"),
        pytest.param("http://[::1/v1.0/x", id="half an address"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("\n{elsewhere}/v1.0/x", id="line break"),
        pytest.param(["{elsewhere}"], id="a list"),
    ],
)
def test_a_next_link_to_another_place_is_not_followed(service, elsewhere, connected, link):
    hosts = {"service": service.url, "elsewhere": elsewhere.url}
    hosts |= {f"{name}_host": url.removeprefix("http://") for name, url in hosts.items()}
    service.answer = (
        200,
        {},
        {"value": [], "@odata.nextLink": link.format(**hosts) if isinstance(link, str) else link},
    )
    with pytest.raises(ReplyShapeError, match="next link points away"):
        connected(service.url).list_drives()
    assert elsewhere.asked == []
    assert len(service.asked) == 1


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


WAYS_TO_TURN_IT_OFF = [
    pytest.param({}, id="none"),
    pytest.param({"PYTHONHTTPSVERIFY": "0"}, id="PYTHONHTTPSVERIFY"),
    pytest.param({"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}, id="no CA bundle"),
    pytest.param({"HTTPX_VERIFY": "0", "AZURE_CLI_DISABLE_CONNECTION_VERIFICATION": "1"}, id="made up"),
]  # fmt: skip


@pytest.mark.parametrize("variables", WAYS_TO_TURN_IT_OFF)
def test_a_certificate_that_nobody_vouches_for_is_refused(authority, connected, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with listening(authority.issue_cert("localhost")) as heard:
        with pytest.raises(NoReplyError, match="no connection"):
            connected(heard.url).list_drives()
        assert heard.asked == []


def test_a_certificate_for_another_name_is_refused(authority, connected, monkeypatch, tmp_path):
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with listening(authority.issue_cert("graph.example")) as heard:
        with pytest.raises(NoReplyError, match="no connection"):
            connected(heard.url).list_drives()
        assert heard.asked == []
    with listening(authority.issue_cert("localhost")) as heard:  # and one for its own name is not
        assert connected(heard.url).list_drives().empty
        assert heard.tokens == [f"Bearer {TOKEN}"]


def test_a_proxy_is_not_told_what_goes_to_loopback(service, elsewhere, connected, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, elsewhere.url)
    assert connected(service.url).list_drives().empty
    assert elsewhere.asked == []


def test_a_proxy_sees_the_name_of_the_host_and_no_token(elsewhere, connected, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", elsewhere.url)
    elsewhere.answer = (403, {}, {})
    with pytest.raises(OdbError):
        connected("https://graph.example").list_drives()
    assert {(method, path) for method, path, _ in elsewhere.asked} == {("CONNECT", "graph.example:443")}
    assert elsewhere.tokens == []


OFF = {"verify", "connection_verify", "CERT_NONE", "_create_unverified_context", "check_hostname", "ssl_context"}


def test_no_line_of_ours_has_a_say_in_how_tls_is_checked():
    package = Path(odb.__file__).parent
    named = set()
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            words = (getattr(node, name, None) for name in ("arg", "attr", "id", "value"))
            named |= {f"{file.name}: {word}" for word in words if isinstance(word, str) and word in OFF}
    assert named == set()


def arguments_of(secret):
    return [
        {"auth": secret},
        {"auth": "browser", "tenant_id": secret},
        {"auth": "browser", "tenant_id": "contoso.com", "client_id": secret},
        {"tenant_id": secret},
        {"client_id": secret},
        {"credential": secret},
        {"credential": Canary(), "tenant_id": secret},
        {"api_version": secret},
        {"credential": Canary(), "base_url": secret},
        {"credential": Canary(), "base_url": f"https://me:{secret}@graph.microsoft.com/v1.0"},
        {"credential": Canary(), "base_url": f"https://{secret}@graph.microsoft.com/v1.0"},
        {"credential": Canary(), "base_url": f"https://graph.microsoft.com/v1.0?access_token={secret}"},
        {"credential": Canary(), "base_url": f"https://graph.microsoft.com/v1.0#{secret}"},
        {"credential": Canary(), "base_url": f"https://graph.microsoft.com/{secret}"},
        {"base_url": f"http://127.0.0.1:8911/{secret}"},
    ]


@pytest.mark.parametrize("secret", [pytest.param(SECRET, id="client secret"), pytest.param(JWT, id="token")])
@pytest.mark.parametrize("number", range(len(arguments_of(""))))
def test_a_secret_in_the_wrong_place_is_refused_and_not_repeated(secret, number):
    with pytest.raises(InputError) as caught:
        odb.connect(**arguments_of(secret)[number])
    assert secret not in f"{caught.value!s} {caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("name", ["tenant_id", "client_id", "api_version", "auth"])
def test_a_form_refuses_a_secret_in_the_wrong_place(name):
    with pytest.raises(InputError) as caught:
        SignInForm(**{"auth": "browser", name: SECRET})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["tenant_id", "client_id"])
def test_a_secret_typed_into_a_form_does_not_stay_in_it(name):
    with SignInForm("browser", tenant_id="contoso.com", client_id="00000000-0000-0000-0000-000000000000") as form:
        control = getattr(form, name)
        control.value = SECRET
        assert SECRET not in form.code()
        form.sign_in.click()
        with pytest.raises(InputError):
            form.wait(10)
        assert control.value == ""
        assert SECRET not in "".join([form.message.value, *form.still(), form.code(), repr(form)])


ID_CALLS = [
    pytest.param(lambda client, secret: client.get_session(secret), id="session"),
    pytest.param(lambda client, secret: client.create_session(secret), id="restore point"),
    pytest.param(lambda client, secret: client.list_restore_points([secret]), id="drive"),
    pytest.param(lambda client, secret: client.browse("session", secret), id="item"),
]


@pytest.mark.parametrize("call", ID_CALLS)
@pytest.mark.parametrize("before", ["", "Bearer-", "x"])
def test_a_token_is_no_id_and_is_not_sent_as_one(client, sandbox, call, before):
    sent = len(sandbox.requests)
    with pytest.raises(InputError, match="looks like a token") as caught:
        call(client, before + JWT)
    assert JWT not in str(caught.value)
    assert len(sandbox.requests) == sent
