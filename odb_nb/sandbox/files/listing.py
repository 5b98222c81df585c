"""What a client wants listed, how far it has come, and the page that comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odb_nb.sandbox.files.item import Item


class Listing(NamedTuple):
    """A place (None: the top), what names must contain, the order, and the next item's number before filtering."""

    key: str | None
    contains: str | None
    order: str
    at: int = 0


def cut(items: Sequence[Item], listing: Listing, size: int) -> tuple[list[Item], Listing | None]:
    """One page, and where the next one begins; looks no further than to the first item of that."""
    shown: list[Item] = []
    for index in range(listing.at, len(items)):
        item = items[-1 - index if listing.order.endswith("Dsc") else index]
        if listing.contains is not None and listing.contains not in (item.name or "").casefold():
            continue
        if len(shown) == size:
            return shown, listing._replace(at=index)
        shown.append(item)
    return shown, None
