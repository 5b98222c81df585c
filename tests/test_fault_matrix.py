"""Every operation meets every fault: see `matrix.cells` for what is held against the sandbox's books in each cell."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from matrix.cells import STAGES, cell, everything
from matrix.operations import OPERATIONS
from matrix.troubles import TROUBLES


@pytest.fixture(scope="module", autouse=True)
def _stages():
    yield
    STAGES.close()


@pytest.mark.parametrize("trouble", [pytest.param(trouble, id=trouble.name) for trouble in TROUBLES])
@pytest.mark.parametrize("operation", [pytest.param(operation, id=operation.name) for operation in OPERATIONS])
def test_what_goes_wrong_costs_no_row_and_doubles_nothing(operation, trouble):
    assert cell(operation, trouble)


def test_the_page_about_it_is_what_the_cells_give():
    root = Path(__file__).parent.parent
    spec = importlib.util.spec_from_file_location("reliability", root / "benchmarks" / "reliability.py")
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    assert (root / "docs" / "reliability.md").read_text(encoding="utf-8") == page.document(everything())
