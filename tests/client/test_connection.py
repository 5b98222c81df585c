"""What a client tells of itself between calls: the service's time, and the rows of its last bulk call."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pandas as pd
import pytest

import odb_nb as odb
from odb_nb.background import interrupt


def test_now_is_not_known_before_the_first_answer_and_asks_nothing(sandbox):
    with odb.connect(sandbox=sandbox) as client:
        assert client.now is None
        assert sandbox.requests == []
        client.list_drives()
        asked = len(sandbox.requests)
        assert client.now is not None
        assert len(sandbox.requests) == asked


def test_now_is_the_services_and_goes_on_with_its_clock(client, sandbox):
    client.list_drives()
    before = client.now
    assert abs(before - sandbox.clock.now()) <= timedelta(seconds=2)

    sandbox.clock.advance(3600)
    client.list_drives()

    assert timedelta(seconds=3590) < client.now - before < timedelta(seconds=3700)


def test_before_any_bulk_call_there_is_no_last_result(client):
    assert client.last_result is None
    client.list_drives()
    assert client.last_result is None


def test_rows_can_be_read_while_they_come(client, points):
    seen = []

    def look(done, total, note):
        seen.append((done, client.last_result))

    frame = client.create_sessions(points, max_concurrency=2, progress=look)

    assert len(seen) >= len(points)
    for done, so_far in seen:
        assert so_far["restore_point_id"].tolist() == points["id"].tolist()
        assert so_far.dtypes.to_dict() == frame.dtypes.to_dict()
        settled = so_far["outcome"].notna()
        assert settled.sum() >= done  # it may have gone on since it was reported
        assert so_far.loc[settled, "id"].notna().all()
        assert so_far.loc[~settled, "id"].isna().all()
    assert seen[0][1]["outcome"].isna().any()
    pd.testing.assert_frame_equal(client.last_result, frame)


def test_rows_read_while_waiting_show_the_sessions_as_they_are(client, points):
    statuses = []

    def look(done, total, note):
        statuses.append(set(client.last_result["status"].dropna()))

    client.create_sessions(points.head(3), wait=True, progress=look)

    assert {"creating"} in statuses
    assert set(client.last_result["status"]) == {"created"}


def test_after_an_interrupt_nothing_is_left_open(client, points):
    def stop(done, total, note):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.create_sessions(points, max_concurrency=1, progress=stop)

    kept = client.last_result
    assert kept["restore_point_id"].tolist() == points["id"].tolist()
    assert kept["outcome"].notna().all()
    assert (kept["outcome"] == "created").sum() >= 3
    assert "cancelled" in set(kept["outcome"])


def test_a_cancel_from_another_thread_keeps_the_rows_for_that_thread(client, points):
    reached, ends = threading.Event(), []

    def slow(done, total, note):
        if done == 2:
            reached.set()
            go.wait(10)

    def work():
        try:
            client.create_sessions(points, max_concurrency=1, progress=slow)
        except KeyboardInterrupt:
            ends.append(client.last_result)

    go = threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    assert reached.wait(10)
    interrupt(worker)
    go.set()
    worker.join(20)

    [kept] = ends
    assert kept["outcome"].notna().all()
    assert "created" in set(kept["outcome"])


def test_a_call_that_is_refused_before_it_begins_leaves_the_last_result(client, points):
    frame = client.create_sessions(points.head(2))
    with pytest.raises(odb.InputError):
        client.create_sessions(points, if_exists="perhaps")

    pd.testing.assert_frame_equal(client.last_result, frame)


def test_each_thread_reads_its_own_and_a_newcomer_the_last(client, points):
    meeting = threading.Barrier(3)

    def call(number):
        frame = client.create_sessions(points.iloc[[number]])
        meeting.wait(10)
        return client.last_result["id"].tolist() == frame["id"].tolist()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(call, range(3))) == [True] * 3
    with ThreadPoolExecutor(1) as newcomer:
        found = newcomer.submit(lambda: client.last_result).result()
    assert found["id"].notna().all()
    assert len(found) == 1


def test_wait_for_sessions_has_a_last_result_too(client, points):
    opened = client.create_sessions(points.head(2))
    waited = client.wait_for_sessions(opened)

    pd.testing.assert_frame_equal(client.last_result, waited)
