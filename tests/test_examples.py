"""The examples in docstrings run and come to what they say."""

from __future__ import annotations

import doctest
import importlib
import sys
from pathlib import Path

import pytest

import odb_nb

PACKAGE = Path(odb_nb.__file__).parent
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
PROMISED = ["Mask", "compare", "connect", "export", "file_history", "plot_summary", "plot_timeline", "save_listing"]
PROMISED += ["status_matrix", "styled", "summarize_changes", "write_report"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_examples_come_to_what_they_say(path):
    name = ".".join(("odb_nb", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    importlib.import_module(name)  # odb_nb.export, as an attribute, is the function
    failed, tried = doctest.testmod(sys.modules[name])
    assert tried
    assert failed == 0


@pytest.mark.parametrize("name", PROMISED)
def test_each_function_of_the_front_door_has_one(name):
    assert ">>> " in getattr(odb_nb, name).__doc__
