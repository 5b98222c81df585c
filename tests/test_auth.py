"""Ways of signing in: azure-identity's real credentials, through the wrapper, against a fake Entra ID."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import entra
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
    DeviceCodeCredential,
    InteractiveBrowserCredential,
    ManagedIdentityCredential,
)
from entra import SCOPE, Clock, everything_in, failure, run

from odb_nb.auth import WAYS, Credential, choose_way, make_credential
from odb_nb.errors import InputError

CHALLENGE = '{"access_token":{"nbf":{"essential":true,"value":"1793000000"}}}'
ENVIRONMENT = {
    "AZURE_TENANT_ID": entra.TENANT,
    "AZURE_CLIENT_ID": entra.CLIENT,
    "AZURE_CLIENT_SECRET": entra.SECRET,
}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("AZURE_", "ODB_NB_", "IDENTITY_", "MSI_", "IMDS_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


# Choosing


@pytest.mark.parametrize(
    ("auth", "variable", "way"),
    [
        pytest.param(None, None, "sandbox", id="nothing said is the sandbox"),
        pytest.param(None, "", "sandbox", id="an empty variable says nothing"),
        pytest.param(None, "device-code", "device-code", id="from the variable"),
        pytest.param("browser", "device-code", "browser", id="argument over variable"),
    ],
)
def test_choose_way_takes_argument_then_variable(monkeypatch, auth, variable, way):
    if variable is not None:
        monkeypatch.setenv("ODB_NB_AUTH", variable)
    assert choose_way(auth, None) == way


def test_choose_way_with_a_credential_ignores_the_variable(monkeypatch):
    monkeypatch.setenv("ODB_NB_AUTH", "browser")
    assert choose_way(None, object()) == "credential"


@pytest.mark.parametrize(
    ("auth", "credential", "variable", "words"),
    [
        pytest.param("browser", object(), None, ["not both"], id="both"),
        pytest.param("Browser", None, None, ['"Browser"', *WAYS], id="unknown"),
        pytest.param(None, None, "az", ["ODB_NB_AUTH", '"az"', *WAYS], id="unknown in the variable"),
        pytest.param(object(), None, None, ["object", "credential="], id="a credential as auth"),
        pytest.param("credential", None, None, [*WAYS], id="not a name that users type"),
    ],
)
def test_choose_way_refuses(monkeypatch, auth, credential, variable, words):
    if variable:
        monkeypatch.setenv("ODB_NB_AUTH", variable)
    with pytest.raises(InputError) as caught:
        choose_way(auth, credential)
    assert all(word in str(caught.value) for word in words)


def test_choose_way_does_not_repeat_what_may_be_a_secret():
    token = entra.unsigned_jwt({"a": 1})
    with pytest.raises(InputError) as caught:
        choose_way(token, None)
    assert token not in str(caught.value)


# Making


@pytest.mark.parametrize(
    ("way", "ids", "kind"),
    [
        pytest.param("browser", {"client_id": entra.CLIENT}, InteractiveBrowserCredential, id="browser"),
        pytest.param("device-code", {"client_id": entra.CLIENT}, DeviceCodeCredential, id="device code"),
        pytest.param("azure-cli", {"tenant_id": "contoso.onmicrosoft.com"}, AzureCliCredential, id="azure cli"),
        pytest.param("managed-identity", {"client_id": entra.CLIENT}, ManagedIdentityCredential, id="managed identity"),
        pytest.param("default", {}, DefaultAzureCredential, id="default"),
    ],
)
def test_make_credential_gives_azure_identitys_own(way, ids, kind):
    made = make_credential(way, **({"tenant_id": None, "client_id": None} | ids), show_code=print)
    assert isinstance(made, kind)


def test_make_credential_for_the_environment_prefers_the_secret(monkeypatch, tmp_path):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(tmp_path / "absent.pem"))
    assert isinstance(
        make_credential("environment", tenant_id=None, client_id=None, show_code=print), ClientSecretCredential
    )


@pytest.mark.parametrize("way", ["browser", "device-code"])
def test_make_credential_without_client_id_says_how_to_register_an_app(way):
    with pytest.raises(InputError) as caught:
        make_credential(way, tenant_id=entra.TENANT, client_id=None, show_code=print)
    for word in ("App registrations", "AZURE_CLIENT_ID", "BackupRestore-Search.Read.All", "http://localhost"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("absent", "named"),
    [
        pytest.param(["AZURE_TENANT_ID"], ["AZURE_TENANT_ID"], id="tenant"),
        pytest.param(["AZURE_CLIENT_ID"], ["AZURE_CLIENT_ID"], id="client"),
        pytest.param(["AZURE_CLIENT_SECRET"], ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"], id="secret"),
        pytest.param(list(ENVIRONMENT), list(ENVIRONMENT), id="all"),
    ],
)
def test_make_credential_for_the_environment_names_what_is_missing(monkeypatch, absent, named):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, "" if name in absent else value)
    with pytest.raises(InputError) as caught:
        make_credential("environment", tenant_id=None, client_id=None, show_code=print)
    assert all(name in str(caught.value) for name in named)
    assert all(name in named or name not in str(caught.value) for name in ENVIRONMENT)


@pytest.mark.parametrize(
    ("way", "ids", "word"),
    [
        pytest.param("browser", {"tenant_id": "contoso"}, "tenant_id", id="tenant neither GUID nor domain"),
        pytest.param("browser", {"tenant_id": "contoso.com/../x"}, "tenant_id", id="tenant with a path"),
        pytest.param("browser", {"client_id": entra.SECRET}, "client_id", id="a secret as client id"),
        pytest.param("azure-cli", {}, "leave client_id out", id="client id for the CLI"),
        pytest.param("default", {"client_id": None}, "AZURE_TENANT_ID", id="tenant for default"),
        pytest.param("sandbox", {}, "sandbox", id="no credential for the sandbox"),
    ],
)
def test_make_credential_refuses(way, ids, word):
    with pytest.raises(InputError, match=word) as caught:
        make_credential(way, **({"tenant_id": entra.TENANT, "client_id": entra.CLIENT} | ids), show_code=print)
    assert entra.SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("AZURE_AUTHORITY_HOST", "http://login.example.com", id="authority without TLS"),
        pytest.param("AZURE_TENANT_ID", "contoso", id="malformed tenant"),
        pytest.param("AZURE_CLIENT_ID", "my-app", id="malformed client"),
    ],
)
def test_make_credential_names_the_variable_at_fault(monkeypatch, name, value):
    ids = {"client_id": None if name == "AZURE_CLIENT_ID" else entra.CLIENT}
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=name):
        make_credential("device-code", tenant_id=None, **ids, show_code=print)


@pytest.mark.parametrize(
    ("content", "password"),
    [
        pytest.param(None, None, id="no such file"),
        pytest.param(b"not a certificate", "canary-password", id="not a certificate"),
    ],
)
def test_make_credential_with_an_unusable_certificate_keeps_its_password(monkeypatch, tmp_path, content, password):
    path = tmp_path / "app.pem"
    if content:
        path.write_bytes(content)
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID"):
        monkeypatch.setenv(name, ENVIRONMENT[name])
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(path))
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PASSWORD", password or "")
    with pytest.raises(InputError) as caught:
        make_credential("environment", tenant_id=None, client_id=None, show_code=print)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "canary-password" not in str(caught.value)


def test_importing_auth_imports_no_azure():
    code = "import sys, odb_nb.auth; print([name for name in sys.modules if name.split('.')[0] in ('azure', 'msal')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_failed_sign_in_prints_nothing_beside_its_error():
    code = """
