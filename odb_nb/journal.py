"""The record of every write that was tried: what makes a re-run safe, and what an auditor reads.

One SQLite file per tenant, rows only ever appended. An *intent* is written before a request is sent, a
*conclusion* after its answer. An intent without a conclusion, or one concluded as ``unknown`` or ``drafted``, is a
doubt: the next run looks at the service before it sends anything for that point, or for that item of it. WAL with
``synchronous=FULL``: what was recorded survives SIGKILL and power loss. No token, no file name and no content is ever
written here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.errors import JournalError
from odb_nb.journal_file import JournalFile, rows_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from datetime import datetime

# the last conclusion of each intent is the one that holds
_STATE = """
    SELECT intent.*, last.rowid AS concluded, last.date_time AS concluded_at, last.outcome, last.session_id,
        last.directory_object_id,
        last.error_code, last.request_id
    FROM intent LEFT JOIN conclusion AS last ON last.rowid = (
        SELECT max(rowid) FROM conclusion WHERE intent_id = intent.id)
"""

_SINCE = f"{_STATE} WHERE intent.date_time >= ? ORDER BY intent.date_time, intent.rowid"

_NOT_DONE = ("failed", "absent", "withdrawn")
_SETTLED = ("created", *_NOT_DONE)  # anything else is a doubt, also a word that damage or a newer odb_nb has left

Outcome = Literal["created", "failed", "absent", "withdrawn", "unknown", "drafted"]


@dataclass(frozen=True)
class Intent:
    """A write about to be tried on a restore point or an item of it, or one that was and may have happened.

    `session_id` is read back, not written: the session in which it would have happened, once that is drafted.
    """

    id: str
    date_time: str
    restore_point_id: str
    point_date_time: str | None
    drive_key: str | None
    client_request_id: str
    item_hash: str | None = None
    session_id: str | None = None


@dataclass(frozen=True)
class Conclusion:
    """What became of an intent.

    ``absent``: proven not to have happened. ``withdrawn``: never sent. ``unknown``: sent, and not settled.
    ``drafted``: prepared in `session_id` and about to be set going, so more is to follow.
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
        self._file = JournalFile(self.path)
        self._under_way: set[str] = set()  # our own intents without a conclusion: other threads may share the handle

    def claim(self, wanted: Sequence[Intent], *, operation: str, mark: int) -> dict[str, Claim]:
        """What may be sent: one `Claim` per restore point, decided in one transaction with every other kernel.

        `mark` is `Ties.mark` as it was before the caller looked at the service; where the journal tells of a
        session opened since, the claim says ``changed`` and the caller must look again.
        """
        return {
            intent.restore_point_id: claim
            for intent, claim in zip(wanted, self.claim_each(wanted, operation=operation, mark=mark), strict=True)
        }

    def claim_each(self, wanted: Sequence[Intent], *, operation: str, mark: int) -> list[Claim]:
        """The same for intents of items, of which a point has many: one `Claim` per intent, in their order."""
        with self._file.transaction() as db:
            claims = []
            for intent in wanted:
                claim = self._standing(db, operation, intent, mark)
                if claim is None:
                    self._insert(db, intent, operation)
                    claim = Claim("ours", (intent,))
                claims.append(claim)
            return claims

    def insist(self, wanted: Sequence[Intent], *, operation: str) -> None:
        """Record intents whatever stands for their points: for callers who asked for another session."""
        with self._file.transaction() as db:
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
        self._under_way.difference_update(c.intent_id for c in conclusions if c.outcome != "drafted")
        try:
            with self._file.transaction() as db:
                db.executemany("INSERT INTO conclusion VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        except JournalError:
            self._under_way.difference_update(c.intent_id for c in conclusions)  # no draft goes without its record
            raise

    def doubts(self, *, operation: str) -> list[Intent]:
        """Intents of `operation` that may have happened: still open, of whatever kernel, or never settled."""
        with self._file.transaction() as db:
            rows = db.execute(
                f"{_STATE} WHERE operation = ? AND (outcome IS NULL OR outcome NOT IN (?, ?, ?, ?))",
                (operation, *_SETTLED),
            ).fetchall()
            return [_intent(row) for row in rows]

    def ties(self) -> Ties:
        """Which session belongs to which point, and which directory objects a drive's sessions carried."""
        with self._file.transaction() as db:
            mark = db.execute("SELECT coalesce(max(rowid), 0) FROM conclusion").fetchone()[0]
            rows = db.execute(
                f"{_STATE} WHERE session_id IS NOT NULL AND item_hash IS NULL ORDER BY last.rowid"
            ).fetchall()
        points = {row["session_id"]: row["restore_point_id"] for row in rows}
        objects: dict[str, set[str]] = {}
        for row in rows:
            if row["drive_key"] and row["directory_object_id"]:
                objects.setdefault(row["drive_key"], set()).add(row["directory_object_id"])
        last = {row["restore_point_id"]: (row["session_id"], row["date_time"]) for row in rows}
        return Ties(points, objects, mark, last)

    def done(self, wanted: Sequence[tuple[str, str, str]]) -> tuple[list[list[tuple[str, str]]], int]:
        """Where each (operation, restore point, item hash) was done or may have been; and `Ties.mark`.

        That is, oldest first, each session and what stands of it: ``created``, or ``drafted`` and ``unknown``.
        """
        with self._file.transaction() as db:
            mark: int = db.execute("SELECT coalesce(max(rowid), 0) FROM conclusion").fetchone()[0]
            rows = [self._rows(db, *one) for one in wanted]
        found = [[(row["session_id"], row["outcome"]) for row in of_one if row["session_id"]] for of_one in rows]
        return [[one for one in of_one if one[1] not in _NOT_DONE] for of_one in found], mark

    def history(self, *, since: datetime | None = None) -> list[dict[str, Any]]:
        """One row per write that was tried, oldest first; what was withdrawn before it was sent is left out."""
        with self._file.transaction() as db:
            return _told(db.execute(_SINCE, _start(since)))

    def close(self) -> None:
        """Close the file and stop counting as alive; open intents become doubts for the next run."""
        self._under_way.clear()
        self._file.close()

    @staticmethod
    def _rows(db: sqlite3.Connection, operation: str, point: str, item_hash: str | None) -> list[sqlite3.Row]:
        return db.execute(
            f"{_STATE} WHERE operation = ? AND restore_point_id = ? AND item_hash IS ? ORDER BY last.rowid",
            (operation, point, item_hash),
        ).fetchall()

    def _standing(self, db: sqlite3.Connection, operation: str, intent: Intent, mark: int) -> Claim | None:
        """What already stands for a point or an item of it, None if it is free."""
        rows = self._rows(db, operation, intent.restore_point_id, intent.item_hash)
        held = [row for row in rows if self._is_held(row)]
        if held:
            return Claim("held", tuple(_intent(row) for row in held))
        doubts = [row for row in rows if row["outcome"] not in _SETTLED]
        if doubts:
            return Claim("doubt", tuple(_intent(row) for row in doubts))
        if any(row["outcome"] == "created" and row["concluded"] > mark for row in rows):
            return Claim("changed", ())
        return None

    def _is_held(self, row: sqlite3.Row) -> bool:
        if row["outcome"] not in (None, "drafted"):
            return False
        return row["id"] in self._under_way if row["owner"] == self._file.owner else self._file.is_alive(row["owner"])

    def _insert(self, db: sqlite3.Connection, intent: Intent, operation: str) -> None:
        self._under_way.add(intent.id)
        db.execute(
            "INSERT INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (intent.id, intent.date_time, self._file.owner, self.tenant_id, self.account, operation,
             intent.restore_point_id, intent.point_date_time, intent.drive_key, intent.item_hash,
             intent.client_request_id),
        )  # fmt: skip


