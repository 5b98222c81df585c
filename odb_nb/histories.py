"""One item over many restore points: where it was, how large, first and last seen."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from odb_nb.columns import TEXT, TIME
from odb_nb.errors import InputError
from odb_nb.pairing import is_whole, matched_columns, partners, point_time, refuse_other_drives, tell_partial
from odb_nb.words import time_in_words

if TYPE_CHECKING:
    from datetime import datetime

    from odb_nb.pairing import Rows

_FIXED = ("path", "path_before", "type", "first_seen", "last_seen")
_KNOWN = ("item_key", "path", "type", "path_before")


def file_history(walks: Iterable[pd.DataFrame] | Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One item per row and one restore point per column, with the item's size at each.

    An item is followed by its item key, so through renames and moves; where a key has no item yet, by path and type.

    Parameters
    ----------
    walks : list of DataFrame, or mapping of str to DataFrame
        From `BackupClient.walk` or `load_listing`, of one drive, in any order. The keys of a mapping name the columns.

    Returns
    -------
    pandas.DataFrame
        One row per item of any type, in the order they were first seen: ``path`` (its latest), ``path_before`` (the
        latest other one it had; null if none), ``type``, ``first_seen`` and ``last_seen`` (times of restore points),
        then a column for each point, oldest first, named ``2026-11-19 03:02:55`` or by the mapping's key: the size
        (Int64, bytes), null where the item was not there or its size is not known. Where a mapping's walks do not all
        tell their point's time, they stay in its order, and ``first_seen`` and ``last_seen`` are its keys (string).
        In ``attrs``, ``points`` are those of the walks, and ``complete`` is true if all are known to be whole.

    Raises
    ------
    InputError
        Not walks; walks of two drives or twice of one point; a list of walks that do not tell their point's time.

    Warns
    -----
    UserWarning
        A walk lacks rows.

    Examples
    --------
    >>> import odb_nb as odb
    >>> import pandas as pd
    >>> monday = pd.DataFrame({"item_key": ["k1", "k2"], "path": ["Documents/a.docx", "Documents/b.docx"]})
    >>> monday = monday.assign(type="file", size_in_bytes=[10, 20])
    >>> tuesday = monday.tail(1).assign(path="Documents/c.docx", size_in_bytes=25)
    >>> history = odb.file_history({"Monday": monday, "Tuesday": tuesday})
    >>> history[["path", "last_seen", "Monday", "Tuesday"]]
                   path last_seen  Monday  Tuesday
    0  Documents/a.docx    Monday      10     <NA>
    1  Documents/c.docx   Tuesday      20       25
    """
    labelled, moments = _in_order(walks)
    refuse_other_drives(labelled)
    tell_partial(labelled, "What is missing there shows as if it had not been there")
    listed = [matched_columns(walk, f"walk {label!r}") for label, walk in labelled.items()]
    known, rows_in = _followed(listed)
    first, last = _first_and_last(rows_in, len(known))
    points: Any = pd.Series(
        list(labelled) if moments is None else moments, dtype=TEXT if moments is None else TIME
    ).array
    history = known[["path", "path_before", "type"]].assign(first_seen=points.take(first), last_seen=points.take(last))
    sizes = [_sizes(walk, rows, len(known)) for walk, rows in zip(listed, rows_in, strict=True)]
    history = pd.concat([history, pd.DataFrame(dict(zip(labelled, sizes, strict=True)))], axis="columns")
    history.attrs = {
        "points": [copy.deepcopy(walk.attrs) for walk in labelled.values()],
        "complete": all(is_whole(walk) for walk in labelled.values()),
    }
    return history


def _in_order(walks: object) -> tuple[dict[str, pd.DataFrame], list[datetime] | None]:
    """Walks by the names of their columns, oldest first, and their times; no times where not all walks tell them."""
    if isinstance(walks, (pd.DataFrame, str)) or not isinstance(walks, Iterable):
        raise InputError(f"file_history takes a list or a mapping of walks, not a {type(walks).__name__}")
    given = list(walks.items()) if isinstance(walks, Mapping) else [(None, walk) for walk in walks]
    if odd := [walk for _, walk in given if not isinstance(walk, pd.DataFrame)]:
        raise InputError(f"file_history takes frames from walk or load_listing, not a {type(odd[0]).__name__}")
    told = [(moment, label, walk) for label, walk in given if (moment := point_time(walk))]
    if len(told) == len(given):
        told.sort(key=lambda one: one[0])
        moments = [moment for moment, *_ in told]
        pairs = [(time_in_words(moment) if label is None else label, walk) for moment, label, walk in told]
        _refuse_twice(moments)
        return _by_label(pairs), moments
    if not isinstance(walks, Mapping):
        raise InputError(
            f"{len(given) - len(told)} of {len(given)} walks do not tell their restore point's time "
            '(attrs["restore_point_date_time"]); hand in a mapping of names to walks, oldest first'
        )
    return _by_label(given), None


def _refuse_twice(moments: list[datetime]) -> None:
    twice = [one for one, next_ in itertools.pairwise(moments) if one == next_]
    if twice:
        raise InputError(f"two walks are of the restore point of {time_in_words(twice[0])}; hand in one of them")


def _by_label(pairs: list[tuple[Any, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    labels = [label for label, _ in pairs]
    if odd := [label for label in labels if not isinstance(label, str) or label in _FIXED]:
        raise InputError(f"{odd[0]!r:.80} cannot name a column here; use text other than {', '.join(_FIXED)}")
    if len(set(labels)) < len(labels):  # times that differ by less than a second
        raise InputError("two walks are of the same second; hand in a mapping of names to walks")
    return dict(pairs)


def _followed(listed: list[pd.DataFrame]) -> tuple[pd.DataFrame, list[Rows]]:
    """Every item with what was last known of it, and for each walk the item that each of its rows is."""
    known = pd.DataFrame({name: pd.array([], dtype=TEXT) for name in _KNOWN})
    rows_in = []
    for walk in listed:
        rows, _ = partners(known, walk)
        is_new = rows < 0
        rows[is_new] = len(known) + np.arange(is_new.sum())
        known = _brought_up_to_date(known, walk, rows)
        rows_in.append(rows)
    return known, rows_in


def _brought_up_to_date(known: pd.DataFrame, walk: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    count = max(len(known), rows.max(initial=-1) + 1)
    before = known.reindex(range(count))
    latest = np.arange(count)
    latest[rows] = len(known) + np.arange(len(walk))
    after = pd.concat([known, walk[["item_key", "path", "type"]]]).iloc[latest].reset_index(drop=True)
    has_moved = (before["path"] != after["path"]).fillna(value=False)
    after["path_before"] = before["path_before"].mask(has_moved, before["path"])
    return after


def _first_and_last(rows_in: list[Rows], count: int) -> tuple[Rows, Rows]:
    """The number of the walk that showed each item first, and of the one that showed it last."""
    first, last = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    for step, rows in reversed(list(enumerate(rows_in))):
        first[rows] = step
    for step, rows in enumerate(rows_in):
        last[rows] = step
    return first, last


def _sizes(walk: pd.DataFrame, rows: Rows, count: int) -> Any:
    row_of = np.full(count, -1)
    row_of[rows] = np.arange(len(walk))
    return walk["size_in_bytes"].array.take(row_of, allow_fill=True)
