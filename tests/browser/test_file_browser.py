"""The form that looks into a session, in JupyterLab in Chromium: opened, searched, picked from."""

from __future__ import annotations

import pytest
from clicks import live, message, press, story, table, tick, tick_all
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FORM = "form = FileBrowser(client, sessions.head(1))\nform"


@pytest.fixture
def shown(show, page):
    """Shows a form on the newest point of a drive; gives it once a place is listed."""

    def open_form(who, name="browse.ipynb"):
        show(story(who), FORM, name=name)
        expect(message(live(page))).to_contain_text("folder")
        return live(page)

    return open_form


def test_folders_are_opened_names_found_and_the_basket_stays(shown, page, lab, screenshots, complaints):
    form = shown("nestor")
    expect(form.locator(".odb-nb-place")).to_have_text("Documents")
    tick(form, "Budget 2026")
    press(form, "Open folder")
    expect(form.locator(".odb-nb-place")).to_have_text("Budget 2026")
    table(form).locator("tbody tr").nth(1).click()
    table(form).locator("tbody tr").nth(3).click()
    expect(table(form)).to_contain_text("2 rows selected")
    press(form, "Add to basket")
    expect(form.get_by_text("Basket: 2 files")).to_be_visible()
    expect(table(form)).not_to_contain_text("selected")
    page.screenshot(path=screenshots / "file-browser.png")
    press(form, "Documents")
    expect(message(form)).to_contain_text("48 files and 13 folders")
    form.get_by_placeholder("part of a name").fill("reuni")
    page.keyboard.press("Enter")
    expect(message(form)).to_contain_text("whose names hold “reuni”")
    table(form).locator("tbody tr").first.click()
    press(form, "Add to basket")
    expect(form.get_by_text("Basket: 3 files")).to_be_visible()
    page.screenshot(path=screenshots / "file-browser-search.png")
    assert lab.python(page, "form.result['path'].str.startswith('Documents/Budget 2026/').tolist()") == str(
        [True, True, False]
    )
    assert complaints.console == []
    assert complaints.outside == []


def test_sizes_in_words_sort_by_bytes(shown, page, lab):
    form = shown("nestor")
    heading = table(form).get_by_role("columnheader", name="Size")
    expect(table(form).get_by_role("columnheader")).to_have_count(4)  # the numbers are not shown
    for _ in range(2):  # the largest first
        heading.locator(".dt-column-order").click()
    largest = lab.python(page, "form.table.frame.sort_values('size_in_bytes')['name'].iloc[-1]")
    expect(table(form).locator("tbody tr").first).to_contain_text(largest)


def test_hostile_names_are_text(shown, page, screenshots):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    form = shown("patti")
    tick_all(form)
    expect(table(form)).to_contain_text("80 rows selected")
    press(form, "Add to basket")
    expect(form.get_by_text("Basket: 72 files and 8 folders")).to_be_visible()
    form.get_by_placeholder("part of a name").fill("<img")
    press(form, "Search")
    expect(table(form).get_by_text("<img src=x onerror=alert(1)>", exact=True)).to_be_visible()
    press(form, "Show all")
    expect(table(form)).to_contain_text("80 entries")
    table(form).get_by_role("combobox").select_option("100")
    expect(table(form).get_by_text("invoice\\u202excod.exe", exact=True)).to_be_visible()
    page.screenshot(path=screenshots / "file-browser-hostile.png")
    size = table(form).get_by_role("columnheader", name="Size").bounding_box()
    assert size["x"] + size["width"] <= 1280  # beside names of 400 letters
    assert page.locator("img[src=x]").count() == 0
    assert dialogs == []


def test_a_folder_of_ten_thousand_can_be_used(shown, page, screenshots):
    form = shown("debra")
    tick(form, "Scans")
    press(form, "Open folder")
    expect(table(form)).to_contain_text("10,000 entries")
    tick_all(form)
    expect(table(form)).to_contain_text("10000 rows selected")
    press(form, "Add to basket")
    expect(form.get_by_text("Basket: 10,000 files")).to_be_visible()
    page.screenshot(path=screenshots / "file-browser-huge.png")
