"""Status across restore points, in every way of matching; history; permissions."""

from __future__ import annotations

import json
import math

import httpx
import pandas as pd
import pytest

import odb_nb as odb
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.tables import STATUS

ECHOED = pytest.param({"echo_restore_point_id": True}, "service", "service", id="echoed")
USER_IDS = pytest.param({"directory_object": "user"}, "journal", "drive_and_time", id="user ids")
SITE_IDS = pytest.param({"directory_object": "site"}, "journal", None, id="site ids and nothing echoed")
EVERY_SETTING = pytest.mark.parametrize(("switches", "own", "colleagues"), [ECHOED, USER_IDS, SITE_IDS])


def five_points(client, sandbox):
    plain = [drive.id for drive in sandbox.drives if drive.special is None][:5]
    client.list_drives()
    return client.list_restore_points(plain, start="2026-11-20", limit=1)


def words(column):
    return [None if word is pd.NA else word for word in column]


@pytest.mark.parametrize("page_size", [1, 2, 5, 100])
@EVERY_SETTING
def test_status_ties_sessions_to_points(switches, own, colleagues, page_size):
    """Own, a colleague's, and of SharePoint, some of which look like sessions on these very points."""
    with (
        Sandbox(page_size=page_size, other_sessions=7, **switches) as sandbox,
        odb.connect(sandbox=sandbox) as client,
    ):
        points = five_points(client, sandbox)
        client.create_sessions(points.iloc[1:3], wait=True)
        sandbox.open_session(points["id"][3])
        before = len(sandbox.requests)

        status = client.tabulate_status(points)

        asked = [request.operation for request in sandbox.requests[before:]]
        assert asked == ["list_sessions"] * math.ceil((7 + 3) / page_size), "one list serves all: its pages, no more"
        assert status["restore_point_id"].tolist() == points["id"].tolist()
        assert words(status["matched_by"]) == [None, own, own, colleagues, None]
        opened = [one.id for id_ in points["id"][1:4] for one in sandbox.sessions_on(id_)]
        assert words(status["session_id"]) == [None, *opened[:2], opened[2] if colleagues else None, None]
        assert (status["status"].notna() == status["matched_by"].notna()).all()


@EVERY_SETTING
def test_status_without_a_journal_of_ones_own_is_that_of_a_colleague(switches, own, colleagues, tmp_path):
    with (
        Sandbox(**switches) as sandbox,
        odb.connect(sandbox=sandbox) as client,
        odb.connect(sandbox=sandbox, journal=tmp_path / "journal.sqlite") as colleague,
    ):
        points = five_points(client, sandbox)
        made = client.create_sessions(points, wait=True)
        status = colleague.tabulate_status(points)
        assert words(status["matched_by"]) == [colleagues] * 5
        assert words(status["session_id"]) == (made["id"].tolist() if colleagues else [None] * 5)
        with odb.connect(sandbox=sandbox, journal=tmp_path / "another.sqlite") as later:
            typed = later.tabulate_status(points["id"].tolist())  # ids alone tell neither drive nor time
        assert words(typed["matched_by"]) == ["service" if colleagues == "service" else None] * 5


HANDED_IN = {
    "frame": lambda points, made, status: points,
    "ids": lambda points, made, status: points["id"].tolist(),
    "series": lambda points, made, status: points["id"],
    "one id": lambda points, made, status: points["id"][3],
    "row": lambda points, made, status: points.iloc[3],
    "subset": lambda points, made, status: points.iloc[2:4],
    "shuffled": lambda points, made, status: points.iloc[[3, 0, 4, 1, 2]],
    "twice": lambda points, made, status: pd.concat([points, points.iloc[::-1]]),
    "sessions": lambda points, made, status: made,
    "status": lambda points, made, status: status,
    "part of status": lambda points, made, status: status[status["session_id"].notna()],
}


@pytest.mark.parametrize("handed_in", HANDED_IN.values(), ids=HANDED_IN)
@EVERY_SETTING
def test_status_is_the_same_however_the_points_are_handed_in(switches, own, colleagues, handed_in):
    with Sandbox(step_s=0, **switches) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = five_points(client, sandbox)
        made = client.create_sessions(points.head(3), wait=True)
        sandbox.open_session(points["id"][3])
        whole = client.tabulate_status(points)
        given = handed_in(points, made, whole)

        found = client.tabulate_status(given)

        ids = found["restore_point_id"].tolist()
        if isinstance(given, pd.DataFrame):
            assert ids == given[given.columns.intersection(["restore_point_id", "id"])[0]].tolist()
        expected = whole.set_index("restore_point_id").loc[ids].reset_index()
        pd.testing.assert_frame_equal(found, expected)
        assert set(ids) <= set(points["id"])


