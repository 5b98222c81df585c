"""The gate on a clock that only moves when everybody sleeps."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odb_nb.pacing import BACK_OFF_MOST_S, Deadline, Gate, RealTime, back_off_s, retry_after_s

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class VirtualTime:
    """Seconds that pass at once, when nobody has anything to do but wait."""

    def __init__(self):
        self.now = 100.0
        self.sleepers = []

    def monotonic(self):
        return self.now

    async def sleep_until(self, moment):
        if moment > self.now:
            woken = asyncio.Event()
            self.sleepers.append((moment, woken))
            await woken.wait()

    async def pass_until_idle(self):
        """Run everything that can run; whenever nothing can, go on to the next sleeper's moment."""
        while True:
            for _ in range(50):
                await asyncio.sleep(0)
            if not self.sleepers:
                return
            self.now = min(moment for moment, _ in self.sleepers)
            due = [sleeper for sleeper in self.sleepers if sleeper[0] <= self.now]
            self.sleepers = [sleeper for sleeper in self.sleepers if sleeper[0] > self.now]
            for _, woken in due:
                woken.set()


class Service:
    """Answers after `takes_s`; notes when each request passed the gate and how many were within at once."""

    def __init__(self, time, gate, *, takes_s=1.0):
        self.time, self.gate, self.takes_s = time, gate, takes_s
        self.starts, self.ends, self.refused = [], [], []
        self.inside = self.most_inside = 0

    @asynccontextmanager
    async def entered(self):
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            yield
        finally:
            self.inside -= 1

    async def ask(self, *, within_s=1000.0, throttle=None, succeed=False, at=None):
        """One request; `throttle` is the Retry-After it is answered with."""
        if at is not None:
            await self.time.sleep_until(at)
        async with self.gate.slot(Deadline.after(self.time, within_s)) as admitted:
            if not admitted:
                self.refused.append(self.time.now)
                return
            async with self.entered():
                self.starts.append(self.time.now)
                await self.time.sleep_until(self.time.now + self.takes_s)
                if throttle is not None:
                    self.gate.throttled(throttle)
                elif succeed:
                    self.gate.succeeded()
            self.ends.append(self.time.now)


def run(asked, *batches):
    """Each batch of requests to its end; returns how many were within at once, per batch."""

    async def within():
        for batch in batches:
            asked.most_inside = 0
            tasks = [asyncio.ensure_future(work) for work in batch]
            await asked.time.pass_until_idle()
            assert all(task.done() for task in tasks), "somebody waits for nothing"
            await asyncio.gather(*tasks)
            yield asked.most_inside

    async def all_within():
        return [most_inside async for most_inside in within()]

    return asyncio.run(all_within())


def service(most_at_once=4, **more):
    time = VirtualTime()
    return Service(time, Gate(time, most_at_once=most_at_once), **more)


def test_without_a_throttle_as_many_run_as_allowed():
    asked = service(most_at_once=4)

    run(asked, [asked.ask() for _ in range(10)])

    assert asked.most_inside == 4
    assert asked.starts == [100.0] * 4 + [101.0] * 4 + [102.0] * 2


def test_a_pause_holds_everybody_for_the_whole_time_asked():
    asked = service()

    run(asked, [asked.ask(throttle=30.0), *(asked.ask(at=100.5 + number) for number in range(5))])

    # the one at 100.5 was on its way; the answer came at 101
    assert asked.starts[:2] == [100.0, 100.5]
    assert len(asked.starts) == 6
    assert all(start >= 131.0 for start in asked.starts[2:])


def test_a_pause_may_be_prolonged_meanwhile():
    asked = service(takes_s=2.0)

    run(asked, [asked.ask(throttle=10.0), asked.ask(at=101.0, throttle=60.0), asked.ask(at=104.0), asked.ask(at=112.5)])

    assert asked.starts == [100.0, 101.0, 163.0, 163.0]


def test_a_shorter_pause_does_not_cut_a_longer_one_short():
    asked = service(takes_s=2.0)

    run(asked, [asked.ask(throttle=60.0), asked.ask(at=101.0, throttle=1.0), asked.ask(at=104.0)])

    assert asked.starts[-1] == 162.0


