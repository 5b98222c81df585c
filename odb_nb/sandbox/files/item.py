"""One item of a drive, and how its path is written in the sandbox's books."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Kind = Literal["site", "documentLibrary", "folder", "file"]

_LOOKS_ESCAPED = re.compile(r"%(?=2[fe5])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """A site, library, folder or file as it was at an instant.

    Attributes
    ----------
    key : str
        GUIDs joined by commas; of the thing itself, so the same in every session and after renames and moves.
    parent_key : str or None
        None for the site.
    name : str or None
    type : str
    size_in_bytes : int or None
        Of a place: all that is below it.
    items_count : int
        Of a place: the items directly in it.
    web_url : str
        The live address, unescaped.
    path : str
        From the library on, with ``/`` in names as ``%2F``; empty for the site.
    created, modified : datetime
    created_by, modified_by : str or None
        Display names.
    restorable : bool
        Whether a restore of it succeeds.
    """

    key: str
    parent_key: str | None
    name: str | None
    type: Kind
    size_in_bytes: int | None
    items_count: int
    web_url: str
    path: str
    created: datetime
    modified: datetime
    created_by: str | None
    modified_by: str | None
    restorable: bool = True


def sort_key(item: Item) -> tuple[str, str]:
    """By name, whatever its case, then by key; what has no name comes first."""
    return (item.name or "").casefold(), item.key


def path_below(parent: str, name: str | None, key: str) -> str:
    """The path of an item; written apart from the client's own rule, so that tests hold one against the other."""
    if not name:
        part = f"(no name, key …{key[-8:]})"
    elif name in (".", ".."):
        part = "%2E" * len(name)
    else:
        part = _LOOKS_ESCAPED.sub("%25", name).replace("/", "%2F")
    return f"{parent}/{part}" if parent else part
