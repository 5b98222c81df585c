"""A device code: a link in a notebook, a line elsewhere; an address is never trusted."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime

import pytest

from odb_nb.device_code import as_html, display, shown_by

UNTIL = datetime(2026, 11, 20, 12, 15, tzinfo=UTC)
ADDRESS = "https://microsoft.com/devicelogin"
LINE = f"To sign in, open {ADDRESS} and enter the code ABC123 (good until 12:15 UTC)."


def test_outside_a_notebook_it_is_a_line_on_standard_error(capsys):
    display(ADDRESS, "ABC123", UNTIL)

    shown = capsys.readouterr()
    assert shown.err == LINE + "\n"
    assert shown.out == ""


IN_IPYTHON = """
    from datetime import UTC, datetime
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from odb_nb.device_code import display

    InteractiveShell.instance()
    with capture_output() as captured:
        display("https://microsoft.com/devicelogin", "ABC123", datetime(2026, 11, 20, 12, 15, tzinfo=UTC))
    [shown] = captured.outputs
    print(shown.data["text/plain"])
    print(shown.data["text/html"])
    print(repr(captured.stderr))
"""


def test_in_a_notebook_it_is_shown_as_a_link_and_as_text():
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(IN_IPYTHON)], capture_output=True, text=True, check=True
    )

    assert child.stdout.splitlines() == [LINE, as_html(ADDRESS, "ABC123", UNTIL), "''"]


def test_the_link_opens_elsewhere_and_shows_the_code():
    shown = as_html(ADDRESS, "ABC123", UNTIL)

    assert f'<a href="{ADDRESS}" target="_blank" rel="noopener noreferrer" ' in shown
    assert f">{ADDRESS}</a>" in shown
    assert ">ABC123</code>" in shown
    assert "12:15 UTC" in shown


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://microsoft.com/devicelogin",
        "//microsoft.com",
        "",
        " https://x.example",
    ],
)
def test_an_address_that_is_not_https_is_no_link(address):
    shown = as_html(address, "ABC123", UNTIL)

    assert "<a " not in shown
    assert address in shown


def test_an_address_that_cannot_be_taken_apart_is_shown():
    assert "https://[broken" in as_html("https://[broken", "ABC123", UNTIL)


def test_address_and_code_are_escaped():
    shown = as_html('https://x.example/"><script>', "<b>&", UNTIL)

    assert "<script>" not in shown
    assert 'href="https://x.example/&quot;&gt;&lt;script&gt;"' in shown
    assert ">&lt;b&gt;&amp;</code>" in shown


def test_within_it_codes_go_to_whoever_shows_them(capsys):
    shown = []

    with shown_by(lambda *told: shown.append(told)):
        display(ADDRESS, "ABC123", UNTIL)

    assert shown == [(ADDRESS, "ABC123", UNTIL)]
    assert capsys.readouterr() == ("", "")
    display(ADDRESS, "DEF456", UNTIL)
    assert "DEF456" in capsys.readouterr().err


def test_another_threads_codes_are_not_taken(capsys):
    shown = []
    with shown_by(lambda *told: shown.append(told)):
        other = threading.Thread(target=display, args=(ADDRESS, "ABC123", UNTIL))
        other.start()
        other.join()

    assert shown == []
    assert "ABC123" in capsys.readouterr().err
