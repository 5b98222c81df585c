"""Signing in by clicking: the sandbox unless asked, every way with what it needs, nothing secret, nothing twice."""

from __future__ import annotations

import threading
import time
from urllib.parse import parse_qs, urlsplit

import entra
import httpx
import pytest
from ipywidgets.widgets import widget as registry

import odb_nb as odb
from odb_nb.auth import WAYS
from odb_nb.errors import AuthError, InputError
from odb_nb.permissions import BACKUP_ADMINISTRATOR_ID, DELEGATED
from odb_nb.widgets import SignInForm

HOSTILE = "<img src=x onerror=alert(1)>'\"); import os #"
IDS = {"tenant_id": entra.TENANT, "client_id": entra.CLIENT}


def threads(name="odb"):
    return {thread for thread in threading.enumerate() if thread.name.startswith(name)}


@pytest.fixture(autouse=True)
def _no_thread_of_ours_stays():
    before = threads()
    yield
    until(lambda: threads() <= before)  # one that has handed over its result may be about to end


@pytest.fixture
def sign_in(sandbox):
    """Makes forms that lead to the sandbox, by whatever way; closes them and their clients."""
    made = []

    def make(auth="sandbox", **arguments):
        leads_to = {"sandbox": sandbox} if auth == "sandbox" else {"base_url": f"{sandbox.url}/v1.0"}
        made.append(SignInForm(auth, **(leads_to | arguments)))
        return made[-1]

    yield make
    for form in made:
        form.close()
        if form.client is not None:
            form.client.close()


@pytest.fixture
def all_granted(directory):
    directory.claims = {"scp": " ".join(DELEGATED), "wids": [BACKUP_ADMINISTRATOR_ID]}
    return directory


def click(form):
    form.sign_in.click()
    return form.wait(30)


def until(is_so):
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def shown(form, name):
    return getattr(form, name).layout.display != "none"


def about(form):
    return form.view.children[1].value


# what is there before anybody clicks


def test_the_sandbox_is_chosen_and_cannot_be_mistaken():
    with SignInForm() as form:
        assert form.auth.value == "sandbox"
        assert "nothing is real" in form.auth.label
        assert "Sandbox: nothing here is real" in about(form)
        assert "Needs nothing" in about(form)
        assert not shown(form, "tenant_id")
        assert not shown(form, "client_id")
        assert form.client is None
        assert form.result is None


def test_every_way_that_connect_knows_can_be_chosen():
    with SignInForm() as form:
        assert tuple(value for _, value in form.auth.options) == WAYS


WAYS_AND_IDS = [
    pytest.param("sandbox", False, False, id="sandbox"),
    pytest.param("browser", True, True, id="browser"),
    pytest.param("device-code", True, True, id="device code"),
    pytest.param("azure-cli", True, False, id="Azure CLI"),
    pytest.param("environment", True, True, id="environment"),
    pytest.param("managed-identity", True, True, id="managed identity"),
    pytest.param("default", False, True, id="default"),
]


@pytest.mark.parametrize(("way", "has_tenant", "has_client"), WAYS_AND_IDS)
def test_an_id_is_asked_for_only_where_it_is_used(way, has_tenant, has_client):
    with SignInForm(**IDS) as form:
        form.auth.value = way

        assert shown(form, "tenant_id") == has_tenant
        assert shown(form, "client_id") == has_client
        assert ("tenant_id" in form.code()) == has_tenant
        assert ("client_id" in form.code()) == has_client
        assert ("real tenant" in about(form)) == (way != "sandbox")
        assert "Needs" in about(form) or way == "default"


