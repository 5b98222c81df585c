"""What all forms share: nothing that goes wrong vanishes, nothing runs twice, nothing is left when one is closed."""

from __future__ import annotations

import _thread
import asyncio
import html
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime
from pathlib import Path

import ipywidgets
import pandas as pd
import pytest
from ipywidgets.widgets import widget as registry

from odb_nb.background import show
from odb_nb.device_code import display
from odb_nb.errors import AuthError, GraphError, InputError
from odb_nb.notices import notify
from odb_nb.widgets.form import Form, button

HOSTILE = "<img src=x onerror=alert(1)>&\"'"
ESCAPED = html.escape(HOSTILE)


class Desk(Form):
    """A form with one button, whose job is handed in."""

    title = "Desk"

    def __init__(self, job=lambda: None):
        super().__init__()
        self.job = job
        self.done = []
        self.name = ipywidgets.Text(value=HOSTILE)
        self.go = button("Go", "Do the job", style="primary")
        self.go.on_click(lambda _: self._start("Going …", lambda: self.job()))
        self._busy_controls += [self.name, self.go]
        self.view.children = [self.name, ipywidgets.HBox([self.go, self.cancel]), self.message]

    @property
    def result(self):
        return pd.DataFrame({"done": self.done})

    def code(self):
        return "desk"

    def still(self):
        return f"<b>{html.escape(self.name.value)}</b> {len(self.done)}", f"{self.name.value} {len(self.done)}"


@pytest.fixture(autouse=True)
def _no_thread_stays():
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5)  # one that has handed over its result may be about to end
        assert not thread.is_alive()


@pytest.fixture
def desk():
    with Desk() as opened:
        yield opened


class Waiting:
    """A job that waits on a client's loop until it is cancelled or let go."""

    def __init__(self, background):
        self.background = background
        self.started, self.go = threading.Event(), threading.Event()

    def __call__(self):
        self.background.run(self._wait())

    async def _wait(self):
        self.started.set()
        while not self.go.is_set():  # noqa: ASYNC110  # it is set in another thread
            await asyncio.sleep(0.01)


def raising(exc):
    def job():
        raise exc

    return job


def test_before_anything_is_done_the_message_is_empty_and_cancel_is_off(desk):
    assert desk.message.value == ""
    assert desk.cancel.disabled
    assert desk.client is None
    assert desk.wait() is desk


def test_while_work_runs_controls_are_off_and_cancel_is_on(desk, background):
    desk.job = Waiting(background)
    desk.go.click()
    assert desk.job.started.wait(10)

    assert (desk.go.disabled, desk.name.disabled, desk.cancel.disabled) == (True, True, False)
    assert "Going …" in desk.message.value

    desk.job.go.set()
    desk.wait(10)
    assert (desk.go.disabled, desk.name.disabled, desk.cancel.disabled) == (False, False, True)


def test_a_double_click_does_nothing_twice(desk, background):
    runs = []
    waiting = Waiting(background)
    desk.job = lambda: (runs.append(1), waiting())
    desk.go.click()
    desk.go.click()
    assert waiting.started.wait(10)
    desk.go.click()
    waiting.go.set()
    desk.wait(10)

    assert runs == [1]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(InputError(f"bad {HOSTILE}"), f"bad {ESCAPED}", id="refused here"),
        pytest.param(
            AuthError("no consent; ask your administrator"), "no consent; ask your administrator", id="sign-in"
        ),
        pytest.param(
            GraphError("said no", status_code=500, code="Oops", request_id="req-1"),
            "said no [HTTP 500, code Oops, request-id req-1]",
            id="the service, with what support asks for",
        ),
        pytest.param(
            ZeroDivisionError(HOSTILE),
            f"Unexpected ZeroDivisionError: {ESCAPED}. This is a defect of odb_nb; please report it.",
            id="a defect",
        ),
    ],
)
def test_an_error_is_shown_as_text_and_raised_by_wait_once(desk, error, words):
    desk.job = raising(error)
    desk.go.click()
    with pytest.raises(type(error)) as caught:
        desk.wait(10)

    assert caught.value is error
    assert words in desk.message.value
    assert 'role="alert"' in desk.message.value
    assert HOSTILE not in desk.message.value
    assert desk.wait() is desk


def test_after_an_error_the_next_click_works(desk):
    desk.job = raising(InputError("refused"))
    desk.go.click()
    with pytest.raises(InputError):
        desk.wait(10)

    desk.job = lambda: desk.say_well("all well")
    desk.go.click()
    desk.wait(10)

    assert "all well" in desk.message.value
    assert "refused" not in desk.message.value
    assert 'role="status"' in desk.message.value


def test_each_line_of_what_is_said_is_a_line(desk):
    desk.say(f"one\n{HOSTILE}")

    assert f"one<br>{ESCAPED}" in desk.message.value


