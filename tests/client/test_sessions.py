"""Listing, getting and waiting for browse sessions."""

from __future__ import annotations

import os
import threading
import time
import warnings

import pandas as pd
import pytest

import odb_nb as odb
from odb_nb.errors import GraphError, InputError, ReplyShapeError
from odb_nb.sandbox import Fault, Sandbox


def test_both_versions_of_graph_create(sandbox, points):
    for version in ("v1.0", "beta"):
        with odb.connect(sandbox=sandbox, api_version=version) as client:
            frame = client.create_session(points.head(1), if_exists="create", wait=True)
            assert frame[["status", "outcome"]].values.tolist() == [["created", "created"]]
    assert {record.path.split("/")[1] for record in sandbox.requests if record.operation == "create_session"} == {
        "v1.0",
        "beta",
    }


def test_wait_gives_the_settled_sessions_in_the_same_order(client, points):
    opened = client.create_sessions(points)
    assert set(opened["status"]) == {"creating"}
    settled = client.wait_for_sessions(opened)
    assert settled["id"].tolist() == opened["id"].tolist()
    assert set(settled["status"]) == {"created"}
    assert settled["outcome"].tolist() == opened["outcome"].tolist()
    assert settled.dtypes.to_dict() == opened.dtypes.to_dict()


def test_wait_takes_ids_and_rows_without_a_session(client, points):
    opened = client.create_sessions([points["id"][0], "no-such-point"])
    waited = client.wait_for_sessions(opened)
    assert waited["status"].tolist() == ["created", pd.NA]
    pd.testing.assert_frame_equal(waited.tail(1), opened.tail(1))
    by_id = client.wait_for_sessions(opened["id"][0])
    assert by_id["restore_point_id"].tolist() == [points["id"][0]]


def test_wait_takes_a_status_frame(client, points):
    client.create_sessions(points.head(2))
    waited = client.wait_for_sessions(client.tabulate_status(points.head(3)))
    assert waited["status"].tolist() == ["created", "created", pd.NA]
    assert waited["restore_point_id"].tolist() == points["id"].head(3).tolist()


def test_wait_that_runs_out_says_timed_out(points):
    with Sandbox(creating_s=3600, step_s=0) as sandbox, odb.connect(sandbox=sandbox) as client:
        opened = client.create_sessions(points.head(2))
        waited = client.wait_for_sessions(opened, timeout=60)
        assert waited[["status", "outcome"]].values.tolist() == [["creating", "timed_out"]] * 2
        again = client.wait_for_sessions(waited, timeout=7200)
        assert again["status"].tolist() == ["created", "created"]
        created = client.create_session(points.head(1), wait=True, timeout=60, if_exists="create")
        assert created[["status", "outcome"]].values.tolist() == [["creating", "timed_out"]]


def test_wait_for_a_session_that_is_gone_says_so(client, sandbox, points):
    opened = client.create_session(points.head(1))
    sandbox.clock.advance(80 * 3600)
    waited = client.wait_for_sessions(opened)
    assert waited["outcome"].tolist() == ["failed"]
    assert waited["error_code"].tolist() == ["itemNotFound"]
    assert "gone" in waited["error_message"][0]


def test_wait_asks_by_list_not_by_session(client, sandbox, points):
    opened = client.create_sessions(points)
    before = len(sandbox.requests)
    client.wait_for_sessions(opened)
    assert len(sandbox.requests) - before <= 3
    assert sandbox.count("get_session") == 0


def test_wait_for_nothing_asks_nothing(client, sandbox, points):
    before = len(sandbox.requests)
    assert client.wait_for_sessions([]).empty
    assert len(sandbox.requests) == before


def test_sessions_know_their_points_from_the_journal(client, points):
    opened = client.create_sessions(points)
    listed = client.list_sessions().set_index("id")
    assert listed.loc[opened["id"], "restore_point_id"].tolist() == points["id"].tolist()
    one = client.get_session(opened["id"][0])
    assert one["restore_point_id"].tolist() == [points["id"][0]]
    assert one["request_id"].notna().all()


