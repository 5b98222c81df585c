"""Hostile names in a real browser: in every form, table, picture, error, report and page, as text that does nothing."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hostile import NAMES as ALL_NAMES
from playwright.sync_api import expect

import odb_nb as odb

pytestmark = pytest.mark.browser

RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"

NAMES = [name for name in ALL_NAMES if "\ud800" not in name]  # pandas' text holds none; `replies` mends them before

START = """
import json
import pandas as pd
import odb_nb as odb
from odb_nb.device_code import as_html
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.widgets import CompareView, CreateSessionsForm, FileBrowser, RestoreForm, StatusBoard
NAMES = json.loads({names!r})

def answers(operation, rows):
    body = json.dumps({{"value": rows}}).encode()
    sandbox.faults.add(Fault(operation, kind="body", body=body, times=None))

def spoiled(frame):
    '''The frame with a hostile name in each column of text of each row.'''
    spoilt = pd.concat([frame] * len(NAMES), ignore_index=True).head(len(NAMES))
    for at, name in enumerate(spoilt.columns):
        if isinstance(spoilt[name].dtype, pd.StringDtype):
            spoilt[name] = pd.array(NAMES[at:] + NAMES[:at], dtype="str")
    spoilt.attrs = frame.attrs
    return spoilt

sandbox = Sandbox(creating_s=0)
client = odb.connect(sandbox=sandbox)
points = client.list_restore_points(client.list_drives().head(1), limit=1)
session = client.create_session(points, wait=True)["id"][0]
status, walk = spoiled(client.tabulate_status(points)), spoiled(client.walk(session).tail(20))
"""
DRIVES = """
answers("list_drives", [
    {"@odata.type": "#microsoft.graph.driveProtectionUnit", "id": f"d{at}", "displayName": name, "email": name,
     "status": name, "error": {"code": name, "message": name}} for at, name in enumerate(NAMES)])
form = CreateSessionsForm(client, drives=None)
form"""
ITEMS = """
answers("browse", [
    {"itemKey": f"k{at}", "name": name, "type": "folder" if at % 2 else "file", "webUrl": name, "sizeInBytes": 1}
    for at, name in enumerate(NAMES)])
browser = FileBrowser(client, session)
browser"""
SESSIONS = """
answers("list_sessions", [
    {"@odata.type": "#microsoft.graph.oneDriveForBusinessBrowseSession", "id": session, "status": name,
     "restorePointId": points["id"][0], "error": {"code": name, "message": name}} for name in NAMES[:1]])
board = StatusBoard(client, points)
board"""
OPEN = """
for at in {numbers}:
    browser.table.tick([at])
    browser.open.click()
    browser.wait(60)
