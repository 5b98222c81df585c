"""The form that restores: clicked through as a user does, against the sandbox, whose books say what was restored."""

from __future__ import annotations

import threading
from collections import Counter

import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances
from pages import Page
from stories import files_of, opened, points_of, walked

import odb_nb as odb
from odb_nb import InputError
from odb_nb.errors import AuthError
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.tables import PLAN, RESTORES
from odb_nb.widgets import CompareView, FileBrowser, RestoreForm


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


@pytest.fixture
def form(client):
    with RestoreForm(client, files_of(walked(client), 5)) as made:
        yield press(made.make_plan, made)


@pytest.fixture
def beta(sandbox):
    with odb.connect(sandbox=sandbox, api_version="beta") as connected:
        yield connected


def press(button, form):
    button.click()
    return form.wait(120)


def times_restored(sandbox):
    """How often each item was set going and not failed, by the sandbox's own books."""
    return Counter(one.key for one in sandbox.restored if not one.fails)


def test_a_plan_is_shown_and_restores_nothing(form, sandbox):
    assert list(form.plan.columns) == PLAN.names
    assert form.table.frame["seen_point"].unique().tolist() == ["2026-11-20 03:02:55"]
    assert form.restore.description == "Restore 5 items"
    assert not form.restore.disabled
    assert "5 of 5 rows are ticked: 5 files, 8.1 MB, in 1 request." in repr(form)
    press(form.check, form)
    assert "5 would be restored, 0 have been or are being restored. Nothing was restored." in form.message.value
    assert sandbox.restores == []
    assert form.result is None


def test_what_is_ticked_is_restored_and_nothing_else(form, sandbox):
    form.table.tick([0, 3])
    assert form.restore.description == "Restore 2 items"
    wanted = form.plan["item_key"].tolist()
    press(form.restore, form)
    assert list(form.result.columns) == RESTORES.names
    assert form.result["status"].tolist() == ["succeeded"] * 2
    assert sorted(times_restored(sandbox)) == sorted(wanted)
    assert "2 items: 2 succeeded." in form.message.value
    assert "/Documents/Restored 2026-11-20" in form.rows.places.value
    assert "(2 items)" in form.rows.places.value
    assert form.retry.layout.display == "none"


def test_what_is_ticked_while_it_runs_is_not_restored(form, sandbox):
    form.table.tick([1])
    form.restore.click()
    form.table.tick_all()
    form.wait(60)
    assert len(form.result) == 1
    assert len(times_restored(sandbox)) == 1


def test_pressing_again_restores_nothing_twice(form, sandbox):
    form.restore.click()
    form.restore.click()
    form.wait(60)
    press(form.restore, form)
    assert form.result["outcome"].tolist() == ["reused"] * 5
    assert "5 had been restored before and were not again" in form.message.value
    assert set(times_restored(sandbox).values()) == {1}
    assert len(sandbox.restores) == 1
    press(form.check, form)
    assert "0 would be restored, 5 have been" in form.message.value


def test_the_code_shown_does_the_same(form, sandbox):
    form.table.tick([2, 4])
    press(form.restore, form)
    said = {"client": form.client, "items": files_of(walked(form.client), 5)}
    exec(form.code(), said)  # noqa: S102  # it is what the form promises
    assert said["restores"]["item_key"].tolist() == form.result["item_key"].tolist()
    assert said["restores"]["outcome"].tolist() == ["reused"] * 2
    assert len(times_restored(sandbox)) == 2


def test_versions_of_one_file_from_two_points_can_be_told_apart(client, sandbox):
    older, newer = (walked(client, start=day, end=day) for day in ("2026-11-18", "2026-11-19"))
    key = older.merge(newer[newer["type"] == "file"]["item_key"], on="item_key")["item_key"].iloc[0]
    both = pd.concat([walk[walk["item_key"] == key] for walk in (older, newer)])
    with RestoreForm(client, both) as form:
        press(form.make_plan, form)
        assert form.table.frame["seen_point"].tolist() == ["2026-11-18 03:02:55", "2026-11-19 03:02:55"]
        form.table.tick([1])
        press(form.restore, form)
        said = {"client": client, "items": both}
        exec(form.code(), said)  # noqa: S102
        assert said["restores"]["outcome"].tolist() == ["reused"]
        assert [one.restore_point_id for one in sandbox.restored] == form.plan["restore_point_id"].tolist()


