"""A form tells how far it is now and then: a page has to work for each message."""

from __future__ import annotations

import pytest

from odb_nb.widgets.progress_line import ProgressLine


@pytest.fixture
def clock():
    return [0.0]


@pytest.fixture
def line(clock):
    made = ProgressLine(lambda: clock[0])
    yield made
    for part in made.parts:
        part.close()


def test_two_thousand_reports_in_two_seconds_are_shown_some_ten_times(line, clock):
    shown = []
    line.so_far.observe(lambda change: shown.append(change.new), names="value")
    for done in range(1, 2001):
        clock[0] = done / 1000
        line(done, 2000, "")

    assert shown[0] == "1 of 2,000"
    assert shown[-1] == "2,000 of 2,000"
    assert 10 <= len(shown) <= 12


def test_the_end_is_shown_at_once(line):
    line(1, 3, "")
    line(2, 3, "")
    line(3, 3, "3 created")

    assert line.so_far.value == "3 of 3: 3 created"
    assert line.bar.value == line.bar.max == 3


def test_another_call_is_shown_from_its_beginning(line):
    line(8, 8, "")
    line(1, 24, "")

    assert line.so_far.value == "1 of 24"


def test_a_note_is_text(line):
    line(0, 1, "<b>")

    assert line.so_far.value == "0 of 1: &lt;b&gt;"
