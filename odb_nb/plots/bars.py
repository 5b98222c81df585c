"""Sessions as bars: those that start and end together are one, those that overlap lie in lanes below each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Bar:
    """One or more sessions of a drive; times in days, the end is the first of theirs."""

    drive: str
    kind: str
    is_soon: bool
    start: float
    end: float
    count: int
    lane: int


def bars_of(sessions: pd.DataFrame, *, apart: float, gap: float) -> list[Bar]:
    """Bars of sessions (``drive``, ``kind``, ``is_soon``, ``start``, ``end``), in lanes per drive.

    `apart`: starts or ends nearer than this, in days, look the same. `gap`: what to leave between bars of a lane.
    """
    look = ["drive", "kind", "is_soon"]
    with_start = _runs(sessions, look, "start", apart)
    with_both = _runs(with_start, [*look, "start_run"], "end", apart)
    grouped = with_both.groupby([*look, "start_run", "end_run"], sort=False)
    merged = grouped.agg(start=("start", "min"), end=("end", "min"), count=("start", "size")).reset_index()
    bars: list[Bar] = []
    ends: dict[str, list[float]] = {}  # per drive, of each lane
    ordered = merged.sort_values(["start", "end"], kind="stable")[[*look, "start", "end", "count"]]
    for drive, kind, is_soon, start, end, count in ordered.to_numpy(dtype=object).tolist():
        lanes = ends.setdefault(drive, [])
        lane = next((place for place, taken in enumerate(lanes) if taken + gap <= start), len(lanes))
        lanes[lane : lane + 1] = [end]
        bars.append(Bar(drive, kind, is_soon, start, end, count, lane))
    return bars


def _runs(sessions: pd.DataFrame, within: list[str], name: str, apart: float) -> pd.DataFrame:
    """With a number per run of values that follow each other closely: one bulk call opens sessions for minutes."""
    ordered = sessions.sort_values([*within, name], kind="stable")
    steps: pd.Series[Any] = ordered.groupby(within, sort=False)[name].diff()
    return ordered.assign(**{f"{name}_run": (steps > apart).cumsum()})