def test_a_browsers_basket_is_planned_as_it_is_then(client):
    with FileBrowser(client, opened(client)) as browser, RestoreForm(client, browser) as form:
        browser.wait(60)
        with pytest.raises(InputError, match="nothing is picked in “Files in a session”"):
            press(form.make_plan, form)
        browser.table.tick([0, 1])
        browser.add.click()
        press(form.make_plan, form)
        press(form.restore, form)
        assert form.result["name"].tolist() == browser.result["name"].tolist()
        said = {"client": client}
        exec(form.code(), said)  # noqa: S102
        assert said["restores"]["outcome"].tolist() == ["reused"] * 2


def test_a_folder_that_was_deleted_comes_back_whole(client, sandbox):
    points = points_of(client, "folder-deleted", start="2026-11-15", end="2026-11-16")
    after, before = client.create_sessions(points.head(2), wait=True)["id"]
    with CompareView(client, before, after) as view, RestoreForm(client, view) as form:
        press(view.compare, view)
        view.text.value = "Aurora"
        press(form.make_plan, form)
        assert form.plan["path"].tolist() == ["Documents/Projects/Aurora"]
        assert "items lie in folders of this plan and are restored with them" in form.message.value
        press(form.restore, form)
        assert form.result["status"].tolist() == ["succeeded"]
        assert len(sandbox.restored) == 1
        said = {"client": client}
        with pytest.warns(UserWarning, match="lie in folders of this plan"):
            exec(form.code(), said)  # noqa: S102
        assert said["restores"]["outcome"].tolist() == ["reused"]


def test_in_place_is_off_on_v1_with_the_reason(form):
    assert form.destination.disabled
    assert form.conflict.disabled
    assert "Graph v1.0 restores to a new folder only" in Page(_all_html(form)).said["em"][0]


def _all_html(form):
    found, waiting = [], [form.view]
    while waiting:
        widget = waiting.pop()
        waiting += getattr(widget, "children", ())
        if type(widget).__name__ == "HTML":
            found.append(widget.value)
    return "".join(found)


def test_replacing_in_place_wants_the_tenant_typed(beta, sandbox):
    with RestoreForm(beta, files_of(walked(beta), 3)) as form:
        assert not form.destination.disabled
        assert form.conflict.disabled
        form.destination.value = "inPlace"
        assert not form.conflict.disabled
        press(form.make_plan, form)
        assert (form.confirm.layout.display, form.restore.disabled) == ("none", False)
        form.conflict.value = "replace"
        assert form.plan is None
        assert "The destination has changed; press Plan again" in form.message.value
        press(form.make_plan, form)
        assert form.confirm.layout.display == ""
        assert sandbox.tenant_id in _all_html(form)
        for typed in ("", "contoso", sandbox.tenant_id[:-1]):
            form.confirm.value = typed
            assert form.restore.disabled
            with pytest.raises(InputError, match="type the tenant into the field"):
                press(form.restore, form)
        assert sandbox.restores == []
        form.confirm.value = f" {sandbox.tenant_id.upper()} "
        assert not form.restore.disabled
        press(form.restore, form)
        assert form.result["status"].tolist() == ["succeeded"] * 3
        said = {"client": beta, "items": files_of(walked(beta), 3)}
        exec(form.code(), said)  # noqa: S102
        assert said["restores"]["outcome"].tolist() == ["reused"] * 3


def test_failures_are_said_in_words_and_can_be_tried_alone(client, sandbox):
    walk = walked(client, "odd-names")
    files = walk[walk["name"].isin(["cannot be restored.docx", "Plain 01.docx", "<img src=x onerror=alert(1)>"])]
    with RestoreForm(client, files) as form:
        press(form.make_plan, form)
        press(form.restore, form)
        assert "3 items: 1 failed, 2 succeeded." in form.message.value
        assert "Not restored (1)" in form.rows.failures.value
        assert "cannot be restored.docx: failed: the service gives no reason" in form.rows.failures.value
        assert form.retry.description == "Try the 1 again"
        press(form.retry, form)
        assert form.result["item_key"].tolist() == files["item_key"].tolist()
        assert form.result["outcome"].tolist() == ["created"] * 3  # what was restored is not asked for again
        assert Counter(one.key for one in sandbox.restored).most_common(2)[0][1] == 2
        assert sum(times_restored(sandbox).values()) == 2
        page, _ = form.still()
        assert "img" not in {tag for tag, _ in Page(page + form.rows.rows.value).elements}
        assert "✗ failed" in page


