"""What the sandbox refuses, and that it names the offender."""

import pytest

from .conftest import POINTS, ROOT, SESSIONS, UNITS, error_of, points_query

UNKNOWN_UNIT = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("path", "offender"),
    [
        pytest.param("/", "/v1.0 or /beta", id="no version"),
        pytest.param("/v2.0/solutions/backupRestore", "v2.0", id="unknown version"),
        pytest.param("/v1.0/me", "/me", id="another API"),
        pytest.param("/v1.0//solutions/backupRestore", "empty segment", id="double slash"),
        pytest.param(f"{ROOT}/", "empty segment", id="trailing slash"),
        pytest.param(f"{ROOT}/exchangeRestoreSessions", "exchangeRestoreSessions", id="not spoken"),
        pytest.param(f"{ROOT}/browsesessions", "case-sensitive: /solutions/backupRestore/browseSessions", id="case"),
        pytest.param(f"{ROOT}/BrowseSessions/x", "case-sensitive", id="case with an id"),
        pytest.param(f"{SESSIONS}/x/browse/y", "browse/y", id="too deep"),
    ],
)
def test_unknown_path_is_404(http, path, offender):
    status, code, message = error_of(http.get(path))
    assert (status, code) == (404, "itemNotFound")
    assert offender in message


@pytest.mark.parametrize("path", [SESSIONS, f"{ROOT}/browseSessions", f"{POINTS}/search", UNITS])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_method_is_405(http, method, path):
    answer = http.request(method, path)
    assert error_of(answer)[:2] == (405, "notAllowed")
    assert answer.headers["allow"] in {"GET", "POST", "GET, POST"}


def test_head_is_405_without_a_body(http):
    answer = http.head(ROOT)
    assert (answer.status_code, answer.content) == (405, b"")
    assert http.get(ROOT).status_code == 200


@pytest.mark.parametrize("collection", ["oneDriveForBusinessBrowseSessions", "browseSessions"])
@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_session_cannot_be_deleted_or_changed(sandbox, http, method, collection):
    session = sandbox.open_session(sandbox.points(sandbox.drives[0].id)[0].id)
    assert error_of(http.request(method, f"{ROOT}/{collection}/{session.id}"))[:2] == (405, "notAllowed")
    assert http.get(f"{ROOT}/{collection}/{session.id}").status_code == 200


@pytest.mark.parametrize(
    ("path", "options", "offender"),
    [
        pytest.param(ROOT, {"$select": "id"}, "$select", id="status"),
        pytest.param(SESSIONS, {"$top": "5"}, "$top", id="sessions: top"),
        pytest.param(SESSIONS, {"$filter": "status eq 'created'"}, "$filter", id="sessions: filter"),
        pytest.param(f"{SESSIONS}/x", {"$select": "id"}, "$select", id="session"),
        pytest.param(UNITS, {"$orderby": "id"}, "$orderby", id="drives"),
        pytest.param(UNITS, {"$Filter": "id eq 'x'"}, "case-sensitive: $filter", id="case"),
        pytest.param(UNITS, {"filter": "id eq 'x'"}, "'filter'", id="without dollar"),
        pytest.param(POINTS, {**points_query("x"), "$top": "50"}, "$top", id="points"),
        pytest.param(f"{ROOT}/protectionPolicies", {"$expand": "x"}, "$expand", id="policies"),
    ],
)
def test_unknown_query_option_is_400(http, path, options, offender):
    status, code, message = error_of(http.get(path, params=options))
    assert (status, code) == (400, "invalidRequest")
    assert offender in message


def test_option_given_twice_is_400(http):
    assert "twice" in error_of(http.get(f"{UNITS}?$filter=id eq 'a'&$filter=id eq 'b'"))[2]


