"""Looking inside a browse session: one place of it, or all of them, breadth-first and several at once."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from msgraph.generated.models.browsable_resource_type import BrowsableResourceType
from msgraph.generated.models.browse_query_order import BrowseQueryOrder
from msgraph.generated.solutions.backup_restore.browse_sessions.item.browse.browse_post_request_body import (
    BrowsePostRequestBody,
)

from odb_nb.errors import GraphError, InputError, NoReplyError, ThrottledError
from odb_nb.operations.sessions import get_session
from odb_nb.operations.together import together
from odb_nb.paths import join, segment
from odb_nb.transport import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from odb_nb.columns import Table
    from odb_nb.pacing import Deadline
    from odb_nb.progress import Report
    from odb_nb.transport import Transport

OrderBy = Literal["pathAsc", "pathDsc", "nameAsc", "nameDsc"]

SITE, FOLDER = "site", "folder"
OPENED = (SITE, "documentLibrary", FOLDER)  # the types of items that have items in them
MOST_NOT_LISTED = 20  # by then it is not the places that cannot be listed

_CREATING, _FAILED = "creating", "failed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: a site, library or folder, or the top of a session, which has no key."""

    key: str | None = None
    type: str | None = None
    path: str | None = ""
    depth: int | None = -1  # one above its items
    items_count: int | None = None  # as its own row tells

    def path_of(self, item: dict[str, Any]) -> str | None:
        """The path of an item here; None where this place's own is not known. Paths start at the library."""
        if item.get("type") == SITE:
            return ""
        return None if self.path is None else join(self.path, segment(item.get("name"), item.get("itemKey")))

    def within(self, item: dict[str, Any]) -> Place:
        """The place that an item here is."""
        count = item.get("itemsCount")
        return Place(
            item.get("itemKey"), item.get("type"), self.path_of(item), self.depth_of_items,
            count if isinstance(count, int) else None,
        )  # fmt: skip

    @property
    def depth_of_items(self) -> int | None:
        """How deep its items lie: the top's lie at 0."""
        return None if self.depth is None else self.depth + 1


TOP = Place()


async def session_to_browse(transport: Transport, session_id: str, deadline: Deadline) -> dict[str, Any]:
    """The session, if it can be looked into.

    Raises
    ------
    InputError
        It is still being created, or has failed.
    GraphError
        404: there is none, or none any more.
    """
    try:
        session = (await get_session(transport, session_id, deadline)).json
    except GraphError as exc:
        if exc.status_code == 404:
            raise _said(
                exc,
                f"there is no browse session {session_id}: it has expired or never was; open its restore point again "
                "with create_sessions",
            ) from None
        raise
    status = str(session.get("status")).casefold()
    if status == _CREATING:
        raise InputError(f"session {session_id} is still being created; wait_for_sessions waits until it can be opened")
    if status == _FAILED:
        error = session.get("error")
        why = (isinstance(error, dict) and error.get("message")) or "the service gives no reason"
        raise InputError(f"session {session_id} has failed and cannot be opened ({why}); take another restore point")
    return session


async def pages_of(
    transport: Transport,
    session_id: str,
    place: Place,
    deadline: Deadline,
    *,
    contains: str | None = None,
    order_by: OrderBy | None = None,
) -> AsyncIterator[list[dict[str, Any]]]:
    """The items of one place, page by page: the first by POST, which changes nothing and may be repeated."""
    # the SDK has this call on the base type only
    item = transport.backup.browse_sessions.by_browse_session_base_id(session_id)
    body = BrowsePostRequestBody(
        browse_location_item_key=place.key,
        browse_resource_type=BrowsableResourceType(place.type) if place.type in OPENED else None,
        filter=None if contains is None else _name_contains(contains),
        order_by=None if order_by is None else BrowseQueryOrder(order_by),
    )
    request = Request(item.browse.to_post_request_information(body))
    try:
        async for page in transport.pages(request, deadline):
            yield [_readable(item) for item in page]
    except GraphError as exc:
        if exc.status_code not in (400, 404, 409):
            raise
        await session_to_browse(transport, session_id, deadline)  # says so if it is the session
        if exc.status_code == 404 and place.key is not None:
            raise _said(
                exc,
                f"session {session_id} has nothing with the key {place.key!r:.80}; a key is good for the sessions of "
                "its own drive, and only whole",
            ) from None
        raise


def _readable(item: dict[str, Any]) -> dict[str, Any]:
    """The item itself, if what places and paths are made of is text or null; a key that is not cannot be sent back."""
    if all(isinstance(item.get(name), str | None) for name in ("itemKey", "name", "type")):
        return item
    told = {name: None if item.get(name) is None else str(item[name]) for name in ("name", "type")}
    return {**item, **told, "itemKey": item["itemKey"] if isinstance(item.get("itemKey"), str) else None}


def _name_contains(text: str) -> str:
    """The one filter that is documented; a quote is doubled, as everywhere in OData."""
    return f"(name -contains '{text.replace(chr(39), chr(39) * 2)}')"


def _said(exc: GraphError, words: str) -> GraphError:
    """The same refusal in words that say what to do."""
    return GraphError(
        words,
        status_code=exc.status_code,
        code=exc.code,
        request_id=exc.request_id,
        client_request_id=exc.client_request_id,
        request=exc.request,
    )


