"""Browse: what is in one place of a session, page by page; the first by POST, the others by GET."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.behaviours import assumed, documented, observed
from odb_nb.sandbox.clock import stamp
from odb_nb.sandbox.files.listing import Listing, cut
from odb_nb.sandbox.messages import Refusal, ok
from odb_nb.sandbox.routes.bodies import read_body
from odb_nb.sandbox.routes.browse_sessions import of_session
from odb_nb.sandbox.routes.route import Route

if TYPE_CHECKING:
    from odb_nb.sandbox.files import Item
    from odb_nb.sandbox.messages import Answer, Call
    from odb_nb.sandbox.sessions import SessionRecord
    from odb_nb.sandbox.tenant import Tenant

_MEMBERS = frozenset({"browseLocationItemKey", "browseResourceType", "filter", "orderBy"})
_TYPES = ("none", "site", "documentLibrary", "folder")
_ORDERS = ("nameAsc", "pathAsc", "nameDsc", "pathDsc")
_FILTER = re.compile(r"\(name -contains '((?:[^']|'')*)'\)")

BEHAVIOURS = (
    documented("browse", "POST; without a key the top locations; type, filter and order are optional", "B-browse"),
    assumed("browse", "a missing body is the same as {}", "B-browse"),
    documented("browse", "at /browseSessions/{id} too, where alone the SDK has it", "csdl"),
    observed("browse", "first page by POST, later ones by GET on @odata.nextLink with $skiptoken", "B-browse"),
    observed("browse", "pages of 10; @odata.count is the number of items on the page", "B-browse"),
    documented("browse", "filter: name and -contains only", "B-browse"),
    assumed("browse", "filter: direct children, whatever the case, '' for a quote; else 400 invalidRequest"),
    assumed("browse", "nameAsc unless asked otherwise, ties by key; path order of one place is name order", "csdl"),
    assumed("browse", "409 notAllowed while a session is creating, 400 invalidRequest once it has failed"),
    assumed("browse", "404 itemNotFound for an unknown key, another drive's, and an expired session"),
    assumed("browse", "400 invalidRequest for opening a file, and for a type that is not the key's or has no key"),
    assumed("browse", "a page token is good for its session, place, filter and order, as long as the session lives"),
    assumed("browse", "a SharePoint session cannot be browsed here: 400 notSupported"),
    assumed("browse", "browse(nextFetchToken='...') is not spoken: 404", "csdl"),
    documented("browse", "beta adds who created and last modified an item, and when", "new-sdk"),
    assumed("browse", "browsing does not move the clock, and goes on while the service is locked"),
)


def browse(tenant: Tenant, call: Call) -> Answer:
    session = _open_session(tenant, call)
    body = read_body({} if call.body is None else call.body, _MEMBERS)
    for name, value in body.items():
        if value is not None and not isinstance(value, str):
            raise Refusal(400, "invalidRequest", f"{name} must be a text.")
    order = body.get("orderBy") or _ORDERS[0]
    if order not in _ORDERS:
        raise Refusal(400, "invalidRequest", f"orderBy must be one of {', '.join(_ORDERS)}, not '{order}'.")
    key = body.get("browseLocationItemKey")
    _check_place(tenant, session, key, body.get("browseResourceType") or "none")
    return _page(tenant, call, session, Listing(key, _searched(body.get("filter")), order))


def browse_on(tenant: Tenant, call: Call) -> Answer:
    session = _open_session(tenant, call)
    listing = tenant.browse_pages.place(call)
    if listing is None:
        raise Refusal(400, "invalidRequest", "GET is for later pages only: it needs the $skiptoken of a next link.")
    return _page(tenant, call, session, listing)


def _open_session(tenant: Tenant, call: Call) -> SessionRecord:
    session_id = call.ids[0]
    if call.url.split("/")[-3] == "browseSessions" and tenant.sessions.find_site(session_id):
        raise Refusal(400, "notSupported", f"Browse session '{session_id}' is of a SharePoint site.")
    session = tenant.sessions.find(session_id)
    if session is None:
        raise Refusal(404, "itemNotFound", f"There is no browse session '{session_id}', or it has expired.")
    status = session.status(tenant.clock.now())
    if status == "creating":
        raise Refusal(409, "notAllowed", f"Browse session '{session_id}' is still being created.")
    if status == "failed":
        raise Refusal(400, "invalidRequest", f"Browse session '{session_id}' has failed and cannot be browsed.")
    return session


def _check_place(tenant: Tenant, session: SessionRecord, key: str | None, kind: str) -> None:
    if kind not in _TYPES:
        raise Refusal(400, "invalidRequest", f"browseResourceType must be one of {', '.join(_TYPES)}, not '{kind}'.")
    if key is None:
        if kind != "none":
            raise Refusal(400, "invalidRequest", f"browseResourceType is '{kind}' without a browseLocationItemKey.")
        return
    item = tenant.files.exists(session, key)
    if item is None:
        raise Refusal(404, "itemNotFound", f"Browse session '{session.id}' has no item '{key}'.")
    if item.type == "file":
        raise Refusal(400, "invalidRequest", f"'{key}' is a file; only sites, libraries and folders can be opened.")
    if kind not in ("none", item.type):
        raise Refusal(400, "invalidRequest", f"browseResourceType is '{kind}', but '{key}' is a {item.type}.")


def _searched(text: str | None) -> str | None:
    """What names must contain, in lower case; None for no filter."""
    if text is None:
        return None
    found = _FILTER.fullmatch(text)
    if found is None:
        raise Refusal(400, "invalidRequest", f"The filter must read (name -contains 'text'), not: {text[:80]}")
    return found.group(1).replace("''", "'").casefold()


def _page(tenant: Tenant, call: Call, session: SessionRecord, listing: Listing) -> Answer:
    drive, time = tenant.world.drive_by_id[session.drive_id], session.restore_point_time
    top = listing.key is None
    items = tenant.files.top(drive, time) if top else tenant.files.children(drive, time, listing.key or "")
    shown, following = cut(items, listing, tenant.settings.browse_page_size)
    is_beta = call.version == "beta"
    next_link = tenant.browse_pages.next_link(call, following)
    about = f"https://graph.microsoft.com/{call.version}/$metadata#Collection(microsoft.graph.browseQueryResponseItem)"
    value = [_as_json(item, is_beta=is_beta) for item in shown]
    return ok({"@odata.context": about, "@odata.count": len(value), **next_link, "value": value})


def _as_json(item: Item, *, is_beta: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"itemKey": item.key, "name": item.name, "webUrl": item.web_url, "type": item.type}
    if item.type != "site":
        size = item.size_in_bytes
        shown |= {"itemsCount": item.items_count, "sizeInBytes": None if size is None else str(size)}
    if is_beta:
        shown |= {
            "createdBy": {"user": {"displayName": item.created_by}},
            "createdDateTime": stamp(item.created),
            "lastModifiedBy": {"user": {"displayName": item.modified_by}},
            "lastModifiedDateTime": stamp(item.modified),
        }
    return shown


_PATHS = ("oneDriveForBusinessBrowseSessions/{id}/browse", "browseSessions/{id}/browse")
ROUTES = (
    *(Route("browse", "POST", path, browse, needs_body=False, about=of_session) for path in _PATHS),
    *(Route("browse", "GET", path, browse_on, frozenset({"$skiptoken"}), about=of_session) for path in _PATHS),
)
