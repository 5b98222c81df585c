"""What frames say when they are put side by side: pure functions, no I/O."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import pandas as pd

from odb_nb.arguments import one_of
from odb_nb.errors import InputError
from odb_nb.palette import NO_SESSION

if TYPE_CHECKING:
    from collections.abc import Iterable

_NEEDED = ("restore_point_id", "drive_id", "display_name", "protection_date_time", "status")


def status_matrix(status: pd.DataFrame, *, across: Literal["days", "points"] = "days") -> pd.DataFrame:
    """Drives down, days across: the status of each restore point at a glance.

    Parameters
    ----------
    status : DataFrame
        From `BackupClient.tabulate_status`.
    across : {"days", "points"}
        One column per day (UTC), or one per point's time.

    Returns
    -------
    pandas.DataFrame
        One row per drive, in the order of `status`; the index, ``drive``, is its display name, or its id where it has
        none. Columns ascend in time, named ``2026-11-20`` or ``2026-11-20 03:02:55``. Cells (string) hold the
        service's word, such as ``created``, or ``no session``; with several points in a cell each word is counted, as
        in ``2 created, 1 failed``. Null where the drive has no point then.

    Raises
    ------
    InputError
        Not a status frame, a restore point that stands twice, or an unknown `across`.

    Examples
    --------
    >>> import odb_nb as odb
    >>> with odb.connect() as client:
    ...     drives = client.list_drives(search="vance")
    ...     points = client.list_restore_points(drives, start="2026-11-19", end="2026-11-20")
    ...     client.create_sessions(points.head(1), wait=True)["status"].tolist()
    ...     odb.status_matrix(client.tabulate_status(points)).to_dict("list")
    ['created']
    {'2026-11-19': ['no session'], '2026-11-20': ['created']}
    """
    one_of(across, ("days", "points"), "across")
    missing = [name for name in _NEEDED if not isinstance(status, pd.DataFrame) or name not in status.columns]
    if missing:
        raise InputError(f"status_matrix takes a frame from tabulate_status; missing columns: {', '.join(missing)}")
    refuse_twice(status["restore_point_id"].dropna())
    shape = "%Y-%m-%d" if across == "days" else "%Y-%m-%d %H:%M:%S"
    cells = pd.DataFrame(
        {
            "drive": drive_labels(status),
            "when": status["protection_date_time"].dt.strftime(shape).astype("string").fillna("time not known"),
            "word": status["status"].fillna(NO_SESSION),
        }
    )
    words = cells.groupby(["drive", "when"], sort=False)["word"].agg(_counted)
    matrix = words.unstack("when").reindex(cells["drive"].unique())
    matrix.columns = pd.Index(matrix.columns.astype("string"), name=across.removesuffix("s"))
    return matrix.sort_index(axis="columns").rename_axis("drive").astype("string")


def refuse_twice(ids: pd.Series[str]) -> None:
    """Raise if a restore point stands more than once."""
    twice = ids[ids.duplicated()].unique().tolist()
    if twice:
        raise InputError(
            f"{len(twice)} restore point(s) stand more than once and would be counted so, first "
            f'{", ".join(map(repr, twice[:3]))}; use status.drop_duplicates("restore_point_id")'
        )


def drive_labels(status: pd.DataFrame) -> pd.Series[str]:
    """A label per drive: its name; with as much of its id as tells drives of one name apart; its id without one."""
    names = status["display_name"].fillna(status["drive_id"]).fillna("drive not known")
    drives = status["drive_id"].fillna("")
    labels = names.where(_drives_of_each(names, drives) == 1, names + " (" + drives.str[:8] + ")")
    return labels.where(_drives_of_each(labels, drives) == 1, names + " (" + drives + ")").astype("string")


def _drives_of_each(labels: pd.Series[str], drives: pd.Series[str]) -> pd.Series[int]:
    return drives.groupby(labels).transform("nunique")


def _counted(words: Iterable[str]) -> str:
    counts = Counter(words)
    if counts.total() == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {word}" for word, count in counts.items())