@pytest.mark.parametrize(
    ("lifetime_s", "later_s"),
    [pytest.param(72 * 3600, 80 * 3600, id="days later"), pytest.param(60, 90, id="while the journal looks closer")],
)
@EVERY_SETTING
def test_a_session_that_is_gone_is_none_and_is_opened_anew(switches, own, colleagues, lifetime_s, later_s):
    """The journal still knows it; the service does not show it any more."""
    with Sandbox(lifetime_s=lifetime_s, **switches) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = five_points(client, sandbox).head(2)
        first = client.create_sessions(points)
        assert words(client.tabulate_status(points)["matched_by"]) == [own, own]
        sandbox.clock.advance(later_s)

        gone = client.tabulate_status(points)
        session_columns = [name for name in gone if name not in points and name != "restore_point_id"]
        assert gone[session_columns].isna().all(axis=None)
        assert gone["restore_point_id"].tolist() == points["id"].tolist()

        second = client.create_sessions(points)
        assert second["outcome"].tolist() == ["created", "created"]
        assert set(second["id"]).isdisjoint(first["id"])
        assert client.tabulate_status(points)["session_id"].tolist() == second["id"].tolist()
        assert client.create_sessions(points)["outcome"].tolist() == ["reused", "reused"]


def listed(sandbox):
    """What the list shows now, for a test to change and to serve again."""
    url = f"{sandbox.url}/v1.0/solutions/backupRestore/oneDriveForBusinessBrowseSessions"
    return httpx.get(url, headers={"Authorization": f"Bearer {sandbox.token()}"}).json()["value"]


def serve(sandbox, sessions):
    body = json.dumps({"value": sessions}).encode()
    sandbox.faults.add(Fault("list_sessions", "body", body=body, times=None))


FAILED = {"status": "failed", "error": {"code": "UnknownError", "message": "The session could not be prepared."}}
EXPIRED = {"expirationDateTime": "2026-11-20T09:30:00Z"}


@pytest.mark.parametrize(
    ("older", "newer", "shown"),
    [
        pytest.param({}, {}, 1, id="two live: the newer"),
        pytest.param({}, FAILED, 0, id="live, then failed"),
        pytest.param(FAILED, {}, 1, id="failed, then live"),
        pytest.param({}, EXPIRED, 0, id="live, then expired and still listed"),
        pytest.param(EXPIRED, {}, 1, id="expired and still listed, then live"),
        pytest.param(FAILED, FAILED, None, id="failed twice: the newer, of no use"),
        pytest.param(EXPIRED, FAILED, None, id="expired, then failed: the newer, of no use"),
    ],
)
@EVERY_SETTING
def test_of_several_sessions_on_a_point_status_shows_the_one_that_is_reused(
    switches, own, colleagues, older, newer, shown
):
    with Sandbox(**switches) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = five_points(client, sandbox).head(1)
        made = []
        for _ in range(2):
            made += client.create_sessions(points, if_exists="create", wait=True)["id"].tolist()
            sandbox.clock.advance(60)
        changes = dict(zip(made, (older, newer), strict=True))
        changed = [{**one, **changes[one["id"]]} for one in listed(sandbox)]
        for order in (changed, changed[::-1]):
            sandbox.faults.clear()
            serve(sandbox, order)
            assert client.tabulate_status(points)["session_id"].tolist() == [made[1 if shown is None else shown]]
            planned = client.create_sessions(points, dry_run=True)
            assert words(planned["id"]) == [None if shown is None else made[shown]]
            assert planned["outcome"].tolist() == ["planned" if shown is None else "reused"]


@EVERY_SETTING
def test_guids_tie_in_any_letters(switches, own, colleagues):
    with Sandbox(**switches) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = five_points(client, sandbox)
        client.create_sessions(points.head(1))
        sandbox.open_session(points["id"][1])
        shouted = points.assign(directory_object_id=points["directory_object_id"].str.upper())
        assert words(client.tabulate_status(shouted)["matched_by"]) == [own, colleagues, None, None, None]


def test_a_point_whose_id_is_a_guid_is_tied_in_any_letters(client, sandbox):
    point = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    serve(sandbox, [{"id": "s1", "status": "created", "restorePointId": point.upper()}])
    status = client.tabulate_status([point, point.upper()])
    assert status[["restore_point_id", "session_id", "matched_by"]].values.tolist() == [
        [point, "s1", "service"],
        [point.upper(), "s1", "service"],
    ]


