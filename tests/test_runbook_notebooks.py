"""The runbooks by papermill, as a scheduler would run them, against the sandbox that each of them starts."""

from __future__ import annotations

import functools
import html
import json
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import nbformat
import pytest
from pages import Page

from odb_nb.sandbox.settings import Settings
from odb_nb.sandbox.tenant import Tenant

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
LOST, DRILL = "runbook-lost-files.ipynb", "runbook-backup-drill.ipynb"
MEGAN = "meganb@contoso.com"


class Run:
    """What papermill left of a run."""

    def __init__(self, done, path):
        self.code, self.said = done.returncode, done.stdout + done.stderr
        self.notebook = nbformat.read(path, as_version=4)
        self.cells = {cell.id: cell for cell in self.notebook.cells if cell.cell_type == "code"}

    @property
    def outputs(self):
        """Everything that cells have shown, as one text."""
        shown = [output for cell in self.cells.values() for output in cell.outputs]
        return html.unescape("\n".join(text for output in shown for text in _texts(output)))

    def text(self, cell):
        return "\n".join(_plain(output) for output in self.cells[cell].outputs)

    def rows(self, cell):
        """Cells of the table that a cell shows, without its index."""
        tables = [
            output.data["text/html"] for output in self.cells[cell].outputs if "text/html" in output.get("data", {})
        ]
        return [[one.text for one in row] for row in Page(tables[-1]).rows]


def _plain(output):
    return output.get("text") or output.get("data", {}).get("text/plain", "")


def _texts(output):
    yield from (value for value in output.get("data", {}).values() if isinstance(value, str))
    yield from (str(output.get(name, "")) for name in ("text", "ename", "evalue", "traceback"))


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    return tmp_path_factory.mktemp("runbooks")


@pytest.fixture(scope="module")
def run(workplace):
    """Runs a notebook with parameters; the same ones once for all tests."""
    folders = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "XDG_DATA_HOME")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ODB_NB_", "AZURE_"))}
    environment |= {name: str(workplace / name.lower()) for name in folders}
    kept = {}

    def run_once(notebook, **parameters):
        given = json.dumps(parameters)  # which is YAML too
        if (notebook, given) not in kept:
            out = workplace / f"out-{len(kept)}.ipynb"
            command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(NOTEBOOKS / notebook), str(out)]
            done = subprocess.run(
                [*command, "-y", given], capture_output=True, text=True, check=False, env=environment, cwd=workplace
            )
            kept[notebook, given] = Run(done, out)
        return kept[notebook, given]

    return run_once


def report(workplace, run, notebook, name, **parameters):
    path = workplace / name
    done = run(notebook, report=str(path), **parameters)
    assert done.code == 0, done.said
    return done, path.read_text(encoding="utf-8")


@functools.cache
def files_of(story):
    """Every name of a file or folder that the sandbox's own books have in a drive, on the days before its start."""
    tenant = Tenant(Settings())
    drive = next(drive for drive in tenant.world.drives if drive.story == story)
    times = [Settings().start - timedelta(days=days) for days in range(14)]
    items = [item for time in times for item in tenant.files.everything(drive, time)]
    return {item.name for item in items if item.type in ("file", "folder") and item.name}


def people():
    drives = Tenant(Settings()).world.drives
    return {text for drive in drives for text in (drive.display_name, drive.email) if text} | {MEGAN}


def telling(names):
    """Names that would not stand in a report by chance, as ``2026`` does."""
    return {name for name in names if len(name) >= 5 and not name.replace("-", "").isdigit()}


def outside(text):
    """What a browser would fetch for this page."""
    page = Page(text)
    named = {
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "data")
    }
    return {link for link in named if not link.startswith("#")} | ({"url("} if "url(" in text else set())


@pytest.mark.parametrize("notebook", [LOST, DRILL])
def test_by_papermill_it_is_the_same_as_by_hand(run, notebook):
    done = run(notebook)
    assert done.code == 0, done.said
    for cell in nbformat.read(NOTEBOOKS / notebook, as_version=4).cells:
        if cell.cell_type == "code":
            assert [_plain(output) for output in done.cells[cell.id].outputs] == [_plain(one) for one in cell.outputs]


def test_dry_run_finds_the_lost_folder_and_restores_nothing(run):
    done = run(LOST)
    assert "true in 2026-11-15 03:05:08, no longer in 2026-11-16 03:05:08" in done.text("change")
    files, planned = done.text("lost").split(" ")[0], done.rows("restore")[1][1:]
    assert planned == ["planned", "<NA>", files]
    assert "restore" not in {row[3] for row in done.rows("history")[1:]}


