"""Browsing a session: places, pages, filters, orders, and what is refused."""

import json

import pytest

from odb_nb.sandbox import Fault

from .browsing import items_of, library_of, pages_of, path_of
from .conftest import ROOT, SESSIONS, error_of, follow
from .restoring import opened, owned_by

BROWSE_PATHS = [SESSIONS, f"{ROOT}/browseSessions"]


@pytest.fixture
def adele(sandbox):
    return opened(sandbox, sandbox.drives[0])[0]


def walked(http, session):
    """All items of a session, in the order in which the books have them."""
    found, waiting = [], [None]
    for key in waiting:  # grows meanwhile
        items = items_of(http, session, key)
        found += items
        waiting += [item["itemKey"] for item in items if item["type"] != "file"]
    return found


@pytest.mark.parametrize("name", ["Adele Vance", "Nestor Wilke", "Grady Archie", "Patti Fernandez", "Debra Berger"])
def test_walk_finds_what_the_books_have(start, connect, name):
    sandbox = start(browse_page_size=100, huge_files=1_000)
    drive = owned_by(sandbox, name)
    session, _ = opened(sandbox, drive)
    shown = [
        {
            "itemKey": item.key,
            "name": item.name,
            "webUrl": item.web_url,
            "type": item.type,
            "itemsCount": item.items_count,
            "sizeInBytes": None if item.size_in_bytes is None else str(item.size_in_bytes),
        }
        for item in sandbox.files(drive.id, session.restore_point_id)
    ]
    # The top location alone has neither count nor size.
    del shown[0]["itemsCount"], shown[0]["sizeInBytes"]
    assert walked(connect(sandbox), session) == shown
    assert sandbox.complaints == []


def test_answer_is_shaped_as_in_the_sample(http, adele):
    [top] = pages_of(http, adele)
    about = "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.browseQueryResponseItem)"
    assert list(top) == ["@odata.context", "@odata.count", "value"]
    assert (top["@odata.context"], top["@odata.count"]) == (about, 1)
    assert top["value"][0].keys() == {"itemKey", "name", "webUrl", "type"}


