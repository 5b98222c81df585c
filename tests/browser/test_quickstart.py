"""The quickstart as a user sees it: JupyterLab in Chromium, every cell run, looked at."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(new_page):
    with new_page() as opened:
        yield opened


@pytest.fixture(scope="module")
def complaints(opened):
    return opened[1]


@pytest.fixture(scope="module")
def quickstart(lab, opened):
    """The page with the quickstart open and run to its end."""
    page = opened[0]
    lab.open(page, "quickstart.ipynb")
    # old outputs must not pass for new ones
    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    expect(page.locator(".jp-OutputArea-output")).to_have_count(0)
    lab.run_all(page)
    return page


def test_the_quickstart_runs_and_shows_banner_and_status(quickstart, lab, complaints, screenshots):
    page = quickstart
    banner = page.locator(".jp-OutputArea-output", has_text="Sandbox: nothing here is real")
    expect(banner).to_have_count(1)
    banner.scroll_into_view_if_needed()
    expect(banner).to_be_in_viewport()
    page.screenshot(path=screenshots / "quickstart-banner.png")

    status = page.locator(".jp-OutputArea-output table", has_text="matched_by")
    status.scroll_into_view_if_needed()
    expect(status).to_be_in_viewport()
    expect(status.locator("tbody tr")).to_have_count(6)
    expect(status.locator("tbody tr", has_text="failed")).to_have_count(2)
    page.screenshot(path=screenshots / "quickstart-status.png")

    expect(page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
    expect(page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    saved = nbformat.read(lab.folder / "quickstart.ipynb", as_version=4)
    assert all(cell.execution_count for cell in saved.cells if cell.cell_type == "code")
    assert complaints.console == []
    assert complaints.outside == []


def test_outputs_need_no_sideways_scrolling(quickstart):
    wider = quickstart.evaluate(
        "[...document.querySelectorAll('.jp-OutputArea-output')]"
        ".filter(o => o.scrollWidth > o.clientWidth + 1).map(o => o.innerText)"
    )
    assert wider == []
