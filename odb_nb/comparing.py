"""What changed between two walks of a drive: plain differences, which say nothing about who made them or why."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from odb_nb.errors import InputError
from odb_nb.notices import notify
from odb_nb.pairing import is_taken, is_whole, matched_columns, partners, point_time, refuse_other_drives, tell_partial
from odb_nb.tables import COMPARISON
from odb_nb.words import time_in_words

if TYPE_CHECKING:
    from odb_nb.pairing import Flags, Rows

CHANGES_IN_ORDER = ("added", "removed", "renamed", "resized", "same")
_ADDED, _REMOVED, _RENAMED, _RESIZED, _SAME = range(len(CHANGES_IN_ORDER))

_TYPES_IN_ORDER = ("site", "documentLibrary", "folder", "file")
_LARGEST = 2.0**63


def compare(walk_a: pd.DataFrame, walk_b: pd.DataFrame) -> pd.DataFrame:
    """Every item of two walks with what became of it between them.

    An item is the same item where the item key is; what has no partner by its key is the same where path and type are.
    Sizes of folders are the service's, so a folder is ``resized`` when something below it grew.

    Parameters
    ----------
    walk_a, walk_b : DataFrame
        Before and after: from `BackupClient.walk` or `load_listing`, of one drive.

    Returns
    -------
    pandas.DataFrame
        One row per item, those of `walk_b` in its order, then the removed ones in the order of `walk_a`:
        ``path`` (after; of what is removed, before), ``path_before`` (null where added), ``type``, ``change``,
        ``size_before`` and ``size_after`` (Int64, bytes), ``item_key_before`` and ``item_key_after``; the rest is
        string. ``change`` is ``added``, ``removed``, ``renamed`` (the same key under another path, so also moved;
        whatever the sizes), ``resized`` or ``same`` (same place and size: contents are not looked at). In ``attrs``,
        ``before`` and ``after`` are those of the walks; ``complete`` is true if both are known to be whole.

    Raises
    ------
    InputError
        Not two walks, or walks of two drives.

    Warns
    -----
    UserWarning
        A walk lacks rows, or the walks have neither a site nor an item key in common.

    Examples
    --------
    >>> import odb_nb as odb
    >>> import pandas as pd
    >>> before = pd.DataFrame({"item_key": ["k1", "k2"], "path": ["Documents/a.docx", "Documents/b.docx"]})
    >>> before = before.assign(type="file", size_in_bytes=[10, 20])
    >>> after = before.assign(path=["Documents/a.docx", "Documents/b.docx.locked"], size_in_bytes=[10, 21])
    >>> odb.compare(before, after)[["path", "path_before", "change"]].to_dict("split")["data"]
    [['Documents/a.docx', 'Documents/a.docx', 'same'], ['Documents/b.docx.locked', 'Documents/b.docx', 'renamed']]
    """
    before, after = matched_columns(walk_a, "walk_a"), matched_columns(walk_b, "walk_b")
    walks = {_named("walk_a", walk_a): walk_a, _named("walk_b", walk_b): walk_b}
    refuse_other_drives(walks)
    tell_partial(walks, "What is missing in one of them shows as added or removed")
    partner, by_key = partners(before, after)
    if not by_key.any() and _sites_differ(before, after):
        notify("the walks have neither a site nor an item key in common: are they of one drive? Compared by path alone")
    compared = _compared(before, after, partner, by_key)
    compared.attrs = {
        "before": copy.deepcopy(walk_a.attrs),
        "after": copy.deepcopy(walk_b.attrs),
        "complete": is_whole(walk_a) and is_whole(walk_b),
    }
    return compared


def _named(name: str, walk: pd.DataFrame) -> str:
    moment = point_time(walk)
    return f"{name} ({time_in_words(moment)})" if moment else name


def _sites_differ(before: pd.DataFrame, after: pd.DataFrame) -> bool:
    """True where both walks show their site; two of one key would have been partners."""
    return all(walk.loc[walk["type"] == "site", "item_key"].notna().any() for walk in (before, after))


def _compared(before: pd.DataFrame, after: pd.DataFrame, partner: Rows, by_key: Flags) -> pd.DataFrame:
    gone = np.flatnonzero(~is_taken(partner, len(before)))
    rows_before = np.concatenate([partner, gone])
    rows_after = np.concatenate([np.arange(len(after)), np.full(len(gone), -1)])
    columns = {
        "path": _after_or(before, after, gone, "path"),
        "path_before": _taken(before, "path", rows_before),
        "type": _after_or(before, after, gone, "type"),
        "size_before": _taken(before, "size_in_bytes", rows_before),
        "size_after": _taken(after, "size_in_bytes", rows_after),
        "item_key_before": _taken(before, "item_key", rows_before),
        "item_key_after": _taken(after, "item_key", rows_after),
    }
    is_renamed = np.concatenate([by_key, np.zeros(len(gone), dtype=bool)])
    is_renamed &= _differ(columns["path_before"], columns["path"])
    change = np.select(
        [rows_before < 0, rows_after < 0, is_renamed, _differ(columns["size_before"], columns["size_after"])],
        [_ADDED, _REMOVED, _RENAMED, _RESIZED],
        _SAME,
    )
    columns["change"] = pd.array(CHANGES_IN_ORDER, dtype="string").take(change)
    return pd.DataFrame(columns, columns=COMPARISON.names, copy=False)


def _taken(walk: pd.DataFrame, name: str, rows: Rows) -> Any:
    return walk[name].array.take(rows, allow_fill=True)  # null where there is no row


def _after_or(before: pd.DataFrame, after: pd.DataFrame, gone: Rows, name: str) -> Any:
    return pd.concat([after[name], before[name].iloc[gone]]).array


def _differ(one: Any, other: Any) -> Flags:
    """Null is a value of its own: null against null is no difference, null against anything is one."""
    unequal: Flags = pd.Series(one != other).fillna(value=False).to_numpy(dtype=bool)
    unequal[one.isna() != other.isna()] = True
    return unequal


def summarize_changes(comparison: pd.DataFrame) -> pd.DataFrame:
    """Items and bytes per type and change.

    Parameters
    ----------
    comparison : DataFrame
        From `compare`, or some of its rows.

    Returns
    -------
    pandas.DataFrame
        One row per type and change that occur, sites first and files last: ``type`` and ``change`` (string),
        ``items``, ``bytes_before`` and ``bytes_after`` (Int64): sums of the sizes that are known, null where none is.
        A folder holds what is below it, so add up files only.

    Raises
    ------
    InputError
        Not a frame from `compare`.

    Warns
    -----
    UserWarning
        A sum does not fit 64 bits; it is null.

    Examples
    --------
    >>> import odb_nb as odb
    >>> import pandas as pd
    >>> before = pd.DataFrame({"item_key": ["k1", "k2"], "path": ["Documents/a.docx", "Documents/b.docx"]})
    >>> before = before.assign(type="file", size_in_bytes=[10, 20])
    >>> odb.summarize_changes(odb.compare(before, before.assign(size_in_bytes=[10, 25])))
       type   change  items  bytes_before  bytes_after
    0  file  resized      1            20           25
    1  file     same      1            10           10
    """
    needed = ("type", "change", "size_before", "size_after")
    if missing := [name for name in needed if not isinstance(comparison, pd.DataFrame) or name not in comparison]:
        raise InputError(f"summarize_changes takes a frame from compare; missing columns: {', '.join(missing)}")
    groups = comparison[list(needed)].groupby(["type", "change"], sort=False, dropna=False)
    summary = pd.DataFrame(
        {
            "items": groups.size().astype("Int64"),
            "bytes_before": _bytes(groups["size_before"]),
            "bytes_after": _bytes(groups["size_after"]),
        }
    ).reset_index()
    # types and changes that we do not know come last, in the order they came
    place = {word: at for words in (_TYPES_IN_ORDER, CHANGES_IN_ORDER) for at, word in enumerate(words)}
    order = summary[["type", "change"]].map(lambda word: place.get(word, len(place)))
    return summary.loc[order.sort_values(["type", "change"], kind="stable").index].reset_index(drop=True)


def _bytes(groups: Any) -> pd.Series[int]:
    """Sums that a hostile or mistaken size cannot turn negative."""
    sums = groups.sum(min_count=1).astype("Int64")
    fits = groups.agg(lambda sizes: sizes.to_numpy(dtype="float64", na_value=0).sum()).abs() < _LARGEST
    if not fits.all():
        notify("the sizes of some changes do not add up to a number that fits 64 bits; shown as null")
    return pd.Series(sums.where(fits))