@pytest.mark.parametrize("root", BROWSE_PATHS)
@pytest.mark.parametrize("size", [1, 7, 22, 1_000])
def test_pages_join_to_the_whole(start, connect, root, size):
    sandbox = start(browse_page_size=size)
    http = connect(sandbox)
    session, _ = opened(sandbox, sandbox.drives[0])
    library = library_of(http, session)
    pages = pages_of(http, session, {"browseLocationItemKey": library}, root)
    books = sandbox.files(session.drive_id, session.restore_point_id)
    expected = [item.key for item in books if item.parent_key == library]
    assert [item["itemKey"] for page in pages for item in page["value"]] == expected
    assert [page["@odata.count"] for page in pages] == [len(page["value"]) for page in pages]
    assert len(pages) == -(-len(expected) // size)
    assert all(page["@odata.nextLink"].startswith(f"{sandbox.url}{path_of(session, root)}?") for page in pages[:-1])
    assert sandbox.count("browse") == 2 + len(pages)


def test_empty_folder_is_one_empty_page(sandbox, http):
    drive = owned_by(sandbox, "Patti Fernandez")
    session, _ = opened(sandbox, drive)
    empty = next(item for item in sandbox.files(drive.id, session.restore_point_id) if item.name == "Empty")
    [page] = pages_of(http, session, {"browseLocationItemKey": empty.key})
    assert (page["@odata.count"], page["value"]) == (0, [])


@pytest.mark.parametrize("content", [b"", b"{}", b"null"])
def test_no_body_is_the_top(http, adele, content):
    answer = http.post(path_of(adele), content=content, headers={"Content-Type": "application/json"})
    assert [item["type"] for item in answer.json()["value"]] == ["site"]


def test_missing_body_needs_no_content_type(http, adele):
    assert http.post(path_of(adele)).status_code == 200
    assert error_of(http.post(path_of(adele), content=b"{}"))[:2] == (400, "invalidRequest")


def test_orders(http, adele):
    library = library_of(http, adele)
    keys = {
        order: [item["itemKey"] for item in items_of(http, adele, library, orderBy=order)]
        for order in ("nameAsc", "nameDsc", "pathAsc", "pathDsc")
    }
    assert keys["nameAsc"] == keys["pathAsc"] == [item["itemKey"] for item in items_of(http, adele, library)]
    assert keys["nameDsc"] == keys["pathDsc"] == keys["nameAsc"][::-1]
    assert len(keys["nameAsc"]) > 10


def test_filter_is_of_direct_children_whatever_the_case(http, adele):
    library = library_of(http, adele)
    every = items_of(http, adele, library)
    text = every[0]["name"][1:6].upper()
    found = items_of(http, adele, library, filter=f"(name -contains '{text}')")
    assert found == [item for item in every if text.casefold() in item["name"].casefold()]
    assert found
    assert items_of(http, adele, library, filter="(name -contains 'no such name')") == []
    assert items_of(http, adele, library, filter="(name -contains '')") == every


ODD_TEXTS = ["'", "''", "it's pat's", "%2f", "(", ") -contains", "\n", "🚀", "\u0301", "x" * 400]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_filter_takes_any_text_with_its_quotes_doubled(start, connect, text):
    sandbox = start(browse_page_size=1)
    drive = owned_by(sandbox, "Patti Fernandez")
    session, _ = opened(sandbox, drive)
    http = connect(sandbox)
    library = library_of(http, session)
    books = sandbox.files(drive.id, session.restore_point_id)
    expected = [item.key for item in books if item.parent_key == library and text in (item.name or "").casefold()]
    quoted = text.replace("'", "''")
    found = items_of(http, session, library, filter=f"(name -contains '{quoted}')")
    assert [item["itemKey"] for item in found] == expected


def test_key_of_another_session_on_the_drive_is_the_same(sandbox, http, adele):
    older, _ = opened(sandbox, sandbox.drives[0], place=5)
    assert library_of(http, older) == library_of(http, adele)
    assert items_of(http, older, library_of(http, adele))


def test_page_token_carries_place_filter_and_order(start, connect):
    sandbox = start(browse_page_size=2)
    http = connect(sandbox)
    session, _ = opened(sandbox, sandbox.drives[0])
    library = library_of(http, session)
    bodies = [{}, {"orderBy": "nameDsc"}, {"filter": "(name -contains 'a')"}]
    answers = [http.post(path_of(session), json={"browseLocationItemKey": library} | body).json() for body in bodies]
    links = [answer["@odata.nextLink"] for answer in answers]
    seconds = [http.get(link).json()["value"] for link in links]
    assert len(set(links)) == len({json.dumps(second) for second in seconds}) == 3
    assert all("a" in item["name"].casefold() for item in seconds[2])


def test_browsing_does_not_move_the_clock(sandbox, http, adele):
    before = sandbox.clock.now()
    walked(http, adele)
    assert sandbox.clock.now() == before


@pytest.mark.parametrize("status", ["restoreLocked", "disabled"])
def test_browsing_goes_on_while_the_service_is_locked(start, connect, status):
    sandbox = start(service_status=status)
    session, _ = opened(sandbox, sandbox.drives[0])
    assert items_of(connect(sandbox), session)


def test_beta_tells_who_and_when(sandbox, http, adele):
    drive = sandbox.drives[0]
    root = SESSIONS.replace("v1.0", "beta")
    library = library_of(http, adele)
    shown = items_of(http, adele, library, root)
    books = {item.key: item for item in sandbox.files(drive.id, adele.restore_point_id)}
    for item in shown:
        known = books[item["itemKey"]]
        assert item["createdBy"] == {"user": {"displayName": "Adele Vance"}}
        assert item["lastModifiedBy"] == {"user": {"displayName": known.modified_by}}
        assert item["createdDateTime"] == known.created.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert item["lastModifiedDateTime"] == known.modified.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert {books[item["itemKey"]].modified_by for item in shown} > {"Adele Vance"}
    more = {"createdBy", "createdDateTime", "lastModifiedBy", "lastModifiedDateTime"}
    assert [{name: item[name] for name in item.keys() - more} for item in shown] == items_of(http, adele, library)


def test_folder_that_empties_between_pages(sandbox, http, adele):
    library = library_of(http, adele)
    sandbox.faults.add(Fault("browse", "body", body=b'{"value": []}', skip=1))
    first, second = pages_of(http, adele, {"browseLocationItemKey": library})
    assert len(first["value"]) == 10
    assert second == {"value": []}


def test_fault_picks_the_sessions_of_a_point(sandbox, http, adele):
    other, _ = opened(sandbox, sandbox.drives[0], place=1)
    sandbox.faults.add(Fault("browse", status=503, restore_points=[other.restore_point_id]))
    assert http.post(path_of(adele)).status_code == 200
    assert http.post(path_of(other)).status_code == 503
    assert http.post(path_of(other)).status_code == 200


def test_pages_of_a_long_folder_are_at_hand(start, connect):
    sandbox = start()
    drive = owned_by(sandbox, "Debra Berger")
    session, _ = opened(sandbox, drive)
    http = connect(sandbox)
    library = library_of(http, session)
    scans = items_of(http, session, library)[-1]
    assert scans["itemsCount"] == 10_000
    body = {"browseLocationItemKey": scans["itemKey"], "orderBy": "nameDsc"}
    answer = http.post(path_of(session), json=body).json()
    assert [item["name"] for item in answer["value"]] == [
        f"Scan {number:07d}.tif" for number in range(9_999, 9_989, -1)
    ]
    assert len({item["itemKey"] for item in follow(http, answer["@odata.nextLink"])[0]}) == 9_990
