"""A call ends when its time is over, also while an answer is on its way that would come later."""

from __future__ import annotations

import time

import pytest
from stories import files_of, opened, points_of, walked

import odb_nb as odb
from odb_nb.sandbox import Fault

TIME_S, SLOW_S = 1, 8


def test_a_create_ends_in_time_and_is_looked_for_by_the_next_call(client, sandbox):
    points = points_of(client, start="2026-11-20")
    sandbox.faults.add(Fault("create_session", "slow", seconds=SLOW_S))
    begin = time.monotonic()
    assert client.create_sessions(points, timeout=TIME_S)["outcome"].tolist() == ["unknown"]
    assert time.monotonic() - begin < SLOW_S  # before the answer
    assert client.create_sessions(points)["outcome"].tolist() == ["reused"]
    assert len(sandbox.sessions) == 1
    assert sandbox.complaints == []


def test_a_restore_ends_in_time_by_a_look_at_what_became_of_it(client, sandbox):
    plan = client.plan_restore(files_of(walked(client, "ransomware"), 1))
    sandbox.faults.add(Fault("activate_restore", "slow", seconds=SLOW_S))
    begin = time.monotonic()
    assert client.restore_items(plan, timeout=TIME_S)["outcome"].tolist() == ["created"]
    assert time.monotonic() - begin < SLOW_S
    assert sandbox.faults.struck == 1
    assert len(sandbox.restored) == 1
    assert sandbox.complaints == []


def test_a_wait_ends_in_time(client, sandbox):
    session = opened(client)
    sandbox.faults.add(Fault("list_sessions", "slow", seconds=SLOW_S, times=None))
    with pytest.raises(odb.NoReplyError, match="no answer within 1 s"):
        client.wait_for_sessions(session, timeout=TIME_S)