import asyncio, logging
from odb_nb.auth import Credential
class Failing:
    def get_token(self, *scopes):
        logging.getLogger("azure.identity._internal.get_token_mixin").warning("canary")
        raise RuntimeError
try:
    asyncio.run(Credential(Failing()).get_token("s"))
except Exception as exc:
    print(type(exc).__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("AuthError", "")


# azure-identity's credentials against the fake Entra ID


def sign_in_by_environment(monkeypatch, **variables):
    for name, value in (ENVIRONMENT | variables).items():
        monkeypatch.setenv(name, value)
    return make_credential("environment", tenant_id=None, client_id=None, show_code=print)


def test_client_secret_signs_in(directory, monkeypatch):
    directory.claims = {"roles": ["BackupRestore-Search.Read.All"]}
    credential = Credential(sign_in_by_environment(monkeypatch))
    assert credential.claims() is None
    token = run(credential, enable_cae=True)
    assert token.token == directory.minted[0]
    assert isinstance(token, AccessToken)
    assert credential.claims()["roles"] == ["BackupRestore-Search.Read.All"]
    assert directory.asked[0]["client_secret"] == entra.SECRET
    assert directory.asked[0]["scope"] == SCOPE


def test_certificate_signs_in(directory, monkeypatch, tmp_path):
    path = str(entra.certificate_file(tmp_path))
    made = sign_in_by_environment(monkeypatch, AZURE_CLIENT_SECRET="", AZURE_CLIENT_CERTIFICATE_PATH=path)
    assert isinstance(made, CertificateCredential)
    assert run(Credential(made)).token == directory.minted[0]
    assert "client_secret" not in directory.asked[0]


def test_credentials_given_by_the_user_sign_in(directory, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    made = ClientSecretCredential(
        entra.TENANT,
        entra.CLIENT,
        entra.SECRET,
        authority=directory.url,
        disable_instance_discovery=True,
        connection_verify=str(directory.ca_file),
    )
    assert run(Credential(made)).token == directory.minted[0]


def test_device_code_is_shown_once_and_renewed_without_asking(directory):
    shown = []
    made = make_credential(
        "device-code", tenant_id=entra.TENANT, client_id=entra.CLIENT, show_code=lambda *what: shown.append(what)
    )
    clock = Clock()
    credential = Credential(made, now=clock)
    directory.lifetime_s = 240  # MSAL renews what lives less than five minutes
    directory.device_pending = 1

    async def sign_in_and_renew():
        await asyncio.gather(*(credential.get_token(SCOPE, enable_cae=True) for _ in range(16)))
        clock.now += 241
        await asyncio.gather(*(credential.get_token(SCOPE, enable_cae=True) for _ in range(16)))
        await credential.close()

    asyncio.run(sign_in_and_renew())
    [(uri, code, expires_on)] = shown
    assert (uri, code) == ("https://microsoft.com/devicelogin", "CODE1")
    assert expires_on.tzinfo is not None
    assert [form["grant_type"].rpartition(":")[2] for form in directory.asked] == ["device_code", "refresh_token"]
    assert credential.claims()["upn"] == entra.USER


def test_sixteen_requests_make_one_token_request(directory, monkeypatch):
    credential = Credential(sign_in_by_environment(monkeypatch))

    async def at_once():
        tokens = await asyncio.gather(*(credential.get_token(SCOPE, enable_cae=True) for _ in range(16)))
        await credential.close()
        return {token.token for token in tokens}

    assert asyncio.run(at_once()) == {directory.minted[0]}
    assert directory.token_requests == 1


def test_a_token_is_used_until_shortly_before_it_expires(directory, monkeypatch):
    clock = Clock()
    credential = Credential(sign_in_by_environment(monkeypatch), now=clock)
    directory.lifetime_s = 240

    async def at(*seconds):
        counts = []
        for later in seconds:
            clock.now += later
            await credential.get_token(SCOPE)
            counts.append(directory.token_requests)
        await credential.close()
        return counts

    assert asyncio.run(at(0, 200, 35, 10)) == [1, 1, 1, 2]


def test_the_claims_of_a_challenge_reach_the_token_endpoint(directory, monkeypatch):
    credential = Credential(sign_in_by_environment(monkeypatch))

    async def challenged():
        await credential.get_token(SCOPE, enable_cae=True)
        token = await credential.get_token(SCOPE, enable_cae=True, claims=CHALLENGE)
        await credential.close()
        return token.token

    assert asyncio.run(challenged()) == directory.minted[1]
    assert '"nbf": {"essential": true, "value": "1793000000"}' in directory.asked[1]["claims"]


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        pytest.param(
            entra.refused(65001, "The user or administrator has not consented."), "65001", "consent", id="consent"
        ),
        pytest.param(entra.refused(700016, "Application was not found."), "700016", "client_id", id="app"),
        pytest.param(entra.refused(53003, "Access has been blocked."), "53003", "Conditional Access", id="policy"),
        pytest.param(
            entra.refused(7000222, "The client secret is expired."), "7000222", "expired", id="secret expired"
        ),
        pytest.param(entra.refused(999999, "Nobody knows."), "999999", "Nobody knows.", id="unknown code"),
    ],
)
def test_a_refusal_of_entra_id_becomes_advice(directory, monkeypatch, answer, code, words):
    directory.refuse_with = answer
    error = failure(Credential(sign_in_by_environment(monkeypatch)))
    assert error.code == f"AADSTS{code}"
    assert words in error.message
    assert answer["error_description"].split(" Trace")[0] in error.message
    assert (error.request_id, error.client_request_id) == (entra.TRACE_ID, entra.CORRELATION_ID)
    assert isinstance(error.__cause__, ClientAuthenticationError)


