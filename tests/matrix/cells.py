"""One cell: an operation meets a trouble, and every promise is held against the sandbox's own books."""

from __future__ import annotations

import time
import warnings
from functools import cache
from unittest.mock import patch

import httpx

from matrix.operations import OPERATIONS, told
from matrix.stage import Stage
from matrix.troubles import REFUSED_FOR_LONG_S, TROUBLES
from odb_nb import OdbError
from odb_nb.http_client import translate

LEEWAY = 1.1
# One of these is in every error: what the reader can do about it.
ADVICE = (
    *("call again", "sign in again", "granted by", "ask the administrator", "check the network", "wait_for_sessions"),
    *("create_sessions", "plan anew", "another restore point"),
)
MISSING = "missing"
NOT_MET = "not met"
NO_DATE = "rows, one date null"
_BAD = ("failed", "timed_out", "unknown")

# Nothing in the service's answers tells that a row of a page is missing, but for the counts that a walk compares.
# operation: the column that shows it, and the words for it
_CANNOT_KNOW = {
    "list_drives": ("id", "rows, one missing"),
    "list_sessions": ("id", "rows, one missing"),
    "tabulate_status": ("session_id", "rows, a session missing"),
    "browse": ("item_key", "rows, one missing"),
    "walk": ("item_key", "rows, one missing, and told"),
    "plan_restore": ("restore_point_id", "rows, the point not told"),
    "list_restores": ("item_key", "rows, one missing"),
}


class Stages:
    """One stage for each operation and each set of switches."""

    def __init__(self):
        self._stages = {}

    def get(self, operation, trouble):
        switches = {**operation.switches, **trouble.switches}
        name = operation.name, repr(switches)
        if name not in self._stages:
            self._stages[name] = Stage(**switches)
        return self._stages[name]

    def close(self):
        for stage in self._stages.values():
            stage.close()
        self._stages.clear()


STAGES = Stages()


