"""The journal's file: its schema, one writer at a time, readers that change nothing, and which writers are alive."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import uuid
from typing import TYPE_CHECKING

from odb_nb.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from filelock import BaseFileLock

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 10.0
_LOOKS_APART_S = 0.01

_SCHEMA = """
CREATE TABLE intent (
    id TEXT PRIMARY KEY,
    date_time TEXT NOT NULL,            -- the service's clock
    owner TEXT NOT NULL,                -- the journal handle that claimed it; alive while it holds its lock file
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
    outcome TEXT NOT NULL,              -- created, failed, absent, withdrawn, unknown, drafted
    session_id TEXT,
    directory_object_id TEXT,
    error_code TEXT,
    request_id TEXT
) STRICT;
CREATE INDEX intent_by_point ON intent (operation, restore_point_id);
CREATE INDEX conclusion_by_intent ON conclusion (intent_id);
"""
# came later: an index changes no meaning, so journals from before stay good for either
_LATER = (
    "CREATE INDEX IF NOT EXISTS intent_by_item ON intent (operation, restore_point_id, item_hash)",
    # what decisions rest on stands in the file twice, so that damage to either is seen when it is opened
    "CREATE INDEX IF NOT EXISTS intent_again ON intent (id, date_time, owner, point_date_time, drive_key)",
    "CREATE INDEX IF NOT EXISTS conclusion_again ON conclusion (intent_id, outcome, session_id, directory_object_id)",
)


class JournalFile:
    """One SQLite file, opened at its first use and for any thread; `owner` names this handle in what it writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.owner = uuid.uuid4().hex
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._alive: BaseFileLock | None = None

    def close(self) -> None:
        """Close the file and stop counting as alive."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self._alive is not None:
                self._alive.release()
                self._alive_path(self.owner).unlink(missing_ok=True)
                self._alive = None

    def is_alive(self, owner: str) -> bool:
        """True while the process that owns the handle holds its lock file; the system frees it at its death."""
        from filelock import FileLock, Timeout

        path = self._alive_path(owner)
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0, mode=0o600):
                pass
        except Timeout:
            return True
        path.unlink(missing_ok=True)
        return False

    def _alive_path(self, owner: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{owner}.alive")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time over all kernels: BEGIN IMMEDIATE, then all or nothing."""
        with self._guard:
            try:
                db = self._connection or self._open()
                db.execute("BEGIN IMMEDIATE")
                try:
                    yield db
                except BaseException:
                    db.rollback()
                    raise
                db.commit()
            except UnicodeDecodeError as exc:  # sqlite3 lets it out as it is
                raise self._damaged("text that cannot be read") from exc
            except (sqlite3.Error, OSError) as exc:
                raise JournalError(
                    f"the journal {self.path} cannot be used ({exc}); nothing is sent without it. Free disk space, "
                    "mend its permissions, or give another file with connect(journal=...)"
                ) from exc

    def _damaged(self, what: str) -> JournalError:
        return JournalError(
            f"the journal {self.path} is damaged ({what}); nothing is sent without it. Put a copy from before the "
            "damage in its place; or give another file with connect(journal=...), which knows nothing of what was "
            "restored so far: look at list_restores() before you restore again"
        )

    def _open(self) -> sqlite3.Connection:
        from filelock import FileLock

        _make_private(self.path.parent)
        self.path.touch(mode=0o600)
        db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        try:
            _use_wal(db)
            db.execute("PRAGMA synchronous = FULL")
            self._prepare(db)
            self._check(db)
            # lock files are looked at in transactions only: nobody tries ours before it is held
            db.execute("BEGIN IMMEDIATE")
            self._alive = FileLock(self._alive_path(self.owner), timeout=0, mode=0o600, thread_local=False)
            self._alive.acquire()
            self._sweep()
            db.commit()
        except BaseException:
            db.close()
            raise
        self._connection = db
        return db

    def _check(self, db: sqlite3.Connection) -> None:
        """Refuse a damaged file: what it has forgotten would be sent again. 10,000 restored items take 0.1 to 0.2 s."""
        if found := _damage(db):
            raise self._damaged(found)

    def _sweep(self) -> None:
        """Remove the lock files of handles whose process ended without closing them."""
        prefix, suffix = f"{self.path.name}.", ".alive"
        for path in self.path.parent.glob(f"{prefix}*{suffix}"):
            owner = path.name.removeprefix(prefix).removesuffix(suffix)
            if owner != self.owner:
                self.is_alive(owner)

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Make the schema in a new file; refuse one that a newer odb_nb has written."""
        db.execute("BEGIN IMMEDIATE")
        try:
            version = _schema(db, self.path)
        except JournalError as exc:
            db.rollback()
            raise JournalError(f"{exc} with connect(journal=...)") from None
        if version < SCHEMA_VERSION:
            for statement in filter(str.strip, _SCHEMA.split(";\n")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        for statement in _LATER:
            db.execute(statement)
        db.commit()


def _use_wal(db: sqlite3.Connection) -> None:
    """Alone of all statements this one does not wait where two open a new file at once: its error comes at once."""
    end = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(_LOOKS_APART_S)
        else:
            return


def rows_of(path: Path, query: str, values: Sequence[object]) -> list[sqlite3.Row]:
    """What a query finds in a file that others may be writing to; the file is not changed.

    Nor is its folder, but where a run was killed or writes just then: SQLite may lay its small files beside it again.
    """
    before = is_in_use, _ = _state(path)
    if not is_in_use:
        # opened in the ordinary way, a file in WAL mode that nobody has open would get two new ones beside it
        try:
            rows = _read(path, "immutable=1", query, values)
        except JournalError:
            if _state(path) == before:
                raise
        else:
            if _state(path) == before:
                return rows
    return _read(path, "mode=ro", query, values)


def _state(path: Path) -> tuple[bool, int]:
    """Whether somebody has the file open, or was killed; and when it was last written to."""
    try:
        return path.with_name(f"{path.name}-wal").exists(), path.stat().st_mtime_ns
    except OSError as exc:
        raise JournalError(f"{path} cannot be read as a journal ({exc.strerror}); it is gone, or not yours") from exc


def _read(path: Path, how: str, query: str, values: Sequence[object]) -> list[sqlite3.Row]:
    try:
        address = f"{path.absolute().as_uri()}?{how}"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S)) as db:
            db.row_factory = sqlite3.Row
            version = _schema(db, path)
            if found := _damage(db):
                raise JournalError(f"the journal {path} is damaged ({found}); give a copy from before the damage")
            return db.execute(query, values).fetchall() if version else []
    except UnicodeDecodeError as exc:  # sqlite3 lets it out as it is
        raise JournalError(f"the journal {path} is damaged (text that cannot be read); give another copy") from exc
    except sqlite3.Error as exc:
        raise JournalError(f"{path} cannot be read as a journal ({exc}); it is none, or damaged, or not yours") from exc


def _damage(db: sqlite3.Connection) -> str | None:
    """What SQLite finds wrong with a file; None if nothing is."""
    found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
    return None if found == "ok" else found


def _schema(db: sqlite3.Connection, path: Path) -> int:
    """Its version, 0 in a new file; refuse one that a newer odb_nb has written, and databases of others."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"the journal {path} was written by a newer odb_nb (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); upgrade odb_nb, or give another file"
        )
    if version == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise JournalError(f"{path} is a database of something else, and was left as it is; give another file")
    return version


def _make_private(folder: Path) -> None:
    """The folder and those above it that are missing, for the owner alone; `mkdir` would give the latter to anybody."""
    for missing in [one for one in (*reversed(folder.parents), folder) if not one.exists()]:
        missing.mkdir(mode=0o700, exist_ok=True)
