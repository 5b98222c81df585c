"""The form that compares two points: clicked through as a user does, against the sandbox."""

from __future__ import annotations

import contextlib
import threading

import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances
from pages import Page
from stories import points_of, walked

import odb_nb as odb
from odb_nb import InputError
from odb_nb.errors import GraphError
from odb_nb.sandbox import Sandbox
from odb_nb.widgets import CompareView

EVENING = {"start": "2026-11-17", "end": "2026-11-18"}
DELETED = {"start": "2026-11-15", "end": "2026-11-16"}


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


def sessions_of(client, story="ransomware", **window):
    """Ids of sessions on the point before and the point after."""
    after, before = client.create_sessions(points_of(client, story, **(window or EVENING)).head(2), wait=True)["id"]
    return before, after


@pytest.fixture
def form(client):
    with CompareView(client, *sessions_of(client)) as made:
        yield press(made.compare, made)


def press(button, form):
    button.click()
    return form.wait(120)


def test_a_renamed_evening_is_counted_and_shown(form):
    assert form.result["change"].value_counts().to_dict() == {"renamed": 300, "same": 183, "resized": 28, "added": 2}
    said = form.counts.value
    assert "+ 2 added, 2.7 kB" in said
    assert "→ 300 renamed, 7.4 GB" in said
    assert "± 1 resized, 131.9 kB → 111.6 kB" in said
    assert "= 182 same, 2.5 GB" in said
    assert form.changes["renamed"].description == "→ renamed (300)"
    assert len(form.shown) == 330
    assert "330 of 513 items: change is added or removed or renamed or resized" in form.found.value
    assert "Nestor Wilke, 2026-11-17 03:05:15 UTC, 511 items" in repr(form)


def test_filters_work_together(form):
    form.changes["resized"].value = form.changes["added"].value = False
    assert form.shown["change"].unique().tolist() == ["renamed"]
    form.text.value = " BUDGET 2026/"
    few = form.shown
    assert 0 < len(few) < 300
    assert few["path"].str.startswith("Documents/Budget 2026/").all()
    assert len(form.table.frame) == len(few)
    form.changes["same"].value = form.changes["resized"].value = True
    form.files_only.value = True
    assert set(form.shown["type"]) == {"file"}
    assert set(form.shown["change"]) == {"renamed", "same", "resized"}
    for tick in form.changes.values():
        tick.value = False
    assert "no kind of change is ticked" in form.found.value
    assert len(form.shown) == 0


def test_what_is_chosen_is_as_it_was_before(form):
    before = form.walks[0]
    form.text.value = ".locked"
    assert len(form.chosen) == 300
    assert not form.chosen["name"].str.endswith(".locked").any()
    assert form.chosen["session_id"].unique().tolist() == [before.attrs["session_id"]]
    form.table.tick([4, 7])
    assert form.chosen["item_key"].tolist() == form.shown["item_key_before"].iloc[[4, 7]].tolist()
    assert len(form.client.plan_restore(form.chosen)) == 2


def test_a_folder_that_is_still_there_is_chosen_only_by_a_tick(form):
    assert set(form.chosen["type"]) == {"file"}
    at = form.shown["path"].tolist().index("Documents/Budget 2026")
    form.table.tick([at])
    assert form.chosen["path"].tolist() == ["Documents/Budget 2026"]


def test_a_deleted_folder_is_chosen_with_what_was_in_it(client):
    with CompareView(client, *sessions_of(client, "folder-deleted", **DELETED)) as form:
        press(form.compare, form)
        for change, tick in form.changes.items():
            tick.value = change == "removed"
        form.text.value = "Aurora"
        assert "Documents/Projects/Aurora" in form.chosen["path"].tolist()
        with pytest.warns(UserWarning, match="lie in folders of this plan"):
            plan = client.plan_restore(form.chosen)
        assert plan["path"].tolist() == ["Documents/Projects/Aurora"]
        assert plan.attrs["within_folders"] > 60


def test_each_session_is_walked_once(form, sandbox):
    asked = sandbox.count("browse")
    press(form.compare, form)
    assert sandbox.count("browse") == asked
    assert "513 items compared, 330 of them differ" in form.message.value


