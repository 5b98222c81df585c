"""Steps of the runbooks: what they choose, what they refuse, and what they say."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from azure.core.credentials import AccessToken
from hypothesis import given, settings
from hypothesis import strategies as st
from walks import walk

import odb_nb as odb
from odb_nb import runbook
from odb_nb.errors import AuthError, GraphError, InputError
from odb_nb.tables import CHANGES, DRIVES, PERMISSIONS, RESTORE_POINTS, SESSIONS

DAY = timedelta(days=1)


def permissions(*states):
    return PERMISSIONS.frame(
        [
            {
                "permission": f"P{number}",
                "needed_for": f"work {number}",
                "state": state,
                "granted_by": f"Admin {number}",
            }
            for number, state in enumerate(states)
        ]
    )


def drives(*rows):
    """Drives from (id, name, e-mail)."""
    return DRIVES.frame([{"id": id_, "displayName": name, "email": mail} for id_, name, mail in rows])


CONTOSO = drives(
    ("d-1", "Adele Vance", "adelev@contoso.com"),
    ("d-2", "Alex Wilber", "alexw@contoso.com"),
    ("d-3", "Alex Wilber", "alexw2@contoso.com"),
    ("d-4", None, None),
    ("d-5", "Zoe\u0301 (HR) [x]", "zoeb@contoso.com"),
)


def points(*days, drive="d-1"):
    """Points at 03:00 of these days of November 2026, newest first as the client lists them."""
    return RESTORE_POINTS.frame(
        [
            {
                "id": f"{drive}-p{day}",
                "protectionDateTime": f"2026-11-{day:02d}T03:00:00Z",
                "protectionUnit": {"id": drive, "displayName": "Adele Vance"},
            }
            for day in sorted(days, reverse=True)
        ]
    )


def days_of(frame):
    return frame["protection_date_time"].dt.day.tolist()


# what was typed


@pytest.mark.parametrize("value", [True, False])
def test_yes_or_no_is_itself(value):
    assert runbook.yes_or_no(value, "mask") is value


@pytest.mark.parametrize("value", ["no", "False", "", 0, 1, None])
def test_what_is_neither_yes_nor_no_is_refused(value):
    with pytest.raises(InputError, match=r"dry_run=.*must be True or False"):
        runbook.yes_or_no(value, "dry_run")


def test_report_goes_where_it_is_told(tmp_path):
    assert runbook.report_file(tmp_path / "a.html", "b.html") == tmp_path / "a.html"
    assert runbook.report_file(str(tmp_path / "a.html"), "b.html") == tmp_path / "a.html"


def test_report_without_a_place_gets_a_new_one_each_time():
    one, other = (runbook.report_file(None, "b.html") for _ in range(2))
    assert one != other
    assert (one.name, one.exists()) == ("b.html", False)
    one.parent.rmdir()
    other.parent.rmdir()


def test_report_that_cannot_be_written_is_refused_early(tmp_path):
    (tmp_path / "there.html").touch()
    for path in (tmp_path / "there.html", tmp_path / "a.txt", tmp_path / "no" / "a.html", 3):
        with pytest.raises(InputError):
            runbook.report_file(path, "b.html")


def test_folder_of_listings_must_be_there(tmp_path):
    assert runbook.listings_folder(str(tmp_path)) == tmp_path
    for folder in (tmp_path / "no", 3):
        with pytest.raises(InputError):
            runbook.listings_folder(folder)


# rights


def test_rights_that_are_there_come_back():
    rights = permissions("granted", "granted")
    assert runbook.require(rights) is rights


def test_missing_rights_are_all_named_with_who_grants_them():
    with pytest.raises(AuthError) as caught:
        runbook.require(permissions("missing", "granted", "missing", "unknown"))
    for words in ("P0 (work 0), granted by Admin 0", "P2 (work 2), granted by Admin 2"):
        assert words in str(caught.value)
    assert "P1" not in str(caught.value)


def test_rights_that_cannot_be_read_pass_with_a_notice():
    rights = permissions("granted", "unknown")
    with pytest.warns(UserWarning, match="P1 cannot be read"):
        assert runbook.require(rights) is rights


def test_rights_of_a_sign_in_that_lacks_them_stop_a_runbook(sandbox):
    class Limited:
        def get_token(self, *scopes, **kwargs):
            return AccessToken(sandbox.token(permissions=["BackupRestore-Search.Read.All"]), 2**40)

    with odb.connect(credential=Limited(), base_url=f"{sandbox.url}/v1.0") as client:
        rights = client.check_permissions()
    with pytest.raises(AuthError, match=r"BackupRestore-Restore\.ReadWrite\.All .* granted by "):
        runbook.require(rights)


# one drive


@pytest.mark.parametrize(
    "user",
    [
        pytest.param("adelev@contoso.com", id="mail"),
        pytest.param("ADELEV@Contoso.com", id="capitals"),
        pytest.param("  Adele Vance ", id="name"),
        pytest.param("d-1", id="id"),
    ],
)
def test_one_drive_is_found_by_what_names_it(user):
    found = runbook.one_drive(CONTOSO, user)
    assert found["id"].tolist() == ["d-1"]
    assert list(found.columns) == DRIVES.names


def test_name_is_the_same_in_both_spellings_of_an_accent():
    assert runbook.one_drive(CONTOSO, "Zo\u00e9 (HR) [x]")["id"].tolist() == ["d-5"]


def test_two_drives_of_a_name_are_told_apart_by_their_addresses():
    with pytest.raises(InputError, match=r"2 drives .*alexw@contoso\.com, d-2; .*alexw2@contoso\.com, d-3"):
        runbook.one_drive(CONTOSO, "alex wilber")


def test_part_of_a_name_is_no_name_but_finds_candidates():
    with pytest.raises(InputError, match=r"none of 5 drives .*did you mean: Alex Wilber, .*d-2; Alex Wilber, .*d-3"):
        runbook.one_drive(CONTOSO, "wilber")


def test_candidates_are_ten_at_most_and_the_rest_is_counted():
    many = drives(*((f"d-{number:02d}", "Alex Wilber", None) for number in range(13)))
    with pytest.raises(InputError, match=r"d-09; and 3 more$"):
        runbook.one_drive(many, "Alex Wilber")


@pytest.mark.parametrize("user", ["nobody", "(", "", " ", None, 3])
def test_user_that_names_no_drive_is_refused(user):
    with pytest.raises(InputError):
        runbook.one_drive(CONTOSO, user)


# masked


def test_errors_and_warnings_hide_names_when_masked():
    mask = odb.Mask().learn(CONTOSO)
    with pytest.raises(InputError) as caught, runbook.masked(mask):
        runbook.one_drive(CONTOSO, "Alex Wilber")
    assert "Wilber" not in str(caught.value)
    assert "alexw" not in str(caught.value)
    assert "d-2" in str(caught.value)
    assert caught.value.__suppress_context__
    lacking = permissions("unknown").assign(permission=pd.array(["right of Adele Vance"], dtype="string"))
    with pytest.warns(UserWarning, match=r"whether the sign-in has right of Person 1 cannot"), runbook.masked(mask):
        runbook.require(lacking)


def test_errors_keep_what_they_are_when_masked():
    mask = odb.Mask().learn("Adele Vance")
    with pytest.raises(GraphError) as caught, runbook.masked(mask):
        raise GraphError("Adele Vance is gone", status_code=404, code="itemNotFound", request_id="r-1")
    assert caught.value.message == "Person 1 is gone"
    assert (caught.value.status_code, caught.value.code, caught.value.request_id) == (404, "itemNotFound", "r-1")


def test_inactive_mask_changes_no_error():
    with pytest.raises(InputError, match="Alex Wilber"), runbook.masked(odb.Mask(active=False)):
        runbook.one_drive(CONTOSO, "Alex Wilber")


# around a time


@pytest.mark.parametrize(
    ("around", "days", "expected"),
    [
        pytest.param("2026-11-15", 3, ("2026-11-12T00:00", "2026-11-19T00:00"), id="date"),
        pytest.param(date(2026, 11, 15), 0, ("2026-11-15T00:00", "2026-11-16T00:00"), id="a-date-itself"),
        pytest.param("2026-11-15T14:20:00Z", 1, ("2026-11-14T14:20", "2026-11-16T14:20"), id="time"),
        pytest.param("2026-11-15T14:20:00+02:00", 1, ("2026-11-14T12:20", "2026-11-16T12:20"), id="zone"),
    ],
)
def test_window_is_so_many_days_on_both_sides(around, days, expected):
    assert tuple(moment.strftime("%Y-%m-%dT%H:%M") for moment in runbook.window(around, days)) == expected


@pytest.mark.parametrize("around", ["yesterday", "2026-13-01", None, 3, "", datetime(2026, 11, 15), "0001-01-01"])  # noqa: DTZ001
def test_what_is_no_time_is_refused_by_its_name(around):
    with pytest.raises(InputError, match="around="):
        runbook.window(around)


@pytest.mark.parametrize("days", [-1, 1.5, "3", None])
def test_days_that_are_no_number_are_refused(days):
    with pytest.raises(InputError, match="days="):
        runbook.window("2026-11-15", days)


def test_points_beside_a_date_are_not_of_that_day():
    assert days_of(runbook.beside(points(13, 14, 15, 16), "2026-11-15")) == [14, 16]


def test_points_beside_a_time_are_the_nearest():
    assert days_of(runbook.beside(points(13, 14, 15, 16), "2026-11-15T14:20Z")) == [15, 16]


def test_point_at_the_very_time_comes_after_it():
    assert days_of(runbook.beside(points(14, 15, 16), "2026-11-15T03:00Z")) == [14, 15]


@given(st.sets(st.integers(1, 28), min_size=2), st.integers(2, 27))
def test_points_beside_have_no_other_between_them_and_the_day(days, around):
    before, after = [day for day in days if day < around], [day for day in days if day > around]
    if before and after:
        assert days_of(runbook.beside(points(*days), f"2026-11-{around:02d}")) == [max(before), min(after)]
    else:
        with pytest.raises(InputError, match=f"is {'after' if before else 'before'} 2026-11-"):
            runbook.beside(points(*days), f"2026-11-{around:02d}")


def test_no_points_are_said_to_be_none():
    with pytest.raises(InputError, match="none of 0 restore points"):
        runbook.beside(points(), "2026-11-15")


def test_missing_point_says_how_far_the_others_reach():
    with pytest.raises(InputError, match="reach from 2026-11-13 03:00:00 to 2026-11-14 03:00:00 UTC"):
        runbook.beside(points(13, 14), "2026-11-15")


def test_points_of_two_drives_are_refused():
    both = pd.concat([points(13, 16), points(13, 16, drive="d-2")])
    with pytest.raises(InputError, match="2 drives"):
        runbook.beside(both, "2026-11-15")


def found(last_good, first_not_good):
    frame = CHANGES.frame([])
    frame.attrs = {"last_good": last_good, "first_not_good": first_not_good, "in_words": "what was found"}
    return frame


def test_points_where_it_changed_win_over_those_beside_the_time():
    pair = runbook.two_points(points(11, 12, 14, 16), "2026-11-15", found("d-1-p11", "d-1-p12"))
    assert days_of(pair) == [11, 12]


def test_points_beside_the_time_are_taken_where_nothing_was_looked_for_or_found():
    assert days_of(runbook.two_points(points(14, 16), "2026-11-15")) == [14, 16]
    assert days_of(runbook.two_points(points(14, 16), "2026-11-15", found("d-1-p16", None))) == [14, 16]


def test_no_good_point_is_no_pair():
    with pytest.raises(InputError, match=r"what was found\. Check the path"):
        runbook.two_points(points(14, 16), "2026-11-15", found(None, "d-1-p14"))
    with pytest.raises(InputError, match=r"what was found; error_code"):
        runbook.two_points(points(14, 16), "2026-11-15", found(None, None))


def test_result_of_other_points_is_refused():
    with pytest.raises(InputError, match="other restore points"):
        runbook.two_points(points(14, 16), "2026-11-15", found("d-2-p1", "d-2-p2"))
    with pytest.raises(InputError, match="no frame from find_change"):
        runbook.two_points(points(14, 16), "2026-11-15", points(14))


# lost files


BEFORE = walk(
    ("k0", "Documents", 100, "documentLibrary"),
    ("k1", "Documents/Aurora", 60, "folder"),
    ("k2", "Documents/Aurora/gone.docx", 10),
    ("k3", "Documents/Aurora/resized.docx", 20),
    ("k4", "Documents/Aurora/locked.docx", 30),
    ("k5", "Documents/Aurora/moved.docx", 40),
    ("k6", "Documents/Aurora B/gone too.docx", 50),
    ("k7", "Documents/size not known.docx", None),
    ("k8", "Documents/size known then.docx", 80),
    ("k9", "Documents/same.docx", 90),
)
AFTER = walk(
    ("k0", "Documents", 90, "documentLibrary"),
    ("k1", "Documents/Aurora", 50, "folder"),
    ("k3", "Documents/Aurora/resized.docx", 21),
    ("k4", "Documents/Aurora/locked.docx.locked", 31),
    ("k5", "Documents/moved.docx", 40),
    ("k7", "Documents/size not known either.docx", None),
    ("k8", "Documents/size known then.docx", None),
    ("k9", "Documents/same.docx", 90),
    ("k10", "Documents/new.docx", 1),
)


def lost(path=None, before=BEFORE, after=AFTER):
    return runbook.lost_items(before, odb.compare(before, after), path)


def test_lost_are_files_that_are_gone_or_have_another_size():
    assert lost()["item_key"].tolist() == ["k2", "k3", "k4", "k6", "k8"]


def test_lost_are_rows_of_the_walk_before_and_say_that_they_are_not_all():
    rows = lost()
    pd.testing.assert_frame_equal(rows, BEFORE.loc[rows.index])
    assert rows.attrs["items"] == len(BEFORE) != len(rows)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("Documents/Aurora", ["k2", "k3", "k4"], id="folder-and-not-its-namesake"),
        pytest.param("/Documents/Aurora/", ["k2", "k3", "k4"], id="slashes"),
        pytest.param("Documents/Aurora/gone.docx", ["k2"], id="file"),
        pytest.param("Documents/Nothing", [], id="nothing"),
    ],
)
def test_lost_within_a_path(path, expected):
    assert lost(path)["item_key"].tolist() == expected


def test_nothing_is_lost_where_nothing_changed():
    assert len(lost(after=BEFORE)) == 0


def test_one_of_two_files_of_one_key_is_lost_alone():
    before = walk(("k1", "Documents/a.docx", 1), ("k1", "Documents/b.docx", 1))
    after = walk(("k1", "Documents/a.docx", 1))
    assert lost(before=before, after=after)["path"].tolist() == ["Documents/b.docx"]


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
@settings(max_examples=60)
def test_what_is_not_in_the_later_walk_is_lost(numbers, kept):
    before = walk(*((f"k{number}", f"Documents/{number}.txt", number) for number in sorted(numbers)))
    after = walk(*((f"k{number}", f"Documents/{number}.txt", number) for number in sorted(numbers & kept)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two walks of no common item
        rows = lost(before=before, after=after)
    assert set(rows["item_key"]) == {f"k{number}" for number in numbers - kept}


def test_changes_against_another_walk_are_refused():
    other = walk(("k1", "Documents/a", 1), session_id="s-2")
    with pytest.raises(InputError, match="session s-1, not of s-2"):
        runbook.lost_items(other, odb.compare(BEFORE, AFTER))


@pytest.mark.parametrize("path", ["", "..", "Documents//a", 3])
def test_path_that_cannot_be_used_is_refused(path):
    with pytest.raises(InputError, match="path="):
        lost(path)


# samples


def test_sample_is_in_the_order_of_the_drives_and_repeats():
    drawn = runbook.sample(CONTOSO, 3, seed=1)
    assert drawn.index.is_monotonic_increasing
    assert len(drawn) == 3
    pd.testing.assert_frame_equal(drawn, runbook.sample(CONTOSO.copy(), 3, seed=1))


def test_seeds_draw_differently():
    many = drives(*((f"d-{number}", None, None) for number in range(40)))
    assert len({tuple(runbook.sample(many, 4, seed)["id"]) for seed in range(20)}) > 15


@given(st.integers(0, 1_000), st.integers(1, 40), st.integers(0, 39))
@settings(max_examples=50)
def test_drive_that_goes_changes_no_other_lot(seed, count, gone):
    many = drives(*((f"d-{number}", None, None) for number in range(40)))
    drawn = set(runbook.sample(many, count, seed)["id"])
    rest = set(runbook.sample(many.drop(gone), count, seed)["id"])
    assert len(drawn) == count
    assert drawn - {f"d-{gone}"} <= rest


def test_more_than_there_are_is_all():
    assert len(runbook.sample(CONTOSO, 100, seed=1)) == len(CONTOSO)


def test_points_are_drawn_per_drive_oldest_first():
    both = pd.concat([points(*range(1, 15), drive="d-2"), points(5, 4)], ignore_index=True)
    drawn = runbook.sample_points(both, 3, seed=7)
    assert drawn["drive_id"].tolist() == ["d-2"] * 3 + ["d-1"] * 2
    assert drawn.loc[drawn["drive_id"] == "d-1"].pipe(days_of) == [4, 5]
    assert drawn.loc[drawn["drive_id"] == "d-2", "protection_date_time"].is_monotonic_increasing
    pd.testing.assert_frame_equal(drawn, runbook.sample_points(both, 3, seed=7))


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (-1, 1), ("4", 1), (1.5, 1), (2, -1), (2, "x"), (2, None)])
def test_numbers_that_are_none_are_refused(count, seed):
    with pytest.raises(InputError):
        runbook.sample(CONTOSO, count, seed)
    with pytest.raises(InputError):
        runbook.sample_points(points(1, 2), count, seed)


# saved listings


def taken(day, drive="d-1", **attrs):
    return walk(
        ("k1", "Documents/a.docx", 10),
        session_id=f"{drive}-s{day}",
        drive_id=drive,
        restore_point_date_time=f"2026-11-{day:02d}T03:00:00+00:00",
        **attrs,
    )


def saved(folder, *walks):
    for one in walks:
        odb.save_listing(one, folder / runbook.listing_name(one))


@pytest.mark.parametrize("drive", ["../../etc", "A" * 500, "con:x", "d/1", "\u202eid", "d_1", "Ab"])
def test_name_of_a_listing_holds_nothing_of_an_odd_id(drive):
    name = runbook.listing_name(taken(1, drive=drive))
    assert re.fullmatch(r"[0-9a-f]{64}_20261101T030000Z\.parquet", name)
    assert name != runbook.listing_name(taken(1, drive=f"{drive}x"))


@pytest.mark.parametrize("attrs", [{"drive_id": None}, {"restore_point_date_time": None}])
def test_walk_that_tells_no_drive_or_time_has_no_name(attrs):
    with pytest.raises(InputError, match="does not tell"):
        runbook.listing_name(walk(("k", "Documents/a", 1), **attrs))


def test_newest_listing_before_each_point_is_taken_once(tmp_path):
    saved(tmp_path, taken(1), taken(3), taken(5), taken(2, drive="d-2"))
    (tmp_path / "notes.txt").touch()
    (tmp_path / "mine.parquet").touch()
    listings = runbook.newest_listings(tmp_path, pd.concat([points(4, 5), points(9, drive="d-3")]))
    assert [listing.attrs["session_id"] for listing in listings] == ["d-1-s3"]
    listings = runbook.newest_listings(tmp_path, pd.concat([points(2, 9), points(9, drive="d-2")]))
    assert {listing.attrs["session_id"] for listing in listings} == {"d-1-s1", "d-1-s5", "d-2-s2"}


def test_listing_that_is_not_whole_is_passed_over(tmp_path):
    saved(tmp_path, taken(1), taken(2, complete=False))
    assert [listing.attrs["session_id"] for listing in runbook.newest_listings(tmp_path, points(3))] == ["d-1-s1"]


def test_listing_that_is_damaged_or_misnamed_is_passed_over_with_a_notice(tmp_path):
    saved(tmp_path, taken(1), taken(2))
    newest = tmp_path / runbook.listing_name(taken(2))
    (tmp_path / runbook.listing_name(taken(4))).write_bytes(newest.read_bytes())
    newest.write_bytes(b"PAR1")
    with pytest.warns(UserWarning, match=r"listing .* is left out") as heard:
        listings = runbook.newest_listings(tmp_path, points(9))
    assert [listing.attrs["session_id"] for listing in listings] == ["d-1-s1"]
    assert [re.search(r"(\d{8})T", str(warning.message))[1] for warning in heard] == ["20261104", "20261102"]


def test_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        runbook.newest_listings(tmp_path / "no", points(1))


# evidence


def sessions(*rows):
    """Sessions from (point, session, status, error code)."""
    return SESSIONS.frame(
        [{"id": id_, "status": status, "error": code and {"code": code}} for _, id_, status, code in rows],
        restore_point_id=[point for point, *_ in rows],
    )


def of_files(day, *sizes, **attrs):
    rows = [(f"k{number}", f"Documents/{number}.txt", size) for number, size in enumerate(sizes)]
    told = {"session_id": f"s{day}", "drive_id": "d-1", "counts_differ": []}
    told["restore_point_date_time"] = f"2026-11-{day:02d}T03:00:00+00:00"
    return walk(("lib", "Documents", None, "documentLibrary"), *rows, **{**told, **attrs})


def judged(*walks, earlier=()):
    """Verdict and reasons of the last point, with a session that is ready for each walk."""
    days = [int(one.attrs["session_id"][1:]) for one in walks]
    opened = sessions(*((f"d-1-p{day}", f"s{day}", "created", None) for day in days))
    evidence = runbook.drill_evidence(points(*days), opened, walks, earlier)
    assert days_of(evidence) == sorted(days, reverse=True)
    return evidence["verdict"].iloc[0], evidence["reasons"].iloc[0]


def test_whole_walk_without_an_earlier_one_passes():
    assert judged(of_files(5, 1, 2)) == ("passed", "no earlier listing to compare with")


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param([10] * 10, [10] * 9, "passed", id="a-tenth-less"),
        pytest.param([10] * 100, [10] * 89, "look", id="more-than-a-tenth-less"),
        pytest.param([100, 100], [90, 90], "passed", id="a-tenth-of-the-bytes"),
        pytest.param([100, 100], [100, 79], "look", id="more-of-the-bytes"),
        pytest.param([1], [1] * 50, "passed", id="growth"),
        pytest.param([None], [None], "passed", id="sizes-not-known"),
        pytest.param([2**62, 2**62], [2**62, 2**62], "passed", id="sum-beyond-64-bits"),
    ],
)
def test_verdict_follows_from_what_an_earlier_listing_had(before, now, expected):
    assert judged(of_files(5, *now), earlier=[of_files(3, *before)])[0] == expected


def test_fall_is_told_with_its_numbers():
    _, reasons = judged(of_files(5, 10), earlier=[of_files(3, 10, 1_000)])
    assert reasons == (
        "files fell from 2 to 1 since 2026-11-03 03:00:00; bytes fell from 1,010 to 10 since 2026-11-03 03:00:00"
    )


def test_earlier_point_of_the_same_drill_serves_for_comparison():
    assert judged(of_files(3, 1, 1, 1), of_files(5, 1))[0] == "look"


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param(of_files(7, *[9] * 50), id="later-point"),
        pytest.param(of_files(5, *[9] * 50), id="same-point"),
        pytest.param(of_files(3, *[9] * 50, drive_id="d-2"), id="other-drive"),
        pytest.param(of_files(3, *[9] * 50, complete=False), id="not-whole"),
    ],
)
def test_listing_that_does_not_serve_is_left_alone(earlier):
    assert judged(of_files(5, 9), earlier=[earlier]) == ("passed", "no earlier listing to compare with")


def test_newest_of_the_earlier_listings_is_compared_with():
    evidence = runbook.drill_evidence(
        points(9),
        sessions(("d-1-p9", "s9", "created", None)),
        [of_files(9, 1)],
        [of_files(day, 1) for day in (2, 7, 4)],
    )
    assert evidence["date_time_before"].dt.day.tolist() == [7]


@pytest.mark.parametrize(
    ("attrs", "said"),
    [
        pytest.param({"complete": False, "not_listed": ["k1"]}, "1 places could not be listed", id="not-listed"),
        pytest.param({"complete": False}, "the walk was cut short", id="cut-short"),
        pytest.param({"items": 7}, "the walk was cut short", id="filtered"),
        pytest.param({"counts_differ": ["k1", "k2"]}, "2 places hold another number", id="counts"),
    ],
)
def test_walk_with_gaps_wants_a_look(attrs, said):
    verdict, reasons = judged(of_files(5, 1, **attrs))
    assert verdict == "look"
    assert reasons.startswith(said)


def test_walk_without_files_and_folders_has_failed():
    assert judged(of_files(5)) == ("failed", "there is no file and no folder in it")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param(("s5", "failed", "ArtifactCannotBeRestored"), "failed (ArtifactCannotBeRestored)", id="failed"),
        pytest.param(("s5", "creating", None), "the session's status is creating", id="not-ready"),
        pytest.param((None, None, "tooManyRequests"), "no session was opened (tooManyRequests)", id="none"),
    ],
)
def test_session_that_is_not_ready_has_failed(row, said):
    evidence = runbook.drill_evidence(points(5), sessions(("d-1-p5", *row)), [])
    assert evidence["verdict"].tolist() == ["failed"]
    assert evidence["reasons"].iloc[0].endswith(said)


def test_point_without_a_session_row_has_failed_and_no_points_are_no_rows():
    assert runbook.drill_evidence(points(5), sessions(), [])["verdict"].tolist() == ["failed"]
    assert len(runbook.drill_evidence(points(), sessions(), [])) == 0


def test_evidence_counts_files_and_not_what_folders_add_up_to():
    tree = walk(
        ("lib", "Documents", 30, "documentLibrary"), ("f", "Documents/F", 30, "folder"), ("a", "Documents/F/a", 30),
        session_id="s5", drive_id="d-1", restore_point_date_time="2026-11-05T03:00:00+00:00",
    )  # fmt: skip
    evidence = runbook.drill_evidence(points(5), sessions(("d-1-p5", "s5", "created", None)), [tree])
    assert evidence[["files", "folders", "bytes"]].to_numpy().tolist() == [[1, 1, 30]]
    assert evidence.attrs == {"as_of": "2026-11-20T09:30:05+00:00"}


def test_session_that_has_gone_is_an_empty_walk_that_says_why(client, sandbox):
    listed = client.list_restore_points(client.list_drives(search="vance"), start="2026-11-19")
    opened = client.create_sessions(listed, wait=True)
    sandbox.clock.advance(4 * 86_400)
    walks = runbook.walk_each(client, opened)
    assert [(len(one), one.attrs["complete"]) for one in walks] == [(0, False)] * 2
    evidence = runbook.drill_evidence(listed, opened, walks)
    assert evidence["verdict"].tolist() == ["failed"] * 2
    assert evidence["reasons"].str.contains("could not be walked").all()


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: runbook.require(CONTOSO), id="require"),
        pytest.param(lambda: runbook.one_drive(points(1), "x"), id="one_drive"),
        pytest.param(lambda: runbook.beside(CONTOSO, "2026-11-15"), id="beside"),
        pytest.param(lambda: runbook.lost_items(CONTOSO, CONTOSO), id="lost_items"),
        pytest.param(lambda: runbook.sample([1, 2], 1, 1), id="sample"),
        pytest.param(lambda: runbook.sample_points(CONTOSO, 1, 1), id="sample_points"),
        pytest.param(lambda: runbook.drill_evidence(CONTOSO, CONTOSO, []), id="drill_evidence"),
    ],
)
def test_other_frames_are_refused_in_words(call):
    with pytest.raises(InputError, match="expected a frame from"):
        call()


def test_names_of_the_package_are_all_there():
    assert runbook.__all__ == sorted(runbook.__all__)
    assert all(callable(getattr(runbook, name)) for name in runbook.__all__)


def test_days_are_utc():
    assert runbook.window("2026-11-15")[0].tzinfo is UTC
