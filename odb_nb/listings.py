"""Walks on disk: sessions vanish after about three days, what they showed need not.

A listing is a Parquet file. Beside the rows its footer holds, as JSON under `_KEY`, the frame's attrs, the version of
this package, that of the format, and the SHA-256 of the file, taken while zeros stand in its place.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from odb_nb.errors import InputError
from odb_nb.pairing import is_whole
from odb_nb.tables import BETA_ITEMS, ITEMS
from odb_nb.whole_file import as_path, free, in_place

if TYPE_CHECKING:
    import os
    from pathlib import Path

_KEY = b"odb_nb.listing"
_FORMAT = 1
_ATTRS = ("session_id", "restore_point_date_time", "items", "complete")
_DTYPES = {column.name: column.dtype for column in BETA_ITEMS.columns}

_DIGEST = "sha256"  # first in the JSON, so that its place there is known
_BEFORE_DIGEST = f'{{"{_DIGEST}": "'
_ZEROS = "0" * 64
_TAIL = 8  # a Parquet file ends in the length of its footer, 4 bytes, and 4 bytes "PAR1"
_MAGIC = b"PAR1"
_BYTES_AT_ONCE = 1 << 20


def save_listing(walk: pd.DataFrame, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Path of the file that now holds the walk, for `load_listing` to give it back once the session is gone.

    The file is Parquet, so other programs can read it too. Where the system has that, its owner alone can read it:
    names of files tell much.

    Parameters
    ----------
    walk : DataFrame
        From `BackupClient.walk`. One that was cut short or filtered can be saved, and says so when it is loaded:
        ``attrs["complete"]`` is false.
    path : str or os.PathLike
        Ends in ``.parquet``; its folder must exist.
    overwrite : bool
        Replace a file that is there.

    Returns
    -------
    pathlib.Path
        The `path` given.

    Raises
    ------
    InputError
        Not a walk; attrs or values that the file cannot hold; another suffix; no such folder; a file is there and
        `overwrite` is false; a folder is there.
    OSError
        The disk is full or writing is not allowed; it names the file. Nothing is left behind, and a file that was
        there stays as it was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import odb_nb as odb
    >>> with odb.connect() as client, tempfile.TemporaryDirectory() as folder:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=1)
    ...     walk = client.walk(client.create_session(points, wait=True))
    ...     file = odb.save_listing(walk, Path(folder) / "vance.parquet")
    ...     odb.load_listing(file).equals(walk)
    True
    """
    listing = _as_walk(walk, "save_listing takes a frame from walk")
    target = free(path, (".parquet",), overwrite=overwrite)
    with in_place(target, overwrite=overwrite, private=True) as file:
        _write(listing, file)
    return target


def load_listing(path: str | os.PathLike[str]) -> pd.DataFrame:
    """The walk that `save_listing` wrote, with its dtypes, its order and its attrs.

    Parameters
    ----------
    path : str or os.PathLike
        A file that `save_listing` wrote.

    Returns
    -------
    pandas.DataFrame
        As `BackupClient.walk` returned it; rows are numbered from 0, also where a filtered frame was saved.

    Raises
    ------
    InputError
        Not such a file; one that was changed or damaged since; one that a newer version of this package wrote. The
        checksum tells damage and edits; whoever means to forge a listing can make one that fits.
    OSError
        The file cannot be read.

    Examples
    --------
    See `save_listing`.
    """
    source = as_path(path)
    if not source.is_file():
        raise InputError(f"{str(source)!r} is {'a folder' if source.is_dir() else 'not there'}; give a listing's file")
    with source.open("rb") as file:
        try:
            return _read(file)
        except InputError as exc:
            raise InputError(f"{str(source)!r} {exc}") from exc.__cause__


def _as_walk(walk: object, wanted: str) -> pd.DataFrame:
    """The walk with known dtypes, rows numbered from 0, and whether it is whole."""
    if not isinstance(walk, pd.DataFrame):
        raise InputError(f"{wanted}, not a {type(walk).__name__}")
    missing = [name for name in ITEMS.names if name not in walk.columns]
    missing += [f'attrs["{name}"]' for name in _ATTRS if name not in walk.attrs]
    if missing:
        raise InputError(f"{wanted}; missing: {', '.join(missing)}")
    if not walk.columns.is_unique or not all(isinstance(name, str) for name in walk.columns):
        raise InputError(f"{wanted}; the names of its columns must be text, each of them once")
    try:
        listing = walk.reset_index(drop=True).astype({name: _DTYPES[name] for name in walk.columns if name in _DTYPES})
    except (TypeError, ValueError) as exc:
        raise InputError(f"{wanted}; a column holds what no walk does: {exc}") from exc
    listing.attrs = {**_json_alone(walk.attrs), "complete": is_whole(walk)}
    return listing


