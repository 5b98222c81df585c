"""Pages and the links between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import quote

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.messages import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from odb_nb.sandbox.messages import Call
    from odb_nb.sandbox.seeded import Seeded

Cursor = TypeVar("Cursor")

BEHAVIOURS = (
    documented("list_drives", "pages are joined by absolute @odata.nextLink with an opaque $skiptoken", "PU-list"),
    assumed("all", "lists have 100 entries per page; $top is ignored where it is not refused", "paging"),
    assumed("all", "an unknown or foreign $skiptoken: 400 invalidRequest"),
)


class Pages(Generic[Cursor]):
    """The page tokens that were handed out, and where each of them goes on.

    A token follows from the seed, the question and the place, so it is the same in every run, and it cannot be
    made up. It is good for the question that it was given for and for no other.
    """

    def __init__(self, seeded: Seeded, complain: Callable[[str], None]) -> None:
        self._seeded = seeded
        self._complain = complain
        self._places: dict[tuple[str, str], Cursor] = {}
        self._queries: dict[tuple[str, str], str] = {}

    def place(self, call: Call) -> Cursor | None:
        """Where this call goes on; None for a first page."""
        token = call.options.get("$skiptoken")
        if token is None:
            return None
        question = self._question(call)
        try:
            place = self._places[question, token]
        except KeyError:
            self._complain(f"a next link that was never handed out was followed: {call.url} with $skiptoken {token}")
            raise Refusal(400, "invalidRequest", f"The $skiptoken '{token}' was not given for this list.") from None
        if call.query != self._queries[question, token]:
            self._complain(f"a next link was not followed as it stands but put together anew: {call.url}?{call.query}")
        return place

    def next_link(self, call: Call, place: Cursor | None) -> dict[str, str]:
        """The ``@odata.nextLink`` to go on from `place`, or nothing on the last page."""
        if place is None:
            return {}
        question = self._question(call)
        token = self._seeded.opaque("page", question, repr(place), size=24)
        options = {**call.options, "$skiptoken": token}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        self._places[question, token], self._queries[question, token] = place, query
        return {"@odata.nextLink": f"{call.url}?{query}"}

    def _question(self, call: Call) -> str:
        # Without the host: the same list asked for by its other name (localhost, 127.0.0.1) is the same list.
        path = call.url.partition("://")[2].partition("/")[2]
        return "\x1f".join([path, *(f"{n}={v}" for n, v in sorted(call.options.items()) if n != "$skiptoken")])
