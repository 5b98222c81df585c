"""Drawing of the summary: a bar per status word, with its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odb_nb.palette import SOON, look_of
from odb_nb.plots import canvas
from odb_nb.plots.sentences import counted, points_on_drives, soon_in_words
from odb_nb.words import time_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from odb_nb.plots.facts import Facts

_MOST_WORDS = 20
_ROW_HEIGHT = 0.32


@dataclass(frozen=True)
class _Word:
    status: str
    count: int
    expiring_soon: int
    expired: int


def draw(facts: Facts) -> Figure:
    """Figure of how many points have which status."""
    if facts.rows.empty:
        return canvas.message("no restore points")
    words = [_Word(*values) for values in facts.counts.iloc[:_MOST_WORDS].itertuples(index=False)]
    left_out = facts.counts.iloc[_MOST_WORDS:]
    figure = canvas.blank(_ROW_HEIGHT * len(words) + 0.65 + (0.16 if len(left_out) else 0))
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.08)
    axes = figure.add_subplot(xlim=(0, max(word.count for word in words)), ylim=(len(words) - 0.4, -0.6))
    canvas.strip(axes)
    axes.set_xticks([])
    labels = [f"{look_of(word.status).mark} {canvas.name_as_drawn(word.status)}" for word in words]
    axes.set_yticks(range(len(words)), labels, **canvas.lettering())
    for place, word in enumerate(words):
        _draw_bar(axes, place, word)
    as_of = f", as of {time_in_words(facts.now)} (UTC)" if facts.now else ""
    figure.suptitle(f"{points_on_drives(facts)}{as_of}", x=0.015, ha="left", **canvas.lettering(11))
    if len(left_out):
        rest = f"{counted(int(left_out['count'].sum()), 'point')} with {counted(len(left_out), 'more word')}"
        note = f"{rest} are not drawn; the table has all."
        figure.supxlabel(note, x=0.015, ha="left", **canvas.lettering(8, canvas.FAINT))
    return figure


def _draw_bar(axes: Axes, place: int, word: _Word) -> None:
    """The part that lasts, then the part that expires soon, then the part that has expired."""
    look = look_of(word.status)
    parts: list[tuple[int, dict[str, Any]]] = [
        (word.count - word.expiring_soon - word.expired, {"facecolor": look.fill, "edgecolor": look.line}),
        (word.expiring_soon, {"facecolor": SOON.fill, "edgecolor": SOON.line, "hatch": "//////"}),
        (word.expired, {"facecolor": "white", "edgecolor": look.line}),
    ]
    start = 0
    for width, style in parts:
        if width:
            axes.barh(place, width, left=start, height=0.62, linewidth=1, clip_on=False, **style)
        start += width
    canvas.write(axes, _said(word), (word.count, place), right=6)


def _said(word: _Word) -> str:
    expired = f"{word.expired:,} expired" if word.expired else ""
    parts = ", ".join(part for part in (soon_in_words(word.expiring_soon), expired) if part)
    return f"{word.count:,}" + (f" (of which {parts})" if parts else "")
