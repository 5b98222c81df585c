"""Open browse sessions on many restore points: never two on one point by our doing, a result for every point.

In rounds: look at the sessions that exist; claim in the journal what is to be sent; send; look again for every create
whose answer was lost; send again only what two looks, some seconds apart, have shown to be absent.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.background import show
from odb_nb.columns import parsed
from odb_nb.errors import AuthError, GraphError, JournalError, OdbError, OutcomeUnknownError, ThrottledError
from odb_nb.journal import Conclusion, Intent, Ties
from odb_nb.journal import Outcome as Recorded
from odb_nb.notices import notify
from odb_nb.operations.doubts import Doubt, Evidence
from odb_nb.operations.matching import is_live, match, newest_usable
from odb_nb.operations.results import Outcome, Result, in_doubt, not_fast, not_sent, session_exists
from odb_nb.operations.sessions import find_session, list_sessions, open_session
from odb_nb.operations.together import together
from odb_nb.words import counts_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from odb_nb.arguments import RestorePoint
    from odb_nb.operations.recorder import Recorder
    from odb_nb.pacing import Deadline
    from odb_nb.progress import Report
    from odb_nb.transport import Transport

OPERATION = "create_session"
LOOK_APART_S = 3.0
LOOK_GROWTH = 1.5
LOOK_APART_MOST_S = 15.0
BELIEVE_ABSENT_AFTER_S = 30.0  # the service may still be at work on a create whose answer was lost
LIST_LAG = timedelta(hours=1)  # how long a list may fail to show a session that the journal has
REFUSALS_IN_A_ROW = 5  # by then it is not the points that are refused, it is us
MOST_SENDS = 3

IfExists = Literal["reuse", "create", "error"]


@dataclass
class CreateRun:
    """One call of create: its points, how far each is, and the results so far.

    Parameters
    ----------
    points : sequence of RestorePoint
        Each id once.
    look_up : callable or None
        Asks for a point's drive and time when only its id was given and its create is in doubt.
    """

    transport: Transport
    recorder: Recorder
    points: Sequence[RestorePoint]
    if_exists: IfExists
    dry_run: bool
    max_concurrency: int
    deadline: Deadline
    report: Report
    look_up: Callable[[str, Deadline], Any]
    results: dict[str, Result] = field(default_factory=dict)

    _open: dict[str, RestorePoint] = field(default_factory=dict)  # not claimed yet
    _claimed: dict[str, Intent] = field(default_factory=dict)  # ours, not sent yet
    _in_flight: dict[str, Intent] = field(default_factory=dict)  # sent, no answer yet
    _doubts: dict[str, Doubt] = field(default_factory=dict)
    _sends: dict[str, int] = field(default_factory=dict)
    _sessions: list[dict[str, Any]] = field(default_factory=list)
    _seen_before: frozenset[str] = frozenset()
    _ties: Ties = field(default_factory=lambda: Ties({}, {}, 0))
    _stop: GraphError | AuthError | None = None
    _refusals: int = 0
    _outcomes: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Fill `results`; whatever happens, each point has one at the end.

        Raises
        ------
        JournalError
            Before anything was sent.
        asyncio.CancelledError
            After the results were wound up.
        """
        for point in self.points:
            if point.can_be_browsed:
                self._open[point.id] = point
            else:
                self._finish(point.id, Result.of_error("failed", not_fast(point)))
        try:
            if self._open:
                await self._rounds()
        except (GraphError, AuthError) as exc:
            await self._wind_up(self._outcome_of(exc), exc)
        except JournalError as exc:
            if not self._sends:
                raise
            await self._wind_up("failed", exc)
        except BaseException:
            await self._wind_up("cancelled", None)
            raise
        else:
            await self._wind_up("timed_out", None)

    def so_far(self) -> dict[str, Result]:
        """The results, and ``unknown`` for what was sent and has none: also right when a call is cut off hard."""
        in_doubt_now = self._in_flight.keys() | self._doubts.keys()
        return {
            point.id: Result.of_error("unknown", in_doubt(point)) for point in self.points if point.id in in_doubt_now
        } | self.results

    async def _rounds(self) -> None:
        await self._look()
        self._seen_before = frozenset(str(session.get("id")) for session in self._sessions)
        self._use_what_exists()
        if self.dry_run:
            for point_id in list(self._open):
                self._finish(point_id, Result("planned"))
        pause_s = LOOK_APART_S
        while self._open or self._doubts:
            await self._claim()
            await self._send()
            if not (self._open or self._doubts) or not await self.deadline.pause(pause_s):
                return
            pause_s = min(LOOK_APART_MOST_S, pause_s * LOOK_GROWTH)
            await self._look()
            self._use_what_exists()
            await self._settle_doubts()

    async def _look(self) -> None:
        # the journal first: what it gains while the list is read is then known to be newer than the list
        self._ties = await self.recorder.call(self.recorder.journal.ties)
        self._sessions = await list_sessions(self.transport, self.deadline)
        await self._look_closer()

    async def _look_closer(self) -> None:
        """Ask by id for what the journal has opened of late and the list does not show yet."""
        listed = {session.get("id") for session in self._sessions}
        now = self.transport.now or datetime.now(UTC)
        opened = [self._ties.last_created.get(point_id, ("", "")) for point_id in self._open]
        recent = [id_ for id_, when in opened if (moment := parsed(when)) and now - moment < LIST_LAG]

        async def ask(session_id: str) -> None:
            session = await find_session(self.transport, session_id, self.deadline)
            self._sessions += [session] if session else []

        await together(ask(session_id) for session_id in recent if session_id not in listed)

    def _use_what_exists(self) -> None:
        if self.if_exists == "create":
            return
        now = self.transport.now
        matches = match(list(self._open.values()), self._sessions, self._ties.point_of_session)
        for point_id, point in list(self._open.items()):
            named = [found for found in matches.get(point_id, ()) if found.session.get("id")]
            best = newest_usable(named, now)
            if best is None or not is_live(best.session, now):
                continue
            if self.if_exists == "reuse":
                self._finish(point_id, Result("reused", best.session))
            else:
                self._finish(point_id, Result.of_error("failed", session_exists(point, best.session)))

    async def _claim(self) -> None:
        """Put the intent on record before anything is sent; leave alone what is in other hands or in doubt."""
        wanted = [self._intent(point) for point in self._open.values()]
        # ours until the journal says otherwise: cut short in between, they are withdrawn and hold nobody up
        self._claimed = {intent.restore_point_id: intent for intent in wanted}
        journal = self.recorder.journal
        if self.if_exists == "create":
            await self.recorder.call(journal.insist, wanted, operation=OPERATION)
            self._open.clear()
            return
        claims = await self.recorder.call(journal.claim, wanted, operation=OPERATION, mark=self._ties.mark)
        for point_id, claim in claims.items():
            if claim.state == "ours":
                del self._open[point_id]
                continue
            del self._claimed[point_id]
            if claim.state == "doubt":
                self._doubts[point_id] = Doubt(
                    self._open.pop(point_id), claim.intents, seen_at=self.transport.time.monotonic()
                )

    def _intent(self, point: RestorePoint) -> Intent:
        now = self.transport.now or datetime.now(UTC)
        taken = point.protection_date_time
        return Intent(
            id=uuid.uuid4().hex,
            date_time=now.isoformat(),
            restore_point_id=point.id,
            point_date_time=taken.isoformat() if taken else None,
            drive_key=point.drive_key,
            client_request_id=str(uuid.uuid4()),
        )

    async def _send(self) -> None:
        by_id = {point.id: point for point in self.points}
        queue = [by_id[point_id] for point_id in self._claimed]

        async def work() -> None:
            while queue and not self._stop and self.deadline.remaining_s:
                await self._send_one(queue.pop(0))

        await together(work() for _ in range(min(self.max_concurrency, len(queue))))
        if self._stop:
            raise self._stop

    async def _send_one(self, point: RestorePoint) -> None:
        intent = self._in_flight[point.id] = self._claimed.pop(point.id)
        self._sends[point.id] = self._sends.get(point.id, 0) + 1
        try:
            answer = await open_session(self.transport, point.id, intent.client_request_id, self.deadline)
        except OutcomeUnknownError as exc:
            del self._in_flight[point.id]
            self._doubts[point.id] = Doubt(point, (intent,), error=exc, seen_at=self.transport.time.monotonic())
        except (GraphError, AuthError) as exc:
            del self._in_flight[point.id]
            await self._refused(point, intent, exc)
        else:
            del self._in_flight[point.id]
            self._refusals = 0
            self._finish(point.id, Result("created", answer.json, answer.request_id))
            await self.recorder.conclude(self._conclusion(intent, "created", answer.json, answer.request_id))

    async def _refused(self, point: RestorePoint, intent: Intent, exc: GraphError | AuthError) -> None:
        was_sent = exc.status_code is not None and exc.status_code != 429
        self._finish(point.id, Result.of_error(self._outcome_of(exc), exc))
        recorded: Recorded = "failed" if was_sent else "withdrawn"
        await self.recorder.conclude(
            self._conclusion(intent, recorded, {}, exc.request_id, exc.code or type(exc).__name__)
        )
        self._refusals = self._refusals + 1 if isinstance(exc, AuthError) else 0
        if exc.status_code == 401 or self._refusals >= REFUSALS_IN_A_ROW:
            self._stop = exc  # the others would be refused as well

    async def _settle_doubts(self) -> None:
        await self._learn_points()
        rivals = await self.recorder.call(self.recorder.journal.doubts, operation=OPERATION)
        evidence = Evidence(self._sessions, self._ties, self._seen_before, rivals)
        for point_id, verdict in evidence.judge(list(self._doubts.values())).items():
            doubt = self._doubts[point_id]
            is_old = self.transport.time.monotonic() - doubt.seen_at >= BELIEVE_ABSENT_AFTER_S
            if not doubt.weigh(verdict, is_old=is_old):
                continue
            if verdict == "absent":
                await self._settled_as_absent(doubt)
            elif verdict == "ambiguous":
                await self._settled_as_unknown(doubt)
            else:
                await self._settled_as_found(doubt, verdict)

    async def _learn_points(self) -> None:
        """Only ids were given, and there is doubt: ask for the point, once, if the service will tell."""
        for doubt in self._doubts.values():
            if doubt.point.protection_date_time is None and not doubt.has_asked:
                doubt.has_asked = True
                try:
                    doubt.point = await self.look_up(doubt.point.id, self.deadline)
                except (GraphError, AuthError):
                    continue  # an assumed route: without it the doubt is judged on less

    async def _settled_as_found(self, doubt: Doubt, session: dict[str, Any]) -> None:
        point = self._doubts.pop(doubt.point.id).point
        if doubt.is_own:
            self._finish(point.id, Result("created", session, getattr(doubt.error, "request_id", None)))
        elif not is_live(session, self.transport.now):
            self._open[point.id] = point
        elif self.if_exists == "error":
            self._finish(point.id, Result.of_error("failed", session_exists(point, session)))
        else:
            self._finish(point.id, Result("reused", session))
        await self.recorder.conclude(*(self._conclusion(intent, "created", session) for intent in doubt.intents))
        self._ties = await self.recorder.call(self.recorder.journal.ties)

    async def _settled_as_absent(self, doubt: Doubt) -> None:
        del self._doubts[doubt.point.id]
        await self.recorder.conclude(*(self._conclusion(intent, "absent", {}) for intent in doubt.intents))
        if self._sends.get(doubt.point.id, 0) >= MOST_SENDS and doubt.error:
            self._finish(doubt.point.id, Result.of_error("failed", doubt.error))
        else:
            self._open[doubt.point.id] = doubt.point

    async def _settled_as_unknown(self, doubt: Doubt) -> None:
        del self._doubts[doubt.point.id]
        self._finish(doubt.point.id, Result.of_error("unknown", doubt.error or in_doubt(doubt.point)))
        await self.recorder.conclude(*(self._conclusion(intent, "unknown", {}) for intent in doubt.intents))

    async def _wind_up(self, unsent: Outcome, error: OdbError | None) -> None:
        """Give every point that has none a result, and say in the journal what was never sent."""
        conclusions = [self._conclusion(intent, "withdrawn", {}) for intent in self._claimed.values()]
        conclusions += [self._conclusion(intent, "unknown", {}) for intent in self._in_flight.values()]
        own = [doubt for doubt in self._doubts.values() if doubt.is_own]
        conclusions += [self._conclusion(intent, "unknown", {}) for doubt in own for intent in doubt.intents]
        so_far = self.so_far()
        for point in self.points:
            if point.id not in self.results:
                missing = Result.of_error(unsent, error or not_sent(point, unsent))
                self._finish(point.id, so_far.get(point.id, missing))
        try:
            await asyncio.shield(self.recorder.conclude(*conclusions))
        except JournalError as exc:
            if not self._sends:
                raise
            # what was sent has results to hand over; its open intents make the next run look first
            words = f"what became of this call is not all on record: {exc}"
            show(lambda: notify(words))

    def _outcome_of(self, exc: GraphError | AuthError) -> Outcome:
        ran_out = isinstance(exc, ThrottledError) or (exc.status_code is None and not self.deadline.remaining_s)
        return "timed_out" if ran_out else "failed"

    def _conclusion(
        self,
        intent: Intent,
        outcome: Recorded,
        session: dict[str, Any],
        request_id: str | None = None,
        error_code: str | None = None,
    ) -> Conclusion:
        return Conclusion(
            intent_id=intent.id,
            date_time=self.transport.now or datetime.now(UTC),
            outcome=outcome,
            session_id=session.get("id"),
            directory_object_id=str(session.get("directoryObjectId") or "") or None,
            error_code=error_code,
            request_id=request_id,
        )

    def _finish(self, point_id: str, result: Result) -> None:
        self._open.pop(point_id, None)
        self.results[point_id] = result
        self._outcomes[str(result.outcome)] += 1
        self.report(len(self.results), len(self.points), counts_in_words(self._outcomes))
