"""The form that opens sessions: clicked through as a user does, against the sandbox."""

from __future__ import annotations

import contextlib
import threading
from html.parser import HTMLParser

import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances

import odb_nb as odb
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.widgets import CreateSessionsForm

PLAIN = ["adelev@contoso.com", "alexw@contoso.com"]
FAILING = "isaiahl@contoso.com"
WINDOW = {"which": "window", "start": "2026-11-18", "end": "2026-11-20"}


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


@pytest.fixture
def form(client):
    with CreateSessionsForm(client, drives=PLAIN, **WINDOW) as made:
        yield made.wait(60)


@contextlib.contextmanager
def open_form(sandbox, **options):
    with sandbox, odb.connect(sandbox=sandbox) as client, CreateSessionsForm(client, **options) as form:
        yield form


def press(button, form):
    button.click()
    return form.wait(60)


def tags_in(page):
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append(tag)
    parser.feed(page)
    return set(found)


def drive_named(sandbox, special):
    return next(drive.id for drive in sandbox.drives if drive.special == special)


def test_it_lists_drives_finds_points_and_opens_sessions(form, client):
    assert form.drives.ticked["email"].tolist() == PLAIN
    press(form.find, form)
    assert form.points.positions == list(range(6))
    assert form.create.description == "Open 6 sessions"
    press(form.create, form)
    assert form.result["outcome"].tolist() == ["created"] * 6
    assert form.result["status"].tolist() == ["created"] * 6
    assert form.result["restore_point_id"].tolist() == form.points.frame["id"].tolist()
    assert "6 restore points: 6 created" in form.message.value
    assert form.restore_points["id"].tolist() == form.points.frame["id"].tolist()
    assert client.tabulate_status(form.restore_points)["session_id"].tolist() == form.result["id"].tolist()


def test_only_ticked_points_are_opened(form, sandbox):
    press(form.find, form)
    form.points.tick([1, 4])
    assert form.create.description == "Open 2 sessions"
    press(form.create, form)
    assert form.result["restore_point_id"].tolist() == form.points.frame["id"].iloc[[1, 4]].tolist()
    assert sandbox.count("create_session") == 2


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param({}, id="the latest of each drive"),
        pytest.param({"which": "before", "before": "2026-11-15"}, id="the last before"),
        pytest.param(WINDOW, id="a window"),
        pytest.param({"which": "window", "start": "2026-11-19T12:00:00Z"}, id="an open window"),
    ],
)
def test_the_code_shown_does_the_same(client, choice):
    with CreateSessionsForm(client, drives=PLAIN, **choice) as form:
        press(form.find, form.wait(60))
        form.points.tick(form.points.positions[::2])
        press(form.create, form)
        said = {"client": client}
        exec(form.code(), said)  # noqa: S102  # it is what the form promises
        assert said["sessions"]["restore_point_id"].tolist() == form.result["restore_point_id"].tolist()
        assert said["sessions"]["outcome"].unique().tolist() == ["reused"]


def test_the_last_before_a_day_is_of_the_day_before(client):
    with CreateSessionsForm(client, drives=PLAIN, which="before", before="2026-11-15") as form:
        press(form.find, form.wait(60))
        assert form.points.frame["protection_date_time"].dt.strftime("%d").tolist() == ["14", "14"]


def test_a_check_says_what_would_happen_and_opens_nothing(form, sandbox, client):
    press(form.find, form)
    client.create_sessions(form.points.frame.head(2))
    before = sandbox.count("create_session")
    press(form.check, form)
    assert "4 sessions would be opened (4 create requests), 2 are open and reused" in form.message.value
    assert sandbox.count("create_session") == before
    assert form.result is None


def test_a_double_click_does_nothing_twice(form, sandbox):
    press(form.find, form)
    form.create.click()
    form.create.click()
    form.find.click()
    form.wait(60)
    assert sandbox.count("create_session") == 6
    assert len(form.result) == 6


