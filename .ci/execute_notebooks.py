"""Run every notebook in place and keep only what readers and nbval need: sources, outputs, execution counts.

    python .ci/execute_notebooks.py [notebook …]

Without names, all of notebooks/. A failing cell, or one that writes to stderr, leaves its file as it was.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
CELL_TIMEOUT_S = 300
# no version, no path: the same file whoever runs it
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # its ids are random, and no page shows it without a kernel


def execute(path: Path) -> None:
    """Run one notebook from its own folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name=KERNELSPEC["name"],
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
    ).execute()
    clean(notebook, path)
    nbformat.write(notebook, path)


def clean(notebook: Any, path: Path) -> None:
    """Drop what differs from run to run or from machine to machine."""
    shown_by = {name: value for name, value in notebook.metadata.items() if name == "voila"}  # its page without code
    notebook.metadata = {"kernelspec": KERNELSPEC, **shown_by}
    for cell in notebook.cells:
        cell.metadata = {name: value for name, value in cell.metadata.items() if name == "tags"}
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise SystemExit(f"{path.name}: a cell writes to stderr: {output['text']}")
            output.get("data", {}).pop(WIDGET_VIEW, None)


def main(names: list[str]) -> int:
    """The exit status."""
    for path in [Path(name) for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        execute(path)
        sys.stdout.write(f"{path.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