@pytest.mark.parametrize("way", ["browser", "device-code", "environment"])
def test_variables_that_stand_in_are_named_with_what_they_hold(way, monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", "contoso.onmicrosoft.com")
    monkeypatch.setenv("AZURE_CLIENT_ID", entra.CLIENT)
    with SignInForm(way) as form:
        assert form.tenant_id.placeholder == "contoso.onmicrosoft.com (from AZURE_TENANT_ID)"
        assert form.client_id.placeholder == f"{entra.CLIENT} (from AZURE_CLIENT_ID)"
        assert form.tenant_id.value == form.client_id.value == ""


def test_a_variable_that_does_not_stand_in_is_not_named(monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", "contoso.onmicrosoft.com")
    with SignInForm("azure-cli") as form:
        assert "contoso.onmicrosoft.com (" not in form.tenant_id.placeholder


def test_a_variable_that_cannot_be_used_is_not_repeated(monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_ID", entra.SECRET)
    with SignInForm("browser") as form:
        assert form.client_id.placeholder == "AZURE_CLIENT_ID is set, but cannot be used"


def test_arguments_fill_the_controls():
    with SignInForm("device-code", tenant_id=" contoso.com ", client_id=entra.CLIENT, api_version="beta") as form:
        assert form.auth.value == "device-code"
        assert form.tenant_id.value == "contoso.com"
        assert form.client_id.value == entra.CLIENT
        assert form.api_version.value == "beta"


def test_none_reads_the_variable(monkeypatch):
    monkeypatch.setenv("ODB_NB_AUTH", "azure-cli")
    with SignInForm(None) as form:
        assert form.auth.value == "azure-cli"


REFUSED = [
    pytest.param({"auth": "password"}, "sandbox, browser", id="unknown way"),
    pytest.param({"auth": 7}, "auth is a name", id="a way of another type"),
    pytest.param({"tenant_id": "not a tenant!"}, "tenant_id is neither", id="tenant"),
    pytest.param({"tenant_id": 5}, "tenant_id is text, not a int", id="tenant of another type"),
    pytest.param({"client_id": entra.SECRET}, "client_id is not a GUID", id="a secret as client id"),
    pytest.param({"client_id": ["x"]}, "client_id is text", id="client id of another type"),
    pytest.param({"api_version": "v2"}, "v1.0", id="version"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_what_cannot_be_used_is_refused_when_the_form_is_made(arguments, words):
    before = len(registry._instances)  # noqa: SLF001  # ipywidgets has no other way to count
    with pytest.raises(InputError, match=words) as caught:
        SignInForm(**arguments)
    assert entra.SECRET not in str(caught.value)
    assert len(registry._instances) == before  # noqa: SLF001


def test_all_can_be_reached_by_tab_in_the_order_of_reading():
    with SignInForm("device-code") as form:
        buttons = form.view.children[5]
        assert form.view.children[0] is form.auth
        assert form.view.children[2:5] == (form.tenant_id, form.client_id, form.api_version)
        assert buttons.children == (form.sign_in, form.cancel)
        for control in (form.auth, form.tenant_id, form.client_id, form.api_version, *buttons.children):
            assert control.tooltip
            assert control.tabbable is not False


# signing in


def test_the_sandbox_is_one_click_away(sign_in):
    form = click(sign_in())

    assert form.client.banner.is_sandbox
    assert form.client.banner.html in about(form)
    assert "Signed in." in form.message.value
    assert "Missing" not in form.message.value
    assert form.result["state"].eq("granted").all()
    assert len(form.client.list_drives()) == 40


def test_a_sandbox_of_the_forms_own_goes_with_its_client():
    with SignInForm() as form:
        client = click(form).client
        assert client.banner.is_sandbox
    client.close()


def test_once_signed_in_the_form_is_for_this_tenant_alone(sign_in):
    form = click(sign_in())
    client = form.client

    assert all(
        control.disabled for control in (form.auth, form.tenant_id, form.client_id, form.api_version, form.sign_in)
    )
    assert form.cancel.disabled
    assert "For another tenant, make a new form" in form.message.value
    click(form)
    assert form.client is client
    assert "Signed in." in form.message.value


def test_closing_the_form_leaves_the_client_open(sign_in):
    form = click(sign_in())
    form.close()

    assert len(form.client.list_drives()) == 40


def test_a_double_click_signs_in_once(all_granted, sign_in):
    form = sign_in("device-code", **IDS)
    for _ in range(5):
        form.sign_in.click()
    form.wait(30)
    click(form)

    assert all_granted.device_codes == 1


def test_a_person_signs_in_with_a_code_shown_in_the_form(all_granted, sign_in, capsys):
    all_granted.device_pending = 1
    form = sign_in("device-code", **IDS)
    form.sign_in.click()
    until(lambda: "CODE1" in form.message.value)
    assert 'href="https://microsoft.com/devicelogin"' in form.message.value
    assert "CODE1" not in "".join(form.still())
    form.wait(30)

    assert form.client.banner.account == entra.USER
    assert "CODE1" not in form.message.value
    assert form.result["state"].eq("granted").all()
    assert capsys.readouterr() == ("", "")


def test_ids_from_variables_are_used_where_the_controls_are_empty(all_granted, sign_in, monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", entra.TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", entra.CLIENT)

    assert click(sign_in("device-code")).client.banner.account == entra.USER


def test_an_app_signs_in_from_the_environment(directory, sign_in, monkeypatch):
    directory.claims = {"roles": list(DELEGATED)}
    monkeypatch.setenv("AZURE_CLIENT_SECRET", entra.SECRET)
    form = click(sign_in("environment", **IDS))

    assert entra.CLIENT in form.client.banner.account
    everything = "".join([*form.still(), form.code(), form.message.value, about(form), form.result.to_string()])
    assert entra.SECRET not in everything
    assert not any(token in everything for token in directory.minted)


def test_what_is_missing_is_said_with_who_grants_it(directory, sign_in):
    directory.claims = {"scp": " ".join(DELEGATED[:2]), "wids": []}
    form = click(sign_in("device-code", **IDS))

    said = form.message.value
    assert "Signed in." in said
    assert 'role="alert"' in said
    assert "Missing: BackupRestore-Restore.Read.All (for reading restore sessions); " in said
    assert "To be granted by a Global Administrator or Privileged Role Administrator, by admin consent" in said
    assert "Missing: SharePoint Backup Administrator" in said
    assert "BackupRestore-Search" not in said
    assert set(form.result["state"]) == {"granted", "missing"}


def test_what_cannot_be_told_is_said(directory, sign_in):
    directory.claims = {"scp": " ".join(DELEGATED)}
    form = click(sign_in("device-code", **IDS))

    assert "Not known whether granted: SharePoint Backup Administrator" in form.message.value


# what goes wrong


def test_a_refusal_is_shown_in_its_words_and_the_next_click_works(all_granted, sign_in):
    all_granted.refuse_with = entra.refused(65001, "The user or administrator has not consented.")
    form = sign_in("device-code", **IDS)
    form.sign_in.click()
    with pytest.raises(AuthError, match="consent"):
        form.wait(30)
    assert "consent" in form.message.value
    assert 'role="alert"' in form.message.value
    assert form.client is None
    assert not form.sign_in.disabled

    all_granted.refuse_with = None
    assert click(form).client.banner.account == entra.USER


@pytest.mark.parametrize(
    ("control", "typed", "words"),
    [
        pytest.param("client_id", "", "needs a client_id", id="nothing"),
        pytest.param("client_id", entra.SECRET, "client_id is not a GUID", id="a secret"),
        pytest.param("tenant_id", HOSTILE, "tenant_id is neither a GUID nor a domain", id="hostile"),
    ],
)
def test_what_is_typed_wrong_is_refused_and_not_repeated(sign_in, control, typed, words):
    form = sign_in("device-code", **IDS)
    getattr(form, control).value = typed
    form.sign_in.click()
    with pytest.raises(InputError):
        form.wait(30)

    assert words in form.message.value
    assert not typed or typed not in form.message.value
    assert not typed or typed not in "".join(form.still())


def test_a_sign_in_to_another_tenant_is_refused(all_granted, sign_in):
    form = sign_in("device-code", tenant_id="00000000-0000-0000-0000-000000000001", client_id=entra.CLIENT)
    form.sign_in.click()
    with pytest.raises(AuthError, match="asked for tenant"):
        form.wait(30)
    assert form.client is None


def test_a_waiting_code_is_cancelled_and_no_thread_goes_on_asking(all_granted, sign_in):
    all_granted.device_pending = 1_000
    form = sign_in("device-code", **IDS)
    form.sign_in.click()
    until(lambda: "CODE1" in form.message.value)
    begin = time.monotonic()

    form.cancel.click()
    form.wait(30)

    assert time.monotonic() - begin < 3
    assert "Cancelled; nobody is signed in." in form.message.value
    assert form.client is None
    until(lambda: not threads("odb_nb sign-in"))
    all_granted.device_pending = 0
    assert click(form).client.banner.account == entra.USER


def test_a_waiting_browser_is_cancelled_though_its_thread_waits_on(all_granted, sign_in, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    form = sign_in("browser", **IDS)
    form.sign_in.click()
    until(lambda: opened)
    assert "Go on in the browser window" in form.message.value
    begin = time.monotonic()

    form.cancel.click()
    form.wait(30)

    assert time.monotonic() - begin < 3
    assert "Cancelled; nobody is signed in." in form.message.value
    # azure-identity listens for five minutes, unless the browser comes back; what it brings then is thrown away
    [back] = parse_qs(urlsplit(opened[0]).query)["redirect_uri"]
    httpx.get(f"{back}/?code=late")
    until(lambda: not threads("odb_nb sign-in"))
    assert form.client is None


def test_closing_the_form_ends_a_waiting_sign_in(all_granted, sign_in):
    all_granted.device_pending = 1_000
    form = sign_in("device-code", **IDS)
    form.sign_in.click()
    until(lambda: "CODE1" in form.message.value)

    form.close()

    assert form.client is None
    until(lambda: not threads("odb_nb sign-in"))
    with pytest.raises(InputError, match="closed before anybody signed in"):
        form.when_signed_in(print)


# other forms


def test_who_waits_for_the_client_is_called_upon_sign_in_in_order(sign_in):
    form, got = sign_in(), []
    form.when_signed_in(lambda client: got.append(("first", client)))
    form.when_signed_in(lambda client: got.append(("second", client)))
    assert got == []

    click(form)

    assert got == [("first", form.client), ("second", form.client)]


def test_who_comes_later_is_called_at_once_and_its_error_is_its_own(sign_in):
    form, got = click(sign_in()), []
    form.when_signed_in(got.append)
    assert got == [form.client]

    with pytest.raises(ZeroDivisionError):
        form.when_signed_in(lambda _: 1 / 0)


def test_an_error_of_one_who_waits_is_shown_and_keeps_nothing_from_the_others(sign_in):
    form, got = sign_in(), []
    error = odb.GraphError(f"no drives {HOSTILE}", request_id="req-1")

    def fail(_client):
        raise error

    form.when_signed_in(fail)
    form.when_signed_in(got.append)
    form.sign_in.click()
    with pytest.raises(odb.GraphError) as caught:
        form.wait(30)

    assert caught.value is error
    assert got == [form.client]
    assert "Signed in, but what was to follow failed." in form.message.value
    assert "no drives &lt;img" in form.message.value
    assert "req-1" in form.message.value
    assert HOSTILE not in form.message.value
    assert form.sign_in.disabled


def test_cancelling_what_follows_leaves_the_client(sign_in):
    form, started = sign_in(), threading.Event()

    def follow(client):
        started.set()
        while True:
            client.list_drives()

    form.when_signed_in(follow)
    form.sign_in.click()
    assert started.wait(20)
    form.cancel.click()
    form.wait(30)

    assert "Signed in; what was to follow was cancelled." in form.message.value
    assert len(form.client.list_drives()) == 40


# what it leaves behind


CODE = [
    pytest.param({}, 'client = odb.connect("sandbox")', id="sandbox"),
    pytest.param(
        {"auth": "device-code", **IDS},
        f"client = odb.connect(\"device-code\", tenant_id='{entra.TENANT}', client_id='{entra.CLIENT}')",
        id="ids",
    ),
    pytest.param(
        {"auth": "azure-cli", "api_version": "beta", "journal": "it's.sqlite", **IDS},
        f"client = odb.connect(\"azure-cli\", tenant_id='{entra.TENANT}', journal=\"it's.sqlite\", api_version='beta')",
        id="version and journal",
    ),
]


@pytest.mark.parametrize(("arguments", "line"), CODE)
def test_the_code_is_the_call_of_connect(arguments, line):
    with SignInForm(**arguments) as form:
        assert form.code() == f"import odb_nb as odb\n{line}\nclient"


def test_the_code_runs_and_does_the_same():
    with SignInForm() as form:
        names = {}
        exec(form.code(), names)  # noqa: S102  # it is ours
    with names["client"] as client:
        assert client.banner.is_sandbox


def test_what_is_typed_cannot_become_code():
    with SignInForm("browser") as form:
        form.tenant_id.value = form.client_id.value = HOSTILE
        calls = []
        odb_nb = type("odb_nb", (), {"connect": lambda *given, **named: calls.append((given, named))})
        source = form.code().partition("\n")[2]
        exec(source, {"odb": odb_nb})  # noqa: S102  # that is the question
    assert calls == [(("browser",), {})]  # what is no id may be a secret, so it is left out


def test_the_still_picture_tells_where_it_stands(sign_in):
    form = sign_in("device-code", tenant_id="contoso.com", api_version="v1.0")
    page, text = form.still()
    assert text == "Sign in: Device code | version v1.0 | tenant contoso.com | not signed in"
    assert "Device code" in page
    assert "contoso.com" in page
    form.tenant_id.value = HOSTILE
    assert form.still()[1] == "Sign in: Device code | version v1.0 | the tenant cannot be used | not signed in"
    assert repr(form) == form.still()[1]


def test_the_still_picture_is_the_same_every_run():
    def run():
        with SignInForm() as form:
            before = form.still()
            click(form).client.close()
            return before, form.still()

    first, second = run(), run()

    assert first == second
    assert "nothing is real" in first[0][0]
    assert "not signed in" in first[0][1]
    assert "nothing here is real" in first[1][0]
    assert "not signed in" not in first[1][1]


def test_the_still_picture_says_what_is_missing(directory, sign_in):
    directory.claims = {"scp": "", "wids": [BACKUP_ADMINISTRATOR_ID], "upn": HOSTILE}
    page, text = click(sign_in("device-code", **IDS)).still()

    assert "Missing: BackupRestore-Configuration.Read.All" in page
    assert "Missing: BackupRestore-Configuration.Read.All" in text
    assert "<img" not in page
    assert "&lt;img" in page
    assert not any(token in page + text for token in directory.minted)


def test_close_frees_every_widget(sign_in):
    before = set(registry._instances)  # noqa: SLF001  # ipywidgets has no other way to count
    for _ in range(2):
        form = sign_in()
        click(form).close()
        assert set(registry._instances) == before  # noqa: SLF001


def test_the_journal_that_was_asked_for_is_used(sign_in, tmp_path):
    path = tmp_path / "own.sqlite"
    form = click(sign_in(journal=path))
    form.client.history()

    assert path.exists()
    assert f"journal={str(path)!r}, sandbox=sandbox)" in form.code()
