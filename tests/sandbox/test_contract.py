"""Every answer, against the schema and through the installed SDK's own models."""

import asyncio
import importlib
import json
import re

import httpx
import pytest
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.browsable_resource_type import BrowsableResourceType
from msgraph.generated.models.browse_query_order import BrowseQueryOrder
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.one_drive_for_business_browse_session import OneDriveForBusinessBrowseSession
from msgraph.generated.models.restore_point_tags import RestorePointTags
from msgraph.generated.models.time_period import TimePeriod
from msgraph.generated.solutions.backup_restore.browse_sessions.item.browse.browse_post_request_body import (
    BrowsePostRequestBody,
)
from msgraph.generated.solutions.backup_restore.restore_points.search.search_post_request_body import (
    SearchPostRequestBody,
)

from odb_nb.sandbox.clock import parse_time

from .conftest import points_query
from .contract import ENUMS, TYPES, check, properties_of
from .restoring import opened, owned_by

# kiota and the builders generated for it warn about themselves when they are imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:(msgraph|kiota_abstractions)[.].*")


def sdk_class(name):
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return getattr(importlib.import_module(f"msgraph.generated.models.{module}"), name[0].upper() + name[1:])


@pytest.mark.parametrize("name", ENUMS)
def test_enum_is_the_installed_sdks(name):
    assert {member.value for member in sdk_class(name)} == set(ENUMS[name].split())


@pytest.mark.parametrize("name", TYPES)
def test_properties_are_the_installed_sdks(name):
    assert set(properties_of(name)) <= set(sdk_class(name)().get_field_deserializers())


def search_body(*unit_ids):
    period = {"startDateTime": "2026-11-01T00:00:00Z", "endDateTime": "2026-11-20T00:00:00Z"}
    return {"protectionUnitIds": list(unit_ids), "protectionTimePeriod": period}


@pytest.fixture
def busy(sandbox):
    """A sandbox with one session of each status."""
    failing = next(drive for drive in sandbox.drives if drive.special == "sessions-fail")
    for drive in (failing, sandbox.drives[0]):
        sandbox.open_session(sandbox.points(drive.id)[0].id)
    sandbox.clock.advance(60)
    sandbox.open_session(sandbox.points(sandbox.drives[1].id)[0].id)
    return sandbox


COLLECTIONS = {
    "protectionUnits/microsoft.graph.driveProtectionUnit": "driveProtectionUnit",
    "protectionUnits/graph.driveProtectionUnit": "driveProtectionUnit",
    "driveProtectionUnits": "driveProtectionUnit",
    "oneDriveForBusinessProtectionPolicies": "oneDriveForBusinessProtectionPolicy",
    "oneDriveForBusinessBrowseSessions": "oneDriveForBusinessBrowseSession",
    "browseSessions": "oneDriveForBusinessBrowseSession",
}


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize("path", COLLECTIONS)
def test_collections_keep_to_the_schema(busy, connect, version, path):
    http = connect(busy)
    http.headers["Prefer"] = "include-unknown-enum-members"
    root = f"/{version}/solutions/backupRestore"
    answer = http.get(f"{root}/{path}").json()
    assert answer["@odata.context"].startswith(f"https://graph.microsoft.com/{version}/$metadata#")
    assert answer["value"]
    check(answer["value"], f"[{COLLECTIONS[path]}]")
    if "graph." not in path:
        one = http.get(f"{root}/{path}/{answer['value'][0]['id']}").json()
        check(one, COLLECTIONS[path])
        assert answer["value"][0].items() <= {**one, **answer["value"][0]}.items()


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_other_answers_keep_to_the_schema(busy, connect, version):
    http = connect(busy)
    root = f"/{version}/solutions/backupRestore"
    drive = busy.drives[2]
    point = busy.points(drive.id)[0]
    check(http.get(root).json(), "backupRestoreRoot")
    for policy in http.get(f"{root}/protectionPolicies").json()["value"]:
        check(policy, policy["@odata.type"].removeprefix("#microsoft.graph."))
        check(http.get(f"{root}/protectionPolicies/{policy['id']}").json(), policy["@odata.type"].split(".")[-1])
    points = http.get(f"{root}/restorePoints", params=points_query(drive.id)).json()["value"]
    check(points, "[restorePoint]")
    check(http.get(f"{root}/restorePoints/{point.id}").json(), "restorePoint")
    check(http.post(f"{root}/restorePoints/search", json=search_body(drive.id)).json(), "restorePointSearchResponse")
    made = http.post(f"{root}/oneDriveForBusinessBrowseSessions", json={"restorePointId": point.id})
    assert made.status_code == 201
    check(made.json(), "oneDriveForBusinessBrowseSession")


