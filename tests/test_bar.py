"""A bar in a notebook: nothing for short work, one picture that changes in its place, true to the end."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from odb_nb.bar import Bar, as_html, in_words

HOSTILE = "<img src=x onerror=alert(1)>&\"'"

IN_IPYTHON = """
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from odb_nb.bar import Bar

    InteractiveShell.instance()
    now = 0.0

    def outputs(steps, *, close=True):
        global now
        bar = Bar("sessions", monotonic=lambda: now)
        with capture_output() as captured:
            for now, *report in steps:
                bar(*report)
            if close:
                bar.close()
        ids = {shown.transient["display_id"] for shown in captured.outputs}
        assert len(ids) <= 1
        assert captured.stdout == captured.stderr == ""
        assert all(sorted(shown.data) == ["text/html", "text/plain"] for shown in captured.outputs)
        assert all(shown.data["text/plain"] in shown.data["text/html"] for shown in captured.outputs)
        return [(shown.update, shown.data["text/plain"]) for shown in captured.outputs]
"""


def in_ipython(call):
    """The outputs of a cell: whether each replaces the one before, and its text."""
    script = textwrap.dedent(IN_IPYTHON) + f"now = 0.0\nprint({call})"
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return child.stdout.strip()


CASES = [
    pytest.param([(0.1, 1, 2, ""), (1.9, 2, 2, "")], [], id="short work shows nothing"),
    pytest.param([], [], id="no report shows nothing"),
    pytest.param(
        [(0.1, 1, 3, ""), (2.0, 2, 3, "2 created"), (3.0, 3, 3, "2 created, 1 failed")],
        [
            (False, "sessions: 2 of 3 (2 created)"),
            (True, "sessions: 3 of 3 (2 created, 1 failed)"),
            (True, "sessions: 3 of 3 (2 created, 1 failed)"),
        ],
        id="long work is shown in one place",
    ),
    pytest.param(
        [(2.0, 1, 9, ""), (2.1, 2, 9, ""), (2.15, 3, 9, ""), (2.2, 4, 9, ""), (2.25, 5, 9, "")],
        [(False, "sessions: 1 of 9"), (True, "sessions: 4 of 9"), (True, "sessions: 5 of 9")],
        id="now and then, and the last state in the end",
    ),
]


@pytest.mark.parametrize(("steps", "expected"), CASES)
def test_a_cell_shows(steps, expected):
    assert in_ipython(f"outputs({steps!r})") == repr(expected)


def test_a_bar_that_was_cut_short_stands_where_it_was():
    steps = [(2.5, 12, 40, "12 created")]
    assert in_ipython(f"outputs({steps!r}, close=False)") == repr([(False, "sessions: 12 of 40 (12 created)")])


def test_short_work_does_not_even_import_ipython():
    script = (
        "import sys; from odb_nb.bar import Bar; bar = Bar('x'); bar(1, 2, ''); bar.close();"
        "sys.exit('IPython' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_words_count_with_separators():
    assert in_words("sessions", 1_200, 5_000, "") == "sessions: 1,200 of 5,000"
    assert in_words("sessions", 1, 2, "1 failed") == "sessions: 1 of 2 (1 failed)"


@pytest.mark.parametrize(
    ("done", "total", "width"),
    [(0, 4, "0%"), (1, 4, "25%"), (4, 4, "100%"), (0, 0, "100%"), (5, 4, "100%")],
)
def test_the_bar_is_as_long_as_the_share_that_is_done(done, total, width):
    assert f"width: {width}" in as_html("sessions", done, total, "")


def test_the_picture_is_named_for_screen_readers_and_a_word_of_the_service_is_text():
    page = as_html("sessions", 1, 2, f"1 {HOSTILE}")

    assert "<img" not in page
    assert page.count("sessions: 1 of 2 (1 &lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#x27;)") == 2
    assert 'role="img" aria-label="sessions: 1 of 2' in page


def test_a_bar_without_a_clock_of_its_own_uses_the_machines():
    bar = Bar("sessions")
    bar(1, 2, "")
    bar.close()
