"""A blank white card, and text on it that is drawn as what it is.

The user's rcParams (a dark style, say) must not turn a picture unreadable, and cannot be set aside for a moment,
since they are global and forms draw on a thread of their own. So colours, sizes and fonts are always given.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from odb_nb.plots.picture import CSS_PIXELS_PER_INCH, SHARPNESS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

WIDTH = 9.0
INK = "#1f1f1f"
FAINT = "#595959"
RULE = "#d9d9d9"
TEXT_SIZE = 9.0

LONGEST_NAME = 28
_NO_GLYPH = "□"

# matplotlib brings the first; of the others those that the system has: Windows, macOS, Linux
_FONTS = (
    "DejaVu Sans",
    *("Segoe UI", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Nirmala UI", "Leelawadee UI", "Ebrima"),
    *("Segoe UI Symbol", "Segoe UI Emoji", "Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
    *("Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji"),
    *("FreeSans", "Symbola"),
)


def blank(height: float) -> Figure:
    """A white card; `height` in hundreds of the page's pixels."""
    size = (WIDTH, round(height, 2))  # whole pixels of the page
    return Figure(figsize=size, dpi=SHARPNESS * CSS_PIXELS_PER_INCH, facecolor="white", edgecolor="white")


def lettering(size: float = TEXT_SIZE, colour: str = INK) -> dict[str, Any]:
    """How any text is drawn: never as a formula, whatever dollar signs it holds."""
    return {"fontproperties": font(size), "color": colour, "parse_math": False}


def font(size: float = TEXT_SIZE) -> FontProperties:
    """Glyphs that the first font lacks come from the next."""
    return FontProperties(family=list(_families()), size=size, style="normal", weight="normal")


def strip(axes: Axes) -> None:
    """Without frame and ticks."""
    axes.set_facecolor("white")
    axes.spines[:].set_visible(False)
    axes.grid(visible=False, which="both")
    axes.minorticks_off()
    axes.tick_params(
        length=0, pad=4, colors=INK, labelcolor=INK, labelsize=TEXT_SIZE, labelfontfamily=_families()[0],
        labeltop=False, labelright=False,
    )  # fmt: skip


def write(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    *,
    right: float = 0,
    up: float = 0,
    size: float = TEXT_SIZE,
    xycoords: Any = "data",
    ha: Literal["left", "center", "right"] = "left",
    va: Literal["bottom", "center_baseline"] = "center_baseline",
) -> None:
    """Text beside a place; `right` and `up` in points of print. It may leave the axes, the layout makes room."""
    axes.annotate(
        text, at, (right, up), xycoords=xycoords, textcoords="offset points", annotation_clip=False, ha=ha, va=va,
        **lettering(size),
    )  # fmt: skip


def message(text: str) -> Figure:
    """A card that only says something."""
    figure = blank(0.8)
    figure.text(0.5, 0.5, text, ha="center", va="center", **lettering(11, FAINT))
    return figure


def as_drawn(text: str) -> str:
    """Text on one line, every glyph of which some font has; a box stands for the others.

    matplotlib warns of glyphs that no font has. To silence it would set the warnings of all threads aside.
    """
    return " ".join("".join(_seen(_without_marks(text))).split())


def name_as_drawn(name: str, id_: str | None = None) -> str:
    """A name short enough for its row; with the start of its id where not all of it can be drawn."""
    text = as_drawn(name) or as_drawn(id_ or "") or "no name"
    if _NO_GLYPH in text and id_ and id_[:8] not in text:
        return f"{shortened(text, LONGEST_NAME - 11)} ({as_drawn(id_[:8])})"
    return shortened(text, LONGEST_NAME)


def shortened(text: str, most: int) -> str:
    """With an ellipsis in the middle, since names of one family differ at either end."""
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head].rstrip()}…{text[len(text) - (most - head - 1) :].lstrip()}"


def _without_marks(text: str) -> str:
    """Without what is not seen but turns or joins what is: direction marks, joiners, variation selectors."""
    return re.sub("[\ufe00-\ufe0f]", "", "".join(char for char in text if unicodedata.category(char) != "Cf"))


def _seen(text: str) -> Iterable[str]:
    for char in text:
        if char.isspace() or unicodedata.category(char) == "Cc":
            yield " "
        else:
            yield char if _has_glyph(char) else _NO_GLYPH


@functools.lru_cache(maxsize=10_000)
def _has_glyph(char: str) -> bool:
    return any(get_font(path).get_char_index(ord(char)) for path in _paths())


@functools.cache
def _paths() -> list[str]:
    return [findfont(FontProperties(family=name)) for name in _families()]


@functools.cache
def _families() -> tuple[str, ...]:
    """Those that are there; naming others would fill the log."""
    known = {entry.name for entry in fontManager.ttflist}
    return tuple(name for name in _FONTS if name in known)
