"""Conclusions on disk: together where they come together, once each, whatever is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from datetime import UTC, datetime

import pytest

from odb_nb.errors import JournalError
from odb_nb.journal import Conclusion, Intent, Journal
from odb_nb.operations.recorder import Recorder

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class HeldJournal(Journal):
    """A journal whose writes of conclusions can be held up, and are counted."""

    def __init__(self, path):
        super().__init__(path)
        self.batches = []
        self.begun = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def conclude(self, conclusions):
        self.batches.append([conclusion.intent_id for conclusion in conclusions])
        self.begun.set()
        assert self.go.wait(10)
        super().conclude(conclusions)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path):
    with contextlib.closing(HeldJournal(path)) as opened:
        opened.insist(
            [Intent(f"i{number}", NOW.isoformat(), f"p{number}", None, None, "request") for number in range(50)],
            operation="create_session",
        )
        yield opened


def conclusion(number, outcome="created"):
    return Conclusion(f"i{number}", NOW, outcome, f"s{number}")


def on_disk(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [row[0] for row in db.execute("SELECT intent_id FROM conclusion ORDER BY rowid")]


async def until(event):
    await asyncio.to_thread(event.wait, 10)


def test_a_conclusion_is_on_disk_when_it_returns(journal, path):
    async def scenario():
        recorder = Recorder(journal)
        await recorder.conclude(conclusion(1), conclusion(2))
        return on_disk(path)

    assert asyncio.run(scenario()) == ["i1", "i2"]


def test_nothing_to_conclude_writes_nothing(journal, path):
    asyncio.run(Recorder(journal).conclude())

    assert journal.batches == []


def test_what_comes_while_a_commit_runs_shares_the_next(journal, path):
    journal.go.clear()

    async def scenario():
        recorder = Recorder(journal)
        first = asyncio.ensure_future(recorder.conclude(conclusion(0)))
        await until(journal.begun)
        others = [asyncio.ensure_future(recorder.conclude(conclusion(number))) for number in range(1, 50)]
        await asyncio.sleep(0.01)
        returned_early = [task for task in (first, *others) if task.done()]
        journal.go.set()
        await asyncio.gather(first, *others)
        return returned_early

    assert asyncio.run(scenario()) == []
    assert [len(batch) for batch in journal.batches] == [1, 49]
    assert on_disk(path) == [f"i{number}" for number in range(50)]


def test_a_commit_that_fails_is_told_to_each_and_stays_pending(journal, path):
    async def scenario():
        recorder = Recorder(journal)
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("ALTER TABLE conclusion RENAME TO hidden")
            for number in (1, 2):
                with pytest.raises(JournalError, match="cannot be used"):
                    await recorder.conclude(conclusion(number))
            db.execute("ALTER TABLE hidden RENAME TO conclusion")
        await recorder.conclude(conclusion(3))

    asyncio.run(scenario())

    assert on_disk(path) == ["i1", "i2", "i3"]


def test_a_cancel_while_a_commit_runs_neither_loses_nor_repeats_it(journal, path):
    journal.go.clear()

    async def scenario():
        recorder = Recorder(journal)
        cut_short = asyncio.ensure_future(recorder.conclude(conclusion(1)))
        await until(journal.begun)
        cut_short.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cut_short
        last = asyncio.ensure_future(recorder.conclude(conclusion(2)))
        await asyncio.sleep(0.01)
        journal.go.set()
        await last

    asyncio.run(scenario())

    assert on_disk(path) == ["i1", "i2"]


def test_a_cancel_while_waiting_for_a_turn_loses_nothing(journal, path):
    journal.go.clear()

    async def scenario():
        recorder = Recorder(journal)
        running = asyncio.ensure_future(recorder.conclude(conclusion(1)))
        await until(journal.begun)
        waiting = asyncio.ensure_future(recorder.conclude(conclusion(2)))
        await asyncio.sleep(0.01)
        waiting.cancel()
        journal.go.set()
        await running
        await recorder.conclude()

    asyncio.run(scenario())

    assert on_disk(path) == ["i1", "i2"]


def test_other_methods_run_off_the_loop(journal):
    async def scenario():
        recorder = Recorder(journal)
        ties = await recorder.call(journal.ties)
        where = await recorder.call(threading.get_ident)
        doubts = await recorder.call(journal.doubts, operation="create_session")
        return ties.mark, where != threading.get_ident(), len(doubts)

    assert asyncio.run(scenario()) == (0, True, 50)


def test_a_call_that_is_cancelled_runs_to_its_end(journal):
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    def slow():
        begun.set()
        go.wait(10)
        done.set()

    async def scenario():
        call = asyncio.ensure_future(Recorder(journal).call(slow))
        await until(begun)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        go.set()
        await until(done)

    asyncio.run(scenario())

    assert done.is_set()
