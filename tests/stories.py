"""Drives of the sandbox by their stories, opened and walked."""

from __future__ import annotations

EMAILS = {
    "normal": "adelev@contoso.com",
    "ransomware": "nestorw@contoso.com",
    "folder-deleted": "miriamg@contoso.com",
    "tidied": "lidiah@contoso.com",
    "huge": "debrab@contoso.com",
    "deep": "gradya@contoso.com",
    "odd-names": "pattif@contoso.com",
}


def points_of(client, story="normal", **window):
    """Restore points of the drive with this story."""
    drives = client.list_drives(search=EMAILS[story])
    return client.list_restore_points(drives, **(window or {"start": "2026-11-20", "limit": 1}))


def opened(client, story="normal", **window):
    """A session on its newest point, ready to be looked into."""
    return client.create_session(points_of(client, story, **window).head(1), wait=True)


def walked(client, story="normal", **window):
    """All items at its newest point."""
    return client.walk(opened(client, story, **window))


def files_of(walk, count):
    """Some of its files."""
    files = walk[walk["type"] == "file"]
    assert len(files) >= count, "the drive is too small for this test"
    return files.head(count)
