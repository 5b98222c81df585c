"""What nbval does not see: cells that were never run, traces of one machine, code that belongs in the package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
OF_ONE_MACHINE = re.compile(
    r"(?<![\w.:/])/(home|root|Users|tmp|var|opt|usr|work|private)/|[A-Za-z]:\\|\\Users\\|0x[0-9a-f]{6,}"
)


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


@pytest.fixture
def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_the_file_is_valid_and_every_cell_has_an_id_of_its_own(notebook):
    nbformat.validate(notebook)
    ids = [cell.get("id") for cell in notebook.cells]
    assert all(ids)
    assert len(set(ids)) == len(ids)


def test_every_code_cell_was_run_in_order(code_cells):
    # nbval runs a cell without a count, and compares nothing
    assert [cell.execution_count for cell in code_cells] == list(range(1, len(code_cells) + 1))


def test_nothing_failed_or_wrote_to_stderr(code_cells):
    outputs = [output for cell in code_cells for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []


def test_outputs_name_no_machine(code_cells):
    found = [match[0] for cell in code_cells for match in OF_ONE_MACHINE.finditer(str(cell.outputs))]
    assert found == []


def test_cells_define_nothing(code_cells):
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    nodes = [node for cell in code_cells for node in ast.walk(ast.parse(cell.source))]
    assert [node for node in nodes if isinstance(node, defining)] == []


def test_metadata_holds_nothing_of_a_run(notebook):
    assert set(notebook.metadata) - {"voila"} == {"kernelspec"}
    assert {name for cell in notebook.cells for name in cell.metadata} <= {"tags"}
