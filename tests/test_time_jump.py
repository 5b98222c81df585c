"""A laptop that sleeps for an hour in the middle of a call: waits end or go on rightly, nothing is doubled."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter

import pytest
from stories import files_of, opened, walked

from odb_nb.client import BackupClient, Connection
from odb_nb.credential import Credential
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.transport import Transport

HOUR = 3600.0


class Jumping:
    """Real time, and the hours that were slept through."""

    def __init__(self):
        self.ahead = 0.0

    def monotonic(self):
        return time.monotonic() + self.ahead

    async def sleep_until(self, moment):
        while self.monotonic() < moment:  # noqa: ASYNC110 - what makes it jump is no coroutine
            await asyncio.sleep(0.01)


class Token:
    def __init__(self, sandbox):
        self.token = sandbox.token()

    def get_token(self, *scopes, **kwargs):
        from azure.core.credentials import AccessToken

        return AccessToken(self.token, 2**40)


@contextlib.contextmanager
def asleep(**switches):
    """A sandbox, a client whose time jumps, and what makes it jump: an hour passes, for the service as well."""
    clock = Jumping()
    with Sandbox(restore_item_s=0, restore_activating_s=0, **switches) as sandbox:
        credential = Credential(Token(sandbox))
        transport = Transport(
            f"{sandbox.url}/v1.0", credential, scope="scope", version="0", explain_refusal=lambda *told: "", time=clock
        )
        journal = sandbox.folder / "jumping.sqlite"
        with BackupClient(
            Connection("sandbox", transport, credential, "v1.0", None, journal, None, False, False)
        ) as client:

            def sleep_an_hour():
                clock.ahead += HOUR
                sandbox.clock.advance(HOUR)

            yield sandbox, client, sleep_an_hour


def once(action):
    """A progress function that does it at the first report."""
    left = [action]
    return lambda *told: left and left.pop()()


def some_points(sandbox, client):
    drives = [drive.id for drive in sandbox.drives if drive.special is None][:4]
    return client.list_restore_points(drives, start="2026-11-20", limit=1)


@pytest.mark.parametrize(
    ("creating_s", "timeout", "outcome"),
    [
        pytest.param(10**6, 600, "timed_out", id="its time is over"),
        pytest.param(1800, 3 * HOUR, "created", id="it goes on"),
    ],
)
def test_a_wait_ends_when_it_ought_to(creating_s, timeout, outcome):
    with asleep(creating_s=creating_s) as (sandbox, client, sleep_an_hour):
        sessions = client.create_sessions(some_points(sandbox, client))
        begin = time.monotonic()
        frame = client.wait_for_sessions(sessions, timeout=timeout, progress=once(sleep_an_hour))
        assert set(frame["outcome"]) == {outcome}
        assert time.monotonic() - begin < 30


def test_a_walk_goes_on():
    with asleep() as (_, client, sleep_an_hour):
        session = opened(client)
        walk = client.walk(session, progress=once(sleep_an_hour))
        assert walk.attrs["complete"]
        assert walk["item_key"].tolist() == client.walk(session)["item_key"].tolist()


@pytest.mark.parametrize("timeout", [600, 3 * HOUR])
def test_a_bulk_doubles_nothing(timeout):
    with asleep() as (sandbox, client, sleep_an_hour):
        points = some_points(sandbox, client)
        frame = client.create_sessions(points, max_concurrency=1, timeout=timeout, progress=once(sleep_an_hour))
        assert set(frame["outcome"]) <= ({"created"} if timeout > HOUR else {"created", "timed_out"})
        again = client.create_sessions(points)
        assert set(again["outcome"]) <= {"created", "reused"}
        assert [len(sandbox.sessions_on(id_)) for id_ in points["id"]] == [1] * len(points)


def test_a_lost_answer_is_looked_for_after_an_hour_as_well():
    with asleep() as (sandbox, client, sleep_an_hour):
        points = some_points(sandbox, client)
        sandbox.faults.add(Fault("create_session", "drop", after_effect=True))
        frame = client.create_sessions(points, timeout=3 * HOUR, progress=once(sleep_an_hour))
        assert frame["id"].tolist() == [sandbox.sessions_on(id_)[0].id for id_ in points["id"]]
        assert len(sandbox.sessions) == len(points)


def test_a_restore_is_waited_for_and_doubles_nothing():
    with asleep() as (sandbox, client, sleep_an_hour):
        plan = client.plan_restore(files_of(walked(client), 4)).assign(request_number=[1, 1, 2, 2])
        frame = client.restore_items(plan, wait=True, timeout=3 * HOUR, progress=once(sleep_an_hour))
        assert frame["status"].tolist() == ["succeeded"] * 4
        assert Counter(one.key for one in sandbox.restored) == dict.fromkeys(plan["item_key"], 1)


def test_a_pause_that_was_asked_for_is_over():
    with asleep() as (sandbox, client, sleep_an_hour):
        points = some_points(sandbox, client)
        sandbox.faults.add(Fault("list_sessions", status=429, retry_after="1800"))
        timer = threading.Timer(0.5, sleep_an_hour)
        timer.start()
        begin = time.monotonic()
        assert len(client.create_sessions(points, timeout=3 * HOUR)) == len(points)
        assert 0.5 <= time.monotonic() - begin < 30
        timer.join()
        assert sandbox.complaints == []
