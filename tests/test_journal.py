"""The record of writes: exclusive claims, doubts that survive a kill, errors that say what to do."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odb_nb.errors import JournalError
from odb_nb.journal import Conclusion, Intent, Journal, default_path
from odb_nb.journal_file import SCHEMA_VERSION

CREATE = "create_session"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ids = count()


def intent(point, *, at=NOW, drive_key=None):
    number = next(ids)
    return Intent(f"intent-{number}", at.isoformat(), point, NOW.isoformat(), drive_key, f"request-{number}")


def concluded(what, outcome, *, session_id=None, directory_object_id=None, at=NOW, **more):
    return Conclusion(what.id, at, outcome, session_id, directory_object_id, **more)


def states(claims):
    return {point: claim.state for point, claim in claims.items()}


def claim(journal, *points, mark=None):
    wanted = [intent(point) for point in points]
    return journal.claim(wanted, operation=CREATE, mark=journal.ties().mark if mark is None else mark)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deeper" / "journal.sqlite"


@pytest.fixture
def opened(path):
    """Open handles on one file; all are closed after the test."""
    with contextlib.ExitStack() as stack:

        def make(where=path, **names):
            return stack.enter_context(contextlib.closing(Journal(where, **names)))

        yield make


# -- a second kernel

KERNEL = """
    import sys
    from datetime import UTC, datetime
    from odb_nb.journal import Conclusion, Intent, Journal

    NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
    journal = Journal(sys.argv[1])

    def intent(name, point):
        return Intent(name, NOW.isoformat(), point, None, None, "request")
"""
CLAIMS_AND_STAYS = (
    KERNEL
    + """
    claims = journal.claim([intent("theirs", "a")], operation="create_session", mark=0)
    print(claims["a"].state, flush=True)
    sys.stdin.read()
"""
)
WRITES_WITHOUT_END = (
    KERNEL
    + """
    number = 0
    while True:
        journal.insist([intent(f"i{number}", f"p{number}")], operation="create_session")
        journal.conclude([Conclusion(f"i{number}", NOW, "created", f"s{number}")])
        print(number, flush=True)
        number += 1
"""
)
CLAIMS_ALL = (
    KERNEL
    + """
    sys.stdin.readline()
    wanted = [intent(f"{sys.argv[2]}-{number}", f"p{number}") for number in range(40)]
    ours = []
    for one in wanted:
        ours += [point for point, claim in journal.claim([one], operation="create_session", mark=0).items()
                 if claim.state == "ours"]
    print(",".join(ours), flush=True)
    sys.stdin.read()
