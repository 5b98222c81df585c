"""Python source that forms show: values go in by `repr` alone, so that no parameter can become code."""

from __future__ import annotations

import pprint
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH = 100


def call(**arguments: object) -> str:
    """``, start='2026-11-01', limit=1``: arguments that follow another; None is left out."""
    return "".join(f", {name}={value!r}" for name, value in arguments.items() if value is not None)


def isin(frame: str, column: str, values: Iterable[str]) -> str:
    """``frame = frame[frame['id'].isin([…])]``."""
    return f"{frame} = {rows_of(frame, column, values)}"


def rows_of(frame: str, column: str, values: Iterable[str]) -> str:
    """``frame[frame['id'].isin([…])]``."""
    listed = pprint.pformat([str(value) for value in values], width=_WIDTH, compact=True)
    return f"{frame}[{frame}[{column!r}].isin({listed})]"
