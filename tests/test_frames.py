"""Frames that mix the service's word with what a call did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from odb_nb import arguments, frames
from odb_nb.arguments import RestorePoint
from odb_nb.errors import GraphError
from odb_nb.operations.matching import Match
from odb_nb.operations.results import Result
from odb_nb.tables import SESSIONS, STATUS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SERVED = {
    "id": "s1",
    "status": "created",
    "restorePointDateTime": "2026-11-01T00:00:00Z",
    "createdDateTime": "2026-11-20T11:00:00Z",
    "expirationDateTime": "2026-11-22T12:00:00.1234567Z",
    "backupSizeInBytes": "9007199254740993",
    "directoryObjectId": "user-1",
}
FAULT = GraphError("gone", status_code=410, code="gone", request_id="quote-me")


def waited(given, known, point_of_session=None):
    return frames.of_wait(arguments.session_rows(given), known, point_of_session or {})


def dtypes(frame):
    return [str(dtype) for dtype in frame.dtypes]


def declared(table):
    return [column.dtype for column in table.columns]


def test_create_has_a_row_for_each_point_given_in_order_and_twice_if_given_twice():
    results = {"p1": Result("created", SERVED, "r1"), "p2": Result.of_error("failed", FAULT)}

    frame = frames.of_create(["p2", "p1", "p3", "p1"], results, unsettled="cancelled")

    assert frame["restore_point_id"].tolist() == ["p2", "p1", "p3", "p1"]
    assert frame["outcome"].tolist() == ["failed", "created", "cancelled", "created"]
    assert frame["id"].tolist() == [pd.NA, "s1", pd.NA, "s1"]
    assert frame["request_id"].tolist() == ["quote-me", "r1", pd.NA, "r1"]
    assert frame["error_code"].tolist() == ["gone", pd.NA, pd.NA, pd.NA]
    assert frame["error_message"].tolist() == ["gone", pd.NA, pd.NA, pd.NA]
    assert frame["backup_size_in_bytes"].tolist() == [pd.NA, 9007199254740993, pd.NA, 9007199254740993]


def test_create_says_nothing_of_how_it_ended_while_it_is_under_way():
    frame = frames.of_create(["p1", "p2"], {"p1": Result("created", SERVED, "r1")}, unsettled=None)

    assert frame["outcome"].tolist() == ["created", pd.NA]
    assert frame.loc[1].drop("restore_point_id").isna().all()


@pytest.mark.parametrize(
    ("make", "table"),
    [
        pytest.param(lambda: frames.of_create([], {}, unsettled="cancelled"), SESSIONS, id="create of none"),
        pytest.param(lambda: frames.of_create(["p1"], {}, unsettled="cancelled"), SESSIONS, id="create cut short"),
        pytest.param(lambda: frames.of_create(["p1"], {}, unsettled=None), SESSIONS, id="create under way"),
        pytest.param(lambda: waited([], {}), SESSIONS, id="wait for none"),
        pytest.param(lambda: waited(["s1"], {"s1": {}}), SESSIONS, id="wait cut short"),
        pytest.param(lambda: waited(["s1"], {"s1": SERVED}), SESSIONS, id="wait"),
        pytest.param(lambda: frames.of_status([], {}, NOW), STATUS, id="status of none"),
        pytest.param(lambda: frames.of_status([RestorePoint("p1")], {}, None), STATUS, id="status without sessions"),
    ],
)
def test_columns_and_dtypes_are_always_the_declared_ones(make, table):
    frame = make()

    assert list(frame.columns) == table.names
    assert dtypes(frame) == declared(table)


def test_wait_shows_the_session_as_it_is_now_and_keeps_what_the_call_knew():
    before = SESSIONS.frame(
        [{"id": "s1", "status": "creating", "restorePointDateTime": "2026-11-01T00:00:00Z"}],
        restore_point_id=["p1"], outcome=["created"], request_id=["r1"],
    )  # fmt: skip

    [row] = waited(before, {"s1": {"id": "s1", "status": "created", "backupSizeInBytes": 5}}).to_dict("records")

    assert (row["id"], row["status"], row["backup_size_in_bytes"]) == ("s1", "created", 5)
    assert (row["restore_point_id"], row["outcome"], row["request_id"]) == ("p1", "created", "r1")
    assert row["restore_point_date_time"] == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("session", "given", "outcome"),
    [
        pytest.param({"status": "created"}, "created", "created", id="settled"),
        pytest.param({"status": "failed"}, "reused", "reused", id="a failed session is no failed call"),
        pytest.param({"status": "created"}, None, pd.NA, id="settled, given by id"),
        pytest.param({"status": "created"}, "timed_out", pd.NA, id="settled after an earlier time-out"),
        pytest.param({"status": "creating"}, "created", "timed_out", id="not settled"),
        pytest.param({"status": "aWordOfTomorrow"}, "created", "timed_out", id="an unknown word may still change"),
        pytest.param({}, "created", "timed_out", id="never seen"),
        pytest.param({"status": "creating", "error": {"code": "itemNotFound"}}, "created", "failed", id="gone"),
        pytest.param({"error": {"code": "itemNotFound"}}, None, "failed", id="gone before it was seen"),
    ],
)
def test_wait_says_how_it_ended(session, given, outcome):
    before = SESSIONS.frame([{"id": "s1"}], outcome=[given])

    assert waited(before, {"s1": session})["outcome"].tolist() == [outcome]


def test_wait_passes_rows_without_a_session_through():
    results = {"p1": Result("created", SERVED), "p2": Result.of_error("failed", FAULT)}
    before = frames.of_create(["p1", "p2"], results, unsettled="cancelled")

    after = waited(before, {"s1": SERVED})

    pd.testing.assert_frame_equal(after, before)


def test_wait_finds_the_point_in_the_frame_the_service_or_the_journal():
    given = SESSIONS.frame([{"id": id_} for id_ in ("s1", "s2", "s3", "s4")], restore_point_id=["p1", None, None, None])
    known = {"s1": SERVED, "s2": {**SERVED, "restorePointId": "p2"}, "s3": SERVED, "s4": SERVED}

    assert waited(given, known, {"s3": "p3"})["restore_point_id"].tolist() == ["p1", "p2", "p3", pd.NA]


def test_wait_shows_an_error_only_while_there_is_one():
    before = SESSIONS.frame(
        [{"id": "s1", "status": "creating", "error": {"code": "serviceNotAvailable", "message": "x"}}]
    )

    after = waited(before, {"s1": SERVED})

    assert after[["error_code", "error_message"]].isna().all(axis=None)


def test_status_shows_the_newest_usable_session_of_each_point():
    point = RestorePoint("p1", "drive-1", "Adele", NOW - timedelta(days=1), None, "fastRestore", "user-1")
    failed = {**SERVED, "id": "s2", "status": "failed", "createdDateTime": "2026-11-20T11:30:00Z"}

    frame = frames.of_status(
        [point, RestorePoint("p2"), point],
        {"p1": [Match(failed, "service"), Match(SERVED, "journal")]},
        NOW,
    )

    assert frame["restore_point_id"].tolist() == ["p1", "p2", "p1"]
    assert frame["session_id"].tolist() == ["s1", pd.NA, "s1"]
    assert frame["matched_by"].tolist() == ["journal", pd.NA, "journal"]
    assert frame["display_name"].tolist() == ["Adele", pd.NA, "Adele"]
    assert frame["protection_date_time"].iloc[0] == point.protection_date_time
    assert frame["expires_in"].iloc[0] == timedelta(days=2, microseconds=123456)
    assert frame["expires_in"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("expiry", "now", "expected"),
    [
        pytest.param("2026-11-20T12:00:00Z", NOW, timedelta(0), id="now"),
        pytest.param("2026-11-20T11:00:00Z", NOW, -timedelta(hours=1), id="past"),
        pytest.param("9999-12-31T23:59:59Z", NOW, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOW, id="far"),
        pytest.param("2026-11-20T12:00:00Z", None, pd.NaT, id="no clock"),
        pytest.param(None, NOW, pd.NaT, id="no expiry"),
    ],
)
def test_status_counts_down_by_the_services_clock(expiry, now, expected):
    frame = frames.of_status(
        [RestorePoint("p1")], {"p1": [Match({**SERVED, "expirationDateTime": expiry}, "service")]}, now
    )

    assert frame["expires_in"].tolist() == [expected]


def test_status_says_of_when_it_is_and_a_file_keeps_that(tmp_path):
    frame = frames.of_status([RestorePoint("p1")], {}, NOW)

    assert frame.attrs == {"as_of": "2026-11-20T12:00:00+00:00"}
    frame.to_parquet(tmp_path / "status.parquet")
    again = pd.read_parquet(tmp_path / "status.parquet")
    assert again.attrs == frame.attrs
    pd.testing.assert_frame_equal(again, frame)


def test_status_without_a_clock_says_of_no_time():
    assert frames.of_status([RestorePoint("p1")], {}, None).attrs == {}
