"""The form that compares two points, in JupyterLab in Chromium: an evening on which 300 files were renamed."""

from __future__ import annotations

import pytest
from clicks import live, message, press, story, table
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

FORM = "after, before = sessions['id'].head(2)\nform = CompareView(client, before, after)\nform"


def test_an_evening_is_compared_filtered_and_chosen_from(show, page, lab, screenshots, complaints):
    show(story("nestor", "2026-11-17", "2026-11-18"), FORM, name="compare.ipynb")
    form = live(page)
    press(form, "Compare")
    expect(message(form)).to_contain_text("513 items compared, 330 of them differ")
    expect(form.get_by_text("→ 300 renamed")).to_be_visible()
    expect(form.get_by_text("330 of 513 items")).to_be_visible()
    page.screenshot(path=screenshots / "compare-view.png")
    form.get_by_label("± resized (28)").uncheck()
    form.get_by_placeholder("part of it, before or after").fill("budget 2026/")
    expect(form.get_by_text("path holds “budget 2026/”")).to_be_visible()
    table(form).locator("tbody tr").nth(2).click()
    expect(table(form)).to_contain_text("1 row selected")
    page.screenshot(path=screenshots / "compare-view-filtered.png")
    assert lab.python(page, "form.chosen['path'].str.startswith('Documents/Budget 2026/').tolist()") == "[True]"
    assert complaints.console == []
    assert complaints.outside == []


def test_the_dark_theme_reads(show, page, lab, screenshots):
    show(story("nestor", "2026-11-17", "2026-11-18"), FORM, name="compare-dark.ipynb")
    lab.dark(page)
    form = live(page)
    press(form, "Compare")
    expect(message(form)).to_contain_text("513 items compared")
    page.screenshot(path=screenshots / "compare-view-dark.png")
    ink, fill = form.get_by_text("→ 300 renamed").evaluate(
        "chip => [getComputedStyle(chip).color, getComputedStyle(chip).backgroundColor]"
    )
    assert (ink, fill) == ("rgb(8, 50, 74)", "rgb(211, 235, 248)")
    lab.light(page)
