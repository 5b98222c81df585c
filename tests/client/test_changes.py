"""Where between restore points something changed: found by opening few of them, claimed no further than was seen."""

from __future__ import annotations

import contextlib
import threading

import pandas as pd
import pytest
from stories import points_of

import odb_nb as odb
from odb_nb import InputError
from odb_nb.background import interrupt
from odb_nb.sandbox import Fault
from odb_nb.tables import CHANGES

TWO_WEEKS = {"start": "2026-11-07", "end": "2026-11-20"}
AURORA = "Documents/Projects/Aurora"


def days_of(points):
    return dict(zip(points["id"], points["protection_date_time"].dt.strftime("%m-%d"), strict=True))


@pytest.mark.parametrize(
    ("story", "check", "last_good", "first_bad"),
    [
        pytest.param("folder-deleted", odb.path_exists(f"/{AURORA}/"), "11-15", "11-16", id="a folder is gone"),
        pytest.param("folder-deleted", odb.has_items(AURORA, 3), "11-15", "11-16", id="a folder has no items"),
        pytest.param("ransomware", odb.no_suffix(".LOCKED"), "11-17", "11-18", id="a suffix"),
        pytest.param("ransomware", odb.no_suffix(".locked", "Documents"), "11-17", "11-18", id="a suffix in a folder"),
        pytest.param(
            "ransomware", lambda walk: "HOW TO RECOVER.txt" not in set(walk["name"]), "11-17", "11-18", id="a function"
        ),
    ],
)
def test_the_change_is_found_with_few_sessions(client, sandbox, story, check, last_good, first_bad):
    points = points_of(client, story, **TWO_WEEKS)
    assert len(points) == 14
    found = client.find_change(points, check)
    days = days_of(points)
    assert list(found.columns) == CHANGES.names
    assert (days[found.attrs["last_good"]], days[found.attrs["first_not_good"]]) == (last_good, first_bad)
    assert found["protection_date_time"].is_monotonic_increasing
    assert found.set_index("change").loc["last good", "restore_point_id"] == found.attrs["last_good"]
    assert (
        len(found) == len(sandbox.sessions) == sandbox.count("create_session") <= found.attrs["sessions_at_most"] == 6
    )
    assert found["verdict"].tolist() == sorted(found["verdict"])
    assert client.last_result.equals(found)


def test_a_path_is_looked_for_on_its_way_only(client, sandbox):
    points = points_of(client, "folder-deleted", **TWO_WEEKS)
    found = client.find_change(points, odb.path_exists(AURORA))
    assert "some 5 requests each" in found.attrs["effort"]
    # the top, the site, and the library on three pages
    assert sandbox.count("get_session") == len(found)
    assert sandbox.count("browse") <= 6 * len(found)


def test_running_it_again_opens_nothing(client, sandbox):
    points = points_of(client, "folder-deleted", **TWO_WEEKS)
    first = client.find_change(points, odb.path_exists(AURORA))
    assert client.find_change(points, odb.path_exists(AURORA)).equals(first)
    assert sandbox.count("create_session") == len(first)


@pytest.mark.parametrize("answer", [True, False])
def test_no_change_is_said_as_far_as_it_was_seen(client, answer):
    points = points_of(client, **TWO_WEEKS)
    found = client.find_change(points, lambda _: answer)
    assert (found.attrs["first_not_good"] is None, found.attrs["last_good"] is None) == (answer, not answer)
    assert ("no change" if answer else "in none of the 14 points") in found.attrs["in_words"]


def test_before_it_starts_it_says_what_it_will_take(client, sandbox):
    points = points_of(client, **TWO_WEEKS)
    told = []
    client.find_change(points, odb.path_exists("Documents"), progress=lambda *report: told.append(report))
    effort = "opens at most 6 sessions of 14 points; some 3 requests each, more where a folder on the way is large"
    assert told[0] == (0, 6, effort)
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)


def test_a_dry_run_opens_nothing(client, sandbox):
    points = points_of(client, **TWO_WEEKS)
    plan = client.find_change(points, odb.path_exists("Documents"), dry_run=True)
    assert plan["verdict"].unique().tolist() == ["planned"]
    assert plan.attrs["in_words"].startswith("asks whether Documents exists, assuming one change; opens at most 6")
    assert sandbox.sessions == []