def test_a_session_that_is_not_there_is_an_error_with_its_code(client):
    with pytest.raises(GraphError) as caught:
        client.get_session("no-such-session")
    assert (caught.value.status_code, caught.value.code) == (404, "itemNotFound")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "html"}, id="HTML"),
        pytest.param({"kind": "empty"}, id="empty"),
        pytest.param({"kind": "no-value"}, id="no value"),
        pytest.param({"kind": "body", "body": b'{"value": [1]}'}, id="rows that are no objects"),
        pytest.param({"kind": "body", "body": b'{"value": {}}'}, id="value is no list"),
        pytest.param({"kind": "body", "body": b"[]"}, id="not an object"),
    ],
)
def test_a_reply_of_another_shape_says_what_was_expected(client, sandbox, fault):
    sandbox.faults.add(Fault("list_sessions", times=None, **fault))
    with pytest.raises(ReplyShapeError, match="expected") as caught:
        client.list_sessions()
    assert caught.value.request == "GET /v1.0/solutions/backupRestore/oneDriveForBusinessBrowseSessions"


@pytest.mark.parametrize("kind", ["html", "cut", "drop", "empty", "no-value", "status"])
def test_a_passing_fault_of_a_read_is_asked_again(client, sandbox, kind):
    sandbox.faults.add(Fault("list_sessions", kind, times=2))
    assert client.list_sessions().empty


def test_all_pages_are_read(points):
    with Sandbox(page_size=2) as sandbox, odb.connect(sandbox=sandbox) as client:
        opened = client.create_sessions(points)
        assert set(client.list_sessions()["id"]) == set(opened["id"])
        assert sandbox.complaints == []


@pytest.mark.parametrize(
    "link", ["https://evil.example/v1.0/next", "http://127.0.0.1:1/v1.0/next", "//evil.example/x", 7]
)
def test_a_next_link_to_another_host_is_never_followed(client, sandbox, link):
    import json

    body = json.dumps({"value": [], "@odata.nextLink": link}).encode()
    sandbox.faults.add(Fault("list_sessions", "body", body=body, times=None))
    before = len(sandbox.requests)
    with pytest.raises(ReplyShapeError, match="not followed"):
        client.list_sessions()
    assert len(sandbox.requests) == before + 1


def test_an_unknown_status_word_is_shown_as_it_is(client, sandbox, points):
    opened = client.create_session(points.head(1))
    body = ('{"value": [{"id": "' + opened["id"][0] + '", "status": "archived"}]}').encode()
    sandbox.faults.add(Fault("list_sessions", "body", body=body))
    status = client.tabulate_status(points.head(1))
    assert status["status"].tolist() == ["archived"]


def test_calls_from_several_threads_do_not_disturb_each_other(client, points):
    frames = {}

    def work(number):
        frames[number] = client.create_sessions(points.iloc[number * 3 : number * 3 + 3])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(set(frame["outcome"]) == {"created"} for frame in frames.values())
    assert client.history()["session_id"].is_unique


def test_a_closed_client_refuses_and_leaves_no_thread(sandbox):
    before = set(threading.enumerate())
    client = odb.connect(sandbox=sandbox)
    client.list_sessions()
    client.close()
    client.close()
    for _ in range(100):
        if set(threading.enumerate()) <= before:
            break
        time.sleep(0.02)
    assert set(threading.enumerate()) <= before
    with pytest.raises(InputError, match="closed"):
        client.list_sessions()


def test_a_session_with_an_empty_error_is_still_waited_for(client, sandbox, points):
    opened = client.create_session(points.head(1))
    body = ('{"value": [{"id": "' + opened["id"][0] + '", "status": "creating", "error": {"code": null}}]}').encode()
    sandbox.faults.add(Fault("list_sessions", "body", body=body))
    assert client.wait_for_sessions(opened)["status"].tolist() == ["created"]


def test_no_time_to_wait_gives_rows_that_timed_out(client, points):
    opened = client.create_sessions(points.head(2))
    assert client.wait_for_sessions(opened, timeout=0)["outcome"].tolist() == ["timed_out", "timed_out"]


def test_an_interrupted_wait_keeps_the_outcomes(points):
    def stop(done, total, note):
        raise KeyboardInterrupt

    with Sandbox(creating_s=3600) as sandbox, odb.connect(sandbox=sandbox) as client:
        opened = client.create_sessions(points.head(2))
        with pytest.raises(KeyboardInterrupt):
            client.wait_for_sessions(opened, progress=stop)
        assert client.last_result["outcome"].tolist() == ["created", "created"]


def test_a_forked_child_is_told_to_connect_again(client):
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this platform")
    client.list_sessions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork: that is the point
        child = os.fork()
    if child == 0:
        try:
            client.list_sessions()
        except InputError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert client.list_sessions().empty


def test_a_closed_client_tells_no_history(sandbox):
    client = odb.connect(sandbox=sandbox)
    client.close()
    with pytest.raises(InputError, match="closed"):
        client.history()
