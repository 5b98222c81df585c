"""From connect() to an opened session with azure-identity's real credentials, a fake Entra ID and the sandbox."""

from __future__ import annotations

import entra
import pytest

import odb_nb as odb
from odb_nb.permissions import BACKUP_ADMINISTRATOR_ID, DELEGATED
from odb_nb.sandbox import Fault


def open_one(client, sandbox):
    client.list_drives()
    points = client.list_restore_points(sandbox.drives[20].id, start="2026-11-20")
    return client.create_session(points, wait=True)


@pytest.fixture
def app(monkeypatch, tmp_path, request):
    monkeypatch.setenv("AZURE_TENANT_ID", entra.TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", entra.CLIENT)
    if request.param == "secret":
        monkeypatch.setenv("AZURE_CLIENT_SECRET", entra.SECRET)
    else:
        monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(entra.certificate_file(tmp_path)))


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("app", ["secret", "certificate"], indirect=True)
def test_an_app_signs_in_from_the_environment_and_opens_a_session(directory, sandbox):
    directory.claims = {"roles": list(DELEGATED)}
    with odb.connect("environment", base_url=f"{sandbox.url}/v1.0") as client:
        assert open_one(client, sandbox)["status"].tolist() == ["created"]
        assert client.list_drives()["email"].isna().all()  # the service tells an app no names
        assert set(client.check_permissions()["state"]) == {"granted"}
        assert entra.CLIENT in client.banner.account
        assert set(client.history()["tenant_id"]) == {entra.TENANT}
    assert directory.token_requests == 1


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("app", ["secret"], indirect=True)
def test_a_claims_challenge_reaches_entra(directory, sandbox):
    directory.claims = {"roles": list(DELEGATED)}
    challenge = '{"access_token":{"nbf":{"essential":true,"value":"1793000000"}}}'
    sandbox.faults.add(Fault("list_drives", claims=challenge))
    with odb.connect("environment", base_url=f"{sandbox.url}/v1.0") as client:
        assert len(client.list_drives()) == 40
    assert directory.token_requests == 2
    assert "1793000000" in directory.asked[1]["claims"]


def test_a_person_signs_in_with_a_device_code_shown_where_they_wait(directory, sandbox, capsys):
    directory.claims = {"scp": " ".join(DELEGATED), "wids": [BACKUP_ADMINISTRATOR_ID]}
    directory.device_pending = 1
    url = f"{sandbox.url}/v1.0"
    with odb.connect("device-code", tenant_id=entra.TENANT, client_id=entra.CLIENT, base_url=url) as client:
        assert open_one(client, sandbox)["status"].tolist() == ["created"]
        assert client.banner.account == entra.USER
    shown = capsys.readouterr().err
    assert shown.count("https://microsoft.com/devicelogin") == 1
    assert "CODE1" in shown


def test_missing_consent_says_who_can_give_it(directory, sandbox):
    directory.refuse_with = entra.refused(65001, "The user or administrator has not consented to use the application.")
    with pytest.raises(odb.AuthError, match="consent") as caught:
        odb.connect("device-code", tenant_id=entra.TENANT, client_id=entra.CLIENT, base_url=f"{sandbox.url}/v1.0")
    assert caught.value.code == "AADSTS65001"
    assert sandbox.requests == []
