"""Saved listings in a folder, for the next drill to compare with."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from odb_nb.errors import InputError
from odb_nb.listings import load_listing
from odb_nb.notices import notify
from odb_nb.pairing import is_whole, point_time
from odb_nb.runbook.columns import checked
from odb_nb.whole_file import as_path

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas as pd

_SAFE = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
_TIME = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(?P<drive>[0-9a-z-]+)_(?P<time>\d{8}T\d{6}Z)\.parquet")


def listing_name(walk: pd.DataFrame) -> str:
    """Name of a file for `save_listing`: the drive's id and the point's time, and no text of anybody's.

    Raises
    ------
    InputError
        The walk does not tell its drive or its point's time.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=1)
    ...     runbook.listing_name(client.walk(client.create_session(points, wait=True), max_depth=1))
    '38d8a9a4-880b-4784-88a7-f69fe0e93609_20261120T030255Z.parquet'
    """
    drive, moment = walk.attrs.get("drive_id"), point_time(walk)
    if not drive or moment is None:
        raise InputError(
            "this walk does not tell its drive and its restore point's time; list the restore points with the client "
            "that walks"
        )
    return f"{_safe(str(drive))}_{moment:{_TIME}}.parquet"


def _safe(drive: str) -> str:
    """An id of the usual kind as it is; of any other kind, a hash of it, also where letters are large: some file
    systems do not tell them apart."""
    return drive if _SAFE.fullmatch(drive) else hashlib.sha256(drive.encode("utf-8", "surrogatepass")).hexdigest()


def newest_listings(folder: str | os.PathLike[str], points: pd.DataFrame) -> list[pd.DataFrame]:
    """Saved listings to compare restore points with: of each point's drive the newest complete one from before it.

    Parameters
    ----------
    folder : str or os.PathLike
        Where listings were saved under their `listing_name`; other files are left alone.
    points : DataFrame
        From `BackupClient.list_restore_points`.

    Returns
    -------
    list of DataFrame
        As `load_listing` gives them, each once. A point without an earlier listing has none among them.

    Raises
    ------
    InputError
        Not a folder, or another frame.

    Warns
    -----
    UserWarning
        A listing is damaged, or is of another drive or time than its name says; the one before it is taken.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client, tempfile.TemporaryDirectory() as folder:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=2)
    ...     walk = client.walk(client.create_session(points.tail(1), wait=True))
    ...     file = odb.save_listing(walk, Path(folder) / runbook.listing_name(walk))
    ...     [listing.equals(walk) for listing in runbook.newest_listings(folder, points)]
    [True]
    """
    rows = checked(points, ("drive_id", "protection_date_time"), "list_restore_points")
    files = _by_drive(as_path(folder))
    loaded: dict[Path, pd.DataFrame | None] = {}
    chosen: dict[Path, pd.DataFrame] = {}
    for drive, taken in zip(rows["drive_id"], rows["protection_date_time"], strict=True):
        for moment, file in files.get(_safe(str(drive)), ()):
            if moment >= taken.replace(microsecond=0):
                continue
            if file not in loaded:
                loaded[file] = _usable(file)
            if (listing := loaded[file]) is not None:
                chosen[file] = listing
                break
    return list(chosen.values())


def _by_drive(folder: Path) -> dict[str, list[tuple[datetime, Path]]]:
    """Files and the times in their names by drive, newest first."""
    if not folder.is_dir():
        raise InputError(f"{str(folder)!r} is no folder")
    found: dict[str, list[tuple[datetime, Path]]] = {}
    for file in folder.iterdir():
        named = _NAME.fullmatch(file.name)
        if named:
            moment = datetime.strptime(named["time"], _TIME).replace(tzinfo=UTC)
            found.setdefault(named["drive"], []).append((moment, file))
    return {drive: sorted(files, reverse=True) for drive, files in found.items()}


def _usable(file: Path) -> pd.DataFrame | None:
    """The listing if it is whole and what its name says."""
    try:
        listing = load_listing(file)
        if listing_name(listing) != file.name:
            raise InputError(f"is of another drive or time than its name says: {listing_name(listing)}")
    except InputError as exc:
        notify(f"the listing {file.name} is left out: {exc}")
        return None
    return listing if is_whole(listing) else None
