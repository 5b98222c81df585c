"""What users hand in, checked and made plain before anything is sent: ids, times, numbers, words.

Every refusal is an `InputError` that names the value, its place, and what would be accepted.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_float, is_integer

from odb_nb.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import TypeGuard

MAX_ID_LENGTH = 2048
LONGEST_CALL_S = 86_400
FAST_RESTORE = "fastRestore"

_WHITE_SPACE = re.compile(r"\s")
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.")  # a JWT; ids are not of three parts
_WORD = re.compile(r"[\w. -]{0,30}")
# what every id of the service is like; of others each is looked at for what is wrong with it
_PLAIN_ID = re.compile(rf"(?!\.+\Z)(?!.*eyJ)[!-~]{{1,{MAX_ID_LENGTH}}}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 60


@dataclass(frozen=True)
class RestorePoint:
    """A restore point as far as we know it: the id always, the rest where a frame or a listing gave it."""

    id: str
    drive_id: str | None = None
    display_name: str | None = None
    protection_date_time: datetime | None = None
    expiration_date_time: datetime | None = None
    tags: str | None = None
    directory_object_id: str | None = None

    @property
    def can_be_browsed(self) -> bool:
        """False only where the tags are known and lack ``fastRestore``: other points carry no session."""
        return self.tags is None or FAST_RESTORE.casefold() in self.tags.casefold()

    @property
    def drive_key(self) -> str | None:
        """What tells this point's drive from others: the directory object, else the protection unit."""
        return self.directory_object_id or self.drive_id


@dataclass(frozen=True)
class _Kind:
    noun: str
    columns: tuple[str, ...]  # in order of preference
    foreign: dict[str, str]  # a column that shows the frame is of another kind


_DRIVES = _Kind("drive", ("drive_id", "id"), {"restore_point_id": "sessions or status", "item_key": "items"})
_POINTS = _Kind("restore point", ("restore_point_id", "id"), {"policy_id": "drives", "item_key": "items"})
_SESSIONS = _Kind("session", ("session_id", "id"), {"policy_id": "drives", "protection_date_time": "restore points"})

_ITEMS = _Kind("item", ("item_key", "item_key"), {"policy_id": "drives", "protection_date_time": "restore points"})
_LONGEST_SEARCH = 255  # a name in OneDrive has no more characters


def drive_ids(drives: object) -> list[str]:
    """Ids of drives (protection units), in the order given; equal ids once."""
    return list(dict.fromkeys(_ids(drives, _DRIVES)))


def session_ids(sessions: object) -> list[str]:
    """Ids of browse sessions, in the order given."""
    return _ids(sessions, _SESSIONS)


def session_rows(given: object) -> list[dict[str, Any]]:
    """One dict per session given, with what a frame of ours tells; `id` is None where a row has no session."""
    given = _row_as_frame(given, _SESSIONS)
    if not isinstance(given, pd.DataFrame):
        return [{"id": id_} for id_ in session_ids(given)]
    column = _id_column(given.columns, _SESSIONS)
    has_session = given[column].notna()
    session_ids(given.loc[has_session])
    return [{**row, "id": row[column]} for row in plain_rows(given)]


def one_item(given: object) -> dict[str, Any]:
    """One item's key, and what a row of an items frame tells besides: its type, path and depth."""
    given = _row_as_frame(given, _ITEMS)
    keys = _ids(given, _ITEMS)
    if len(keys) != 1:
        raise InputError(f"expected one item, got {len(keys)}; give one key, or one row of an items frame")
    if not isinstance(given, pd.DataFrame):
        return {"item_key": keys[0]}
    row = {str(name): _plain(value) for name, value in given.iloc[0].items()}
    return {name: row[name] for name in ("item_key", "type", "path", "depth") if row.get(name) is not None}


def item_rows(given: object) -> list[dict[str, Any]]:
    """One dict per row of a frame of items; it must say of which session each is."""
    given = _row_as_frame(given, _ITEMS)
    if not isinstance(given, pd.DataFrame):
        raise InputError(
            f"expected rows of a frame from walk or browse, got a {type(given).__name__}: a key alone does not say "
            "from which session"
        )
    missing = [name for name in ("item_key", "session_id", "name", "type", "path") if name not in given.columns]
    if missing:
        raise InputError(f"expected rows of a frame from walk or browse; it lacks {', '.join(missing)}")
    _ids(given, _ITEMS)
    session_ids(given)
    return plain_rows(given)


