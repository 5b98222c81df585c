"""Rows of cells as HTML and as plain text; all text is text, whatever it holds.

The HTML says the same in a notebook, trusted or not, in a form and in a file. Not by pandas' Styler, which trims large
tables in silence, takes braces in labels for its own, sets no ``scope``, and keeps colours in a ``<style>``, which
JupyterLab drops from a notebook that it does not trust.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from odb_nb.palette import Look

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Cell = tuple[str, Look | None]
Kind = Literal["text", "short", "number", "heading"]

# A page without them is less neat and says the same. The class stands twice to weigh as much as JupyterLab's rules.
TABLE_RULES = """
.odb-nb-table.odb-nb-table caption {caption-side: top; text-align: left; padding: 0.3em 0}
.odb-nb-table.odb-nb-table :is(th, td) {text-align: left; padding: 0.25em 0.6em; unicode-bidi: plaintext}
.odb-nb-table.odb-nb-table td {white-space: pre-wrap}
.odb-nb-table.odb-nb-table :is(.short, .number) {white-space: nowrap}
.odb-nb-table.odb-nb-table .number {text-align: right}
"""

_STARTS: dict[Kind, str] = {
    "text": "td",
    "short": 'td class="short"',
    "number": 'td class="number"',
    "heading": 'th scope="row"',
}

_BREAKS_OR_TURNS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")


@dataclass(frozen=True)
class Column:
    """A column's name, and what its cells hold: short texts stay in one line, a heading names its row."""

    name: str
    kind: Kind = "text"


def as_html(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The table in pieces; neat on a page that has `TABLE_RULES`."""
    # JupyterLab would set "$1 and $2" as a formula
    yield f'<table class="odb-nb-table mathjax_ignore tex2jax_ignore">\n<caption>{escape(caption)}</caption>\n'
    names = [f'<th scope="col" class="{column.kind}">{escape(column.name)}</th>' for column in columns]
    yield f"<thead>\n<tr>{''.join(names)}</tr>\n</thead>\n<tbody>\n"
    starts = [_STARTS[column.kind] for column in columns]
    for row in rows:
        cells = [
            f"<{start}{_fill(look)}>{escape(text)}</{start[:2]}>"
            for start, (text, look) in zip(starts, row, strict=True)
        ]
        yield f"<tr>{''.join(cells)}</tr>\n"
    yield "</tbody>\n</table>\n"


def _fill(look: Look | None) -> str:
    return f' style="background-color: {look.fill}; color: {look.ink}"' if look else ""


def as_text(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> str:
    """The same table, one row a line."""
    lines = [[in_line(column.name) for column in columns], *([in_line(text) for text, _ in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines)


def in_line(text: str) -> str:
    """The text with what would break its line, or turn it around, as escapes to be seen."""
    return _BREAKS_OR_TURNS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _padded(text: str, width: int) -> str:
    seen = f"\u2068{text}\u2069" if _RIGHT_TO_LEFT.search(text) else text  # what follows it stays in its order
    return seen + " " * (width - len(text))