def test_a_second_change_next_to_the_first_is_said(client):
    points = points_of(client, **TWO_WEEKS)
    bad = points.sort_values("protection_date_time")["protection_date_time"].iloc[[7, 9, 10, 11, 12, 13]]
    moments = {moment.isoformat() for moment in bad}
    with pytest.warns(UserWarning, match="more than one change"):
        found = client.find_change(points, lambda w: w.attrs["restore_point_date_time"] not in moments)
    assert not found.attrs["is_consistent"]
    assert "a later point is good again" in found.attrs["in_words"]


@pytest.mark.parametrize(
    ("check", "verdict"),
    [
        pytest.param(odb.path_exists(f"{AURORA}/nothing"), "unknown", id="what is not seen may be there"),
        pytest.param(odb.path_exists("Documents"), "good", id="what is seen is there"),
        pytest.param(odb.no_suffix(".locked"), "unknown", id="what is not seen may end like that"),
        pytest.param(odb.no_suffix("s"), "not good", id="what is seen ends like that"),
    ],
)
def test_where_a_folder_cannot_be_listed_only_a_sure_answer_counts(client, sandbox, check, verdict):
    point = points_of(client, "folder-deleted", start="2026-11-10", end="2026-11-10")
    client.find_change(point, check)
    asked = sandbox.count("browse")
    # the last request is for a folder, in whatever order the others come; of two, for the site and its top, none is
    sandbox.faults.add(Fault("browse", status=409, skip=asked - (asked > 2)))
    with pytest.warns(UserWarning, match="could not be listed") if verdict != "good" else contextlib.nullcontext():
        found = client.find_change(point, check)
    assert found["verdict"].tolist() == [verdict]
    assert found["error_code"].fillna("").tolist() == ["NotAllListed" if verdict == "unknown" else ""]


@pytest.mark.parametrize("page", range(5))
def test_a_row_that_a_page_leaves_out_is_looked_for_again(client, sandbox, page):
    point = points_of(client, "folder-deleted", start="2026-11-10", end="2026-11-10")
    before = client.find_change(point, odb.path_exists(AURORA))
    assert sandbox.count("browse") == 5  # the top, the site, three folders on the way
    sandbox.faults.add(Fault("browse", "misses", skip=page))
    found = client.find_change(point, odb.path_exists(AURORA))
    assert len(sandbox.faults) == 0
    assert found["verdict"].tolist() == before["verdict"].tolist() == ["good"]


@pytest.mark.parametrize(
    ("missed", "verdict", "is_told", "looks"),
    [
        pytest.param([], "not good", False, 1, id="nothing"),
        pytest.param([4], "not good", False, 2, id="at the first look alone"),
        pytest.param([4, 9], "not good", True, 2, id="the same row twice: the service counts otherwise"),
        pytest.param([4, 8], "unknown", False, 2, id="another row at the second look"),
    ],
)
def test_two_looks_that_differ_give_no_verdict_and_counts_that_stay_odd_are_told(
    client, sandbox, missed, verdict, is_told, looks
):
    point = points_of(client, "folder-deleted", start="2026-11-10", end="2026-11-10")
    if missed:
        sandbox.faults.add(Fault("browse", "misses", places=missed))
    found = client.find_change(point, odb.path_exists("Documents/Projects/nothing"))
    assert sandbox.count("browse") == 5 * looks
    assert found["verdict"].tolist() == [verdict]
    assert found["error_code"].fillna("").tolist() == ["NotAllListed" if verdict == "unknown" else ""]
    assert found.attrs["counts_differ"] == (point["id"].tolist() if is_told else [])
    assert ("in 1 of them places hold another number of items" in found.attrs["in_words"]) == is_told


def test_counts_that_differ_cost_no_second_look_where_the_answer_is_sure(client, sandbox):
    point = points_of(client, "folder-deleted", start="2026-11-10", end="2026-11-10")
    sandbox.faults.add(Fault("browse", "misses", places=[3]))
    found = client.find_change(point, odb.path_exists("Documents/Projects"))
    assert sandbox.faults.struck == 1
    assert found["verdict"].tolist() == ["good"]
    assert sandbox.count("browse") == 4


