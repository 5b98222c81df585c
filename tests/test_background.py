"""The one loop thread: results, errors and interrupts come back to whoever waits, and nothing is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import signal
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from odb_nb.background import Background, interrupt, show
from odb_nb.errors import InputError, OdbError

MARK = contextvars.ContextVar("mark", default="none")


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


async def nothing():
    pass


def raising(exc):
    def call():
        raise exc

    return call


class Work:
    """Works until it is told to stop, and notes how it ended."""

    def __init__(self, *, wind_up_s=0.0, shown=None):
        self.wind_up_s, self.shown = wind_up_s, shown
        self.started = threading.Event()
        self.ended = None

    async def __call__(self):
        self.started.set()
        try:
            if self.shown is not None:
                show(self.shown)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(self.wind_up_s)
            self.ended = "cancelled"
            raise


def test_a_result_comes_back(background):
    async def work():
        await asyncio.sleep(0)
        return threading.current_thread().name, threading.current_thread().daemon

    assert background.run(work()) == ("odb_nb", True)


def test_an_error_comes_back_as_it_was(background):
    error = OdbError("told")

    async def work():
        raise error

    with pytest.raises(OdbError) as caught:
        background.run(work())
    assert caught.value is error


def test_all_calls_share_one_thread_and_loop(background):
    async def where():
        return threading.get_ident(), id(asyncio.get_running_loop())

    with ThreadPoolExecutor(4) as pool:
        places = set(pool.map(lambda _: background.run(where()), range(20)))

    assert len(places) == 1


def test_calls_of_several_threads_run_side_by_side(background):
    meeting = asyncio.Barrier(3)

    async def meet():
        async with asyncio.timeout(10):
            await meeting.wait()
        return True

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: background.run(meet()), range(3))) == [True] * 3


def test_it_works_where_a_loop_runs_already(background):
    async def work():
        return 5

    async def cell():
        return background.run(work())

    assert asyncio.run(cell()) == 5


def test_what_is_shown_runs_in_the_callers_thread_in_order(background):
    seen = []

    async def work():
        for number in range(5):
            show(lambda number=number: seen.append((number, threading.get_ident())))
            await asyncio.sleep(0)

    background.run(work())

    assert seen == [(number, threading.get_ident()) for number in range(5)]


def test_what_tasks_of_the_work_show_reaches_the_caller(background):
    seen = []

    async def part():
        show(lambda: seen.append(threading.get_ident()))
        await asyncio.to_thread(lambda: show(lambda: seen.append(threading.get_ident())))

    async def work():
        await asyncio.gather(part(), part())

    background.run(work())

    assert seen == [threading.get_ident()] * 4


def test_each_thread_is_shown_its_own(background):
    async def work(number, seen):
        for _ in range(3):
            show(lambda: seen.append((number, threading.get_ident())))
            await asyncio.sleep(0.001)

    def call(number):
        seen = []
        background.run(work(number, seen))
        return seen == [(number, threading.get_ident())] * 3

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(call, range(8)))


def test_what_is_shown_may_call_again(background):
    seen = []

    async def inner():
        show(lambda: seen.append("inner"))
        return "answer"

    async def outer():
        show(lambda: seen.append(background.run(inner())))
        await asyncio.sleep(0)
        show(lambda: seen.append("outer"))

    background.run(outer())

    assert seen == ["inner", "answer", "outer"]


def test_what_is_shown_before_an_error_is_shown(background):
    seen = []

    async def work():
        show(lambda: seen.append("shown"))
        raise OdbError("told")

    with pytest.raises(OdbError):
        background.run(work())
    assert seen == ["shown"]


def test_the_callers_context_reaches_the_work_and_stays_its_own(background):
    async def work():
        found = MARK.get()
        MARK.set("changed within")
        return found

    MARK.set("from the caller")

    assert background.run(work()) == "from the caller"
    assert MARK.get() == "from the caller"


def test_outside_of_any_work_it_is_shown_at_once():
    shown = []
    show(lambda: shown.append(threading.current_thread()))
    assert shown == [threading.current_thread()]


@pytest.mark.parametrize("exc", [KeyboardInterrupt(), SystemExit(), ZeroDivisionError()], ids=repr)
def test_an_error_in_what_is_shown_cancels_the_work_and_waits_for_its_end(background, exc):
    work = Work(wind_up_s=0.05, shown=raising(exc))

    with pytest.raises(type(exc)):
        background.run(work())

    assert work.ended == "cancelled"


def test_nothing_is_shown_after_an_interrupt(background):
    seen = []

    async def work():
        show(raising(KeyboardInterrupt()))
        show(lambda: seen.append("too late"))
        try:
            await asyncio.sleep(60)
        finally:
            show(lambda: seen.append("too late"))

    with pytest.raises(KeyboardInterrupt):
        background.run(work())

    assert seen == []
    assert background.run(_five()) == 5


async def _five():
    return 5


@contextlib.contextmanager
def interrupt_after(seconds):
    def interrupt(_number, _frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_interrupt_by_signal_cancels_the_work_at_once(background):
    work = Work(wind_up_s=0.05)
    begin = time.monotonic()

    with interrupt_after(0.1), pytest.raises(KeyboardInterrupt):
        background.run(work())

    assert work.ended == "cancelled"
    assert time.monotonic() - begin < 5


def test_a_second_interrupt_does_not_wait_for_the_wind_up(background):
    work = Work(wind_up_s=1.0, shown=raising(KeyboardInterrupt()))
    begin = time.monotonic()

    with interrupt_after(0.2), pytest.raises(KeyboardInterrupt):
        background.run(work())

    assert work.ended is None
    assert time.monotonic() - begin < 0.9


def test_one_callers_interrupt_leaves_the_others_alone(background):
    other = Work()

    async def patient():
        other.started.set()
        await asyncio.sleep(0.3)
        return "whole"

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(background.run, patient())
        assert other.started.wait(10)
        with pytest.raises(KeyboardInterrupt):
            background.run(Work(shown=raising(KeyboardInterrupt()))())
        assert waiting.result(10) == "whole"


def test_close_runs_the_last_work_on_the_loop_and_ends_the_thread():
    background = Background()
    background.run(nothing())
    ran = []

    async def last():
        ran.append(threading.current_thread().name)

    background.close(last)

    assert ran == ["odb_nb"]
    assert "odb_nb" not in {thread.name for thread in threading.enumerate()}


def test_close_ends_threads_that_the_work_used():
    background = Background()
    background.run(asyncio.to_thread(time.sleep, 0))

    background.close(nothing)

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("asyncio")]


def test_close_before_any_call_starts_nothing():
    background = Background()
    ran = []

    async def last():
        ran.append("last")

    background.close(last)

    assert ran == []


def test_closing_twice_is_safe(background):
    ran = []

    async def last():
        ran.append("last")

    background.run(nothing())
    background.close(last)
    background.close(last)

    assert ran == ["last"]


def test_a_call_after_closing_is_refused(background):
    background.run(nothing())
    background.close(nothing)

    with pytest.raises(InputError, match="this client is closed"):
        background.run(nothing())


def test_closing_while_a_call_runs_cancels_it_and_says_so(background):
    work = Work(wind_up_s=0.05)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(background.run, work())
        assert work.started.wait(10)

        background.close(nothing)

        with pytest.raises(InputError, match="this client was closed while the call ran"):
            call.result(10)
    assert work.ended == "cancelled"


def test_an_error_in_the_last_work_is_told_and_the_thread_ends(background):
    async def last():
        raise OSError("sockets")

    background.run(nothing())

    with pytest.raises(OSError, match="sockets"):
        background.close(last)
    assert "odb_nb" not in {thread.name for thread in threading.enumerate()}


def test_many_calls_and_a_close_leave_nobody_waiting():
    background = Background()

    async def work():
        await asyncio.sleep(0.001)
        return True

    def call(_):
        try:
            return background.run(work())
        except InputError:
            return False

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(call, range(300))
        time.sleep(0.02)
        background.close(nothing)
        found = list(answers)

    assert len(found) == 300
    assert found[-1] is False


class Caller(threading.Thread):
    """A form's worker: makes these calls one after the other and notes how each ended."""

    def __init__(self, *calls):
        super().__init__(daemon=True)
        self.calls, self.ends = calls, []

    def run(self):
        for call in self.calls:
            try:
                self.ends.append(call())
            except KeyboardInterrupt:
                self.ends.append("interrupted")

    def ended(self):
        self.join(10)
        return self.ends


