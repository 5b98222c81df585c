"""What a token may do, in words."""

from __future__ import annotations

import pytest

from odb_nb.permissions import account_of, permission_rows, refusal, scope_for, tenant_of

CONFIGURATION = "BackupRestore-Configuration.Read.All"
SEARCH = "BackupRestore-Search.Read.All"
READ = "BackupRestore-Restore.Read.All"
WRITE = "BackupRestore-Restore.ReadWrite.All"
ROLE = "SharePoint Backup Administrator"
ROLE_ID = "9d3e04ba-3ee4-4d1b-a3a7-9aef423a09be"
EVERY_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"
BROWSE = "GET /v1.0/solutions/backupRestore/browseSessions/abc"
SHAREPOINT_ADMIN = "f28a1f50-f6e7-4571-818b-6a12f2af6b6c"


def user(*scopes, **more):
    return {
        "aud": "https://graph.microsoft.com",
        "idtyp": "user",
        "scp": " ".join(scopes),
        "upn": "a@contoso.com",
    } | more


def app(*roles):
    return {"idtyp": "app", "appid": "the-app", **({"roles": list(roles)} if roles else {})}


def states(claims, version="v1.0"):
    return {row["permission"]: row["state"] for row in permission_rows(claims, api_version=version)}


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param(
            user(CONFIGURATION, SEARCH, READ, WRITE, wids=[ROLE_ID]),
            ["granted", "granted", "granted", "granted", "granted"],
            id="a user with everything",
        ),
        pytest.param(
            user(CONFIGURATION, "User.Read", wids=[EVERY_USER]),
            ["granted", "missing", "missing", "missing", "missing"],
            id="a user with one permission and no role",
        ),
        pytest.param(
            user(WRITE), ["missing", "missing", "granted", "granted", "unknown"], id="write includes read; no wids"
        ),
        pytest.param(user(READ), ["missing", "missing", "granted", "missing", "unknown"], id="read is not write"),
        pytest.param(user(SEARCH.upper()), ["missing", "granted", "missing", "missing", "unknown"], id="any case"),
        pytest.param(
            {"scp": SEARCH}, ["missing", "granted", "missing", "missing", "unknown"], id="a user, said by scp only"
        ),
        pytest.param(
            user(wids=[ROLE_ID.upper()]),
            ["missing", "missing", "missing", "missing", "granted"],
            id="consent to nothing",
        ),
        pytest.param(app(SEARCH, WRITE), ["missing", "granted", "granted", "granted"], id="an app"),
        pytest.param(
            {"roles": [SEARCH]}, ["missing", "granted", "missing", "missing"], id="an app, said by roles only"
        ),
        pytest.param(app(), ["missing", "missing", "missing", "missing"], id="an app with nothing"),
        pytest.param(None, ["unknown"] * 5, id="opaque"),
        pytest.param({}, ["unknown"] * 5, id="claims that say nothing"),
        pytest.param(app() | {"roles": 7}, ["missing"] * 4, id="roles of an odd shape"),
    ],
)
def test_permission_rows_tell_what_is_granted(claims, expected):
    assert states(claims) == dict(zip([CONFIGURATION, SEARCH, READ, WRITE, ROLE], expected, strict=False))


@pytest.mark.parametrize(("version", "permission"), [("v1.0", SEARCH), ("beta", READ)])
def test_listing_restore_points_needs_another_permission_in_beta(version, permission):
    rows = permission_rows(None, api_version=version)
    assert [row["permission"] for row in rows if "listing restore points" in row["needed_for"]] == [permission]


def test_permission_rows_are_full_and_say_who_grants():
    for claims, kind in ((user(), "delegated"), (app(), "application")):
        for row in permission_rows(claims, api_version="v1.0"):
            assert list(row) == ["permission", "needed_for", "state", "granted_by"]
            assert all(row.values())
            assert "Privileged Role Administrator" in row["granted_by"]
            assert row["permission"] == ROLE or kind in row["granted_by"]


@pytest.mark.parametrize(
    ("base_url", "scope"),
    [
        pytest.param("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/.default", id="graph"),
        pytest.param("https://GRAPH.microsoft.com/beta", "https://graph.microsoft.com/.default", id="upper case"),
        pytest.param("http://127.0.0.1:8911/v1.0", "https://graph.microsoft.com/.default", id="loopback"),
        pytest.param("http://localhost:8911/v1.0", "https://graph.microsoft.com/.default", id="localhost"),
        pytest.param("http://[::1]:8911/v1.0", "https://graph.microsoft.com/.default", id="loopback v6"),
        pytest.param("https://graph.microsoft.us/v1.0", "https://graph.microsoft.us/.default", id="sovereign"),
        pytest.param("https://gate.contoso.com:8443/v1.0", "https://gate.contoso.com/.default", id="port left out"),
        pytest.param("https://localhost.contoso.com/v1.0", "https://localhost.contoso.com/.default", id="not loopback"),
        pytest.param("https://[2001:db8::1]/v1.0", "https://[2001:db8::1]/.default", id="v6"),
    ],
)
def test_scope_for(base_url, scope):
    assert scope_for(base_url) == scope