def test_walks_and_sessions_mix_and_walks_need_no_client(client, tmp_path):
    walk = walked(client, "ransomware", start="2026-11-17", end="2026-11-17")
    file = odb.save_listing(walk, tmp_path / "before.parquet")
    saved = odb.load_listing(file)
    _, after = sessions_of(client)
    with CompareView(client, saved, after) as form:
        assert "it walks 1 session" in form.message.value
        press(form.compare, form)
        result, walk_after = form.result, form.walks[1]
    with CompareView(None, saved, walk_after) as form:
        press(form.compare, form)
        pd.testing.assert_frame_equal(form.result, result)
        assert "not signed in" in repr(form)


def test_the_code_shown_does_the_same(form, tmp_path):
    form.text.value, form.files_only.value = ".locked", True
    said = {"client": form.client}
    exec(form.code(), said)  # noqa: S102  # it is what the form promises
    pd.testing.assert_frame_equal(said["comparison"], form.shown)
    pd.testing.assert_frame_equal(said["chosen"], form.chosen)
    form.export_to.value = str(tmp_path / "changes.csv")
    press(form.export, form)
    form.overwrite.value = True
    form.table.tick([2])
    press(form.export, form)
    exec(form.code(), said)  # noqa: S102
    pd.testing.assert_frame_equal(said["chosen"], form.chosen)
    assert len(pd.read_csv(tmp_path / "changes.csv")) == 300


def test_a_long_comparison_is_cut_in_the_table_alone(client):
    walk = walked(client, "ransomware")
    other = walk.assign(item_key=walk["item_key"] + "x", path=walk["path"].where(walk["depth"] < 2, walk["path"] + "y"))
    with CompareView(None, walk, other) as form:
        press(form.compare, form)
        assert len(form.shown) == len(form.result) - 2
        assert len(form.table.frame) == 500
        assert "The table has the first 500" in form.found.value
        assert len(form.chosen) == (walk["depth"] >= 2).sum()


def test_hostile_names_are_text(client):
    walk = walked(client, "odd-names")
    with CompareView(None, walk, walk.head(2)) as form:
        press(form.compare, form)
        page, text = form.still()
        for html in (page, form.counts.value, form.found.value, form.message.value):
            assert {tag for tag, _ in Page(html).elements} & {"img", "script"} == set()
        assert "invoice\\u202excod.exe" in text
        form.text.value = "<b>"
        assert "&lt;b&gt;" in form.found.value


def test_cancel_keeps_the_walk_that_is_done():
    with (
        Sandbox(latency_s=0.02) as sandbox,
        odb.connect(sandbox=sandbox) as client,
        CompareView(client, *sessions_of(client)) as form,
    ):
        second = threading.Event()
        form.message.observe(lambda change: second.set() if "2 of 2" in change.new else None, names="value")
        form.compare.click()
        assert second.wait(60)
        form.cancel.click()
        form.wait(60)
        assert "Cancelled. The walk before is kept." in form.message.value
        assert form.result is None
        asked = sandbox.count("browse")
        press(form.compare, form)
        assert sandbox.count("browse") - asked < 1.5 * asked
        assert (form.result["change"] == "renamed").sum() == 300


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(["a", "b"], "expected one session, got 2", id="two sessions"),
        pytest.param(pd.DataFrame({"policy_id": []}), "frame of drives", id="drives"),
        pytest.param(None, "session id", id="nothing"),
    ],
)
def test_what_is_neither_walk_nor_session_is_refused(client, given, words):
    with pytest.raises(InputError, match=words):
        CompareView(client, "session", given)


def test_sessions_need_a_client():
    with pytest.raises(InputError, match="expected a client"):
        CompareView(None, "one", "two")


def test_an_expired_session_and_walks_of_two_drives_are_said(client, sandbox):
    before, after = sessions_of(client)
    sandbox.clock.advance(4 * 24 * 3600)
    with CompareView(client, before, after) as form:
        with pytest.raises(GraphError):
            press(form.compare, form)
        assert "expired" in form.message.value
        with pytest.raises(InputError, match="nothing to export yet"):
            press(form.export, form)
    with CompareView(None, walked(client), walked(client, "tidied")) as form:
        with pytest.raises(InputError):
            press(form.compare, form)
        assert 'role="alert"' in form.message.value


def test_close_leaves_no_widget(client):
    walk = walked(client)
    before = set(_instances)
    form = CompareView(None, walk, walk)
    press(form.compare, form)
    form.close()
    with contextlib.suppress(Exception):
        form.text.value = "x"  # a change that comes late
    assert set(_instances) == before
    assert len(form.result) == len(walk)
