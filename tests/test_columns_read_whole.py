"""Columns that are read whole give what reading them value by value gives."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb import columns, frames, tables
from odb_nb.arguments import RestorePoint, restore_points
from odb_nb.columns import Column, Table
from odb_nb.errors import InputError
from odb_nb.operations.matching import Match

surrogates = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
texts = st.one_of(st.none(), st.text(), st.text(st.one_of(st.characters(), surrogates)))
# most of them on no calendar: one such costs all of a column the short way
written = st.from_regex(r"\A\d{4}-(0[1-9]|1[0-3])-[0-3]\d[Tt ][0-2]\d:[0-6]\d:[0-6]\d(\.\d{0,10})?Z?\n?\Z")
moments = st.datetimes(timezones=st.just(UTC))
times_as_text = st.one_of(st.none(), st.just(""), moments.map(lambda moment: moment.isoformat().replace("+00:00", "Z")))
numbers = st.one_of(
    st.none(), st.integers(-(2**65), 2**65), st.integers().map(str), st.sampled_from(["", "٣", "1_0", "x"])
)
statuses = st.sampled_from(["created", "Failed", None])
elsewhere = datetime(2026, 11, 20, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("dtype", "values", "odd"),
    [
        pytest.param(columns.TEXT, texts, ["a", "b"], id="text"),
        pytest.param(columns.TIME, times_as_text, elsewhere, id="times"),
        pytest.param(columns.TIME, st.one_of(times_as_text, written), elsewhere, id="odd times"),
        pytest.param(columns.TIME, st.one_of(st.none(), moments), elsewhere, id="moments"),
        pytest.param(columns.COUNT, numbers, np.int64(7), id="counts"),
    ],
)
@given(data=st.data())
def test_a_column_is_the_same_whether_read_whole_or_value_by_value(dtype, values, odd, data):
    column = data.draw(st.lists(values, max_size=8))
    table = Table("any", (Column("one", dtype),))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = table.of_columns({"one": column})
        one_by_one = table.of_columns({"one": [*column, odd]})  # one odd value, and each is looked at

    pd.testing.assert_frame_equal(whole, one_by_one.head(len(column)))


@pytest.mark.parametrize("storage", ["pyarrow", "python"])
def test_half_a_character_is_replaced_wherever_pandas_keeps_its_text(storage):
    with pd.option_context("mode.string_storage", storage):
        read = Table("any", (Column("one"),)).of_columns({"one": ["a", None, "b\ud83d"]})
    assert read["one"].tolist() == ["a", pd.NA, "b\ufffd"]
    assert read["one"].dtype.storage == storage


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("0000-01-01T00:00:00Z", None, id="NumPy has a year 0, Python has none"),
        pytest.param("2026-02-30T00:00:00Z", None, id="on no calendar"),
        pytest.param("２０２６-11-20T12:00:00Z", None, id="digits that NumPy does not know"),
        pytest.param("2026-11-20T12:00:00.1234567Z", "2026-11-20T12:00:00.123456Z", id="seven digits"),
        pytest.param(elsewhere, "2026-11-19T22:00:00Z", id="a datetime of another zone"),
        pytest.param(elsewhere.replace(tzinfo=None), "2026-11-20T00:00:00Z", id="a datetime without a zone"),
    ],
)
@pytest.mark.parametrize("beside", [[], [datetime(2026, 1, 1, tzinfo=UTC)], ["2026-01-01T00:00:00Z"]], ids=repr)
def test_odd_times_are_the_same_whatever_stands_beside_them(value, expected, beside):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = Table("any", (Column("one", columns.TIME),)).of_columns({"one": [value, *beside]})

    assert read["one"].iloc[0] == pd.Timestamp(expected) if expected else pd.isna(read["one"].iloc[0])
    assert read["one"].notna().sum() == len(beside) + bool(expected)


@given(
    expiries=st.lists(
        st.tuples(st.one_of(times_as_text, written), st.sampled_from(["created", "Failed", None])),
        min_size=1,
        max_size=8,
    ),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds
)
def test_what_is_left_to_a_session_is_the_same_whether_read_whole_or_one_by_one(expiries, now):
    def left_of(pairs):
        ids = [f"p{number}" for number in range(len(pairs))]
        sessions = [{"status": status, "expirationDateTime": expiry} for expiry, status in pairs]
        matches = {id_: [Match(session, "service")] for id_, session in zip(ids, sessions, strict=True)}
        return frames.of_status([RestorePoint(id_) for id_ in ids], matches, now)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = left_of(expiries)
        one_by_one = left_of([*expiries, ("2026-11-20 12:00:00Z", None)])  # not as Graph writes it

    pd.testing.assert_frame_equal(whole, one_by_one.head(len(expiries)))


@given(ids=st.lists(st.one_of(st.text(), st.from_regex(r"\A[.!-~]{1,6}(eyJ[\w-]{8}\.[\w-]{8}\.)?\n?\Z")), max_size=4))
def test_ids_are_refused_alike_whether_looked_at_together_or_one_by_one(ids):
    def said_of(given):
        try:
            return restore_points(given)
        except InputError as exc:
            return str(exc)

    assert said_of(ids) == said_of(tuple(ids))  # which are looked at one by one


_TOLD = [
    column.name for column in tables.RESTORE_POINTS.columns if column.dtype == columns.TEXT and column.name != "id"
]


@given(
    rows=st.lists(
        st.tuples(st.one_of(st.none(), moments), st.fixed_dictionaries(dict.fromkeys(_TOLD, texts))),
        min_size=1,
        max_size=8,
    )
)
def test_points_of_our_frames_are_those_of_anybodys(rows):
    ids = [f"p{number}" for number in range(len(rows))]
    ours = tables.RESTORE_POINTS.of_columns(
        {name: [None] * len(ids) for name in tables.RESTORE_POINTS.names}
        | {name: [texts[name] for _, texts in rows] for name in _TOLD}
        | {"id": ids, "protection_date_time": [moment for moment, _ in rows]}
    )
    of_strings = ours.astype(dict.fromkeys(["id", *_TOLD], "str"))  # pandas' own, whose null is NaN

    assert restore_points(ours) == restore_points(ours.astype("object")) == restore_points(of_strings)
    assert [point.protection_date_time for point in restore_points(ours)] == [moment for moment, _ in rows]
