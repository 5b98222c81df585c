"""A report: frames, words and pictures under headings, as one page that opens offline and can be printed."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from odb_nb.columns import parsed
from odb_nb.errors import InputError
from odb_nb.page import PAGE_END, page_start
from odb_nb.plots.picture import Picture
from odb_nb.styles import StyledTable, as_of, frame_html, in_rows, sound
from odb_nb.whole_file import free, in_place
from odb_nb.words import time_in_words

if TYPE_CHECKING:
    import os
    from pathlib import Path

    Section = pd.DataFrame | StyledTable | Picture | str

_SUFFIXES = (".html", ".htm")

# Ids break wherever that helps, so that tables fit a page, also on paper, where nothing can be scrolled. Names of
# columns and numbers never do; 14 characters wide, no cell breaks a status or a date. What is wider still is scrolled
# in its own box, which shows a shadow where more follows.
_RULES = """
h2 { margin: 2em 0 0.4em; border-bottom: 2px solid var(--line); }
.made { color: color-mix(in srgb, var(--ink) 70%, var(--page)); }
.words { max-width: 100ch; white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; font-size: 12px; background:
  linear-gradient(to left, var(--page) 2em, transparent) right / 4em 100% local no-repeat,
  linear-gradient(to left, var(--line), transparent) right / 1.5em 100% scroll no-repeat; }
.wide thead th { position: static; white-space: nowrap; }
.wide td { overflow-wrap: anywhere; }
.wide td:not(.number) { min-width: 14ch; }
.wide td.short { white-space: pre-wrap !important; }
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root { color-scheme: light; --page: #ffffff; --ink: #000000; --line: #888888; }
  body { margin: 0; font-size: 7pt; }
  a { color: inherit; text-decoration: none; }
  h2 { break-after: avoid; }
  tr, img { break-inside: avoid; }
  .wide { overflow: visible; font-size: inherit; background: none; }
  .wide td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def write_report(
    path: str | os.PathLike[str], title: str, sections: Mapping[str, Section], *, overwrite: bool = False
) -> Path:
    """Path of the page that now holds the sections, in their order, below a table of contents.

    It is one HTML file without scripts. It fetches nothing, and its own rule forbids it to, so it can be opened
    offline, mailed and printed. Everything is text, whatever it holds, and frames are whole.

    Parameters
    ----------
    path : str or os.PathLike
        Ends in ``.html``; its folder must exist.
    title : str
        Stands on top of the page.
    sections : mapping of str to DataFrame, StyledTable, Picture or str
        What stands below each heading. A frame has the looks of `styled`; a picture comes with its table.
    overwrite : bool
        Replace a file that is there.

    Returns
    -------
    pathlib.Path
        The `path` given. The page says when it was made: by the service's clock where ``attrs`` of a frame tell that
        (``as_of``, the latest), else by this computer's.

    Raises
    ------
    InputError
        No title or sections, or of other kinds; another suffix; no such folder; a file is there and `overwrite` is
        false; a folder is there.
    OSError
        The disk is full or writing is not allowed; it names the file. Nothing is left behind, and a file that was
        there stays as it was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import odb_nb as odb
    >>> with odb.connect() as client, tempfile.TemporaryDirectory() as folder:
    ...     drives = client.list_drives(search="vance")[["display_name", "status"]]
    ...     sections = {"What was asked": "Which drives are protected?", "Drives": drives}
    ...     file = odb.write_report(Path(folder) / "drives.html", "Protected drives", sections)
    ...     "<td>Adele Vance</td>" in file.read_text(encoding="utf-8")
    True
    """
    _check(title, sections)
    target = free(path, _SUFFIXES, overwrite=overwrite)
    with in_place(target, overwrite=overwrite) as file:
        for piece in _page(title, sections):
            file.write(piece.encode())
    return target


def _check(title: object, sections: object) -> None:
    if not isinstance(title, str) or not title.strip():
        raise InputError(f"title={title!r:.80} must be text")
    if not isinstance(sections, Mapping) or not sections:
        raise InputError(f"sections must be a mapping of headings to what stands below them, not {sections!r:.80}")
    for heading, content in sections.items():
        if not isinstance(heading, str) or not heading.strip():
            raise InputError(f"the heading {heading!r:.80} must be text")
        if not isinstance(content, (pd.DataFrame, StyledTable, Picture, str)):
            raise InputError(
                f"the section {heading!r:.80} is a {type(content).__name__}; accepted: a DataFrame, a styled table, "
                "a picture, text"
            )


def _page(title: str, sections: Mapping[str, Section]) -> Iterator[str]:
    has_pictures = any(isinstance(content, Picture) for content in sections.values())
    yield page_start(title, rules=_RULES, has_pictures=has_pictures)
    yield f'<p class="made">{html.escape(_made(sections))}</p>\n'
    yield '<nav aria-label="Contents">\n<ol>\n'
    for number, (heading, content) in enumerate(sections.items(), start=1):
        yield f'<li><a href="#section-{number}">{_escaped(heading)}</a>{_how_much(content)}</li>\n'
    yield "</ol>\n</nav>\n<main>\n"
    for number, (heading, content) in enumerate(sections.items(), start=1):
        yield f'<section id="section-{number}">\n<h2>{number}. {_escaped(heading)}</h2>\n'
        yield from _below(heading, content)
        yield "</section>\n"
    yield f"</main>\n{PAGE_END}"


def _escaped(text: str) -> str:
    return html.escape(sound(text))


def _how_much(content: Section) -> str:
    frame = _frame(content)
    return "" if frame is None else f" ({in_rows(frame)})"


def _frame(content: Section) -> pd.DataFrame | None:
    if isinstance(content, StyledTable):
        return content.frame
    if isinstance(content, Picture):
        return content.table
    return content if isinstance(content, pd.DataFrame) else None


def _below(heading: str, content: Section) -> Iterator[str]:
    frame = _frame(content)
    if frame is None:
        yield f'<p class="words">{_escaped(str(content))}</p>\n'
        return
    if isinstance(content, Picture):
        yield f"<p>{content.image_html}</p>\n"
    # who has no mouse scrolls by keys, once the box has the focus
    yield f'<div class="wide" role="region" tabindex="0" aria-label="{_escaped(heading)}">\n'
    yield from frame_html(frame, f"{in_rows(frame)}{as_of(frame)}. Times are UTC.")
    yield "</div>\n"


def _made(sections: Mapping[str, Section]) -> str:
    from odb_nb import __version__

    frames = (_frame(content) for content in sections.values())
    told = [moment for frame in frames if frame is not None for moment in _told(frame.attrs)]
    moment, clock = (max(told), "the service's") if told else (datetime.now(UTC), "this computer's")
    return f"Made {time_in_words(moment)} UTC by {clock} clock, with odb_nb {__version__}. Nothing here is fetched."


def _told(attrs: Mapping[Any, Any]) -> Iterator[datetime]:
    """When the service was asked, also where a frame was made from others and keeps what they tell."""
    for name, value in attrs.items():
        if isinstance(value, Mapping):
            yield from _told(value)
        elif name == "as_of" and (moment := parsed(value)):
            yield moment
