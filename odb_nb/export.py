"""A frame as a file: CSV for Excel, Parquet for programs, HTML for people; all its rows, or no file at all."""

from __future__ import annotations

import codecs
import csv
import json
import re
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd
from pandas.api.types import is_object_dtype

from odb_nb.csv_text import csv_cell, guarded
from odb_nb.errors import InputError
from odb_nb.notices import notify
from odb_nb.page import PAGE_END, page_start
from odb_nb.styles import as_of, frame_html, in_rows, sound, with_index
from odb_nb.whole_file import free, in_place

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

    from odb_nb.styles import StyledTable

_EXCEL_ROWS = 1_048_576
_ROWS_AT_ONCE = 10_000

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def export(frame: pd.DataFrame | StyledTable, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Path of the file that now holds the whole frame; its suffix says what kind of file.

    ``.csv``
        For Excel: UTF-8 with a byte order mark, lines that end in CR LF. Text that a spreadsheet could take for a
        formula gets a leading apostrophe, and so does what follows a semicolon, a tab or a line break inside a text,
        where some Excels start a cell; numbers stay numbers. Times are ``2026-11-20T03:02:55Z``, spans ``71:59:48``
        (hours, minutes, seconds), nulls and empty texts empty cells. NUL and lone surrogates become U+FFFD.
    ``.parquet``
        For programs: columns come back with the dtypes they have. Lone surrogates become U+FFFD; of ``frame.attrs``
        what JSON can hold is kept.
    ``.html``, ``.htm``
        For people: one page that needs nothing else, with the looks of `styled` and all rows and columns; 10,000
        rows of 16 columns take about 0.4 s. Times are UTC, to the second.

    An index that carries data, such as the drives of a `status_matrix`, becomes the first column; the numbers that a
    filter leaves over are dropped.

    Parameters
    ----------
    frame : DataFrame or StyledTable
        Any frame; of a styled table, the whole frame it was made from.
    path : str or os.PathLike
        Its folder must exist.
    overwrite : bool
        Replace a file that is there.

    Returns
    -------
    pathlib.Path
        The `path` given.

    Raises
    ------
    InputError
        Not a frame; a column name that stands twice; values that Parquet cannot hold; another suffix; no such folder;
        a file is there and `overwrite` is false; a folder is there.
    OSError
        The disk is full or writing is not allowed; it names the file. Nothing is left behind, and a file that was
        there stays as it was.

    Warns
    -----
    UserWarning
        A CSV file has more rows than Excel shows.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import odb_nb as odb
    >>> with odb.connect() as client, tempfile.TemporaryDirectory() as folder:
    ...     drives = client.list_drives(search="vance")
    ...     file = odb.export(drives[["display_name", "status"]], Path(folder) / "drives.csv")
    ...     file.read_text(encoding="utf-8-sig").splitlines()
    ['display_name,status', 'Adele Vance,protected']
    """
    given = _frame_of(frame)
    target = free(path, _WRITERS, overwrite=overwrite)
    kind = target.suffix.lower()
    if kind == ".csv" and len(given) >= _EXCEL_ROWS:
        notify(f"{len(given):,} rows and a header; Excel shows {_EXCEL_ROWS:,} lines and leaves out the rest")
    with in_place(target, overwrite=overwrite) as file:
        _WRITERS[kind](given, file, target.stem)
    return target


def _frame_of(given: object) -> pd.DataFrame:
    frame = given if isinstance(given, pd.DataFrame) else getattr(given, "frame", None)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"export takes a DataFrame or a styled table, not a {type(given).__name__}")
    if frame.columns.nlevels > 1:
        raise InputError(f"the frame has columns of {frame.columns.nlevels} levels; a file has room for one")
    names = _flat(frame).columns
    if not names.is_unique:
        raise InputError(f"column names stand twice: {', '.join(map(repr, names[names.duplicated()].unique()[:3]))}")
    return frame


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """With the index as columns where it carries data, and names that are text."""
    table = with_index(frame)
    return table.set_axis(pd.Index([sound(str(name)) for name in table.columns], dtype="str"), axis="columns")


def _write_csv(frame: pd.DataFrame, file: BinaryIO, title: str) -> None:
    del title
    table = _flat(frame)
    rows = csv.writer(
        codecs.getwriter("utf-8-sig")(file),
        # what RFC 4180 and Excel have; and Python before 3.13 quotes a lone CR only if lines end in one
        lineterminator="\r\n",
        # readers skip a line of blanks, which in a table of one column is a row
        quoting=csv.QUOTE_ALL if table.shape[1] == 1 else csv.QUOTE_MINIMAL,
    )
    rows.writerow([guarded(name) for name in table.columns])
    for first in range(0, len(table), _ROWS_AT_ONCE):
        part = table.iloc[first : first + _ROWS_AT_ONCE]
        rows.writerows(zip(*(_csv_cells(part[name]) for name in part.columns), strict=True))


def _csv_cells(values: pd.Series[Any]) -> list[str]:
    pairs = zip(values.tolist(), values.isna(), strict=True)
    return ["" if is_null else csv_cell(value) for value, is_null in pairs]


def _write_parquet(frame: pd.DataFrame, file: BinaryIO, title: str) -> None:
    del title
    table = _flat(frame).copy(deep=False)
    for name in table.columns:
        if is_object_dtype(table[name].dtype):  # Arrow's own text holds no surrogates
            table[name] = table[name].map(_mended)
    table.attrs = {name: value for name, value in table.attrs.items() if isinstance(name, str) and _is_json(value)}
    try:
        table.to_parquet(file, engine="pyarrow", index=False)
    except (ValueError, TypeError, NotImplementedError) as exc:  # what pyarrow's errors derive from
        raise InputError(f"Parquet cannot hold this frame: {exc}; make each column one kind of value") from exc


def _mended(value: Any) -> Any:
    return _LONE_SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _write_html(frame: pd.DataFrame, file: BinaryIO, title: str) -> None:
    file.write(page_start(title).encode())
    columns = len(_flat(frame).columns)
    caption = f"{in_rows(frame)}, {columns:,} {'column' if columns == 1 else 'columns'}{as_of(frame)}. Times are UTC."
    for piece in frame_html(frame, caption):
        file.write(piece.encode())
    file.write(PAGE_END.encode())


_WRITERS: dict[str, Callable[[pd.DataFrame, BinaryIO, str], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".html": _write_html,
    ".htm": _write_html,
}
