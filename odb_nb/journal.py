"""The record of every write that was tried: what makes a re-run safe, and what an auditor reads.

One SQLite file per tenant, rows only ever appended. An *intent* is written before a request is sent, a
*conclusion* after its answer. An intent without a conclusion, or one concluded as ``unknown``, is a doubt: the
next run looks at the service before it sends anything for that point. WAL with ``synchronous=FULL``: what was
recorded survives SIGKILL and power loss. No token, no file name and no content is ever written here.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from filelock import BaseFileLock

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 10.0

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
    outcome TEXT NOT NULL,              -- created, failed, absent, withdrawn, unknown
    session_id TEXT,
    directory_object_id TEXT,
    error_code TEXT,
    request_id TEXT
) STRICT;
CREATE INDEX intent_by_point ON intent (operation, restore_point_id);
CREATE INDEX conclusion_by_intent ON conclusion (intent_id);
"""

# the last conclusion of each intent is the one that holds
_STATE = """
    SELECT intent.*, last.rowid AS concluded, last.outcome, last.session_id, last.directory_object_id,
        last.error_code, last.request_id
    FROM intent LEFT JOIN conclusion AS last ON last.rowid = (
        SELECT max(rowid) FROM conclusion WHERE intent_id = intent.id)
"""

Outcome = Literal["created", "failed", "absent", "withdrawn", "unknown"]


@dataclass(frozen=True)
class Intent:
    """A write about to be tried on a restore point, or one that was and may have happened."""

    id: str
    date_time: str
    restore_point_id: str
    point_date_time: str | None
    drive_key: str | None
    client_request_id: str


@dataclass(frozen=True)
class Conclusion:
    """What became of an intent.

    ``absent``: proven not to have happened. ``withdrawn``: never sent. ``unknown``: sent, and not settled.
    """

    intent_id: str
    date_time: datetime
    outcome: Outcome
    session_id: str | None = None
    directory_object_id: str | None = None
    error_code: str | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Claim:
    """What `Journal.claim` found for a point: ours to send, in another's hands, or in doubt from before."""

    state: Literal["ours", "held", "doubt", "changed"]
    intents: tuple[Intent, ...]


@dataclass(frozen=True)
class Ties:
    """What the journal knows about sessions: the point of each, and the directory objects seen on each drive.

    `last_created` has each point's newest session by the journal, and when it was opened. `mark` is how far the
    record went when this was read.
    """

    point_of_session: dict[str, str]
    directory_objects: dict[str, set[str]]
    mark: int
    last_created: dict[str, tuple[str, str]] = field(default_factory=dict)