def _intent(row: sqlite3.Row) -> Intent:
    return Intent(
        row["id"], row["date_time"], row["restore_point_id"], row["point_date_time"], row["drive_key"],
        row["client_request_id"], row["item_hash"], row["session_id"],
    )  # fmt: skip


def _start(since: datetime | None) -> tuple[str]:
    return (since.isoformat() if since else "",)


def _told(rows: Iterable[sqlite3.Row]) -> list[dict[str, Any]]:
    return [
        {
            **dict(row),
            "outcome": row["outcome"] if row["outcome"] in _SETTLED else "unknown",
            "restore_point_id": row["restore_point_id"] or None,  # of an item whose point is not known
        }
        for row in rows
        if row["outcome"] != "withdrawn"
    ]


def history_of(paths: Sequence[Path], *, since: datetime | None = None) -> list[dict[str, Any]]:
    """The same as `Journal.history`, of many files that are only read.

    A write that several files tell of, as copies do, is told once, with the outcome that was recorded last.
    """
    newest: dict[str, sqlite3.Row] = {}
    for path in paths:
        for row in rows_of(path, _SINCE, _start(since)):
            known = newest.get(row["id"])
            if known is None or _recorded(known) < _recorded(row):
                newest[row["id"]] = row
    return _told(sorted(newest.values(), key=lambda row: str(row["date_time"])))


def _recorded(row: sqlite3.Row) -> tuple[str, int]:
    """When an outcome was recorded; copies may go on apart, so the place in a file says it only within one second."""
    return str(row["concluded_at"] or ""), row["concluded"] or 0


def default_path(tenant: str) -> Path:
    """Where a tenant's journal lies: the platform's data folder of the user."""
    from platformdirs import user_data_path

    return user_data_path("odb_nb", appauthor=False) / f"journal-{tenant}.sqlite"