def test_failures_show_code_message_and_request_id_and_can_be_tried_alone(client, sandbox):
    with CreateSessionsForm(client, drives=[PLAIN[0], FAILING], **WINDOW) as form:
        press(form.find, form.wait(60))
        press(form.create, form)
        failed = form.result[form.result["status"] == "failed"]
        assert len(failed) == 3
        for text in (
            "Not open (3)",
            "Isaiah Langer",
            "2026-11-20 03:03:16",
            *failed["error_code"],
            *failed["request_id"],
        ):
            assert text in form.rows.failures.value
        assert form.retry.layout.display == ""
        assert form.retry.description == "Try the 3 again"
        before = sandbox.count("create_session")
        press(form.retry, form)
        assert sandbox.count("create_session") == before + 3
        assert form.result["restore_point_id"].tolist() == form.points.frame["id"].tolist()
        assert form.result["status"].tolist() == ["created"] * 3 + ["failed"] * 3


def test_a_refused_create_is_listed_and_tried_again_with_success(form, sandbox):
    press(form.find, form)
    refused = form.points.frame["id"][2]
    sandbox.faults.add(Fault("create_session", "status", status=403, restore_points=[refused]))
    press(form.create, form)
    assert form.result["outcome"].tolist().count("failed") == 1
    assert form.result.loc[2, "request_id"] in form.rows.failures.value
    press(form.retry, form)
    assert form.result["outcome"].tolist() == ["created"] * 6
    assert form.rows.failures.value == ""
    assert form.retry.layout.display == "none"


def test_cancel_keeps_the_rows_and_another_try_opens_the_rest_once():
    with Sandbox(latency_s=0.02) as sandbox, odb.connect(sandbox=sandbox) as client:
        drives = client.list_drives()
        plain = [drive.id for drive in sandbox.drives if drive.special is None][:8]
        with CreateSessionsForm(client, drives=drives[drives["id"].isin(plain)], **WINDOW) as form:
            press(form.find, form.wait(60))
            form.bar.observe(lambda change: form.cancel.click() if 0 < change.new < 8 else None, names="value")
            press(form.create, form)
            kept = form.result
            assert len(kept) == 24
            assert kept["outcome"].notna().all()
            assert {"created", "cancelled"} <= set(kept["outcome"])
            assert "Cancelled. So far: 24 restore points" in form.message.value
            assert "not reached" in form.rows.failures.value
            form.bar.unobserve_all()
            press(form.retry, form)
            assert form.result["status"].tolist() == ["created"] * 24
            assert form.rows.again.empty
            assert len(client.list_sessions()) == 24


def test_rows_grow_while_the_work_goes_on(monkeypatch):
    monkeypatch.setattr("odb_nb.widgets.create_sessions_form._ROWS_APART_S", 0.0)
    seen = []
    with open_form(Sandbox(latency_s=0.01), drives=PLAIN, which="window", start="2026-11-06") as form:
        press(form.find, form.wait(60))
        form.rows.rows.observe(lambda change: seen.append(change.new.count("<tr")), names="value")
        press(form.create, form)
    assert len(set(seen)) > 2
    assert seen == sorted(seen)


def test_the_kernel_is_free_while_the_form_works():
    with open_form(Sandbox(latency_s=0.05), drives=PLAIN, **WINDOW) as form:
        press(form.find, form.wait(60))
        form.create.click()
        assert len(form.client.list_drives()) == 40  # another cell
        assert len(form.wait(60).result) == 6


