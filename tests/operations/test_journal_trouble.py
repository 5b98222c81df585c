"""A journal that cannot be relied on: an error in words before anything is sent, or a run that doubles nothing."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import sys
import time
from datetime import UTC, datetime

import pytest
from books import JOBS, check_all_once, check_none_twice, done, made_for
from extent import examples, sample

from odb_nb.errors import JournalError
from odb_nb.journal import Conclusion, Intent, Journal
from odb_nb.sandbox import Fault, Sandbox

if sys.platform == "win32":
    pytest.skip("forks, and limits files with signals", allow_module_level=True)

import dying

WRITES = {"create": "create_session", "restore": "create_restore"}


@pytest.fixture
def sandbox():
    with Sandbox(restore_item_s=0, restore_activating_s=0) as started:
        yield started


@pytest.fixture(params=JOBS)
def job(request):
    return request.param


@pytest.fixture
def given(sandbox, job):
    return made_for(job, sandbox)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal.sqlite"


def check_refused_or_harmless(sandbox, journal, job, given, said):
    """What a run with a journal in trouble may come to."""
    assert said is not None, "it ended by a signal"
    what, _ = said
    if isinstance(what, Exception):
        assert isinstance(what, JournalError)
        assert str(journal) in str(what)
        assert "connect(journal=...)" in str(what)
        assert done(sandbox, job, given) == []
    else:
        assert len(what) == len(given)
    check_none_twice(sandbox, job, given)


@pytest.mark.parametrize("pages", sample(range(40), 5))
def test_a_disk_that_fills_up_at_any_moment(sandbox, journal, job, given, pages):
    limit = pages * 4096 + 2000
    check_refused_or_harmless(sandbox, journal, job, given, dying.run(sandbox, journal, job, given, file_limit=limit))
    rows, _ = dying.run(sandbox, journal, job, given)
    check_all_once(sandbox, job, given, rows)


@contextlib.contextmanager
def locked(journal):
    with contextlib.closing(sqlite3.connect(journal, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.rollback()


def test_a_journal_that_is_locked_is_an_error_and_nothing_is_sent(sandbox, journal, job, given):
    with locked(journal):
        said = dying.run(sandbox, journal, job, given)
    assert isinstance(said[0], JournalError)
    check_refused_or_harmless(sandbox, journal, job, given, said)
    rows, _ = dying.run(sandbox, journal, job, given)
    check_all_once(sandbox, job, given, rows)


def test_a_journal_that_is_locked_in_the_middle(sandbox, journal, job, given):
    sandbox.faults.add(Fault(WRITES[job], "slow", seconds=0.7, times=None))
    before = sandbox.count(WRITES[job])
    child = dying.Running(sandbox, journal, job, given)
    while sandbox.count(WRITES[job]) == before:
        time.sleep(0.01)
    with locked(journal):
        said = child.end()
    sandbox.faults.clear()
    check_none_twice(sandbox, job, given)
    assert isinstance(said[0], JournalError) or {row[1] for row in said[0]} & {"failed", "unknown"}
    rows, _ = dying.run(sandbox, journal, job, given)
    check_all_once(sandbox, job, given, rows)


@pytest.mark.skipif(sys.platform != "linux", reason="drops root's rights as Linux does")
@pytest.mark.parametrize("folder_mode", [0o555, 0o755])
def test_a_journal_that_may_only_be_read_is_an_error_and_nothing_is_sent(sandbox, tmp_path, job, given, folder_mode):
    journal = tmp_path / "rights" / "journal.sqlite"
    journal.parent.mkdir()
    dying.run(sandbox, journal, job, given.head(1))
    journal.chmod(0o444)
    journal.parent.chmod(folder_mode)
    before = sandbox.count(WRITES[job])
    what, _ = dying.run(sandbox, journal, job, given, has_rights=False)
    if isinstance(what, JournalError):
        told = [str(what)]
    else:  # it could be read, which shows what the first run did, but no intent could be written
        assert [row[1] for row in what].count("reused") == 1
        told = [row[-1] for row in what if row[1] != "reused"]
        assert len(told) == len(given) - 1
    assert all("mend its permissions" in words for words in told)
    assert sandbox.count(WRITES[job]) == before
    journal.parent.chmod(0o755)
    journal.chmod(0o600)
    rows, _ = dying.run(sandbox, journal, job, given)
    check_all_once(sandbox, job, given, rows)


# the schema as it was written before there were restores
OLD_SCHEMA = """
CREATE TABLE intent (
    id TEXT PRIMARY KEY,
    date_time TEXT NOT NULL,
    owner TEXT NOT NULL,
    tenant_id TEXT,
    account TEXT,
    operation TEXT NOT NULL,
    restore_point_id TEXT NOT NULL,
    point_date_time TEXT,
    drive_key TEXT,
    item_hash TEXT,
    client_request_id TEXT NOT NULL
) STRICT;
CREATE TABLE conclusion (
    intent_id TEXT NOT NULL REFERENCES intent (id),
    date_time TEXT NOT NULL,
    outcome TEXT NOT NULL,
    session_id TEXT,
    directory_object_id TEXT,
    error_code TEXT,
    request_id TEXT
) STRICT;
CREATE INDEX intent_by_point ON intent (operation, restore_point_id);
CREATE INDEX conclusion_by_intent ON conclusion (intent_id);
PRAGMA user_version = 1;
"""


def test_a_journal_from_before_restores_keeps_what_it_knew(sandbox, journal, job, given):
    """Of a point that was opened, of one whose process died after its create took effect, of one that died before."""
    points = made_for("create", sandbox)
    opened, lost, never = points["id"].tolist()[:3]
    when = sandbox.clock.now().isoformat()
    with contextlib.closing(sqlite3.connect(journal)) as db, db:
        db.executescript(OLD_SCHEMA)
        for point_id in (opened, lost, never):
            db.execute(
                "INSERT INTO intent VALUES (?, ?, 'dead', NULL, NULL, 'create_session', ?, NULL, NULL, NULL, 'c')",
                (point_id[:20] + point_id[-9:], when, point_id),
            )
        session = sandbox.open_session(opened)
        db.execute(
            "INSERT INTO conclusion VALUES (?, ?, 'created', ?, NULL, NULL, NULL)",
            (opened[:20] + opened[-9:], when, session.id),
        )
    sandbox.open_session(lost)
    for _ in range(2):
        rows, _ = dying.run(sandbox, journal, job, given)
        check_all_once(sandbox, job, given, rows)
    if job == "create":
        assert [row[1] for row in rows] == ["reused"] * 6
        assert [len(sandbox.sessions_on(id_)) for id_ in (opened, lost, never)] == [1, 1, 1]


# -- damage


def whole_file(sandbox, journal, job, given):
    rows, _ = dying.run(sandbox, journal, job, given)
    check_all_once(sandbox, job, given, rows)
    assert sorted(path.name for path in journal.parent.iterdir()) == [journal.name]  # all of it in the one file
    return journal.read_bytes()


def check_damaged(sandbox, journal, job, given, damaged):
    """After a run with a damaged journal: refused before anything is sent, or nothing was done twice."""
    for path in journal.parent.glob(f"{journal.name}*"):
        path.unlink()
    journal.write_bytes(damaged)
    sent = sandbox.count(WRITES[job])
    what, _ = dying.run(sandbox, journal, job, given)
    check_none_twice(sandbox, job, given)
    if isinstance(what, Exception):
        assert isinstance(what, JournalError)
        assert str(journal) in str(what)
        assert sandbox.count(WRITES[job]) == sent


def flipped(whole, chance):
    """With one bit of what is written turned over."""
    damaged = bytearray(whole)
    damaged[chance.choice([place for place, byte in enumerate(whole) if byte])] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def test_a_journal_of_which_a_bit_is_another(sandbox, journal, job, given):
    whole = whole_file(sandbox, journal, job, given)
    chance = random.Random(job)  # noqa: S311 - guards no secret
    for _ in range(examples(6)):
        check_damaged(sandbox, journal, job, given, flipped(whole, chance))


def test_a_journal_cut_short(sandbox, journal, job, given):
    whole = whole_file(sandbox, journal, job, given)
    for size in sample(range(1, len(whole), 1024), 6):
        check_damaged(sandbox, journal, job, given, whole[:size])


def test_no_bit_that_is_another_changes_what_a_journal_knows(journal):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    made = [
        Intent(f"intent-{place}", now.isoformat(), f"point-{place // 2}", now.isoformat(), "drive", "c", hash_)
        for place, hash_ in enumerate(["hash-0", "hash-1", "hash-2", None, None])
    ]
    wanted = [("restore", one.restore_point_id, one.item_hash) for one in made]

    def known(opened):
        ties = opened.ties()
        return opened.done(wanted)[0], ties.point_of_session, ties.directory_objects, ties.last_created

    with contextlib.closing(Journal(journal)) as before:
        before.insist(made, operation="restore")
        for outcome in ("drafted", "created"):
            before.conclude([Conclusion(one.id, now, outcome, f"session of {one.id}", "object") for one in made])
        expected = known(before)
    whole, chance = journal.read_bytes(), random.Random(1)  # noqa: S311 - guards no secret
    refused = 0
    for _ in range(examples(400)):
        journal.write_bytes(flipped(whole, chance))
        with contextlib.closing(Journal(journal)) as damaged:
            try:
                assert known(damaged) == expected
            except JournalError:
                refused += 1
        for path in journal.parent.glob(f"{journal.name}-*"):
            path.unlink()
    assert refused


def test_a_word_that_is_not_known_is_a_doubt(journal):
    """Of a newer odb_nb, or of damage: what is said of a write is not understood, so it may have happened."""
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    one = Intent("i", now.isoformat(), "p", None, None, "c")
    with contextlib.closing(Journal(journal)) as opened:
        opened.insist([one], operation="create_session")
        opened.conclude([Conclusion("i", now, "cre`ted", "s")])
        assert [doubt.id for doubt in opened.doubts(operation="create_session")] == ["i"]
        assert opened.claim([one], operation="create_session", mark=9)["p"].state == "doubt"
        assert opened.done([("create_session", "p", None)])[0] == [[("s", "cre`ted")]]
        assert opened.history()[0]["outcome"] == "unknown"
