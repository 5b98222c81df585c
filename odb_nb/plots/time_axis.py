"""The axis of time: always UTC, in days as matplotlib counts them."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Literal

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

from odb_nb.plots import canvas

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd
    from matplotlib.axes import Axes

_LEAST_DAYS = 0.25


def with_days(rows: pd.DataFrame, **columns: str) -> pd.DataFrame:
    """The rows with a column of days for each of these columns of times."""
    plain = {name: rows[time].dt.tz_localize(None).to_numpy() for name, time in columns.items()}
    return rows.assign(**{name: date2num(times) for name, times in plain.items()})  # type: ignore[no-untyped-call]


def days_of(moment: datetime) -> float:
    """One instant."""
    return float(date2num(moment))  # type: ignore[no-untyped-call]


def bounds(days: list[float]) -> tuple[float, float]:
    """Where the axis begins and ends to show all of these."""
    first, last = min(days), max(days)
    missing = max(0.0, _LEAST_DAYS - (last - first)) / 2
    pad = 0.03 * (last - first) + missing
    return first - pad, last + pad


def draw_axis(axes: Axes, *, is_tall: bool) -> None:
    """Days below the rows; above them too where they are many."""
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    formatter = ConciseDateFormatter(  # type: ignore[no-untyped-call]
        locator,
        tz=UTC,
        formats=["%Y", "%b %Y", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S"],
        zero_formats=["", "%Y", "%d %b", "%d %b", "%H:%M", "%H:%M"],
        offset_formats=["", "", "%Y", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d"],
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
    axes.xaxis.get_offset_text().set(**canvas.lettering(8, canvas.FAINT))
    axes.set_xlabel("time (UTC)", labelpad=4, loc="center", **canvas.lettering(8, canvas.FAINT))
    axes.grid(visible=True, axis="x", color=canvas.RULE, linewidth=0.6, linestyle="-", alpha=1)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", labeltop=is_tall)


def draw_now(axes: Axes, now: datetime, *, is_tall: bool) -> None:
    """A line through all rows, with the time above them."""
    at = days_of(now)
    axes.axvline(at, color=canvas.INK, linewidth=1.1, linestyle=(0, (4, 2)), zorder=2.5)
    first, last = axes.get_xlim()
    share = (at - first) / (last - first)
    side: Literal["left", "center", "right"] = "left" if share < 0.12 else "right" if share > 0.88 else "center"
    canvas.write(
        axes,
        f"now {now:%Y-%m-%d %H:%M}",
        (at, 1),
        xycoords=("data", "axes fraction"),
        up=17 if is_tall else 3,
        size=8,
        ha=side,
        va="bottom",
    )
