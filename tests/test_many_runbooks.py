"""Runbooks by the dozen: the Makefile of the docs, run for real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import odb_nb as odb

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "many-runbooks"
DRILL, LOST = "backup-drill.small", "lost-files.adele-vance"


@pytest.fixture
def workplace(tmp_path):
    """A copy of the folder with two runs of which the second names a user that there is not."""
    (tmp_path / "runs").mkdir()
    shutil.copy(FOLDER / "Makefile", tmp_path)
    (tmp_path / "runs" / f"{DRILL}.yaml").write_text("drives: 1\npoints: 2\nseed: 5\n")
    (tmp_path / "runs" / f"{LOST}.yaml").write_text("user: adele\npath: null\naround: '2026-11-18'\n")
    return tmp_path


def make(folder):
    # MAKEFLAGS would hand on what a make around these tests was told; the kernels' settings are not to be anybody's
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    names = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "XDG_DATA_HOME")
    environment |= {name: str(folder / "jupyter" / name.lower()) for name in names}
    command = ["make", "-j2", f"PYTHON={sys.executable}", f"NOTEBOOKS={ROOT / 'notebooks'}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.skipif(shutil.which("make") is None and os.environ.get("CI") != "true", reason="there is no make")
def test_a_run_that_fails_leaves_the_others_going_and_is_run_again_by_the_same_command(workplace):
    out = workplace / "out"
    first = make(workplace)
    assert first.returncode != 0
    assert f"{DRILL}: done" in first.stdout
    assert f"{LOST}: InputError: none of 40 drives is of 'adele'; did you mean" in first.stdout
    assert [path.name for path in out.glob("*.html")] == [f"{DRILL}.html"]
    of_drill = odb.read_history(out / f"{DRILL}.sqlite")
    assert of_drill["outcome"].tolist() == ["created"] * 2
    assert len(pd.read_csv(out / "history.csv")) == 2
    before = (out / f"{DRILL}.ipynb").read_bytes()

    (workplace / "runs" / f"{LOST}.yaml").write_text("user: adelev@contoso.com\npath: null\naround: '2026-11-18'\n")
    second = make(workplace)
    assert second.returncode == 0, second.stderr
    assert second.stdout.splitlines() == [f"{LOST}: done"]
    assert (out / f"{DRILL}.ipynb").read_bytes() == before
    ends = {f"{run}.{kind}" for run in (DRILL, LOST) for kind in ("html", "ipynb", "log", "sqlite")}
    assert {path.name for path in out.iterdir()} == {*ends, "history.csv"}
    of_lost = odb.read_history(out / f"{LOST}.sqlite")
    assert len(of_lost) > 0
    merged = pd.read_csv(out / "history.csv")
    ids = [*of_drill["client_request_id"], *of_lost["client_request_id"]]
    assert sorted(merged["client_request_id"]) == sorted(ids)

    kept = {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.name != "history.csv"}
    assert make(workplace).returncode == 0  # all is done
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.name != "history.csv"} == kept


@pytest.mark.skipif(shutil.which("make") is None and os.environ.get("CI") != "true", reason="there is no make")
def test_where_no_run_came_to_its_journal_the_runs_alone_are_to_blame(workplace):
    (workplace / "runs" / f"{DRILL}.yaml").unlink()
    (workplace / "runs" / f"{LOST}.yaml").rename(workplace / "runs" / "no-such-runbook.one.yaml")
    made = make(workplace)
    assert made.returncode != 0
    assert "no-such-runbook.one: " in made.stdout
    assert "holds no journal" not in made.stderr
    assert "Traceback" not in made.stderr


def test_the_runs_shown_are_of_runbooks_that_there_are():
    runs = list((FOLDER / "runs").iterdir())
    assert {(ROOT / "notebooks" / f"runbook-{run.name.partition('.')[0]}.ipynb").is_file() for run in runs} == {True}
    assert {run.suffix for run in runs} == {".yaml"}
