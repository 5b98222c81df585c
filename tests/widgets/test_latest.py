"""Of each kind of work, only what was asked for last is done; a ticker ends when it is told to."""

from __future__ import annotations

import threading

import pytest

from odb_nb.widgets.latest import Latest
from odb_nb.widgets.ticker import Ticker


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


def test_what_waits_is_replaced_by_what_is_asked_for_later():
    done, go_on, has_begun = [], threading.Event(), threading.Event()

    def first():
        has_begun.set()
        go_on.wait(10)
        done.append("first")

    latest = Latest()
    latest.ask("view", first)
    assert has_begun.wait(10)
    assert not latest.wait(0.01)
    for name in ("second", "third"):
        latest.ask("view", lambda name=name: done.append(name))
    latest.ask("still", lambda: done.append("still"))
    go_on.set()
    assert latest.wait(10)
    assert done == ["first", "third", "still"]
    latest.ask("view", lambda: done.append("again"))
    assert latest.wait()
    assert done[-1] == "again"


def test_closing_drops_what_waits_and_starts_nothing_more():
    done, go_on, has_begun = [], threading.Event(), threading.Event()
    latest = Latest()
    latest.ask("view", lambda: (has_begun.set(), go_on.wait(10)))
    assert has_begun.wait(10)
    latest.ask("view", lambda: done.append("waited"))
    closing = threading.Thread(target=latest.close)
    closing.start()
    go_on.set()
    closing.join(10)
    latest.ask("view", lambda: done.append("late"))
    assert latest.wait(1)
    assert done == [] or done == ["waited"]  # begun before `close` came
    assert "late" not in done


def test_a_ticker_calls_until_it_is_closed():
    ticks, enough = [], threading.Event()

    def tick():
        ticks.append(1)
        if len(ticks) >= 3:
            enough.set()

    ticker = Ticker(tick, 0.001)
    assert enough.wait(10)
    ticker.close()
    count = len(ticks)
    ticker.close()
    assert len(ticks) == count


def test_a_ticker_can_be_closed_by_what_it_calls():
    is_closed = threading.Event()
    ticker = Ticker(lambda: (ticker.close(), is_closed.set()), 0.01)
    assert is_closed.wait(10)
    ticker.close()