def test_restore_restores_every_lost_file_and_reports_each(run, workplace):
    done, text = report(workplace, run, LOST, "restored.html", dry_run=False)
    files = done.text("lost").split(" ")[0]
    assert done.rows("restore")[1][1:] == ["created", "succeeded", files]
    page = Page(text)
    restored = [row for row in page.rows if "Restored 20" in "".join(cell.text for cell in row)]
    assert len(restored) == int(files)
    assert {row[1].text for row in restored} == {"✓ succeeded"}


def test_whole_drive_is_compared_without_a_path(run):
    done = run(LOST, user="Nestor Wilke", around="2026-11-17T21:00Z", path=None)
    assert done.code == 0, done.said
    assert "points beside 2026-11-17T21:00Z" in done.text("change")
    assert done.text("lost").startswith("301 files")  # the 300 of that evening, and one that was edited


def test_masked_runbook_shows_no_name_of_anybody_or_of_any_file(run, workplace):
    done, text = report(workplace, run, LOST, "masked.html", mask=True, dry_run=False)
    # "personal" is a word of the service in each web address, and here a folder's name as well
    shown = f"{done.outputs}\n{html.unescape(text)}".replace("/personal/person", "/")
    names = telling(files_of("folder-deleted")) | people()
    assert len(names) > 150
    assert {name for name in names if name.casefold() in shown.casefold()} == set()
    assert "miriamg" not in shown
    assert "Person " in shown
    assert "@masked.invalid" in shown
    assert done.text("lost").split("\n")[0] == run(LOST).text("lost").split("\n")[0]


def test_masked_drill_shows_no_name_of_anybody(run, workplace):
    done, text = report(workplace, run, DRILL, "masked-drill.html", mask=True)
    shown = f"{done.outputs}\n{html.unescape(text)}"
    assert {name for name in people() if name.casefold() in shown.casefold()} == set()
    assert done.text("verdicts") == run(DRILL).text("verdicts")


def test_error_of_a_masked_runbook_hides_names_too(run):
    done = run(LOST, mask=True, user="Wilber")
    assert done.code != 0
    assert "did you mean: Person" in done.outputs
    assert "Alex" not in done.outputs + done.said
    assert "alexw" not in done.outputs + done.said


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        pytest.param({"dry_run": "no"}, "dry_run='no' must be True or False", id="dry_run"),
        pytest.param({"mask": "yes"}, "mask='yes' must be True or False", id="mask"),
        pytest.param({"around": "last week"}, "around='last week' cannot be read as a time", id="around"),
        pytest.param({"path": "Documents/../Aurora"}, "has a part '..'", id="path"),
        pytest.param({"report": "no-such-folder/report.html"}, "does not exist", id="report"),
        pytest.param({"auth": "magic"}, "magic", id="auth"),
    ],
)
def test_parameter_that_cannot_be_used_stops_before_anything_is_sent(run, parameters, said):
    done = run(LOST, **parameters)
    assert done.code != 0
    assert "InputError" in done.said
    assert said in done.outputs
    assert done.cells["rights"].execution_count is None


def test_drill_judges_each_point_and_saves_what_the_next_one_compares_with(run, workplace):
    folder = workplace / "listings"
    folder.mkdir()
    first, text = report(workplace, run, DRILL, "drill.html", listings=str(folder), drives=2, points=2, seed=3)
    assert "4 sessions walked, 0 earlier listings found" in first.text("walk")
    assert len(list(folder.iterdir())) == 4
    assert "Nothing was restored" in text
    second = run(DRILL, listings=str(folder), drives=2, points=14, seed=3)
    assert second.code == 0, second.said
    verdicts = [row[4] for row in second.rows("evidence")[1:]]
    assert verdicts == ["✓ passed"] * 28
    compared = [row[3] != "" for row in second.rows("evidence")[1:]]
    assert compared == ([False] + [True] * 13) * 2
    assert "0 earlier" not in second.text("walk")


def test_drill_has_a_row_for_points_that_fail(run):
    assert "failed       2" in run(DRILL).text("verdicts")


@pytest.mark.parametrize("notebook", [LOST, DRILL])
def test_report_fetches_nothing(run, workplace, notebook):
    _, text = report(workplace, run, notebook, f"offline-{notebook}.html")
    assert outside(text) == set()
    assert "default-src 'none'" in text


@pytest.mark.parametrize("notebook", [LOST, DRILL])
def test_runbook_says_nothing_on_stderr_and_names_no_temporary_place(run, notebook):
    done = run(notebook)
    assert [output for cell in done.cells.values() for output in cell.outputs if output.get("name") == "stderr"] == []
    assert tempfile.gettempdir() not in done.outputs