@pytest.mark.parametrize(
    ("claims", "account"),
    [
        pytest.param({"upn": "a@contoso.com", "preferred_username": "b", "scp": ""}, "a@contoso.com", id="upn"),
        pytest.param({"preferred_username": "b@contoso.com", "scp": ""}, "b@contoso.com", id="preferred name"),
        pytest.param({"unique_name": "c@contoso.com", "appid": "x"}, "c@contoso.com", id="unique name"),
        pytest.param({"idtyp": "app", "appid": "x", "upn": "no"}, "app x", id="app"),
        pytest.param({"roles": [], "azp": "x", "app_displayname": "Drill"}, "app x (Drill)", id="app with a name"),
        pytest.param({"scp": "User.Read", "appid": "x"}, "app x", id="a user without a name"),
        pytest.param({}, None, id="nothing"),
        pytest.param(None, None, id="opaque"),
    ],
)
def test_account_of(claims, account):
    assert account_of(claims) == account


@pytest.mark.parametrize(
    ("claims", "tenant"), [({"tid": "t"}, "t"), ({"tid": 1}, None), ({}, None), (None, None)], ids=str
)
def test_tenant_of(claims, tenant):
    assert tenant_of(claims) == tenant


@pytest.mark.parametrize(
    ("path", "permission", "role"),
    [
        pytest.param(
            "/solutions/backupRestore/protectionUnits/graph.driveProtectionUnit", CONFIGURATION, False, id="units"
        ),
        pytest.param("/v1.0/solutions/backupRestore/driveProtectionUnits", CONFIGURATION, False, id="drive units"),
        pytest.param("/solutions/backupRestore/protectionPolicies", CONFIGURATION, False, id="policies"),
        pytest.param("GET /v1.0/solutions/backupRestore/restorePoints", SEARCH, False, id="points"),
        pytest.param("GET /beta/solutions/backupRestore/restorePoints", READ, False, id="points in beta"),
        pytest.param("POST /beta/solutions/backupRestore/restorePoints/search", SEARCH, False, id="search in beta"),
        pytest.param("POST /v1.0/solutions/backupRestore/oneDriveForBusinessBrowseSessions", WRITE, True, id="create"),
        pytest.param("GET /v1.0/solutions/backupRestore/browseSessions/abc", WRITE, True, id="even reading a session"),
        pytest.param("POST /v1.0/solutions/backupRestore/browseSessions/abc/browse", WRITE, True, id="browse"),
        pytest.param("GET /v1.0/solutions/backupRestore/restoreSessions/abc", READ, False, id="read a restore"),
        pytest.param("/solutions/backupRestore/restoreSessions", READ, False, id="no method"),
        pytest.param("POST /v1.0/solutions/backupRestore/restoreSessions/abc/activate", WRITE, False, id="activate"),
        pytest.param(
            "POST /v1.0/solutions/backupRestore/oneDriveForBusinessRestoreSessions", WRITE, False, id="restore"
        ),
        pytest.param(
            "GET /v1.0/solutions/backupRestore/oneDriveForBusinessRestoreSessions/a/granularDriveRestoreArtifacts",
            WRITE,
            True,
            id="artifacts",
        ),
        pytest.param("GET /v1.0/solutions/backupRestore", "BackupRestore-Control.Read.All", False, id="service status"),
    ],
)
def test_refusal_names_the_permission_that_the_path_needs(path, permission, role):
    lacks = refusal(403, "accessDenied", "Access denied", claims=user(), path=path)
    assert f"lacks {permission}" in lacks
    assert "admin consent" in lacks
    assert "delegated" in lacks
    unknown = refusal(403, "accessDenied", "Access denied", claims=None, path=path)
    assert permission in unknown
    assert (ROLE in unknown) is role


@pytest.mark.parametrize(
    ("status", "claims", "path", "words"),
    [
        pytest.param(403, user(WRITE, wids=[SHAREPOINT_ADMIN]), BROWSE, f"lacks the role {ROLE}", id="role missing"),
        pytest.param(403, user(WRITE), BROWSE, f"probably the signed-in user lacks the role {ROLE}", id="role unknown"),
        pytest.param(403, user(WRITE, wids=[ROLE_ID]), BROWSE, "ask the administrator", id="nothing missing"),
        pytest.param(403, app(WRITE), BROWSE, "ask the administrator", id="an app needs no role"),
        pytest.param(403, app(), BROWSE, "application permission", id="an app without the permission"),
        pytest.param(403, user(), "/me", "not known here", id="another path"),
        pytest.param(401, user(), BROWSE, "Sign in again", id="not accepted"),
        pytest.param(401, None, BROWSE, "Sign in again", id="not accepted, opaque"),
        pytest.param(401, user(aud="https://management.azure.com"), BROWSE, "management.azure.com", id="audience"),
    ],
)
def test_refusal_says_what_is_probably_wrong(status, claims, path, words):
    assert words in refusal(status, None, None, claims=claims, path=path)


def test_refusal_quotes_graph_within_limits():
    said = refusal(403, "accessDenied", "x" * 1000, claims=None, path="/me")
    assert "accessDenied" in said
    assert len(said) < 600
    assert "Graph said" not in refusal(403, None, None, claims=None, path="/me")