def test_status_says_at_what_time_of_the_service_it_was_made(client, sandbox, points):
    for table in (points, []):
        status = client.tabulate_status(table)
        assert status.attrs["as_of"] == sandbox.clock.now().isoformat()
    sandbox.clock.advance(3600)
    later = client.tabulate_status(points, refresh=False)
    assert later.attrs["as_of"] == status.attrs["as_of"], "nothing was asked, so nothing newer is known"


def test_status_has_its_columns_and_dtypes_also_when_empty(client, points):
    full, empty = client.tabulate_status(points), client.tabulate_status([])
    assert full.columns.tolist() == empty.columns.tolist() == STATUS.names
    assert full.dtypes.to_dict() == empty.dtypes.to_dict()


def test_status_counts_down_by_the_services_clock(client, sandbox, points):
    client.create_session(points.head(1))
    first = client.tabulate_status(points.head(1))["expires_in"][0]
    sandbox.clock.advance(3600)
    second = client.tabulate_status(points.head(1))["expires_in"][0]
    assert pd.Timedelta(minutes=59) < first - second < pd.Timedelta(minutes=61)
    sandbox.clock.advance(80 * 3600)
    gone = client.tabulate_status(points.head(1))
    assert gone["session_id"].isna().all()
    assert gone["expires_in"].isna().all()


def test_status_without_refresh_asks_nothing(client, sandbox, points):
    client.create_sessions(points.head(2))
    fresh = client.tabulate_status(points)
    before = len(sandbox.requests)
    again = client.tabulate_status(points, refresh=False)
    assert len(sandbox.requests) == before
    pd.testing.assert_frame_equal(fresh, again)


def test_status_of_ids_alone_knows_what_was_listed(client, points):
    status = client.tabulate_status(points["id"].tolist())
    assert status["display_name"].tolist() == points["display_name"].tolist()
    assert status["protection_date_time"].tolist() == points["protection_date_time"].tolist()


def test_reading_goes_on_without_the_journal_and_says_so(sandbox, points, tmp_path):
    blocked = tmp_path / "journal"
    blocked.mkdir()
    with odb.connect(sandbox=sandbox, journal=blocked) as client:
        with pytest.warns(UserWarning, match="without it"):
            status = client.tabulate_status(points)
        assert len(status) == len(points)
        before = len(sandbox.requests)
        with pytest.raises(odb.JournalError, match="nothing is sent"):
            client.create_sessions(points)
        assert [record.operation for record in sandbox.requests[before:]].count("create_session") == 0


def test_history_has_a_row_per_write_and_no_secret(client, sandbox, points):
    sandbox.faults.add(Fault("create_session", "drop", restore_points=[points["id"][0]]))
    client.create_sessions(points.head(3))
    history = client.history()
    assert sorted(history["outcome"]) == ["absent", "created", "created", "created"]
    assert set(history["account"]) == {"meganb@contoso.com"}
    assert set(history["tenant_id"]) == {sandbox.tenant_id}
    assert history["client_request_id"].is_unique
    sandbox.clock.advance(60)
    assert client.history(since=sandbox.clock.now()).empty
    assert len(client.history(since="2026-11-20")) == 4


def test_permissions_say_what_is_missing(sandbox):
    with odb.connect(sandbox=sandbox) as client:
        assert set(client.check_permissions()["state"]) == {"granted"}

    class Limited:
        def get_token(self, *scopes, **kwargs):
            from azure.core.credentials import AccessToken

            return AccessToken(sandbox.token(permissions=["BackupRestore-Search.Read.All"], roles=False), 2**40)

    with odb.connect(credential=Limited(), base_url=f"{sandbox.url}/v1.0") as client:
        frame = client.check_permissions().set_index("permission")
        assert frame.loc["BackupRestore-Search.Read.All", "state"] == "granted"
        assert frame.loc["BackupRestore-Restore.ReadWrite.All", "state"] == "missing"
        assert frame.loc["SharePoint Backup Administrator", "state"] in ("missing", "unknown")
        with pytest.raises(odb.AuthError, match=r"BackupRestore-Configuration\.Read\.All"):
            client.list_drives()


def test_a_failed_session_counts_nothing_down(client, sandbox):
    broken = next(drive for drive in sandbox.drives if drive.special == "sessions-fail")
    frame = client.create_session(sandbox.points(broken.id)[0].id, wait=True)
    status = client.tabulate_status(frame)
    assert status["status"].tolist() == ["failed"]
    assert status["expires_in"].isna().all()
    assert status["session_expiration_date_time"].notna().all()
    assert frame["backup_size_in_bytes"].tolist() == status["backup_size_in_bytes"].tolist() == [pd.NA]
