"""Values as CSV text: read as what they are, and never run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from odb_nb.csv_text import csv_cell, guarded

CELLS = [
    (pd.Timestamp("2026-11-20T03:02:55.5Z"), "2026-11-20T03:02:55.500000Z"),
    (pd.Timestamp("2026-11-20T03:02:55+05:00"), "2026-11-19T22:02:55Z"),
    (datetime(2026, 11, 20, 3, 2, 55, tzinfo=UTC), "2026-11-20T03:02:55Z"),
    (datetime(2026, 11, 20), "2026-11-20T00:00:00"),  # noqa: DTZ001  # a naive time is left so, and gets no Z
    (timedelta(0), "0:00:00"),
    (timedelta(seconds=1, microseconds=5), "0:00:01.000005"),
    (timedelta(days=5000), "120000:00:00"),
    (-timedelta(minutes=90), "-1:30:00"),
    (True, "True"),
    (-5, "-5"),
    (-0.5, "-0.5"),
    (["=a", 1], "['=a', 1]"),
]


@pytest.mark.parametrize(("value", "cell"), CELLS, ids=[cell for _, cell in CELLS])
def test_a_cell_reads_as_what_it_is(value, cell):
    assert csv_cell(value) == cell
    if isinstance(value, timedelta):
        assert pd.to_timedelta(cell) == value


FORMULAS = [
    ("=1+1", "'=1+1"),
    ("+1", "'+1"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\tx", "'\tx"),
    ("\rx", "'\rx"),
    ("\nx", "'\nx"),
    ("＝1", "'＝1"),
    ("＋1", "'＋1"),
    ("－1", "'－1"),
    ("＠x", "'＠x"),
    ("  =1", "'  =1"),
    ("\xa0=1", "'\xa0=1"),
    ("\u3000=1", "'\u3000=1"),
    ("\u200b=1", "'\u200b=1"),
    ("\ufeff=1", "'\ufeff=1"),
    ("\u202e=1", "'\u202e=1"),
    ("\x1b=1", "'\x1b=1"),
    ("a;=1", "a;'=1"),
    ("a; =1", "a;' =1"),
    ("a\t=1", "a\t'=1"),
    ("a\n=1", "a\n'=1"),
    ("a\r\n=1", "a\r\n'=1"),
    ("a=1", "a=1"),
    ("5-3", "5-3"),
    ("a;b", "a;b"),
    ("a, =b", "a, =b"),
    ("a\nb", "a\nb"),
    ("'=1", "'=1"),
]


@pytest.mark.parametrize(("text", "cell"), FORMULAS, ids=[ascii(text) for text, _ in FORMULAS])
def test_text_is_never_a_formula(text, cell):
    assert guarded(text) == csv_cell(text) == cell
