"""Journals of many runs as one history: as each tells it, and without a trace in their folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import odb_nb as odb
from odb_nb import journal_file
from odb_nb.journal import Conclusion, Intent, Journal, history_of
from odb_nb.journal_file import SCHEMA_VERSION

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def write(journal, name, outcome=None, *, minutes=0):
    """One write as operations record it; without an outcome it is still under way."""
    at = NOW + timedelta(minutes=minutes)
    intent = Intent(name, at.isoformat(), f"point-{name}", None, None, f"request-{name}")
    journal.insist([intent], operation="create_session")
    if outcome:
        conclude(journal, name, outcome)


def conclude(journal, name, outcome, *, minutes=0):
    session = f"session-{name}" if outcome == "created" else None
    journal.conclude([Conclusion(name, NOW + timedelta(minutes=minutes), outcome, session)])


def made(path, *names, outcome="created", minutes=0):
    with contextlib.closing(Journal(path, tenant_id="tenant", account=path.stem)) as journal:
        for name in names:
            write(journal, name, outcome, minutes=minutes)
    return path


def told(history, *columns):
    return [tuple(row) for row in history[list(columns)].itertuples(index=False)]


def in_folder(folder):
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def test_rows_and_columns_are_those_of_the_clients(tmp_path):
    path = tmp_path / "journal.sqlite"
    with odb.connect(journal=path) as client:
        points = client.list_restore_points(client.list_drives(search="miriam"), start="2026-11-19")
        client.create_sessions(points)
        pd.testing.assert_frame_equal(odb.read_history(path), client.history())
        assert len(client.history()) == len(points) > 1
        since = client.now + timedelta(seconds=1)
        pd.testing.assert_frame_equal(odb.read_history(path, since=since), client.history(since=since))


def test_journals_of_a_folder_are_one_history_in_order_of_time(tmp_path):
    made(tmp_path / "a.sqlite", "late", minutes=2)
    made(tmp_path / "b.sqlite", "early", outcome="failed")
    made(tmp_path / "c.sqlite", "between", minutes=1)
    (tmp_path / "a.log").write_text("no journal")
    assert told(odb.read_history(tmp_path), "account", "outcome") == [
        ("b", "failed"), ("c", "created"), ("a", "created"),
    ]  # fmt: skip
    assert told(odb.read_history([tmp_path / "a.sqlite", str(tmp_path / "b.sqlite")]), "account") == [("b",), ("a",)]
    assert told(odb.read_history(tmp_path, since=NOW + timedelta(minutes=1)), "account") == [("c",), ("a",)]


@pytest.mark.parametrize("last", ["created", "withdrawn", "unknown"])
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["copy last", "copy first"])
def test_write_that_copies_share_is_told_once_as_it_ended(tmp_path, names, last):
    ours, copy = (tmp_path / f"{name}.sqlite" for name in names)
    with contextlib.closing(Journal(ours)) as journal:
        write(journal, "shared")
    shutil.copy(ours, copy)
    with contextlib.closing(Journal(ours)) as journal:
        conclude(journal, "shared", last)
        write(journal, "own", "failed", minutes=1)
    shared = [] if last == "withdrawn" else [("point-shared", last)]
    assert told(odb.read_history(tmp_path), "restore_point_id", "outcome") == [*shared, ("point-own", "failed")]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["copy last", "copy first"])
def test_copies_that_went_on_apart_give_what_was_recorded_last_not_what_stands_further_down(tmp_path, names):
    ours, copy = (tmp_path / f"{name}.sqlite" for name in names)
    with contextlib.closing(Journal(ours)) as journal:
        write(journal, "shared")
    shutil.copy(ours, copy)
    with contextlib.closing(Journal(ours)) as journal:
        write(journal, "own", "failed")
        conclude(journal, "shared", "unknown", minutes=1)
    with contextlib.closing(Journal(copy)) as journal:
        conclude(journal, "shared", "created", minutes=2)
    assert told(odb.read_history(tmp_path), "restore_point_id", "outcome") == [
        ("point-shared", "created"), ("point-own", "failed"),
    ]  # fmt: skip


def test_home_is_where_the_tilde_is(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME" if os.name != "nt" else "USERPROFILE", str(tmp_path))
    made(tmp_path / "journal.sqlite", "one")
    assert len(odb.read_history("~/journal.sqlite")) == len(odb.read_history("~")) == 1
    with odb.connect(journal="~/own/journal.sqlite") as client:
        assert len(client.history()) == 0
    assert (tmp_path / "own" / "journal.sqlite").is_file()


def test_home_of_somebody_is_where_the_system_has_it(monkeypatch):
    monkeypatch.setattr(Path, "expanduser", lambda path: Path("/homes", str(path).removeprefix("~")))
    with pytest.raises(odb.InputError, match=r"'.homes.ann.journal.sqlite' is not there"):
        odb.read_history("~ann/journal.sqlite")


def test_where_there_is_no_home_that_is_said(monkeypatch):
    def nowhere(_path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", nowhere)
    for call in (lambda: odb.read_history("~/journal.sqlite"), lambda: odb.connect(journal="~/journal.sqlite")):
        with pytest.raises(odb.InputError, match="no home folder is known here; give the whole path"):
            call()


def test_name_that_begins_with_a_tilde_is_no_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made(tmp_path / "~root.sqlite", "one")
    assert len(odb.read_history("~root.sqlite")) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(PermissionError(13, "Permission denied"), "Permission denied.*mend its permissions", id="rights"),
        pytest.param(OSError(36, "File name too long"), "File name too long", id="too long"),
    ],
)
def test_folder_that_cannot_be_looked_into_is_refused_by_name(tmp_path, monkeypatch, error, said):
    def refuse(_path):
        raise error

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(odb.InputError, match=f"{tmp_path.name}.*{said}"):
        odb.read_history(tmp_path)


def test_path_that_is_too_long_is_refused():
    with pytest.raises(odb.InputError, match="cannot be looked into"):
        odb.read_history("x" * 5000)


def test_file_that_goes_away_meanwhile_is_refused_by_name(tmp_path):
    with pytest.raises(odb.JournalError, match=r"gone.sqlite cannot be read as a journal \(No such file"):
        history_of([tmp_path / "gone.sqlite"])


def test_reading_leaves_a_folder_as_it_was(tmp_path):
    made(tmp_path / "journal.sqlite", "one")
    before = in_folder(tmp_path)
    assert list(before) == ["journal.sqlite"]
    assert len(odb.read_history(tmp_path)) == 1
    assert in_folder(tmp_path) == before


def test_open_journal_is_read_to_its_last_row_and_can_be_written_to_afterwards(tmp_path):
    path = tmp_path / "journal.sqlite"
    with contextlib.closing(Journal(path)) as journal:
        write(journal, "one", "created")
        before = {name: size for name, (_, size) in in_folder(tmp_path).items() if not name.endswith("-shm")}
        assert len(odb.read_history(path)) == 1
        after = {name: size for name, (_, size) in in_folder(tmp_path).items() if not name.endswith("-shm")}
        assert after == before
        write(journal, "two")
        assert told(odb.read_history(path), "outcome") == [("created",), ("unknown",)]


def test_journal_of_a_killed_run_is_read_whole(tmp_path):
    """What it last wrote lies in the file beside it, as SQLite leaves it when nobody closes."""
    here, killed = tmp_path / "here", tmp_path / "killed"
    with contextlib.closing(Journal(here / "journal.sqlite")) as journal:
        write(journal, "one", "created")
        shutil.copytree(here, killed)
    wal = killed / "journal.sqlite-wal"
    kept = wal.read_bytes()
    assert told(odb.read_history(killed), "session_id") == [("session-one",)]
    assert wal.read_bytes() == kept != b""


def test_file_that_is_written_to_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    path = made(tmp_path / "journal.sqlite", "first")
    read, ways = vars(journal_file)["_read"], []

    def read_slowly(path, how, query, values):
        rows = read(path, how, query, values)
        if not ways:
            made(path, "second")
        ways.append(how)
        return rows

    monkeypatch.setattr(journal_file, "_read", read_slowly)
    assert len(odb.read_history(path)) == 2
    assert ways == ["immutable=1", "mode=ro"]


def test_reading_while_others_write_open_and_close_never_fails_and_forgets_nothing(tmp_path):
    path = made(tmp_path / "journal.sqlite", "first")
    enough = threading.Event()

    def work():
        for number in range(60):
            made(path, f"w{number}")  # opens and closes it: that is when SQLite moves what was written
        enough.set()

    writer = threading.Thread(target=work)
    writer.start()
    counts = []
    while not enough.is_set():
        counts.append(len(odb.read_history(path)))
    writer.join()
    assert counts == sorted(counts)
    assert len(odb.read_history(path)) == 61


def test_journal_that_is_not_begun_has_no_rows(tmp_path):
    (tmp_path / "journal.sqlite").touch()
    empty = odb.read_history(tmp_path)
    full = odb.read_history(made(tmp_path / "other.sqlite", "one"))
    assert len(empty) == 0
    assert (empty.dtypes == full.dtypes).all()
    assert list(odb.read_history([]).columns) == list(full.columns)


def photos(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photo (name TEXT)")


def newer(path):
    made(path, "one")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


def damaged(path):
    made(path, *map(str, range(300)))
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2 : len(whole) // 2 + 5000] = b"\xff" * 5000
    path.write_bytes(whole)


def undecodable(path):
    made(path, "one")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE intent SET account = CAST(X'ff' AS TEXT)")
        db.commit()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(photos, "something else", id="another database"),
        pytest.param(newer, "newer odb_nb .*upgrade odb_nb", id="newer"),
        pytest.param(damaged, "damaged", id="damaged"),
        pytest.param(undecodable, "damaged", id="text that is none"),
        pytest.param(lambda path: path.write_text("no journal " * 99), "cannot be read as a journal", id="no database"),
    ],
)
def test_file_that_is_no_good_journal_is_refused_by_name_and_left_alone(tmp_path, spoil, said):
    made(tmp_path / "good.sqlite", "good")
    bad = tmp_path / "bad.sqlite"
    spoil(bad)
    before = in_folder(tmp_path)
    with pytest.raises(odb.JournalError, match=said) as caught:
        odb.read_history(tmp_path)
    assert str(bad) in str(caught.value)
    assert in_folder(tmp_path) == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param("no-such.sqlite", "is not there", id="no file"),
        pytest.param(".", "holds no journal", id="empty folder"),
        pytest.param(5, "neither a path nor a list", id="number"),
        pytest.param([5], "paths=5 is not the path", id="list of a number"),
        pytest.param(None, "neither a path nor a list", id="nothing"),
        pytest.param(b"x", "paths=120 is not the path", id="bytes"),
    ],
)
def test_what_is_no_journals_place_is_refused(tmp_path, monkeypatch, given, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(odb.InputError, match=said):
        odb.read_history(given)


def test_since_is_read_as_the_client_reads_it(tmp_path):
    made(tmp_path / "journal.sqlite", "one")
    assert len(odb.read_history(tmp_path, since="2026-11-20")) == 1
    with pytest.raises(odb.InputError, match="since="):
        odb.read_history(tmp_path, since="last week")


@pytest.mark.parametrize("journal", [5, "a\0b"])
def test_connect_refuses_a_journal_that_is_no_path(journal):
    with pytest.raises(odb.InputError, match="journal="):
        odb.connect(journal=journal)