def test_notices_are_lines_of_the_message_and_not_of_the_next(desk):
    def job():
        notify(f"mind {HOSTILE}")
        desk.say_well("done")

    desk.job = job
    desk.go.click()
    desk.wait(10)
    assert f"done<br>Note: mind {ESCAPED}" in desk.message.value

    desk.job = lambda: desk.say_well("done again")
    desk.go.click()
    desk.wait(10)
    assert "Note" not in desk.message.value


def test_the_same_notice_is_one_line(desk):
    desk.job = lambda: (notify("mind"), notify("mind"), notify("the gap"), desk.say_well("done"))
    desk.go.click()
    desk.wait(10)

    assert "done<br>Note: mind<br>Note: the gap</div>" in desk.message.value


def test_notices_are_shown_beside_an_error(desk):
    def job():
        notify("mind the gap")
        raise InputError("no")

    desk.job = job
    desk.go.click()
    with pytest.raises(InputError):
        desk.wait(10)

    assert "no<br>Note: mind the gap" in desk.message.value


def test_notices_of_work_on_the_loop_reach_the_form(desk, background):
    async def work():
        show(lambda: notify("from the loop"))

    desk.job = lambda: (background.run(work()), desk.say_well("done"))
    desk.go.click()
    desk.wait(10)

    assert "done<br>Note: from the loop" in desk.message.value


def test_a_device_code_is_a_link_in_the_form(desk, background, capsys):
    seen = []

    async def sign_in():
        until = datetime(2026, 11, 20, 12, 15, tzinfo=UTC)
        show(lambda: display("https://microsoft.com/devicelogin", "ABC123", until))

    desk.job = lambda: (background.run(sign_in()), seen.append(desk.message.value))
    desk.go.click()
    desk.wait(10)

    assert 'href="https://microsoft.com/devicelogin"' in seen[0]
    assert "ABC123" in seen[0]
    assert capsys.readouterr() == ("", "")


def test_cancel_ends_the_work_and_the_next_click_works(desk, background):
    desk.job = Waiting(background)
    desk.go.click()
    assert desk.job.started.wait(10)

    desk.cancel.click()
    desk.wait(10)

    assert "Cancelled." in desk.message.value
    assert not desk.go.disabled
    desk.job = lambda: desk.done.append(background.run(asyncio.sleep(0, "whole")))
    desk.go.click()
    desk.wait(10)
    assert desk.done == ["whole"]


def test_cancel_right_after_the_click_is_not_lost(desk, background):
    desk.job = Waiting(background)
    desk.go.click()
    desk.cancel.click()
    desk.wait(10)

    assert "Cancelled." in desk.message.value


def test_cancel_with_nothing_to_cancel_says_nothing(desk):
    desk.cancel.click()
    assert desk.message.value == ""

    desk.job = lambda: desk.say_well("done")
    desk.go.click()
    desk.wait(10)
    desk.cancel.click()
    assert "done" in desk.message.value


def test_a_cancel_that_came_too_late_leaves_what_the_work_said(desk):
    desk.job = lambda: (desk.say_well("done"), desk.cancel.click())
    desk.go.click()
    desk.wait(10)

    assert "done" in desk.message.value


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_wait_cancels_the_work(desk, background):
    desk.job = Waiting(background)
    desk.go.click()
    assert desk.job.started.wait(10)
    threading.Timer(0.1, _thread.interrupt_main).start()

    with pytest.raises(KeyboardInterrupt):
        desk.wait()

    desk.wait(10)
    assert "Cancelled." in desk.message.value


def test_a_wait_that_gives_up_says_so_and_lets_the_work_go_on(desk, background):
    desk.job = Waiting(background)
    desk.go.click()
    with pytest.raises(TimeoutError, match="Desk: still at work"):
        desk.wait(0.05)

    desk.job.go.set()
    desk.wait(10)
    assert "Cancelled" not in desk.message.value


def test_close_frees_every_widget():
    before = set(registry._instances)  # noqa: SLF001  # ipywidgets has no other way to count

    for _ in range(3):
        desk = Desk()
        assert len(set(registry._instances) - before) > 10  # noqa: SLF001
        desk.close()
        assert set(registry._instances) == before  # noqa: SLF001


def test_close_ends_what_runs_and_keeps_the_result(background):
    desk = Desk(Waiting(background))
    desk.done.append("a row")
    desk.go.click()
    assert desk.job.started.wait(10)

    desk.close()
    desk.close()

    assert desk.result["done"].tolist() == ["a row"]
    desk.go.click()  # nothing starts any more
    assert desk.wait(10) is desk


def test_work_that_goes_on_after_close_touches_no_widget(background):
    desk, waiting = Desk(), Waiting(background)

    def job():
        try:
            waiting()
        except KeyboardInterrupt:
            desk.say("too late")
            raise

    desk.job = job
    desk.go.click()
    assert waiting.started.wait(10)
    said = desk.message.value
    desk.close()

    assert desk.message.value == said


