"""The form that restores, in JupyterLab in Chromium: from a basket to files that are back."""

from __future__ import annotations

import pytest
from clicks import live, message, press, story, table
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

BROWSER = "browser = FileBrowser(client, sessions.head(1))\nbrowser"
FORM = "form = RestoreForm(client, browser)\nform"


def test_a_few_files_are_picked_planned_and_restored(show, page, lab, screenshots, complaints):
    show(story("vance"), BROWSER, FORM, name="restore.ipynb")
    browser, form = live(page), live(page, 1)
    expect(message(browser)).to_contain_text("folder")
    press(form, "Plan")
    expect(message(form)).to_contain_text("nothing is picked in “Files in a session”")
    for row in range(4):
        table(browser).locator("tbody tr", has_text="file").nth(row).click()
    press(browser, "Add to basket")
    expect(browser.get_by_text("Basket: 4 files")).to_be_visible()
    press(form, "Plan")
    expect(table(form)).to_contain_text("4 rows selected")
    table(form).locator("tbody tr").nth(1).click()
    expect(form.get_by_role("button", name="Restore 3 items")).to_be_enabled()
    form.get_by_role("button", name="Restore 3 items").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "restore-form-plan.png")
    press(form, "Restore 3 items")
    expect(message(form)).to_contain_text("3 items: 3 succeeded")
    expect(form.get_by_role("listitem").filter(has_text="Restored 2026-11-20")).to_contain_text("(3 items)")
    rows = form.locator("table", has_text="restored_item_path").locator("tbody tr")
    expect(rows.filter(has_text="✓ succeeded")).to_have_count(3)
    rows.last.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "restore-form-done.png")
    assert lab.python(page, "form.result['name'].tolist() == form.plan['name'].tolist()") == "True"
    press(form, "Restore 3 items")
    expect(message(form)).to_contain_text("3 had been restored before")
    assert lab.python(page, "client.list_restores()['item_key'].nunique()") == "3"
    assert complaints.console == []
    assert complaints.outside == []


def test_replacing_in_place_stays_off_until_the_tenant_is_typed(show, page, lab, screenshots):
    items = (
        "walk = client.walk(sessions.head(1))\nform = RestoreForm(client, walk[walk['type'] == 'file'].head(2))\nform"
    )
    show(story("vance", version="beta"), items, name="in-place.ipynb")
    form = live(page)
    form.get_by_label("In place").check()
    form.get_by_role("combobox").first.select_option(label="replace what is there")
    press(form, "Plan")
    button = form.get_by_role("button", name="Restore 2 items")
    expect(button).to_be_disabled()
    button.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "restore-form-in-place.png")
    form.get_by_placeholder("type it out to go on").fill(lab.python(page, "client.banner.tenant"))
    expect(button).to_be_enabled()
    button.click()
    expect(message(form)).to_contain_text("2 items: 2 succeeded")
