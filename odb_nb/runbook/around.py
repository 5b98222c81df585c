"""Restore points around the time at which something happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from odb_nb.arguments import time_window, whole_number
from odb_nb.errors import InputError
from odb_nb.runbook.columns import checked
from odb_nb.words import time_in_words

if TYPE_CHECKING:
    import pandas as pd

_MOST_DAYS = 3660  # ten years: no service keeps points for longer


def window(around: object, days: int = 3) -> tuple[datetime, datetime]:
    """Start and end of the days around a time, for `BackupClient.list_restore_points`.

    Parameters
    ----------
    around : str, date or aware datetime
        A date such as ``2026-11-15``, which means all that day, or a time; UTC where it does not say.
    days : int
        So many before, and so many after.

    Raises
    ------
    InputError
        Not a time, or not a number of days.

    Examples
    --------
    >>> from odb_nb import runbook
    >>> [moment.isoformat() for moment in runbook.window("2026-11-15")]
    ['2026-11-12T00:00:00+00:00', '2026-11-19T00:00:00+00:00']
    """
    margin = timedelta(days=whole_number(days, "days", least=0, most=_MOST_DAYS))
    start, end = _span(around)
    try:
        return start - margin, end + margin
    except OverflowError:
        raise InputError(f"around={around!r:.60} is too near the end of the calendar") from None


def _span(around: object) -> tuple[datetime, datetime]:
    """The first moment and the one after the last of what `around` says; the same for a time."""
    try:
        start, end = time_window(around, around)
    except InputError as exc:
        raise InputError(str(exc).replace("start=", "around=", 1)) from None
    if start is None or end is None:
        raise InputError(f"around={around}: give the date or time around which it happened, such as '2026-11-15'")
    return start, end


def beside(points: pd.DataFrame, around: object) -> pd.DataFrame:
    """The last restore point before a time and the first after it: two rows, the earlier one first.

    A date means all that day, so the points of that day are in neither row.

    Parameters
    ----------
    points : DataFrame
        From `BackupClient.list_restore_points`, of one drive.
    around : str, date or aware datetime
        As in `window`.

    Raises
    ------
    InputError
        There is no point before or none after; points of several drives; not a time.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), start="2026-11-12")
    ...     runbook.beside(points, "2026-11-15")["protection_date_time"].dt.day.tolist()
    [14, 16]
    """
    rows = _of_one_drive(points)
    start, end = _span(around)
    before = rows[rows["protection_date_time"] < start]
    after = rows[rows["protection_date_time"] >= end]
    if before.empty or after.empty:
        which = "before" if before.empty else "after"
        raise InputError(f"none of {len(rows)} restore points is {which} {around!s:.60}{_they_reach(rows)}")
    return rows.loc[[before.index[-1], after.index[0]]].reset_index(drop=True)


def two_points(points: pd.DataFrame, around: object, found: pd.DataFrame | None = None) -> pd.DataFrame:
    """The two restore points to compare: two rows, the earlier one first.

    Parameters
    ----------
    points : DataFrame
        From `BackupClient.list_restore_points`, of one drive.
    around : str, date or aware datetime
        As in `window`.
    found : DataFrame, optional
        From `BackupClient.find_change` on these points. Where it found a change, the last good point and the first
        that is not good are taken; where all were good, or without it, the points `beside` the time.

    Raises
    ------
    InputError
        `find_change` found no good point, or could not look into any; or as for `beside`.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb import runbook
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="miriamg"), start="2026-11-12")
    ...     found = client.find_change(points, odb.path_exists("Documents/Projects/Aurora"))
    ...     runbook.two_points(points, "2026-11-15", found)["protection_date_time"].dt.day.tolist()
    [15, 16]
    """
    if found is None:
        return beside(points, around)
    told = found.attrs
    if missing := [name for name in ("last_good", "first_not_good", "in_words") if name not in told]:
        raise InputError(f"found is no frame from find_change; missing in attrs: {', '.join(missing)}")
    pair = [told["last_good"], told["first_not_good"]]
    if None not in pair:
        rows = _of_one_drive(points)
        chosen = rows[rows["id"].isin(pair)].reset_index(drop=True)
        if len(chosen) != len(pair):
            raise InputError("found is of other restore points than these")
        return chosen
    if pair == [None, None]:
        raise InputError(f"{told['in_words']}; error_code and error_message in the frame of find_change say why")
    if pair[0] is None:
        raise InputError(f"{told['in_words']}. Check the path, or ask about an earlier time")
    return beside(points, around)


def _of_one_drive(points: pd.DataFrame) -> pd.DataFrame:
    """The points oldest first, numbered from 0."""
    rows = checked(points, ("id", "drive_id", "protection_date_time"), "list_restore_points")
    if (drives := rows["drive_id"].nunique()) > 1:
        raise InputError(f"these are restore points of {drives} drives; take those of one")
    return rows.sort_values(["protection_date_time", "id"], kind="stable").reset_index(drop=True)


def _they_reach(rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    first, last = (time_in_words(rows["protection_date_time"].iloc[at]) for at in (0, -1))
    return f"; they reach from {first} to {last} UTC"
