"""Where each drive's row lies, and in it the points and the lanes of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from odb_nb.plots import canvas

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from odb_nb.plots.bars import Bar
    from odb_nb.plots.facts import Facts

# heights in hundreds of the page's pixels
_POINTS_HEIGHT = 0.22
_LANE_HEIGHT = 0.09
_BELOW_LANES = 0.03
_MOST_LANES = 4
_ROOMY = 3.5  # rows are spread or pressed, within reason, to fill this
_MOST_SPREAD, _MOST_PRESSED = 1.6, 0.7


@dataclass(frozen=True)
class Row:
    """A drive's place: `top` downwards; so many lanes, each so high."""

    name: str
    top: float
    height: float
    lanes: int
    scale: float

    @property
    def points_at(self) -> float:
        """The middle of its points."""
        return self.top + self.scale * _POINTS_HEIGHT * (0.55 if self.lanes else 0.5)

    @property
    def lane_height(self) -> float:
        """Less where there are more lanes than have room."""
        return self.scale * _LANE_HEIGHT * min(1, _MOST_LANES / max(1, self.lanes))

    def lane_at(self, lane: int) -> float:
        """The top of a lane."""
        return self.top + self.scale * _POINTS_HEIGHT + lane * self.lane_height


def rows_of(facts: Facts, drives: Sequence[str], bars: Iterable[Bar]) -> dict[str, Row]:
    """Row per drive, from the top down."""
    lanes = dict.fromkeys(drives, 0)
    for bar in bars:
        lanes[bar.drive] = max(lanes[bar.drive], bar.lane + 1)
    heights = {
        drive: _POINTS_HEIGHT + (_LANE_HEIGHT * min(count, _MOST_LANES) + _BELOW_LANES if count else 0.0)
        for drive, count in lanes.items()
    }
    scale = min(_MOST_SPREAD, max(_MOST_PRESSED, _ROOMY / sum(heights.values())))
    ids = facts.rows.drop_duplicates("drive").set_index("drive")["drive_id"]
    rows = {}
    top = 0.0
    for drive in drives:
        id_ = ids[drive]
        name = canvas.name_as_drawn(drive, id_ if isinstance(id_, str) else None)
        rows[drive] = Row(name, top, heights[drive] * scale, lanes[drive], scale)
        top += heights[drive] * scale
    return rows