browser.table.tick(range(0, len(NAMES), 2))
browser.add.click()"""
CELLS = {
    "drives in a form": DRIVES,
    "items in a form": ITEMS,
    "items opened": OPEN.format(numbers=[1, 5, 23, 21]),
    "sessions on a board": SESSIONS,
    "a comparison": "view = CompareView(None, walk, walk.assign(path=walk['path'].to_numpy()[::-1])).wait(60)\nview",
    "a plan": "restore = RestoreForm(client, walk)\nrestore",
    "styled": "odb.styled(status)",
    "matrix": "odb.styled(odb.status_matrix(status.assign(restore_point_id=range(len(status)))))",
    "timeline": "odb.plot_timeline(status.assign(restore_point_id=list(map(str, range(len(status))))))",
    "plain frames": "from IPython.display import display\ndisplay(status.head(50), walk.head(50))",
    "still pictures": "from IPython.display import HTML\n"
    "HTML(''.join(one.still()[0] for one in (form, browser, board, view, restore)))",
    "device codes": "HTML(''.join(as_html(n, n, pd.Timestamp.now()) for n in NAMES))",
    "an error": "sandbox.faults.clear()\nsandbox.faults.add(Fault('get_session', status=400, code=NAMES[1],"
    " message=' '.join(NAMES)))\nclient.get_session('x')",
}
MARKUP = "script:not([src]):not([type]), img[src=x], img[src*=evil], iframe[srcdoc], base[href*=evil], link[href*=evil]"
OURS = ".odb-nb-live, .odb-nb-still, .odb-nb-table"
WHERE = "found => found.map(one => one.parentElement.outerHTML.slice(0, 300))"
RAN = "() => [window, ...Array.from(window.frames)].map(one => one.canary).filter(one => one !== undefined)"


@pytest.fixture
def dialogs(page):
    seen = []
    page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    return seen


def evil(complaints):
    return [url for url in complaints.outside if "evil" in url]


def test_no_name_runs_or_fetches_anything_in_a_notebook(lab, page, complaints, dialogs, screenshots):
    lab.open(page, lab.write("hostile.ipynb", START.format(names=json.dumps(NAMES)), *CELLS.values()))
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    assert page.evaluate(RUN_ALL) is False  # the last cell is an error
    assert lab.python(page, "type(__import__('sys').last_value).__name__") == "GraphError"
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    ran = []
    for number, name in enumerate(CELLS, start=1):
        cell = cells.nth(number)
        cell.scroll_into_view_if_needed()
        expect(cell.locator(".jp-OutputArea-output").first).to_be_attached() if "opened" not in name else None
        ran += [f"{name}: {canary}" for canary in page.evaluate(RAN)]
    page.screenshot(path=screenshots / "hostile-notebook.png")
    assert ran == []
    assert page.locator(f".jp-OutputArea :is({MARKUP})").count() == 0
    assert page.locator(".odb-nb-live, .odb-nb-still").get_by_text("window.canary=1").first.is_visible()
    assert page.locator(OURS).locator("mjx-container").evaluate_all(WHERE) == []
    assert evil(complaints) == []
    assert dialogs == []


def table():
    columns = {f"{name[:40]}{number}": NAMES[number:] + NAMES[:number] for number, name in enumerate(NAMES[:8])}
    return pd.DataFrame({"status": NAMES, "error_message": NAMES[::-1], **columns})


@pytest.fixture
def pages(tmp_path):
    """A report and an export, with hostile text wherever text can be."""
    sections = {f"{name} {number}": name for number, name in enumerate(NAMES)}
    sections |= {"frame " + NAMES[0]: table(), "styled " + NAMES[11]: odb.styled(table()[["status", "error_message"]])}
    return [
        odb.write_report(tmp_path / "report.html", " ".join(NAMES[:14]), sections),
        odb.export(table(), tmp_path / f"{NAMES[14].replace('/', '')} <img src=x onerror=window.canary=99>.html"),
    ]


def test_no_name_runs_or_fetches_anything_in_a_file(page, complaints, pages, dialogs, screenshots):
    blocked = []
    page.on("requestfailed", lambda request: blocked.append((request.url, request.failure)))
    for number, file in enumerate(pages):
        page.goto(file.as_uri())
        page.screenshot(path=screenshots / f"hostile-page-{number}.png")
        assert page.locator(MARKUP).count() == 0
        assert page.evaluate("document.querySelectorAll('[onerror], [onload], [onfocus], [onmouseover]').length") == 0
        assert page.get_by_text("<script>window.canary=1</script>").count() > 3
        assert page.evaluate(RAN) == []
        assert complaints.outside == []
        # and were there a hole, the page's own rule would stop a script, a request, a form and another base
        page.evaluate(HOLE)
        page.wait_for_timeout(200)
        assert page.evaluate(RAN) == []
        assert page.evaluate("document.baseURI") == file.as_uri()
        assert blocked == [] or blocked == [("http://evil.invalid/i.png", "csp")], blocked
        assert len(blocked) == len(complaints.outside)  # the browser tells of what it did not send
        complaints.outside.clear()
        blocked.clear()
    assert dialogs == []


HOLE = """() => {
    const add = (name, set) => document.body.appendChild(Object.assign(document.createElement(name), set));
    add("script", {textContent: "window.canary = 100"});
    add("base", {href: "http://evil.invalid/"});
    add("img", {src: "http://evil.invalid/i.png"});
    const form = add("form", {action: "http://evil.invalid/f", method: "post"});
    form.submit();
}"""