def restore_rows(given: object) -> list[dict[str, Any]]:
    """One dict per row of a frame of restores; rows may lack a session or an item."""
    needed = ("restore_session_id", "item_key", "status", "outcome")
    if not isinstance(given, pd.DataFrame) or not set(needed) <= set(given.columns):
        raise InputError(f"expected a frame from restore_items or list_restores, with {', '.join(needed)}")
    session_ids(given["restore_session_id"].dropna())
    return plain_rows(given)


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One dict per row, with None for every kind of null."""
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, map(_plain, values), strict=True)) for values in frame.itertuples(index=False, name=None)]


def search_text(value: object, name: str) -> str:
    """Text that names may be searched for."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name}={_shown(value)} must be text that is part of a name, or None for all items")
    if len(value) > _LONGEST_SEARCH or any(ord(letter) < ord(" ") for letter in value):
        raise InputError(f"{name}={_shown(value)} has control characters or over {_LONGEST_SEARCH} characters")
    return value


def restore_points(given: object) -> list[RestorePoint]:
    """Restore points in the order given, with what a frame of ours tells about each."""
    given = _row_as_frame(given, _POINTS)
    ids = _ids(given, _POINTS)
    if not isinstance(given, pd.DataFrame):
        return [RestorePoint(id_) for id_ in ids]
    # of a sessions frame the id alone: its directory object may be a site's
    known = () if "restore_point_date_time" in given.columns else given.columns
    _, *names = RestorePoint.__dataclass_fields__
    columns = [_told_of(given[name], name) if name in known else [None] * len(ids) for name in names]
    return [RestorePoint(*values) for values in zip(ids, *columns, strict=True)]


def _told_of(column: Any, name: str) -> list[Any]:
    """What a column tells; whole where it is as in frames of ours, else value by value: both ways give the same."""
    if isinstance(column, pd.Series) and column.dtype == "string" and not name.endswith("_date_time"):
        return column.astype("object").where(column.notna(), None).tolist()
    if isinstance(column, pd.Series) and column.dtype == "datetime64[us, UTC]":
        spans: list[Any] = column.dt.tz_localize(None).to_numpy().astype("timedelta64[us]").tolist()
        with contextlib.suppress(OverflowError, TypeError):  # years that Python cannot tell
            return [None if span is None else _EPOCH + span for span in spans]
    return [_told(value, name) for value in column]


def _told(value: Any, name: str) -> Any:
    """What a frame tells of a point; times may have become text on their way through a file."""
    told = _plain(value)
    if name.endswith("_date_time"):
        return moment(told, name)
    return ",".join(map(str, told)) if isinstance(told, (list, tuple)) else told and str(told)


def _plain(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) else value


def _ids(given: object, kind: _Kind) -> list[str]:
    values = given[_id_column(given.columns, kind)].tolist() if isinstance(given, pd.DataFrame) else given
    if isinstance(values, list) and set(map(type, values)) <= {str} and all(map(_PLAIN_ID.fullmatch, values)):
        return list(values)
    return [_checked_id(value, place, kind) for place, value in _placed(given, kind)]


def _placed(given: object, kind: _Kind) -> Iterator[tuple[str, object]]:
    """(where it stands, value) of each id in a frame, a row of one, a series, a list, or a single id."""
    if isinstance(given, pd.DataFrame):
        column = _id_column(given.columns, kind)
        for position, value in enumerate(given[column]):
            yield f"{column!r} of row {position}", value
    elif _is_row(given, kind):
        column = _id_column(given.index, kind)
        yield f"{column!r} of the row", given[column]
    elif isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping, Set)) and _has_places(given):
        for position, value in enumerate(given):
            yield f"position {position}", value
    else:
        yield "the argument", given


def _is_row(given: object, kind: _Kind) -> TypeGuard[pd.Series[Any]]:
    return isinstance(given, pd.Series) and any(name in given.index for name in (*kind.columns, *kind.foreign))


def _row_as_frame(given: object, kind: _Kind) -> object:
    return given.to_frame().T if _is_row(given, kind) else given


def _has_places(given: Iterable[object]) -> bool:
    """False for an array without dimensions, which says that it can be gone through and cannot."""
    return getattr(given, "ndim", 1) > 0


def _id_column(names: Sequence[Any] | pd.Index[Any], kind: _Kind) -> str:
    column = _known_id_column(names, kind)
    if (times := list(names).count(column)) != 1:
        raise InputError(f"expected one column {column!r}; the frame has {times or 'several levels'} of them")
    return column


def _known_id_column(names: Collection[Any], kind: _Kind) -> str:
    if kind.columns[0] in names:
        return kind.columns[0]
    for name, other in kind.foreign.items():
        if name in names:
            raise InputError(f"expected {kind.noun}s, but this is a frame of {other} (it has a column {name!r})")
    if kind.columns[1] in names:
        return kind.columns[1]
    accepted = " or ".join(repr(name) for name in kind.columns)
    raise InputError(f"expected a frame of {kind.noun}s with a column {accepted}; it has {_shown(list(names))}")


