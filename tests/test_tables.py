"""From the service's JSON to frames whose columns and dtypes never differ."""

from __future__ import annotations

import json
import warnings
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb import columns, tables
from odb_nb.columns import Column, Table

TABLES = [
    pytest.param(table, id=table.name)
    for table in (
        tables.DRIVES,
        tables.RESTORE_POINTS,
        tables.SESSIONS,
        tables.STATUS,
        tables.HISTORY,
        tables.PERMISSIONS,
    )
]
FLAGS = Table("flags", (Column("flag", "boolean", "flag"),))
TIMES = Table("times", (Column("time", columns.TIME, "time"),))
SIZES = Table("sizes", (Column("size", columns.COUNT, "size"),))
TEXTS = Table("texts", (Column("text", path="text"),))
GOOD_TIME = pd.Timestamp("2026-11-20T12:00:00Z")

# lone surrogates too: JSON can carry them; drawn from a set of their own, else one in thousands is one
surrogates = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
any_text = st.text(st.one_of(st.characters(), surrogates))
any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)),
    max_leaves=5,
)
time_like = st.one_of(
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.from_regex(r"\A\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{0,10})?)?(Z|[+-]\d{2}:?\d{2})?)?\Z"),
)
size_like = st.one_of(st.integers().map(str), st.integers(-(2**66), 2**66), st.from_regex(r"\A[+-]?[\d_ .e]{0,30}\Z"))


def dtypes_of(table):
    return [column.dtype for column in table.columns]


def nested(path, value):
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "items", [[], [{}], [{}, {"id": None}, {"error": None, "protectionUnit": None}]], ids=["empty", "one", "nulls"]
)
def test_a_frame_without_values_has_all_columns_and_dtypes(table, items):
    frame = table.frame(items)

    assert list(frame.columns) == table.names
    assert [str(dtype) for dtype in frame.dtypes] == dtypes_of(table)
    assert frame.index.equals(pd.RangeIndex(len(items)))
    assert frame.isna().all(axis=None)


@pytest.mark.parametrize("table", TABLES)
def test_a_frame_mixed_of_values_and_nulls_keeps_its_dtypes(table):
    value = {columns.TEXT: "text", columns.TIME: "2026-11-20T12:00:00Z", columns.COUNT: "7"}
    full = {}
    for column in table.columns:
        if column.path is not None:
            item = nested(column.path, value[column.dtype])
            full = {
                **full,
                **{key: {**full.get(key, {}), **v} if isinstance(v, dict) else v for key, v in item.items()},
            }

    frame = table.frame([full, {}])

    assert [str(dtype) for dtype in frame.dtypes] == dtypes_of(table)
    shown = [column.name for column in table.columns if column.path is not None]
    assert frame.loc[0, shown].notna().all()
    assert frame.loc[1].isna().all()


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        pytest.param(
            tables.DRIVES,
            "id display_name email status directory_object_id policy_id created_date_time",
            id="drives",
        ),
        pytest.param(
            tables.RESTORE_POINTS,
            "id drive_id display_name protection_date_time expiration_date_time tags directory_object_id",
            id="restore points",
        ),
        pytest.param(
            tables.SESSIONS,
            "restore_point_id id status outcome restore_point_date_time created_date_time expiration_date_time "
            "backup_size_in_bytes directory_object_id error_code error_message request_id",
            id="sessions",
        ),
        pytest.param(
            tables.STATUS,
            "restore_point_id drive_id display_name protection_date_time expiration_date_time tags "
            "directory_object_id session_id status matched_by session_created_date_time "
            "session_expiration_date_time expires_in backup_size_in_bytes error_code error_message",
            id="status",
        ),
        pytest.param(
            tables.HISTORY,
            "date_time tenant_id account operation restore_point_id item_hash session_id outcome error_code "
            "request_id client_request_id",
            id="history",
        ),
        pytest.param(tables.PERMISSIONS, "permission needed_for state granted_by", id="permissions"),
    ],
)
def test_columns_are_those_of_the_design(table, columns):
    assert table.names == columns.split()


