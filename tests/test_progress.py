"""What a long call shows: a bar where somebody looks, the caller's own function, or nothing."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import textwrap
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb.background import Background
from odb_nb.errors import InputError
from odb_nb.progress import reporting


async def nothing():
    pass


async def reports(report, steps):
    for done, total, note in steps:
        report(done, total, note)
        await asyncio.sleep(0)


def test_a_callable_is_told_in_the_callers_thread(background):
    told = []

    def own(done, total, note):
        told.append((done, total, note, threading.get_ident()))

    with reporting(own, "work") as report:
        background.run(reports(report, [(0, 2, "a"), (1, 2, "b"), (2, 2, "c")]))

    here = threading.get_ident()
    assert told == [(0, 2, "a", here), (1, 2, "b", here), (2, 2, "c", here)]


@given(st.lists(st.integers(0, 20)))
def test_done_never_falls(dones):
    told = []
    background = Background()

    with reporting(lambda done, *_: told.append(done), "work") as report:
        background.run(reports(report, [(done, 20, "") for done in dones]))
    background.close(nothing)

    assert told == sorted(told)
    assert told == [max(dones[: number + 1]) for number in range(len(dones))]


def test_an_error_in_the_callers_function_ends_the_call(background):
    def own(_done, _total, _note):
        raise ZeroDivisionError

    with reporting(own, "work") as report, pytest.raises(ZeroDivisionError):
        background.run(reports(report, [(1, 2, "a")]))


def test_false_shows_nothing(background, capsys):
    with reporting(False, "work") as report:
        background.run(reports(report, [(1, 2, "a")]))

    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_or_notebook_none_shows_nothing(background, capsys):
    with reporting(None, "work") as report:
        background.run(reports(report, [(1, 2, "a")]))

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("progress", [True, 0, "bar", [], {}], ids=repr)
def test_anything_else_is_refused_before_the_work(progress):
    with pytest.raises(InputError, match=r"progress=.* must be None \(a bar\), False, or a callable"):
        reporting(progress, "work").__enter__()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_short_work_shows_no_bar_on_a_terminal(background, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    with reporting(None, "work") as report:
        background.run(reports(report, [(1, 2, "a"), (2, 2, "b")]))

    assert terminal.getvalue().strip("\r\n ") == ""


LONG_WORK = """
    import asyncio, io, sys
    from odb_nb.background import Background
    from odb_nb.progress import reporting

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    async def work(report):
        for done in (0, 1, 3):
            report(done, 3, f"note {done}")
            await asyncio.sleep(1.1)

    async def nothing():
        pass

    sys.stderr = terminal = Terminal()
    background = Background()
    with reporting(None, "sessions") as report:
        background.run(work(report))
    background.close(nothing)
    print(terminal.getvalue())
"""


def test_long_work_shows_a_bar_on_a_terminal():
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(LONG_WORK)], capture_output=True, text=True, check=True
    )

    assert "sessions: 100%" in child.stdout
    assert "3/3" in child.stdout
    assert "note 3" in child.stdout
    assert child.stderr == ""


IN_NOTEBOOK = """
    from types import SimpleNamespace
    import asyncio
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from odb_nb.background import Background
    from odb_nb.progress import reporting

    shell = InteractiveShell.instance()
    shell.kernel = SimpleNamespace()  # what tells a notebook from a terminal

    async def work(report):
        report(1, 3, "1 created")
        await asyncio.sleep(2.1)
        report(2, 3, "1 created, 1 failed")
        await asyncio.sleep(0.05)
        report(3, 3, "2 created, 1 failed")
        {end}

    async def nothing():
        pass

    background = Background()
    with capture_output() as captured:
        try:
            with reporting(None, "sessions") as report:
                background.run(work(report))
        except ZeroDivisionError:
            pass
    background.close(nothing)
    for shown in captured.outputs:
        print(shown.update, shown.data["text/plain"])
    print(repr(captured.stderr + captured.stdout))
"""


@pytest.mark.parametrize("end", ["pass", "raise ZeroDivisionError"])
def test_long_work_in_a_notebook_ends_in_a_still_picture_also_when_it_fails(end):
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(IN_NOTEBOOK).format(end=end)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert child.stdout.splitlines() == [
        "False sessions: 2 of 3 (1 created, 1 failed)",
        "True sessions: 3 of 3 (2 created, 1 failed)",
        "''",
    ]