class Journal:
    """One journal file. Any thread may call; each call is one transaction.

    Parameters
    ----------
    path : path-like
        The SQLite file; made, with its folder, readable by the owner alone, at the first call.
    tenant_id, account : str or None
        Written beside each intent, for the audit trail.

    Raises
    ------
    JournalError
        From every method, when the file cannot be read or written: say so before anything is sent.
    """

    def __init__(self, path: str | Path, *, tenant_id: str | None = None, account: str | None = None) -> None:
        self.path = Path(path)
        self.tenant_id = tenant_id
        self.account = account
        self._owner = uuid.uuid4().hex
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._alive: BaseFileLock | None = None
        self._under_way: set[str] = set()  # our own intents without a conclusion: other threads may share the handle

    def claim(self, wanted: Sequence[Intent], *, operation: str, mark: int) -> dict[str, Claim]:
        """What may be sent: one `Claim` per restore point, decided in one transaction with every other kernel.

        `mark` is `Ties.mark` as it was before the caller looked at the service; where the journal tells of a
        session opened since, the claim says ``changed`` and the caller must look again.
        """
        with self._transaction() as db:
            claims = {}
            for intent in wanted:
                claim = self._standing(db, operation, intent.restore_point_id, mark)
                if claim is None:
                    self._insert(db, intent, operation)
                    claim = Claim("ours", (intent,))
                claims[intent.restore_point_id] = claim
            return claims

    def insist(self, wanted: Sequence[Intent], *, operation: str) -> None:
        """Record intents whatever stands for their points: for callers who asked for another session."""
        with self._transaction() as db:
            for intent in wanted:
                self._insert(db, intent, operation)

    def conclude(self, conclusions: Sequence[Conclusion]) -> None:
        """Append what became of intents, all in one transaction."""
        rows = [
            (c.intent_id, c.date_time.isoformat(), c.outcome, c.session_id, c.directory_object_id, c.error_code,
             c.request_id)
            for c in conclusions
        ]  # fmt: skip
        # not under way any more even if that cannot be written: then it is a doubt, which nobody waits for
        self._under_way.difference_update(c.intent_id for c in conclusions)
        with self._transaction() as db:
            db.executemany("INSERT INTO conclusion VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def doubts(self, *, operation: str) -> list[Intent]:
        """Intents of `operation` that may have happened: still open, of whatever kernel, or never settled."""
        with self._transaction() as db:
            rows = db.execute(
                f"{_STATE} WHERE operation = ? AND (outcome IS NULL OR outcome = 'unknown')", (operation,)
            ).fetchall()
            return [_intent(row) for row in rows]

    def ties(self) -> Ties:
        """Which session belongs to which point, and which directory objects a drive's sessions carried."""
        with self._transaction() as db:
            mark = db.execute("SELECT coalesce(max(rowid), 0) FROM conclusion").fetchone()[0]
            rows = db.execute(f"{_STATE} WHERE session_id IS NOT NULL ORDER BY last.rowid").fetchall()
        points = {row["session_id"]: row["restore_point_id"] for row in rows}
        objects: dict[str, set[str]] = {}
        for row in rows:
            if row["drive_key"] and row["directory_object_id"]:
                objects.setdefault(row["drive_key"], set()).add(row["directory_object_id"])
        last = {row["restore_point_id"]: (row["session_id"], row["date_time"]) for row in rows}
        return Ties(points, objects, mark, last)

    def history(self, *, since: datetime | None = None) -> list[dict[str, Any]]:
        """One row per write that was tried, oldest first; what was withdrawn before it was sent is left out."""
        with self._transaction() as db:
            rows = db.execute(
                f"{_STATE} WHERE coalesce(outcome, '') != 'withdrawn' AND intent.date_time >= ? "
                "ORDER BY intent.date_time, intent.rowid",
                (since.isoformat() if since else "",),
            ).fetchall()
        return [{**dict(row), "outcome": row["outcome"] or "unknown"} for row in rows]

    def close(self) -> None:
        """Close the file and stop counting as alive; open intents become doubts for the next run."""
        with self._guard:
            self._under_way.clear()
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self._alive is not None:
                self._alive.release()
                self._alive_path(self._owner).unlink(missing_ok=True)
                self._alive = None

    def _standing(self, db: sqlite3.Connection, operation: str, point: str, mark: int) -> Claim | None:
        """What already stands for a point, None if it is free."""
        rows = db.execute(f"{_STATE} WHERE operation = ? AND restore_point_id = ?", (operation, point)).fetchall()
        held = [row for row in rows if self._is_held(row)]
        if held:
            return Claim("held", tuple(_intent(row) for row in held))
        doubts = [row for row in rows if row["outcome"] in (None, "unknown")]
        if doubts:
            return Claim("doubt", tuple(_intent(row) for row in doubts))
        if any(row["outcome"] == "created" and row["concluded"] > mark for row in rows):
            return Claim("changed", ())
        return None

    def _is_held(self, row: sqlite3.Row) -> bool:
        if row["outcome"] is not None:
            return False
        return row["id"] in self._under_way if row["owner"] == self._owner else self._is_alive(row["owner"])

    def _is_alive(self, owner: str) -> bool:
        """True while the process that owns the handle holds its lock file; the system frees it at its death."""
        from filelock import FileLock, Timeout

        path = self._alive_path(owner)
        if not path.exists():
            return False
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            return True
        path.unlink(missing_ok=True)
        return False

    def _alive_path(self, owner: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{owner}.alive")

    def _insert(self, db: sqlite3.Connection, intent: Intent, operation: str) -> None:
        self._under_way.add(intent.id)
        db.execute(
            "INSERT INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            (intent.id, intent.date_time, self._owner, self.tenant_id, self.account, operation,
             intent.restore_point_id, intent.point_date_time, intent.drive_key, intent.client_request_id),
        )  # fmt: skip

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
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
            except (sqlite3.Error, OSError) as exc:
                raise JournalError(
                    f"the journal {self.path} cannot be used ({exc}); nothing is sent without it. Free disk space, "
                    "mend its permissions, or give another file with connect(journal=...)"
                ) from exc

    def _open(self) -> sqlite3.Connection:
        from filelock import FileLock

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.touch(mode=0o600)
        db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            self._prepare(db)
            self._alive = FileLock(self._alive_path(self._owner), timeout=0, thread_local=False)
            self._alive.acquire()
            self._sweep()
        except BaseException:
            db.close()
            raise
        self._connection = db
        return db

    def _sweep(self) -> None:
        """Remove the lock files of handles whose process ended without closing them."""
        prefix, suffix = f"{self.path.name}.", ".alive"
        for path in self.path.parent.glob(f"{prefix}*{suffix}"):
            owner = path.name.removeprefix(prefix).removesuffix(suffix)
            if owner != self._owner:
                self._is_alive(owner)

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Make the schema in a new file; refuse one that a newer odb_nb has written."""
        db.execute("BEGIN IMMEDIATE")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            db.rollback()
            raise JournalError(
                f"the journal {self.path} was written by a newer odb_nb (schema {version}, this one reads "
                f"{SCHEMA_VERSION}); upgrade odb_nb, or give another file with connect(journal=...)"
            )
        if version == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            db.rollback()
            raise JournalError(
                f"{self.path} is a database of something else; it was left as it is. Give another file with "
                "connect(journal=...)"
            )
        if version < SCHEMA_VERSION:
            for statement in filter(str.strip, _SCHEMA.split(";\n")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.commit()


def _intent(row: sqlite3.Row) -> Intent:
    return Intent(
        row["id"], row["date_time"], row["restore_point_id"], row["point_date_time"], row["drive_key"],
        row["client_request_id"],
    )  # fmt: skip


def default_path(tenant: str) -> Path:
    """Where a tenant's journal lies: the platform's data folder of the user."""
    from platformdirs import user_data_path

    return user_data_path("odb_nb", appauthor=False) / f"journal-{tenant}.sqlite"
