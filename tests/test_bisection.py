"""Where a row of points turns from good to bad: found with few looks, whatever cannot be looked at."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb.bisection import Bisection


def run(truth):
    """Look as told until it is settled; None in `truth` is a point that cannot be looked at."""
    search = Bisection(len(truth))
    while (place := search.next()) is not None:
        assert place not in search.verdicts, "looked at twice"
        search.verdicts[place] = truth[place]
    return search


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_one_change_is_found_with_about_log2_looks(case):
    count, good = case
    search = run([True] * good + [False] * (count - good))
    assert search.change == (good - 1 if good else None, good if good < count else None)
    assert search.is_consistent
    assert len(search.verdicts) <= search.most_looks <= math.ceil(math.log2(count + 1)) + 2


def test_fourteen_points_take_five_looks_at_most_and_six_are_promised():
    assert max(len(run([True] * good + [False] * (14 - good)).verdicts) for good in range(15)) == 5
    assert Bisection(14).most_looks == 6


@given(st.lists(st.sampled_from([True, None]), max_size=40), st.lists(st.sampled_from([False, None]), max_size=40))
def test_points_that_cannot_be_looked_at_are_passed_over(before, after):
    truth = before + after
    if not truth:
        return
    search = run(truth)
    good = [place for place, verdict in enumerate(truth) if verdict is True]
    bad = [place for place, verdict in enumerate(truth) if verdict is False]
    assert search.change == (max(good, default=None), min(bad, default=None))


@pytest.mark.parametrize(
    "truth",
    [
        pytest.param([True, True, True, False, True, False, False, False], id="one bad among good"),
        pytest.param([True, False, True, False, False, False, False], id="one good among bad"),
    ],
)
def test_a_second_change_beside_the_first_is_noticed(truth):
    assert not run(truth).is_consistent


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_what_is_told_is_what_was_seen(truth):
    search = run(truth)
    last_good, first_bad = search.change
    assert last_good is None or truth[last_good]
    assert first_bad is None or not truth[first_bad]
    assert all(truth[place] == verdict for place, verdict in search.verdicts.items())
    assert len(search.verdicts) <= search.most_looks
