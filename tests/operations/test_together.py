"""Several works at once: the first error itself, and none left behind."""

from __future__ import annotations

import asyncio

import pytest

from odb_nb.errors import OdbError
from odb_nb.operations.together import together


class Works:
    """Works that note how they ended."""

    def __init__(self):
        self.ended = []

    async def well(self, name, *, turns=1):
        try:
            for _ in range(turns):
                await asyncio.sleep(0)
            self.ended.append((name, "well"))
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.ended.append((name, "cancelled"))
            raise

    async def badly(self, error):
        await asyncio.sleep(0)
        raise error


def left_behind():
    return asyncio.all_tasks() - {asyncio.current_task()}


def test_all_run_to_their_ends():
    works = Works()

    async def scenario():
        await together(works.well(name, turns=name) for name in (3, 1, 2))
        return left_behind()

    assert asyncio.run(scenario()) == set()
    assert works.ended == [(1, "well"), (2, "well"), (3, "well")]


def test_no_work_is_no_trouble():
    asyncio.run(together([]))


@pytest.mark.parametrize("error", [OdbError("told"), ZeroDivisionError(), KeyError("x")], ids=repr)
def test_the_first_error_comes_as_it_was_and_the_others_are_cancelled_and_waited_for(error):
    works = Works()

    async def scenario():
        with pytest.raises(type(error)) as caught:
            await together([works.well("quick", turns=0), works.badly(error), works.well("slow", turns=9999)])
        return caught.value, left_behind()

    assert asyncio.run(scenario()) == (error, set())
    assert works.ended == [("quick", "well"), ("slow", "cancelled")]


def test_errors_of_the_others_are_not_lost_in_noise():
    works = Works()
    first = OdbError("first")

    async def in_its_wind_up():
        try:
            await asyncio.sleep(60)
        finally:
            raise OdbError("second")

    async def scenario():
        with pytest.raises(OdbError) as caught:
            await together([in_its_wind_up(), works.badly(first), works.badly(OdbError("third"))])
        return caught.value

    assert asyncio.run(scenario()) is first


def test_a_cancel_cancels_all_and_waits_for_them():
    works = Works()

    async def scenario():
        task = asyncio.ensure_future(together([works.well(1, turns=9999), works.well(2, turns=9999)]))
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return left_behind()

    assert asyncio.run(scenario()) == set()
    assert sorted(works.ended) == [(1, "cancelled"), (2, "cancelled")]


def test_a_cancel_before_any_has_begun_leaves_nothing_unawaited():
    works = Works()

    async def scenario():
        task = asyncio.ensure_future(together([works.well(1), works.well(2)]))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return left_behind()

    assert asyncio.run(scenario()) == set()