@pytest.mark.parametrize(
    ("within_s", "passes"),
    [
        pytest.param(28.9, False, id="ends in the pause"),
        pytest.param(29.0, False, id="ends with the pause"),
        pytest.param(29.1, True, id="ends after the pause"),
    ],
)
def test_a_pause_that_outlasts_the_deadline_is_refused_at_once(within_s, passes):
    asked = service()

    run(asked, [asked.ask(throttle=30.0), asked.ask(at=102.0, within_s=within_s)])

    assert asked.refused == ([] if passes else [102.0])
    assert asked.starts[1:] == ([131.0] if passes else [])


def test_a_patient_call_does_not_keep_a_hurried_one_from_seeing_its_end():
    asked = service(most_at_once=1)

    run(asked, [asked.ask(throttle=300.0), asked.ask(at=102.0), asked.ask(at=103.0, within_s=5.0)])

    assert asked.refused == [103.0]
    assert asked.starts == [100.0, 401.0]


def test_a_pause_prolonged_past_the_deadline_ends_the_wait():
    asked = service(takes_s=2.0)

    run(asked, [asked.ask(throttle=5.0), asked.ask(at=101.0, throttle=60.0), asked.ask(at=102.5, within_s=20.0)])

    assert asked.refused == [107.0]


def test_a_throttle_halves_how_many_run_and_successes_creep_up():
    asked = service(most_at_once=8)

    most_inside = run(
        asked,
        [asked.ask(throttle=5.0)],
        [asked.ask() for _ in range(8)],
        [asked.ask(succeed=True) for _ in range(5)],
        [asked.ask() for _ in range(8)],
        [asked.ask(succeed=True) for _ in range(60)],
        [asked.ask() for _ in range(20)],
    )

    assert most_inside[1] == 4
    assert most_inside[3] == 5
    assert most_inside[5] == 8


def test_a_burst_of_throttles_counts_once():
    asked = service(most_at_once=8)

    run(asked, [asked.ask(throttle=7.0) for _ in range(8)], [asked.ask() for _ in range(8)])

    assert asked.starts == [100.0] * 8 + [108.0] * 4 + [109.0] * 4
    assert asked.gate.throttled(None) < 3.0  # the second in a row, not the ninth


def test_at_least_one_always_runs():
    asked = service(most_at_once=2)

    *_, most_inside = run(asked, *([asked.ask(throttle=1.0)] for _ in range(10)), [asked.ask() for _ in range(3)])

    assert most_inside == 1


def test_without_a_time_asked_pauses_double_until_something_succeeds():
    time = VirtualTime()
    gate = Gate(time, most_at_once=4)
    pauses = []
    for _ in range(10):
        pauses.append(gate.throttled(None))
        time.now += 1000
    gate.succeeded()
    first_again = gate.throttled(None)

    for number, pause in enumerate(pauses):
        base = min(60.0, 2.0**number)
        assert base <= pause <= base * 1.25
    assert 1.0 <= first_again <= 1.25


def test_a_call_that_is_cancelled_gives_its_place_back():
    asked = service(most_at_once=1)

    async def scenario():
        running, waiting = (asyncio.ensure_future(asked.ask()) for _ in range(2))
        for _ in range(20):
            await asyncio.sleep(0)
        waiting.cancel()
        running.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
        last = asyncio.ensure_future(asked.ask())
        await asked.time.pass_until_idle()
        await asyncio.wait_for(last, 1)

    asyncio.run(scenario())

    assert asked.starts == [100.0, 100.0]


def test_an_error_within_gives_the_place_back():
    asked = service(most_at_once=1)

    async def fail():
        async with asked.gate.slot(Deadline.after(asked.time, 1)) as admitted:
            assert admitted
            raise ZeroDivisionError

    async def scenario():
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await fail()
        await asyncio.wait_for(asked.ask(), 1)

    asked.takes_s = 0
    asyncio.run(scenario())


requests = st.lists(
    st.tuples(
        st.floats(100, 200),  # when
        st.one_of(st.none(), st.floats(0.1, 90)),  # the pause it is answered with
        st.floats(0.1, 300),  # how long it may take
    ),
    min_size=1,
    max_size=25,
)