"""
)


@contextlib.contextmanager
def kernel(code, *args):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_another_process_holds_its_claim_while_it_lives_and_leaves_a_doubt_when_killed(opened, path):
    with kernel(CLAIMS_AND_STAYS, path) as other:
        assert other.stdout.readline() == "ours\n"
        journal = opened()

        while_alive = claim(journal, "a", "b")
        other.send_signal(signal.SIGKILL)
        other.wait()
        after_death = claim(journal, "a", "b")

    assert states(while_alive) == {"a": "held", "b": "ours"}
    assert [held.id for held in while_alive["a"].intents] == ["theirs"]
    assert states(after_death)["a"] == "doubt"
    assert [doubt.id for doubt in after_death["a"].intents] == ["theirs"]
    assert list(path.parent.glob("*.alive")) != []  # ours
    assert "theirs" in [doubt.id for doubt in journal.doubts(operation=CREATE)]


def test_another_process_that_ends_without_closing_leaves_a_doubt(opened, path):
    with kernel(CLAIMS_AND_STAYS, path) as other:
        assert other.stdout.readline() == "ours\n"
        other.stdin.close()
        other.wait()

        assert states(claim(opened(), "a")) == {"a": "doubt"}


def test_each_point_goes_to_one_of_two_processes(opened, path):
    opened().ties()  # so that neither has to make the file
    with kernel(CLAIMS_ALL, path, "x") as one, kernel(CLAIMS_ALL, path, "y") as other:
        for process in (one, other):
            process.stdin.write("\n")
            process.stdin.flush()
        first, second = (set(process.stdout.readline().strip().split(",")) - {""} for process in (one, other))

    assert first | second == {f"p{number}" for number in range(40)}
    assert not first & second


def test_two_processes_may_make_the_file_at_once(path):
    with kernel(CLAIMS_ALL, path, "x") as one, kernel(CLAIMS_ALL, path, "y") as other:
        for process in (one, other):
            process.stdin.write("\n")
            process.stdin.flush()
        claimed = [point for process in (one, other) for point in process.stdout.readline().strip().split(",") if point]

    assert sorted(claimed) == sorted(f"p{number}" for number in range(40))


@pytest.mark.parametrize("attempt", range(10))
def test_however_many_make_the_file_at_once_each_of_them_waits_its_turn(path, attempt):
    start = threading.Barrier(6)

    def first_look(_):
        with contextlib.closing(Journal(path)) as journal:
            start.wait(10)
            return journal.history()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(first_look, range(6))) == [[]] * 6


@pytest.mark.parametrize("written", [1, 10, 40])
def test_a_kill_among_many_writes_loses_nothing_concluded(opened, path, written):
    with kernel(WRITES_WITHOUT_END, path) as other:
        said = [int(other.stdout.readline()) for _ in range(written)]
        other.send_signal(signal.SIGKILL)
        other.wait()
        said += [int(line) for line in other.stdout.readlines() if line.endswith("\n")]
    journal = opened()

    ties = journal.ties()
    history = journal.history()

    assert {f"s{number}": f"p{number}" for number in said}.items() <= ties.point_of_session.items()
    assert len(said) <= len(history) <= len(said) + 2
    assert [row["outcome"] for row in history[: len(said)]] == ["created"] * len(said)
    assert len(journal.doubts(operation=CREATE)) <= 1
    assert states(claim(journal, "p0", "new")) == {"p0": "ours", "new": "ours"}


# -- claims


def test_a_free_point_is_ours_and_held_for_others(opened):
    ours, theirs = opened(), opened()

    assert states(claim(ours, "a")) == {"a": "ours"}
    assert states(claim(theirs, "a", "b")) == {"a": "held", "b": "ours"}
    assert states(claim(ours, "b")) == {"b": "held"}


def test_our_own_open_intent_holds_up_our_other_calls(opened):
    journal = opened()
    first = claim(journal, "a")["a"]

    again = claim(journal, "a")["a"]

    assert again.state == "held"
    assert again.intents == first.intents


def test_a_conclusion_that_cannot_be_written_leaves_a_doubt_that_nobody_waits_for(opened, path):
    journal, other = opened(), opened()
    first = claim(journal, "a")["a"].intents[0]
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE conclusion RENAME TO hidden")
        with pytest.raises(JournalError):
            journal.conclude([concluded(first, "created", session_id="s")])
        db.execute("ALTER TABLE hidden RENAME TO conclusion")

    assert states(claim(journal, "a")) == {"a": "doubt"}
    assert states(claim(other, "a")) == {"a": "held"}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        pytest.param("created", "ours", id="created"),
        pytest.param("failed", "ours", id="failed"),
        pytest.param("absent", "ours", id="absent"),
        pytest.param("withdrawn", "ours", id="withdrawn"),
        pytest.param("unknown", "doubt", id="unknown stays a doubt"),
    ],
)
def test_a_conclusion_frees_its_point_unless_unknown(opened, outcome, state):
    journal = opened()
    first = claim(journal, "a")["a"].intents[0]

    journal.conclude([concluded(first, outcome)])

    assert states(claim(journal, "a")) == {"a": state}
    assert states(claim(opened(), "a")) == {"a": "held" if state == "ours" else "doubt"}


def test_an_unknown_that_is_settled_later_is_no_doubt_any_more(opened):
    journal = opened()
    first = claim(journal, "a")["a"].intents[0]
    journal.conclude([concluded(first, "unknown")])

    journal.conclude([concluded(first, "created", session_id="s")])

    assert journal.doubts(operation=CREATE) == []
    assert journal.ties().point_of_session == {"s": "a"}
    assert states(claim(journal, "a")) == {"a": "ours"}


def test_a_closed_handle_leaves_its_open_intents_in_doubt(opened, path):
    closing = opened()
    first = claim(closing, "a")["a"].intents

    closing.close()

    for journal in (opened(), closing):
        found = claim(journal, "a")["a"]
        assert found.state == "doubt"
        assert found.intents == first


def test_a_closed_handle_leaves_no_file_of_its_own(opened, path):
    journal = opened()
    claim(journal, "a")

    journal.close()
    journal.close()

    assert list(path.parent.glob("*.alive")) == []


def test_a_handle_may_be_used_again_after_closing(opened):
    journal = opened()
    claim(journal, "a")
    journal.close()

    assert states(claim(journal, "b")) == {"b": "ours"}
    assert states(claim(opened(), "b")) == {"b": "held"}


def test_a_session_opened_since_the_mark_says_changed(opened):
    ours, theirs = opened(), opened()
    mark = ours.ties().mark
    for point, outcome in (("a", "created"), ("b", "failed"), ("c", "absent")):
        other = claim(theirs, point)[point].intents[0]
        theirs.conclude([concluded(other, outcome, session_id="s" if outcome == "created" else None)])

    assert states(claim(ours, "a", "b", "c", mark=mark)) == {"a": "changed", "b": "ours", "c": "ours"}
    assert states(claim(ours, "a")) == {"a": "ours"}


def test_a_point_that_changed_is_not_recorded(opened):
    ours, theirs = opened(), opened()
    theirs.conclude([concluded(claim(theirs, "a")["a"].intents[0], "created", session_id="s")])

    claim(ours, "a", mark=0)

    assert len(ours.history()) == 1
    assert states(claim(ours, "a")) == {"a": "ours"}


def test_claims_are_kept_apart_by_operation(opened):
    ours, theirs = opened(), opened()
    claim(theirs, "a")

    assert states(ours.claim([intent("a")], operation="restore", mark=0)) == {"a": "ours"}
    assert len(ours.doubts(operation="restore")) == 1
    assert len(ours.doubts(operation=CREATE)) == 1


def test_insist_records_whatever_stands(opened):
    ours, theirs = opened(), opened()
    claim(theirs, "a")
    mine = intent("a")

    ours.insist([mine], operation=CREATE)

    assert mine in ours.doubts(operation=CREATE)
    assert states(claim(theirs, "a")) == {"a": "held"}
    assert len(claim(opened(), "a")["a"].intents) == 2


def test_threads_of_one_handle_and_of_two_get_each_point_once(opened):
    handles = [opened(), opened()]
    for handle in handles:
        handle.ties()
    points = [f"p{number}" for number in range(25)]
    start = threading.Barrier(4)

    def take(number):
        start.wait()
        return [point for point in points if states(claim(handles[number % 2], point, mark=0))[point] == "ours"]

    with ThreadPoolExecutor(4) as pool:
        taken = [point for found in pool.map(take, range(4)) for point in found]

    assert sorted(taken) == sorted(points)


def test_an_error_in_a_claim_leaves_nothing_behind(opened):
    journal = opened()
    twice = intent("a")
    with pytest.raises(JournalError):
        journal.insist([twice, twice], operation=CREATE)

    assert journal.history() == []
    assert states(claim(journal, "a")) == {"a": "ours"}


# -- what was learned


def test_ties_tell_points_and_directory_objects_of_sessions(opened):
    journal = opened()
    rows = [("a", "drive-1", "s1", "site-1"), ("b", "drive-1", "s2", "site-2"), ("c", None, "s3", "site-3")]
    rows += [("d", "drive-2", "s4", None)]
    for point, drive_key, session_id, object_id in rows:
        what = intent(point, drive_key=drive_key)
        journal.insist([what], operation=CREATE)
        journal.conclude([concluded(what, "created", session_id=session_id, directory_object_id=object_id)])

    ties = opened().ties()

    assert ties.point_of_session == {"s1": "a", "s2": "b", "s3": "c", "s4": "d"}
    assert ties.directory_objects == {"drive-1": {"site-1", "site-2"}}


def test_the_mark_grows_with_each_conclusion(opened):
    journal = opened()
    before = journal.ties().mark
    first = claim(journal, "a")["a"].intents[0]
    unmoved = journal.ties().mark
    journal.conclude([concluded(first, "created")])

    assert before == unmoved == 0
    assert journal.ties().mark > before


def test_an_empty_journal_knows_nothing(opened):
    journal = opened()

    assert journal.history() == []
    assert journal.doubts(operation=CREATE) == []
    assert journal.ties().point_of_session == {}
    assert claim(journal) == {}


def test_history_has_one_row_per_write_tried_oldest_first(opened):
    journal = opened(tenant_id="tenant", account="ada@contoso.com")
    later, first, withdrawn, open_one = (
        intent(point, at=NOW + timedelta(hours=h)) for point, h in zip("bacd", (2, 1, 0, 3), strict=True)
    )
    journal.insist([later, first, withdrawn, open_one], operation=CREATE)
    journal.conclude([concluded(first, "unknown"), concluded(withdrawn, "withdrawn")])
    journal.conclude([concluded(first, "created", session_id="s", request_id="quote-me")])
    journal.conclude([concluded(later, "failed", error_code="accessDenied")])

    history = opened().history()

    assert [row["restore_point_id"] for row in history] == ["a", "b", "d"]
    assert [row["outcome"] for row in history] == ["created", "failed", "unknown"]
    assert [row["session_id"] for row in history] == ["s", None, None]
    assert history[0]["request_id"] == "quote-me"
    assert history[0]["client_request_id"] == first.client_request_id
    assert history[1]["error_code"] == "accessDenied"
    assert {row["tenant_id"] for row in history} == {"tenant"}
    assert {row["account"] for row in history} == {"ada@contoso.com"}


@pytest.mark.parametrize(
    ("since", "points"),
    [
        pytest.param(None, ["a", "b"], id="all"),
        pytest.param(NOW - timedelta(days=1), ["a", "b"], id="before all"),
        pytest.param(NOW, ["a", "b"], id="the very second"),
        pytest.param(NOW + timedelta(microseconds=1), ["b"], id="a microsecond later"),
        pytest.param(NOW + timedelta(seconds=1), ["b"], id="the second, and it was in mid-second"),
        pytest.param(NOW + timedelta(days=1), [], id="after all"),
    ],
)
def test_history_since(opened, since, points):
    journal = opened()
    journal.insist([intent("b", at=NOW + timedelta(seconds=1.5)), intent("a")], operation=CREATE)

    assert [row["restore_point_id"] for row in journal.history(since=since)] == points


# -- the file


def test_the_file_is_for_its_owner_alone(opened, path):
    claim(opened(), "a")

    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.glob("journal.sqlite*")}

    assert modes["journal.sqlite"] == modes["journal.sqlite-wal"] == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_is_made_before_the_first_call(path):
    Journal(path).close()

    assert not path.parent.exists()


def test_a_commit_survives_a_loss_of_power(opened, path):
    journal = opened()
    claim(journal, "a")
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    # FULL is a setting of the connection, so it can only be read there
    assert journal._file._connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # noqa: SLF001


def test_the_default_place_is_the_users_data_folder(tmp_path):
    found = default_path("contoso.onmicrosoft.com")

    assert found == tmp_path / "data" / "odb_nb" / "journal-contoso.onmicrosoft.com.sqlite"


def everything(journal):
    return [
        lambda: claim(journal, "a", mark=0),
        lambda: journal.insist([intent("a")], operation=CREATE),
        lambda: journal.conclude([]),
        lambda: journal.doubts(operation=CREATE),
        journal.ties,
        journal.history,
    ]


def directory(path):
    path.mkdir(parents=True)


def garbage(path):
    path.parent.mkdir()
    path.write_bytes(b"not a database, " * 1000)


def below_a_file(path):
    path.parent.write_text("in the way")


def truncated(path):
    with contextlib.closing(Journal(path)) as journal:
        for number in range(50):
            claim(journal, f"{number}")
    path.write_bytes(path.read_bytes()[:3000] + b"\xff" * 9000)


def other_tables(path):
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE intent (id TEXT)")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


@pytest.mark.parametrize("spoil", [directory, garbage, below_a_file, truncated, other_tables])
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(opened, path, spoil):
    spoil(path)

    for call in everything(opened()):
        with pytest.raises(JournalError) as caught:
            call()
        message = str(caught.value)
        assert str(path) in message
        assert "nothing is sent without it" in message
        assert "connect(journal=...)" in message


def test_a_newer_schema_is_left_alone(opened, path):
    claim(opened(), "a")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")

    for call in everything(opened()):
        with pytest.raises(JournalError, match=r"newer odb_nb .*upgrade odb_nb, or give another file") as caught:
            call()
        assert str(path) in str(caught.value)


def test_a_file_from_before_restores_is_used_as_it_is(opened, path):
    before = opened()
    [session] = claim(before, "a").values()
    before.conclude([concluded(session.intents[0], "created", session_id="s1")])
    before.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("DROP INDEX intent_by_item")  # which is all that came with them
    now = opened()
    assert now.ties().point_of_session == {"s1": "a"}
    items = [dataclasses.replace(intent("a"), item_hash=letter) for letter in "xy"]
    assert [one.state for one in now.claim_each(items, operation="restore", mark=0)] == ["ours", "ours"]
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'intent_by_item'").fetchone() == (1,)


def test_where_an_item_was_restored_or_may_have_been(opened):
    journal = opened()
    items = [dataclasses.replace(intent("a"), item_hash=letter) for letter in "dufax"]
    journal.claim_each(items, operation="restore", mark=0)
    outcomes = ("drafted", "unknown", "failed", "absent", "created")
    journal.conclude([concluded(*pair, session_id=pair[1]) for pair in zip(items, outcomes, strict=True)])
    found, _ = journal.done([("restore", "a", item.item_hash) for item in items])
    assert found == [[("drafted", "drafted")], [("unknown", "unknown")], [], [], [("created", "created")]]


def test_a_draft_that_could_not_be_recorded_is_a_doubt_and_not_under_way(opened, path):
    journal = opened()
    [one] = claim(journal, "a").values()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE conclusion RENAME TO gone")
    with pytest.raises(JournalError):
        journal.conclude([concluded(one.intents[0], "drafted", session_id="s1")])
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE gone RENAME TO conclusion")
    assert states(claim(journal, "a")) == {"a": "doubt"}


UNPRIVILEGED = (
    KERNEL
    + """
    import os
    import filelock
    from odb_nb.errors import JournalError

    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)

    for call in (journal.ties, journal.history, lambda: journal.insist([intent("i", "p")], operation="create_session")):
        try:
            call()
        except JournalError as exc:
            print(exc)
        else:
            print("no error")
