"""One item over many restore points."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walks import walk

import odb_nb as odb
from odb_nb.errors import InputError


def at(day, *rows, **attrs):
    """A walk of the point of that day of November, at three in the morning."""
    return walk(*rows, restore_point_date_time=f"2026-11-{day:02}T03:02:55+00:00", **attrs)


def time(day):
    return datetime(2026, 11, day, 3, 2, 55, tzinfo=UTC)


def cells(history, *names):
    wanted = history[list(names)].astype(object)
    return [tuple(None if value is pd.NA else value for value in row) for row in wanted.itertuples(index=False)]


MONDAY, TUESDAY, WEDNESDAY = "2026-11-16 03:02:55", "2026-11-17 03:02:55", "2026-11-18 03:02:55"
POINTS = [MONDAY, TUESDAY, WEDNESDAY]

STAYS = pytest.param([("k", "a", 1)], [("k", "a", 2)], [("k", "a", 3)], [("a", None, 1, 2, 3)], id="stays")
CASES = [
    STAYS,
    pytest.param([("k", "a", 1)], [], [], [("a", None, 1, None, None)], id="is removed"),
    pytest.param([], [("k", "a", 1)], [], [("a", None, None, 1, None)], id="comes and goes"),
    pytest.param([("k", "a", 1)], [], [("k", "a", 3)], [("a", None, 1, None, 3)], id="comes back"),
    pytest.param([("k", "a", 1)], [], [("k", "b", 3)], [("b", "a", 1, None, 3)], id="comes back elsewhere"),
    pytest.param([("k", "a", 1)], [("k", "b", 2)], [("k", "b", 3)], [("b", "a", 1, 2, 3)], id="is renamed"),
    pytest.param([("k", "a", 1)], [("k", "b", 2)], [("k", "c", 3)], [("c", "b", 1, 2, 3)], id="is renamed twice"),
    pytest.param([("k", "a", 1)], [("k", "b", 2)], [("k", "a", 3)], [("a", "b", 1, 2, 3)], id="is renamed and back"),
    pytest.param([("k", "a", 1)], [("n", "a", 2)], [("n", "b", 3)], [("b", "a", 1, 2, 3)], id="gets another key"),
    pytest.param([("k", "a", None)], [("k", "a", 2)], [], [("a", None, None, 2, None)], id="has no size at first"),
    pytest.param(
        [("k", "a", 1)],
        [("k", "b", 2), ("n", "a", 5)],
        [("n", "a", 6)],
        [("b", "a", 1, 2, None), ("a", None, None, 5, 6)],
        id="leaves its place to another",
    ),
    pytest.param(
        [("k", "a", 1), ("n", "b", 5)],
        [("k", "b", 1), ("n", "a", 5)],
        [],
        [("b", "a", 1, 1, None), ("a", "b", 5, 5, None)],
        id="changes names with another",
    ),
    pytest.param(
        [("k", "a", 1, "folder")],
        [("n", "a", 2, "file")],
        [],
        [("a", None, 1, None, None), ("a", None, None, 2, None)],
        id="is a folder, then a file",
    ),
]


@pytest.mark.parametrize(("one", "two", "three", "expected"), CASES)
def test_an_item_is_followed_through_the_points(one, two, three, expected):
    history = odb.file_history([at(16, *one), at(17, *two), at(18, *three)])
    assert cells(history, "path", "path_before", *POINTS) == expected


def test_walks_may_come_in_any_order():
    walks = [at(day, ("k", f"a{day}", day)) for day in (18, 16, 17)]
    history = odb.file_history(iter(walks))
    assert history.columns[5:].tolist() == POINTS
    assert cells(history, "path", "path_before", *POINTS) == [("a18", "a17", 16, 17, 18)]


def test_first_and_last_seen_are_times_of_points():
    history = odb.file_history([at(16, ("k", "a", 1)), at(17, ("n", "b", 1)), at(18, ("k", "a", 1))])
    assert history["first_seen"].tolist() == [time(16), time(17)]
    assert history["last_seen"].tolist() == [time(18), time(17)]


def test_the_keys_of_a_mapping_name_the_columns():
    walks = {"after": at(18, ("k", "b", 3)), "before": at(16, ("k", "a", 1))}
    history = odb.file_history(walks)
    assert history.columns[5:].tolist() == ["before", "after"]
    assert history["first_seen"].tolist() == [time(16)]


def test_a_mapping_of_walks_without_times_stays_in_its_order():
    one, two = walk(("k", "b", 3), restore_point_date_time=None), at(16, ("k", "a", 1))
    history = odb.file_history({"one": one, "two": two})
    assert cells(history, "path", "first_seen", "last_seen", "one", "two") == [("a", "one", "two", 3, 1)]
    assert history["first_seen"].dtype == "string"


DTYPES = ["string", "string", "string", "datetime64[us, UTC]", "datetime64[us, UTC]"]


@pytest.mark.parametrize("walks", [[], {}, [at(16)], [at(16), at(17)], [at(16, ("k", "a", 1))]], ids=len)
def test_columns_and_dtypes_are_always_the_same(walks):
    history = odb.file_history(walks)
    assert history.columns[:5].tolist() == ["path", "path_before", "type", "first_seen", "last_seen"]
    assert history.dtypes.astype(str).tolist() == DTYPES + ["Int64"] * len(walks)


def test_attrs_tell_what_it_rests_on():
    walks = [at(16, ("k", "a", 1)), at(17, ("k", "a", 1))]
    assert odb.file_history(walks).attrs == {"points": [one.attrs for one in walks], "complete": True}


def test_a_walk_that_lacks_rows_is_named():
    with pytest.warns(UserWarning, match=f"{TUESDAY} has 1 of its 9 rows.*had not been there") as warned:
        history = odb.file_history([at(16, ("k", "a", 1)), at(17, ("k", "a", 1), items=9)])
    assert warned[0].filename == __file__
    assert history.attrs["complete"] is False


REFUSED = [
    pytest.param([at(16), at(16)], "two walks are of the restore point of 2026-11-16 03:02:55", id="point twice"),
    pytest.param({"a": at(16), "b": at(16)}, "two walks are of the restore point", id="point under two names"),
    pytest.param([at(16), walk(restore_point_date_time=None)], "1 of 2 walks .* hand in a mapping", id="no time"),
    pytest.param([at(16), walk(restore_point_date_time="2026-11-16T03:02:55.5Z")], "same second", id="second twice"),
    pytest.param([at(16), at(17, drive_id="d-2")], "is of drive 'd-1'.*of 'd-2'", id="drives"),
    pytest.param({"path": at(16)}, "'path' cannot name a column", id="name of a column"),
    pytest.param({1: at(16)}, "1 cannot name a column", id="number for a name"),
    pytest.param(at(16), "list or a mapping of walks, not a DataFrame", id="one walk"),
    pytest.param("walks", "list or a mapping of walks, not a str", id="text"),
    pytest.param(None, "list or a mapping of walks, not a NoneType", id="None"),
    pytest.param([at(16), "text"], "not a str", id="text in a list"),
    pytest.param([at(16).drop(columns="path")], f"walk '{MONDAY}' .*missing columns: path", id="columns"),
]


@pytest.mark.parametrize(("walks", "said"), REFUSED)
def test_what_makes_no_history_is_refused(walks, said):
    with pytest.raises(InputError, match=said):
        odb.file_history(walks)


ROWS = st.lists(
    st.tuples(st.sampled_from([None, "k1", "k2", "k3"]), st.sampled_from("abcd"), st.integers(0, 3)), max_size=5
)


@given(trees=st.lists(ROWS, min_size=1, max_size=5))
def test_every_row_of_every_walk_is_in_the_column_of_its_point(trees):
    walks = [at(day, *tree) for day, tree in enumerate(trees, 1)]
    history = odb.file_history(walks)
    for tree, name in zip(trees, history.columns[5:], strict=True):
        assert sorted(history[name].dropna()) == sorted(size for *_, size in tree)
    seen = history[history.columns[5:]].notna().to_numpy()
    assert history["first_seen"].tolist() == [time(1 + row.argmax()) for row in seen]
    assert history["last_seen"].tolist() == [time(len(walks) - row[::-1].argmax()) for row in seen]
