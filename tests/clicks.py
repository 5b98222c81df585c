"""What a user does with a form on a page."""

from __future__ import annotations

STORY = """
import odb_nb as odb
from odb_nb.sandbox import Sandbox
from odb_nb.widgets import CompareView, FileBrowser, RestoreForm
client = odb.connect(sandbox=Sandbox(), api_version={version!r})
drive = client.list_drives(search={who!r})
points = client.list_restore_points(drive, start={start!r}, end={end!r})
sessions = client.create_sessions(points, wait=True)
"""


def story(who, start="2026-11-20", end="2026-11-20", version="v1.0"):
    """A cell that opens sessions on the points of one drive, newest first."""
    return STORY.format(who=who, start=start, end=end, version=version)


def live(page, number=0):
    """One of the forms on the page."""
    return page.locator(".odb-nb-live").nth(number)


def message(form):
    return form.locator(".odb-nb-message")


def press(form, name):
    form.get_by_role("button", name=name).last.click()


def table(form, number=0):
    """One of a form's tables."""
    return form.locator(".dt-container").nth(number)


def tick(form, text, number=0):
    """Click on the row that holds a text."""
    table(form, number).get_by_text(text, exact=True).first.click()


def tick_all(form, number=0):
    """Tick all rows of a table."""
    table(form, number).get_by_role("button", name="Tick all", exact=True).click()
