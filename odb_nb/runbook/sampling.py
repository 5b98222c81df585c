"""Samples that repeat: the same seed draws the same drives and points, also when others have come or gone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pandas as pd

from odb_nb.arguments import whole_number
from odb_nb.runbook.columns import checked

if TYPE_CHECKING:
    from typing import Any

_MOST = 1_000_000
_LARGEST_SEED = 2**63 - 1


def sample(drives: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """So many of the drives, drawn by lot; all of them where there are no more.

    Each drive's lot is a hash of the seed and its id, so the draw depends on nothing else.

    Parameters
    ----------
    drives : DataFrame
        From `BackupClient.list_drives`.
    count : int
        How many.
    seed : int
        Another one draws others.

    Returns
    -------
    pandas.DataFrame
        Rows of `drives`, in its order.

    Raises
    ------
    InputError
        Another frame, or numbers that are none.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     runbook.sample(client.list_drives(), 2, seed=3)["display_name"].tolist()
    ['Hana Hoàng', 'Ingrid Ivanova']
    """
    rows = checked(drives, ("id",), "list_drives")
    wanted = whole_number(count, "drives", least=1, most=_MOST)
    ranks = _lots(rows["id"], seed).rank(method="first")
    return rows[ranks <= wanted]


def sample_points(points: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """So many restore points of each drive, drawn by lot; all of them where there are no more.

    Parameters
    ----------
    points : DataFrame
        From `BackupClient.list_restore_points`.
    count : int
        How many per drive.
    seed : int
        Another one draws others.

    Returns
    -------
    pandas.DataFrame
        Rows of `points`, drives in the order given, oldest first for each: so the first serves the next ones for
        comparison.

    Raises
    ------
    InputError
        Another frame, or numbers that are none.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), start="2026-11-12")
    ...     runbook.sample_points(points, 2, seed=1)["protection_date_time"].dt.day.tolist()
    [14, 15]
    """
    rows = checked(points, ("id", "drive_id", "protection_date_time"), "list_restore_points")
    wanted = whole_number(count, "points", least=1, most=_MOST)
    drives = rows["drive_id"].fillna("")
    ranks = _lots(rows["id"], seed).groupby(drives.to_numpy()).rank(method="first")
    order = pd.DataFrame({"drive": pd.factorize(drives)[0], "time": rows["protection_date_time"]}, index=rows.index)
    order = order[ranks <= wanted].sort_values(["drive", "time"], kind="stable")
    return rows.loc[order.index].reset_index(drop=True)


def _lots(ids: pd.Series[Any], seed: int) -> pd.Series[int]:
    start = f"{whole_number(seed, 'seed', least=0, most=_LARGEST_SEED)} "
    lots = [int.from_bytes(hashlib.sha256(f"{start}{id_}".encode()).digest()[:7]) for id_ in ids]
    return pd.Series(lots, index=ids.index, dtype="int64")
