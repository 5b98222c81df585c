"""The board in JupyterLab in Chromium: what an analyst sees at a glance, and what filters, details and files do."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

OPENED = """
import odb_nb as odb
from odb_nb.widgets import StatusBoard
client = odb.connect()
drives = client.list_drives(search="contoso").head(9)
points = client.list_restore_points(drives, start="2026-11-18", end="2026-11-20")
day = points["protection_date_time"].dt.day
early = client.create_sessions(points[day == 19], wait=True)
client.sandbox.clock.advance(62 * 3600)
late = client.create_sessions(points[day == 20].head(5), wait=True)
"""
BOARD = "board = StatusBoard(client, points)\nboard"


@pytest.fixture
def board(show, page):
    show(OPENED, BOARD, name="board.ipynb")
    board = page.locator(".odb-nb-live")
    expect(board).to_contain_text("Next to run out")
    return board


def test_the_board_tells_counts_what_runs_out_and_why_something_failed(board, page, screenshots, complaints):
    expect(board).to_contain_text(re.compile(r"✗ 2 failed"))
    expect(board).to_contain_text("no session")
    expect(board).to_contain_text("in 9 h 59 min")
    board.locator("tbody tr", has_text="Isaiah Langer").filter(has_text="failed").first.click()
    expect(board).to_contain_text("ArtifactCannotBeRestored")
    expect(board).to_contain_text("The session could not be prepared.")
    page.screenshot(path=screenshots / "status-board.png")
    assert complaints.console == []
    assert complaints.outside == []


@pytest.mark.parametrize("view", ["Matrix", "Timeline", "Summary"])
def test_each_view_is_drawn(board, page, screenshots, view):
    board.get_by_role("button", name=view).click()
    shown = board.locator(".odb-nb-matrix table" if view == "Matrix" else "figure img")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / f"status-board-{view.casefold()}.png")


def test_filters_leave_what_needs_somebody(board):
    board.get_by_label("Failed only").check()
    expect(board.locator("table.dataTable tbody tr")).to_have_count(2)
    board.get_by_label("Failed only").uncheck()
    board.get_by_label(re.compile("Drive")).first.fill("vance")
    expect(board.locator("table.dataTable tbody tr")).to_have_count(3)


def test_the_rows_shown_become_a_file(board, lab):
    board.get_by_label("Failed only").check()
    board.get_by_role("button", name="Export").click()
    expect(board.locator(".odb-nb-message")).to_contain_text("status.csv")
    written = pd.read_csv(lab.folder / "status.csv")
    assert written["display_name"].tolist() == ["Isaiah Langer"] * 2
    board.get_by_role("button", name="Export").click()
    expect(board.locator(".odb-nb-message")).to_contain_text("is there already")


def test_the_board_reads_on_the_dark_theme(board, lab, page, screenshots):
    lab.dark(page)
    page.screenshot(path=screenshots / "status-board-dark.png")
    board.get_by_role("button", name="Matrix").click()
    failed = board.locator(".odb-nb-matrix td", has_text="✗ failed").first
    expect(failed).to_be_visible()
    ink, fill = failed.evaluate("cell => [getComputedStyle(cell).color, getComputedStyle(cell).backgroundColor]")
    assert (ink, fill) == ("rgb(90, 31, 0)", "rgb(246, 211, 191)")
    failed.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "status-board-matrix-dark.png")
    lab.light(page)
