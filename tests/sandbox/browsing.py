"""What tests of browsing share: the path, all pages of a place, its items, and the key of the library."""

from .conftest import SESSIONS


def path_of(session, root=SESSIONS):
    return f"{root}/{session.id}/browse"


def pages_of(http, session, body=None, root=SESSIONS):
    """The answers to a browse, page by page."""
    answer = http.post(path_of(session, root), json=body or {})
    pages = []
    while True:
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        if "@odata.nextLink" not in pages[-1]:
            return pages
        answer = http.get(pages[-1]["@odata.nextLink"])


def items_of(http, session, key=None, root=SESSIONS, **body):
    pages = pages_of(http, session, body | ({"browseLocationItemKey": key} if key else {}), root)
    return [item for page in pages for item in page["value"]]


def library_of(http, session):
    [site] = items_of(http, session)
    [library] = items_of(http, session, site["itemKey"])
    return library["itemKey"]
