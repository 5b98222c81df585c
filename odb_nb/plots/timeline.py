"""Drawing of the timeline: a row per drive, with restore points above and their sessions below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import PolyCollection

from odb_nb.palette import NO_SESSION
from odb_nb.plots import canvas
from odb_nb.plots.bars import bars_of
from odb_nb.plots.facts import EXPIRED, OTHER
from odb_nb.plots.legend import GROWN, bar_style, draw_legend, point_style
from odb_nb.plots.rows import rows_of
from odb_nb.plots.sentences import left_out, timeline_title
from odb_nb.plots.time_axis import bounds, days_of, draw_axis, draw_now, with_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from odb_nb.plots.bars import Bar
    from odb_nb.plots.facts import Facts
    from odb_nb.plots.rows import Row

_LEAST_MARKER = 2.5

_NUMBER_HEIGHT = 0.085
_TALL = 20  # rows from which on the days stand above them too


def draw(facts: Facts, drives: Sequence[str]) -> Figure:
    """Figure of these drives, from the top down."""
    if not drives:
        return canvas.message("no restore points")
    is_shown = facts.rows["drive"].isin(drives)
    points = with_days(facts.rows[is_shown & facts.has_place], at="protection_date_time")
    sessions = with_days(
        facts.rows[is_shown & facts.has_bar], start="session_created_date_time", end="session_expiration_date_time"
    )
    if points.empty and sessions.empty:
        return canvas.message(" ".join(left_out(facts)))
    now = facts.now_on_axis
    first, last = bounds([*points["at"], *sessions["start"], *sessions["end"], *([days_of(now)] if now else [])])
    bars = bars_of(sessions, apart=(last - first) / 150, gap=(last - first) / 15)
    rows = rows_of(facts, drives, bars)
    height = sum(row.height for row in rows.values())
    notes = left_out(facts)
    is_tall = len(rows) > _TALL
    figure = canvas.blank(height + (1.4 if is_tall else 1.25) + 0.16 * len(notes))
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.05)
    axes = figure.add_subplot(xlim=(first, last), ylim=(height, 0))
    canvas.strip(axes)
    draw_axis(axes, is_tall=is_tall)
    _draw_rows(axes, list(rows.values()))
    _draw_points(axes, points, rows)
    _draw_bars(axes, bars, rows)
    if now:
        draw_now(axes, now, is_tall=is_tall)
    draw_legend(figure, timeline_title(facts, drives), points, bars)
    if notes:
        figure.supxlabel("\n".join(notes), x=0.015, ha="left", **canvas.lettering(8, canvas.FAINT))
    return figure


def _draw_rows(axes: Axes, rows: Sequence[Row]) -> None:
    """Names, and every other row on grey, so that the eye keeps to its row."""
    for row in rows[::2]:
        axes.axhspan(row.top, row.top + row.height, color="#f5f5f5", linewidth=0, zorder=0)
    middles = [row.top + row.height / 2 for row in rows]
    axes.set_yticks(middles, [row.name for row in rows], **canvas.lettering())


def _draw_points(axes: Axes, points: pd.DataFrame, rows: dict[str, Row]) -> None:
    """What needs an eye comes last, and so lies on top."""
    scale = next(iter(rows.values())).scale
    size = _marker_size(points, scale)
    is_crowded = size == _LEAST_MARKER  # then each kind has a line of its own, or one would hide the others
    for place, kind in enumerate((NO_SESSION, EXPIRED, "created", "creating", OTHER, "failed")):
        of_kind = points[points["kind"] == kind]
        if of_kind.empty:
            continue
        aside = (place - 2.5) * 0.025 * scale if is_crowded else 0
        heights = [rows[drive].points_at - aside for drive in of_kind["drive"]]
        axes.scatter(
            of_kind["at"],
            heights,
            s=(size * GROWN.get(kind, 1)) ** 2,
            zorder=3 + place / 10,
            label=f"points: {kind}",
            **point_style(kind),
        )


def _marker_size(points: pd.DataFrame, scale: float) -> float:
    """Points wide; less where many stand in one row."""
    if points.empty:
        return 5.0
    spread = 360 / points["drive"].value_counts().max()
    return float(np.clip(spread, _LEAST_MARKER, 5.0 * max(scale, 0.9)))


def _draw_bars(axes: Axes, bars: Sequence[Bar], rows: dict[str, Row]) -> None:
    for kind, is_soon in sorted({(bar.kind, bar.is_soon) for bar in bars}):
        alike = [bar for bar in bars if (bar.kind, bar.is_soon) == (kind, is_soon)]
        boxes = [_box(bar, rows[bar.drive]) for bar in alike]
        name = f"sessions: {kind}{', soon' if is_soon else ''}"
        collection = PolyCollection(boxes, zorder=2, label=name, **bar_style(kind, is_soon=is_soon))
        axes.add_collection(collection, autolim=False)
    first, last = axes.get_xlim()
    for drive, row in rows.items():
        of_drive = [bar for bar in bars if bar.drive == drive]
        for bar in of_drive:
            if bar.count > 1 and not _is_cramped(bar, row, of_drive, (last - first) / 25):
                _draw_number(axes, bar, row)


def _draw_number(axes: Axes, bar: Bar, row: Row) -> None:
    middle = row.lane_at(bar.lane) + row.lane_height * 0.4
    canvas.write(axes, f"×{bar.count}", (bar.end, middle), right=3, size=7)


def _is_cramped(bar: Bar, row: Row, bars: Iterable[Bar], width: float) -> bool:
    """True where a number would lie on the bar of the next lane, or on its number."""
    if row.lane_height >= _NUMBER_HEIGHT:
        return False
    beside = (other for other in bars if abs(other.lane - bar.lane) == 1)
    return any(other.start < bar.end + width and other.end + width > bar.end for other in beside)


def _box(bar: Bar, row: Row) -> list[tuple[float, float]]:
    top = row.lane_at(bar.lane)
    bottom = top + row.lane_height * 0.8
    return [(bar.start, top), (bar.end, top), (bar.end, bottom), (bar.start, bottom)]
