"""What a status frame says to people, whatever the service told, and views that would be too large."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from odb_nb.tables import STATUS
from odb_nb.widgets.latest import Latest
from odb_nb.widgets.status_views import StatusViews
from odb_nb.widgets.status_words import counts_of, details, left_of, overview, runs_out

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_status(lefts, words=None):
    """One point per span of hours that is left; None for a point without a session."""
    rows = len(lefts)
    expiries = [None if left is None else NOW + left * HOUR for left in lefts]
    frame = STATUS.frame(
        [{}] * rows,
        restore_point_id=[f"point-{row}" for row in range(rows)],
        drive_id=[f"drive-{row}" for row in range(rows)],
        display_name=[f"Drive {row}" for row in range(rows)],
        protection_date_time=[NOW - row * HOUR for row in range(rows)],
        status=words or [None if left is None else "created" for left in lefts],
        session_expiration_date_time=expiries,
        expires_in=[None if left is None else left * HOUR for left in lefts],
    )
    frame.attrs["as_of"] = NOW.isoformat()
    return frame


def test_how_soon_is_said_coarsely():
    frame = a_status([-1, 0, 0.5, 1, 2, 12, 13, 24, 25, None])
    assert runs_out(left_of(frame, NOW)).tolist() == [
        "run out", "run out", "within 1 h", "within 1 h", "within 6 h", "within 12 h", "within 24 h", "within 24 h",
        "later", "",
    ]  # fmt: skip


def test_without_a_time_what_the_frame_says_counts():
    frame = a_status([3, None])
    assert left_of(frame, None).tolist() == frame["expires_in"].tolist()


def test_failures_come_first_and_points_without_a_session_last():
    words = ["created", None, "preparing", "failed", "created"]
    assert counts_of(a_status([1] * 5, words)) == {"failed": 1, "created": 2, "preparing": 1, "no session": 1}


@pytest.mark.parametrize(
    ("lefts", "sentence", "is_urgent"),
    [
        pytest.param(
            [13, 3.5],
            "Next to run out: Drive 1, in 3 h 30 min, 2026-11-20 15:30:00 UTC; 1 within 12 h.",
            True,
            id="soon",
        ),
        pytest.param(
            [40], "Next to run out: Drive 0, in 1 d 16 h, 2026-11-22 04:00:00 UTC; 0 within 12 h.", False, id="later"
        ),
        pytest.param(
            [40, -1],
            "Next to run out: Drive 0, in 1 d 16 h, 2026-11-22 04:00:00 UTC; 0 within 12 h. "
            "1 has run out since; refresh to see.",
            True,
            id="over",
        ),
        pytest.param([None], "No session can be used.", False, id="none"),
    ],
)
def test_what_runs_out_next(lefts, sentence, is_urgent):
    frame = a_status(lefts)
    said = overview(frame, frame["display_name"], NOW)
    assert (said.next_to_run_out, said.is_urgent) == (sentence, is_urgent)
    assert sentence in said.html
    assert said.text.startswith("As of 2026-11-20 12:00:00 UTC: ")


def test_a_frame_that_does_not_know_its_time_says_so():
    frame = a_status([1])
    frame.attrs.clear()
    assert overview(frame, frame["display_name"], NOW).when == "As of the last refresh"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        pytest.param({"backup_size_in_bytes": 4_100_000_000}, "4.1 GB (4,100,000,000 bytes)", id="size"),
        pytest.param({"backup_size_in_bytes": 999}, "<dd>999 bytes</dd>", id="small"),
        pytest.param({"backup_size_in_bytes": 2 * 10**18}, "2000.0 PB", id="huge"),
        pytest.param({"matched_by": "<b>"}, "&lt;b&gt;", id="unknown-match"),
        pytest.param({"status": "<odd>"}, "&lt;odd&gt;", id="unknown-word"),
        pytest.param({"status": "failed"}, "the service gave no reason", id="no-reason"),
        pytest.param({"error_message": "a\x00<b>"}, "a\ufffd&lt;b&gt;", id="message"),
        pytest.param({"tags": pd.NA, "expiration_date_time": pd.NaT}, "not known", id="nulls"),
    ],
)
def test_details_are_in_words_and_escaped(told, words):
    row = {**a_status([3]).iloc[0].to_dict(), "session_id": "s", **told}
    assert words in details(row, "<label>", NOW)
    assert "<label>" not in details(row, "<label>", NOW)


@pytest.mark.parametrize(
    ("across", "words"),
    [
        pytest.param("points", "150 drives and 150 points are too much to look at; show days across, or", id="points"),
        pytest.param("days", "Status: 150 rows", id="days"),
    ],
)
def test_a_matrix_that_would_freeze_the_browser_is_not_drawn(across, words):
    frame = a_status([None] * 150)
    latest = Latest()
    views = StatusViews(across, latest)
    views.show(frame, frame["display_name"], NOW)
    views.shows.value = "Matrix"
    assert latest.wait(60)
    assert words in views.drawn.value
    assert len(views.drawn.value) < 500_000
    latest.close()
