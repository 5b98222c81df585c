"""The sandbox's books of browse sessions: who opened which, and what each is at an instant."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Literal

from odb_nb.sandbox.behaviours import assumed, observed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from odb_nb.sandbox.clock import Clock
    from odb_nb.sandbox.points import Point, PointBook
    from odb_nb.sandbox.seeded import Seeded
    from odb_nb.sandbox.settings import Settings
    from odb_nb.sandbox.world import Drive, World

Cursor = tuple[int, str]

_NEVER = datetime.max.replace(tzinfo=UTC)

BEHAVIOURS = (
    assumed("create_session", "a session is 'creating' at first, 'created' 2 s later"),
    observed("create_session", "a session expires 72 h less 2 s after it was created", "B-list"),
    assumed("get_session", "an expired session is not listed and answers 404 itemNotFound", "BS-base"),
    observed("create_session", "directoryObjectId is the site's id, not the user's", "B-list"),
    observed("create_session", "restorePointId is not echoed", "B-create"),
    assumed("create_session", "a second create on a point opens a second session"),
    assumed("get_session", "a failed session carries error code ArtifactCannotBeRestored", "codes"),
    assumed("list_sessions", "the tenant's sessions, newest first, in pages of 100"),
    assumed("list_sessions", "on order, SharePoint sessions too, most of them alike but for @odata.type", "B-list"),
)


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One browse session in the sandbox's own books.

    Attributes
    ----------
    id, restore_point_id, drive_id, directory_object_id : str
    restore_point_time, created, ready, expires : datetime
        When its point was taken, when it was opened, when it leaves ``creating``, when it is gone.
    fails : bool
        Whether it ends as ``failed``.
    size_in_bytes : int
    opened_by : str
        ``client`` for a POST, ``colleague`` for `Sandbox.open_session`.
    """

    id: str
    restore_point_id: str
    drive_id: str
    directory_object_id: str
    restore_point_time: datetime
    created: datetime
    ready: datetime
    expires: datetime
    fails: bool
    size_in_bytes: int
    opened_by: str

    def status(self, now: datetime) -> Literal["creating", "created", "failed"]:
        """What the service says of it at the instant `now`."""
        if now < self.ready:
            return "creating"
        return "failed" if self.fails else "created"

    def is_live(self, now: datetime) -> bool:
        """Whether it still exists and has not failed."""
        return now < self.expires and self.status(now) != "failed"


