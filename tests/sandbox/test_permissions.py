"""Tokens, permissions and roles."""

import base64
import json

import pytest

from odb_nb.errors import InputError
from odb_nb.sandbox import Sandbox
from odb_nb.sandbox.tokens import ALL_PERMISSIONS, BACKUP_ADMINISTRATOR

from .conftest import POINTS, ROOT, SESSIONS, UNITS, error_of, points_query
from .restoring import BASE, RESTORES

CONFIGURATION, CONTROL, READ, READ_WRITE, SEARCH = ALL_PERMISSIONS
UNIT = "00000000-0000-4000-8000-000000000000"
PERIOD = {"startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2026-11-20T00:00:00Z"}
BETA = POINTS.replace("v1.0", "beta")

NEEDS = [
    pytest.param("GET", ROOT, {}, CONTROL, id="status"),
    pytest.param("GET", f"{ROOT}/protectionPolicies", {}, CONFIGURATION, id="policies"),
    pytest.param("GET", UNITS, {}, CONFIGURATION, id="drives"),
    pytest.param("GET", f"{ROOT}/protectionUnits/{UNIT}", {}, CONFIGURATION, id="drive"),
    pytest.param("GET", POINTS, {"params": points_query(UNIT)}, SEARCH, id="points"),
    pytest.param("GET", BETA, {"params": points_query(UNIT)}, READ, id="points in beta"),
    pytest.param(
        "POST",
        f"{POINTS}/search",
        {"json": {"protectionUnitIds": [UNIT], "protectionTimePeriod": PERIOD}},
        SEARCH,
        id="search",
    ),
    pytest.param("GET", f"{POINTS}/x", {}, SEARCH, id="point"),
    pytest.param("POST", SESSIONS, {"json": {}}, READ_WRITE, id="create"),
    pytest.param("GET", SESSIONS, {}, READ_WRITE, id="sessions"),
    pytest.param("GET", f"{ROOT}/browseSessions", {}, READ_WRITE, id="all sessions"),
    pytest.param("GET", f"{SESSIONS}/x", {}, READ_WRITE, id="session"),
    pytest.param("POST", f"{SESSIONS}/x/browse", {}, READ_WRITE, id="browse"),
    pytest.param("GET", f"{ROOT}/browseSessions/x/browse", {}, READ_WRITE, id="browse on"),
    pytest.param("POST", RESTORES, {}, READ_WRITE, id="create restore"),
    pytest.param("GET", RESTORES, {}, READ, id="restores"),
    pytest.param("GET", f"{BASE}/x", {}, READ, id="restore"),
    pytest.param("GET", f"{RESTORES}/x/granularDriveRestoreArtifacts", {}, READ_WRITE, id="artifacts"),
    pytest.param("PATCH", f"{RESTORES}/x", {"json": {}}, READ_WRITE, id="update restore"),
    pytest.param("POST", f"{BASE}/x/activate", {}, READ_WRITE, id="activate restore"),
    pytest.param("DELETE", f"{BASE}/x", {}, READ_WRITE, id="delete restore"),
]


def jwt(**claims):
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256"}, claims)]
    return ".".join([base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts] + ["c2lnbmVk"])


@pytest.mark.parametrize("app_only", [False, True])
@pytest.mark.parametrize(("method", "path", "request_parts", "needed"), NEEDS)
def test_operation_needs_its_permission_and_no_other(sandbox, connect, method, path, request_parts, needed, app_only):
    enough = connect(sandbox, sandbox.token(permissions=[needed], app_only=app_only))
    assert enough.request(method, path, **request_parts).status_code not in (401, 403)
    others = set(ALL_PERMISSIONS) - {needed} - ({READ_WRITE} if needed == READ else set())
    lacking = connect(sandbox, sandbox.token(permissions=others, app_only=app_only))
    status, code, message = error_of(lacking.request(method, path, **request_parts))
    assert (status, code) == (403, "accessDenied")
    assert f"{'application' if app_only else 'delegated'} permission {needed}" in message


