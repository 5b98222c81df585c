"""The form that looks into a session: clicked through as a user does, against the sandbox."""

from __future__ import annotations

import threading

import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances
from pages import Page
from stories import opened

import odb_nb as odb
from odb_nb import InputError
from odb_nb.errors import GraphError
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.tables import ITEMS
from odb_nb.widgets import FileBrowser, SignInForm


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


@pytest.fixture
def browser_of(client):
    """Opens a form on the newest point of the drive with a story."""
    forms = []

    def open_form(story="ransomware"):
        forms.append(FileBrowser(client, opened(client, story)))
        return forms[-1].wait(60)

    yield open_form
    for form in forms:
        form.close()


def press(button, form):
    button.click()
    return form.wait(60)


def names(form):
    return form.table.frame["name"].fillna("").tolist()


def tick(form, *wanted):
    form.table.tick([names(form).index(name) for name in wanted])


def tags_in(page):
    return {tag for tag, _ in Page(page).elements}


def go_into(form, name):
    tick(form, name)
    return press(form.open, form)


def crumbs(form):
    return [crumb.description for crumb in form.places.crumbs]


def test_it_opens_where_there_is_a_choice(browser_of, client):
    form = browser_of()
    assert form.place == "Documents"
    assert crumbs(form) == []
    session = form.places.session_id
    library = client.browse(session, client.browse(session))
    assert names(form) == client.browse(session, library)["name"].tolist()
    assert "48 files and 13 folders, 9.9 GB" in form.message.value
    assert form.result is None


def test_going_down_and_back_asks_for_each_place_once(browser_of, sandbox):
    form = browser_of()
    top = names(form)
    go_into(go_into(form, "Budget 2026"), "Q1")
    assert form.place == "Documents/Budget 2026/Q1"
    assert crumbs(form) == ["Documents", "Budget 2026"]
    asked = sandbox.count("browse")
    press(form.places.crumbs[0], form)
    assert (form.place, names(form), form.table.positions) == ("Documents", top, [])
    go_into(form, "Budget 2026")
    assert sandbox.count("browse") == asked
    press(form.list_again, form)
    assert sandbox.count("browse") > asked


@pytest.mark.parametrize(
    ("ticked", "words"),
    [
        pytest.param([], "0 rows are ticked; tick the one folder", id="nothing"),
        pytest.param([0, 1], "2 rows are ticked", id="two"),
        pytest.param([0], "is a file, which cannot be opened", id="a file"),
    ],
)
def test_only_one_folder_can_be_opened(browser_of, ticked, words):
    form = browser_of()
    form.table.tick(ticked)
    with pytest.raises(InputError, match=words):
        press(form.open, form)
    assert words in form.message.value
    assert form.place == "Documents"


def test_the_basket_survives_moving_about(browser_of):
    form = browser_of()
    go_into(form, "Budget 2026")
    form.table.tick([0, 1])
    form.add.click()
    assert form.table.positions == []
    press(form.places.crumbs[0], form)
    tick(form, "Contracts")
    form.add.click()
    go_into(form, "Contracts")
    assert list(form.result.columns) == ITEMS.names
    assert form.result["path"].str.startswith("Documents/Budget 2026/").tolist() == [True, True, False]
    assert form.result["path"].tolist()[2] == "Documents/Contracts"
    assert "Basket: 2 files and 1 folder, 1.2 GB" in form.basket.said.value
    form.basket.table.tick([0])
    form.take_out.click()
    assert len(form.result) == 2
    form.empty.click()
    assert form.result is None
    assert "2 taken out" in form.message.value


def test_an_item_is_in_the_basket_once(browser_of):
    form = browser_of()
    for ticked in ([0, 1], [1, 2]):
        form.table.tick(ticked)
        form.add.click()
    assert len(form.result) == 3
    assert "1 put into the basket, 1 were in it already" in form.message.value


def test_what_lies_in_a_folder_of_the_basket_counts_once(browser_of):
    form = browser_of()
    folder = form.table.frame.set_index("name")["size_in_bytes"]["Budget 2026"]
    tick(form, "Budget 2026")
    form.add.click()
    alone = form.basket.in_words.partition(", ")[2]
    go_into(form, "Budget 2026")
    form.table.tick_all()
    form.add.click()
    assert form.result["size_in_bytes"].sum() == 2 * folder
    assert form.basket.in_words.partition(", ")[2] == alone


def test_nothing_ticked_is_said(browser_of):
    form = browser_of()
    form.add.click()
    assert "nothing is ticked" in form.message.value
    form.take_out.click()
    assert "nothing is ticked in the basket" in form.message.value


def test_a_search_finds_names_here_and_leads_back(browser_of, client):
    form = browser_of()
    everything = names(form)
    form.text.value = " reuni "
    press(form.search, form)
    assert names(form) == [name for name in everything if "reuni" in name.casefold()]
    assert "names in folders below are not searched" in form.message.value
    form.table.tick([0])
    form.add.click()
    assert form.result["name"].tolist() == [names(form)[0]]
    press(form.show_all, form)
    assert names(form) == everything


@pytest.mark.parametrize("text", ["it's", "''", "nothing like that", "(name -contains 'a') or '", "%", "<b>"])
def test_a_search_takes_any_text(browser_of, text):
    form = browser_of("odd-names")
    everything = names(form)
    form.text.value = text
    press(form.search, form)
    assert names(form) == [name for name in everything if text.casefold() in name.casefold()]
    assert tags_in(form.message.value) <= {"div", "br"}


