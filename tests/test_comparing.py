"""Two walks side by side: every item once, and a rename is a rename."""

from __future__ import annotations

from collections import Counter, defaultdict, deque

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walks import walk

import odb_nb as odb
from odb_nb.columns import TEXT
from odb_nb.errors import InputError
from odb_nb.tables import COMPARISON

BUDGET = ("k1", "Documents/Budget.xlsx", 10)
TEAM = ("k2", "Documents/Team.docx", 20)


def rows(comparison, *names):
    wanted = comparison[list(names or ("path", "path_before", "change"))].astype(object)
    return [tuple(None if value is pd.NA else value for value in row) for row in wanted.itertuples(index=False)]


# what became of an item

CASES = [
    pytest.param([BUDGET], [BUDGET], [(BUDGET[1], BUDGET[1], "same")], id="same"),
    pytest.param([], [BUDGET], [(BUDGET[1], None, "added")], id="added"),
    pytest.param([BUDGET], [], [(BUDGET[1], BUDGET[1], "removed")], id="removed"),
    pytest.param([BUDGET], [("k1", BUDGET[1], 11)], [(BUDGET[1], BUDGET[1], "resized")], id="resized"),
    pytest.param(
        [BUDGET], [("k1", "Documents/B.xlsx", 10)], [("Documents/B.xlsx", BUDGET[1], "renamed")], id="renamed"
    ),
    pytest.param([BUDGET], [("k1", "Old/Budget.xlsx", 10)], [("Old/Budget.xlsx", BUDGET[1], "renamed")], id="moved"),
    pytest.param(
        [BUDGET], [("k1", "Documents/B.xlsx", 99)], [("Documents/B.xlsx", BUDGET[1], "renamed")], id="renamed wins"
    ),
    pytest.param([BUDGET], [("k9", BUDGET[1], 10)], [(BUDGET[1], BUDGET[1], "same")], id="another key, same path"),
    pytest.param([BUDGET], [("k9", BUDGET[1], 11)], [(BUDGET[1], BUDGET[1], "resized")], id="another key and size"),
    pytest.param([(None, "a", 1)], [(None, "a", 1)], [("a", "a", "same")], id="no keys"),
    pytest.param(
        [(None, "a", 1)], [(None, "b", 1)], [("b", None, "added"), ("a", "a", "removed")], id="no keys, other paths"
    ),
    pytest.param([("k", "a", None)], [("k", "a", None)], [("a", "a", "same")], id="no sizes"),
    pytest.param([("k", "a", None)], [("k", "a", 0)], [("a", "a", "resized")], id="no size, then 0"),
    pytest.param([("k", "a", 0)], [("k", "a", None)], [("a", "a", "resized")], id="0, then no size"),
    pytest.param([("k", "a", 2**53)], [("k", "a", 2**53 + 1)], [("a", "a", "resized")], id="sizes above 2**53"),
    pytest.param(
        [BUDGET, TEAM],
        [("k1", TEAM[1], 10), ("k2", BUDGET[1], 20)],
        [(TEAM[1], BUDGET[1], "renamed"), (BUDGET[1], TEAM[1], "renamed")],
        id="two that change names",
    ),
    pytest.param(
        [BUDGET],
        [("k1", "Documents/Budget old.xlsx", 10), ("k9", BUDGET[1], 5)],
        [("Documents/Budget old.xlsx", BUDGET[1], "renamed"), (BUDGET[1], None, "added")],
        id="a new one in the old one's place",
    ),
    pytest.param(
        [("k1", "Documents/x", 1, "folder")],
        [("k9", "Documents/x", 1, "file")],
        [("Documents/x", None, "added"), ("Documents/x", "Documents/x", "removed")],
        id="a file in a folder's place",
    ),
    pytest.param(
        [("k1", "é", 1)], [("k9", "e\u0301", 1)], [("e\u0301", None, "added"), ("é", "é", "removed")], id="NFC and NFD"
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_every_item_says_what_became_of_it(before, after, expected):
    assert rows(odb.compare(walk(*before), walk(*after))) == expected


def test_sizes_and_keys_of_both_sides_are_shown():
    before = walk(BUDGET, TEAM)
    after = walk(("k9", BUDGET[1], 11), ("k3", "Documents/New.txt", 2**62))
    shown = rows(odb.compare(before, after), *COMPARISON.names[4:])
    assert shown == [(10, 11, "k1", "k9"), (None, 2**62, None, "k3"), (20, None, "k2", None)]


def test_rows_are_in_the_order_of_the_walk_after_then_those_removed_in_the_order_before():
    before = walk(("1", "e", 0), ("2", "b", 0), ("3", "d", 0), ("4", "a", 0))
    after = walk(("9", "z", 0), ("4", "a", 0), ("8", "c", 0), ("2", "b", 0))
    assert odb.compare(before, after)["path"].tolist() == ["z", "a", "c", "b", "e", "d"]


@pytest.mark.parametrize(("before", "after"), [([], []), ([BUDGET], []), ([], [BUDGET]), ([BUDGET], [TEAM])])
def test_columns_and_dtypes_are_always_those_of_the_table(before, after):
    compared = odb.compare(walk(*before), walk(*after))
    wanted = COMPARISON.frame([])
    assert compared.dtypes.to_dict() == wanted.dtypes.to_dict()
    assert compared.columns.tolist() == COMPARISON.names
    assert compared.index.equals(pd.RangeIndex(len(before) + len(after)))


def test_a_key_that_stands_twice_is_paired_in_turn():
    twice = walk(("k", "a", 1), ("k", "b", 2))
    assert rows(odb.compare(twice, twice)) == [("a", "a", "same"), ("b", "b", "same")]
    assert rows(odb.compare(twice, walk(("k", "a", 1)))) == [("a", "a", "same"), ("b", "b", "removed")]
    assert rows(odb.compare(walk(("k", "b", 2)), twice)) == [("a", "b", "renamed"), ("b", None, "added")]


def test_a_path_that_stands_twice_is_paired_in_turn():
    before = walk(("1", "a", 1), ("2", "a", 2), ("3", "a", 3))
    after = walk(("8", "a", 1), ("9", "a", 5))
    assert rows(odb.compare(before, after), "change", "item_key_before", "item_key_after") == [
        ("same", "1", "8"),
        ("resized", "2", "9"),
        ("removed", "3", None),
    ]


def test_the_walks_stay_as_they_were():
    before, after = walk(BUDGET), walk(TEAM)
    copies = before.copy(), after.copy()
    compared = odb.compare(before, after)
    compared.attrs["before"]["not_listed"].append("x")
    pd.testing.assert_frame_equal(before, copies[0])
    pd.testing.assert_frame_equal(after, copies[1])
    assert before.attrs == copies[0].attrs


# against a model

KEYS = st.sampled_from([None, "k1", "k2", "k3", "k4"])
PATHS = st.sampled_from(["", "a", "a/b", "a/c", "é", "e\u0301"])
TREES = st.lists(
    st.tuples(KEYS, PATHS, st.none() | st.integers(0, 2), st.sampled_from(["file", "folder"])),
    max_size=8,
)


def model(before, after):
    """What `compare` does, one row at a time."""
    partner, by_key = {}, set()
    for stage, name_of in enumerate([lambda row: row[0], lambda row: (row[1], row[3])]):
        waiting = defaultdict(deque)
        for at, row in enumerate(before):
            if name_of(row) is not None and at not in partner.values():
                waiting[name_of(row)].append(at)
        for at, row in enumerate(after):
            if at not in partner and waiting[name_of(row)]:
                partner[at] = waiting[name_of(row)].popleft()
                by_key |= {at} if stage == 0 else set()
    for at, (key, path, size, _) in enumerate(after):
        if at not in partner:
            yield path, None, "added", None, size, None, key
            continue
        key_before, path_before, size_before, _ = before[partner[at]]
        change = "renamed" if at in by_key and path != path_before else "same" if size == size_before else "resized"
        yield path, path_before, change, size_before, size, key_before, key
    for at, (key, path, size, _) in enumerate(before):
        if at not in partner.values():
            yield path, path, "removed", size, None, key, None


@given(before=TREES, after=TREES)
def test_any_two_trees_compare_as_the_model_says(before, after):
    compared = odb.compare(walk(*before), walk(*after))
    names = ["path", "path_before", "change", "size_before", "size_after", "item_key_before", "item_key_after"]
    assert rows(compared, *names) == list(model(before, after))


@given(before=TREES, after=TREES)
def test_every_row_of_both_trees_stands_once(before, after):
    compared = odb.compare(walk(*before), walk(*after))
    is_there = compared["change"] != "removed"
    was_there = compared["change"] != "added"
    assert compared.loc[is_there, "path"].tolist() == [row[1] for row in after]
    assert Counter(compared.loc[was_there, "path_before"]) == Counter(row[1] for row in before)


@given(tree=TREES)
def test_a_tree_is_the_same_as_itself(tree):
    compared = odb.compare(walk(*tree), walk(*tree))
    assert set(compared["change"]) <= {"same"}
    assert compared["path"].tolist() == [row[1] for row in tree]


def test_a_hundred_thousand_items_compare():
    before = walk(*[(f"k{at}", f"Documents/{at % 100}/{at}.docx", at) for at in range(100_000)])
    after = before.iloc[100:].iloc[::-1].assign(path=lambda frame: frame["path"].str.replace("Documents/7/", "Old/"))
    after.attrs["items"] = len(after)
    counts = odb.compare(before, after)["change"].value_counts().to_dict()
    assert counts == {"same": 98_901, "renamed": 999, "removed": 100}


# what a comparison rests on


def test_attrs_tell_what_was_compared():
    before, after = walk(BUDGET), walk(BUDGET, restore_point_date_time="2026-11-20T03:02:55+00:00")
    compared = odb.compare(before, after)
    assert compared.attrs == {"before": before.attrs, "after": after.attrs, "complete": True}


PARTIAL = [
    pytest.param({"complete": False}, "was cut short", id="cut short"),
    pytest.param({"complete": False, "not_listed": ["k7", "k8"]}, "lacks 2 place", id="not listed"),
    pytest.param({"items": 40}, "has 1 of its 40 rows", id="filtered"),
]


@pytest.mark.parametrize(("attrs", "said"), PARTIAL)
def test_a_walk_that_lacks_rows_is_named(attrs, said):
    whole, partial = walk(BUDGET), walk(BUDGET, **attrs)
    for pair, name in [((partial, whole), "walk_a"), ((whole, partial), "walk_b")]:
        with pytest.warns(UserWarning, match=rf"{name} \(2026-11-19 03:02:55\) {said}.*added or removed") as warned:
            compared = odb.compare(*pair)
        assert warned[0].filename == __file__
        assert compared.attrs["complete"] is False


def test_walks_that_tell_nothing_of_themselves_are_compared_and_not_taken_for_whole():
    bare = walk(BUDGET)
    bare.attrs = {}
    assert odb.compare(bare, bare).attrs == {"before": {}, "after": {}, "complete": False}


def test_walks_of_two_drives_are_refused():
    with pytest.raises(InputError, match=r"walk_a .* is of drive 'd-1' and walk_b .* of 'd-2'"):
        odb.compare(walk(BUDGET), walk(BUDGET, drive_id="d-2"))


@pytest.mark.parametrize("drive_id", ["d-1", None])
def test_a_drive_that_is_not_known_is_not_another(drive_id):
    assert odb.compare(walk(BUDGET), walk(BUDGET, drive_id=drive_id))["change"].tolist() == ["same"]


def test_sites_without_a_key_in_common_are_asked_about():
    one, other = (walk((f"site{at}", "", None, "site"), (f"k{at}", "a", 1), drive_id=None) for at in (1, 2))
    with pytest.warns(UserWarning, match="are they of one drive"):
        compared = odb.compare(one, other)
    assert compared["change"].tolist() == ["same", "same"]


REFUSED = [
    pytest.param(None, "NoneType", id="None"),
    pytest.param([BUDGET], "list", id="list"),
    pytest.param(pd.DataFrame({"path": ["a"], "type": ["file"]}), "item_key, size_in_bytes", id="columns"),
    pytest.param(walk(BUDGET).assign(size_in_bytes=["much"]), "holds what no walk does", id="size in words"),
    pytest.param(walk(BUDGET).assign(size_in_bytes=[1.5]), "holds what no walk does", id="half a byte"),
]


@pytest.mark.parametrize(("wrong", "said"), REFUSED)
def test_what_is_no_walk_is_refused_and_named(wrong, said):
    with pytest.raises(InputError, match=f"walk_a .*{said}"):
        odb.compare(wrong, walk(BUDGET))
    with pytest.raises(InputError, match=f"walk_b .*{said}"):
        odb.compare(walk(BUDGET), wrong)


def test_columns_that_were_text_and_numbers_in_a_file_compare_too():
    plain = walk(BUDGET).astype({"size_in_bytes": "int64", "item_key": object, "path": "str", "type": "category"})
    assert odb.compare(plain, walk(BUDGET)).dtypes["path"] == TEXT


# the summary


def test_a_summary_counts_items_and_bytes_by_type_and_change():
    before = walk(BUDGET, TEAM, ("k3", "Documents", 30, "documentLibrary"), ("k4", "", None, "site"))
    top = [("k3", "Documents", 22, "documentLibrary"), ("k4", "", None, "site")]
    after = walk(("k1", BUDGET[1], 15), ("k5", "Documents/x", 7), *top)
    summary = odb.summarize_changes(odb.compare(before, after))
    assert rows(summary, *summary.columns) == [
        ("site", "same", 1, None, None),
        ("documentLibrary", "resized", 1, 30, 22),
        ("file", "added", 1, None, 7),
        ("file", "removed", 1, 20, None),
        ("file", "resized", 1, 10, 15),
    ]
    assert summary.dtypes.astype(str).tolist() == ["string", "string", "Int64", "Int64", "Int64"]


def test_types_that_we_do_not_know_come_last():
    walks = walk(("1", "a", 1, "notebook"), ("2", "b", 1), ("3", "c", 1, "folder"))
    assert odb.summarize_changes(odb.compare(walks, walks))["type"].tolist() == ["folder", "file", "notebook"]


def test_a_summary_of_nothing_has_its_columns():
    summary = odb.summarize_changes(odb.compare(walk(), walk()))
    assert summary.columns.tolist() == ["type", "change", "items", "bytes_before", "bytes_after"]
    assert summary.dtypes.astype(str).tolist() == ["string", "string", "Int64", "Int64", "Int64"]


def test_sums_that_do_not_fit_are_null_and_said():
    walks = walk(("1", "a", 2**63 - 1), ("2", "b", 2**63 - 1))
    with pytest.warns(UserWarning, match="64 bits"):
        summary = odb.summarize_changes(odb.compare(walks, walks))
    assert summary["bytes_before"].isna().all()


@pytest.mark.parametrize("wrong", [None, [], pd.DataFrame({"type": []}), walk(BUDGET)], ids=str)
def test_a_summary_of_what_is_no_comparison_is_refused(wrong):
    with pytest.raises(InputError, match="frame from compare"):
        odb.summarize_changes(wrong)


# the sandbox


def test_an_evening_on_which_files_were_renamed_is_seen(client):
    points = client.list_restore_points(client.list_drives(search="nestor"), start="2026-11-16", end="2026-11-18")
    after, before = (client.walk(session) for session in client.create_sessions(points.iloc[[0, -1]], wait=True)["id"])
    compared = odb.compare(before, after)
    renamed = compared[(compared["type"] == "file") & (compared["change"] == "renamed")]
    assert len(renamed) == 300
    assert (renamed["path"] == renamed["path_before"] + ".locked").all()
    assert compared.attrs["complete"] is True