def test_its_repr_is_the_still_picture_also_when_closed(desk):
    assert repr(desk) == f"{HOSTILE} 0"
    desk.close()
    assert repr(desk) == f"{HOSTILE} 0"


def test_the_base_leaves_its_three_questions_to_the_forms():
    with Form() as form:
        for ask in (lambda: form.result, form.code, form.still):
            with pytest.raises(NotImplementedError):
                ask()


class FakeSignIn:
    """What a form needs of a `SignInForm`."""

    def __init__(self):
        self.calls = []

    def when_signed_in(self, call):
        self.calls.append(call)


class Watching(Desk):
    def __init__(self, given):
        super().__init__()
        self.connected = []
        self._use(given)

    def _connected(self, client):
        self.connected.append(client)


def test_a_client_is_used_at_once(client):
    with Watching(client) as form:
        assert form.connected == [client]
        assert form.client is client


def test_a_sign_in_form_is_waited_for(client):
    sign_in = FakeSignIn()
    with Watching(sign_in) as form:
        assert form.connected == []
        assert "Sign in first." in form.message.value
        [call] = sign_in.calls
        call(client)
        assert form.connected == [client]


@pytest.mark.parametrize("given", [None, "client", 5, pd.DataFrame()], ids=repr)
def test_anything_else_is_refused(given):
    with pytest.raises(InputError, match="expected a client"):
        Watching(given)


IN_IPYTHON = """
    import sys
    sys.path.insert(0, {folder!r})
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from test_form import Desk

    def tell(act):
        with capture_output() as captured:
            act()
        for shown in captured.outputs:
            kind = "updated" if shown.update else "shown"
            is_still = "odb-nb-still" in shown.data.get("text/html", "")
            print(kind, "still" if is_still else "live", sorted(shown.data), shown.data["text/plain"])
        assert captured.stderr == captured.stdout == ""

    InteractiveShell.instance()
    desk = Desk()
    desk.name.value = "Ada"
"""
LIVE = "shown live ['application/vnd.jupyter.widget-view+json', 'text/plain'] Desk:"
STILL = "still ['text/html', 'text/plain'] Ada"


def in_ipython(code):
    """What cells put out, one line per output."""
    before = textwrap.dedent(IN_IPYTHON).format(folder=str(Path(__file__).parent))
    child = subprocess.run(
        [sys.executable, "-c", before + textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=60
    )
    return child.stdout.splitlines()


def test_it_shows_itself_live_and_as_a_still_picture():
    assert in_ipython("tell(desk._ipython_display_)") == [LIVE, f"shown {STILL} 0"]


def test_its_still_pictures_follow_the_work():
    shown = in_ipython("""
        tell(desk._ipython_display_)
        tell(desk._ipython_display_)
        desk.job = lambda: desk.done.append("a row")
        tell(lambda: (desk.go.click(), desk.wait(10)))
    """)

    assert shown == [LIVE, f"shown {STILL} 0", LIVE, f"shown {STILL} 0", f"updated {STILL} 1"]


def test_what_is_soon_done_is_in_the_still_picture_from_the_start():
    shown = in_ipython("""
        import time
        desk.job = lambda: (time.sleep(0.3), desk.done.append("a row"))
        desk.go.click()
        tell(desk._ipython_display_)
    """)

    assert shown == [LIVE, f"shown {STILL} 1"]


def test_a_closed_form_is_a_still_picture_alone():
    shown = in_ipython("""
        tell(desk._ipython_display_)
        desk.done.append("a row")
        desk.close()
        tell(desk._ipython_display_)
    """)

    assert shown == [LIVE, f"shown {STILL} 0", f"shown {STILL} 1"]


def test_what_was_done_when_a_form_is_closed_is_in_its_still_picture():
    shown = in_ipython("""
        import asyncio, threading
        from odb_nb.background import Background
        background, started = Background(), threading.Event()

        async def work():
            desk.done.append("a row")
            started.set()
            await asyncio.sleep(60)

        desk.job = lambda: background.run(work())
        tell(desk._ipython_display_)
        desk.go.click()
        started.wait(10)
        tell(desk.close)
    """)

    assert shown == [LIVE, f"shown {STILL} 0", f"updated {STILL} 1"]


def test_the_still_picture_is_escaped_and_hides_while_the_form_lives(desk):
    page = desk._still_bundle()["text/html"]  # noqa: SLF001  # what a notebook gets

    assert HOSTILE not in page
    assert ESCAPED in page
    assert ".jp-OutputArea:has(.odb-nb-live) > .jp-OutputArea-child:has(.odb-nb-still) {display: none}" in page
    assert page == desk._still_bundle()["text/html"]  # noqa: SLF001
