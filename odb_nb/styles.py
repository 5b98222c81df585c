"""Frames as people read them: a mark and a colour beside each word, times and spans in words, nothing cut in silence.

pandas' Styler draws the HTML. Left alone it escapes nothing, names its tables at random and trims large ones in
silence, so it is given text only, a name that follows from the content, and never more cells than it draws whole.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from odb_nb.arguments import whole_number
from odb_nb.errors import InputError
from odb_nb.palette import NO_SESSION, SOON, Look, look_of
from odb_nb.tables import SESSIONS, STATUS, parsed
from odb_nb.words import span_in_words, time_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pandas.io.formats.style_render import CSSDict

EXPIRES_SOON = timedelta(hours=12)

Cell = tuple[str, Look | None]

_NEEDED_BY_PEOPLE = [
    "display_name",
    "protection_date_time",
    "status",
    "expires_in",
    "matched_by",
    "error_code",
    "error_message",
]
_KNOWN = {*STATUS.names, *SESSIONS.names}
_NOT_OF_STATUS = set(SESSIONS.names) - set(STATUS.names)
_WORST_FIRST = [look_of(word) for word in ("failed", "unknown", "creating", NO_SESSION, "created")]

CELLS_AT_ONCE = 20_000  # Styler trims tables of more than 262,144 cells
_MOST_ROWS = 1_000_000

_UNSOUND = re.compile(r"[\x00\ud800-\udfff]")
_JOINERS = "\u200c\u200d"  # emoji of several parts and some scripts need them

# ids weigh more than JupyterLab's own rules; plaintext: a name that runs from right to left turns its own cell only
_RULES: list[CSSDict] = [
    {"selector": "caption", "props": "caption-side: top; text-align: left; padding: 0.3em 0"},
    {"selector": "th,td", "props": "text-align: left; padding: 0.25em 0.6em; unicode-bidi: plaintext"},
    {"selector": "td", "props": "white-space: pre-wrap"},
    {"selector": "td.short", "props": "white-space: nowrap"},
    {"selector": "td.number", "props": "white-space: nowrap; text-align: right"},
]
_SCOPES = {
    'class="col_heading': 'scope="col" class="col_heading',
    'class="index_name': 'scope="col" class="index_name',
    'class="row_heading': 'scope="row" class="row_heading',
}


def styled(frame: pd.DataFrame, *, max_rows: int = 500) -> StyledTable:
    """Table to look at: each status with a mark and a colour, times and what is left of a session in words.

    Parameters
    ----------
    frame : DataFrame
        From `BackupClient.tabulate_status` or `BackupClient.create_sessions`, or some of their columns, or from
        `status_matrix`. A whole status frame is shown by the columns that people need; any other by all it has.
    max_rows : int
        No more rows than this are shown; the table says so where there are more.

    Returns
    -------
    StyledTable
        Shows itself in a notebook and prints as text; ``frame`` is what was given, whole. Times are UTC, to the
        second. ``expires_in`` is marked when less than 12 hours are left. A cell of a matrix has the look of the worst
        of its words: failed, then words that we do not know, creating, no session, created.

    Raises
    ------
    InputError
        Not a frame of these kinds, or `max_rows` is not a positive whole number.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb.styles import styled
    >>> with odb.connect() as client:
    ...     drives = client.list_drives(search="vance")
    ...     points = client.list_restore_points(drives, start="2026-11-19", end="2026-11-20")
    ...     _ = client.create_sessions(points.head(1), wait=True)
    ...     styled(client.tabulate_status(points)[["display_name", "protection_date_time", "status"]])
    Status: 2 rows. Times are UTC.
    display_name  protection_date_time  status
    Adele Vance   2026-11-20 03:02:55   ✓ created
    Adele Vance   2026-11-19 03:02:55   – no session
    """
    accepted = "a frame from tabulate_status, create_sessions or status_matrix, or some of its columns"
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"styled takes {accepted}, not a {type(frame).__name__}")
    if not _is_matrix(frame) and _KNOWN.isdisjoint(frame.columns):
        raise InputError(f"styled takes {accepted}; it knows none of these columns: {list(frame.columns)!r:.200}")
    return StyledTable(frame, whole_number(max_rows, "max_rows", least=1, most=_MOST_ROWS))


@dataclass(frozen=True, eq=False, repr=False)
class StyledTable:
    """A frame that shows itself with looks.

    Attributes
    ----------
    frame : pandas.DataFrame
        What was given, with all its rows and columns.
    """

    frame: pd.DataFrame
    _max_rows: int

    def _repr_html_(self) -> str:
        # a name of its own for each content: two tables of one page share no rules
        name = hashlib.sha256(repr(self).encode()).hexdigest()[:12]
        note = f"<p>{html.escape(self._note)}</p>" if self._note else ""
        return "".join(table_html(self._shown, self._caption, name)) + note

    def __repr__(self) -> str:
        lines = [self._caption, *_lines(_columns(self._shown)), self._note]
        return "\n".join(line for line in lines if line)

    @property
    def _shown(self) -> pd.DataFrame:
        frame = self.frame.iloc[: self._max_rows]
        if not set(STATUS.names) <= set(frame.columns):
            return frame
        added = [name for name in frame.columns if name not in STATUS.names]
        # an app that signs in gets no names
        nameless = ["drive_id"] if frame["display_name"].isna().any() else []
        return frame[[*nameless, *_NEEDED_BY_PEOPLE, *added]]

    @property
    def _note(self) -> str:
        """What the reader must know besides the rows; empty where all rows are shown."""
        rows = len(self.frame)
        if rows > self._max_rows:
            return f"the first {self._max_rows:,} of {rows:,} rows; all are in .frame, or export(...)"
        return "" if rows else "no rows"

    @property
    def _caption(self) -> str:
        return f"Status{as_of(self.frame)}: {self._note or in_rows(self.frame)}. Times are UTC."


def in_rows(frame: pd.DataFrame) -> str:
    """``1 row``, ``5,000 rows``."""
    return "1 row" if len(frame) == 1 else f"{len(frame):,} rows"


def as_of(frame: pd.DataFrame) -> str:
    """When the service was asked, where the frame knows: without it, what is left of a session means nothing."""
    moment = parsed(frame.attrs.get("as_of")) if "expires_in" in frame.columns else None
    return f" as of {time_in_words(moment)}" if moment else ""


def sound(text: str) -> str:
    """Text that every page and file can hold: NUL and lone surrogates become U+FFFD."""
    return _UNSOUND.sub("\ufffd", text)


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with an index that carries data as its first columns; the numbers a filter left over carry none."""
    index = frame.index
    is_named = any(name is not None for name in index.names)
    if is_named or (len(index) and not is_integer_dtype(index.dtype)):
        return frame.reset_index(allow_duplicates=True)
    return frame


