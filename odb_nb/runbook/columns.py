"""Frames that steps are given, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from odb_nb.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


def checked(given: object, needed: Sequence[str], origin: str) -> pd.DataFrame:
    """The frame itself if it has the columns that a step needs."""
    if not isinstance(given, pd.DataFrame):
        raise InputError(f"expected a frame from {origin}, not a {type(given).__name__}")
    if missing := [name for name in needed if name not in given.columns]:
        raise InputError(f"expected a frame from {origin}; missing columns: {', '.join(missing)}")
    return given