def test_sessions_show_all_three_statuses(busy, connect):
    answer = connect(busy).get("/v1.0/solutions/backupRestore/browseSessions").json()["value"]
    assert [session["status"] for session in answer].count("creating") == 1
    assert {session["status"] for session in answer} == {"creating", "created", "failed"}
    assert [session["error"]["code"] for session in answer if "error" in session] == ["ArtifactCannotBeRestored"]


class AnyToken(AuthenticationProvider):
    async def authenticate_request(self, request, additional_authentication_context=None):
        request.headers.try_add("Authorization", "Bearer any text")


def with_sdk(sandbox, version, work):
    """Run `work(backup_restore)` with a real GraphServiceClient of the SDK."""

    async def run():
        async with httpx.AsyncClient(timeout=20) as http:
            adapter = GraphRequestAdapter(AnyToken(), client=http)
            adapter.base_url = f"{sandbox.url}/{version}"
            return await work(GraphServiceClient(request_adapter=adapter).solutions.backup_restore)

    return asyncio.run(run())


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_sdk_reads_status_policies_and_drives(busy, version):
    async def work(root):
        status = await root.get()
        policies = await root.protection_policies.get()
        onedrive = await root.one_drive_for_business_protection_policies.get()
        one = await root.protection_policies.by_protection_policy_base_id(policies.value[0].id).get()
        units = await root.protection_units.graph_drive_protection_unit.get()
        again = await root.drive_protection_units.get()
        unit = await root.protection_units.by_protection_unit_base_id(units.value[0].id).get()
        return status, policies, onedrive, one, units, again, unit

    status, policies, onedrive, one, units, again, unit = with_sdk(busy, version, work)
    assert status.service_status.status.value == "enabled"
    assert [type(policy).__name__ for policy in policies.value].count("OneDriveForBusinessProtectionPolicy") == 2
    assert len(onedrive.value) == 2
    assert one.retention_settings[1].period.days == 365
    assert len(units.value) == len(again.value) == len(busy.drives)
    assert (unit.display_name, unit.email) == ("Adele Vance", "adelev@contoso.com")
    assert unit.created_date_time == busy.drives[0].created


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_sdk_reads_restore_points(busy, version):
    drive = busy.drives[2]
    newest = busy.points(drive.id)[0]

    async def work(root):
        builder = root.restore_points
        query = type(builder).RestorePointsRequestBuilderGetQueryParameters(
            expand=[f"protectionUnit($filter=id eq '{drive.id}')"],
            filter="protectionDateTime lt 2026-11-20T03:10:00Z",
            orderby=["protectionDateTime desc"],
        )
        listed = await builder.get(RequestConfiguration(query_parameters=query))
        one = await builder.by_restore_point_id(newest.id).get()
        body = SearchPostRequestBody(protection_unit_ids=[drive.id], tags=RestorePointTags.FastRestore)
        body.protection_time_period = TimePeriod(
            start_date_time=parse_time("2026-11-01T00:00:00Z"), end_date_time=parse_time("2026-11-21T00:00:00Z")
        )
        return listed, one, await builder.search.post(body)

    listed, one, found = with_sdk(busy, version, work)
    assert [len(listed.value), listed.value[0].id] == [5, newest.id]
    assert listed.value[0].protection_unit.directory_object_id == drive.directory_object_id
    assert (one.protection_date_time, one.tags) == (newest.time, [RestorePointTags.FastRestore])
    assert [result.restore_point.id for result in found.search_results] == [newest.id]


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_sdk_creates_and_reads_sessions(busy, version):
    point = busy.points(busy.drives[2].id)[0]

    async def work(root):
        builder = root.one_drive_for_business_browse_sessions
        made = await builder.post(OneDriveForBusinessBrowseSession(restore_point_id=point.id))
        one = await builder.by_one_drive_for_business_browse_session_id(made.id).get()
        base = await root.browse_sessions.by_browse_session_base_id(made.id).get()
        return made, one, base, await builder.get(), await root.browse_sessions.get()

    made, one, base, listed, all_kinds = with_sdk(busy, version, work)
    assert made.status.value == "creating"
    assert made.restore_point_date_time == point.time
    assert made.restore_point_id is None
    assert one.id == base.id == made.id
    assert {type(item) for item in (base, *all_kinds.value)} == {OneDriveForBusinessBrowseSession}
    assert [item.id for item in listed.value] == [item.id for item in all_kinds.value]


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_sdk_tells_sharepoint_sessions_by_their_type(start, connect, version):
    sandbox = start(other_sessions=3)
    sandbox.clock.advance(60)
    sandbox.open_session(sandbox.points(sandbox.drives[0].id)[0].id)
    listed = connect(sandbox).get(f"/{version}/solutions/backupRestore/browseSessions").json()["value"]
    # the others carry a directory object too, which the schema does not have: the worst case
    [plain] = [one for one in listed if "directoryObjectId" not in one]
    check(plain, "sharePointBrowseSession")

    async def work(root):
        return await root.browse_sessions.get(), await root.browse_sessions.by_browse_session_base_id(plain["id"]).get()

    all_kinds, one = with_sdk(sandbox, version, work)
    assert [type(item).__name__ for item in all_kinds.value] == [
        "OneDriveForBusinessBrowseSession",
        *["SharePointBrowseSession"] * 3,
    ]
    assert one.site_id == plain["siteId"]