def test_read_write_includes_read(sandbox, connect):
    http = connect(sandbox, sandbox.token(permissions=[READ_WRITE]))
    assert http.get(BETA, params=points_query(UNIT)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", SESSIONS),
        ("GET", SESSIONS),
        ("GET", f"{SESSIONS}/x"),
        ("POST", f"{SESSIONS}/x/browse"),
        ("GET", f"{RESTORES}/x/granularDriveRestoreArtifacts"),
    ],
)
def test_user_needs_the_role_and_app_does_not(sandbox, connect, method, path):
    answer = connect(sandbox, sandbox.token(roles=False)).request(method, path, json={})
    assert error_of(answer)[:2] == (403, "accessDenied")
    assert "SharePoint Backup Administrator" in error_of(answer)[2]
    assert BACKUP_ADMINISTRATOR in error_of(answer)[2]
    app = connect(sandbox, sandbox.token(app_only=True, roles=False))
    assert app.request(method, path, json={}).status_code != 403


@pytest.mark.parametrize("path", [UNITS, BASE])
def test_role_is_for_browse_sessions_and_artifacts_only(sandbox, connect, path):
    assert connect(sandbox, sandbox.token(roles=False)).get(path).status_code == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "bearer", "Basic eDp5", "any text"])
def test_no_bearer_token_is_401(sandbox, connect, header):
    http = connect(sandbox, token=None)
    answer = http.get(ROOT, headers={} if header is None else {"Authorization": header})
    assert error_of(answer)[:2] == (401, "unauthenticated")


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c", "a.W10.c", "bearer"])
def test_any_text_will_do(sandbox, connect, token):
    assert connect(sandbox, token).get(SESSIONS).status_code == 200


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
        "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
        "https://login.microsoftonline.us/common/",
        "https://login.partner.microsoftonline.cn/x/",
        "https://sts.chinacloudapi.cn/x/",
        "https://LOGIN.MICROSOFTONLINE.COM/x",
        "https://contoso.ciamlogin.com/x",
    ],
)
def test_real_token_is_refused(sandbox, connect, issuer):
    token = jwt(iss=issuer, scp=" ".join(ALL_PERMISSIONS), wids=[BACKUP_ADMINISTRATOR])
    answer = connect(sandbox, token).get(ROOT)
    assert error_of(answer)[:2] == (401, "unauthenticated")
    assert "Never send one to a sandbox" in error_of(answer)[2]
    assert token not in answer.text


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        pytest.param({"scp": CONTROL}, 200, id="delegated"),
        pytest.param({"roles": [CONTROL]}, 200, id="app"),
        pytest.param({"roles": [CONTROL], "scp": ""}, 403, id="delegated without scopes"),
        pytest.param({"roles": CONTROL}, 403, id="roles as text"),
        pytest.param({}, 403, id="no claims"),
        pytest.param({"iss": "https://[", "scp": CONTROL}, 200, id="odd issuer"),
        pytest.param({"iss": "https://notmicrosoftonline.com.example/", "scp": CONTROL}, 200, id="other issuer"),
    ],
)
def test_claims_of_any_jwt_count(sandbox, connect, claims, status):
    assert connect(sandbox, jwt(**claims)).get(ROOT).status_code == status


def claims_of(token):
    head, body, signature = token.split(".")
    assert signature == ""
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "none", "typ": "JWT"}
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_token_names_the_imaginary_admin():
    sandbox = Sandbox()
    claims = claims_of(sandbox.token())
    assert claims["iss"] == "https://sandbox.odb-nb.invalid/"
    assert (claims["tid"], claims["name"], claims["upn"]) == (sandbox.tenant_id, "Megan Bowen", "meganb@contoso.com")
    assert claims["scp"].split() == list(ALL_PERMISSIONS)
    assert claims["wids"] == [BACKUP_ADMINISTRATOR]
    assert sandbox.token() == Sandbox().token()


def test_app_token_names_nobody():
    claims = claims_of(Sandbox().token(app_only=True, permissions=[SEARCH]))
    assert claims["roles"] == [SEARCH]
    assert not {"scp", "wids", "name", "upn"} & set(claims)


@pytest.mark.parametrize("permissions", [["Files.Read.All"], SEARCH])
def test_token_refuses_unknown_permissions(permissions):
    with pytest.raises(InputError, match="permissions"):
        Sandbox().token(permissions=permissions)
