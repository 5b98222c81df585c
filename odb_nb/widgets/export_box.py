"""Write a frame to a file, by clicking."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets

from odb_nb.errors import InputError
from odb_nb.export import export
from odb_nb.widgets.form import button
from odb_nb.widgets.snippets import call

if TYPE_CHECKING:
    import pandas as pd


class ExportBox:
    """Where to, whether to replace what is there, and the button.

    Attributes
    ----------
    path, overwrite, write : ipywidgets widgets
        The file, the tick that lets it be replaced, and the button; who owns the box says what a click does.
    code : str
        Python for the last export, of a frame that is called `frame` there; empty before there was one.
    view : ipywidgets.HBox
        All of them.
    """

    def __init__(self, path: str | os.PathLike[str], frame: str = "status") -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise InputError(f"export_path={path!r:.80} is not the path of a file")
        self.path = ipywidgets.Text(
            value=os.fspath(path), description="File", placeholder=f"{frame}.csv, .parquet or .html",
            style={"description_width": "initial"}, layout={"width": "28em"},
        )  # fmt: skip
        self.overwrite = ipywidgets.Checkbox(
            description="Replace the file if it is there", indent=False, layout={"width": "max-content"}
        )
        self.write = button("Export", "Write the rows shown; .csv, .parquet or .html says what kind", icon="save")
        self.code = ""
        self._frame = frame
        row = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "0 1em"}
        self.view = ipywidgets.HBox([self.path, self.write, self.overwrite], layout=row)

    def export(self, frame: pd.DataFrame) -> Path:
        """Write the whole frame; the file that now has it.

        Raises
        ------
        InputError
            No such folder, another suffix, a file that is there, a disk that is full.
        """
        path, overwrite = self.path.value.strip(), bool(self.overwrite.value)
        try:
            written = export(frame, path, overwrite=overwrite)
        except OSError as exc:
            raise InputError(f"cannot write {path!r}: {exc.strerror or exc}; choose another place") from exc
        except InputError as exc:
            if not overwrite and Path(path).is_file():
                raise InputError(f"{path!r} is there already; tick “{self.overwrite.description}”") from exc
            raise
        self.code = f"odb.export({self._frame}, {path!r}{call(overwrite=overwrite or None)})"
        return written.resolve()