def _checked_id(value: object, place: str, kind: _Kind) -> str:
    if not isinstance(value, str):
        raise InputError(
            f"{kind.noun} id at {place} is {_shown(value)} ({type(value).__name__}); "
            f"expected text, or a frame, series or list of ids"
        )
    if _TOKEN.search(value):  # an id goes into addresses, and these into logs; so it is not repeated either
        raise InputError(f"{kind.noun} id at {place} looks like a token; it was not sent anywhere")
    if not value.strip():
        raise InputError(f"{kind.noun} id at {place} is {'blank' if value else 'empty'} text: {_shown(value)}")
    if _WHITE_SPACE.search(value):
        raise InputError(f"{kind.noun} id at {place} has white space inside: {_shown(value)}; was it cut or pasted?")
    if not value.isprintable():  # zero-width marks, a byte order mark, control characters, lone surrogates
        raise InputError(f"{kind.noun} id at {place} has characters that cannot be seen: {_shown(value)}")
    if set(value) <= {"."}:  # a path would go up from here
        raise InputError(f"{kind.noun} id at {place} is {_shown(value)}, which names no object")
    if len(value) > MAX_ID_LENGTH:
        raise InputError(
            f"{kind.noun} id at {place} has {len(value):,} characters, {MAX_ID_LENGTH:,} at most: {_shown(value)}"
        )
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def time_window(start: object, end: object) -> tuple[datetime | None, datetime | None]:
    """``start <= t < end`` in UTC; an end given as a bare date includes that day."""
    begin = _moment(start, "start", days=0)
    finish = _moment(end, "end", days=1)
    if begin is not None and finish is not None and finish < begin:
        raise InputError(f"end ({_shown(end)}) is before start ({_shown(start)}); swap them")
    return begin, finish


def moment(value: object, name: str) -> datetime | None:
    """An aware UTC datetime from text, date or datetime; None stays None."""
    return _moment(value, name, days=0)


def _moment(value: object, name: str, *, days: int) -> datetime | None:
    if value is None or value is pd.NaT:
        return None
    accepted = "a date such as '2026-11-20', ISO 8601 text such as '2026-11-20T08:30:00Z', or an aware datetime"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InputError(
                f"{name}={_shown(value)} is a datetime without a time zone; add one, such as tzinfo=datetime.UTC"
            )
        plain = value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) else value
        return _in_utc(plain, value, name)
    if isinstance(value, date):
        return _in_utc(datetime(value.year, value.month, value.day, tzinfo=UTC), value, name, days=days)
    if not isinstance(value, str):
        raise InputError(f"{name}={_shown(value)} is a {type(value).__name__}; expected {accepted}")
    text = value.strip()
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name}={_shown(value)} cannot be read as a time; expected {accepted}") from None
    return _in_utc(parsed, value, name, days=days if _is_bare_date(text) else 0)


def _is_bare_date(text: str) -> bool:
    """Text without a time of day, in any of the spellings that `datetime.fromisoformat` reads."""
    with contextlib.suppress(ValueError):
        date.fromisoformat(text)
        return True
    return False


def _in_utc(parsed: datetime, value: object, name: str, *, days: int = 0) -> datetime:
    try:
        aware = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        return aware + timedelta(days=days)
    except OverflowError:
        raise InputError(f"{name}={_shown(value)} is outside the years 1 to 9999; leave it out for no bound") from None


def one_of(value: object, accepted: tuple[str, ...], name: str) -> str:
    """The word itself if it is one of those accepted."""
    if isinstance(value, str) and value in accepted:
        return value
    # what is no plain word may be a token or secret in the wrong place: not repeated
    is_odd = isinstance(value, str) and not _WORD.fullmatch(value)
    given = f"what was given as {name}" if is_odd else f"{name}={_shown(value)}"
    raise InputError(f"{given} is not known; accepted: {', '.join(map(repr, accepted))}")


def seconds(value: object, name: str) -> float:
    """A span of seconds: a number from zero to a day, which no call outlasts."""
    if (is_integer(value) or is_float(value)) and 0 <= value <= LONGEST_CALL_S:
        return float(value)
    raise InputError(f"{name}={_shown(value)} must be a number of seconds from 0 to {LONGEST_CALL_S:,} (a day)")


def whole_number(value: object, name: str, *, least: int, most: int) -> int:
    """A whole number within bounds."""
    if is_integer(value) and least <= value <= most:
        return int(value)
    raise InputError(f"{name}={_shown(value)} must be a whole number from {least:,} to {most:,}")