@pytest.mark.parametrize("digits", range(10))
def test_times_of_any_precision_are_read_to_the_microsecond(digits):
    fraction = f".{'123456789'[:digits]}" if digits else ""
    microseconds = int("123456789"[: min(digits, 6)].ljust(6, "0")) if digits else 0

    frame = TIMES.frame([{"time": f"2026-11-20T12:00:00{fraction}Z"}, {"time": "2026-11-20T12:00:00Z"}])

    assert frame["time"].dtype == "datetime64[us, UTC]"
    assert frame["time"].tolist() == [GOOD_TIME + pd.Timedelta(microseconds, "us"), GOOD_TIME]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-20T14:00:00+02:00", GOOD_TIME, id="offset"),
        pytest.param("2026-11-20T14:00:00.0000000+02:00", GOOD_TIME, id="offset after seven digits"),
        pytest.param("2026-11-20T12:00:00", GOOD_TIME, id="no offset is UTC"),
        pytest.param("2026-11-20", GOOD_TIME.normalize(), id="date"),
        pytest.param("0001-01-01T00:00:00Z", pd.Timestamp("0001-01-01T00:00:00Z"), id="year 1"),
        pytest.param("9999-12-31T23:59:59.9999999Z", pd.Timestamp("9999-12-31T23:59:59.999999Z"), id="year 9999"),
        pytest.param(datetime(2026, 11, 20, 12, tzinfo=UTC), GOOD_TIME, id="datetime"),
        pytest.param(pd.Timestamp("2026-11-20T12:00:00.000000001Z"), GOOD_TIME, id="Timestamp in ns"),
    ],
)
def test_times_are_read(text, expected):
    assert TIMES.frame([{"time": text}])["time"].tolist() == [expected]


@pytest.mark.parametrize("text", [None, "", pd.NaT])
def test_no_time_is_null_without_a_warning(text):
    assert TIMES.frame([{"time": text}])["time"].isna().all()


@pytest.mark.parametrize(
    "bad",
    [
        "2026-11-20T12-01-03.45Z",
        "2026-11-20T24:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-20T12:00:00+99:99",
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "20.11.2026",
        "2026",
        2026,
        1.5,
        True,
        ["2026-11-20T12:00:00Z"],
        {"time": "2026-11-20T12:00:00Z"},
        "\ud800",
    ],
    ids=ascii,
)
def test_a_malformed_time_is_null_with_a_warning_and_costs_no_other(bad):
    with pytest.warns(UserWarning, match=r"times.time: 1 value\(s\) from the service are not a time stamp"):
        frame = TIMES.frame([{"time": "2026-11-20T12:00:00Z"}, {"time": bad}, {"time": "2026-11-20T12:00:00.1234567Z"}])

    assert frame["time"].notna().tolist() == [True, False, True]
    assert frame["time"].dtype == "datetime64[us, UTC]"
    assert "12:00:00" in repr(frame)


def test_a_warning_counts_and_shows_the_first():
    with pytest.warns(UserWarning, match=r"2 value\(s\) .* first 'x'; shown as null"):
        TIMES.frame([{"time": "x"}, {"time": "y"}])


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        pytest.param("584316", 584316, id="text"),
        pytest.param(584316, 584316, id="number"),
        pytest.param("0", 0, id="zero"),
        pytest.param("9007199254740993", 9007199254740993, id="text beyond 2**53"),
        pytest.param(9007199254740993, 9007199254740993, id="number beyond 2**53"),
        pytest.param(str(2**63 - 1), 2**63 - 1, id="the largest"),
        pytest.param(str(-(2**63)), -(2**63), id="the smallest"),
    ],
)
def test_sizes_are_exact(size, expected):
    frame = SIZES.frame([{"size": size}, {}])

    assert frame["size"].dtype == "Int64"
    assert frame["size"].iloc[0] == expected
    assert frame["size"].iloc[1] is pd.NA


@pytest.mark.parametrize("size", [None, "", pd.NA], ids=repr)
def test_no_size_is_null_without_a_warning(size):
    assert SIZES.frame([{"size": size}])["size"].isna().all()


@pytest.mark.parametrize(
    "bad",
    ["12 MB", "1.5", 1.5, "0x10", "nan", float("nan"), float("inf"), True, [], {}, [12], 2**63, str(2**63), "9" * 5000],
    ids=lambda bad: repr(bad)[:20],
)
def test_a_malformed_size_is_null_with_a_warning_and_costs_no_other(bad):
    with pytest.warns(UserWarning, match=r"sizes.size: 1 value\(s\) from the service are not a whole number"):
        frame = SIZES.frame([{"size": "1"}, {"size": bad}, {"size": 3}])

    assert frame["size"].dtype == "Int64"
    assert frame["size"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("created", "created", id="known"),
        pytest.param("CREATED", "CREATED", id="other case"),
        pytest.param("aWordOfTomorrow", "aWordOfTomorrow", id="unknown"),
        pytest.param(" created ", " created ", id="blanks"),
        pytest.param("", "", id="empty"),
        pytest.param("NA", "NA", id="NA"),
        pytest.param("None", "None", id="None"),
        pytest.param("<b>", "<b>", id="markup"),
        pytest.param(3, "3", id="number"),
        pytest.param(True, "True", id="bool"),
        pytest.param(["fastRestore", "none"], "fastRestore,none", id="list"),
        pytest.param([], "", id="empty list"),
        pytest.param({"a": 1}, "{'a': 1}", id="object"),
    ],
)
def test_text_is_shown_verbatim(value, expected):
    frame = TEXTS.frame([{"text": value}, {"text": None}])

    assert frame["text"].dtype == "string"
    assert frame["text"].tolist() == [expected, pd.NA]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("\ud83d", "\ufffd", id="first half"),
        pytest.param("Priya \ude80 Shah", "Priya \ufffd Shah", id="second half, amid text"),
        pytest.param("\ude80\ud83d", "\ufffd\ufffd", id="halves in the wrong order"),
        pytest.param("Priya Shah \U0001f680", "Priya Shah \U0001f680", id="a whole one"),
        pytest.param(["\ud800", "none"], "\ufffd,none", id="in a list"),
    ],
)
def test_half_a_character_is_shown_as_one_that_cannot_be_read(value, expected):
    assert TEXTS.frame([{"text": value}])["text"].tolist() == [expected]


