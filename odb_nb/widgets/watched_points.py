"""Which restore points a board watches: some that are given, or those that another form has at each moment."""

from __future__ import annotations

from typing import Any

import pandas as pd

from odb_nb import arguments
from odb_nb.errors import InputError

MORE = "find some with client.list_restore_points, or tick some in a CreateSessionsForm"
_NAMED = 3


class WatchedPoints:
    """Restore points as `tabulate_status` takes them, or a form with a `restore_points` of its own.

    Raises
    ------
    InputError
        Not restore points, none, or one that stands twice; of a form, this is found out by `now`.
    """

    def __init__(self, given: Any) -> None:
        is_form = not isinstance(given, (pd.DataFrame, pd.Series)) and hasattr(given, "restore_points")
        self._form = given if is_form else None
        self._points = None if is_form else _checked(given)

    @property
    def are_there(self) -> bool:
        """False while a form has none."""
        return self._form is None or self._form.restore_points is not None

    def now(self) -> Any:
        """The points of this moment, of which there are some and none twice."""
        return self._points if self._form is None else _checked(self._form.restore_points)


def _checked(given: Any) -> Any:
    ids = [] if given is None else [point.id for point in arguments.restore_points(given)]
    if not ids:
        raise InputError(f"no restore points to watch; {MORE}")
    listed = pd.Series(ids, dtype="string")
    twice = listed[listed.duplicated()].unique().tolist()
    if twice:
        named = ", ".join(f"{id_!r:.60}" for id_ in twice[:_NAMED]) + (", …" if len(twice) > _NAMED else "")
        raise InputError(f"{len(twice):,} restore point(s) stand more than once: {named}; use {_way_out(given)}")
    # a list: some things can be gone through only once
    return given if isinstance(given, (pd.DataFrame, pd.Series)) else ids


def _way_out(given: Any) -> str:
    if not isinstance(given, pd.DataFrame):
        return "points.drop_duplicates()" if isinstance(given, pd.Series) else "list(dict.fromkeys(ids))"
    column = "restore_point_id" if "restore_point_id" in given.columns else "id"
    return f'points.drop_duplicates("{column}")'