@dataclass(frozen=True, slots=True)
class SiteSession:
    """One SharePoint browse session, which no OneDrive client has any use for.

    Attributes
    ----------
    id, site_id : str
    restore_point_id, directory_object_id : str or None
        Shown where they are not None, so that it looks like a OneDrive session on that point.
    restore_point_time, created, expires : datetime
    """

    id: str
    site_id: str
    restore_point_id: str | None
    directory_object_id: str | None
    restore_point_time: datetime
    created: datetime
    expires: datetime


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class SessionBook:
    """All OneDrive browse sessions ever opened, and such SharePoint ones as a switch adds, kept newest first."""

    def __init__(self, settings: Settings, seeded: Seeded, clock: Clock, world: World, points: PointBook) -> None:
        self._settings = settings
        self._seeded = seeded
        self._clock = clock
        self._world = world
        self._points = points
        self._by_id: dict[str, SessionRecord] = {}
        self._by_point: dict[str, list[SessionRecord]] = {}
        self._sites = {session.id: session for session in self._site_sessions()}
        # (minus the creation time, id), of both kinds
        self._newest_first: list[Cursor] = sorted((-_micros(one.created), one.id) for one in self._sites.values())

    def open(self, point: Point, opened_by: str) -> SessionRecord:
        """Open a session on the point, now."""
        now = self._clock.now()
        earlier = self._by_point.setdefault(point.id, [])
        drive = self._world.drive_by_id[point.drive_id]
        session = SessionRecord(
            # From the point and the place among its sessions, never from a counter of all: arrival order must not show.
            id=self._seeded.opaque("session", point.id, str(len(earlier))),
            restore_point_id=point.id,
            drive_id=drive.id,
            directory_object_id=self._directory_object_id(drive),
            restore_point_time=point.time,
            created=now,
            ready=now + timedelta(seconds=self._settings.creating_s),
            expires=now + timedelta(seconds=self._settings.lifetime_s),
            fails=drive.special == "sessions-fail",
            size_in_bytes=self._points.size_in_bytes(point),
            opened_by=opened_by,
        )
        earlier.append(session)
        self._by_id[session.id] = session
        insort(self._newest_first, (-_micros(now), session.id))
        return session

    def expire(self, point_id: str) -> None:
        """The sessions on the point are gone from now on."""
        now = self._clock.now()
        for place, session in enumerate(self._by_point.get(point_id, ())):
            if now < session.expires:
                self._replace(place, replace(session, expires=now))
                self._newest_first.remove((-_micros(session.created), session.id))

    def hold_up(self, point_id: str) -> None:
        """The newest session on the point will never leave ``creating``."""
        if sessions := self._by_point.get(point_id):
            self._replace(-1, replace(sessions[-1], ready=_NEVER))

    def _replace(self, place: int, session: SessionRecord) -> None:
        self._by_point[session.restore_point_id][place] = session
        self._by_id[session.id] = session

    def find(self, session_id: str) -> SessionRecord | None:
        """The OneDrive session with this id unless it has expired."""
        session = self._by_id.get(session_id)
        return session if session and self._clock.now() < session.expires else None

    def find_site(self, session_id: str) -> SiteSession | None:
        """The SharePoint session with this id unless it has expired."""
        session = self._sites.get(session_id)
        return session if session and self._clock.now() < session.expires else None

    def known(self, session_id: str) -> SessionRecord | None:
        """The OneDrive session with this id, expired or not."""
        return self._by_id.get(session_id)

    def on_point(self, point_id: str) -> list[SessionRecord]:
        return list(self._by_point.get(point_id, ()))

    def everything(self) -> list[SessionRecord]:
        return sorted(self._by_id.values(), key=lambda session: (session.created, session.id))

    def page(self, after: Cursor | None, size: int) -> tuple[list[SessionRecord | SiteSession], Cursor | None]:
        """One page of the list, newest first, and where the next one starts if there is one.

        Paging goes by the last session seen, not by a count, so that sessions opened or expired meanwhile
        neither shift nor repeat the rest.
        """
        now = _micros(self._clock.now())
        seen_s, gone_s = self._settings.list_lag_s, self._settings.lifetime_s
        first = bisect_left(self._newest_first, (-(now - round(seen_s * 1e6)),))
        end = bisect_left(self._newest_first, (-(now - round(gone_s * 1e6)),))
        if after is not None:
            first = max(first, bisect_right(self._newest_first, after))
        keys = self._newest_first[first : min(first + size, end)]
        more = bool(keys) and first + size < end
        return [self._sites.get(key[1]) or self._by_id[key[1]] for key in keys], keys[-1] if more else None

    def _directory_object_id(self, drive: Drive) -> str:
        return drive.site_id if self._settings.directory_object == "site" else drive.directory_object_id

    def _site_sessions(self) -> Iterator[SiteSession]:
        """As many as the switch says, opened at the start; two of three look like a session on a drive's newest point.

        In turns: of a site of its own; with the directory object and the time of the drive's point; with the point's
        id as well.
        """
        start = self._settings.start
        drives = self._world.drives if self._settings.other_sessions else ()
        newest = [point for drive in drives for point in islice(self._points.of_drive(drive, start, fast=True), 1)]
        for number in range(self._settings.other_sessions):
            point = newest[number // 3 % len(newest)]
            drive = self._world.drive_by_id[point.drive_id]
            is_alike, names_point = number % 3 > 0, number % 3 > 1
            yield SiteSession(
                id=self._seeded.opaque("site session", str(number)),
                site_id=drive.site_id if is_alike else self._seeded.guid("site of sessions", str(number)),
                restore_point_id=point.id if names_point else None,
                directory_object_id=self._directory_object_id(drive) if is_alike else None,
                restore_point_time=point.time if is_alike else point.time - timedelta(seconds=1 + number),
                created=start,
                expires=start + timedelta(seconds=self._settings.lifetime_s),
            )
