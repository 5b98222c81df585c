"""The form that opens sessions, in JupyterLab in Chromium: clicked, typed into, cancelled, restarted."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

import odb_nb as odb

pytestmark = pytest.mark.browser

SANDBOX = """
import odb_nb as odb
from odb_nb.sandbox import Sandbox
from odb_nb.widgets import CreateSessionsForm
client = odb.connect(sandbox=Sandbox({switches}))
"""
FORM = "form = CreateSessionsForm(client, {arguments})\nform"
WINDOW = 'which="window", start="2026-11-18", end="2026-11-20"'
ROWS = ".odb-nb-live tbody tr"
HANDLERS_OF_TICKS = """table => Object.keys(table).filter(name => name.startsWith("jQuery"))
    .flatMap(name => table[name].events?.select ?? []).map(told => String(told.handler))"""


@pytest.fixture
def shown(show, page):
    """Shows a form on a sandbox with these switches; gives the page once its drives are listed."""

    def open_form(switches="", arguments=WINDOW, name="form.ipynb"):
        show(SANDBOX.format(switches=switches), FORM.format(arguments=arguments), name=name)
        expect(message(page)).to_contain_text("protected drives")
        return page

    return open_form


@contextlib.contextmanager
def served_sandbox():
    """A sandbox in a process of its own, which outlives kernels; sessions are ready at once, its clock stands still."""
    command = [sys.executable, "-m", "odb_nb.sandbox", "--port", "0", "--creating-s", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() + "/v1.0"
        finally:
            process.terminate()


def message(page):
    return page.locator(".odb-nb-message")


def press(page, name):
    page.locator(".odb-nb-live").get_by_role("button", name=name).last.click()


def drives(page):
    return page.locator(".dt-container").first


def points(page):
    return page.locator(".dt-container").last


def find_all(page, typed):
    """Filter the drives, tick what is found, find their points."""
    drives(page).get_by_role("searchbox").fill(typed)
    drives(page).get_by_role("button", name="Tick all found").click()
    expect(drives(page)).to_contain_text(re.compile(r"\d+ rows? selected"))
    press(page, "Find restore points")
    expect(points(page)).to_contain_text(re.compile(r"\d+ rows? selected"))


def test_drives_are_ticked_points_found_and_sessions_opened(shown, screenshots, complaints):
    page = shown()
    drives(page).get_by_text("Adele Vance").click()
    drives(page).get_by_text("Isaiah Langer").click()
    expect(drives(page)).to_contain_text("2 rows selected")
    press(page, "Find restore points")
    expect(message(page)).to_contain_text("6 restore points of 2 drives")
    points(page).locator("tbody tr").first.click()  # untick one
    expect(page.get_by_role("button", name="Open 5 sessions")).to_be_visible()
    press(page, "Check")
    expect(message(page)).to_contain_text("5 sessions would be opened")
    press(page, "Open 5 sessions")
    expect(message(page)).to_contain_text("5 restore points: 2 created, 3 failed")
    table = page.locator(".odb-nb-live table", has_text="error_code")
    expect(table.locator("tbody tr")).to_have_count(5)
    expect(table.locator("tbody tr", has_text="✗ failed")).to_have_count(3)
    expect(page.get_by_text("Not open (3)")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="ArtifactCannotBeRestored").first).to_contain_text("request id")
    page.get_by_role("button", name="Try the 3 again").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "create-sessions.png")
    assert complaints.console == []
    assert complaints.outside == []


def test_cancel_half_way_keeps_what_is_done(shown, lab, screenshots):
    page = shown("latency_s=0.1", 'which="window", start="2026-11-10", end="2026-11-20"')
    find_all(page, "contoso")
    press(page, "Open ")
    expect(page.get_by_text(re.compile(r"^[1-9]\d* of \d+: \d+ created"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(message(page)).to_contain_text("Cancelled. So far:")
    expect(page.get_by_text("not reached")).to_be_visible()
    page.screenshot(path=screenshots / "create-sessions-cancelled.png")
    outcomes = lab.python(page, "sorted(form.result['outcome'].unique())")
    assert "cancelled" in outcomes
    assert "created" in outcomes


def test_a_cell_runs_while_the_form_works(shown, lab):
    page = shown("latency_s=0.1", 'which="window", start="2026-11-10", end="2026-11-20"')
    find_all(page, "contoso")
    press(page, "Open ")
    expect(page.get_by_role("button", name="Cancel")).to_be_enabled()
    assert lab.python(page, "6 * 7") == "42"
    expect(page.get_by_role("button", name="Cancel")).to_be_enabled()
    page.get_by_role("button", name="Cancel").click()
    expect(message(page)).to_contain_text("Cancelled")


def test_a_name_with_markup_is_text(shown, screenshots):
    page = shown()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    find_all(page, "onerror")
    press(page, "Open 3 sessions")
    expect(message(page)).to_contain_text("3 restore points: 3 created")
    expect(page.locator(".odb-nb-live").get_by_text("<img src=x onerror=alert(1)>").last).to_be_visible()
    page.screenshot(path=screenshots / "create-sessions-markup.png")
    assert page.locator("img[src=x]").count() == 0
    assert dialogs == []


def test_the_keyboard_is_enough(shown):
    page = shown(arguments="")

    def tab_to(is_there):
        for _ in range(60):
            if page.evaluate(f"(({is_there})(document.activeElement))"):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"Tab does not come to {is_there}")

    drives(page).get_by_role("searchbox").focus()
    page.keyboard.type("vance")
    expect(drives(page).locator("tbody tr")).to_have_count(1)
    tab_to("element => element.matches('.odb-nb-live tbody tr')")
    page.keyboard.press("Space")
    expect(drives(page)).to_contain_text("1 row selected")
    tab_to("element => element.innerText === 'Find restore points'")
    page.keyboard.press("Enter")
    expect(points(page)).to_contain_text("1 row selected")
    tab_to("element => element.innerText.startsWith('Open 1 session')")
    page.keyboard.press("Enter")
    expect(message(page)).to_contain_text("1 restore points: 1 created")


def test_the_dark_theme_reads(shown, lab, screenshots):
    page = shown()
    lab.dark(page)
    find_all(page, "langer")
    press(page, "Open 3 sessions")
    expect(message(page)).to_contain_text("3 failed")
    failed = page.locator(".odb-nb-live td", has_text="✗ failed").first
    failed.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "create-sessions-dark.png")
    ink, fill = failed.evaluate("cell => [getComputedStyle(cell).color, getComputedStyle(cell).backgroundColor]")
    assert (ink, fill) == ("rgb(90, 31, 0)", "rgb(246, 211, 191)")
    lab.light(page)


def test_two_thousand_drives_are_filtered_by_typing(shown):
    page = shown("drives=2000")
    expect(drives(page)).to_contain_text("2,000 entries")
    drives(page).get_by_role("searchbox").press_sequentially("vance")
    expect(drives(page)).to_contain_text("filtered from 2,000 total entries")
    drives(page).locator("tbody tr").first.click()
    press(page, "Find restore points")
    expect(points(page)).to_contain_text("3 rows selected")


def test_nothing_asks_all_rows_for_their_ids_at_a_tick_however_often_a_table_was_filled(shown, lab):
    page = shown("drives=2000")
    lab.python(page, "[form.drives.show(form.drives.frame.head(n)) for n in (1999, 1998, 1997)]")
    expect(drives(page)).to_contain_text("1,997 entries")
    told_of_ticks = drives(page).locator("table.dataTable").evaluate(HANDLERS_OF_TICKS)
    assert told_of_ticks  # Select's info and the widget: jQuery keeps them where this looks
    assert not [handler for handler in told_of_ticks if "_select_set" in handler]


def test_a_restarted_kernel_run_again_opens_no_second_session(lab, show, page, tmp_path):
    with served_sandbox() as url:
        cells = (
            f"import odb_nb as odb\nfrom odb_nb.widgets import CreateSessionsForm\n"
            f"client = odb.connect('sandbox', base_url={url!r}, journal={str(tmp_path / 'journal.sqlite')!r})",
            f"form = CreateSessionsForm(client, drives='adelev@contoso.com', {WINDOW})\nform",
            "_ = form.wait().find.click()\n_ = form.wait().create.click()\n_ = form.wait()",
        )
        show(*cells, name="restart.ipynb")
        expect(message(page)).to_contain_text("3 restore points: 3 created")
        lab.restart(page)
        lab.run_all(page)
        expect(message(page)).to_contain_text("3 restore points: 3 reused")
        with odb.connect("sandbox", base_url=url) as client:
            assert len(client.list_sessions()) == 3


def test_a_saved_form_without_its_kernel_shows_a_true_picture(shown, page, lab):
    shown(name="still.ipynb")
    find_all(page, "langer")
    press(page, "Open 3 sessions")
    expect(message(page)).to_contain_text("3 failed")
    expect(page.locator(".odb-nb-still")).to_be_hidden()
    expect(page.locator(".odb-nb-still")).to_contain_text("3 failed")  # drawn a moment after the message
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    lab.open(page, "still.ipynb")
    still = page.locator(".odb-nb-still")
    expect(still).to_be_visible()
    expect(still).to_contain_text("3 restore points: 3 failed")
    expect(still.locator("tbody tr")).to_have_count(3)
