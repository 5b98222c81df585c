"""Which session belongs to which restore point: pure rules, no I/O.

Documented answers leave ``restorePointId`` out, and their ``directoryObjectId`` may be a site's instead of the
user's. So a session is tied to its point by the service's word, else by the journal, else by directory object and
time together; never by time alone, and never by a guess.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from odb_nb.auth import comparable
from odb_nb.columns import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from odb_nb.arguments import RestorePoint

MatchedBy = Literal["service", "journal", "drive_and_time"]

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)


class Match(NamedTuple):
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
    """Of several sessions on one point: the newest live one, else the newest; the same one however they are listed."""

    def merit(match: Match) -> tuple[bool, datetime, str]:
        session = match.session
        return is_live(session, now), parsed(session.get("createdDateTime")) or _EPOCH, str(session.get("id"))

    found = list(matches)
    return found[0] if len(found) == 1 else max(found, key=merit, default=None)


def match(
    points: Sequence[RestorePoint], sessions: Iterable[dict[str, Any]], point_of_session: Mapping[str, str]
) -> dict[str, list[Match]]:
    """Per restore point id: its sessions, each tied by the strongest evidence there is for that session."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for id_ in dict.fromkeys(point.id for point in points):
        spellings[comparable(id_)].append(id_)
    as_given = {id_: ids for ids in spellings.values() for id_ in ids}  # found without being made comparable
    by_drive_and_time: dict[tuple[str, datetime | None], str] | None = None  # made when first asked for
    found: dict[str, list[Match]] = defaultdict(list)
    for session in sessions:
        matched_by: MatchedBy
        if named := session.get("restorePointId"):
            point_id, matched_by = str(named), "service"
        elif (session_id := str(session.get("id"))) in point_of_session:
            point_id, matched_by = point_of_session[session_id], "journal"
        else:
            if by_drive_and_time is None:
                by_drive_and_time = _by_drive_and_time(points)
            key = _drive_and_time(session)
            if key not in by_drive_and_time:
                continue
            point_id, matched_by = by_drive_and_time[key], "drive_and_time"
        for spelled in as_given.get(point_id) or spellings.get(comparable(point_id)) or (point_id,):
            found[spelled].append(Match(session, matched_by))
    return found


def _drive_and_time(session: Mapping[str, Any]) -> tuple[str, datetime | None]:
    return comparable(str(session.get("directoryObjectId") or "")), second(parsed(session.get("restorePointDateTime")))


def _by_drive_and_time(points: Iterable[RestorePoint]) -> dict[tuple[str, datetime | None], str]:
    """The point of each directory object and second, where there is just one: of two, either would be a guess."""
    of_key: dict[tuple[str, datetime | None], dict[str, str]] = defaultdict(dict)
    for point in points:
        if point.directory_object_id and point.protection_date_time:
            key = comparable(point.directory_object_id), second(point.protection_date_time)
            of_key[key][comparable(point.id)] = point.id
    return {key: next(iter(ids.values())) for key, ids in of_key.items() if len(ids) == 1}
