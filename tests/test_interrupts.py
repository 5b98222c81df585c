"""KeyboardInterrupt at any moment of each long call: control comes back, nothing runs on, the next call works."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import threading
import time
from opcode import opname
from pathlib import Path

import pytest
from extent import sample
from stories import files_of, opened, points_of, walked

import odb_nb as odb
from odb_nb import background as background_module
from odb_nb.background import interrupt, show
from odb_nb.sandbox import Sandbox

PACKAGE = str(Path(odb.__file__).parent)
BACKGROUND = background_module.__file__
GENEROUS_S = 5.0  # it is a second that is promised, on a machine that does nothing else


class Made:
    """A client, and what each long call is given."""

    def __init__(self, client, sandbox):
        self.client, self.sandbox = client, sandbox
        self.drives = client.list_drives().head(25)
        self.fortnight = points_of(client, start="2026-11-07")
        self.points = client.list_restore_points([d.id for d in sandbox.drives if d.special is None][:8], limit=1)
        self.plan = client.plan_restore(files_of(walked(client, "ransomware"), 3))
        self.session = opened(client, "folder-deleted")


CALLS = {
    "list_restore_points": lambda made: made.client.list_restore_points(made.drives, start="2026-11-16"),
    "create_sessions": lambda made: made.client.create_sessions(made.points, wait=True, if_exists="create"),
    "wait_for_sessions": lambda made: made.client.wait_for_sessions(made.client.create_sessions(made.points.head(2))),
    "tabulate_status": lambda made: made.client.tabulate_status(made.points),
    "walk": lambda made: made.client.walk(made.session),
    "find_change": lambda made: made.client.find_change(made.fortnight, odb.path_exists("Documents")),
    "restore_items": lambda made: made.client.restore_items(made.plan, wait=True, if_restored="create"),
    "wait_for_restore": lambda made: made.client.wait_for_restore(made.client.list_restores()),
}
KEPT_AT_THE_END = {"wait_for_sessions", "wait_for_restore"}  # till then, what the calls before them kept
KEPT = CALLS.keys() - KEPT_AT_THE_END - {"tabulate_status"}  # which has one answer, or none


@pytest.fixture(scope="module")
def made():
    # more restores may be under way at once than the service allows: each interrupted one leaves one behind
    with Sandbox(most_active_restores=1000) as sandbox, odb.connect(sandbox=sandbox) as client:
        ready = Made(client, sandbox)
        client.restore_items(ready.plan)
        yield ready


def under_way(client):
    """Tasks on the client's loop but the one that asks."""

    async def others():
        await asyncio.sleep(0)
        return asyncio.all_tasks() - {asyncio.current_task()}

    loop = client._background._loop  # noqa: SLF001 - there is no other way to see that nothing is left on it
    return asyncio.run_coroutine_threadsafe(others(), loop).result(10)


def runs_on(made):
    """What goes on though nobody waits for it; nothing, as it ought to be."""
    end = time.monotonic() + GENEROUS_S
    while left := under_way(made.client):
        if time.monotonic() > end:
            return str(left)
        time.sleep(0.01)
    while True:  # what was on its way to the sandbox arrives a moment later, and then no more comes
        asked = len(made.sandbox.requests)
        time.sleep(0.03)
        if len(made.sandbox.requests) == asked:
            return ""
        if time.monotonic() > end:
            return "requests"


def forget(client):
    """No call has been made: what the next one keeps is its own."""
    client._last = None  # noqa: SLF001
    vars(client._last_here).clear()  # noqa: SLF001


def opened_on(made):
    return {one.id: one.restore_point_id for id_ in made.points["id"] for one in made.sandbox.sessions_on(id_)}


def check_rows_are_kept(made, name, whole, asked, were_open):
    """Whatever was asked for left a frame, and whatever was opened is in it."""
    kept = made.client.last_result
    if name in KEPT and len(made.sandbox.requests) > asked:
        assert kept is not None
    if name in KEPT | KEPT_AT_THE_END and kept is not None:
        assert list(kept.columns) == list(whole.columns)
        assert len(kept) <= len(whole)
    if name == "create_sessions" and kept is not None:
        known = {*kept["id"].dropna(), *kept.loc[kept["outcome"].eq("unknown"), "restore_point_id"]}
        opened = {id_: point for id_, point in opened_on(made).items() if id_ not in were_open}
        assert all({id_, point} & known for id_, point in opened.items())


# after these the interpreter looks whether a signal has come (Python/ceval.c, CHECK_EVAL_BREAKER)
LOOKS = {"CALL", "CALL_KW", "CALL_FUNCTION_EX", "JUMP_BACKWARD", "RESUME"}


class AtMoment:
    """Raises KeyboardInterrupt in this thread at the n-th moment, within our files, at which Ctrl+C might."""

    def __init__(self, nth=None, within=PACKAGE):
        self.nth, self.within = nth, within
        self.count, self.place, self.raised_at = 0, "never", time.monotonic()

    def __enter__(self):
        sys.settrace(self._enter)
        return self

    def __exit__(self, *exc):
        sys.settrace(None)

    def _enter(self, frame, _event, _arg):
        if not frame.f_code.co_filename.startswith(self.within):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        before = None

        def follow(frame, event, _arg):
            nonlocal before
            if event == "opcode":
                self._at(frame, before)
                before = opname[frame.f_code.co_code[frame.f_lasti]]
            return follow

        return follow

    def _at(self, frame, before):
        if before in LOOKS:
            self.count += 1
            if self.count == self.nth:
                sys.settrace(None)
                self.place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                self.raised_at = time.monotonic()
                raise KeyboardInterrupt


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("name", CALLS)
def test_an_interrupt_at_any_moment_leaves_nothing_behind(made, name):
    with AtMoment() as counting:
        whole = CALLS[name](made)
    for nth in sample(range(1, counting.count + 1), 20):
        forget(made.client)
        asked, were_open = len(made.sandbox.requests), opened_on(made)
        with AtMoment(nth) as moment, contextlib.suppress(KeyboardInterrupt):
            CALLS[name](made)
        assert time.monotonic() - moment.raised_at < GENEROUS_S, moment.place
        assert runs_on(made) == "", moment.place
        check_rows_are_kept(made, name, whole, asked, were_open)
    assert len(CALLS[name](made)) == len(whole)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
def test_an_interrupt_at_any_moment_of_waiting_ends_the_work(background):
    began_and_ended = []

    async def work():
        began_and_ended.append("began")
        try:
            show(lambda: None)
            await asyncio.sleep(0.05)
        finally:
            began_and_ended.append("ended")

    background.run(asyncio.sleep(0))
    for nth in itertools.count(1):
        begin = time.monotonic()
        with AtMoment(nth, within=BACKGROUND) as moment, contextlib.suppress(KeyboardInterrupt):
            background.run(work())
        assert time.monotonic() - begin < 1, moment.place
        assert began_and_ended.count("began") == began_and_ended.count("ended"), moment.place
        assert background.run(asyncio.sleep(0, "the next call works")), moment.place
        if moment.place == "never":
            break
    assert nth > 20
    other = threading.Thread(target=interrupt, args=[threading.current_thread()])  # goes to no call that is over
    other.start()
    other.join()
    with pytest.raises(KeyboardInterrupt):
        background.run(work())
