"""The notebook of forms as a page without code: Voilà in Chromium, from signing in to the rows."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def create_sessions(voila, page, repository):
    shutil.copy(repository / "notebooks" / "create-sessions.ipynb", voila.folder)
    voila.open(page, "create-sessions.ipynb")
    return page


def form(page, number):
    return page.locator(".odb-nb-live").nth(number)


def test_sessions_are_opened_and_watched_by_clicking_alone(create_sessions, screenshots, complaints):
    page = create_sessions
    sign_in, create, board = (form(page, number) for number in range(3))
    expect(create.locator(".odb-nb-message")).to_contain_text("Sign in first")
    sign_in.get_by_role("button", name="Sign in").click()
    expect(sign_in).to_contain_text("Sandbox: nothing here is real")
    expect(create.locator(".dt-container").first).to_contain_text("3 rows selected")
    create.get_by_role("button", name="Find restore points").click()
    expect(create.locator(".odb-nb-message")).to_contain_text("9 restore points of 3 drives")
    create.get_by_role("button", name="Open 9 sessions").click()
    expect(create.locator(".odb-nb-message")).to_contain_text("9 restore points: 6 created, 3 failed")
    expect(create.locator("table", has_text="error_code").locator("tbody tr")).to_have_count(9)
    page.screenshot(path=screenshots / "voila-create-sessions.png", full_page=True)
    board.get_by_role("button", name="Refresh").click()
    expect(board).to_contain_text("6 created")
    expect(board).to_contain_text("3 failed")
    board.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "voila-status-board.png")
    expect(page.locator(".jp-CodeMirrorEditor, .highlight").first).to_be_hidden()  # no code on the page
    assert complaints.console == []
    assert complaints.outside == []
