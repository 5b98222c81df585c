"""Which session belongs to which point: by word, by journal, by drive and time; never by a guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb.arguments import RestorePoint
from odb_nb.columns import parsed
from odb_nb.operations.matching import Match, is_live, match, newest_usable, second

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TAKEN = "2026-11-20T12:00:00Z"


def point(id_="p1", *, user="user-1", taken=NOON):
    return RestorePoint(id_, directory_object_id=user, protection_date_time=taken)


def session(id_="s1", **more):
    return {"id": id_, "directoryObjectId": "user-1", "restorePointDateTime": TAKEN, **more}


def tied(points, sessions, point_of_session=None):
    """{point id: [(session id, matched by)]}"""
    found = match(points, sessions, point_of_session or {})
    return {id_: [(one.session["id"], one.matched_by) for one in matches] for id_, matches in found.items()}


@pytest.mark.parametrize(
    ("one", "journal", "expected"),
    [
        pytest.param(session(), {}, {"p1": [("s1", "drive_and_time")]}, id="drive and time"),
        pytest.param(session(), {"s1": "p1"}, {"p1": [("s1", "journal")]}, id="the journal before drive and time"),
        pytest.param(session(), {"s1": "p2"}, {"p2": [("s1", "journal")]}, id="the journal against drive and time"),
        pytest.param(
            session(restorePointId="p2"), {"s1": "p1"}, {"p2": [("s1", "service")]}, id="the service before all"
        ),
        pytest.param(session(restorePointId=""), {}, {"p1": [("s1", "drive_and_time")]}, id="an empty word is none"),
        pytest.param(session(restorePointId=None), {"s1": "p1"}, {"p1": [("s1", "journal")]}, id="null is none"),
        pytest.param(session(directoryObjectId="user-2"), {}, {}, id="other drive"),
        pytest.param(session(directoryObjectId=None), {}, {}, id="time alone"),
        pytest.param(session(restorePointDateTime=None), {}, {}, id="drive alone"),
        pytest.param(session(restorePointDateTime="2026-11-20T12:00:01Z"), {}, {}, id="a second off"),
        pytest.param(session(restorePointDateTime="soon"), {}, {}, id="time malformed"),
        pytest.param(
            session(restorePointDateTime="2026-11-20T12:00:00.9999999Z"),
            {},
            {"p1": [("s1", "drive_and_time")]},
            id="to the second",
        ),
        pytest.param(
            session(restorePointDateTime="2026-11-20T14:00:00+02:00"),
            {},
            {"p1": [("s1", "drive_and_time")]},
            id="offset",
        ),
    ],
)
def test_the_strongest_evidence_ties(one, journal, expected):
    assert tied([point()], [one], journal) == expected


def test_a_point_may_carry_several_sessions():
    sessions = [session("s1"), session("s2", restorePointId="p1"), session("s3")]

    found = tied([point()], sessions, {"s3": "p1"})

    assert found == {"p1": [("s1", "drive_and_time"), ("s2", "service"), ("s3", "journal")]}


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([point(user=None)], id="no directory object"),
        pytest.param([point(taken=None)], id="no time"),
        pytest.param([RestorePoint("p1", drive_id="user-1", protection_date_time=NOON)], id="only a unit of that id"),
        pytest.param([point("p1"), point("p2")], id="two of one drive and second"),
        pytest.param([point("p1"), point("p2", taken=NOON + timedelta(milliseconds=5))], id="two within a second"),
        pytest.param([], id="none"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(points):
    assert tied(points, [session()]) == {}


def test_a_point_given_twice_is_one_point():
    assert tied([point(), point()], [session()]) == {"p1": [("s1", "drive_and_time")]}


GUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
BASE64 = "Y29udG9zby1ycA=="


@pytest.mark.parametrize(
    ("asked", "one", "journal", "expected"),
    [
        pytest.param(
            point(GUID), session(restorePointId=GUID.upper()), {}, {GUID: [("s1", "service")]}, id="the service's word"
        ),
        pytest.param(point(GUID.upper()), session(), {"s1": GUID}, {GUID.upper(): [("s1", "journal")]}, id="journal"),
        pytest.param(
            point(user=GUID),
            session(directoryObjectId=GUID.upper()),
            {},
            {"p1": [("s1", "drive_and_time")]},
            id="directory object",
        ),
        pytest.param(
            point(BASE64),
            session(restorePointId=BASE64.swapcase()),
            {},
            {BASE64.swapcase(): [("s1", "service")]},
            id="another point: in base64 the case tells",
        ),
        pytest.param(
            point(BASE64),
            session(directoryObjectId=None),
            {"s1": BASE64.lower()},
            {BASE64.lower(): [("s1", "journal")]},
            id="another point, by the journal",
        ),
        pytest.param(point(user="user-1"), session(directoryObjectId="USER-1"), {}, {}, id="no GUID"),
    ],
)
def test_guids_are_the_same_in_any_letters_and_other_ids_are_not(asked, one, journal, expected):
    assert tied([asked], [one], journal) == expected


def test_a_point_given_in_two_spellings_is_shown_its_session_in_both():
    both = [point(GUID), point(GUID.upper())]

    for one, how in ((session(), "drive_and_time"), (session(restorePointId=GUID), "service")):
        assert tied(both, [one]) == {GUID: [("s1", how)], GUID.upper(): [("s1", how)]}


def test_a_session_without_an_id_is_tied_by_what_it_has():
    found = match([point()], [{"restorePointId": "p1"}, {}], {})

    assert {id_: len(matches) for id_, matches in found.items()} == {"p1": 1}


drives = st.sampled_from(["user-1", "user-2", "user-3", None])
times = st.one_of(st.none(), st.integers(0, 3).map(lambda number: NOON + timedelta(seconds=number / 2)))
many_points = st.lists(
    st.builds(point, st.sampled_from([f"p{number}" for number in range(8)]), user=drives, taken=times),
    unique_by=lambda one: one.id,
    max_size=8,
)
many_sessions = st.lists(
    st.builds(
        lambda id_, user, taken, named: {
            "id": id_,
            "directoryObjectId": user,
            "restorePointDateTime": taken.isoformat() if taken else None,
            "restorePointId": named,
        },
        st.sampled_from([f"s{number}" for number in range(8)]),
        drives,
        times,
        st.sampled_from([None, None, None, "p0", "p1"]),
    ),
    unique_by=lambda one: one["id"],
    max_size=8,
)
journals = st.dictionaries(st.sampled_from(["s0", "s1", "s2"]), st.sampled_from(["p0", "p1", "p2"]))


@given(st.data(), many_points, many_sessions, journals)
def test_no_session_is_tied_to_two_points_or_to_a_foreign_one(data, points, sessions, journal):
    found = match(points, sessions, journal)

    by_id = {one.id: one for one in points}
    ties = [(id_, one) for id_, matches in found.items() for one in matches]
    assert len({one.session["id"] for _, one in ties}) == len(ties)
    for id_, one in ties:
        if one.matched_by == "drive_and_time":
            assert by_id[id_].directory_object_id == one.session["directoryObjectId"] is not None
            assert second(by_id[id_].protection_date_time) == second(parsed(one.session["restorePointDateTime"]))
        else:
            assert id_ == (one.session["restorePointId"] or journal[one.session["id"]])

    def as_set(matches):
        return {(id_, one.session["id"], one.matched_by) for id_, ones in matches.items() for one in ones}

    shuffled = match(data.draw(st.permutations(points)), data.draw(st.permutations(sessions)), journal)
    assert as_set(shuffled) == as_set(found)


@given(many_points, many_sessions, journals)
def test_a_session_told_apart_is_told_apart_among_fewer_sessions_too(points, sessions, journal):
    whole = match(points, sessions, journal)

    for one in sessions:
        alone = match(points, [one], journal)
        assert {id_: [one] for id_, ones in alone.items() for one in ones} == {
            id_: [found] for id_, ones in whole.items() for found in ones if found.session is one
        }


def _place(one):
    key = one.directory_object_id, second(one.protection_date_time)
    return key if all(key) else one.id


# the service takes the points of a drive minutes apart
told_apart = many_points.filter(lambda ones: len({_place(one) for one in ones}) == len(ones))


@given(st.data(), told_apart, many_sessions, journals)
def test_some_of_the_points_are_shown_what_all_of_them_are(data, points, sessions, journal):
    whole = match(points, sessions, journal)
    some = data.draw(st.permutations(points).flatmap(lambda ones: st.integers(0, len(ones)).map(lambda n: ones[:n])))

    found = match([*some, *some], sessions, journal)

    for one in some:
        assert found.get(one.id, []) == whole.get(one.id, [])
        assert newest_usable(found.get(one.id, []), NOON) == newest_usable(whole.get(one.id, []), NOON)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-20T12:00:00Z", NOON, id="Zulu"),
        pytest.param("2026-11-20T12:00:00.1234567Z", NOON.replace(microsecond=123456), id="seven digits"),
        pytest.param("2026-11-20T13:00:00+01:00", NOON, id="offset"),
        pytest.param("2026-11-20T12:00:00", NOON, id="no offset"),
        pytest.param("", None, id="empty"),
        pytest.param("soon", None, id="words"),
        pytest.param(None, None, id="null"),
        pytest.param(5, None, id="number"),
        pytest.param(["2026-11-20"], None, id="list"),
        pytest.param({}, None, id="object"),
        pytest.param("0001-01-01T00:00:00+01:00", None, id="before all time"),
        pytest.param("9999-12-31T23:59:59-01:00", None, id="after all time"),
    ],
)
def test_parsed(text, expected):
    found = parsed(text)

    assert found == expected
    assert found is None or found.tzinfo is UTC


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=9)), timezone(-timedelta(hours=9))])))
def test_any_time_is_parsed_or_out_of_range(moment):
    found = parsed(moment.isoformat())

    assert found == moment or (found is None and moment.year in (1, 9999))


def test_second_cuts_what_is_finer():
    assert second(NOON.replace(microsecond=999_999)) == NOON
    assert second(None) is None


@pytest.mark.parametrize(
    ("fields", "lives"),
    [
        pytest.param({"status": "created"}, True, id="created"),
        pytest.param({"status": "creating"}, True, id="creating"),
        pytest.param({"status": "aWordOfTomorrow"}, True, id="unknown word"),
        pytest.param({"status": None}, True, id="no word"),
        pytest.param({}, True, id="nothing"),
        pytest.param({"status": "failed"}, False, id="failed"),
        pytest.param({"status": "Failed"}, False, id="failed in another case"),
        pytest.param({"expirationDateTime": "2026-11-20T12:00:01Z"}, True, id="a second to go"),
        pytest.param({"expirationDateTime": TAKEN}, False, id="expires now"),
        pytest.param({"expirationDateTime": "2026-11-19T12:00:00Z"}, False, id="expired"),
        pytest.param({"expirationDateTime": "soon"}, True, id="expiry malformed"),
        pytest.param({"status": "failed", "expirationDateTime": "2027-01-01T00:00:00Z"}, False, id="failed, in time"),
    ],
)
def test_is_live(fields, lives):
    assert is_live(fields, NOON) is lives


def test_without_a_clock_nothing_has_expired():
    assert is_live({"expirationDateTime": "2001-01-01T00:00:00Z"}, None)


def made(status, day, expires="2027-01-01T00:00:00Z"):
    created = f"2026-11-{day:02}T00:00:00Z" if day else None
    return Match({"status": status, "createdDateTime": created, "expirationDateTime": expires}, "service")


@pytest.mark.parametrize(
    ("matches", "best"),
    [
        pytest.param([made("created", 1), made("created", 3), made("created", 2)], 1, id="the newest"),
        pytest.param([made("created", 1), made("failed", 3)], 0, id="a live one before a newer failed one"),
        pytest.param([made("created", 3, TAKEN), made("creating", 1)], 1, id="a live one before an expired one"),
        pytest.param([made("failed", 1), made("failed", 3), made("failed", 2)], 1, id="none lives: the newest"),
        pytest.param([made("created", None), made("created", 1)], 1, id="one without a time comes last"),
        pytest.param([made("failed", 3), made("created", 2, TAKEN), made("creating", 1)], 2, id="one of three lives"),
    ],
)
def test_newest_usable(matches, best):
    assert newest_usable(matches, NOON) is matches[best]
    assert newest_usable(reversed(matches), NOON) is matches[best]


@given(st.lists(st.sampled_from(["s1", "s2", "s3"]), unique=True, min_size=1).flatmap(st.permutations))
def test_of_sessions_made_in_the_same_second_the_same_is_taken_in_any_order(ids):
    alike = [Match({"id": id_, "status": "created", "createdDateTime": TAKEN}, "service") for id_ in ids]

    assert newest_usable(alike, NOON).session["id"] == max(ids)


def test_newest_usable_of_none():
    assert newest_usable([], NOON) is None
