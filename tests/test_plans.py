"""Plans of a restore: what is left out, how it is cut into requests, and what an edited plan is refused for."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb import plans
from odb_nb.errors import InputError
from odb_nb.tables import PLAN


def item(path, type_="file", session="s1", key=None, size=1):
    return {
        "session_id": session, "item_key": key or f"k:{path}", "name": path.rpartition("/")[2], "type": type_,
        "path": path, "size_in_bytes": size,
    }  # fmt: skip


def made(*rows, **places):
    origins = {"s1": ("p1", "d1"), "s2": ("p2", "d1"), **places}
    return plans.make(rows, origins, "new", "fail")


def test_a_plan_says_what_from_where_to_where():
    plan = made(item("Documents/a.txt"), item("Documents/b.txt", session="s2"))
    assert list(plan.columns) == PLAN.names
    assert plan["restore_point_id"].tolist() == ["p1", "p2"]
    assert plan["request_number"].tolist() == [1, 2]
    assert plan.attrs == {"requests": 2, "given": 2, "given_twice": 0, "within_folders": 0}


def test_an_item_is_the_same_however_the_id_of_its_point_is_spelled():
    point = "1F1FCCC3-a642-4f61-bf49-f37b9a888279"
    [upper] = plans.read(made(item("a/b"), s1=(point.upper(), "d1")), api_version="v1.0")
    [lower] = plans.read(made(item("a/b"), s1=(point.lower(), "d1")), api_version="v1.0")
    assert upper.identity == lower.identity
    [other], [one] = (plans.read(made(item("a/b"), s1=(id_, "d1")), api_version="v1.0") for id_ in ("Zm9v", "zM9V"))
    assert one.identity != other.identity  # base64: there the letters' case tells


def test_an_empty_plan_has_all_columns():
    plan = made()
    assert (list(plan.columns), len(plan), plan.attrs["requests"]) == (PLAN.names, 0, 0)
    assert plans.read(plan, api_version="v1.0") == []


def test_what_lies_in_a_folder_of_the_plan_goes_with_it():
    rows = [
        item("D/x", "folder"),
        item("D/x/a"),
        item("D/x/y", "folder"),
        item("D/x/y/b"),
        item("D/xy"),
        item("D/x/a", session="s2"),
    ]
    plan = made(*rows)
    assert plan["path"].tolist() == ["D/x", "D/xy", "D/x/a"]
    assert plan.attrs["within_folders"] == 3


def test_equal_items_count_once_and_versions_of_one_file_are_two():
    plan = made(item("D/a"), item("D/a"), item("D/a", session="s2"))
    assert plan["session_id"].tolist() == ["s1", "s2"]
    assert plan.attrs["given_twice"] == 1


@given(st.lists(st.sampled_from(["s1", "s2", "s3"]), max_size=240))
def test_requests_are_of_one_session_and_of_fifty_at_most(sessions):
    plan = made(*(item(f"D/{n}", session=session) for n, session in enumerate(sessions)), s3=("p3", "d2"))
    groups = plan.groupby("request_number")["session_id"]
    assert (groups.nunique() == 1).all()
    assert (groups.size() <= 50).all()
    assert (
        plan["request_number"].nunique()
        == plan.attrs["requests"]
        == sum(-(-sessions.count(s) // 50) for s in set(sessions))
    )
    assert len(plans.read(plan, api_version="v1.0")) == len(sessions)


@pytest.mark.parametrize("type_", ["site", "documentLibrary"])
def test_only_files_and_folders_can_be_restored(type_):
    with pytest.raises(InputError, match=f"row 0 is a {type_}.*take the folders in it"):
        made(item("Documents", type_))


def edited(**changes):
    plan = made(item("D/a"), item("D/b"), item("D/c", session="s2")).astype("object")
    for name, values in changes.items():
        plan[name] = values
    return plan


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"item_key": ["k", None, "l"]}, "row 1 of the plan: item id", id="no key"),
        pytest.param({"item_key": ["k", "k", "l"]}, "rows 0 and 1 of the plan are the same item", id="one item twice"),
        pytest.param({"session_id": ["s1", "", "s2"]}, "row 1 of the plan: session id", id="no session"),
        pytest.param(
            {"session_id": ["s1", "../x y", "s2"]}, "row 1 of the plan: session id", id="a session of nonsense"
        ),
        pytest.param(
            {"session_id": ["s1", "s2", "s2"]}, "rows 0 and 1 .* differ in session_id", id="two sessions in a request"
        ),
        pytest.param({"request_number": [1, 1, 1]}, "rows 0 and 2 .* differ in session_id", id="two requests made one"),
        pytest.param({"request_number": [1, 0, 2]}, "row 1 of the plan: request_number", id="request zero"),
        pytest.param({"request_number": [1, 1.5, 2]}, "row 1 of the plan: request_number", id="a broken number"),
        pytest.param({"request_number": [1, None, 2]}, "row 1 of the plan: request_number", id="no number"),
        pytest.param({"request_number": [1, "two", 2]}, "row 1 of the plan: request_number", id="a number in words"),
        pytest.param(
            {"destination": "elsewhere"}, "row 0 of the plan: destination='elsewhere'", id="a place of nonsense"
        ),
        pytest.param({"destination": "inPlace"}, "row 0 of the plan: .*new folder only", id="in place on v1.0"),
        pytest.param({"conflict": "replace"}, "row 0 of the plan: .*new folder", id="replace on v1.0"),
        pytest.param(
            {"conflict": ["fail", "maybe", "fail"]}, "row 1 of the plan: conflict='maybe'", id="a rule of nonsense"
        ),
        pytest.param({"type": ["file", "site", "file"]}, "row 1 of the plan: type='site'", id="a site"),
        pytest.param(
            {"restore_point_id": ["p1", "p9", "p2"]}, "one session and two restore points", id="two points of a session"
        ),
    ],
)
def test_an_edited_plan_is_refused_with_its_row(changes, words):
    with pytest.raises(InputError, match=words):
        plans.read(edited(**changes), api_version="v1.0")


def test_more_than_fifty_in_a_request_are_refused():
    plan = made(*(item(f"D/{n}") for n in range(51))).assign(request_number=1)
    with pytest.raises(InputError, match="request 1 of the plan has 51 items, 50 at most"):
        plans.read(plan, api_version="v1.0")


@pytest.mark.parametrize("missing", ["item_key", "session_id", "destination", "conflict", "request_number"])
def test_a_plan_without_a_column_is_refused(missing):
    with pytest.raises(InputError, match=f"missing: {missing}"):
        plans.read(edited().drop(columns=missing), api_version="v1.0")


def test_what_is_no_frame_is_no_plan():
    with pytest.raises(InputError, match="expected a plan from plan_restore, got a list"):
        plans.read([], api_version="v1.0")


def test_a_plan_survives_a_csv_file(tmp_path):
    plan = made(item("D/a", size=2**60), item("D/b", session="s2"))
    plan.to_csv(tmp_path / "plan.csv", index=False)
    assert plans.read(pd.read_csv(tmp_path / "plan.csv"), api_version="v1.0") == plans.read(plan, api_version="v1.0")


def test_in_place_and_its_rules_are_taken_on_beta():
    plan = edited(destination="inPlace", conflict="replace")
    items = plans.read(plan, api_version="beta")
    assert plans.replaces(items)
    assert not plans.replaces(plans.read(edited(conflict="replace"), api_version="beta"))


def test_an_item_without_a_known_point_is_told_apart_by_its_session():
    one, other, *_ = plans.read(
        made(item("D/a"), item("D/a", session="s2"), s1=(None, None), s2=(None, None)), api_version="v1.0"
    )
    assert one.identity != other.identity
    known, again = plans.read(
        made(item("D/a"), item("D/a", session="s2"), s1=("p", "d"), s2=("q", "d")), api_version="v1.0"
    )
    assert known.identity[1] == again.identity[1]
    assert known.identity != again.identity


def test_the_way_to_items():
    items = plans.read(made(item("D/x/a"), item("D/b")), api_version="v1.0")
    assert plans.folders_on_the_way(items) == {"", "D", "D/x"}
    assert plans.folders_on_the_way(plans.read(made(item("D/x/a") | {"path": None}), api_version="v1.0")) is None
