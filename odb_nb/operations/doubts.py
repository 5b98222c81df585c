"""Creates whose answer was lost: did they happen? Pure rules over a list of sessions, no I/O.

A session is ours beyond doubt when it names our restore point, or carries our drive's directory object and our
point's time. Documented answers may give neither, so there is a third way: what the journal accounts for is set
aside, and if exactly one new session with our point's time is left, and no other open intent could have made it, it
is ours. Anything less is ambiguous, and ambiguous is never sent again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.arguments import LONGEST_CALL_S
from odb_nb.auth import comparable
from odb_nb.columns import parsed
from odb_nb.operations.matching import second

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odb_nb.arguments import RestorePoint
    from odb_nb.errors import OdbError
    from odb_nb.journal import Intent, Ties

LOOKS_FOR_ABSENCE = 2
LOOKS_FOR_AMBIGUITY = 3
# clocks of the service's own machines may differ a little
CLOCK_SLACK = timedelta(seconds=60)
LONGEST_CALL = timedelta(seconds=LONGEST_CALL_S)

Verdict = dict[str, Any] | Literal["absent", "ambiguous"]


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

    def weigh(self, verdict: Verdict, *, is_old: bool) -> bool:
        """Count one more look; True once it settles the doubt.

        A session does at once, absence at the second look running if the doubt `is_old`, ambiguity at the third.
        """
        if verdict == "absent":
            self.absences += 1
            return self.absences >= LOOKS_FOR_ABSENCE and is_old
        if verdict == "ambiguous":
            self.absences = 0
            self.ambiguities += 1
            return self.ambiguities >= LOOKS_FOR_AMBIGUITY
        return True


@dataclass(frozen=True)
class _Seen:
    """A listed session with what counts here, read once."""

    session: dict[str, Any]
    id: str
    point: str | None  # the point it names, as it may be compared
    user: str | None  # the directory object it names, as it may be compared: a user's or a site's
    taken: datetime | None
    created: datetime | None

    @classmethod
    def of(cls, session: dict[str, Any]) -> _Seen:
        return cls(
            session,
            str(session.get("id")),
            _comparable(session.get("restorePointId")),
            _comparable(session.get("directoryObjectId")),
            second(parsed(session.get("restorePointDateTime"))),
            parsed(session.get("createdDateTime")),
        )


def _with_comparable_ids(point: RestorePoint) -> RestorePoint:
    return replace(
        point,
        id=comparable(point.id),
        drive_id=_comparable(point.drive_id),
        directory_object_id=_comparable(point.directory_object_id),
    )


def _comparable(found: object) -> str | None:
    return comparable(str(found)) if found else None


class Evidence:
    """What a look at the service showed, and what the journal knows of it.

    Parameters
    ----------
    sessions : sequence of dict
        As listed.
    ties : Ties
        What the journal accounts for.
    seen_before : frozenset of str
        The sessions that stood before this call sent anything.
    open_intents : sequence of Intent
        Everything in the journal that may have happened, our own doubts among it.
    """

    def __init__(
        self,
        sessions: Sequence[dict[str, Any]],
        ties: Ties,
        seen_before: frozenset[str],
        open_intents: Sequence[Intent],
    ) -> None:
        self._seen_before = seen_before
        self._open_intents = open_intents
        self._objects_of: dict[str, set[str]] = defaultdict(set)
        self._drives_of: dict[str, set[str]] = defaultdict(set)
        for drive, objects in ties.directory_objects.items():
            for object_id in objects:
                self._objects_of[comparable(drive)].add(comparable(object_id))
                self._drives_of[comparable(object_id)].add(comparable(drive))
        # by id: a list that grows while its pages are read may show a session twice
        seen = {one.id: one for one in map(_Seen.of, sessions) if one.id not in ties.point_of_session}
        self._naming: dict[str, list[_Seen]] = defaultdict(list)
        self._taken_at: dict[datetime | None, list[_Seen]] = defaultdict(list)
        for one in seen.values():
            if one.point:
                self._naming[one.point].append(one)
            else:
                self._taken_at[one.taken].append(one)

    def judge(self, doubts: Sequence[Doubt]) -> dict[str, Verdict]:
        """Per restore point id: the session that the lost create made, or that there is none, or no telling."""
        rivals = _Rivals(doubts, self._open_intents)
        verdicts = {doubt.point.id: self._judge(doubt, rivals) for doubt in doubts}
        claims = Counter(str(verdict.get("id")) for verdict in verdicts.values() if isinstance(verdict, dict))
        # a session that two creates may claim was made by one of them, and there is no telling by which
        return {
            point_id: "ambiguous" if isinstance(verdict, dict) and claims[str(verdict.get("id"))] > 1 else verdict
            for point_id, verdict in verdicts.items()
        }

    def _judge(self, doubt: Doubt, rivals: _Rivals) -> Verdict:
        point = _with_comparable_ids(doubt.point)
        own_drives = {key for key in (point.drive_id, point.directory_object_id) if key}
        possible = [one for one in self._without_name(point) if self._may_be_new(one, doubt)]
        sure = [one for one in self._naming.get(point.id, ()) if self._may_be_new(one, doubt)]
        sure += [one for one in possible if self._is_surely(one, point, own_drives)]
        if sure:
            return max(sure, key=lambda one: str(one.session.get("createdDateTime"))).session
        if self._knows_object_of(own_drives):
            possible = [one for one in possible if not self._is_anothers(one, point, own_drives)]
        elif self._shows_users() and point.directory_object_id:
            possible = [one for one in possible if one.user in (None, point.directory_object_id)]
        if not possible:
            return "absent"
        left = possible[0]
        if len(possible) > 1 or point.protection_date_time is None:
            return "ambiguous"
        if self._is_anothers(left, point, own_drives):
            return "ambiguous"  # another drive's, or our own drive's on record under another key
        return "ambiguous" if rivals.may_have_made(left, doubt) else left.session

    def _without_name(self, point: RestorePoint) -> list[_Seen]:
        """Sessions that name no point and whose time, as far as known, is ours."""
        taken = second(point.protection_date_time)
        if taken is None:
            return [one for ones in self._taken_at.values() for one in ones]
        return [*self._taken_at.get(taken, ()), *self._taken_at.get(None, ())]

    def _may_be_new(self, one: _Seen, doubt: Doubt) -> bool:
        if doubt.is_own and one.id in self._seen_before:
            return False
        return one.created is None or doubt.since is None or one.created >= doubt.since

    def _is_surely(self, one: _Seen, point: RestorePoint, own_drives: set[str]) -> bool:
        if one.user is None or one.taken is None or point.protection_date_time is None:
            return False
        drives = self._drives_of.get(one.user, set())
        return one.user == point.directory_object_id or bool(drives and drives <= own_drives)

    def _is_anothers(self, one: _Seen, point: RestorePoint, own_drives: set[str]) -> bool:
        """True if only sessions of other drives have carried this directory object."""
        drives = self._drives_of.get(one.user or "", set())
        return bool(own_drives and drives) and one.user != point.directory_object_id and drives.isdisjoint(own_drives)

    def _knows_object_of(self, own_drives: set[str]) -> bool:
        """True if some directory object has been carried by sessions of this drive alone."""
        seen = {object_id for key in own_drives for object_id in self._objects_of.get(key, ())}
        return any(self._drives_of[object_id] <= own_drives for object_id in seen)

    def _shows_users(self) -> bool:
        """True if the service has been seen to put the user's directory object on a session, not a site's."""
        return any(key in objects for key, objects in self._objects_of.items())


class _Rivals:
    """The other creates, in this call or on record, that could have made a session."""

    def __init__(self, doubts: Sequence[Doubt], open_intents: Sequence[Intent]) -> None:
        self._times = Counter(second(doubt.point.protection_date_time) for doubt in doubts)
        self._intents: dict[datetime | None, list[Intent]] = defaultdict(list)
        own = {intent.id for doubt in doubts for intent in doubt.intents}
        for intent in open_intents:
            if intent.id not in own:
                self._intents[second(parsed(intent.point_date_time))].append(intent)

    def may_have_made(self, one: _Seen, doubt: Doubt) -> bool:
        ours = second(doubt.point.protection_date_time)
        times = {ours, None} if one.taken else self._times.keys() | self._intents.keys()
        if sum(self._times[time] for time in times) > 1:  # more than the doubt itself
            return True
        return any(_may_have_made(intent, one.created) for time in times for intent in self._intents.get(time, ()))


def _may_have_made(intent: Intent, created: datetime | None) -> bool:
    """True unless the session is older than the intent, or a day younger: no call lasts so long."""
    tried = parsed(intent.date_time)
    if created is None or tried is None:
        return True
    return tried - CLOCK_SLACK <= created <= tried + LONGEST_CALL
