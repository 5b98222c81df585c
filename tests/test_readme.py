"""README and CONTRIBUTING name commands; the gate runs these very commands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GATE = (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def _section(name, file):
    text = (ROOT / file).read_text(encoding="utf-8")
    return text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def _blocks(name, file="README.md"):
    return re.findall(r"^```(\w*)\n(.*?)^```$", _section(name, file), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["Run", "Test"])
def test_run_and_test_are_one_paste_each_for_both_shells(name):
    (shell, line), (windows, lines) = _blocks(name)[:2]
    assert (shell, windows) == ("bash", "powershell")
    assert line.count("\n") == 1
    assert "python3 -m venv .venv &&" in line
    assert "python -m venv .venv" in lines
    # the same work on both
    tail = line.rpartition("&& ")[2].replace(".venv/bin/", "").strip()
    assert tail in lines.replace(".venv\\Scripts\\", "")


def test_the_gate_takes_its_lines_from_the_readme():
    assert "test_line=$(line_under Test)" in GATE
    assert "run_line=$(line_under Run)" in GATE
    assert 'bash -c "$test_line"' in GATE
    assert 'bash -c "$run_line"' in GATE


def test_the_run_line_ends_with_the_quickstart_open():
    assert _blocks("Run")[0][1].endswith("notebooks/quickstart.ipynb\n")


def test_the_gate_runs_what_contributing_names():
    commands = [line.removeprefix(".venv/bin/") for line in _blocks("Checks", "CONTRIBUTING.md")[0][1].splitlines()]
    assert commands
    gate = GATE.replace('"$bin/ruff"', "ruff").replace('"$bin/mypy"', "mypy").replace('"$bin/python"', "python")
    assert [command for command in commands if command not in gate] == []


def test_links_within_the_repository_lead_somewhere():
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md"))
    links = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_versions_stand_in_pyproject_alone():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    listed = re.findall(r"^\s*- (.+)$", (ROOT / "environment.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == ["conda-forge", f"python{wanted}", "pip", "pip:", "-e .[lab,test]"]