def _is_matrix(frame: pd.DataFrame) -> bool:
    """True for what `status_matrix` returns, also turned over or cut down."""
    return {frame.index.name, frame.columns.name} in ({"drive", "day"}, {"drive", "point"})


@dataclass(frozen=True)
class _Column:
    name: str
    cells: list[Cell]
    css: str

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.cells]

    def classes(self, looks: dict[Look, str]) -> list[str]:
        return [f"{self.css} {looks[look]}" if look else self.css for _, look in self.cells]


def _columns(frame: pd.DataFrame) -> list[_Column]:
    """The whole frame in words, column by column; by position, since names may stand twice."""
    flat = with_index(frame)
    is_matrix = _is_matrix(frame)
    columns = []
    for position, name in enumerate(flat.columns):
        values = flat.iloc[:, position]
        wording = (_counts if position else _plain) if is_matrix else _wording(name, flat)
        pairs = zip(values.tolist(), values.isna(), strict=True)
        cells = [wording(None if is_null else value) for value, is_null in pairs]
        if name == "outcome" and "status" in flat.columns:
            # this call may well have created what the service then failed: the status alone has a look
            is_told = flat["status"].notna()
            cells = [_plain(value) if told else cell for value, told, cell in zip(values, is_told, cells, strict=True)]
        columns.append(_Column(sound(str(name)), cells, _css(values) if wording is _plain else "short"))
    return columns


def _wording(name: object, frame: pd.DataFrame) -> Callable[[Any], Cell]:
    if name == "expires_in":
        return _countdown
    if name not in ("status", "outcome") or "policy_id" in frame.columns:  # a drive's status is its protection's
        return _plain
    is_of_status = name == "status" and _NOT_OF_STATUS.isdisjoint(frame.columns)
    return partial(_word, null=NO_SESSION if is_of_status else "")


def _css(values: pd.Series[Any]) -> str:
    if is_numeric_dtype(values.dtype) and not is_bool_dtype(values.dtype):
        return "number"
    # an id is one word, whatever its hyphens
    return "short" if values.dtype.kind in "mM" or str(values.name).endswith("id") else ""


def _plain(value: Any) -> Cell:
    if value is None:
        return "", None
    if isinstance(value, datetime):
        return time_in_words(value.astimezone(UTC) if value.tzinfo else value), None
    if isinstance(value, timedelta):
        return span_in_words(value), None
    return sound(str(value)), None


def _word(value: Any, *, null: str) -> Cell:
    word = null if value is None else sound(str(value))
    return _marked(word, look_of(word))