def test_a_lost_service_is_said_and_the_rest_is_tried_again(form, sandbox):
    sandbox.faults.add(Fault("activate_restore", status=500, times=None))
    form.restore.click()
    form.wait(120)
    assert "5 items:" in form.message.value
    assert form.retry.layout.display == ""
    sandbox.faults.clear()
    press(form.retry, form)
    assert form.result["status"].tolist() == ["succeeded"] * 5
    assert set(times_restored(sandbox).values()) == {1}
    assert form.retry.layout.display == "none"
    assert form.rows.failures.value == ""


def test_cancel_keeps_what_is_done_and_another_try_goes_on():
    with (
        Sandbox(latency_s=0.05) as sandbox,
        odb.connect(sandbox=sandbox) as client,
        RestoreForm(client, files_of(walked(client, "ransomware"), 120)) as form,
    ):
        press(form.make_plan, form)
        begun = threading.Event()
        form._progress.so_far.observe(lambda _: begun.set(), names="value")  # noqa: SLF001
        form.restore.click()
        assert begun.wait(60)
        form.cancel.click()
        form.wait(60)
        assert "Cancelled. What the service has begun goes on there" in form.message.value
        assert len(form.result) == 120
        assert form.result["outcome"].notna().all()
        press(form.retry, form)
        assert form.result["status"].tolist() == ["succeeded"] * 120
        assert form.result["item_key"].tolist() == form.plan["item_key"].tolist()
        assert set(times_restored(sandbox).values()) == {1}
        assert len(times_restored(sandbox)) == 120


def test_another_calls_result_is_not_taken_for_the_restores(form, client):
    press(form.restore, form)
    before = form.result
    for other in (client.list_sessions(), before.iloc[::-1], before.head(2), None):
        form.rows.take(other, range(5))
    assert form.result is before


def test_a_session_that_has_expired_is_opened_again(client, sandbox):
    items = files_of(walked(client), 2)
    with RestoreForm(client, items) as form:
        press(form.make_plan, form)
        sandbox.clock.advance(4 * 24 * 3600)
        press(form.restore, form)
        assert form.result["status"].tolist() == ["succeeded"] * 2


@pytest.mark.parametrize(
    ("pressed", "words"),
    [
        pytest.param("check", "there is no plan yet", id="check"),
        pytest.param("restore", "there is no plan yet", id="restore"),
        pytest.param("retry", "nothing to try again", id="retry"),
    ],
)
def test_without_a_plan_nothing_is_done(client, sandbox, pressed, words):
    with RestoreForm(client, walked(client)) as form:
        with pytest.raises(InputError, match=words):
            press(getattr(form, pressed), form)
        assert words in form.message.value
        assert form.restore.disabled
        assert sandbox.restores == []


def test_nothing_ticked_restores_nothing(form, sandbox):
    form.table.tick([])
    assert form.restore.disabled
    with pytest.raises(InputError, match="no row of the plan is ticked"):
        press(form.restore, form)
    assert sandbox.restores == []


def test_what_cannot_be_restored_is_said(client):
    with RestoreForm(client, walked(client)) as form:
        with pytest.raises(InputError, match="only files and folders"):
            press(form.make_plan, form)
        assert "only files and folders can be restored" in form.message.value
    with RestoreForm(client, walked(client).iloc[:0]) as form, pytest.raises(InputError, match="no rows"):
        press(form.make_plan, form)
    with pytest.raises(InputError, match="expected rows of walk or browse"):
        RestoreForm(client, "items")


def test_a_refused_plan_leaves_the_form_usable(client, sandbox):
    with RestoreForm(client, files_of(walked(client), 2)) as form:
        sandbox.faults.add(Fault("list_sessions", status=403))
        with pytest.raises(AuthError):
            press(form.make_plan, form)
        assert 'role="alert"' in form.message.value
        press(form.make_plan, form)
        assert len(form.plan) == 2


def test_close_leaves_no_widget(client):
    items = files_of(walked(client), 2)
    before = set(_instances)
    form = RestoreForm(client, items)
    press(form.make_plan, form)
    press(form.restore, form)
    form.close()
    assert set(_instances) == before
    assert len(form.result) == 2