def test_a_function_of_ours_gets_two_looks_where_counts_differ(client, sandbox):
    point = points_of(client, "folder-deleted", start="2026-11-10", end="2026-11-10")
    sandbox.faults.add(Fault("browse", "misses", skip=6))
    seen = []
    found = client.find_change(point, lambda listing: not seen.append(len(listing)))
    whole = len(client.walk(found["session_id"].iloc[0]))
    assert (found["items_seen"].tolist(), seen) == ([whole], [whole])


def test_points_whose_session_fails_are_passed_over(client, sandbox):
    points = points_of(client, "folder-deleted", **TWO_WEEKS)
    middle = points.sort_values("protection_date_time")["id"].iloc[6]
    sandbox.faults.add(
        Fault("create_session", status=400, code="InvalidRestorePoint", restore_points=[middle], times=None)
    )
    found = client.find_change(points, odb.path_exists(AURORA))
    days = days_of(points)
    assert (days[found.attrs["last_good"]], days[found.attrs["first_not_good"]]) == ("11-15", "11-16")
    row = found.set_index("restore_point_id").loc[middle]
    assert (row["verdict"], row["error_code"]) == ("unknown", "InvalidRestorePoint")


def test_a_drive_that_cannot_be_opened_gives_no_verdict(client, sandbox):
    drive = next(drive for drive in sandbox.drives if drive.special == "sessions-fail")
    found = client.find_change(client.list_restore_points(drive.id, limit=3), odb.path_exists("Documents"))
    assert found["verdict"].tolist() == ["unknown"] * 3
    assert found.attrs["in_words"].startswith("not known")


def test_an_interrupt_keeps_what_was_seen(client):
    points = points_of(client, **TWO_WEEKS)

    def stop(done, total, note):
        if done == 2:
            interrupt(threading.current_thread())

    with pytest.raises(KeyboardInterrupt):
        client.find_change(points, odb.path_exists("Documents"), progress=stop)
    assert client.last_result["verdict"].tolist() == ["good"] * 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(None, "it gave None", id="nothing"),
        pytest.param("yes", "it gave 'yes'", id="a word"),
        pytest.param(pd.Series([True]), "it gave 0", id="a series"),
    ],
)
def test_an_answer_that_is_none_is_refused(client, answer, words):
    with pytest.raises(InputError, match=f"must return True or False.*{words}"):
        client.find_change(points_of(client), lambda _: answer)


@pytest.mark.parametrize(
    ("choose", "words"),
    [
        pytest.param(lambda points: points.head(0), "no restore points", id="none"),
        pytest.param(lambda points: ["bm8gc3VjaA=="], "is not known; pass the frame", id="an id never seen"),
    ],
)
def test_points_that_cannot_be_used_are_refused(client, sandbox, choose, words):
    points = points_of(client)
    with pytest.raises(InputError, match=words):
        client.find_change(choose(points), odb.path_exists("Documents"))
    assert sandbox.sessions == []


def test_points_of_two_drives_are_refused(client, points):
    with pytest.raises(InputError, match="restore points of 12 drives"):
        client.find_change(points, odb.path_exists("Documents"))


def test_what_is_no_check_is_refused(client):
    with pytest.raises(InputError, match="is_good='Documents' must be a function"):
        client.find_change(points_of(client), "Documents")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda: odb.path_exists(""), "path='' must be text", id="no path"),
        pytest.param(lambda: odb.path_exists("Documents/../x"), r"has a part '\.\.'", id="a path that goes up"),
        pytest.param(lambda: odb.path_exists("Documents//x"), "has a part ''", id="an empty part"),
        pytest.param(lambda: odb.has_items("Documents", 0), "at_least=0 must be a whole number", id="no items"),
        pytest.param(lambda: odb.no_suffix(""), "suffix='' must be text", id="no suffix"),
    ],
)
def test_a_check_that_asks_nothing_is_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_a_listing_cut_to_a_check_is_not_complete(client):
    seen = []
    check = odb.path_exists(AURORA)
    client.find_change(
        points_of(client, "folder-deleted"), odb.checks.Check(check.words, lambda w: not seen.append(w), "Documents")
    )
    assert not seen[0].attrs["complete"]
    assert seen[0]["depth"].max() == 2