@pytest.mark.usefixtures("directory")
def test_a_wrong_secret_is_explained_and_not_shown(monkeypatch):
    error = failure(Credential(sign_in_by_environment(monkeypatch, AZURE_CLIENT_SECRET="canary-wrong-secret")))
    assert error.code == "AADSTS7000215"
    assert "not its id" in error.message
    assert "canary" not in everything_in(error)


def test_an_unknown_tenant_is_explained(directory, monkeypatch):
    # MSAL drops the code from its message; it is found in the context of the cause
    directory.unknown_tenant = True
    error = failure(Credential(sign_in_by_environment(monkeypatch)))
    assert error.code == "AADSTS90002"
    assert "tenant_id" in error.message


def test_a_declined_device_code_is_explained_and_not_leaked(directory):
    directory.refuse_with = entra.refused(65004, "User declined to consent.", error="authorization_declined")
    made = make_credential("device-code", tenant_id=None, client_id=entra.CLIENT, show_code=lambda *_: None)
    error = failure(Credential(made))
    assert error.code == "AADSTS65004"
    assert "declined" in error.message
    assert "canary" not in everything_in(error)


def test_a_token_answer_cut_short_shows_no_token(directory, monkeypatch):
    # azure-core puts the whole body that it cannot parse into the exception's text
    directory.cut_short = True
    error = failure(Credential(sign_in_by_environment(monkeypatch)))
    assert directory.minted[0][:40] not in everything_in(error)
    assert entra.SECRET not in everything_in(error)


def test_an_unreachable_sign_in_host_is_explained_and_leaks_nothing():
    made = ClientSecretCredential(
        entra.TENANT,
        entra.CLIENT,
        entra.SECRET,
        authority="https://localhost:1",
        disable_instance_discovery=True,
        retry_total=0,
    )
    error = failure(Credential(made))
    assert "HTTPS_PROXY" in error.message
    assert error.code is None
    assert entra.SECRET not in everything_in(error)


def test_neither_secret_nor_token_is_in_any_repr(directory, monkeypatch):
    credential = Credential(sign_in_by_environment(monkeypatch))
    token = run(credential)
    shown = [repr(credential), str(credential), repr(vars(credential)), repr(token), str(token), f"{token}"]
    assert not any(directory.minted[0] in text or entra.SECRET in text for text in shown)
    assert token.token == directory.minted[0]