def test_hostile_names_are_text(browser_of):
    form = browser_of("odd-names")
    form.table.tick_all()
    form.add.click()
    page, text = form.still()
    assert tags_in(page) & {"img", "script"} == set()
    seen = form.table.frame["seen_name"].tolist()
    assert "invoice\\u202excod.exe" in seen
    assert "line\\nbreak.txt" in seen
    assert not any(letter in "".join([*seen, text, form.message.value]) for letter in "\u202e\u200f\u2028\x1b\x07")
    said = {"client": form.client}
    exec(form.code(), said)  # noqa: S102  # it is what the form promises
    pd.testing.assert_frame_equal(said["basket"], form.result)


def test_a_folder_with_an_odd_name_is_opened(browser_of):
    form = browser_of("odd-names")
    go_into(go_into(form, "a/b"), "..")
    assert form.place == "Documents/a%2Fb/%2E%2E"
    assert crumbs(form) == ["Documents", "a/b"]


def test_the_way_back_from_deep_down_stays_short(browser_of):
    form = browser_of("deep")
    for level in range(1, 13):
        go_into(form, f"Level {level}")
    assert form.place.endswith("/Level 12")
    assert crumbs(form) == ["Documents", "Level 8", "Level 9", "Level 10", "Level 11"]
    press(form.places.crumbs[1], form)
    assert form.place.endswith("/Level 8")


def test_the_code_shown_does_the_same(browser_of, sandbox):
    form = browser_of()
    form.text.value = "reuni"
    press(form.search, form)
    with odb.connect(sandbox=sandbox) as another:
        said = {"client": another}
        exec(form.code(), said)  # noqa: S102
        assert said["items"]["name"].tolist() == names(form)
        form.table.tick([0])
        form.add.click()
        press(form.show_all, form)
        form.table.tick([5, 3])
        form.add.click()
        go_into(form, "Budget 2026")
        form.table.tick([2])
        form.add.click()
        exec(form.code(), said)  # noqa: S102
    pd.testing.assert_frame_equal(
        said["basket"].sort_values("item_key", ignore_index=True),
        form.result.sort_values("item_key", ignore_index=True),
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param([], "expected one session, got 0", id="none"),
        pytest.param(["a", "b"], "expected one session, got 2", id="two"),
        pytest.param(7, "session id", id="a number"),
    ],
)
def test_what_is_no_session_is_refused(client, given, words):
    with pytest.raises(InputError, match=words):
        FileBrowser(client, given)


def test_an_expired_session_is_said_and_what_was_seen_stays(browser_of, sandbox):
    form = browser_of()
    form.table.tick([0])
    form.add.click()
    sandbox.clock.advance(4 * 24 * 3600)
    tick(form, "Budget 2026")
    with pytest.raises(GraphError):
        press(form.open, form)
    assert "expired" in form.message.value
    assert 'role="alert"' in form.message.value
    assert form.place == "Documents"
    assert len(form.result) == 1


def test_a_failed_session_is_said(client):
    points = client.list_restore_points(client.list_drives(search="isaiahl@contoso.com"), limit=1)
    failed = client.create_sessions(points, wait=True)
    with FileBrowser(client, failed) as form:
        with pytest.raises(InputError, match="has failed"):
            form.wait(60)
        assert "has failed and cannot be opened" in form.message.value
        assert "not listed" in repr(form)


def test_a_folder_that_lists_less_than_announced_is_told(browser_of, sandbox):
    form = browser_of()
    sandbox.faults.add(Fault("browse", "body", body=b'{"value": []}'))
    go_into(form, "Budget 2026")
    assert "Nothing is in it." in form.message.value
    assert "20 items were announced here and 0 listed" in form.message.value
    press(form.list_again, form)
    assert len(form.table.frame) == 20
    assert "announced" not in form.message.value


def test_cancel_leaves_a_place_that_can_be_searched():
    with (
        Sandbox(latency_s=0.05) as sandbox,
        odb.connect(sandbox=sandbox) as client,
        FileBrowser(client, opened(client, "huge")) as form,
    ):
        form.wait(60)
        tick(form, "Scans")
        said = threading.Event()
        form.message.observe(lambda change: said.set() if "10,000 items" in change.new else None, names="value")
        form.open.click()
        assert said.wait(60)
        form.cancel.click()
        form.wait(60)
        assert "Cancelled: this place was not listed to its end" in form.message.value
        assert (form.place, names(form)) == ("Documents/Scans", [])
        form.text.value = "000012."
        press(form.search, form)
        assert names(form) == ["Scan 0000012.tif"]
        press(form.places.crumbs[0], form)
        assert form.place == "Documents"


def test_ten_thousand_items_are_shown_and_picked(browser_of):
    form = browser_of("huge")
    go_into(form, "Scans")
    assert len(names(form)) == 10_000
    form.table.tick_all()
    form.add.click()
    assert len(form.result) == 10_000
    assert "10,000 files, 542.4 MB" in form.basket.in_words
    assert len(form.still()[0]) < 100_000


def test_it_waits_for_somebody_to_sign_in(sandbox, client):
    session = opened(client)
    with SignInForm() as sign_in, FileBrowser(sign_in, session) as form:
        assert "Sign in first" in form.message.value
        form.open.click()
        with pytest.raises(InputError, match="rows are ticked"):
            form.wait(60)


def test_close_leaves_no_widget(client):
    session = opened(client)
    before = set(_instances)
    form = FileBrowser(client, session).wait(60)
    items = form.table.frame
    go_into(form, items.loc[items["type"] == "folder", "name"].iloc[0])
    form.close()
    assert set(_instances) == before
    assert form.place.startswith("Documents/")
