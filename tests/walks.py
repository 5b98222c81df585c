"""Walks made by hand, as `BackupClient.walk` gives them."""

from __future__ import annotations

from odb_nb.tables import BETA_ITEMS, ITEMS

ATTRS = {
    "session_id": "s-1",
    "restore_point_id": "p-1",
    "restore_point_date_time": "2026-11-19T03:02:55+00:00",
    "drive_id": "d-1",
    "display_name": "Adele Vance",
    "complete": True,
    "not_listed": [],
    "as_of": "2026-11-20T09:30:05+00:00",
}


def walk(*rows, beta=False, **attrs):
    """A walk from (key, path, size) or (key, path, size, type)."""
    table = BETA_ITEMS if beta else ITEMS
    frame = table.frame(
        [
            {"itemKey": key, "name": path.rpartition("/")[2], "type": "".join(type_) or "file", "sizeInBytes": size}
            for key, path, size, *type_ in rows
        ],
        path=[path for _, path, *_ in rows],
    )
    frame.attrs = {**ATTRS, "items": len(frame), **attrs}
    return frame