@settings(deadline=None)
@given(requests=requests, most_at_once=st.integers(1, 6), takes_s=st.floats(0.1, 5))
def test_no_request_passes_before_a_pause_is_over(requests, most_at_once, takes_s):
    asked = service(most_at_once, takes_s=takes_s)
    pauses = []

    class Watched(Gate):
        def throttled(self, retry_after_s):
            pauses.append((asked.time.now, asked.time.now + retry_after_s))
            return super().throttled(retry_after_s)

    asked.gate = Watched(asked.time, most_at_once=most_at_once)
    [most_inside] = run(
        asked, [asked.ask(at=at, throttle=throttle, within_s=within_s) for at, throttle, within_s in requests]
    )

    assert len(asked.starts) + len(asked.refused) == len(requests)
    assert most_inside <= most_at_once
    for start in asked.starts:
        assert not any(begin < start < end for begin, end in pauses)


def test_a_deadline_counts_down_to_nothing():
    time = VirtualTime()
    deadline = Deadline.after(time, 10)

    assert deadline.remaining_s == 10
    assert deadline.allows(9.9)
    assert not deadline.allows(10)
    time.now += 25
    assert deadline.remaining_s == 0
    assert not deadline.allows(0)
    assert deadline.later(20).remaining_s == 5


def test_a_deadline_pauses_only_where_time_is_left():
    time = VirtualTime()
    deadline = Deadline.after(time, 10)

    async def scenario():
        kept = asyncio.ensure_future(deadline.pause(4))
        await time.pass_until_idle()
        return await kept, await deadline.pause(6), time.now

    assert asyncio.run(scenario()) == (True, False, 104.0)


def test_real_time_passes():
    time = RealTime()
    before = time.monotonic()

    asyncio.run(time.sleep_until(before + 0.01))
    asyncio.run(time.sleep_until(before - 1000))

    assert 0.01 <= time.monotonic() - before < 5


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("30", 30.0, id="seconds"),
        pytest.param(" 30 ", 30.0, id="blanks around"),
        pytest.param("1.5", 1.5, id="fraction"),
        pytest.param("100000000000", 1e11, id="huge"),
        pytest.param(format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0, id="date"),
        pytest.param("Fri, 20 Nov 2026 12:01:30 -0000", 90.0, id="date without a zone"),
        pytest.param("Fri, 20 Nov 2026 13:01:30 +0100", 90.0, id="date elsewhere"),
        pytest.param(format_datetime(NOW - timedelta(seconds=1), usegmt=True), None, id="past date"),
        pytest.param(format_datetime(NOW, usegmt=True), None, id="this very second"),
        pytest.param("0", None, id="zero"),
        pytest.param("0.0", None, id="zero as a fraction"),
        pytest.param("-5", None, id="negative"),
        pytest.param("nan", None, id="nan"),
        pytest.param("inf", None, id="inf"),
        pytest.param("1e999", None, id="beyond floats"),
        pytest.param("soon", None, id="garbage"),
        pytest.param("Fri, 99 Nov 2026 12:00:00 GMT", None, id="day 99"),
        pytest.param("Fri, 20 Nov 99999999999999999999 12:00:00 GMT", None, id="huge year"),
        pytest.param("Fri, 20 Nov 2026 12:00:00 +99999999999999999999", None, id="huge offset"),
        pytest.param("\x00", None, id="NUL"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="none"),
    ],
)
def test_retry_after(header, seconds):
    assert retry_after_s(header, NOW) == seconds


def test_retry_after_as_a_date_without_the_services_clock_goes_by_ours():
    header = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)

    assert 90 < retry_after_s(header, None) <= 100


@given(st.one_of(st.text(), st.integers().map(str), st.floats().map(str)))
def test_any_retry_after_is_a_wait_or_none(header):
    wait_s = retry_after_s(header, NOW)

    assert wait_s is None or 0 < wait_s < float("inf")


@given(st.integers(1, 100_000))
def test_back_off_doubles_up_to_its_most(attempt):
    base = min(BACK_OFF_MOST_S, 2.0 ** min(attempt - 1, 20))

    assert base <= back_off_s(attempt) <= base * 1.25
