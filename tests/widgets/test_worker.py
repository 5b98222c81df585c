"""One job at a time, off the main thread: a second is refused, a cancel ends it, nothing is left behind."""

from __future__ import annotations

import _thread
import asyncio
import gc
import threading
import time
import weakref

import pytest

from odb_nb.widgets.worker import Worker


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


@pytest.fixture
def worker():
    started = Worker()
    yield started
    started.close()


class Job:
    """Runs until it is let go, on a client's loop if there is one, and notes how it ended."""

    def __init__(self, background=None):
        self.background = background
        self.started, self.go = threading.Event(), threading.Event()
        self.runs, self.ends = 0, []

    def __call__(self):
        self.runs += 1
        self.started.set()
        try:
            if self.background is None:
                self.go.wait(10)
            else:
                self.background.run(asyncio.sleep(60))
            self.ends.append("whole")
        except KeyboardInterrupt:
            self.ends.append("interrupted")


def test_a_job_runs_on_a_thread_of_its_own(worker):
    seen = []

    assert worker.start(lambda: seen.append(threading.current_thread()))
    assert worker.wait(10)

    assert seen[0] is not threading.current_thread()
    assert seen[0].daemon


def test_a_second_start_is_refused_while_the_first_runs(worker):
    job = Job()
    assert worker.start(job)
    assert job.started.wait(10)

    assert worker.is_busy
    assert not worker.start(job)

    job.go.set()
    assert worker.wait(10)
    assert job.runs == 1


def test_of_many_starts_at_once_one_runs(worker):
    job, barrier, taken = Job(), threading.Barrier(8), []

    def start():
        barrier.wait(10)
        taken.append(worker.start(job))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job.go.set()
    assert worker.wait(10)

    assert sorted(taken) == [False] * 7 + [True]
    assert job.runs == 1


def test_a_start_is_not_lost_to_a_job_that_has_all_but_ended(worker):
    last_deed = threading.Event()
    assert worker.start(last_deed.set)

    for _ in range(50):  # as a user who clicks at the very moment at which the button is enabled again
        assert last_deed.wait(10)
        last_deed = threading.Event()
        assert worker.start(last_deed.set)


def test_a_job_that_starts_the_next_is_refused(worker):
    taken = []

    worker.start(lambda: taken.append(worker.start(lambda: None)))
    assert worker.wait(10)

    assert taken == [False]


def test_cancel_ends_the_call_that_the_job_waits_for(worker, background):
    job = Job(background)
    worker.start(job)
    assert job.started.wait(10)

    worker.cancel()

    assert worker.wait(10)
    assert job.ends == ["interrupted"]


def test_cancel_before_any_job_does_nothing(worker, background):
    worker.cancel()

    done = []
    worker.start(lambda: done.append(background.run(asyncio.sleep(0, "whole"))))
    assert worker.wait(10)
    assert done == ["whole"]


def test_cancel_after_a_job_does_nothing_to_the_next(worker, background):
    done = []
    for _ in range(2):
        worker.start(lambda: done.append(background.run(asyncio.sleep(0, "whole"))))
        assert worker.wait(10)
        worker.cancel()

    assert done == ["whole", "whole"]


def test_cancel_between_two_calls_ends_the_next(worker, background):
    between, go, done = threading.Event(), threading.Event(), []

    def job():
        done.append(background.run(asyncio.sleep(0, "first")))
        between.set()
        go.wait(10)
        try:
            done.append(background.run(asyncio.sleep(60, "second")))
        except KeyboardInterrupt:
            done.append("interrupted")

    worker.start(job)
    assert between.wait(10)
    worker.cancel()
    go.set()

    assert worker.wait(10)
    assert done == ["first", "interrupted"]


def test_wait_gives_up_when_the_time_is_over_and_the_job_goes_on(worker):
    job = Job()
    worker.start(job)
    begin = time.monotonic()

    assert not worker.wait(0.05)
    assert not worker.wait(0)

    assert time.monotonic() - begin < 5
    assert worker.is_busy
    job.go.set()
    assert worker.wait()
    assert job.ends == ["whole"]


def test_wait_without_a_job_is_over_at_once(worker):
    assert worker.wait()
    assert worker.wait(0)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_wait_and_leaves_the_job(worker):
    job = Job()
    worker.start(job)
    threading.Timer(0.1, _thread.interrupt_main).start()

    with pytest.raises(KeyboardInterrupt):
        worker.wait()

    assert worker.is_busy
    job.go.set()
    assert worker.wait(10)


def test_close_ends_the_job_and_waits_for_its_end(worker, background):
    job = Job(background)
    worker.start(job)
    assert job.started.wait(10)

    worker.close()

    assert job.ends == ["interrupted"]
    assert not worker.is_busy


def test_nothing_starts_after_close(worker):
    job = Job()
    worker.close()
    worker.close()

    assert not worker.start(job)
    assert job.runs == 0


def test_a_job_may_close_its_own_worker(worker):
    worker.start(worker.close)

    assert worker.wait(10)
    assert not worker.start(lambda: None)


def test_close_does_not_wait_for_ever(worker):
    job = Job()
    worker.start(job)

    worker.close(timeout_s=0.05)

    assert worker.is_busy
    job.go.set()
    assert worker.wait(10)


def test_a_worker_keeps_nothing_of_an_ended_job_but_its_thread(worker):
    job = Job()
    job.go.set()
    worker.start(job)
    assert worker.wait(10)

    gone = weakref.ref(job)
    del job
    gc.collect()

    assert gone() is None