"""
)


@pytest.mark.skipif(os.geteuid() != 0, reason="drops its rights in a child")
@pytest.mark.parametrize(
    ("folder_mode", "file_mode"),
    [pytest.param(0o755, 0o644, id="read-only file"), pytest.param(0o755, 0o600, id="another's file"),
     pytest.param(0o700, 0o644, id="another's folder"), pytest.param(0o555, 0o666, id="read-only folder")],
)  # fmt: skip
def test_missing_rights_are_an_error_that_names_the_file(tmp_path_factory, folder_mode, file_mode):
    base = tmp_path_factory.mktemp("rights")
    path = base / "folder" / "journal.sqlite"
    with contextlib.closing(Journal(path)) as journal:
        claim(journal, "a")
    path.chmod(file_mode)
    path.parent.chmod(folder_mode)
    for parent in [base, *base.parents][:3]:
        parent.chmod(0o755)
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(UNPRIVILEGED), str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert child.stderr == ""
    lines = child.stdout.splitlines()
    assert len(lines) == 3
    for line in lines:
        assert str(path) in line
        assert "mend its permissions" in line


FULL_DISK = (
    KERNEL
    + """
    import os, resource
    from odb_nb.errors import JournalError

    journal.insist([intent("kept", "kept")], operation="create_session")
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(sys.argv[1] + "-wal") + 100, hard))
    for number in range(3):
        try:
            journal.insist([intent(f"lost-{number}", "lost")], operation="create_session")
        except JournalError as exc:
            print(exc)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    journal.insist([intent("again", "again")], operation="create_session")
    print([row["restore_point_id"] for row in journal.history()])