def _json_alone(attrs: dict[Any, Any]) -> dict[Any, Any]:
    for name, value in attrs.items():
        try:
            is_same = isinstance(name, str) and json.loads(json.dumps(value)) == value
        except (TypeError, ValueError, RecursionError):
            is_same = False
        if not is_same:
            raise InputError(f"attrs[{name!r:.80}] holds what JSON cannot; take it out first")
    return attrs


def _write(listing: pd.DataFrame, file: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from odb_nb import __version__

    described = {_DIGEST: _ZEROS, "format": _FORMAT, "odb_nb": __version__, "attrs": listing.attrs}
    label = json.dumps(described)
    bare = listing.copy(deep=False)
    bare.attrs = {}  # pandas would write them a second time
    try:
        table = pa.Table.from_pandas(bare, preserve_index=False)
        with pq.ParquetWriter(file, table.schema, compression="zstd") as writer:
            writer.write_table(table)
            # into the footer as it is; as part of the schema it would be there twice, once in base64
            writer.add_key_value_metadata({_KEY: label})
    except (ValueError, TypeError, NotImplementedError) as exc:  # what pyarrow's errors derive from
        raise InputError(f"a listing cannot hold this frame: {exc}; make each column one kind of value") from exc
    _seal(file, label.encode())


def _seal(file: BinaryIO, label: bytes) -> None:
    """Put the file's checksum where its zeros stand."""
    footer, footer_at = _footer(file)
    digest = _digest(file, footer, footer_at)
    file.seek(footer_at + footer.rindex(label) + len(_BEFORE_DIGEST))
    file.write(digest.encode())


def _read(file: BinaryIO) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    footer, footer_at = _footer(file)
    try:
        parquet = pq.ParquetFile(file)
        label = (parquet.metadata.metadata or {}).get(_KEY)
        if label is None:
            raise InputError("is Parquet, but no listing that save_listing wrote")
        described = json.loads(label)
        if described["format"] > _FORMAT:
            raise InputError(f"was written by a newer odb_nb, {described['odb_nb']!r:.40}; this one cannot read it")
        if not _is_as_sealed(file, footer, footer_at, label, str(described[_DIGEST])):
            raise InputError("was changed or damaged since it was saved: its checksum does not fit")
        listing = parquet.read().to_pandas()
        listing.attrs = described["attrs"]
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError, LookupError) as exc:
        raise InputError(f"is cut short or damaged: {str(exc)[:200]}") from exc
    return _as_walk(listing, "holds no walk")


def _is_as_sealed(file: BinaryIO, footer: bytes, footer_at: int, label: bytes, digest: str) -> bool:
    blank = label.replace(digest.encode(), _ZEROS.encode(), 1)
    at = footer.rindex(label)
    return _digest(file, footer[:at] + blank + footer[at + len(label) :], footer_at) == digest


def _footer(file: BinaryIO) -> tuple[bytes, int]:
    """The bytes after the rows, and where they begin."""
    file.seek(0)
    head, end = file.read(len(_MAGIC)), file.seek(0, 2)
    file.seek(max(0, end - _TAIL))
    tail = file.read()
    start = end - _TAIL - int.from_bytes(tail[:4], "little")
    if head != _MAGIC or start < len(_MAGIC) or tail[4:] != _MAGIC:
        raise InputError("is cut short or damaged" if head == _MAGIC else "is not Parquet, so no listing")
    file.seek(start)
    return file.read(), start


def _digest(file: BinaryIO, footer: bytes, footer_at: int) -> str:
    """SHA-256 of the rows as they are in the file, and of a footer that is given."""
    digest, left = hashlib.sha256(), footer_at
    file.seek(0)
    while left and (part := file.read(min(left, _BYTES_AT_ONCE))):
        digest.update(part)
        left -= len(part)
    digest.update(footer)
    return digest.hexdigest()
