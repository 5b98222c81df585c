"""Which session belongs to which restore point: pure rules, no I/O.

Documented answers leave ``restorePointId`` out, and their ``directoryObjectId`` may be a site's instead of the
user's. So a session is tied to its point by the service's word, else by the journal, else by directory object and
time together; never by time alone, and never by a guess.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.tables import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from odb_nb.arguments import RestorePoint

MatchedBy = Literal["service", "journal", "drive_and_time"]

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Match:
    """A session and how it was tied to its point."""

    session: dict[str, Any]
    matched_by: MatchedBy


def second(moment: datetime | None) -> datetime | None:
    """Times of session and point match to the second."""
    return moment.replace(microsecond=0) if moment else None


def has_failed(session: Mapping[str, Any]) -> bool:
    """True if the service has said so."""
    return str(session.get("status")).casefold() == "failed"


def is_live(session: Mapping[str, Any], now: datetime | None) -> bool:
    """Any status but ``failed``, not past its expiry; a word we do not know counts as live."""
    if has_failed(session):
        return False
    expiry = parsed(session.get("expirationDateTime"))
    return expiry is None or now is None or now < expiry


def newest_usable(matches: Iterable[Match], now: datetime | None) -> Match | None:
    """Of several sessions on one point: the newest live one, else the newest."""
    return max(
        matches,
        key=lambda match: (is_live(match.session, now), parsed(match.session.get("createdDateTime")) or _EPOCH),
        default=None,
    )


def match(
    points: Sequence[RestorePoint], sessions: Iterable[dict[str, Any]], point_of_session: Mapping[str, str]
) -> dict[str, list[Match]]:
    """Per restore point id: its sessions, each tied by the strongest evidence there is for that session."""
    by_drive_and_time: dict[tuple[str, datetime | None], str] = {}
    shared = set()
    for point in points:
        if point.directory_object_id and point.protection_date_time:
            key = point.directory_object_id, second(point.protection_date_time)
            if by_drive_and_time.setdefault(key, point.id) != point.id:
                shared.add(key)
    for key in shared:  # two points of one drive within a second: either would be a guess
        del by_drive_and_time[key]
    asked = {point.id for point in points}
    folded = {point.id.casefold(): point.id for point in points}
    found: dict[str, list[Match]] = defaultdict(list)
    for session in sessions:
        session_id = str(session.get("id"))
        drive_and_time = (str(session.get("directoryObjectId")), second(parsed(session.get("restorePointDateTime"))))
        if session.get("restorePointId"):
            named = str(session["restorePointId"])  # GUIDs may come back in other letters
            found[named if named in asked else folded.get(named.casefold(), named)].append(Match(session, "service"))
        elif session_id in point_of_session:
            found[point_of_session[session_id]].append(Match(session, "journal"))
        elif drive_and_time in by_drive_and_time:
            found[by_drive_and_time[drive_and_time]].append(Match(session, "drive_and_time"))
    return found
