"""Times and spans as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from odb_nb.words import size_in_words, span_in_words, time_in_words

SPANS = [
    (timedelta(days=2, hours=3), "2 d 3 h"),
    (timedelta(days=2, hours=3, minutes=59, seconds=59), "2 d 3 h"),
    (timedelta(days=3), "3 d"),
    (timedelta(days=1, minutes=59), "1 d"),
    (timedelta(days=400, hours=1), "400 d 1 h"),
    (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min"),
    (timedelta(hours=3, minutes=20), "3 h 20 min"),
    (timedelta(hours=12), "12 h"),
    (timedelta(minutes=59, seconds=59), "59 min"),
    (timedelta(minutes=1), "1 min"),
    (timedelta(seconds=59), "under 1 min"),
    (timedelta(microseconds=1), "under 1 min"),
    (timedelta(0), "over"),
    (timedelta(microseconds=-1), "over"),
    (timedelta(days=-3), "over"),
]


@pytest.mark.parametrize(("span", "words"), [pytest.param(*case, id=f"{case[0]}") for case in SPANS])
def test_a_span_is_said_in_two_units_rounded_down(span, words):
    assert span_in_words(span) == words
    assert span_in_words(pd.Timedelta(span)) == words


TIMES = [
    ("2026-11-20T03:02:55Z", "2026-11-20 03:02:55"),
    ("2026-11-20T03:02:55.999999Z", "2026-11-20 03:02:55"),
    ("2026-11-20T00:00:00Z", "2026-11-20 00:00:00"),
    ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00"),
    ("9999-12-31T23:59:59Z", "9999-12-31 23:59:59"),
]


@pytest.mark.parametrize(("text", "words"), TIMES)
def test_a_time_is_said_to_the_second(text, words):
    moment = datetime.fromisoformat(text).astimezone(UTC)
    assert time_in_words(moment) == words
    assert time_in_words(pd.Series([moment], dtype="datetime64[us, UTC]")[0]) == words


SIZES = [
    (0, "0 bytes"),
    (1, "1 byte"),
    (999, "999 bytes"),
    (1_000, "1.0 kB"),
    (999_949, "999.9 kB"),
    (999_950, "1.0 MB"),
    (9_007_199_254_740_993, "9.0 PB"),
    (2**63 - 1, "9223.4 PB"),
    (-5, "-5 bytes"),
]


@pytest.mark.parametrize(("size", "words"), SIZES)
def test_a_size_is_said_in_the_largest_unit_that_fits(size, words):
    assert size_in_words(size) == words


@pytest.mark.parametrize("say", [span_in_words, time_in_words, size_in_words])
@pytest.mark.parametrize("nothing", [None, pd.NaT, pd.NA], ids=str)
def test_nothing_is_said_of_a_null(say, nothing):
    assert say(nothing) == ""
