"""Drives: who they are, pages, filters, and what an app sees of them."""

import re

import pytest

from odb_nb.sandbox import Sandbox

from .conftest import ROOT, UNITS, error_of, follow


@pytest.mark.parametrize("collection", [UNITS, UNITS.replace("microsoft.", ""), f"{ROOT}/driveProtectionUnits"])
@pytest.mark.parametrize(("drives", "page_size", "links"), [(40, 100, 0), (40, 40, 0), (41, 40, 1), (7, 1, 6)])
def test_pages_give_each_drive_once(start, connect, collection, drives, page_size, links):
    sandbox = start(drives=drives, page_size=page_size)
    units, followed = follow(connect(sandbox), collection)
    assert [unit["id"] for unit in units] == [drive.id for drive in sandbox.drives]
    assert len(followed) == links
    assert all(link.startswith(f"{sandbox.url}{collection}?") for link in followed)
    assert sandbox.complaints == []


def test_many_drives_are_listed(start, connect):
    sandbox = start(drives=2000)
    units, _ = follow(connect(sandbox), UNITS)
    assert len({unit["id"] for unit in units}) == len({unit["email"] for unit in units} - {None}) + 1 == 2000


def test_page_token_is_good_for_its_list_only(start, connect):
    sandbox = start(page_size=10)
    http = connect(sandbox)
    link = http.get(UNITS).json()["@odata.nextLink"]
    token = re.search(r"skiptoken=([\w-]{32})$", link).group(1)
    for path, wrong in [(UNITS, "x"), (UNITS, token[::-1]), (f"{ROOT}/driveProtectionUnits", token)]:
        assert error_of(http.get(path, params={"$skiptoken": wrong}))[:2] == (400, "invalidRequest")
    assert len(sandbox.complaints) == 3
    assert all("never handed out" in complaint for complaint in sandbox.complaints)


def test_links_keep_the_host_asked_for(start, connect):
    sandbox = start(page_size=10)
    link = connect(sandbox).get(UNITS, headers={"Host": "localhost:99"}).json()["@odata.nextLink"]
    assert link.startswith("http://localhost:99/v1.0/")


def test_next_link_keeps_the_filter(start, connect):
    sandbox = start(page_size=5)
    policy = sandbox.drives[4].policy_id
    http = connect(sandbox)
    answer = http.get(UNITS, params={"$filter": f"policyId eq '{policy}'", "$top": "3"})
    assert len(answer.json()["value"]) == 5
    rest, _ = follow(http, answer.json()["@odata.nextLink"])
    assert [unit["id"] for unit in answer.json()["value"] + rest] == [
        d.id for d in sandbox.drives if d.policy_id == policy
    ]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        pytest.param("email eq 'adelev@contoso.com'", ["Adele Vance"], id="one"),
        pytest.param("displayName eq 'Pat \"Buzz\" O''Brien'", ['Pat "Buzz" O\'Brien'], id="doubled quote"),
        pytest.param(
            "status eq 'unprotected' or status eq 'offboardRequested'", ["Johanna Lorenz", "Henrietta Mueller"], id="or"
        ),
        pytest.param("displayName eq 'Alex Wilber' and email eq 'alexw2@contoso.com'", ["Alex Wilber"], id="and"),
        pytest.param(
            "(email eq 'x' or email eq 'leeg@contoso.com') and status eq 'protected'", ["Lee Gu"], id="brackets"
        ),
        pytest.param("email eq 'leeg@contoso.com' or email eq 'x' and email eq 'y'", ["Lee Gu"], id="and binds first"),
        pytest.param("email eq 'nobody'", [], id="none"),
    ],
)
def test_filter_picks(http, condition, names):
    units = http.get(UNITS, params={"$filter": condition}).json()["value"]
    assert [unit["displayName"] for unit in units] == names


@pytest.mark.parametrize(
    ("condition", "offender"),
    [
        pytest.param("policyid eq 'x'", "policyid", id="case"),
        pytest.param("createdDateTime eq 'x'", "createdDateTime", id="property"),
        pytest.param("status ne 'x'", "status", id="operator"),
        pytest.param("status eq protected", "status", id="unquoted"),
        pytest.param("status eq 'x", "'x", id="open quote"),
        pytest.param("(status eq 'x'", "(status", id="open bracket"),
        pytest.param("status eq 'x' status eq 'y'", "status", id="no joint"),
        pytest.param("", "near", id="empty"),
        pytest.param("contains(email,'x')", "contains", id="function"),
    ],
)
def test_filter_is_refused(http, condition, offender):
    status, code, message = error_of(http.get(UNITS, params={"$filter": condition}))
    assert (status, code) == (400, "invalidRequest")
    assert offender in message


def test_policies_share_out_the_drives(sandbox, http):
    seen = []
    for policy in http.get(f"{ROOT}/oneDriveForBusinessProtectionPolicies").json()["value"]:
        units, _ = follow(http, f"{ROOT}/oneDriveForBusinessProtectionPolicies/{policy['id']}/driveProtectionUnits")
        assert len(units) == policy["protectionPolicyArtifactCount"]["total"] > 0
        seen += [unit["id"] for unit in units]
    assert set(seen) == {drive.id for drive in sandbox.drives if drive.policy_id}
    assert len(seen) == len(sandbox.drives) - 1


def test_cast_of_awkward_drives_is_complete(sandbox, http):
    units = {unit["id"]: unit for unit in http.get(UNITS).json()["value"]}
    special = {drive.special: units[drive.id] for drive in sandbox.drives if drive.special}
    assert special["deleted-user"]["displayName"] is special["deleted-user"]["email"] is None
    assert special["markup-name"]["displayName"] == "<img src=x onerror=alert(1)>"
    assert special["formula-name"]["displayName"].startswith("=")
    assert "policyId" not in special["unprotected"]
    assert {"sessions-fail", "no-fast-points", "namesake", "emoji-name"} <= set(special)


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        (None, "unknownFutureValue"),
        ("return=minimal", "unknownFutureValue"),
        ("include-unknown-enum-members", "offboardRequested"),
        ("return=minimal, include-unknown-enum-members", "offboardRequested"),
    ],
)
def test_late_enum_members_are_shown_on_request(sandbox, http, prefer, status):
    drive = next(drive for drive in sandbox.drives if drive.special == "offboarding")
    answer = http.get(f"{ROOT}/protectionUnits/{drive.id}", headers={"Prefer": prefer} if prefer else {})
    assert answer.json()["status"] == status
    assert ("preference-applied" in answer.headers) == (status == "offboardRequested")


def test_app_sees_no_names(sandbox, connect):
    for unit in connect(sandbox, sandbox.token(app_only=True)).get(UNITS).json()["value"]:
        assert not {"displayName", "email"} & set(unit)
    assert "displayName" in connect(sandbox, sandbox.token()).get(UNITS).json()["value"][0]


def test_seed_changes_ids_but_not_people():
    one, two = Sandbox(seed=1).drives, Sandbox(seed=2).drives
    assert [drive.display_name for drive in one] == [drive.display_name for drive in two]
    assert not {drive.id for drive in one} & {drive.id for drive in two}


@pytest.mark.parametrize("seed", range(5))
def test_first_600_drives_have_their_own_second(seed):
    assert len({drive.offset_s for drive in Sandbox(seed=seed, drives=600).drives}) == 600
