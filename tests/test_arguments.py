"""What users hand in: everything usable is taken, everything else is named in the refusal."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, date, datetime, timedelta, timezone
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb import arguments
from odb_nb.arguments import RestorePoint
from odb_nb.errors import InputError
from odb_nb.tables import DRIVES, RESTORE_POINTS, SESSIONS, STATUS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TAKEN = "2026-11-20T12:00:00Z"
DRIVE_FRAME = DRIVES.frame([{"id": "drive-1", "policyId": "policy-1"}])
POINT_FRAME = RESTORE_POINTS.frame(
    [
        {
            "id": f"point-{number}",
            "protectionDateTime": TAKEN,
            "expirationDateTime": "2027-11-20T12:00:00Z",
            "tags": "fastRestore",
            "protectionUnit": {"id": "drive-1", "displayName": "Adele", "directoryObjectId": "user-1"},
        }
        for number in (1, 2)
    ]
)
SESSION_FRAME = SESSIONS.frame(
    [
        {"id": "session-1", "restorePointDateTime": TAKEN, "directoryObjectId": "site-1", "backupSizeInBytes": "12"},
        {},
    ],
    restore_point_id=["point-1", "point-2"],
    outcome=["created", "failed"],
)
STATUS_FRAME = STATUS.frame([{"id": "session-1"}], restore_point_id=["point-1"], directory_object_id=["user-1"])
ITEM_FRAME = pd.DataFrame({"session_id": ["session-1"], "item_key": ["key-1"], "name": ["a.docx"]})
FULL_POINT = RestorePoint(
    "point-1",
    drive_id="drive-1",
    display_name="Adele",
    protection_date_time=NOON,
    expiration_date_time=NOON.replace(year=2027),
    tags="fastRestore",
    directory_object_id="user-1",
)

TAKERS = [
    pytest.param(arguments.drive_ids, "drive", id="drives"),
    pytest.param(arguments.restore_points, "restore point", id="restore points"),
    pytest.param(arguments.session_ids, "session", id="sessions"),
    pytest.param(arguments.session_rows, "session", id="session rows"),
]

BAD_IDS = [
    pytest.param("", "empty text", id="empty"),
    pytest.param("  ", "blank text", id="blank"),
    pytest.param("\n", "blank text", id="a line feed alone"),
    pytest.param(None, "None (NoneType)", id="None"),
    pytest.param(math.nan, "nan (float)", id="NaN"),
    pytest.param(pd.NA, "<NA> (NAType)", id="pd.NA"),
    pytest.param(pd.NaT, "NaT (NaTType)", id="pd.NaT"),
    pytest.param(5, "5 (int)", id="number"),
    pytest.param(np.int64(5), "(int64)", id="numpy number"),
    pytest.param(5.5, "5.5 (float)", id="fraction"),
    pytest.param(True, "True (bool)", id="bool"),
    pytest.param(b"abc", "b'abc' (bytes)", id="bytes"),
    pytest.param({"id": "abc"}, "(dict)", id="dict"),
    pytest.param({"abc"}, "(set)", id="set"),
    pytest.param(frozenset({"abc"}), "(frozenset)", id="frozenset"),
    pytest.param(object, "(type)", id="a class"),
    pytest.param("ab cd", "white space inside: 'ab cd'", id="space inside"),
    pytest.param(" abc", "white space inside", id="space before"),
    pytest.param("abc\n", "white space inside: 'abc\\n'", id="line feed behind"),
    pytest.param("ab\tcd", "white space inside: 'ab\\tcd'", id="tab inside"),
    pytest.param("ab\u00a0cd", "white space inside: 'ab\\xa0cd'", id="non-breaking space inside"),
    pytest.param("ab\u2028cd", "white space inside", id="line separator inside"),
    pytest.param("x" * 2049, "has 2,049 characters, 2,048 at most", id="too long"),
]


@pytest.mark.parametrize(("take", "noun"), TAKERS)
@pytest.mark.parametrize(("bad", "shown"), BAD_IDS)
def test_a_bad_id_is_refused_by_value_and_kind(take, noun, bad, shown):
    with pytest.raises(InputError) as caught:
        take(bad)

    assert str(caught.value).startswith(f"{noun} id at the argument ")
    assert shown in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(("take", "noun"), TAKERS)
@pytest.mark.parametrize(("bad", "shown"), BAD_IDS)
def test_a_bad_id_in_a_list_is_refused_by_position(take, noun, bad, shown):
    with pytest.raises(InputError) as caught:
        take(["good", bad])

    assert str(caught.value).startswith(f"{noun} id at position 1 ")
    assert shown in str(caught.value)


@pytest.mark.parametrize("bad", ["", None, math.nan, "ab cd", 5, "x" * 2049])
def test_a_bad_id_in_a_frame_is_refused_by_column_and_row(bad):
    frame = pd.DataFrame({"id": ["good", bad]}, index=[7, 8], dtype="object")

    with pytest.raises(InputError, match="id at 'id' of row 1 "):
        arguments.restore_points(frame)
    with pytest.raises(InputError, match="id at 'id' of row 1 "):
        arguments.drive_ids(frame)


@pytest.mark.parametrize(
    "given_ids",
    [
        pytest.param(["b", "a"], id="list"),
        pytest.param(("b", "a"), id="tuple"),
        pytest.param(pd.Series(["b", "a"]), id="series"),
        pytest.param(pd.Series(["b", "a"], dtype="string", name="id", index=[9, 3]), id="string series"),
        pytest.param(pd.Series(["b", "a"], dtype="category"), id="category series"),
        pytest.param(pd.Index(["b", "a"]), id="index"),
        pytest.param(np.array(["b", "a"]), id="array"),
        pytest.param(np.array(["b", "a"], dtype=object), id="array of objects"),
        pytest.param(pd.DataFrame({"id": ["b", "a"]}), id="frame"),
        pytest.param(pd.DataFrame({"id": ["b", "a"]}, index=["id", "x"]), id="frame with odd index"),
        pytest.param({1: "b", 2: "a"}.values(), id="values of a dict"),
    ],
)
def test_ids_come_back_in_order(given_ids):
    assert arguments.session_ids(given_ids) == ["b", "a"]


@pytest.mark.parametrize(
    "make", [lambda: (id_ for id_ in ["b", "a"]), lambda: iter(["b", "a"]), lambda: map(str, ["b", "a"])]
)
def test_ids_may_come_from_a_generator(make):
    assert arguments.session_ids(make()) == ["b", "a"]
    assert arguments.drive_ids(make()) == ["b", "a"]
    assert arguments.restore_points(make()) == [RestorePoint("b"), RestorePoint("a")]
    assert arguments.session_rows(make()) == [{"id": "b"}, {"id": "a"}]


def test_one_id_is_one_row():
    assert arguments.session_ids("a") == ["a"]
    assert arguments.session_ids(np.str_("a")) == ["a"]
    assert arguments.restore_points("a") == [RestorePoint("a")]


@pytest.mark.parametrize("empty", [[], (), pd.Series(dtype="string"), SESSIONS.frame([]), pd.Index([]), np.array([])])
def test_nothing_given_is_nothing(empty):
    assert arguments.session_ids(empty) == []
    assert arguments.session_rows(empty) == []
    assert arguments.restore_points(empty) == []


def test_equal_drives_come_once_and_equal_points_stay():
    assert arguments.drive_ids(["b", "a", "b"]) == ["b", "a"]
    assert arguments.restore_points(["b", "a", "b"]) == [RestorePoint("b"), RestorePoint("a"), RestorePoint("b")]


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=40), max_size=20))
def test_any_list_of_usable_ids_comes_back_in_order(ids):
    assert arguments.session_ids(ids) == ids
    assert arguments.session_ids(pd.Series(ids, dtype="string")) == ids
    assert [point.id for point in arguments.restore_points(pd.DataFrame({"id": ids}))] == ids
    assert arguments.drive_ids(iter(ids)) == list(dict.fromkeys(ids))


@given(st.one_of(st.text(), st.none(), st.integers(), st.floats(), st.booleans(), st.binary(), st.lists(st.text())))
def test_any_single_value_is_an_id_or_refused(value):
    if isinstance(value, str) and value.split() == [value] and value.isprintable() and len(value) <= 2048:
        assert arguments.session_ids([value]) == [value]
    else:
        with pytest.raises(InputError, match="id at position 0 "):
            arguments.session_ids([value])


@pytest.mark.parametrize(
    ("take", "frame", "said"),
    [
        pytest.param(arguments.restore_points, DRIVE_FRAME, "this is a frame of drives", id="drives as points"),
        pytest.param(arguments.restore_points, ITEM_FRAME, "this is a frame of items", id="items as points"),
        pytest.param(arguments.session_ids, DRIVE_FRAME, "this is a frame of drives", id="drives as sessions"),
        pytest.param(arguments.session_ids, POINT_FRAME, "this is a frame of restore points", id="points as sessions"),
        pytest.param(arguments.session_rows, POINT_FRAME, "this is a frame of restore points", id="points to wait for"),
        pytest.param(arguments.drive_ids, SESSION_FRAME, "this is a frame of sessions", id="sessions as drives"),
        pytest.param(arguments.drive_ids, ITEM_FRAME, "this is a frame of items", id="items as drives"),
    ],
)
def test_a_frame_of_another_kind_is_refused(take, frame, said):
    with pytest.raises(InputError, match=said):
        take(frame)
    with pytest.raises(InputError, match=said):
        take(frame.iloc[0])


@pytest.mark.parametrize(("take", "noun"), TAKERS)
def test_a_frame_without_ids_is_refused_with_its_columns(take, noun):
    with pytest.raises(InputError, match=rf"expected a frame of {noun}s with a column .*; it has \['name'\]"):
        take(pd.DataFrame({"name": ["a"]}))


@pytest.mark.parametrize(("take", "noun"), TAKERS)
def test_a_frame_with_two_columns_of_ids_is_refused(take, noun):
    side_by_side = pd.concat([pd.DataFrame({"id": ["a"]}), pd.DataFrame({"id": ["b"]})], axis="columns")
    levels = pd.DataFrame([["a", "b"]], columns=pd.MultiIndex.from_tuples([("id", "x"), ("id", "y")]))

    with pytest.raises(InputError, match="expected one column 'id'; the frame has 2"):
        take(side_by_side)
    with pytest.raises(InputError, match="expected one column 'id'; the frame has several levels"):
        take(levels)


@pytest.mark.parametrize(("take", "noun"), TAKERS)
def test_an_array_of_another_shape_is_refused(take, noun):
    with pytest.raises(InputError, match=f"{noun} id at the argument is array"):
        take(np.array("abc"))
    with pytest.raises(InputError, match=f"{noun} id at position 0 is array"):
        take(np.array([["a", "b"]]))


def test_a_session_frame_names_its_points_and_never_by_id():
    assert arguments.restore_points(SESSION_FRAME) == [RestorePoint("point-1"), RestorePoint("point-2")]
    assert arguments.restore_points(SESSION_FRAME.iloc[0]) == [RestorePoint("point-1")]
    with pytest.raises(InputError, match="id at 'restore_point_id' of row 0 is <NA>"):
        arguments.restore_points(SESSIONS.frame([{"id": "session-1"}]))


def test_a_status_frame_names_points_and_sessions():
    assert arguments.restore_points(STATUS_FRAME) == [RestorePoint("point-1", directory_object_id="user-1")]
    assert arguments.session_ids(STATUS_FRAME) == ["session-1"]


def test_drives_may_be_given_as_points():
    assert arguments.drive_ids(POINT_FRAME) == ["drive-1"]
    assert arguments.drive_ids(POINT_FRAME.iloc[0]) == ["drive-1"]


def test_one_row_of_sessions_or_status_names_its_session():
    assert arguments.session_ids(SESSION_FRAME.iloc[0]) == ["session-1"]
    assert arguments.session_ids(STATUS_FRAME.iloc[0]) == ["session-1"]
    with pytest.raises(InputError, match="id at 'id' of the row is "):
        arguments.session_ids(SESSION_FRAME.iloc[1])


def test_a_frame_of_points_tells_all_it_knows():
    assert arguments.restore_points(POINT_FRAME)[0] == FULL_POINT


def test_one_row_of_points_tells_all_it_knows():
    assert arguments.restore_points(POINT_FRAME.iloc[0]) == [FULL_POINT]


def test_a_frame_of_points_survives_a_file():
    again = pd.read_csv(StringIO(POINT_FRAME.to_csv(index=False)))

    assert arguments.restore_points(again) == arguments.restore_points(POINT_FRAME)


def test_a_frame_of_points_with_nulls_tells_less():
    frame = RESTORE_POINTS.frame([{"id": "point-1"}])

    assert arguments.restore_points(frame) == [RestorePoint("point-1")]


def test_a_frame_of_points_may_be_finer_than_a_microsecond():
    frame = pd.DataFrame({"id": ["a"], "protection_date_time": pd.to_datetime(["2026-11-20T12:00:00.123456789Z"])})

    assert arguments.restore_points(frame)[0].protection_date_time == NOON.replace(microsecond=123456)


def test_a_frame_of_points_without_time_zones_is_refused():
    naive = POINT_FRAME.assign(protection_date_time=POINT_FRAME["protection_date_time"].dt.tz_localize(None))

    with pytest.raises(InputError, match=r"protection_date_time=datetime.datetime\(2026, .* without a time zone"):
        arguments.restore_points(naive)


def test_session_rows_keep_what_the_frame_tells_and_rows_without_a_session():
    with_session, without = arguments.session_rows(SESSION_FRAME)

    assert with_session["id"] == "session-1"
    assert with_session["restore_point_id"] == "point-1"
    assert with_session["restore_point_date_time"] == NOON
    assert with_session["backup_size_in_bytes"] == 12
    assert without["id"] is None
    assert without["outcome"] == "failed"
    assert without["error_code"] is None


def test_session_rows_of_one_row_keep_what_it_tells():
    assert arguments.session_rows(SESSION_FRAME.iloc[0])[0]["outcome"] == "created"


def test_session_rows_of_a_status_frame_go_by_the_session():
    assert arguments.session_rows(STATUS_FRAME)[0]["id"] == "session-1"


@pytest.mark.parametrize(
    ("tags", "can_be_browsed"),
    [
        pytest.param(None, True, id="not known"),
        pytest.param("fastRestore", True, id="fast"),
        pytest.param("FastRestore,newTag", True, id="fast among others"),
        pytest.param("none", False, id="none"),
        pytest.param("", False, id="empty"),
    ],
)
def test_a_point_can_be_browsed_unless_its_tags_deny_it(tags, can_be_browsed):
    assert RestorePoint("a", tags=tags).can_be_browsed is can_be_browsed


def test_a_point_knows_its_drive_by_directory_object_else_by_unit():
    assert RestorePoint("a").drive_key is None
    assert RestorePoint("a", drive_id="drive-1").drive_key == "drive-1"
    assert RestorePoint("a", drive_id="drive-1", directory_object_id="user-1").drive_key == "user-1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, None, id="None"),
        pytest.param(pd.NaT, None, id="NaT"),
        pytest.param("2026-11-20", NOON.replace(hour=0), id="bare date"),
        pytest.param(" 2026-11-20 ", NOON.replace(hour=0), id="blanks around"),
        pytest.param("2026-11-20T12:00:00", NOON, id="text without offset is UTC"),
        pytest.param("2026-11-20 12:00", NOON, id="with a space"),
        pytest.param("2026-11-20T12:00:00Z", NOON, id="Zulu"),
        pytest.param("2026-11-20T14:30:00+02:30", NOON, id="offset"),
        pytest.param("2026-11-20T12:00:00.1234567Z", NOON.replace(microsecond=123456), id="seven digits"),
        pytest.param(date(2026, 11, 20), NOON.replace(hour=0), id="date"),
        pytest.param(NOON.astimezone(timezone(timedelta(hours=-5))), NOON, id="datetime elsewhere"),
        pytest.param(pd.Timestamp(NOON), NOON, id="Timestamp"),
        pytest.param(pd.Timestamp("2026-11-20T12:00:00.123456789Z"), NOON.replace(microsecond=123456), id="in ns"),
    ],
)
def test_moment_reads(value, expected):
    found = arguments.moment(value, "start")

    assert found == expected
    assert type(found) is type(expected)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param(NOON.replace(tzinfo=None), "without a time zone", id="naive datetime"),
        pytest.param(pd.Timestamp("2026-11-20"), "without a time zone", id="naive Timestamp"),
        pytest.param("yesterday", "cannot be read as a time", id="words"),
        pytest.param("", "cannot be read as a time", id="empty"),
        pytest.param("2026-13-01", "cannot be read as a time", id="thirteenth month"),
        pytest.param("20.11.2026", "cannot be read as a time", id="German date"),
        pytest.param("2026", "cannot be read as a time", id="a year"),
        pytest.param(20261120, "is a int", id="number"),
        pytest.param(math.nan, "is a float", id="NaN"),
        pytest.param(True, "is a bool", id="bool"),
        pytest.param(np.datetime64("2026-11-20"), "is a datetime64", id="numpy time"),
        pytest.param(["2026-11-20"], "is a list", id="list"),
        pytest.param("0001-01-01T00:00:00+01:00", "outside the years 1 to 9999", id="before all time"),
        pytest.param("9999-12-31T23:59:59-01:00", "outside the years 1 to 9999", id="after all time"),
    ],
)
def test_moment_refuses_by_name_and_value(value, said):
    with pytest.raises(InputError, match=said) as caught:
        arguments.moment(value, "since")

    assert str(caught.value).startswith(f"since={value!r} ")


@pytest.mark.parametrize(
    ("start", "end", "window"),
    [
        pytest.param(None, None, (None, None), id="open"),
        pytest.param("2026-11-20", "2026-11-20", (NOON.replace(hour=0), NOON.replace(hour=0, day=21)), id="one day"),
        pytest.param(None, "20261120", (None, NOON.replace(hour=0, day=21)), id="the day in basic form"),
        pytest.param(None, "2026-W47-5", (None, NOON.replace(hour=0, day=21)), id="the day of a week"),
        pytest.param(None, date(2026, 11, 20), (None, NOON.replace(hour=0, day=21)), id="the day as a date"),
        pytest.param(None, "2026-11-20T00:00", (None, NOON.replace(hour=0)), id="midnight is no bare date"),
        pytest.param(NOON, NOON, (NOON, NOON), id="empty window"),
        pytest.param("2026-11-20T12:00:00", "2026-11-20T15:00:00+01:00", (NOON, NOON.replace(hour=14)), id="offsets"),
    ],
)
def test_time_window_includes_a_bare_end_date(start, end, window):
    assert arguments.time_window(start, end) == window


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        pytest.param("2026-11-21", "2026-11-19", r"end \('2026-11-19'\) is before start \('2026-11-21'\)", id="days"),
        pytest.param(NOON, NOON - timedelta(microseconds=1), "is before start", id="by a microsecond"),
        pytest.param("2026-11-20T12:00:00+00:00", "2026-11-20T13:00:00+02:00", "is before start", id="by the offset"),
        pytest.param(None, "9999-12-31", "end='9999-12-31' is outside the years", id="a day after all days"),
        pytest.param("x", None, "start='x'", id="start is named"),
        pytest.param(None, "x", "end='x'", id="end is named"),
    ],
)
def test_time_window_refuses(start, end, said):
    with pytest.raises(InputError, match=said):
        arguments.time_window(start, end)


@given(st.datetimes(timezones=st.timezones()), st.integers(-23 * 60, 23 * 60))
def test_any_aware_datetime_round_trips(moment, offset_in_minutes):
    try:
        in_utc = moment.astimezone(UTC)
        elsewhere = moment.astimezone(timezone(timedelta(minutes=offset_in_minutes)))
    except OverflowError:
        return

    for value in (moment, elsewhere, in_utc.isoformat(), elsewhere.isoformat(), pd.Timestamp(in_utc)):
        assert arguments.moment(value, "start") == in_utc
    assert arguments.time_window(moment, elsewhere) == (in_utc, in_utc)


@given(st.one_of(st.text(), st.datetimes().map(str), st.dates().map(str), st.datetimes(timezones=st.timezones())))
def test_any_text_or_time_is_read_or_refused(value):
    for window in ((value, None), (None, value)):
        with contextlib.suppress(InputError):  # and nothing else
            found = [moment for moment in arguments.time_window(*window) if moment]
            assert [moment.tzinfo for moment in found] == [UTC]


@given(st.dates(max_value=date(9999, 12, 30)))
def test_any_bare_end_date_includes_that_day_and_no_more(day):
    begin, finish = arguments.time_window(str(day), str(day))

    assert finish - begin == timedelta(days=1)
    assert arguments.time_window(day, day) == (begin, finish)


@pytest.mark.parametrize("value", [0, 1, 0.5, 86_400, np.int64(5), np.float64(2.5), np.float32(2.5)])
def test_seconds_takes_spans_up_to_a_day(value):
    found = arguments.seconds(value, "timeout")

    assert found == value
    assert type(found) is float


@pytest.mark.parametrize(
    "value",
    [-1, -0.001, 86_401, 10**400, math.nan, math.inf, -math.inf, True, np.True_, "5", None, [5], 1j, pd.NA],
    ids=repr,
)
def test_seconds_refuses_by_name_and_value(value):
    with pytest.raises(InputError, match=r"^timeout=.* must be a number of seconds from 0 to 86,400"):
        arguments.seconds(value, "timeout")


@pytest.mark.parametrize("value", [1, 32, np.int64(5)])
def test_whole_number_takes_what_is_within_bounds(value):
    found = arguments.whole_number(value, "limit", least=1, most=32)

    assert found == value
    assert type(found) is int


@pytest.mark.parametrize("value", [0, 1001, -1, 1.0, math.nan, True, np.True_, "5", None, [5], pd.NA], ids=repr)
def test_whole_number_refuses_by_name_and_value(value):
    with pytest.raises(InputError, match=r"^limit=.* must be a whole number from 1 to 1,000$"):
        arguments.whole_number(value, "limit", least=1, most=1000)


def test_one_of_takes_the_words_it_knows():
    assert arguments.one_of("reuse", ("reuse", "create"), "if_exists") == "reuse"


@pytest.mark.parametrize("value", ["", "Reuse", "reuse ", None, True, ["reuse"], {"reuse"}, 1], ids=repr)
def test_one_of_refuses_with_what_it_knows(value):
    with pytest.raises(InputError, match=r"^if_exists=.* is not known; accepted: 'reuse', 'create'$"):
        arguments.one_of(value, ("reuse", "create"), "if_exists")


@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\x00", "\x1b", "\ud800", "\u202e"])
def test_an_id_with_characters_that_cannot_be_seen_is_refused(mark):
    with pytest.raises(InputError, match="cannot be seen") as caught:
        arguments.restore_points(f"ab{mark}cd")
    assert mark not in str(caught.value)