@pytest.mark.parametrize(
    ("body", "code", "offender"),
    [
        pytest.param({}, "InvalidRestorePoint", "restorePointId", id="empty"),
        pytest.param({"restorePointId": ""}, "InvalidRestorePoint", "empty", id="empty id"),
        pytest.param({"restorePointId": None}, "InvalidRestorePoint", "missing", id="null"),
        pytest.param({"restorePointId": 7}, "InvalidRestorePoint", "not a text", id="number"),
        pytest.param({"restorePointId": "bm90aGluZw=="}, "InvalidRestorePoint", "bm90aGluZw==", id="unknown point"),
        pytest.param({"restorePointId": "%%é"}, "InvalidRestorePoint", "%%é", id="not base64"),
        pytest.param({"RestorePointId": "x"}, "invalidRequest", "case-sensitive: restorePointId", id="old page's case"),
        pytest.param({"restorePointId": "x", "colour": 1}, "invalidRequest", "colour", id="unknown property"),
        pytest.param(["x"], "invalidRequest", "JSON object", id="a list"),
    ],
)
def test_create_refuses_body(http, sandbox, body, code, offender):
    status, got, message = error_of(http.post(SESSIONS, json=body))
    assert (status, got) == (400, code)
    assert offender in message
    assert sandbox.sessions == []


def test_create_ignores_what_the_old_sample_sent(http, sandbox):
    point = sandbox.points(sandbox.drives[0].id)[0]
    body = {
        "@odata.type": "#microsoft.graph.oneDriveForBusinessBrowseSession",
        "status": "String",
        "expirationDateTime": "String (timestamp)",
        "restorePointDateTime": "String (timestamp)",
        "backupSizeInBytes": "String",
        "error": {"@odata.type": "microsoft.graph.publicError"},
        "directoryObjectId": "String",
    }
    assert error_of(http.post(SESSIONS, json=body))[1] == "InvalidRestorePoint"
    assert http.post(SESSIONS, json=body | {"restorePointId": point.id}).json()["status"] == "creating"


@pytest.mark.parametrize(
    ("content", "kind", "offender"),
    [
        pytest.param(b"{", "application/json", "not JSON", id="broken"),
        pytest.param(b"", "application/json", "not JSON", id="nothing"),
        pytest.param(b"\xff", "application/json", "not JSON", id="not utf-8"),
        pytest.param(b"[" * 100_000, "application/json", "not JSON", id="too deep"),
        pytest.param(b"{}", "text/plain", "text/plain", id="other type"),
        pytest.param(b"{}", None, "Content-Type", id="no type"),
    ],
)
def test_body_must_be_json(http, content, kind, offender):
    headers = {"Content-Type": kind} if kind else {}
    status, code, message = error_of(http.post(SESSIONS, content=content, headers=headers))
    assert (status, code) == (400, "invalidRequest")
    assert offender in message


