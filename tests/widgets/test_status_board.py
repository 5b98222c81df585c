"""The board that watches sessions: clicked through as a user does, against the sandbox; time is handed in."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from html.parser import HTMLParser

import pandas as pd
import pytest
from ipywidgets.widgets.widget import _instances
from pandas.testing import assert_frame_equal

import odb_nb as odb
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.widgets import CreateSessionsForm, StatusBoard

HOSTILE = "<img src=x onerror=alert(1)>"
STILL_CLOCK = {"step_s": 0, "creating_s": 0}  # two looks at the service give the very same frame


@pytest.fixture(autouse=True)
def _no_thread_stays(no_thread_stays):
    """Here, for every test."""


@pytest.fixture
def sandbox():
    with Sandbox(**STILL_CLOCK) as started:
        yield started


@pytest.fixture
def points(client):
    """The newest two points of nine drives, two of them odd; the first eight points have sessions, two failed."""
    drives = client.list_drives()
    is_wanted = drives["display_name"].isin(
        ["Adele Vance", "Alex Wilber", "Isaiah Langer", HOSTILE, "Lee Gu", "Lidia Holloway", "Nestor Wilke"]
    )
    found = client.list_restore_points(drives[is_wanted], limit=2)
    client.create_sessions(found.head(8), wait=True)
    return found


@pytest.fixture
def board(client, points):
    with StatusBoard(client, points) as made:
        yield made.wait(60)


def press(control, board):
    control.click()
    return board.wait(60)


def refuse(times=1, **options):
    return Fault("list_sessions", status=400, code="invalidRequest", times=times, **options)


def at(board):
    return datetime.fromisoformat(board.result.attrs["as_of"])


def expiry(board):
    return board.result["session_expiration_date_time"].max().to_pydatetime()


def tags_in(page):
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append(tag)
    parser.feed(page)
    return found


def run(code, **names):
    *lines, last = code.splitlines()
    exec("\n".join(lines), names)  # noqa: S102  # what a user would paste
    return names["status"], eval(last, names)  # noqa: S307


def test_it_shows_every_point_with_its_session(board, client, points):
    assert_frame_equal(board.result, client.tabulate_status(points))
    assert_frame_equal(board.shown, board.result)
    assert board.table.frame["restore_point_id"].tolist() == points["id"].tolist()
    assert board.table.frame["word"].tolist()[:8].count("✓ created") == 6
    assert "Refreshed: 16 restore points." in board.message.value
    for words in ("✗ 2 failed", "✓ 6 created", "– 8 no session", "As of 2026-11-20 09:30:00 UTC"):
        assert words in board.countdown.value
    assert board.found.value == "All 16 restore points."


def test_asking_takes_one_list_request(board, sandbox):
    before = len(sandbox.requests)
    press(board.refresh, board)
    assert [request.operation for request in sandbox.requests[before:]] == ["list_sessions"]


def test_the_constructor_does_not_wait_for_the_service(client, points, sandbox):
    sandbox.faults.add(Fault("list_sessions", "slow", seconds=0.3))
    with StatusBoard(client, points) as board:
        assert board.result is None
        assert "Not refreshed yet" in repr(board)
        assert len(board.wait(60).result) == len(points)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param([], "no restore points to watch; find some with", id="empty-list"),
        pytest.param(pd.DataFrame({"id": []}, dtype="string"), "no restore points to watch", id="empty-frame"),
        pytest.param(None, "no restore points to watch", id="nothing"),
        pytest.param(["a", "b", "a"], r"1 restore point\(s\) stand more than once: 'a'; use list\(dict", id="twice"),
        pytest.param(
            pd.DataFrame({"id": list("abab")}), r"'a', 'b'; use points.drop_duplicates\(\"id\"\)", id="frame-twice"
        ),
        pytest.param(pd.DataFrame({"id": ["a"], "policy_id": ["b"]}), "a frame of drives", id="drives"),
        pytest.param(pd.DataFrame({"name": ["a"]}), "a frame of restore points with a column", id="other-frame"),
        pytest.param([1], "restore point id at position 0 is 1", id="number"),
    ],
)
def test_what_cannot_be_watched_is_refused_at_once(client, sandbox, given, words):
    with pytest.raises(odb.InputError, match=words):
        StatusBoard(client, given)
    assert sandbox.count("list_sessions") == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"across": "weeks"}, "across='weeks' is not known", id="across"),
        pytest.param({"drive": 7}, "drive=7 must be text", id="drive"),
        pytest.param({"statuses": 7}, "statuses=7 must be a list of words", id="statuses"),
        pytest.param({"statuses": [None]}, "must be a list of words", id="no-word"),
        pytest.param({"failed_only": "yes"}, "failed_only='yes' must be True or False", id="failed_only"),
        pytest.param({"expires_within": 2}, "must be one of 1, 6, 12, 24", id="expires_within"),
        pytest.param({"expires_within": True}, "must be one of 1, 6, 12, 24", id="truth"),
        pytest.param({"refresh_every": 1}, "must be one of 30, 60, 300, 900", id="refresh_every"),
        pytest.param({"export_path": 3}, "export_path=3 is not the path", id="export_path"),
    ],
)
def test_values_that_no_control_has_are_refused(client, options, words):
    with pytest.raises(odb.InputError, match=words):
        StatusBoard(client, ["a"], **options)


def test_what_is_no_client_is_refused_and_leaves_nothing():
    before = set(_instances)
    with pytest.raises(odb.InputError, match="expected a client"):
        StatusBoard("client", ["a"])
    assert set(_instances) == before


def test_a_closed_client_shows_in_the_form_and_is_raised(client, points):
    client.close()
    with StatusBoard(client, points) as board:
        with pytest.raises(odb.InputError, match="this client is closed"):
            board.wait(60)
        assert "this client is closed" in board.message.value
        assert "this client is closed" in repr(board)
        board.tick()
        assert board.result is None


FILTERS = [
    pytest.param({"drive": "ALEX"}, id="name"),
    pytest.param({"drive": " lee "}, id="name-with-spaces"),
    pytest.param({"drive": "<img"}, id="markup"),
    pytest.param({"drive": 'nobody\'s "name"\\'}, id="quotes"),
    pytest.param({"drive": "') or print('x"}, id="code"),
    pytest.param({"statuses": ("created",)}, id="word"),
    pytest.param({"statuses": ("created", "no session")}, id="words"),
    pytest.param({"statuses": ("gone\n'",)}, id="unknown-word"),
    pytest.param({"failed_only": True}, id="failed"),
    pytest.param({"expires_within": 6}, id="soon"),
    pytest.param({"drive": "a", "statuses": ("created", "failed"), "expires_within": 24}, id="all"),
]


@pytest.mark.parametrize("options", FILTERS)
def test_code_gives_the_rows_that_are_shown(client, sandbox, points, options):
    sandbox.clock.advance(67 * 3600)
    client.create_sessions(points.iloc[[9]], wait=True)
    with StatusBoard(client, points, **options) as board:
        board.wait(60)
        status, shown = run(board.code(), client=client, points=points)
        assert_frame_equal(status, board.shown)
        assert_frame_equal(shown, board.shown)


def test_code_finds_an_id_by_its_start(board, client, points):
    for column in ("drive_id", "restore_point_id", "session_id"):
        board.drive.value = board.result[column].iloc[2][:20]
        status, _ = run(board.code(), client=client, points=points)
        assert board.result["restore_point_id"].iloc[2] in board.shown["restore_point_id"].tolist()
        assert_frame_equal(status, board.shown)
    board.drive.value = board.result["drive_id"].iloc[2][:4]  # letters of names are not looked for in ids
    assert board.shown.empty


def test_filters_act_at_once_and_send_nothing(board, sandbox):
    before = len(sandbox.requests)
    board.drive.value = "alex wilber"
    assert set(board.shown["display_name"]) == {"Alex Wilber"}
    assert board.table.frame["restore_point_id"].tolist() == board.shown["restore_point_id"].tolist()
    assert "4 of 16 restore points: name holds &#x27;alex wilber&#x27;." in board.found.value
    board.drive.value = ""
    board.failed_only.value = True
    assert board.shown["status"].tolist() == ["failed"] * 2
    board.failed_only.value = False
    board.statuses.value = ["no session"]
    assert board.shown["status"].isna().all()
    board.statuses.value = []
    board.expires_within.value = 24
    assert board.shown.empty
    assert len(board.result) == 16
    assert len(sandbox.requests) == before


def test_an_empty_result_says_what_to_widen(board):
    board.failed_only.value = True
    board.drive.value = "adele"
    board.expires_within.value = 6
    assert "None of 16 restore points: name holds" in board.found.value
    assert "clear more than one of these; there are 2 failed, 6 created, 8 no session." in board.found.value
    board.expires_within.value = 0
    assert "drop “name holds &#x27;adele&#x27;” (2 rows) or “failed only” (2 rows)." in board.found.value
    board.failed_only.value = False
    board.drive.value = "nobody"
    assert "Widen or clear it; there are 2 failed" in board.found.value


def test_the_words_to_choose_from_are_those_that_are_there(client, points):
    with StatusBoard(client, points, statuses=["created", "odd"]) as board:
        board.wait(60)
        assert board.statuses.value == ("created", "odd")
        assert [label for label, _ in board.statuses.options] == [
            "failed (2)", "created (6)", "no session (8)", "odd (0)",
        ]  # fmt: skip
        client.create_sessions(points.tail(8), wait=True)
        press(board.refresh, board)
        assert board.statuses.value == ("created", "odd")
        assert [label for label, _ in board.statuses.options] == ["failed (2)", "created (14)", "odd (0)"]
        assert len(board.shown) == 14


def test_a_ticked_row_is_told_in_full(board):
    failed = board.result["status"].eq("failed").fillna(False).tolist().index(True)
    assert "Tick a row" in board.details.value
    board.table.tick([failed])
    row = board.result.iloc[failed]
    for words in (
        "Isaiah Langer", "✗ failed", "ArtifactCannotBeRestored", "The session could not be prepared.",
        row["restore_point_id"], row["session_id"], row["drive_id"], row["directory_object_id"],
        "2026-11-20 09:30:00 UTC", "it was opened from here", "fastRestore",
    ):  # fmt: skip
        assert words in board.details.value
    board.table.tick([0])
    assert "2026-11-23 09:29:58 UTC, in 2 d 23 h" in board.details.value
    assert "bytes)" in board.details.value
    board.table.tick([15])
    assert "none; open one with" in board.details.value
    board.table.tick([])
    assert "Tick a row" in board.details.value


def test_a_tick_stays_with_its_point(board, client, points):
    board.table.tick([2])
    chosen = board.table.ticked["restore_point_id"].tolist()
    client.create_sessions(points.tail(3), wait=True)
    press(board.refresh, board)
    assert board.table.ticked["restore_point_id"].tolist() == chosen
    board.statuses.value = ["created"]
    assert board.table.ticked["restore_point_id"].tolist() == chosen
    board.failed_only.value = True
    assert board.table.ticked.empty


def test_names_are_text_everywhere(board):
    board.table.tick([board.result["display_name"].tolist().index(HOSTILE)])
    pages = [board.details.value]
    board.drive.value = HOSTILE
    pages += [board.found.value, board.countdown.value, board.still()[0]]
    for view in ("Matrix", "Timeline", "Summary"):
        board.shows.value = view
        pages.append(board.wait(60).drawn.value)
    for page in pages:
        assert HOSTILE not in page
        assert tags_in(page).count("img") == ("data:image/png" in page)
        assert "script" not in tags_in(page)
    assert HOSTILE in board.still()[1]


def test_only_what_is_looked_at_is_drawn(board, sandbox):
    before = len(sandbox.requests)
    assert board.drawn.value == ""
    board.shows.value = "Matrix"
    assert "2026-11-20" in board.wait(60).drawn.value
    assert (board.table.view.layout.display, board.drawn.layout.display) == ("none", "")
    board.across.value = "points"
    assert "2026-11-20 03:02:55" in board.wait(60).drawn.value
    board.shows.value = "Timeline"
    assert '<img alt="Timeline of 16 restore points' in board.wait(60).drawn.value
    in_table = board.table.frame
    board.drive.value = "adele"
    assert '<img alt="Timeline of 2 restore points' in board.wait(60).drawn.value
    assert board.table.frame is in_table
    board.shows.value = "Summary"
    assert '<img alt="2 restore points on 1 drive' in board.wait(60).drawn.value
    board.shows.value = "Table"
    assert len(board.table.frame) == 2
    assert (board.table.view.layout.display, board.drawn.layout.display) == ("", "none")
    board.shows.value = "Summary"
    board.drive.value = "nobody"
    assert board.wait(60).drawn.value == ""
    assert len(sandbox.requests) == before


@pytest.mark.parametrize("view", ["Matrix", "Timeline", "Summary"])
def test_code_shows_what_is_looked_at(board, client, points, view):
    board.shows.value = view
    status, looked_at = run(board.wait(60).code(), client=client, points=points)
    assert_frame_equal(status, board.shown)
    page = looked_at.to_html() if view == "Matrix" else looked_at.html
    assert page


def test_a_picture_that_fails_says_so(board):
    board.shows.value = "Summary"
    board.wait(60)
    board.result["status"] = 7  # nobody does this; whatever happens, it must be seen
    board.drive.value = "adele"
    assert 'role="alert"' in board.wait(60).drawn.value


def test_a_refresh_says_what_changed(board, client, points, sandbox):
    press(board.refresh, board)
    assert "16 restore points, no status changed." in board.message.value
    for point in points["id"].iloc[8:10]:
        sandbox.open_session(point)
    client.create_sessions(points.iloc[10:13], wait=True)
    press(board.refresh, board)
    assert "changed: " in board.message.value
    assert "3 now created" in board.message.value


def test_a_refresh_that_fails_keeps_what_was_known(board, sandbox):
    known = board.result
    sandbox.clock.advance(600)
    sandbox.faults.add(refuse())
    board.refresh.click()
    with pytest.raises(odb.GraphError, match="invalidRequest"):
        board.wait(60)
    assert board.result is known
    assert "what is shown is the status as of 2026-11-20 09:30:00 UTC" in board.message.value
    assert "request-id" in board.message.value
    assert "As of 2026-11-20 09:30:00 UTC" in board.countdown.value
    assert "The last action failed" in repr(board)
    press(board.refresh, board)
    assert "As of 2026-11-20 09:40:00 UTC" in board.countdown.value
    assert "failed: " not in repr(board)
    assert "what is shown" not in board.message.value


def test_the_interval_asks_when_it_is_due_and_goes_on_after_a_failure(board, sandbox):
    asked, start = sandbox.count("list_sessions"), at(board)
    board.tick(start + timedelta(days=1))
    assert board.wait(60)
    assert sandbox.count("list_sessions") == asked  # off
    board.refresh_every.value = 60
    board.tick(start + timedelta(seconds=59))
    assert sandbox.count("list_sessions") == asked
    sandbox.faults.add(refuse())
    board.tick(start + timedelta(seconds=70))
    with pytest.raises(odb.GraphError):
        board.wait(60)
    assert "invalidRequest" in board.message.value
    board.tick(start + timedelta(seconds=140))
    assert "no status changed" in board.wait(60).message.value
    assert sandbox.count("list_sessions") == asked + 2


def test_a_refresh_that_runs_is_not_doubled(board, sandbox):
    asked = sandbox.count("list_sessions")
    board.refresh_every.value = 30
    sandbox.faults.add(Fault("list_sessions", "slow", seconds=0.3))
    board.refresh.click()
    board.refresh.click()
    board.tick(at(board) + timedelta(hours=1))
    board.wait(60)
    assert sandbox.count("list_sessions") == asked + 1


def test_the_countdown_follows_the_time(board):
    end = expiry(board)
    board.tick(end - timedelta(hours=3, minutes=20))
    assert "Next to run out: Adele Vance, in 3 h 20 min, 2026-11-23 09:29:58 UTC; 6 within 12 h." in (
        board.countdown.value
    )
    board.table.tick([0])
    assert "in 3 h 20 min" in board.details.value
    assert board.table.frame["runs_out"].tolist()[0] == "within 6 h"
    board.expires_within.value = 6
    board.tick(end - timedelta(hours=5))
    assert len(board.shown) == 6
    board.tick(end - timedelta(hours=7))
    assert board.shown.empty
    board.expires_within.value = 0
    board.tick(end)
    assert "No session can be used. 6 have run out since; refresh to see." in board.countdown.value
    assert board.table.frame["runs_out"].tolist()[0] == "run out"


def test_a_tick_that_fails_shows_in_the_form(board):
    board.tick("noon")
    assert "Unexpected" in board.message.value
    with pytest.raises(ValueError, match="noon"):
        board.wait(60)


def test_cancel_keeps_what_was_known(board, sandbox):
    known = board.result
    sandbox.faults.add(Fault("list_sessions", "slow", seconds=20))
    board.refresh.click()
    board.cancel.click()
    board.wait(10)
    assert board.message.value.count("Cancelled.") == 1
    assert "as of 2026-11-20 09:30:00 UTC" in board.message.value
    assert board.result is known
    assert not board.refresh.disabled


@pytest.mark.parametrize("suffix", ["csv", "parquet", "html"])
def test_what_is_shown_can_be_exported(board, tmp_path, suffix):
    board.statuses.value = ["created"]
    path = tmp_path / f"status.{suffix}"
    board.export_to.value = str(path)
    press(board.export, board)
    assert f"6 rows, as of 2026-11-20 09:30:00 UTC, are in {path}" in board.message.value
    if suffix == "parquet":
        assert_frame_equal(pd.read_parquet(path), board.shown.reset_index(drop=True))
    elif suffix == "csv":
        assert pd.read_csv(path)["restore_point_id"].tolist() == board.shown["restore_point_id"].tolist()
    else:
        assert path.read_text(encoding="utf-8").count("✓ created") == 6


def test_a_file_that_is_there_stays_unless_the_box_is_ticked(board, client, points, tmp_path):
    path = tmp_path / "it's.csv"
    path.write_text("precious")
    board.export_to.value = str(path)
    board.export.click()
    with pytest.raises(odb.InputError, match="is there already; tick “Replace the file if it is there”"):
        board.wait(60)
    assert path.read_text() == "precious"
    assert "is there already" in board.message.value
    board.overwrite.value = True
    press(board.export, board)
    assert len(pd.read_csv(path)) == 16
    path.unlink()
    run(board.code(), client=client, points=points)
    assert len(pd.read_csv(path)) == 16


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("status.xlsx", "must end in one of .csv", id="suffix"),
        pytest.param("", "must end in one of", id="empty"),
        pytest.param("no/such/status.csv", "does not exist; make it first", id="folder"),
        pytest.param(f"{'x' * 300}.csv", "cannot write .* choose another place", id="too-long"),
    ],
)
def test_a_path_that_cannot_be_written_shows_in_the_form(board, tmp_path, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    board.export_to.value = name
    board.export.click()
    with pytest.raises(odb.InputError, match=words):
        board.wait(60)
    assert "defect" not in board.message.value
    assert not list(tmp_path.iterdir())


def test_export_before_the_first_refresh_says_so(client, points, sandbox):
    sandbox.faults.add(refuse())
    with StatusBoard(client, points) as board:
        with pytest.raises(odb.GraphError):
            board.wait(60)
        board.export.click()
        with pytest.raises(odb.InputError, match="nothing to export yet"):
            board.wait(60)


def test_it_watches_the_points_of_another_form(client, sandbox):
    with CreateSessionsForm(client, drives=["adelev@contoso.com"]) as form:
        form.wait(60)
        with StatusBoard(client, form) as board:
            assert "No restore points to watch yet" in board.message.value
            assert "then press Refresh" in board.message.value
            board.refresh.click()
            with pytest.raises(odb.InputError, match="no restore points to watch"):
                board.wait(60)
            board.refresh_every.value = 30
            board.tick()
            assert sandbox.count("list_sessions") == 0
            form.find.click()
            form.wait(60).create.click()
            form.wait(60)
            board.refresh.click()
            assert board.wait(60).result["status"].tolist() == ["created"]


class SignIn:
    """As a SignInForm before and after somebody has signed in."""

    def __init__(self):
        self.waiting = []

    def when_signed_in(self, call):
        self.waiting.append(call)


def test_it_starts_when_somebody_signs_in(client, points):
    form = SignIn()
    with StatusBoard(form, points) as board:
        assert "Sign in first" in board.message.value
        board.refresh.click()
        with pytest.raises(odb.InputError, match="not signed in yet"):
            board.wait(60)
        form.waiting[0](client)
        assert len(board.wait(60).result) == 16


@pytest.mark.parametrize("take", [list, pd.Series, iter], ids=["list", "series", "iterator"])
def test_ids_are_enough(client, points, take):
    with StatusBoard(client, take(points["id"].tolist())) as board:
        board.wait(60)
        assert press(board.refresh, board).result["restore_point_id"].tolist() == points["id"].tolist()


def test_one_point_is_enough(client, points):
    with StatusBoard(client, points["id"].iloc[0]) as board:
        assert board.wait(60).result["status"].tolist() == ["created"]
        assert board.found.value == "The one restore point."


def test_points_of_nameless_drives_go_by_their_id(client, sandbox):
    nameless = next(drive.id for drive in sandbox.drives if drive.special == "deleted-user")
    points = client.list_restore_points(nameless, limit=1)
    with StatusBoard(client, points) as board:
        board.wait(60)
        assert board.table.frame["label"].tolist() == [nameless]
        board.drive.value = nameless[:8]
        assert len(board.shown) == 1


def test_the_still_picture_says_what_is_shown(board):
    board.statuses.value = ["failed"]
    page, text = board.still()
    assert board.still() == (page, text)
    for words in ("Sandbox: nothing here is real", "Status of restore points", "As of 2026-11-20 09:30:00 UTC"):
        assert words in page
        assert words in text
    assert "2 of 16 restore points: status is failed." in text
    assert text.count("✗ failed") == 2
    assert "ArtifactCannotBeRestored" in page


def test_the_still_picture_is_capped_and_says_so(client):
    points = client.list_restore_points(client.list_drives().head(4), limit=30)
    with StatusBoard(client, points) as board:
        page, text = board.wait(60).still()
        count = len(points)
        assert count > 100
        for said in (page, text):
            assert f"the first 100 of {count:,} rows" in said


def test_closing_ends_all_widgets_and_threads(client, points):
    widgets, threads = set(_instances), set(threading.enumerate())
    board = StatusBoard(client, points, refresh_every=30)
    board.wait(60)
    for view in ("Matrix", "Timeline"):
        board.shows.value = view
    board.close()
    board.close()
    assert set(_instances) == widgets
    assert {thread for thread in threading.enumerate() if thread.is_alive()} <= threads
    assert len(board.result) == 16
    assert "16 restore points" in repr(board)
    board.tick()


def test_closing_while_it_asks_ends_the_asking(client, points, sandbox):
    sandbox.faults.add(Fault("list_sessions", "slow", seconds=20))
    board = StatusBoard(client, points)
    board.close()
    assert board.result is None


def test_two_hundred_refreshes_leave_nothing_behind(client, sandbox, plain_drives):
    points = client.list_restore_points(plain_drives[:2], limit=1)
    with StatusBoard(client, points) as board:
        board.wait(60)
        widgets, threads = set(_instances), set(threading.enumerate())
        for number in range(200):
            board.drive.value = str(number % 2)
            press(board.refresh, board)
        assert set(_instances) == widgets
        assert {thread for thread in threading.enumerate() if thread.is_alive()} <= threads
        assert sandbox.count("list_sessions") == 201