@cache
def cell(operation, trouble):
    """What happens when an operation meets a trouble, in a word or two.

    Raises
    ------
    AssertionError
        A promise is broken.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a walk is not complete is checked by its attrs
        for _ in range(1 if sends_nothing(operation) else trouble.rounds):
            word = _Cell(STAGES.get(operation, trouble), operation, trouble).run()
            if word != NOT_MET:
                break
    assert trouble.rounds == 1 or word != NOT_MET or sends_nothing(operation), "nothing was struck"
    return word


def sends_nothing(operation):
    """It reads the token alone."""
    return operation.name == "check_permissions"


class _Cell:
    def __init__(self, stage, operation, trouble):
        self.stage, self.operation, self.trouble = stage, operation, trouble
        self.sandbox, self.client = stage.sandbox, stage.client
        self.struck_before = self.sandbox.faults.struck
        if trouble.name == "never ready" and operation.is_on_sessions:
            self._order(trouble.faults(stage, operation, []))
        self.given = operation.prepare(stage)
        if trouble.name.startswith("row") and operation.page == "list_sessions":
            operation.call(self.client, self.given)  # so that the page has rows that matter

    def _order(self, faults):
        self.sandbox.faults.clear()
        for fault in faults or ():
            self.sandbox.faults.add(fault)

    def run(self):
        sandbox = self.sandbox
        complaints = len(sandbox.complaints)
        try:
            word, frame = self._met()
        finally:
            self._over()
        assert told(self.client.list_drives()["id"]) == [drive.id for drive in sandbox.drives]
        if self.trouble.ends != "session":
            whole = self._again()
            word = self._missing(frame, whole) if word == MISSING else word
            if self.trouble.ends == "date" and word == "rows":
                word = _dated(frame, whole)
        assert sandbox.complaints[complaints:] == []
        return word

    def _met(self):
        """What the call gives while the trouble is there."""
        sandbox, operation = self.sandbox, self.operation
        faults = self.trouble.faults(self.stage, operation, list(operation.points(self.given)))
        self._order(faults)
        begun, shut_doors = sandbox.clock.mark(), []
        frame = error = None
        try:
            with (
                patch("odb_nb.transport.REQUEST_TIMEOUT_S", self.trouble.limit_s),
                patch("odb_nb.transport.translate", _counting(translate, shut_doors)),
            ):
                frame = operation.call(self.client, self.given)
        except OdbError as exc:
            error = exc
        assert sandbox.clock.since(begun) <= LEEWAY * operation.limit_s, "the deadline was not kept"
        operation.never(self.stage, self.given, frame)
        word = self._word(frame, error)
        if sends_nothing(operation) or not self._is_met(faults, shut_doors):
            assert word == "rows", word
            return NOT_MET, frame
        if faults and all(fault.is_counted and fault.times for fault in faults):
            assert len(sandbox.faults) == 0, "the fault did not strike"
        assert word != "rows" or self.trouble.ends != "lasts", "all rows, in spite of it"
        return word, frame

    def _is_met(self, faults, shut_doors):
        """Whether a fault struck; where none was ordered the trouble is there from the start."""
        if "refused" in self.trouble.name:
            return bool(shut_doors)
        return self.sandbox.faults.struck > self.struck_before if faults else faults is not None

    def _word(self, frame, error):
        if error is not None:
            assert not self.trouble.costs_no_row, f"{type(error).__name__}: {error}"
            check_advice(str(error))
            return f"error: {type(error).__name__}"
        if self._is_right(frame):
            return "rows"
        if self.trouble.ends == "row":
            assert self.operation.name in _CANNOT_KNOW
            return MISSING
        column = next(name for name in ("verdict", "outcome", "status") if name in frame and frame[name].notna().any())
        bad = sorted({*frame[column].dropna()} - {"created", "reused", "good"})
        assert bad, "a frame that is not right, and does not say so"
        for words in frame.loc[frame[column].isin(_BAD), "error_message"].dropna():
            check_advice(words)
        if column == "outcome":
            assert frame.loc[frame["outcome"].isin(("failed", "unknown")), "error_message"].notna().all()
        return f"rows: {', '.join(bad)}"

    def _is_right(self, frame):
        if self.trouble.costs_no_row:
            self.operation.right(self.stage, self.given, frame)
            return True
        try:
            self.operation.right(self.stage, self.given, frame)
        except AssertionError:
            return False
        return True

    def _over(self):
        """The trouble is over: what the service asked to wait is waited out, and a door that was shut is open."""
        self.sandbox.faults.clear()
        if "refused" in self.trouble.name:
            self.sandbox.clock.advance(REFUSED_FOR_LONG_S)
            time.sleep(0.02)
        if self.trouble.name == "429, too long":
            # the one call whose time can be as long as one likes; it opens nothing
            self.client.create_sessions(self.stage.spare.id, dry_run=True, timeout=86_400)

    def _again(self):
        """The very same call, now that nothing stands in its way: everything, and nothing twice."""
        frame = self.operation.call(self.client, self.given)
        self.operation.right(self.stage, self.given, frame)
        self.operation.never(self.stage, self.given, frame)
        return frame

    def _missing(self, frame, whole):
        """What a missing row costs: that row, nothing else, and where it can be known it is told."""
        column, words = _CANNOT_KNOW[self.operation.name]
        shown, all_ = (set(frame[column].dropna()) for frame in (frame, whole))
        assert len(all_ - shown) <= 2  # a restore session of two items
        assert shown < all_
        assert self.operation.name != "walk" or frame.attrs["counts_differ"]
        return words


def _counting(translate, shut_doors):
    """The same, and a note of each connection that was refused."""

    def translated(exc, **about):
        if isinstance(exc, httpx.ConnectError):
            shut_doors.append(exc)
        return translate(exc, **about)

    return translated


def _dated(frame, whole):
    """What a date that cannot be read costs: itself."""
    times = frame.select_dtypes("datetimetz").columns
    lost = sum((frame[name].isna() & whole[name].notna()).sum() for name in times)
    assert lost <= 1
    assert all((frame[name].isna() | frame[name].eq(whole[name])).all() for name in times)
    return NO_DATE if lost else "rows"


def check_advice(words):
    """An error says what can be done about it."""
    assert any(advice in words.casefold() for advice in ADVICE), f"names nothing to do: {words}"


def everything():
    """All cells, a row for each operation."""
    return {operation: {trouble: cell(operation, trouble) for trouble in TROUBLES} for operation in OPERATIONS}
