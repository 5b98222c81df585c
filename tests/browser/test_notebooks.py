"""The notebooks without forms as a user sees them: opened in JupyterLab, every cell run, nothing to complain about."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("notebook", "last_words"),
    [
        pytest.param("browse-and-compare", None, id="browse-and-compare"),
        pytest.param("restore-files", "succeeded", id="restore-files"),
        pytest.param("runbook-lost-files", "lost-files.html", id="runbook-lost-files"),
        pytest.param("runbook-backup-drill", "backup-drill.html", id="runbook-backup-drill"),
    ],
)
def test_a_notebook_runs_to_its_end(lab, new_page, screenshots, notebook, last_words):
    with new_page() as (page, complaints):
        lab.open(page, f"{notebook}.ipynb")
        page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        expect(page.locator(".jp-OutputArea-output")).to_have_count(0)
        lab.run_all(page)
        outputs = page.locator(".jp-OutputArea-output")
        if last_words:
            expect(outputs.last).to_contain_text(last_words)
        expect(page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
        expect(page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)
        middle = outputs.nth(outputs.count() // 2)
        middle.scroll_into_view_if_needed()
        page.screenshot(path=screenshots / f"{notebook}.png")
        assert complaints.console == []
        assert complaints.outside == []