@pytest.mark.parametrize("name", ["Adele Vance", "Patti Fernandez"])
def test_items_keep_to_the_schema(sandbox, connect, name):
    http = connect(sandbox)
    session, files = opened(sandbox, owned_by(sandbox, name))
    path = f"/v1.0/solutions/backupRestore/browseSessions/{session.id}/browse"
    types = set()
    for key in (None, *dict.fromkeys([",".join(files[0].key.split(",")[:2]), *(item.parent_key for item in files)])):
        items = http.post(path, json={} if key is None else {"browseLocationItemKey": key}).json()["value"]
        check(items, "[browseQueryResponseItem]")
        types |= {item["type"] for item in items}
    assert types == {"site", "documentLibrary", "folder", "file"}


def test_beta_items_are_those_of_v1_and_four_members_more(sandbox, connect):
    session, _ = opened(sandbox, sandbox.drives[0])
    item = connect(sandbox).post(f"/beta/solutions/backupRestore/browseSessions/{session.id}/browse").json()["value"][0]
    for name in ("createdBy", "lastModifiedBy"):
        check(item.pop(name), "identitySet")
    for name in ("createdDateTime", "lastModifiedDateTime"):
        check(item.pop(name), "DateTimeOffset")
    check(item, "browseQueryResponseItem")


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_sdk_browses_and_follows_links(sandbox, version):
    session, files = opened(sandbox, sandbox.drives[0])
    library = ",".join(files[0].key.split(",")[:3])
    body = BrowsePostRequestBody(
        browse_location_item_key=library,
        browse_resource_type=BrowsableResourceType.DocumentLibrary,
        filter="(name -contains '')",
        order_by=BrowseQueryOrder.NameDsc,
    )

    async def work(root):
        builder = root.browse_sessions.by_browse_session_base_id(session.id)
        top = await builder.browse.post(BrowsePostRequestBody())
        pages = [await builder.browse.post(body)]
        while pages[-1].odata_next_link:
            follow = builder.browse_with_next_fetch_token("x").with_url(pages[-1].odata_next_link)
            pages.append(await follow.get())
        return top, pages

    top, pages = with_sdk(sandbox, version, work)
    [site] = top.value
    assert (site.type.value, site.items_count, site.size_in_bytes) == ("site", None, None)
    books = [item for item in sandbox.files(session.drive_id, session.restore_point_id) if item.parent_key == library]
    shown = [item for page in pages for item in page.value]
    assert len(pages) > 1
    assert [(item.item_key, item.type.value, item.size_in_bytes) for item in shown] == [
        (item.key, item.type, str(item.size_in_bytes)) for item in reversed(books)
    ]


def test_sdk_reads_errors(busy):
    async def work(root):
        with pytest.raises(ODataError) as caught:
            await root.browse_sessions.by_browse_session_base_id("missing").get()
        return caught.value

    error = with_sdk(busy, "v1.0", work)
    assert (error.response_status_code, error.error.code) == (404, "itemNotFound")
    assert error.error.inner_error.request_id == error.response_headers["request-id"]


def test_answers_are_utf8_json(busy, connect):
    answer = connect(busy).get("/v1.0/solutions/backupRestore/driveProtectionUnits")
    assert answer.headers["content-type"] == "application/json"
    assert "Priya Shah 🚀" in {unit["displayName"] for unit in json.loads(answer.content.decode())["value"]}
