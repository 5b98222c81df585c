"""Frames as people read them: a mark and a colour beside a word, times and spans in words, nothing cut in silence."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from odb_nb.arguments import whole_number
from odb_nb.columns import parsed
from odb_nb.errors import InputError
from odb_nb.palette import NO_SESSION, SOON, Look, look_of, look_of_change
from odb_nb.rendering import TABLE_RULES, Column, as_html, as_text
from odb_nb.tables import COMPARISON, RESTORES, SESSIONS, STATUS
from odb_nb.words import span_in_words, time_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from odb_nb.rendering import Cell, Kind

    Wording = Callable[[Any], Cell]

EXPIRES_SOON = timedelta(hours=12)

_NEEDED_BY_PEOPLE = [
    "display_name",
    "protection_date_time",
    "status",
    "expires_in",
    "matched_by",
    "error_code",
    "error_message",
]
_KNOWN = {*STATUS.names, *SESSIONS.names, *COMPARISON.names, *RESTORES.names}
_NOT_OF_STATUS = {*SESSIONS.names, *RESTORES.names} - set(STATUS.names)
_WORST_FIRST = [look_of(word) for word in ("failed", "unknown", "creating", NO_SESSION, "created")]

_MOST_ROWS = 1_000_000
_ROWS_AT_ONCE = 10_000

_UNSOUND = re.compile(r"[\x00\ud800-\udfff]")


def styled(frame: pd.DataFrame, *, max_rows: int = 500) -> StyledTable:
    """Table to look at: each status with a mark and a colour, times and what is left of a session in words.

    Parameters
    ----------
    frame : DataFrame
        From `BackupClient.tabulate_status`, `BackupClient.create_sessions`, `BackupClient.restore_items` or `compare`,
        or some of their columns, or from `status_matrix`. A whole status frame is shown by the columns that people
        need; any other by all it has.
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
    >>> with odb.connect() as client:
    ...     drives = client.list_drives(search="vance")
    ...     points = client.list_restore_points(drives, start="2026-11-19", end="2026-11-20")
    ...     _ = client.create_sessions(points.head(1), wait=True)
    ...     odb.styled(client.tabulate_status(points)[["display_name", "protection_date_time", "status"]])
    Status: 2 rows. Times are UTC.
    display_name  protection_date_time  status
    Adele Vance   2026-11-20 03:02:55   ✓ created
    Adele Vance   2026-11-19 03:02:55   – no session
    """
    accepted = (
        "a frame from tabulate_status, create_sessions or status_matrix, from restore_items or compare, "
        "or some of its columns"
    )
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
        note = f"<p>{html.escape(self._note)}</p>" if self._note else ""
        return f"<style>{TABLE_RULES}</style>\n{''.join(frame_html(self._shown, self._caption))}{note}"

    def __repr__(self) -> str:
        return "\n".join([self._caption, as_text(*_in_words(self._shown)), *filter(None, [self._note])])

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
        what = "Changes" if "change" in self.frame.columns else "Status"
        return f"{what}{as_of(self.frame)}: {self._note or in_rows(self.frame)}. Times are UTC."


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
    carries_data = set(frame.index.names) != {None} or (len(frame) and not is_integer_dtype(frame.index.dtype))
    return frame.reset_index(allow_duplicates=True) if carries_data else frame


def _is_matrix(frame: pd.DataFrame) -> bool:
    """True for what `status_matrix` returns, also turned over or cut down."""
    return {frame.index.name, frame.columns.name} in ({"drive", "day"}, {"drive", "point"})


def frame_html(frame: pd.DataFrame, caption: str) -> Iterator[str]:
    """The whole frame as an HTML table, in pieces; neat on a page that has `TABLE_RULES`."""
    return as_html(caption, *_in_words(frame))


def _in_words(frame: pd.DataFrame) -> tuple[list[Column], Iterator[tuple[Cell, ...]]]:
    """What the columns are, and the rows; columns go by position, since names may stand twice."""
    flat = with_index(frame)
    is_matrix = _is_matrix(frame)
    wordings = [_counts if is_matrix else _wording(name, flat) for name in flat.columns]
    kinds = [_kind(flat.iloc[:, at]) if wording is _plain else "short" for at, wording in enumerate(wordings)]
    if is_matrix:
        wordings[0], kinds[0] = _plain, "heading"
    names = [sound(str(name)) for name in flat.columns]
    return list(map(Column, names, kinds)), _rows(flat, wordings)


def _rows(flat: pd.DataFrame, wordings: list[Wording]) -> Iterator[tuple[Cell, ...]]:
    for first in range(0, len(flat), _ROWS_AT_ONCE):
        part = flat.iloc[first : first + _ROWS_AT_ONCE]
        yield from zip(*(_cells(part, at, wording) for at, wording in enumerate(wordings)), strict=True)


def _cells(part: pd.DataFrame, at: int, wording: Wording) -> list[Cell]:
    column = part.iloc[:, at]
    values = [None if is_null else value for value, is_null in zip(column.tolist(), column.isna(), strict=True)]
    if wording is not _outcome:
        return [wording(value) for value in values]
    # a session that this call created may have failed: beside a status, only the status has a look
    has_status = part.loc[:, part.columns == "status"].notna().any(axis="columns")
    return [_plain(value) if is_told else wording(value) for value, is_told in zip(values, has_status, strict=True)]


def _wording(name: object, frame: pd.DataFrame) -> Wording:
    if name in _OWN_WORDINGS:
        return _OWN_WORDINGS[name]
    if name not in ("status", "outcome") or "policy_id" in frame.columns:  # a drive's status is its protection's
        return _plain
    if name == "outcome":
        return _outcome
    return _status if _NOT_OF_STATUS.isdisjoint(frame.columns) else _word


def _kind(values: pd.Series[Any]) -> Kind:
    if is_numeric_dtype(values.dtype) and not is_bool_dtype(values.dtype):
        return "number"
    # an id is one word, whatever its hyphens
    return "short" if values.dtype.kind in "mM" or str(values.name).endswith("id") else "text"


def _plain(value: Any) -> Cell:
    if value is None:
        return "", None
    if isinstance(value, datetime):
        return time_in_words(value.astimezone(UTC) if value.tzinfo else value), None
    if isinstance(value, timedelta):
        return span_in_words(value), None
    return sound(str(value)), None


def _word(value: Any) -> Cell:
    word, _ = _plain(value)
    return _marked(word, look_of(word))


def _outcome(value: Any) -> Cell:
    return _word(value)


def _status(value: Any) -> Cell:
    return _word(NO_SESSION if value is None else value)


def _countdown(value: Any) -> Cell:
    text, _ = _plain(value)
    return _marked(text, SOON) if isinstance(value, timedelta) and value < EXPIRES_SOON else (text, None)


def _counts(value: Any) -> Cell:
    """A cell of a matrix, such as ``2 created, 1 failed``, with the look of the worst of its words."""
    text, _ = _plain(value)
    looks = [look_of(re.sub(r"^\d+ ", "", part)) for part in text.split(", ")]
    return _marked(text, min(looks, key=_WORST_FIRST.index))


def _change(value: Any) -> Cell:
    text, _ = _plain(value)
    look = look_of_change(text)
    return _marked(text, look) if look else (text, None)


_OWN_WORDINGS: dict[object, Wording] = {"expires_in": _countdown, "change": _change, "verdict": _word}


def _marked(text: str, look: Look) -> Cell:
    return (f"{look.mark} {text}", look) if text else ("", None)