@given(st.lists(any_text))
def test_any_text_is_verbatim_but_for_what_no_file_can_hold(texts):
    sent = [json.loads(json.dumps(text)) for text in texts]  # which joins halves that belong together

    shown = TEXTS.frame([{"text": text} for text in sent])["text"].tolist()

    assert shown == ["".join("\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text) for text in sent]
    "".join(shown).encode("utf-8")


def test_flags_are_true_false_or_null():
    frame = FLAGS.frame([{"flag": value} for value in (True, False, None, "true", 1)])

    assert frame["flag"].dtype == "boolean"
    assert frame["flag"].tolist() == [True, False, pd.NA, pd.NA, pd.NA]


def test_whole_columns_may_be_given():
    frame = tables.STATUS.frame(
        [{"id": "session-1"}, {}],
        restore_point_id=["point-1", "point-2"],
        expires_in=[timedelta(days=2), None],
        protection_date_time=[GOOD_TIME.to_pydatetime(), None],
    )

    assert frame["restore_point_id"].tolist() == ["point-1", "point-2"]
    assert frame["session_id"].tolist() == ["session-1", pd.NA]
    assert frame["expires_in"].dtype == "timedelta64[us]"
    assert frame["expires_in"].iloc[0] == pd.Timedelta(days=2)
    assert frame["protection_date_time"].iloc[0] == GOOD_TIME


def test_spans_may_be_longer_than_nanoseconds_can_count():
    frame = tables.STATUS.frame([{}], expires_in=[timedelta(days=2_900_000)])

    assert frame["expires_in"].iloc[0] == timedelta(days=2_900_000)


def test_a_path_that_leads_through_something_else_is_null():
    items = [{"protectionUnit": unit} for unit in ("text", 5, ["id"], None, {"id": {"deeper": 1}}, {"id": "drive-1"})]

    found = tables.RESTORE_POINTS.frame(items)["drive_id"]

    assert found.tolist() == [pd.NA, pd.NA, pd.NA, pd.NA, "{'deeper': 1}", "drive-1"]


@given(st.data(), st.sampled_from([table.values[0] for table in TABLES]))
def test_any_json_in_any_field_gives_the_declared_dtypes(data, table):
    paths = [column.path for column in table.columns if column.path is not None]
    item = st.dictionaries(
        st.sampled_from([part for path in paths for part in path.split(".")]),
        st.one_of(any_json, time_like, size_like, st.dictionaries(st.sampled_from(["id", "code"]), any_json)),
    )
    items = data.draw(st.lists(item, max_size=4))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        frame = table.frame(items)

    assert list(frame.columns) == table.names
    assert [str(dtype) for dtype in frame.dtypes] == dtypes_of(table)
    assert len(frame) == len(items)
    assert repr(frame)


@given(st.lists(st.datetimes(timezones=st.just(UTC)), max_size=5), st.integers(0, 9))
def test_any_time_is_shown_as_it_was_sent(moments, digits):
    def as_text(moment):
        fraction = f"{moment:%f}000"[:digits]
        return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + (f".{fraction}" if fraction else "") + "Z"

    frame = TIMES.frame([{"time": as_text(moment)} for moment in moments])

    step = 10 ** max(0, 6 - digits)
    cut = [moment.replace(microsecond=moment.microsecond // step * step) for moment in moments]
    assert frame["time"].tolist() == cut


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_any_size_is_exact_as_text_and_as_number(sizes):
    assert SIZES.frame([{"size": str(size)} for size in sizes])["size"].tolist() == sizes
    assert SIZES.frame([{"size": size} for size in sizes])["size"].tolist() == sizes
