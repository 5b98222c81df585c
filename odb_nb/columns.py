"""Columns with a dtype, and the way from the service's JSON to a frame of them.

A table has the same columns and dtypes whether it holds a million rows or none. Values that cannot be read become null
with a warning: one bad date never costs a page.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from odb_nb.notices import notify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Dtype = Literal["string", "datetime64[us, UTC]", "timedelta64[us]", "Int64", "boolean"]

TEXT: Dtype = "string"
TIME: Dtype = "datetime64[us, UTC]"
SPAN: Dtype = "timedelta64[us]"
COUNT: Dtype = "Int64"

_INT64_LIMIT = 2**63
# "20261120" and "2026-W47" are ISO 8601 too, but no time stamps of Graph's
_LOOKS_LIKE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")
# the form that Graph documents and sends, in years that Python and NumPy count alike
_GRAPH_TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_NULL = {type(None)}
_TEXT_OR_NULL = {str, type(None)}
_MOMENT_OR_NULL = {datetime, type(None)}
_NUMBER_OR_NULL = {str, int, type(None)}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character; a whole one is one code point in Python


@dataclass(frozen=True)
class Column:
    """One column: its name, its pandas dtype, and where the service's JSON has it (dots go down)."""

    name: str
    dtype: Dtype = TEXT
    path: str | None = None


@dataclass(frozen=True)
class Table:
    """A named list of columns that turns JSON objects into a frame."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names, in order."""
        return [column.name for column in self.columns]

    def frame(self, items: Sequence[Mapping[str, Any]], **given: Sequence[Any]) -> pd.DataFrame:
        """Frame with one row per JSON object; `given` supplies whole columns that the JSON does not hold."""
        columns = self.columns
        raw = {c.name: given[c.name] if c.name in given else _pick(items, c.path) for c in columns}
        return self.of_columns(raw)

    def of_columns(self, values: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
        """Frame of whole columns, each of raw JSON values or Python's own; all of them, of one length."""
        data = {
            column.name: _COERCE[column.dtype](values[column.name], f"{self.name}.{column.name}")
            for column in self.columns
        }
        return pd.DataFrame(data, columns=self.names, index=pd.RangeIndex(len(values[self.columns[0].name])))


def _pick(items: Sequence[Mapping[str, Any]], path: str | None) -> list[Any]:
    if path is None:
        return [None] * len(items)
    values: list[Any] = list(items)
    for key in path.split("."):
        kinds = _kinds(values)
        if kinds <= {dict}:
            values = [value.get(key) for value in values]
        elif kinds != _NULL:  # what is null has no members
            values = [value.get(key) if isinstance(value, dict) else None for value in values]
    return values


# Columns as the service sends them are read whole; as soon as one value is of another kind, or odd, all of them are
# read one by one. Both ways give the same.


def _text(values: Sequence[Any], where: str) -> pd.api.extensions.ExtensionArray:
    del where
    kinds = _kinds(values)
    if kinds == _NULL:
        return pd.array([None], dtype="string").repeat(len(values))
    if kinds <= _TEXT_OR_NULL:
        with contextlib.suppress(UnicodeEncodeError):  # half a character
            array = pd.array(values, dtype="string")
            if array.dtype.storage == "python":  # it takes any text, Arrow does not
                "".join(filter(None, values)).encode()
            return array
    return pd.array([_as_text(value) for value in values], dtype="string")


def _as_text(value: Any) -> str | None:
    """Text that UTF-8 can hold, as Arrow and files need: `replies` mends the service's, nothing mends users' frames."""
    text = _told(value)
    return text if text is None or text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def _told(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return None if pd.isna(value) else str(value)


def parsed(text: object) -> datetime | None:
    """An aware UTC time from the service's text; None if it cannot be read."""
    try:
        moment = datetime.fromisoformat(text)  # type: ignore[arg-type]  # anything else raises TypeError
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _times(values: Sequence[Any], where: str) -> pd.Series[Any]:
    """ISO 8601 text or aware datetimes; Graph sends 0 to 7 fraction digits, pandas keeps 6."""
    if isinstance(values, pd.Series):  # of `times_of_graph`
        return values
    if _kinds(values) <= _MOMENT_OR_NULL and all(value is None or value.tzinfo is UTC for value in values):
        return pd.Series(values, dtype="datetime64[us, UTC]")
    whole = times_of_graph(values)
    if whole is not None:
        return whole
    moments = _read(values, _moment, where, "not a time stamp that can be read")
    return pd.Series(moments, dtype="datetime64[us, UTC]")


def times_of_graph(values: Sequence[Any]) -> pd.Series[Any] | None:
    """Times that are all null or in the form of Graph's documentation; None if any is not, or is on no calendar."""
    if not _kinds(values) <= _TEXT_OR_NULL or not all(map(_GRAPH_TIME.fullmatch, filter(None, values))):
        return None
    try:  # NumPy drops digits after the sixth
        naive = np.array([value[:-1] if value else None for value in values], dtype="datetime64[us]")
    except ValueError:
        return None
    return pd.Series(naive).dt.tz_localize("UTC")


def _moment(value: Any) -> datetime | None:
    """Not by `pandas.to_datetime`: its unit follows the data, and in nanoseconds it ends at the year 2262."""
    text = value.isoformat() if isinstance(value, datetime) else value
    return parsed(text) if isinstance(text, str) and _LOOKS_LIKE_TIME.fullmatch(text) else None


def _spans(values: Sequence[Any], where: str) -> pd.Series[Any]:
    del where
    return pd.Series(np.array(values, dtype="timedelta64[us]"))


def _counts(values: Sequence[Any], where: str) -> pd.api.extensions.ExtensionArray:
    if _kinds(values) <= _NUMBER_OR_NULL:
        with contextlib.suppress(ValueError, OverflowError):
            numbers = np.array([0 if value is None else int(value) for value in values], dtype="int64")
            return pd.arrays.IntegerArray(numbers, np.array([value is None for value in values], dtype="bool"))
    return pd.array(_read(values, _count, where, "not a whole number that fits 64 bits"), dtype="Int64")


def _count(value: Any) -> int | None:
    """Sizes come as decimal text; going through float would round above 2**53."""
    if value is None or value is pd.NA or isinstance(value, (bool, float)):
        return None
    try:
        number = int(value)
    except (TypeError, ValueError):
        return None
    return number if -_INT64_LIMIT <= number < _INT64_LIMIT else None


def _flags(values: Sequence[Any], where: str) -> pd.api.extensions.ExtensionArray:
    del where
    return pd.array([value if isinstance(value, bool) else None for value in values], dtype="boolean")


def _kinds(values: Sequence[Any]) -> set[type]:
    return set(map(type, values))


def _read(values: Sequence[Any], read: Callable[[Any], Any], where: str, what: str) -> list[Any]:
    """Each value as it reads, None where it does not; a warning names what was there and could not be read."""
    found = [read(value) for value in values]
    pairs = zip(values, found, strict=True)
    bad = [value for value, one in pairs if one is None and not _is_nothing(value)]
    if bad:
        notify(f"{where}: {len(bad)} value(s) from the service are {what}, first {bad[0]!r}; shown as null")
    return found


def _is_nothing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, str) and not value)


_COERCE: dict[Dtype, Callable[[Sequence[Any], str], Any]] = {
    "string": _text,
    "datetime64[us, UTC]": _times,
    "timedelta64[us]": _spans,
    "Int64": _counts,
    "boolean": _flags,
}
