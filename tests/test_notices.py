"""Words beside a result: a warning at the user's own line, or a line in the form whose work it is."""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

import odb_nb as odb
from odb_nb import tables
from odb_nb.background import show
from odb_nb.notices import heard_by, notify


def here():
    """The line of whoever calls this."""
    return inspect.currentframe().f_back.f_lineno


def where_warned(call):
    """File, line and words of the one warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    [warning] = [warning for warning in caught if warning.category is UserWarning]  # the SDK warns of itself
    return warning.filename, warning.lineno, str(warning.message)


def test_a_warning_names_the_callers_line():
    line = here() + 1
    assert where_warned(lambda: notify("mind")) == (__file__, line, "mind")


def test_however_deep_it_is_said_a_warning_names_the_users_line(background):
    async def work():
        show(partial(notify, "mind"))

    line = here() + 1
    assert where_warned(lambda: background.run(work())) == (__file__, line, "mind")


def test_a_malformed_value_is_told_at_the_line_that_asked_for_the_table():
    line = here() + 1
    file, lineno, words = where_warned(lambda: tables.SESSIONS.frame([{"createdDateTime": "tomorrow"}]))

    assert (file, lineno) == (__file__, line)
    assert "1 value(s) from the service are not a time stamp" in words


@pytest.mark.parametrize("method", ["list_sessions", "get_session", "tabulate_status", "wait_for_sessions"])
def test_a_journal_that_fails_is_told_at_the_line_of_the_clients_method(sandbox, tmp_path, method):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"this is no journal" * 100)
    with odb.connect(sandbox=sandbox) as client:
        points = client.list_restore_points(client.list_drives().head(1), limit=1)
        session = client.create_session(points)
    with odb.connect(sandbox=sandbox, journal=broken) as client:
        given = {"list_sessions": (), "tabulate_status": (points,)}.get(method, (session,))
        line = here() + 1
        file, lineno, words = where_warned(lambda: getattr(client, method)(*given))

    assert (file, lineno) == (__file__, line)
    assert "sessions are tied to points without it" in words


def test_in_a_script_the_line_that_python_shows_is_the_users():
    script = textwrap.dedent("""
        from odb_nb import tables


        tables.SESSIONS.frame([{"createdDateTime": "tomorrow"}])  # the line to show
    """)
    child = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True, check=True)

    assert child.stderr.startswith("<stdin>:5: UserWarning: sessions.created_date_time: 1 value(s)")


def test_within_a_listener_gets_the_words_and_nothing_is_warned_of():
    heard = []

    with heard_by(heard.append):
        notify("one")
        notify("two")

    assert heard == ["one", "two"]
    with pytest.warns(UserWarning, match="three"):
        notify("three")
    assert heard == ["one", "two"]


def test_the_inner_listener_hears_and_the_outer_one_again_after_it():
    outer, inner = [], []

    with heard_by(outer.append):
        with heard_by(inner.append):
            notify("in")
        notify("out")

    assert (outer, inner) == (["out"], ["in"])


def test_after_an_error_nobody_listens_any_more():
    heard = []
    with pytest.raises(ZeroDivisionError), heard_by(heard.append):
        raise ZeroDivisionError

    with pytest.warns(UserWarning, match="mind"):
        notify("mind")
    assert heard == []


def test_each_thread_has_its_own_listener(background):
    meeting = threading.Barrier(4)

    async def work(number):
        show(lambda: notify(str(number)))

    def call(number):
        heard = []
        with heard_by(heard.append):
            meeting.wait(10)
            background.run(work(number))
            meeting.wait(10)
        return heard

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(call, range(4))) == [["0"], ["1"], ["2"], ["3"]]


def test_what_a_clients_method_warns_of_reaches_the_listener(sandbox, tmp_path):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"this is no journal" * 100)
    heard = []

    with odb.connect(sandbox=sandbox, journal=broken) as client, heard_by(heard.append):
        client.list_sessions()

    assert len(heard) == 1
    assert "sessions are tied to points without it" in heard[0]
