"""Paths of items in a backup: built from the service's names, to read and to compare; never paths of this machine."""

from __future__ import annotations

import re

from odb_nb.errors import InputError

# A slash in a name would make a folder that is not there, and "..", one that is elsewhere. The percent sign is escaped
# only where it would read as one of these, so that "50% off.docx" stays as it is and no two names become one.
_LOOKS_ESCAPED = re.compile(r"%(?=2[fe5])", re.IGNORECASE)
_KEY_SHOWN = 8


def segment(name: str | None, key: str | None) -> str:
    """An item's name as one part of a path; an item that the service gives no name is told by the end of its key."""
    if not name:
        return f"(no name, key …{key[-_KEY_SHOWN:]})" if key else "(no name)"
    if name in (".", ".."):
        return "%2E" * len(name)
    return _LOOKS_ESCAPED.sub("%25", name).replace("/", "%2F")


def join(parent: str, part: str) -> str:
    """The path of a part below a parent; the parent of a library is the site, whose own path is empty."""
    return f"{parent}/{part}" if parent else part


def plain(path: object, name: str = "path") -> str:
    """A path as users type it, without slashes at its ends: ``/Documents/Budget/`` is ``Documents/Budget``.

    Raises
    ------
    InputError
        Not text, empty, or with an empty part, ``.`` or ``..`` in it.
    """
    if not isinstance(path, str) or not path.strip("/ "):
        raise InputError(f"{name}={path!r:.80} must be text such as 'Documents/Budget 2026'")
    parts = path.strip("/").split("/")
    if odd := [part for part in parts if part in ("", ".", "..")]:
        raise InputError(f"{name}={path!r:.200} has a part {odd[0]!r}; write the path from the library down")
    return "/".join(parts)


def is_within(path: str, folder: str) -> bool:
    """True if a path is the folder's own or lies below it."""
    return not folder or path == folder or path.startswith(f"{folder}/")
