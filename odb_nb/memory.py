"""What a client has learned of drives and points, so that an id alone is enough the next time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from odb_nb.arguments import RestorePoint


class Memory:
    """Drives and restore points by id, from what was listed or handed in."""

    def __init__(self) -> None:
        self._drives: dict[str, dict[str, Any]] = {}
        self._points: dict[str, RestorePoint] = {}

    def learn_drives(self, units: Iterable[dict[str, Any]]) -> None:
        """From the service's own objects; nothing known is ever forgotten for a null."""
        for unit in units:
            known = {key: unit[key] for key in ("id", "displayName", "directoryObjectId") if unit.get(key)}
            self._drives.setdefault(str(unit.get("id")), {}).update(known)

    def learn_drive_frame(self, drives: object) -> None:
        """From a frame of drives, which may be older than this client."""
        if isinstance(drives, pd.DataFrame) and {"id", "display_name", "directory_object_id"} <= set(drives.columns):
            names = {"id": "id", "display_name": "displayName", "directory_object_id": "directoryObjectId"}
            rows = drives[list(names)].rename(columns=names).astype("object")
            values = rows.where(rows.notna(), None).to_numpy().tolist()
            self.learn_drives(dict(zip(rows.columns, row, strict=True)) for row in values)

    def with_drive(self, point: dict[str, Any]) -> dict[str, Any]:
        """The service's point with what is known of its drive where the answer leaves that out."""
        unit = {key: value for key, value in (point.get("protectionUnit") or {}).items() if value is not None}
        return {**point, "protectionUnit": {**self._drives.get(str(unit.get("id")), {}), **unit}}

    def learn_points(self, points: Iterable[RestorePoint]) -> None:
        """Keep what is told of each point; nothing known is ever forgotten for a null."""
        for point in points:
            self._points[point.id] = self.completed(point)

    def completed(self, point: RestorePoint) -> RestorePoint:
        """The point with what was learned of it before."""
        known = self._points.get(point.id)
        if known is None:
            return point
        told = {name: value for name, value in vars(point).items() if value is not None}
        return dataclasses.replace(known, **told)
