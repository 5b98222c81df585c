"""What browsing refuses, and that it names the offender."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .browsing import items_of, library_of, path_of
from .conftest import ROOT, SESSIONS, error_of
from .restoring import opened, owned_by

MEMBERS = ["browseLocationItemKey", "browseResourceType", "filter", "orderBy"]


@pytest.fixture
def adele(sandbox):
    return opened(sandbox, sandbox.drives[0])[0]


def special(sandbox, name):
    return next(drive for drive in sandbox.drives if drive.special == name)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("budget", id="plain text"),
        pytest.param("name -contains 'x'", id="no brackets"),
        pytest.param("(name -contains 'it's')", id="single quote"),
        pytest.param("(name -contains x)", id="no quotes"),
        pytest.param("(name -eq 'x')", id="operator"),
        pytest.param("(size -contains 'x')", id="property"),
        pytest.param("(name -contains 'x') and (name -contains 'y')", id="two"),
        pytest.param("(Name -contains 'x')", id="case"),
        pytest.param("contains(name,'x')", id="OData"),
        pytest.param("(name -contains 'x') ", id="trailing space"),
    ],
)
def test_any_other_filter_is_refused(http, adele, text):
    status, code, message = error_of(http.post(path_of(adele), json={"filter": text}))
    assert (status, code) == (400, "invalidRequest")
    assert "(name -contains 'text')" in message


@pytest.mark.parametrize(
    ("body", "offender"),
    [
        pytest.param({"orderBy": "nameDesc"}, "nameDesc", id="order"),
        pytest.param({"orderBy": "unknownFutureValue"}, "unknownFutureValue", id="order of the future"),
        pytest.param({"orderBy": 1}, "orderBy", id="order is no text"),
        pytest.param({"browseLocationItemKey": ["x"]}, "browseLocationItemKey", id="key is no text"),
        pytest.param({"browseResourceType": "file"}, "file", id="file is no type"),
        pytest.param({"browseResourceType": "site"}, "without a browseLocationItemKey", id="type alone"),
        pytest.param({"BrowseResourceType": "site"}, "case-sensitive: browseResourceType", id="case"),
        pytest.param({"top": 5}, "top", id="unknown property"),
        pytest.param(["x"], "JSON object", id="a list"),
    ],
)
def test_body_is_refused(http, adele, body, offender):
    status, code, message = error_of(http.post(path_of(adele), json=body))
    assert (status, code) == (400, "invalidRequest")
    assert offender in message


def test_type_is_optional_and_must_be_the_keys(http, adele):
    [site] = items_of(http, adele)
    key = site["itemKey"]
    assert items_of(http, adele, key, browseResourceType="site") == items_of(http, adele, key)
    assert items_of(http, adele, key, browseResourceType="none") == items_of(http, adele, key)
    answer = http.post(path_of(adele), json={"browseLocationItemKey": key, "browseResourceType": "folder"})
    assert error_of(answer)[:2] == (400, "invalidRequest")
    assert "is a site" in error_of(answer)[2]


def test_file_cannot_be_opened(sandbox, http):
    session, files = opened(sandbox, sandbox.drives[0])
    answer = http.post(path_of(session), json={"browseLocationItemKey": files[0].key})
    assert error_of(answer)[:2] == (400, "invalidRequest")
    assert "is a file" in error_of(answer)[2]


def test_unknown_key_is_404_and_so_is_another_drives(sandbox, http, adele):
    other, _ = opened(sandbox, sandbox.drives[1])
    [site] = items_of(http, other)
    for key in (site["itemKey"], site["itemKey"].upper(), "x", "", f"{library_of(http, adele)},"):
        answer = http.post(path_of(adele), json={"browseLocationItemKey": key})
        assert error_of(answer)[:2] == (404, "itemNotFound")


def test_key_that_is_gone_at_a_later_point_is_404(sandbox, http):
    drive = owned_by(sandbox, "Miriam Graham")
    older, newer = (opened(sandbox, drive, place)[0] for place in (7, 0))
    books = sandbox.files(drive.id, older.restore_point_id)
    aurora = next(item for item in books if item.path == "Documents/Projects/Aurora")
    assert items_of(http, older, aurora.key)
    assert error_of(http.post(path_of(newer), json={"browseLocationItemKey": aurora.key}))[:2] == (404, "itemNotFound")


def test_session_that_is_creating_failed_or_gone_is_refused(sandbox, http):
    session = sandbox.open_session(sandbox.points(sandbox.drives[0].id)[0].id)
    failing = sandbox.open_session(sandbox.points(special(sandbox, "sessions-fail").id)[0].id)
    assert error_of(http.post(path_of(session)))[:2] == (409, "notAllowed")
    sandbox.clock.advance(2)
    assert error_of(http.post(path_of(failing)))[:2] == (400, "invalidRequest")
    library = library_of(http, session)
    link = http.post(path_of(session), json={"browseLocationItemKey": library}).json()["@odata.nextLink"]
    sandbox.clock.advance(72 * 3600)
    assert error_of(http.get(link))[:2] == (404, "itemNotFound")
    assert error_of(http.post(path_of(session)))[:2] == (404, "itemNotFound")
    assert error_of(http.post(f"{SESSIONS}/x/browse"))[:2] == (404, "itemNotFound")


def test_sharepoint_session_is_refused(start, connect):
    sandbox = start(other_sessions=1)
    http = connect(sandbox)
    [site] = http.get(f"{ROOT}/browseSessions").json()["value"]
    assert error_of(http.post(f"{ROOT}/browseSessions/{site['id']}/browse"))[:2] == (400, "notSupported")
    assert error_of(http.post(f"{SESSIONS}/{site['id']}/browse"))[:2] == (404, "itemNotFound")


def test_get_without_a_token_is_refused(http, adele):
    assert error_of(http.get(path_of(adele)))[:2] == (400, "invalidRequest")
    assert error_of(http.post(f"{path_of(adele)}?$skiptoken=x"))[:2] == (400, "invalidRequest")
    assert error_of(http.delete(path_of(adele)))[:2] == (405, "notAllowed")


def test_page_token_belongs_to_its_session(sandbox, http, adele):
    other, _ = opened(sandbox, sandbox.drives[0], place=1)
    library = library_of(http, adele)
    link = http.post(path_of(adele), json={"browseLocationItemKey": library}).json()["@odata.nextLink"]
    assert http.get(link).json() == http.get(link).json()
    for wrong in (link.replace(adele.id, other.id), f"{link}x", link.replace("v1.0", "beta")):
        assert error_of(http.get(wrong))[:2] == (400, "invalidRequest")
    assert len(sandbox.complaints) == 3
    assert "never handed out" in sandbox.complaints[0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(st.sampled_from(MEMBERS), st.text()))
def test_any_text_is_answered_or_refused(http, adele, body):
    answer = http.post(path_of(adele), json=body)
    assert answer.status_code in (200, 400, 404)
    assert answer.status_code == 200 or error_of(answer)[1] in ("invalidRequest", "itemNotFound")