def _countdown(value: Any) -> Cell:
    text, _ = _plain(value)
    return _marked(text, SOON) if isinstance(value, timedelta) and value < EXPIRES_SOON else (text, None)


def _counts(value: Any) -> Cell:
    """A cell of a matrix, such as ``2 created, 1 failed``, with the look of the worst of its words."""
    text, _ = _plain(value)
    looks = [look_of(re.sub(r"^\d+ ", "", part)) for part in text.split(", ")]
    return _marked(text, min(looks, key=_WORST_FIRST.index))


def _marked(text: str, look: Look) -> Cell:
    return (f"{look.mark} {text}", look) if text else ("", None)


def table_html(frame: pd.DataFrame, caption: str, name: str) -> Iterator[str]:
    """The whole frame as an HTML table, in pieces; text is text, whatever it holds."""
    step = max(1, CELLS_AT_ONCE // max(1, frame.shape[1]))
    tail = ""
    for first in range(0, max(1, len(frame)), step):
        piece = _drawn(frame.iloc[first : first + step], caption, name)
        head, tag, rest = piece.partition("<tbody>")
        rows, end, after = rest.rpartition("</tbody>")
        yield rows if first else head + tag + rows
        tail = end + after
    yield tail


def _drawn(frame: pd.DataFrame, caption: str, name: str) -> str:
    """What Styler makes of at most `CELLS_AT_ONCE` cells."""
    from pandas.io.formats.style import Styler  # brings jinja2, which nobody should wait for on import

    columns = _columns(frame)
    found = dict.fromkeys(look for column in columns for _, look in column.cells if look)
    looks = {look: f"look{number}" for number, look in enumerate(found)}
    headings = columns[:1] if _is_matrix(frame) else []
    cells = columns[len(headings) :]
    places = pd.RangeIndex(len(frame))  # names and labels may stand twice, which Styler does not take
    texts = pd.DataFrame({at: column.texts for at, column in enumerate(cells)}, places, dtype=object)
    classes = pd.DataFrame({at: column.classes(looks) for at, column in enumerate(cells)}, places)
    if headings:
        texts.columns.name = html.escape(headings[0].name)
    styler = Styler(texts, uuid=name, cell_ids=False, caption=html.escape(caption))
    # JupyterLab would set "$1 and $2" as a formula
    styler = styler.set_table_styles(_RULES).set_table_attributes('class="mathjax_ignore tex2jax_ignore"')
    styler = styler.set_td_classes(classes).format(escape="html")
    styler = styler.format_index(_escaped([column.name for column in cells]), axis="columns")
    styler = styler.format_index(_escaped(headings[0].texts), axis="index") if headings else styler.hide(axis="index")
    return _finished(styler.to_html(max_rows=len(frame), max_columns=len(cells)), looks)


def _escaped(names: list[str]) -> Callable[[object], str]:
    """Names by place; not by Styler's relabel_index, which fills in what stands in braces."""
    by_place: dict[object, str] = {place: html.escape(name) for place, name in enumerate(names)}
    return by_place.__getitem__


def _finished(drawn: str, looks: dict[Look, str]) -> str:
    """With what Styler cannot set; a plain quote stands in its own tags only, since all text is escaped."""
    for found, wanted in _SCOPES.items():
        drawn = drawn.replace(found, wanted)
    for look, css in looks.items():
        # beside the cell and not among the rules, which JupyterLab drops from a notebook that it does not trust
        drawn = drawn.replace(f' {css}"', f'" style="background-color: {look.fill}; color: {look.ink}"')
    return drawn


def _lines(columns: list[_Column]) -> list[str]:
    """The same table as plain text, one row a line."""
    texts = [[_in_line(text) for text in (column.name, *column.texts)] for column in columns]
    padded = []
    for column in texts:
        width = max(map(_width, column))
        padded.append([text + " " * (width - _width(text)) for text in column])
    return ["  ".join(row).rstrip() for row in zip(*padded, strict=True)]


def _in_line(text: str) -> str:
    """Without what would break the line or turn it around."""
    is_seen = [unicodedata.category(char) not in ("Cc", "Cf", "Zl", "Zp") or char in _JOINERS for char in text]
    seen = "".join(
        char if seen else char.encode("unicode_escape").decode() for char, seen in zip(text, is_seen, strict=True)
    )
    turns = any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in seen)
    return f"\u2068{seen}\u2069" if turns else seen  # isolated: the columns after it stay in their order


def _width(text: str) -> int:
    """Columns of a terminal: East Asian characters and emoji take two, marks and joiners none."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text if not _is_zero_wide(char))


def _is_zero_wide(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me", "Cf")
