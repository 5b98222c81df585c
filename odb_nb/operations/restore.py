"""Restore the items of a plan: none twice by our doing, a result for every item.

A restore session is drafted, which restores nothing, and then set going. The journal has each item before the draft,
and the draft's id before it is set going; so after a lost answer or a kill it is known which draft to look at, and what
it is tells the rest: a draft restores nothing and may be deleted, anything else was set going. Setting a draft going a
second time is refused by the service, so that request may be repeated.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.background import show
from odb_nb.errors import AuthError, GraphError, JournalError, OdbError, ThrottledError
from odb_nb.journal import Conclusion, Intent
from odb_nb.journal import Outcome as Recorded
from odb_nb.notices import notify
from odb_nb.operations import restore_sessions
from odb_nb.operations.drafts import drafted, set_going, was_set_going
from odb_nb.operations.following import Follower
from odb_nb.operations.restore_results import ItemResult, in_doubt, not_sent
from odb_nb.words import counts_in_words

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from odb_nb.operations.recorder import Recorder
    from odb_nb.operations.results import Outcome
    from odb_nb.pacing import Deadline
    from odb_nb.plans import PlannedItem
    from odb_nb.progress import Report
    from odb_nb.transport import Transport

OPERATION = {"new": "restore", "inPlace": "restore_in_place"}
PAUSE_FIRST_S = 2.0
PAUSE_MOST_S = 30.0
TIDY_S = 10.0

IfRestored = Literal["reuse", "create"]


@dataclass
class RestoreRun:
    """One call of restore: its items, how far each is, and the results so far.

    Parameters
    ----------
    items : sequence of PlannedItem
        Checked; each identity once per destination.
    reopen : callable
        Opens the browse sessions of the plan that are gone again and checks their keys: items in, those that can be
        restored out, with an error for each of the others.
    """

    transport: Transport
    recorder: Recorder
    items: Sequence[PlannedItem]
    if_restored: IfRestored
    dry_run: bool
    deadline: Deadline
    report: Report
    reopen: Callable[[list[PlannedItem], Deadline], Awaitable[list[PlannedItem | OdbError]]]
    results: dict[int, ItemResult] = field(default_factory=dict)

    _open: dict[int, PlannedItem] = field(default_factory=dict)  # not claimed, by place in the plan
    _claimed: dict[int, Intent] = field(default_factory=dict)  # ours, in no draft that is on record
    _drafted: dict[int, tuple[Intent, str]] = field(default_factory=dict)  # in a draft that may be set going
    _earlier: dict[int, str] = field(default_factory=dict)  # where an earlier run may have restored it: not settled
    _mark: int = 0
    _outcomes: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Fill `results`; whatever happens, each item has one at the end.

        Raises
        ------
        JournalError
            Before anything was sent.
        asyncio.CancelledError
            After the results were wound up.
        """
        self._open = dict(enumerate(self.items))
        try:
            if self._open:
                await self._rounds()
        except (GraphError, AuthError) as exc:
            await self._wind_up(self._outcome_of(exc), exc)
        except JournalError as exc:
            if not (self._drafted or self.results):
                raise
            await self._wind_up("failed", exc)
        except BaseException:
            await self._wind_up("cancelled", None)
            raise
        else:
            await self._wind_up("timed_out", None)

    def so_far(self) -> dict[int, ItemResult]:
        """The results, and ``unknown`` for what may have been set going: also right when a call is cut off hard."""
        session_ids = self._earlier | {place: id_ for place, (_, id_) in self._drafted.copy().items()}
        doubts = {
            place: ItemResult.of_error("unknown", in_doubt(self.items[place]), session_id)
            for place, session_id in session_ids.items()
        }
        return doubts | self.results

    async def _rounds(self) -> None:
        await self._use_what_was_done()
        if self.dry_run:
            for place in list(self._open):
                self._finish(place, ItemResult("planned"))
            return
        await self._open_sessions_again()
        pause_s = PAUSE_FIRST_S
        while self._open:
            for request in self._requests():
                await self._send(request)
            if self._open:
                if not await self.deadline.pause(pause_s):  # in the hands of another kernel, or in doubt
                    return
                pause_s = min(PAUSE_MOST_S, pause_s * 2)
                await self._use_what_was_done()

    async def _use_what_was_done(self) -> None:
        """Take the results of earlier runs for what they have restored, or are restoring; what failed stays open."""
        if self.if_restored == "create":
            return
        places = list(self._open)
        wanted = [(OPERATION[item.destination], *item.identity) for item in self._open.values()]
        found, self._mark = await self.recorder.call(self.recorder.journal.done, wanted)
        self._earlier = {place: of_one[-1][0] for place, of_one in zip(places, found, strict=True) if of_one}
        done = dict.fromkeys(id_ for of_one in found for id_, outcome in of_one if outcome == "created")
        artifacts = {session_id: await self._artifacts(session_id) for session_id in done}
        for place, of_one in zip(places, found, strict=True):
            of_session = {id_: artifacts.get(id_, {}).get(self._open[place].item_key, {}) for id_, _ in of_one}
            standing = [id_ for id_, artifact in of_session.items() if not restore_sessions.has_failed(artifact)]
            if newest := next((id_ for id_ in reversed(standing) if id_ in done), None):
                self._finish(place, ItemResult("reused", newest, of_session[newest]))
            elif not standing:
                self._earlier.pop(place, None)

    async def _artifacts(self, session_id: str) -> dict[str, dict[str, Any]]:
        rows = await restore_sessions.artifacts(self.transport, session_id, self.deadline) or []
        return {str(row.get("id")): row for row in rows}

    async def _open_sessions_again(self) -> None:
        if not self._open:
            return
        places = list(self._open)
        found = await self.reopen([self._open[place] for place in places], self.deadline)
        for place, usable in zip(places, found, strict=True):
            if isinstance(usable, OdbError):
                self._finish(place, ItemResult.of_error("failed", usable))
            else:
                self._open[place] = usable

    def _requests(self) -> list[list[int]]:
        by_number: dict[int, list[int]] = defaultdict(list)
        for place, item in self._open.items():
            by_number[item.request_number].append(place)
        return [by_number[number] for number in sorted(by_number)]

    async def _send(self, places: list[int]) -> None:
        """Restore what is ours of one request; leave alone what is in other hands, settle what is in doubt."""
        ours = await self._claim(places)
        if not ours:
            return
        items = [self._open.pop(place) for place in ours]
        try:
            session_id = await drafted(self.transport, items, self.deadline)
        except (GraphError, AuthError) as exc:
            await self._refused(ours, exc)
            return
        await self.recorder.conclude(*(self._conclusion(self._claimed[place], "drafted", session_id) for place in ours))
        for place in ours:
            self._drafted[place] = self._claimed.pop(place), session_id
        try:
            await set_going(self.transport, session_id, self.deadline)
        except (GraphError, AuthError) as exc:
            await self._not_set_going(ours, session_id, exc)
            return
        await self._set_going(ours, session_id)

    async def _claim(self, places: list[int]) -> list[int]:
        operation = OPERATION[self._open[places[0]].destination]
        wanted = [self._intent(self._open[place]) for place in places]
        # ours until the journal says otherwise: cut short in between, they are withdrawn and hold nobody up
        self._claimed |= dict(zip(places, wanted, strict=True))
        journal = self.recorder.journal
        if self.if_restored == "create":
            await self.recorder.call(journal.insist, wanted, operation=operation)
            return places
        claims = await self.recorder.call(journal.claim_each, wanted, operation=operation, mark=self._mark)
        ours: list[int] = []
        doubts: list[Intent] = []
        for place, claim in zip(places, claims, strict=True):
            if claim.state == "ours":
                ours.append(place)
                continue
            del self._claimed[place]
            if claim.state == "doubt":
                doubts += claim.intents
        if doubts:
            await self._settle(doubts)
        return ours

    async def _settle(self, intents: list[Intent]) -> None:
        """What an earlier run left open: set going, or not. The next round finds it settled."""
        by_session: dict[str | None, list[Intent]] = defaultdict(list)
        for intent in intents:
            by_session[intent.session_id].append(intent)
        for session_id, members in by_session.items():
            # nothing is set going before its draft is on record
            was_set_going = session_id is not None and await self._was_set_going(session_id)
            outcome: Recorded = "created" if was_set_going else "absent"
            if not was_set_going:
                self._earlier = {place: id_ for place, id_ in self._earlier.items() if id_ != session_id}
            await self.recorder.conclude(*(self._conclusion(intent, outcome, session_id) for intent in members))

    async def _was_set_going(self, session_id: str) -> bool:
        # also when the time is up, if not for long: a draft left behind would keep its items in doubt
        return await was_set_going(self.transport, session_id, self.deadline.later(TIDY_S))

    async def _set_going(self, places: list[int], session_id: str) -> None:
        for place in places:
            self._finish(place, ItemResult("created", session_id, {"status": "scheduling"}))
        drafted = [self._drafted.pop(place) for place in places]
        await self.recorder.conclude(*(self._conclusion(intent, "created", session_id) for intent, _ in drafted))

    async def _not_set_going(self, places: list[int], session_id: str, exc: GraphError | AuthError) -> None:
        """Activating was refused, or is in doubt: a draft that can be deleted settles it."""
        if await self._was_set_going(session_id):
            await self._set_going(places, session_id)
            return
        intents = [self._drafted.pop(place)[0] for place in places]
        await self._fail(places, intents, exc)

    async def _refused(self, places: list[int], exc: GraphError | AuthError) -> None:
        await self._fail(places, [self._claimed.pop(place) for place in places], exc)

    async def _fail(self, places: list[int], intents: list[Intent], exc: GraphError | AuthError) -> None:
        outcome = self._outcome_of(exc)
        for place in places:
            self._finish(place, ItemResult.of_error(outcome, exc))
        recorded: Recorded = "failed" if exc.status_code is not None and exc.status_code != 429 else "withdrawn"
        await self.recorder.conclude(*(self._conclusion(intent, recorded, None, exc) for intent in intents))
        if isinstance(exc, AuthError):
            raise exc  # the other requests would be refused as well

    async def _wind_up(self, unsent: Outcome, error: OdbError | None) -> None:
        """Give every item that has none a result, and say in the journal what was never set going."""
        conclusions = [self._conclusion(intent, "withdrawn", None) for intent in self._claimed.values()]
        # the next run looks what became of these drafts
        conclusions += [self._conclusion(intent, "unknown", id_) for intent, id_ in self._drafted.values()]
        so_far = self.so_far()
        for place, item in enumerate(self.items):
            if place not in self.results:
                missing = ItemResult.of_error(unsent, error or not_sent(item, unsent))
                self._finish(place, so_far.get(place, missing))
        try:
            await asyncio.shield(self.recorder.conclude(*conclusions))
        except JournalError as exc:
            words = f"what became of this call is not all on record: {exc}"
            show(lambda: notify(words))

    def _outcome_of(self, exc: GraphError | AuthError) -> Outcome:
        ran_out = isinstance(exc, ThrottledError) or not self.deadline.remaining_s
        is_waiting = isinstance(exc, GraphError) and restore_sessions.must_wait(exc)
        return "timed_out" if ran_out or is_waiting else "failed"

    def _intent(self, item: PlannedItem) -> Intent:
        point, item_hash = item.identity
        return Intent(
            id=uuid.uuid4().hex,
            date_time=(self.transport.now or datetime.now(UTC)).isoformat(),
            restore_point_id=point,
            point_date_time=None,
            drive_key=item.drive_id,
            client_request_id=str(uuid.uuid4()),
            item_hash=item_hash,
        )

    def _conclusion(
        self, intent: Intent, outcome: Recorded, session_id: str | None, exc: GraphError | AuthError | None = None
    ) -> Conclusion:
        return Conclusion(
            intent_id=intent.id,
            date_time=self.transport.now or datetime.now(UTC),
            outcome=outcome,
            session_id=session_id,
            error_code=(exc.code or type(exc).__name__) if exc else None,
            request_id=exc.request_id if exc else None,
        )

    def _finish(self, place: int, result: ItemResult) -> None:
        self._open.pop(place, None)
        self.results[place] = result
        self._outcomes[str(result.outcome)] += 1
        self.report(len(self.results), len(self.items), counts_in_words(self._outcomes))

    async def follow(self, *, until_over: bool) -> None:
        """Look how far the restores are that this run has set going or found; to their ends if `until_over`."""
        of_sessions: dict[str, dict[str, ItemResult]] = defaultdict(dict)
        for place, result in self.results.items():
            if result.restore_session_id and result.outcome in ("created", "reused"):
                of_sessions[result.restore_session_id][self.items[place].item_key] = result
        follower = Follower(self.transport, self.deadline, self.report)
        known = {id_: {key: result.artifact for key, result in rows.items()} for id_, rows in of_sessions.items()}
        fault: OdbError | None = None
        is_cut_off = True
        try:
            await follower.follow(known, until_over=until_over)
            is_cut_off = False
        except (GraphError, AuthError) as exc:
            fault, is_cut_off = exc, False
        finally:
            for id_, rows in of_sessions.items():
                for key, result in rows.items():
                    result.follow(known[id_][key], fault, is_awaited=until_over and not is_cut_off)
