"""Sessions of other kinds in the list: never shown, tied, reused, or taken for what a lost create made."""

from __future__ import annotations

import json

import httpx
import pytest

import odb_nb as odb
from odb_nb.journal import Intent
from odb_nb.sandbox import Fault, Sandbox

ONEDRIVE = "#microsoft.graph.oneDriveForBusinessBrowseSession"
SHAREPOINT = "#microsoft.graph.sharePointBrowseSession"
SETTINGS = [
    pytest.param({"directory_object": "site"}, id="site ids"),
    pytest.param({"directory_object": "user"}, id="user ids"),
    pytest.param({"echo_restore_point_id": True}, id="echoed"),
]


def newest_of_two(client, sandbox):
    """The points that the sandbox's SharePoint sessions look like."""
    client.list_drives()
    return client.list_restore_points([drive.id for drive in sandbox.drives[:2]], start="2026-11-20", limit=1)


@pytest.mark.parametrize(
    ("kind", "is_shown"),
    [
        pytest.param({}, True, id="no word"),
        pytest.param({"@odata.type": None}, True, id="null"),
        pytest.param({"@odata.type": ""}, True, id="empty"),
        pytest.param({"@odata.type": ONEDRIVE}, True, id="OneDrive"),
        pytest.param({"@odata.type": ONEDRIVE.removeprefix("#")}, True, id="OneDrive, as OData 4.01 may write it"),
        pytest.param({"@odata.type": ONEDRIVE.upper()}, True, id="OneDrive in other letters"),
        pytest.param({"@odata.type": SHAREPOINT}, False, id="SharePoint"),
        pytest.param({"@odata.type": "#microsoft.graph.browseSessionBase"}, False, id="neither"),
        pytest.param({"@odata.type": "#microsoft.graph.exchangeBrowseSession"}, False, id="a kind of tomorrow"),
        pytest.param({"@odata.type": 7}, False, id="number"),
    ],
)
def test_a_session_is_of_onedrive_unless_it_says_otherwise(client, sandbox, kind, is_shown):
    body = json.dumps({"value": [{"id": "s1", "status": "created", **kind}, {"id": "s2", "status": "created"}]})
    sandbox.faults.add(Fault("list_sessions", "body", body=body.encode()))
    assert client.list_sessions()["id"].tolist() == (["s1", "s2"] if is_shown else ["s2"])


@pytest.mark.parametrize("page_size", [1, 2, 100])
@pytest.mark.parametrize("switches", SETTINGS)
def test_sessions_of_other_kinds_are_neither_shown_nor_tied_nor_reused(switches, page_size):
    with (
        Sandbox(other_sessions=6, page_size=page_size, **switches) as sandbox,
        odb.connect(sandbox=sandbox) as client,
    ):
        points = newest_of_two(client, sandbox)
        assert client.list_sessions().empty
        assert client.tabulate_status(points)["session_id"].isna().all()
        assert client.create_sessions(points, dry_run=True)["outcome"].tolist() == ["planned"] * 2
        made = client.create_sessions(points, wait=True)
        assert made[["status", "outcome"]].values.tolist() == [["created", "created"]] * 2
        assert client.tabulate_status(points)["session_id"].tolist() == made["id"].tolist()
        assert client.create_sessions(points)["id"].tolist() == made["id"].tolist()
        assert set(client.list_sessions()["id"]) == set(made["id"])


@pytest.mark.parametrize("after_effect", [pytest.param(True, id="after the effect"), pytest.param(False, id="before")])
@pytest.mark.parametrize("switches", SETTINGS)
def test_a_session_of_another_kind_is_no_evidence_for_a_lost_create(switches, after_effect):
    """They come into the list between the look before the create and the look after it."""
    with Sandbox(other_sessions=6, list_lag_s=3, **switches) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = newest_of_two(client, sandbox)
        sandbox.faults.add(Fault("create_session", "drop", after_effect=after_effect, times=2))
        made = client.create_sessions(points)
        assert made["outcome"].tolist() == ["created", "created"]
        assert made["id"].tolist() == [session.id for id_ in points["id"] for session in sandbox.sessions_on(id_)]
        assert sandbox.complaints == []


@pytest.mark.parametrize("switches", SETTINGS)
def test_a_session_of_another_kind_is_no_evidence_for_a_dead_kernels_create(switches):
    with Sandbox(other_sessions=6, **switches) as sandbox, odb.connect(sandbox=sandbox) as client:
        points = newest_of_two(client, sandbox)
        with odb.connect(sandbox=sandbox) as dead:
            left = [
                Intent(f"left-{row.id}", sandbox.clock.now().isoformat(), row.id, row.protection_date_time.isoformat(),
                       row.directory_object_id, "c")
                for row in points.itertuples()
            ]  # fmt: skip
            dead._opened_journal().insist(left, operation="create_session")  # noqa: SLF001
        made = client.create_sessions(points)
        assert made["outcome"].tolist() == ["created", "created"]
        assert client.history()["outcome"].tolist() == ["absent", "absent", "created", "created"]


def test_a_session_of_another_kind_cannot_be_waited_for():
    with Sandbox(other_sessions=1) as sandbox, odb.connect(sandbox=sandbox) as client:
        url, token = f"{sandbox.url}/v1.0/solutions/backupRestore/browseSessions", sandbox.token()
        listed = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()["value"]
        waited = client.wait_for_sessions(listed[0]["id"], timeout=60)
        assert waited[["outcome", "error_code"]].values.tolist() == [["failed", "itemNotFound"]]
        assert waited["status"].isna().all()
