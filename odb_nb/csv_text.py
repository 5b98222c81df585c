"""Values as CSV text that Excel and pandas read as what they are, and that no spreadsheet takes for a formula."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from numbers import Number
from typing import Any

from odb_nb.styles import sound

_MICROSECOND = timedelta(microseconds=1)

# What a spreadsheet may take for a formula (OWASP, "CSV Injection"): at the start of a text; and after a separator
# inside it, since an Excel whose list separator is a semicolon splits there, and at line ends, even within our quotes.
# Between may stand what cannot be seen: white space, controls, marks of zero width or of direction.
_UNSEEN = (
    r"[\s\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_SIGN = "[=+@＝＋－＠-]"
_FORMULA = re.compile(rf"^(?={_UNSEEN}*{_SIGN}|[\t\r\n])|(?<=[;\t\r\n])(?=(?:(?![\t\r\n]){_UNSEEN})*{_SIGN})")


def csv_cell(value: Any) -> str:
    """A value that is not null: times in UTC, spans as a clock, numbers as they are, all else as guarded text."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return _clock(value)
    return str(value) if isinstance(value, Number) else guarded(sound(str(value)))


def guarded(text: str) -> str:
    """The text with an apostrophe before whatever could start a formula."""
    return _FORMULA.sub("'", text)


def _clock(span: timedelta) -> str:
    """``71:59:48``: Excel reads it as a duration, and `pandas.to_timedelta` as the same span."""
    seconds, fraction = divmod(abs(span) // _MICROSECOND, 1_000_000)
    minutes, second = divmod(seconds, 60)
    clock = f"{minutes // 60}:{minutes % 60:02}:{second:02}" + (f".{fraction:06}" if fraction else "")
    return f"-{clock}" if span < timedelta(0) else clock
