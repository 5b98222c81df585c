"""What operations cost, in counts that no machine changes: requests, calls and memory a row, imports."""

from __future__ import annotations

import asyncio
import gc
import math
import subprocess
import sys
import threading
import tracemalloc
from datetime import UTC, datetime

import pytest
from kiota_abstractions import request_information

from odb_nb import arguments, frames, tables
from odb_nb.operations.matching import match
from odb_nb.operations.recorder import Recorder

PAGE = 100  # what the sandbox, of this API, puts on one; ten of items
ITEMS_A_PAGE = 10
MOST_OWN_MODULES = 30  # of ours, at the start
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FEW, MANY = 1_000, 3_000


def requests_of(sandbox, work):
    before = len(sandbox.requests)
    work()
    return [request.operation for request in sandbox.requests[before:]]


def test_creating_takes_one_look_and_one_request_a_point(client, sandbox, points):
    sent = requests_of(sandbox, lambda: client.create_sessions(points))

    assert sent == ["list_sessions"] + ["create_session"] * len(points)


def test_creating_again_takes_one_look(client, sandbox, points):
    client.create_sessions(points, wait=True)

    assert requests_of(sandbox, lambda: client.create_sessions(points)) == ["list_sessions"]


def test_a_dry_run_takes_one_look(client, sandbox, points):
    assert requests_of(sandbox, lambda: client.create_sessions(points, dry_run=True)) == ["list_sessions"]


@pytest.mark.parametrize("given", [1, 12])
def test_status_takes_one_list_however_many_points(client, sandbox, points, given):
    assert requests_of(sandbox, lambda: client.tabulate_status(points.head(given))) == ["list_sessions"]


def test_a_list_takes_one_request_a_page(client, sandbox, plain_drives):
    listed = client.list_restore_points(plain_drives, start="2026-11-01", progress=False)
    for point_id in listed["id"]:
        sandbox.open_session(point_id)

    sent = requests_of(sandbox, client.list_sessions)

    assert len(listed) > PAGE
    assert sent == ["list_sessions"] * math.ceil(len(listed) / PAGE)


@pytest.mark.parametrize("days", [1, 5, 14])
def test_points_of_up_to_twenty_drives_take_two_searches_a_day(client, sandbox, plain_drives, days):
    start, end = f"2026-11-{20 - days:02}", "2026-11-19"

    sent = requests_of(sandbox, lambda: client.list_restore_points(plain_drives, start=start, end=end))

    assert set(sent) == {"search_restore_points"}
    assert len(sent) <= 2 * days + 1


def test_a_walk_takes_one_request_for_each_page_of_each_place(client, sandbox, points):
    session = client.create_session(points.head(1), wait=True)
    found = []
    sent = requests_of(sandbox, lambda: found.append(client.walk(session, progress=False)))

    [walk] = found
    places = walk[walk["type"] != "file"]
    children = walk.groupby("parent_key").size().reindex(places["item_key"]).fillna(0)
    pages = 1 + sum(max(1, math.ceil(count / ITEMS_A_PAGE)) for count in children)
    assert sent.count("browse") == pages
    assert len(sent) - pages <= 1  # a look at the session


def test_the_address_of_a_request_is_worked_out_once(client, sandbox, points, monkeypatch):
    expand, expanded = request_information.StdUriTemplate.expand, []
    monkeypatch.setattr(request_information.StdUriTemplate, "expand", lambda *args: expanded.append(1) or expand(*args))

    sent = requests_of(sandbox, lambda: client.create_sessions(points))

    assert len(expanded) == len(sent)


class HeldJournal:
    """Writes a batch of conclusions each time that it is let go."""

    def __init__(self):
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.batches = []

    def conclude(self, conclusions):
        self.batches.append(conclusions)
        self.begun.release()
        assert self.go.acquire(timeout=10)


def test_a_conclusion_does_not_wait_for_the_commit_after_its_own():
    journal = HeldJournal()

    async def begun():
        assert await asyncio.to_thread(journal.begun.acquire, timeout=10)

    async def scenario():
        recorder = Recorder(journal)
        first = asyncio.ensure_future(recorder.conclude("first"))
        await begun()
        along = [asyncio.ensure_future(recorder.conclude(name)) for name in ("second", "third")]
        await asyncio.sleep(0)
        journal.go.release()
        await begun()
        last = asyncio.ensure_future(recorder.conclude("last"))
        await asyncio.sleep(0)
        journal.go.release()
        await begun()  # that of the last
        await asyncio.wait_for(asyncio.gather(first, *along), 5)
        is_early = last.done()
        journal.go.release()
        await last
        return is_early

    assert not asyncio.run(scenario())
    assert journal.batches == [["first"], ["second", "third"], ["last"]]


def served(number):
    """A session as Graph's documentation shows one, with the point that the service may add."""
    moment = f"2026-11-{1 + number % 28:02}T12:{number // 60 % 60:02}:{number % 60:02}.54135Z"
    return {
        "id": f"session-{number}", "restorePointId": f"point-{number}", "restorePointDateTime": moment,
        "createdDateTime": moment, "expirationDateTime": moment, "backupSizeInBytes": str(number),
        "directoryObjectId": "user-1", "status": "created", "error": None,
    }  # fmt: skip


def of_points(count):
    ids = [f"point-{number}" for number in range(count)]
    told = {name: ["drive-1"] * count for name in tables.RESTORE_POINTS.names if not name.endswith("_time")}
    times = {"protection_date_time": [NOW] * count, "expiration_date_time": [NOW] * count}
    return tables.RESTORE_POINTS.of_columns(told | times | {"id": ids})


def listing(count):
    sessions = [served(number) for number in range(count)]
    return lambda: tables.SESSIONS.frame(sessions)


def taking(count):
    points = of_points(count)
    return lambda: arguments.restore_points(points)


def tabulating(count):
    points, sessions = arguments.restore_points(of_points(count)), [served(number) for number in range(count)]
    return lambda: frames.of_status(points, match(points, sessions, {}), NOW)


def calls_of(work):
    """How many of Python's functions were called."""
    called = 0

    def count(frame, event, arg):
        nonlocal called
        called += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return called


def peak_of(work):
    """The most bytes that were held at once."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("makes", "most_calls", "most_bytes"),
    [
        pytest.param(listing, 0, 400, id="a session of a list"),
        pytest.param(taking, 1, 800, id="a point that is handed in"),
        pytest.param(tabulating, 15, 1200, id="a point of a table of status"),
    ],
)
def test_a_row_takes_few_calls_and_little_memory(makes, most_calls, most_bytes):
    makes(FEW)()  # what is made once is made by now
    few, many = makes(FEW), makes(MANY)

    assert (calls_of(many) - calls_of(few)) / (MANY - FEW) <= most_calls + 0.1
    assert (peak_of(many) - peak_of(few)) / (MANY - FEW) <= most_bytes


def test_a_list_that_is_asked_for_again_leaves_nothing_behind(client, sandbox, plain_drives):
    points = client.list_restore_points(plain_drives, start="2026-11-01", progress=False)
    for point_id in points["id"]:
        sandbox.open_session(point_id)
    found = [client.list_sessions() for _ in range(3)]
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(10):
        found[-1] = client.list_sessions()
    gc.collect()

    assert len(found[-1]) == len(points)
    # the sandbox keeps each request, some twenty blocks; the list itself is eight for each session
    assert (sys.getallocatedblocks() - before) / 10 < len(points)


def test_an_import_brings_few_modules_of_ours():
    code = "import sys, odb_nb; print(sum(name.split('.')[0] == 'odb_nb' for name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert int(found.stdout) <= MOST_OWN_MODULES
