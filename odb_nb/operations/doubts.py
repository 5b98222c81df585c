"""Creates whose answer was lost: did they happen? Pure rules over a list of sessions, no I/O.

A session is ours beyond doubt when it names our restore point, or carries our drive's directory object and our
point's time. Documented answers may give neither, so there is a third way: what the journal accounts for is set
aside, and if exactly one new session with our point's time is left, and no other open intent could have made it, it
is ours. Anything less is ambiguous, and ambiguous is never sent again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.arguments import LONGEST_CALL_S
from odb_nb.operations.matching import parsed, second

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from odb_nb.arguments import RestorePoint
    from odb_nb.errors import OdbError
    from odb_nb.journal import Intent, Ties

# clocks of the service's own machines may differ a little
CLOCK_SLACK = timedelta(seconds=60)
LONGEST_CALL = timedelta(seconds=LONGEST_CALL_S)


@dataclass
class Doubt:
    """A point on which a create was sent, by this call or by one that died, and may have happened."""

    point: RestorePoint
    intents: tuple[Intent, ...]
    error: OdbError | None = None  # how our own create ended; None if another call sent it
    absences: int = 0
    ambiguities: int = 0
    has_asked: bool = False  # the service, for the point's drive and time
    seen_at: float = 0.0  # when this call came upon it, on the transport's time

    @property
    def is_own(self) -> bool:
        """True if this call sent the create."""
        return self.error is not None

    @property
    def since(self) -> datetime | None:
        """No session made before this is the one."""
        moments = [moment for intent in self.intents if (moment := parsed(intent.date_time))]
        return min(moments) - CLOCK_SLACK if moments else None


Verdict = dict[str, Any] | Literal["absent", "ambiguous"]


@dataclass(frozen=True)
class Evidence:
    """What a look at the service showed, and what the journal knows of it.

    `seen_before` are the sessions that stood before this call sent anything; `open_intents` is everything in the
    journal that may have happened, our own doubts among it.
    """

    sessions: Sequence[dict[str, Any]]
    ties: Ties
    seen_before: frozenset[str]
    open_intents: Sequence[Intent]

    def judge(self, doubts: Sequence[Doubt]) -> dict[str, Verdict]:
        """Per restore point id: the session that the lost create made, or that there is none, or no telling."""
        verdicts = {doubt.point.id: self._judge(doubt, doubts) for doubt in doubts}
        claims = Counter(str(verdict.get("id")) for verdict in verdicts.values() if isinstance(verdict, dict))
        # a session that two creates may claim was made by one of them, and there is no telling by which
        return {
            point_id: "ambiguous" if isinstance(verdict, dict) and claims[str(verdict.get("id"))] > 1 else verdict
            for point_id, verdict in verdicts.items()
        }

    def _judge(self, doubt: Doubt, doubts: Sequence[Doubt]) -> Verdict:
        own, others = self._objects_seen(doubt.point)
        # by id: a list that grows while its pages are read may show a session twice
        new = {str(session.get("id")): session for session in self.sessions if self._may_be_new(session, doubt)}
        candidates = list(new.values())
        sure = [session for session in candidates if self._is_surely(session, doubt.point, own)]
        if sure:
            return max(sure, key=lambda session: str(session.get("createdDateTime")))
        possible = [session for session in candidates if self._is_possibly(session, doubt.point)]
        if own:
            possible = [session for session in possible if session.get("directoryObjectId") not in others]
        elif self._shows_users() and doubt.point.directory_object_id:
            user = doubt.point.directory_object_id
            possible = [session for session in possible if session.get("directoryObjectId") in (None, user)]
        if not possible:
            return "absent"
        if len(possible) > 1 or doubt.point.protection_date_time is None:
            return "ambiguous"
        if possible[0].get("directoryObjectId") in others:
            return "ambiguous"  # another drive's, or our own drive's on record under another key
        if self._has_rival(doubt, doubts, possible[0]):
            return "ambiguous"
        return possible[0]

    def _may_be_new(self, session: dict[str, Any], doubt: Doubt) -> bool:
        session_id = str(session.get("id"))
        if session_id in self.ties.point_of_session or (doubt.is_own and session_id in self.seen_before):
            return False
        created = parsed(session.get("createdDateTime"))
        return created is None or doubt.since is None or created >= doubt.since

    def _is_surely(self, session: dict[str, Any], point: RestorePoint, own: set[str]) -> bool:
        if session.get("restorePointId"):
            return bool(session["restorePointId"] == point.id)
        return (
            point.protection_date_time is not None
            and _time(session) == second(point.protection_date_time)
            and session.get("directoryObjectId") in own | ({point.directory_object_id} - {None})
        )

    def _is_possibly(self, session: dict[str, Any], point: RestorePoint) -> bool:
        if session.get("restorePointId"):
            return False
        times = _time(session), second(point.protection_date_time)
        return None in times or times[0] == times[1]

    def _objects_seen(self, point: RestorePoint) -> tuple[set[str], set[str]]:
        """Directory objects that sessions of this drive alone have carried, and those of other drives alone."""
        own: set[str] = set()
        others: set[str] = set()
        for key, objects in self.ties.directory_objects.items():
            (own if key in (point.drive_id, point.directory_object_id) else others).update(objects)
        return own - others, (others - own - {point.directory_object_id}) if point.drive_key else set()

    def _shows_users(self) -> bool:
        """True if the service has been seen to put the user's directory object on a session, not a site's."""
        return any(key in objects for key, objects in self.ties.directory_objects.items())

    def _has_rival(self, doubt: Doubt, doubts: Iterable[Doubt], session: dict[str, Any]) -> bool:
        """Could another create, in this call or on record, have made the one session that is left?"""
        own = {intent.id for other in doubts for intent in other.intents}
        others = [second(other.point.protection_date_time) for other in doubts if other is not doubt]
        created = parsed(session.get("createdDateTime"))
        others += [
            second(parsed(intent.point_date_time))
            for intent in self.open_intents
            if intent.id not in own and _may_have_made(intent, created)
        ]
        if _time(session) is None:
            return bool(others)
        return second(doubt.point.protection_date_time) in others or None in others


def _may_have_made(intent: Intent, created: datetime | None) -> bool:
    """True unless the session is older than the intent, or a day younger: no call lasts so long."""
    tried = parsed(intent.date_time)
    if created is None or tried is None:
        return True
    return tried - CLOCK_SLACK <= created <= tried + LONGEST_CALL


def _time(session: dict[str, Any]) -> datetime | None:
    return second(parsed(session.get("restorePointDateTime")))