def show_after_the_end(call):
    """From within the work: have `call` run in the caller's thread when the work has ended."""
    ended = threading.Event()
    asyncio.current_task().add_done_callback(lambda _: ended.set())
    show(lambda: (ended.wait(10), call()))


def test_another_thread_can_interrupt_the_call_that_runs(background):
    work = Work(wind_up_s=0.05)
    caller = Caller(lambda: background.run(work()), lambda: background.run(_five()))
    caller.start()
    assert work.started.wait(10)

    interrupt(caller)

    assert caller.ended() == ["interrupted", 5]
    assert work.ended == "cancelled"


def test_an_interrupt_between_calls_is_for_the_next_and_no_other(background):
    work = Work()
    between, told = threading.Event(), threading.Event()

    def pause():
        between.set()
        return told.wait(10)

    caller = Caller(
        lambda: background.run(_five()), pause, lambda: background.run(work()), lambda: background.run(_five())
    )
    caller.start()
    assert between.wait(10)

    interrupt(caller)
    told.set()

    assert caller.ended() == [5, True, "interrupted", 5]
    assert work.ended in ("cancelled", None)  # None: it never began


def test_an_interrupt_that_comes_when_the_work_has_ended_is_for_the_next_call(background):
    async def work():
        show_after_the_end(lambda: interrupt(threading.current_thread()))
        return "whole"

    caller = Caller(lambda: background.run(work()), lambda: background.run(Work()()), lambda: background.run(_five()))
    caller.start()

    assert caller.ended() == ["whole", "interrupted", 5]


