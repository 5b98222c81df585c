"""What one tenant's client has listed is refused by another's, before anything is sent."""

from __future__ import annotations

import pandas as pd
import pytest

import odb_nb as odb
from odb_nb.errors import GraphError, InputError
from odb_nb.sandbox import Sandbox


@pytest.fixture(scope="module")
def two():
    """Two sandboxes of different tenants, a client of each, and what each listed and opened."""
    with (
        Sandbox(seed=1) as one,
        Sandbox(seed=2) as other,
        odb.connect(sandbox=one) as ours,
        odb.connect(sandbox=other) as theirs,
    ):
        assert one.tenant_id != other.tenant_id
        yield {"ours": listed(one, ours), "theirs": listed(other, theirs)}


def listed(sandbox, client):
    drives = client.list_drives().head(3)
    points = client.list_restore_points(drives, start="2026-11-20", limit=1)
    return {
        "sandbox": sandbox,
        "client": client,
        "drives": drives,
        "points": points,
        "sessions": client.create_sessions(points, wait=True),
        "status": client.tabulate_status(points),
    }


CALLS = [
    pytest.param("list_restore_points", "drives", "drives", id="points of drives"),
    pytest.param("list_restore_points", "points", "drives", id="points of the drives of points"),
    pytest.param("create_sessions", "points", "restore points", id="create"),
    pytest.param("create_sessions", "sessions", "restore points", id="create for sessions"),
    pytest.param("tabulate_status", "points", "restore points", id="status"),
    pytest.param("tabulate_status", "status", "restore points", id="status of status"),
    pytest.param("wait_for_sessions", "sessions", "sessions", id="wait"),
    pytest.param("wait_for_sessions", "status", "sessions", id="wait for status"),
]


@pytest.mark.parametrize("mix", [pytest.param(True, id="mixed with ours"), pytest.param(False, id="alone")])
@pytest.mark.parametrize(("method", "table", "noun"), CALLS)
def test_another_tenants_rows_are_refused_unsent(two, method, table, noun, mix):
    ours, theirs = two["ours"], two["theirs"]
    given = pd.concat([ours[table], theirs[table]]) if mix else theirs[table]
    before = [len(side["sandbox"].requests) for side in two.values()]

    with pytest.raises(InputError, match=f"3 {noun} were listed from elsewhere") as caught:
        getattr(ours["client"], method)(given)

    assert f"(tenant {theirs['sandbox'].tenant_id})" in str(caught.value)
    assert f"signed in to tenant {ours['sandbox'].tenant_id}" in str(caught.value)
    assert [len(side["sandbox"].requests) for side in two.values()] == before


@pytest.mark.parametrize(
    ("method", "table", "column"),
    [
        pytest.param("list_restore_points", "drives", "id", id="drive"),
        pytest.param("create_session", "points", "id", id="create"),
        pytest.param("tabulate_status", "points", "id", id="status"),
        pytest.param("get_session", "sessions", "id", id="session"),
        pytest.param("wait_for_sessions", "sessions", "id", id="wait"),
    ],
)
def test_an_id_alone_is_refused_too(two, method, table, column):
    with pytest.raises(InputError, match="was listed from elsewhere"):
        getattr(two["ours"]["client"], method)(two["theirs"][table][column].iloc[0])


def test_what_a_tenants_own_client_listed_is_taken_by_its_next_one(two):
    """By whatever host: the tenant counts."""
    theirs = two["theirs"]
    with odb.connect(sandbox=theirs["sandbox"]) as again:
        assert again.tabulate_status(theirs["points"])["session_id"].notna().all()
    with Sandbox(seed=2) as same, odb.connect(sandbox=same) as again:
        assert again.tabulate_status(theirs["points"])["session_id"].isna().all()


def test_ids_that_nobody_listed_are_left_to_the_service(two):
    client, unseen = two["ours"]["client"], two["ours"]["sandbox"].drives[9]
    assert len(client.list_restore_points(unseen.id, start="2026-11-20", limit=1)) == 1
    assert client.create_session(two["ours"]["sandbox"].points(unseen.id)[1].id)["outcome"].tolist() == ["created"]
    with pytest.raises(GraphError):
        client.get_session("typed-by-hand")


def test_a_sandbox_that_runs_elsewhere_has_no_tenant_that_is_known(two):
    """It takes any token, so the tenant in ours says nothing of it."""
    theirs = two["theirs"]
    url = f"{theirs['sandbox'].url}/v1.0"
    with odb.connect("sandbox", base_url=url, journal=theirs["sandbox"].folder / "by-url.sqlite") as client:
        assert len(client.tabulate_status(theirs["points"])) == 3


def test_sessions_that_name_their_points_tell_the_tenant_of_both():
    with (
        Sandbox(seed=4, echo_restore_point_id=True) as one,
        Sandbox(seed=5) as other,
        odb.connect(sandbox=one) as theirs,
        odb.connect(sandbox=other) as ours,
    ):
        one.open_session(one.points(one.drives[0].id)[0].id)  # a colleague's, on a point that nobody listed
        sessions = theirs.list_sessions()
        with pytest.raises(InputError, match="1 restore point was listed from elsewhere"):
            ours.tabulate_status(sessions)
        with pytest.raises(InputError, match="1 session was listed from elsewhere"):
            ours.wait_for_sessions(sessions)
