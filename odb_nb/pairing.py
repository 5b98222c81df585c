"""Which row of one walk is which row of another: by item key, else by path; and whether a walk shows all there was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from odb_nb.columns import parsed
from odb_nb.errors import InputError
from odb_nb.notices import notify
from odb_nb.tables import ITEMS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Flags = NDArray[np.bool_]

MATCHED = ("item_key", "path", "type", "size_in_bytes")


def matched_columns(walk: object, name: str) -> pd.DataFrame:
    """The columns that tell items apart, with their dtypes and rows numbered from 0."""
    if not isinstance(walk, pd.DataFrame):
        raise InputError(f"{name} is a {type(walk).__name__}, not a frame from walk or load_listing")
    if missing := [column for column in MATCHED if column not in walk.columns]:
        raise InputError(f"{name} is no frame from walk or load_listing; missing columns: {', '.join(missing)}")
    dtypes = {column.name: column.dtype for column in ITEMS.columns if column.name in MATCHED}
    try:
        return walk[list(MATCHED)].reset_index(drop=True).astype(dtypes)
    except (TypeError, ValueError) as exc:
        raise InputError(f"{name} holds what no walk does: {exc}") from exc


def partners(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Rows, Flags]:
    """For each row of `after` its row in `before`, -1 where it has none; and whether the item key says so.

    A key or a path that stands twice in a walk is paired in turn: first with first, second with second.
    """
    by_key = _paired(_codes(before["item_key"], after["item_key"]), len(before))
    found = by_key.copy()
    left, new = np.flatnonzero(~is_taken(by_key, len(before))), np.flatnonzero(by_key < 0)
    if len(left) and len(new):
        by_path = _paired(_places(before.iloc[left], after.iloc[new]), len(left))
        found[new] = np.where(by_path < 0, -1, left[by_path])
    return found, by_key >= 0


def is_taken(rows: Rows, count: int) -> Flags:
    """For each of `count` rows, whether it stands among `rows`; -1 there is none."""
    taken = np.zeros(count + 1, dtype=bool)  # the last one is for -1
    taken[rows] = True
    return taken[:-1]


def _paired(codes: Rows, count: int) -> Rows:
    """`codes` of `count` rows and of others after them: for each of the others, its row among the first."""
    codes = _told_apart(codes, count)
    first, others = codes[:count], codes[count:]
    row_of = np.full(codes.max(initial=-1) + 2, -1)  # the last one is for -1: no code, no row
    rows = np.flatnonzero(first >= 0)
    row_of[first[rows]] = rows
    return row_of[others]


def _told_apart(codes: Rows, count: int) -> Rows:
    """Codes that stand once on each side: the second of a kind gets another than the first."""
    sides = codes[:count], codes[count:]
    if all(np.bincount(side[side >= 0]).max(initial=0) < 2 for side in sides):
        return codes
    turns = np.concatenate([pd.Series(side).groupby(side).cumcount().to_numpy() for side in sides])
    told = codes * (turns.max() + 1) + turns
    return np.where(codes < 0, -1, pd.factorize(told)[0])


def _codes(before: pd.Series[str], after: pd.Series[str]) -> Rows:
    """The same number for the same text, -1 for null."""
    numbers, _ = pd.concat([before, after]).array.factorize()
    return numbers.astype(np.int64)


def _places(before: pd.DataFrame, after: pd.DataFrame) -> Rows:
    """Path and type in one number: what was a folder and is a file now is another thing."""
    paths = _codes(before["path"], after["path"])
    types = _codes(before["type"].fillna(""), after["type"].fillna(""))
    return np.where(paths < 0, -1, paths * (types.max(initial=0) + 1) + types)


def is_whole(walk: pd.DataFrame) -> bool:
    """True where a walk is known to show everything that was there."""
    return walk.attrs.get("complete") is True and walk.attrs.get("items") == len(walk)


def tell_partial(walks: Mapping[str, pd.DataFrame], meaning: str) -> None:
    """Warn of walks that are known to lack rows."""
    said = {label: why for label, walk in walks.items() if (why := _what_is_missing(walk))}
    if said:
        notify(f"not complete: {'; '.join(f'{label} {why}' for label, why in said.items())}. {meaning}")


def _what_is_missing(walk: pd.DataFrame) -> str | None:
    items, not_listed = walk.attrs.get("items"), walk.attrs.get("not_listed")
    if isinstance(items, int) and items != len(walk):
        return f"has {len(walk):,} of its {items:,} rows"
    if walk.attrs.get("complete") is not False:
        return None
    return f"lacks {len(not_listed):,} place(s) that could not be listed" if not_listed else "was cut short"


def refuse_other_drives(walks: Mapping[str, pd.DataFrame]) -> None:
    """Raise if walks are known to be of more than one drive."""
    drives = {drive: label for label, walk in walks.items() if (drive := walk.attrs.get("drive_id"))}
    if len(drives) > 1:
        (one, first), (other, second) = list(drives.items())[:2]
        raise InputError(f"{first} is of drive {one!r:.80} and {second} of {other!r:.80}; compare walks of one drive")


def point_time(walk: pd.DataFrame) -> datetime | None:
    """When the restore point was taken, as far as the walk says."""
    return parsed(walk.attrs.get("restore_point_date_time"))
