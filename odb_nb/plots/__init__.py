"""Pictures of a status frame: pure functions, no I/O; matplotlib is imported when the first one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb.arguments import moment
from odb_nb.plots.facts import MOST_DRIVES, read
from odb_nb.plots.picture import Picture
from odb_nb.plots.sentences import summary_alt, timeline_alt

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Picture", "plot_summary", "plot_timeline"]


def plot_timeline(status: pd.DataFrame, *, now: object = None) -> Picture:
    """Picture of when each drive's restore points were made and how long their sessions can be used.

    One row per drive, in the order of `status`: a marker for each restore point, its shape and colour by the status of
    its session, and below the markers a bar for each live session (not failed, not past its expiry), from creation to
    expiry; sessions of one drive and status that start and end together are one bar with their number. Sessions that
    expire within 12 hours are hatched. Of more than 60 drives the most urgent are drawn (failed, then soonest expiry,
    then unsettled), and the picture says so; the table always has all.

    Parameters
    ----------
    status : DataFrame
        From `BackupClient.tabulate_status`.
    now : str, date or aware datetime, optional
        The instant to measure from, drawn as a line; when the frame was made by default.

    Returns
    -------
    Picture
        ``table`` has one row per restore point, in the order of `status`: ``drive``, ``restore_point_id`` (string),
        ``protection_date_time`` (datetime64[us, UTC]), ``status`` (string, ``no session`` where there is none),
        ``session_created_date_time``, ``session_expiration_date_time`` (datetime64[us, UTC]), ``expires_in``
        (timedelta64[us], from `now`; null for a session that failed).

    Raises
    ------
    InputError
        Not a status frame, a restore point that stands twice, or a `now` that cannot be read.

    Examples
    --------
    >>> import odb_nb as odb
    >>> with odb.connect() as client:
    ...     drives = client.list_drives(search="vance")
    ...     points = client.list_restore_points(drives, start="2026-11-19", end="2026-11-20")
    ...     _ = client.create_sessions(points.head(1), wait=True)
    ...     picture = odb.plot_timeline(client.tabulate_status(points))
    >>> print(picture.alt)  # doctest: +NORMALIZE_WHITESPACE
    Timeline of 2 restore points on 1 drive, 2026-11-19 to 2026-11-20 (UTC): 1 created, 1 no session.
    1 live session; the first expires in 2 d 23 h, at 2026-11-23 09:29:59.
    """
    facts = read(status, "plot_timeline", moment(now, "now"))
    # here and not above: importing odb_nb must not import matplotlib
    from odb_nb.plots.timeline import draw

    return Picture(draw(facts, facts.most_urgent(MOST_DRIVES)), facts.table, timeline_alt(facts))


def plot_summary(status: pd.DataFrame) -> Picture:
    """Picture of how many restore points there are per status, as horizontal bars.

    The part of a bar that is hatched expires within 12 hours, the part that is empty has expired.

    Parameters
    ----------
    status : DataFrame
        From `BackupClient.tabulate_status`.

    Returns
    -------
    Picture
        ``table`` has one row per word: ``status`` (string, ``no session`` where there is none), ``count``,
        ``expiring_soon`` (of these, within 12 hours), ``expired`` (Int64).

    Raises
    ------
    InputError
        Not a status frame, or a restore point that stands twice.

    Examples
    --------
    >>> import odb_nb as odb
    >>> with odb.connect() as client:
    ...     drives = client.list_drives(search="vance")
    ...     points = client.list_restore_points(drives, start="2026-11-19", end="2026-11-20")
    ...     _ = client.create_sessions(points.head(1), wait=True)
    ...     picture = odb.plot_summary(client.tabulate_status(points))
    >>> print(picture.alt)
    2 restore points on 1 drive: 1 created, 1 no session.
    >>> picture.table.to_dict("list")
    {'status': ['created', 'no session'], 'count': [1, 1], 'expiring_soon': [0, 0], 'expired': [0, 0]}
    """
    facts = read(status, "plot_summary", None)
    from odb_nb.plots.summary import draw

    return Picture(draw(facts), facts.counts, summary_alt(facts))