@pytest.mark.parametrize(
    ("query", "code", "offender"),
    [
        pytest.param({}, "InvalidSearchRequest", "$expand", id="nothing"),
        pytest.param(
            {"$filter": "protectionDateTime lt 2026-11-20T00:00:00Z"}, "InvalidSearchRequest", "$expand", id="f"
        ),
        pytest.param({"$expand": "protectionUnit"}, "InvalidSearchRequest", "$filter", id="no filter"),
        pytest.param(points_query("not-a-guid"), "InvalidProtectionUnitId", "not-a-guid", id="unit"),
        pytest.param(points_query(UNKNOWN_UNIT, "tags eq 'x'"), "InvalidSearchRequest", "tags", id="property"),
        pytest.param(
            points_query(UNKNOWN_UNIT, "protectionDateTime lt yesterday"), "InvalidSearchRequest", "yest", id="t"
        ),
        pytest.param(
            points_query(UNKNOWN_UNIT, "protectionDateTime lt 2026-11-20T00:00:00"),
            "InvalidSearchRequest",
            "00",
            id="no zone",
        ),
        pytest.param(
            points_query(UNKNOWN_UNIT, "protectionDateTime lt '2026-11-20T00:00:00Z'"),
            "InvalidSearchRequest",
            "unquoted",
            id="q",
        ),
        pytest.param(
            points_query(UNKNOWN_UNIT, "protectionDateTime lt 2026-13-20T00:00:00Z"),
            "InvalidSearchRequest",
            "13",
            id="month",
        ),
        pytest.param(points_query(UNKNOWN_UNIT, "protectionDateTime"), "InvalidSearchRequest", "near", id="half"),
        pytest.param(
            points_query(UNKNOWN_UNIT, "protectionDateTime ne 2026-11-20T00:00:00Z"),
            "InvalidSearchRequest",
            "lt",
            id="ne",
        ),
        pytest.param(
            points_query(UNKNOWN_UNIT, "protectionUnit/id ne 'x'"), "InvalidSearchRequest", "by eq", id="unit ne"
        ),
        pytest.param(
            {"$expand": "protectionUnit", "$filter": "protectionDateTime lt 2026-11-20T00:00:00Z"},
            "InvalidSearchRequest",
            "which protection unit",
            id="no unit",
        ),
        pytest.param(
            points_query(UNKNOWN_UNIT, "protectionDateTime lt 2026-11-20T00:00:00Z or id eq 'x'"),
            "InvalidSearchRequest",
            "joined by and",
            id="or",
        ),
        pytest.param(
            points_query(UNKNOWN_UNIT, "id eq '" + "x" * 2000 + "'"), "FilterLengthExceeded", "2000", id="long"
        ),
        pytest.param(points_query(UNKNOWN_UNIT, **{"$orderby": "id"}), "InvalidSearchRequest", "$orderby", id="order"),
        pytest.param(
            points_query(UNKNOWN_UNIT) | {"$expand": "protectionUnits"},
            "InvalidSearchRequest",
            "protectionUnits",
            id="expand",
        ),
    ],
)
def test_point_list_refuses_query(http, query, code, offender):
    status, got, message = error_of(http.get(POINTS, params=query))
    assert (status, got) == (400, code)
    assert offender in message


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("protectionPolicies/x", (400, "InvalidPolicyId"), id="policy"),
        pytest.param(f"protectionPolicies/{UNKNOWN_UNIT}", (404, "PolicyNotFound"), id="unknown policy"),
        pytest.param(f"oneDriveForBusinessProtectionPolicies/{UNKNOWN_UNIT}", (404, "PolicyNotFound"), id="onedrive"),
        pytest.param("protectionUnits/x", (400, "InvalidProtectionUnitId"), id="unit"),
        pytest.param(f"protectionUnits/{UNKNOWN_UNIT}", (404, "itemNotFound"), id="unknown unit"),
        pytest.param(
            "oneDriveForBusinessProtectionPolicies/x/driveProtectionUnits", (400, "InvalidPolicyId"), id="units"
        ),
        pytest.param("restorePoints/x", (404, "itemNotFound"), id="point"),
        pytest.param("browseSessions/x", (404, "itemNotFound"), id="session"),
    ],
)
def test_unknown_ids_have_their_codes(http, path, expected):
    assert error_of(http.get(f"{ROOT}/{path}"))[:2] == expected


def test_site_policy_is_no_onedrive_policy(http):
    policies = http.get(f"{ROOT}/protectionPolicies").json()["value"]
    site = next(policy for policy in policies if "sharePoint" in policy["@odata.type"])
    assert http.get(f"{ROOT}/oneDriveForBusinessProtectionPolicies/{site['id']}").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "[::1", ""])
def test_foreign_host_is_refused(http, host):
    status, code, message = error_of(http.get(ROOT, headers={"Host": host}))
    assert (status, code) == (400, "invalidRequest")
    assert "loopback" in message


@pytest.mark.parametrize("host", ["localhost", "localhost:8911", "127.0.0.1", "[::1]:8911"])
def test_loopback_hosts_are_served(http, host):
    assert http.get(ROOT, headers={"Host": host}).status_code == 200


def test_error_envelope_carries_the_ids(http):
    answer = http.get(f"{ROOT}/nothing", headers={"client-request-id": "7d3c"})
    inner = answer.json()["error"]["innerError"]
    assert inner == {
        "date": "2026-11-20T09:30:00",
        "request-id": answer.headers["request-id"],
        "client-request-id": "7d3c",
    }
    assert answer.headers["client-request-id"] == "7d3c"
    assert answer.headers["date"] == "Fri, 20 Nov 2026 09:30:00 GMT"