class Items:
    """Items found, column by column: raw answers are let go, for a drive may hold a million of them."""

    def __init__(self, table: Table, session_id: str) -> None:
        self._table = table
        self._session_id = session_id
        self._raw = [column for column in table.columns if column.path]
        self._values: dict[str, list[Any]] = {column.name: [] for column in table.columns}
        self._within: dict[str | None, list[int]] = {}  # rows of each place, in the service's order

    def __len__(self) -> int:
        return len(self._values["item_key"])

    def listing(self, place: Place) -> Callable[[Iterable[dict[str, Any]]], list[dict[str, Any]]]:
        """What takes in a place's items, page by page, and gives back those that are new there."""
        rows = self._within[place.key] = []
        here: set[str] = set()

        def take(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
            new = [item for item in items if _is_new(item.get("itemKey"), here)]  # a page may repeat
            first = len(self)
            for item in new:
                self._append(place, item)
            rows.extend(range(first, len(self)))  # last: another thread may be reading what there is so far
            return new

        return take

    def count(self, place: Place) -> int:
        """How many items a place has shown."""
        return len(self._within[place.key])

    def _append(self, place: Place, item: dict[str, Any]) -> None:
        values = self._values
        for column in self._raw:
            value: Any = item
            for name in str(column.path).split("."):
                value = value.get(name) if isinstance(value, dict) else None
            values[column.name].append(sys.intern(value) if column.name == "type" and isinstance(value, str) else value)
        values["session_id"].append(self._session_id)
        values["path"].append(place.path_of(item))
        values["depth"].append(place.depth_of_items)
        values["parent_key"].append(place.key)

    def in_order(self, start: str | None = None) -> list[int]:
        """Row numbers breadth-first, from the top or another place: what a run finds, it finds in any order."""
        keys = self._values["item_key"]
        order: list[int] = []
        waiting = deque([self._within.get(start, [])])
        seen = {start}
        while waiting:
            for row in waiting.popleft():
                order.append(row)
                key = keys[row]
                if key in self._within and key not in seen:
                    seen.add(key)
                    waiting.append(self._within[key])
        return order

    def columns(self, start: str | None = None) -> dict[str, list[Any]]:
        """The columns of a frame of what lies at `start` and below it."""
        order = self.in_order(start)
        return {name: [values[row] for row in order] for name, values in self._values.items()}


def _is_new(key: str | None, here: set[str]) -> bool:
    """True for the first of equal keys; those without a key cannot be told apart, and are all kept."""
    if key is None:
        return True
    known = key in here
    here.add(key)
    return not known


@dataclass
class Walk:
    """One walk through a session: what it has found, and what it could not list.

    Parameters
    ----------
    opens : callable
        Which places are opened, by their paths; all of them for a whole walk.
    """

    transport: Transport
    session_id: str
    items: Items
    deadline: Deadline
    report: Report
    max_depth: int | None
    at_once: int
    opens: Callable[[str], bool] = lambda _: True
    not_listed: list[str] = field(default_factory=list)
    counts_differ: list[str] = field(default_factory=list)  # places with other counts of items than announced
    is_cut: bool = False  # by max_depth or `opens`, or for want of a key
    has_ended: bool = False

    _waiting: deque[Place] = field(default_factory=deque)
    _known: set[str | None] = field(default_factory=set)
    _under_way: int = 0
    _announced: int = 0
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def is_complete(self) -> bool:
        """True once every place was listed."""
        return self.has_ended and not self.is_cut and not self.not_listed

    async def run(self) -> None:
        """Find everything there is.

        Raises
        ------
        GraphError
            The session is gone, or more places cannot be listed than can be put up with.
        """
        self._waiting.append(TOP)
        await together(self._work() for _ in range(self.at_once))
        self.has_ended = True

    async def _work(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._waiting or not self._under_way)
                if not self._waiting:
                    return
                place = self._waiting.popleft()
                self._under_way += 1
            await self._list(place)  # where it fails, the other workers are cancelled
            self._under_way -= 1
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _list(self, place: Place) -> None:
        take = self.items.listing(place)
        try:
            async for page in pages_of(self.transport, self.session_id, place, self.deadline):
                for item in take(page):
                    self._find(place, item)
                done = len(self.items)
                self.report(done, max(done, self._announced), f"{len(self._waiting) + self._under_way:,} places to go")
                await self._tell()
        except (NoReplyError, ThrottledError):
            raise
        except GraphError as exc:
            await self._could_not_list(place, exc)
        else:
            if place.key and place.items_count not in (None, self.items.count(place)):
                self.counts_differ.append(place.key)

    def _find(self, place: Place, item: dict[str, Any]) -> None:
        """What an item means for the walk: a place to open, once, however often it is listed."""
        found = place.within(item)
        if found.type not in OPENED or found.key in self._known:
            return
        if not found.key:  # without one it cannot be asked for, and is not the top
            self.is_cut = True
            return
        self._known.add(found.key)
        is_too_deep = self.max_depth is not None and (found.depth or 0) >= self.max_depth
        if is_too_deep or not self.opens(found.path or ""):
            self.is_cut = True
            return
        self._announced += max(0, found.items_count or 0)
        self._waiting.append(found)

    async def _could_not_list(self, place: Place, exc: GraphError) -> None:
        """One folder that cannot be listed does not cost the others, as long as the session itself is there."""
        if place.key is None or place.type != FOLDER or len(self.not_listed) >= MOST_NOT_LISTED:
            raise exc
        await session_to_browse(self.transport, self.session_id, self.deadline)
        self.not_listed.append(place.key)