def test_what_is_shown_too_late_is_no_interrupt(background):
    async def work():
        shown = threading.Event()
        asyncio.current_task().add_done_callback(lambda _: (show(lambda: None), shown.set()))
        show(lambda: shown.wait(10))
        return "whole"

    caller = Caller(lambda: background.run(work()), lambda: background.run(_five()))
    caller.start()

    assert caller.ended() == ["whole", 5]


def test_an_interrupt_of_a_call_within_a_call_ends_both(background):
    inner, outer = Work(), Work()
    outer.shown = lambda: background.run(inner())
    caller = Caller(lambda: background.run(outer()), lambda: background.run(_five()))
    caller.start()
    assert inner.started.wait(10)

    interrupt(caller)

    assert caller.ended() == ["interrupted", 5]
    assert (inner.ended, outer.ended) == ("cancelled", "cancelled")


def test_an_interrupt_reaches_the_outer_call_when_the_inner_one_has_ended(background):
    outer, done = Work(), threading.Event()

    def call_again():
        background.run(_five())
        done.set()

    outer.shown = call_again
    caller = Caller(lambda: background.run(outer()))
    caller.start()
    assert done.wait(10)

    interrupt(caller)

    assert caller.ended() == ["interrupted"]
    assert outer.ended == "cancelled"


def test_an_interrupt_too_late_for_the_inner_call_ends_the_outer_one(background):
    async def inner():
        show_after_the_end(lambda: interrupt(threading.current_thread()))

    outer = Work(shown=lambda: background.run(inner()))
    caller = Caller(lambda: background.run(outer()), lambda: background.run(_five()))
    caller.start()

    assert caller.ended() == ["interrupted", 5]
    assert outer.ended == "cancelled"


def test_of_two_callers_only_the_one_meant_is_interrupted(background):
    meant, other = Work(), Work()
    callers = [Caller(lambda work=work: background.run(work())) for work in (meant, other)]
    for caller in callers:
        caller.start()
    assert meant.started.wait(10)
    assert other.started.wait(10)

    interrupt(callers[0])

    assert callers[0].ended() == ["interrupted"]
    assert callers[1].is_alive()
    assert other.ended is None
    interrupt(callers[1])
    assert callers[1].ended() == ["interrupted"]


def test_nothing_is_kept_of_a_thread_that_ended(background):
    caller = Caller(lambda: background.run(_five()))
    caller.start()
    assert caller.ended() == [5]
    interrupt(caller)

    gone = weakref.ref(caller)
    del caller
    gc.collect()

    assert gone() is None
