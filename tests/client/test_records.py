"""Status across restore points, in every way of matching; history; permissions."""

from __future__ import annotations

import pandas as pd
import pytest

import odb_nb as odb
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.tables import STATUS


def tied_by(sandbox, **of_client):
    with odb.connect(sandbox=sandbox, **of_client) as client:
        plain = [drive.id for drive in sandbox.drives if drive.special is None][:5]
        client.list_drives()
        points = client.list_restore_points(plain, start="2026-11-20", limit=1)
        client.create_sessions(points.head(2), wait=True)
        sandbox.open_session(points["id"][2])  # a colleague's
        before = sandbox.count("list_sessions")
        status = client.tabulate_status(points)
        assert sandbox.count("list_sessions") - before == 1
        assert status["restore_point_id"].tolist() == points["id"].tolist()
        return status


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        pytest.param({"echo_restore_point_id": True}, ["service"] * 3, id="the service says so"),
        pytest.param({}, ["journal"] * 2 + [None], id="only the journal knows; a colleague's is not guessed"),
        pytest.param(
            {"directory_object": "user"}, ["journal"] * 2 + ["drive_and_time"], id="directory object and time"
        ),
    ],
)
def test_status_ties_sessions_to_points(switches, expected):
    with Sandbox(**switches) as sandbox:
        status = tied_by(sandbox)
    told = [None if word is pd.NA else word for word in status["matched_by"]]
    assert told == [*expected, None, None]
    assert (status["session_id"].notna() == status["matched_by"].notna()).all()


def test_status_has_its_columns_and_dtypes_also_when_empty(client, points):
    full, empty = client.tabulate_status(points), client.tabulate_status([])
    assert full.columns.tolist() == empty.columns.tolist() == STATUS.names
    assert full.dtypes.to_dict() == empty.dtypes.to_dict()


def test_status_shows_the_newest_usable_session(client, sandbox, points):
    first = client.create_session(points.head(1), wait=True)
    sandbox.clock.advance(60)
    second = client.create_session(points.head(1), if_exists="create", wait=True)
    assert client.tabulate_status(points.head(1))["session_id"].tolist() == second["id"].tolist()
    assert first["id"][0] != second["id"][0]


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
