"""How each kind of point and session looks, and the legend that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from odb_nb.palette import NO_SESSION, SOON, look_of
from odb_nb.plots import canvas
from odb_nb.plots.facts import EXPIRED, KINDS, OTHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from odb_nb.plots.bars import Bar

# shapes for those who see no colours; the empty ones have nothing to open
_MARKERS = {"created": "o", "creating": ">", "failed": "X", OTHER: "s", EXPIRED: "v", NO_SESSION: "o"}
_EMPTY = (EXPIRED, NO_SESSION)
GROWN = {"failed": 1.5, "creating": 1.2, EXPIRED: 1.2}  # shapes of the same width do not look of the same size


def point_style(kind: str) -> dict[str, Any]:
    """For `Axes.scatter`."""
    line = look_of(NO_SESSION if kind == EXPIRED else kind).line
    fill = "white" if kind in _EMPTY else line
    edge = "white" if kind == "failed" else line
    return {
        "marker": _MARKERS[kind],
        "facecolors": fill,
        "edgecolors": edge,
        "linewidths": 0.5 if fill == line else 0.9,
    }


def bar_style(kind: str, *, is_soon: bool) -> dict[str, Any]:
    """For a bar of sessions, on its own or in a collection."""
    look = SOON if is_soon else look_of(kind)
    hatch = {"hatch": "//////", "facecolor": look.fill} if is_soon else {"facecolor": look.fill}
    return {"edgecolor": look.line, "linewidth": 0.8, **hatch}


def draw_legend(figure: Figure, title: str, points: pd.DataFrame, bars: Sequence[Bar]) -> None:
    """Above the rows, where it covers nothing; only what is there. With the title, or they would share a place."""
    handles: list[Line2D | Patch] = []
    labels: list[str] = []
    for kind in KINDS:
        of_kind = points[points["kind"] == kind]
        if of_kind.empty:
            continue
        style = point_style(kind)
        look = {"color": style["facecolors"], "markeredgecolor": style["edgecolors"]}
        size = 6 * GROWN.get(kind, 1)
        handles.append(Line2D([], [], linestyle="", marker=style["marker"], markersize=size, **look))
        labels.append(_label(kind, of_kind))
    for is_soon, label in ((False, "session, until it expires"), (True, "expires within 12 hours")):
        alike = [bar.kind for bar in bars if bar.is_soon is is_soon]
        if alike:
            handles.append(Patch(**bar_style(min(alike, key=KINDS.index), is_soon=is_soon)))
            labels.append(label)
    legend = figure.legend(
        handles, labels, loc="outside upper left", ncols=4, frameon=False, alignment="left", borderaxespad=0.2,
        title=title, handlelength=2, handleheight=0.7, handletextpad=0.5, columnspacing=1.6, labelspacing=0.5,
        borderpad=0.4, numpoints=1, prop=canvas.font(), title_fontproperties=canvas.font(11),
    )  # fmt: skip
    legend.get_title().set(**canvas.lettering(11))
    for text in legend.get_texts():
        text.set(**canvas.lettering())


def _label(kind: str, points: pd.DataFrame) -> str:
    if kind != OTHER:
        return f"{len(points):,} {kind}"
    words = sorted(points["status"].unique())
    named = ", ".join(canvas.shortened(canvas.as_drawn(word), 16) for word in words[:2])
    return f"{len(points):,} other: {named}{', …' if len(words) > 2 else ''}"