@pytest.mark.parametrize(
    ("options", "button", "words"),
    [
        pytest.param({}, "find", "no drive is ticked", id="no drive"),
        pytest.param({"drives": PLAIN}, "check", "no restore point is ticked", id="check without points"),
        pytest.param({"drives": PLAIN}, "create", "no restore point is ticked", id="create without points"),
        pytest.param({"drives": PLAIN}, "retry", "nothing to try again", id="nothing failed"),
        pytest.param({"drives": PLAIN, "which": "before"}, "find", "the last restore point before when", id="no time"),
        pytest.param({"drives": PLAIN, "which": "window"}, "find", "from when to when", id="no window"),
        pytest.param(
            {"drives": PLAIN, "which": "window", "start": "2020-01-01", "end": "2020-01-02"},
            "find",
            "no restore point that can carry a session (fastRestore) was found for Adele Vance, Alex Wilber from "
            "2020-01-01 to 2020-01-02; take a wider window",
            id="none in the window",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_the_form_and_nothing_is_sent(client, sandbox, options, button, words):
    with CreateSessionsForm(client, **options) as form:
        form.wait(60)
        getattr(form, button).click()
        with pytest.raises(odb.InputError) as caught:
            form.wait(60)
        assert words in str(caught.value)
        assert words in form.message.value
        assert 'role="alert"' in form.message.value
    assert sandbox.count("create_session") == 0


def test_a_time_that_cannot_be_read_is_said_in_the_form(form):
    form.choice.start.value = "last tuesday"
    form.find.click()
    with pytest.raises(odb.InputError, match="start="):
        form.wait(60)
    assert "start=" in form.message.value
    form.choice.start.value = "2026-11-19"
    press(form.find, form)
    assert len(form.points.frame) == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"which": "all"}, "which='all'", id="which"),
        pytest.param({"before": "soon"}, "before='soon'", id="before"),
        pytest.param({"start": "2026-11-20", "end": "2026-11-01"}, "before start", id="window"),
        pytest.param({"drives": [1]}, "drive id at position 0", id="drives of numbers"),
        pytest.param({"drives": pd.DataFrame({"name": ["x"]})}, "with a column", id="a foreign frame"),
    ],
)
def test_bad_arguments_are_refused_at_once(client, arguments, words):
    with pytest.raises(odb.InputError, match=words):
        CreateSessionsForm(client, **arguments)


def test_what_is_no_client_is_refused():
    with pytest.raises(odb.InputError, match=r"expected a client from odb_nb.connect"):
        CreateSessionsForm("client")


def test_drives_that_are_not_there_are_named_and_the_others_ticked(client):
    with CreateSessionsForm(client, drives=[PLAIN[0], "nobody@contoso.com"]) as form:
        with pytest.raises(odb.InputError, match=r"nobody@contoso\.com"):
            form.wait(60)
        assert form.drives.ticked["email"].tolist() == PLAIN[:1]


def test_a_closed_client_is_said_in_the_form(form, client):
    client.close()
    form.find.click()
    with pytest.raises(odb.InputError, match="closed"):
        form.wait(60)
    assert "closed" in form.message.value


def test_drives_without_points_are_named(client, sandbox):
    bare = drive_named(sandbox, "no-fast-points")
    with CreateSessionsForm(client, drives=[PLAIN[0], bare]) as form:
        press(form.find, form.wait(60))
        assert "none found at any time for" in form.message.value
        assert len(form.points.frame) == 1


def test_names_are_text_everywhere(client, sandbox):
    with CreateSessionsForm(client, drives=[drive_named(sandbox, "markup-name")], **WINDOW) as form:
        press(form.find, form.wait(60))
        press(form.create, form)
        for page in (form.rows.rows.value, form.message.value, form.rows.failures.value, form.still()[0]):
            assert not tags_in(page) & {"img", "script"}
        assert "&lt;img" in form.rows.rows.value


def test_the_still_picture_is_the_same_on_every_run():
    stills = []
    for _ in range(2):
        with odb.connect() as client, CreateSessionsForm(client, drives=[PLAIN[0], FAILING], **WINDOW) as form:
            press(form.find, form.wait(60))
            press(form.create, form)
            stills.append(form.still())
    assert stills[0] == stills[1]
    assert "6 restore points: 3 created, 3 failed" in stills[0][1]


def test_closing_frees_every_widget_and_keeps_the_result(client):
    before = set(_instances)
    form = CreateSessionsForm(client, drives=PLAIN, **WINDOW).wait(60)
    press(form.find, form)
    press(form.create, form)
    form.close()
    form.close()
    assert set(_instances) <= before
    assert len(form.result) == 6
    assert "6 restore points: 6 created" in repr(form)


def test_closing_ends_the_work():
    with Sandbox(latency_s=0.05) as sandbox, odb.connect(sandbox=sandbox) as client:
        form = CreateSessionsForm(client, drives=PLAIN, **WINDOW)
        press(form.find, form.wait(60))
        form.create.click()
        form.close()
        assert [thread.name for thread in threading.enumerate() if thread.name == "odb_nb form"] == []


def test_two_thousand_drives_are_all_there():
    with open_form(Sandbox(drives=2000)) as form:
        assert len(form.wait(60).drives.frame) == 2000
        form.drives.tick([0, 1999])
        assert len(form.drives.ticked) == 2
