"""Times, spans and sizes as people say them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_UNITS = ("kB", "MB", "GB", "TB", "PB")
_ROUNDS_UP = 999.95  # to 1000.0, which is 1.0 of the next unit


def span_in_words(span: timedelta | None) -> str:
    """``2 d 3 h``, ``3 h 20 min``, ``4 min``, ``under 1 min``, ``over``; nothing for a null. Rounded down."""
    if span is None or pd.isna(span):
        return ""
    if span <= timedelta(0):
        return "over"
    if span >= _DAY:
        return _two(span, _DAY, "d", _HOUR, "h")
    if span >= _HOUR:
        return _two(span, _HOUR, "h", _MINUTE, "min")
    return f"{span // _MINUTE} min" if span >= _MINUTE else "under 1 min"


def _two(span: timedelta, large: timedelta, large_unit: str, small: timedelta, small_unit: str) -> str:
    wholes, rest = span // large, span % large // small
    return f"{wholes} {large_unit} {rest} {small_unit}" if rest else f"{wholes} {large_unit}"


def time_in_words(moment: datetime | None) -> str:
    """``2026-11-20 03:02:55``, in UTC as everything here; nothing for a null."""
    # not by strftime, which writes the year 1 (a service's "never") as "1" on some systems
    return "" if moment is None or pd.isna(moment) else moment.replace(tzinfo=None).isoformat(" ", "seconds")


def counts_in_words(counts: Mapping[str, int]) -> str:
    """``3 created, 1 failed``: in the order of the alphabet."""
    return ", ".join(f"{counts[word]} {word}" for word in sorted(counts))


def size_in_words(size: int | None) -> str:
    """``512 bytes``, ``3.4 MB``, in steps of 1,000; nothing for a null."""
    if size is None or pd.isna(size):
        return ""
    amount, unit = float(size), ""
    for larger in _UNITS:
        if abs(amount) < _ROUNDS_UP:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if unit else f"{size:,} byte{'' if size == 1 else 's'}"