"""
)


def test_a_full_disk_is_an_error_that_passes_with_it(path):
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(path)], capture_output=True, text=True, check=False
    )

    assert child.stderr == ""
    *errors, history = child.stdout.splitlines()
    assert len(errors) == 3
    for line in errors:
        assert str(path) in line
        assert "Free disk space" in line
    assert history == "['kept', 'again']"


# -- any sequence

POINTS = "abc"
HANDLES = 3
steps = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.integers(0, HANDLES - 1), st.sets(st.sampled_from(POINTS), min_size=1)),
        st.tuples(
            st.just("conclude"),
            st.integers(0, HANDLES - 1),
            st.sampled_from(["created", "failed", "absent", "withdrawn", "unknown"]),
        ),
        st.tuples(st.just("settle"), st.integers(0, HANDLES - 1), st.sampled_from(["created", "absent", "unknown"])),
        st.tuples(st.just("kill"), st.integers(0, HANDLES - 1), st.none()),
    ),
    max_size=25,
)


class Model:
    """What must hold of each point, beside the journal itself."""

    def __init__(self, path):
        self.path = path
        self.handles = [Journal(path) for _ in range(HANDLES)]
        self.open = {}  # point -> (handle, intent): claimed, alive and not concluded
        self.doubtful = {}  # point -> intents that may have happened
        self.marks = [0] * HANDLES

    def claim(self, number, points):
        mark = self.handles[number].ties().mark
        found = claim(self.handles[number], *sorted(points), mark=mark)
        for point, one in found.items():
            owner = self.open.get(point, (None,))[0]
            if one.state == "ours":
                assert owner is None
                assert point not in self.doubtful
                self.open[point] = number, one.intents[0]
            elif one.state == "held":
                assert [what.id for what in one.intents] == [self.open[point][1].id]
            else:
                assert one.state == "doubt"
                assert owner is None
                assert {what.id for what in one.intents} == self.doubtful[point]

    def conclude(self, number, outcome):
        for point, (owner, what) in list(self.open.items()):
            if owner == number:
                self.handles[number].conclude([concluded(what, outcome, session_id=f"s-{what.id}")])
                del self.open[point]
                if outcome == "unknown":
                    self.doubtful[point] = {what.id}

    def settle(self, number, outcome):
        for doubt in self.handles[number].doubts(operation=CREATE):
            if doubt.id in self.doubtful.get(doubt.restore_point_id, ()):
                self.handles[number].conclude([concluded(doubt, outcome)])
                if outcome != "unknown":
                    del self.doubtful[doubt.restore_point_id]

    def kill(self, number, _):
        # to the journal a death is a lock given back with intents left open
        self.handles[number].close()
        self.handles[number] = Journal(self.path)
        for point, (owner, what) in list(self.open.items()):
            if owner == number:
                del self.open[point]
                self.doubtful[point] = {what.id}

    def close(self):
        for handle in self.handles:
            handle.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_no_sequence_gives_a_point_to_two_at_a_time(tmp_path_factory, steps):
    with contextlib.closing(Model(tmp_path_factory.mktemp("any") / "journal.sqlite")) as model:
        for name, number, what in steps:
            getattr(model, name)(number, what)
            unsettled = {what.id for _, what in model.open.values()}.union(*model.doubtful.values())
            assert {found.id for found in model.handles[number].doubts(operation=CREATE)} == unsettled


def test_a_database_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "photos.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE photo (name TEXT)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="something else"):
        Journal(path).history()
    with sqlite3.connect(path) as db:
        assert [row[0] for row in db.execute("SELECT name FROM sqlite_master")] == ["photo"]
    db.close()
    assert before


def test_lock_files_of_the_dead_are_swept(tmp_path):
    path = tmp_path / "journal.sqlite"
    left = tmp_path / "journal.sqlite.dead.alive"
    left.touch()
    alive = Journal(path)
    alive.history()
    other = Journal(path)
    other.history()
    assert not left.exists()
    assert len(list(tmp_path.glob("*.alive"))) == 2
    other.close()
    alive.close()
    assert list(tmp_path.glob("*.alive")) == []
