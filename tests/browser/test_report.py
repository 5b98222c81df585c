"""A report as people open it: from a file, with the network off."""

from __future__ import annotations

import pytest

import odb_nb as odb
from odb_nb import runbook

pytestmark = pytest.mark.browser


@pytest.fixture
def written(client, tmp_path):
    drives = runbook.sample(client.list_drives(), 4, seed=1)
    points = runbook.sample_points(client.list_restore_points(drives, start="2026-11-12"), 2, seed=1)
    sessions = client.create_sessions(points, wait=True)
    status = client.tabulate_status(points)
    evidence = runbook.drill_evidence(points, sessions, runbook.walk_each(client, sessions))
    sections = {
        "What was tried": f"A drill of {len(points)} restore points.",
        "Evidence": evidence,
        "Status": odb.styled(status),
        "Timeline": odb.plot_timeline(status),
        "Journal": client.history(),
    }
    return odb.write_report(tmp_path / "report.html", "Backup drill", sections)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_report_opens_offline_and_tables_stay_on_the_page(page, complaints, written, screenshots, theme):
    asked = []
    page.context.set_offline(True)
    page.emulate_media(color_scheme=theme)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(written.as_uri())
    assert page.locator("table").count() == 4
    # the picture is there as data: decoded, and not only named
    assert page.locator("img").evaluate("image => image.complete && image.naturalWidth > 0")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for number, heading in enumerate(["What was tried", "Evidence", "Status", "Timeline", "Journal"], start=1):
        page.get_by_role("link", name=heading, exact=True).click()
        assert page.evaluate("location.hash") == f"#section-{number}"
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=screenshots / f"report-{theme}.png", full_page=True)
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert complaints.console == []
