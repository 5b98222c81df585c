"""The two walks that are compared: given as frames, or to be made of sessions, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from odb_nb.columns import parsed
from odb_nb.widgets.item_words import seen
from odb_nb.widgets.places import one_session
from odb_nb.widgets.status_words import in_utc

if TYPE_CHECKING:
    from odb_nb.client import BackupClient
    from odb_nb.progress import Progress


class Walked:
    """One side of a comparison.

    Attributes
    ----------
    name : str
        ``before`` or ``after``.
    walk : pandas.DataFrame or None
        The items; None as long as a session was not walked.
    session_id : str or None
        The session to walk; None where a walk was given.
    """

    def __init__(self, given: object, name: str) -> None:
        self.name = name
        is_walk = isinstance(given, pd.DataFrame) and {"item_key", "path"} <= set(given.columns)
        self.walk: pd.DataFrame | None = given if is_walk else None  # type: ignore[assignment]  # it is a frame then
        self.session_id = None if is_walk else one_session(given)

    @property
    def needs_walk(self) -> bool:
        """True for a session that was not walked to its end: what a point holds does not change."""
        return self.session_id is not None and not (self.walk is not None and self.walk.attrs.get("complete"))

    def take(self, client: BackupClient, progress: Progress) -> None:
        """Walk the session; a walk that is cut short is not kept, as all that it lacks would seem to be gone."""
        if self.needs_walk:
            self.walk = client.walk(self.session_id, progress=progress)

    @property
    def in_words(self) -> str:
        """``before: Nestor Wilke, 2026-11-17 03:05:15 UTC, 511 items``."""
        if self.walk is None:
            return f"{self.name}: session {seen(self.session_id)}, not walked yet"
        attrs = self.walk.attrs
        who, when = attrs.get("display_name"), in_utc(parsed(attrs.get("restore_point_date_time")))
        told = ", ".join(filter(None, [who and seen(who), when]))
        return f"{self.name}: {told or 'a walk'}, {len(self.walk):,} items"

    @property
    def code(self) -> list[str]:
        """Python for a frame of that name; none for a walk that was given."""
        return [] if self.session_id is None else [f"{self.name} = client.walk({self.session_id!r})"]
