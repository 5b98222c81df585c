"""SIGKILL at each journal write, each request and each answer of a bulk create and of a restore, and then again.

By default at a sample of the moments; ``ODB_TESTS=all`` tries each of them. The judge is what the sandbox has in its
books: no point without a session and none with two, no item without a restore and none with two.
"""

from __future__ import annotations

import random
import sys

import pytest
from books import JOBS, check_all_once, made_for
from extent import ALL, sample

from odb_nb.sandbox import Sandbox

if sys.platform == "win32":
    pytest.skip("forks, and kills with signals", allow_module_level=True)

import dying

# what an undisturbed run shows of each moment; conclusions may need a commit more, as they are put together by groups
COMMITS, COMMITS_AT_MOST, REQUESTS = {"create": 9, "restore": 10}, {"create": 11, "restore": 10}, 7
CASES = [
    pytest.param(job, moment, nth, id=f"{job}: {moment} {nth}")
    for job in JOBS
    for moment in dying.MOMENTS
    for nth in range(1, (COMMITS_AT_MOST[job] if "commit" in moment else REQUESTS) + 1)
]


@pytest.fixture
def sandbox():
    with Sandbox(restore_item_s=0, restore_activating_s=0) as started:
        yield started


@pytest.fixture(params=["frame", "ids"] if ALL else ["frame"])
def given(request, sandbox, job):
    """What the job is given: points as a frame, or as ids alone; or a plan."""
    made = made_for(job, sandbox)
    return made["id"].tolist() if request.param == "ids" and job == "create" else made


@pytest.mark.parametrize(("job", "moment", "nth"), sample(CASES, 16))
def test_a_kill_at_any_moment_loses_nothing_and_doubles_nothing(sandbox, tmp_path, given, job, moment, nth):
    journal = tmp_path / "journal.sqlite"
    was_killed = dying.run(sandbox, journal, job, given, fuse=(moment, nth)) is None
    assert was_killed or ("commit" in moment and nth > COMMITS[job])
    rows, _ = dying.run(sandbox, journal, job, given)
    check_all_once(sandbox, job, given, rows)


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("seed", range(40 if ALL else 3))
def test_kills_one_after_the_other_lose_nothing_and_double_nothing(sandbox, tmp_path, given, job, seed):
    chance = random.Random(seed)  # noqa: S311 - guards no secret
    journal = tmp_path / "journal.sqlite"
    for _ in range(4):
        moment = chance.choice(dying.MOMENTS)
        dying.run(sandbox, journal, job, given, fuse=(moment, chance.randint(1, 6)))
    rows, _ = dying.run(sandbox, journal, job, given)
    check_all_once(sandbox, job, given, rows)


@pytest.mark.parametrize("job", JOBS)
def test_the_moments_tried_are_all_there_are(sandbox, tmp_path, given, job):
    rows, seen = dying.run(sandbox, tmp_path / "journal.sqlite", job, given)
    check_all_once(sandbox, job, given, rows)
    commits = [seen.pop(moment) for moment in dying.MOMENTS if "commit" in moment]
    assert all(COMMITS[job] <= count <= COMMITS_AT_MOST[job] for count in commits)
    assert seen == {moment: REQUESTS for moment in dying.MOMENTS if "commit" not in moment}


@pytest.mark.parametrize("job", JOBS)
def test_two_processes_at_once_double_nothing(sandbox, tmp_path, given, job):
    journal = tmp_path / "journal.sqlite"
    both = [dying.Running(sandbox, journal, job, given) for _ in range(2)]
    for rows, _ in [one.end() for one in both]:
        check_all_once(sandbox, job, given, rows)


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("seed", range(40 if ALL else 2))
def test_one_of_two_processes_is_killed_and_the_other_does_what_is_left(sandbox, tmp_path, given, job, seed):
    chance = random.Random(seed)  # noqa: S311 - guards no secret
    journal = tmp_path / "journal.sqlite"
    fuse = chance.choice(dying.MOMENTS), chance.randint(1, 6)
    both = [dying.Running(sandbox, journal, job, given, fuse=fuse), dying.Running(sandbox, journal, job, given)]
    _, (rows, _) = [one.end() for one in both]
    check_all_once(sandbox, job, given, rows)
