"""One imaginary tenant: its settings, clock, drives, points and sessions, as the routes see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb.sandbox.clock import Clock
from odb_nb.sandbox.files import FileBook
from odb_nb.sandbox.paging import Pages
from odb_nb.sandbox.points import PointBook
from odb_nb.sandbox.restores import RestoreBook
from odb_nb.sandbox.seeded import Seeded
from odb_nb.sandbox.sessions import SessionBook
from odb_nb.sandbox.watch import Watch
from odb_nb.sandbox.world import World

if TYPE_CHECKING:
    from datetime import datetime

    from odb_nb.sandbox.files.listing import Listing
    from odb_nb.sandbox.sessions import Cursor
    from odb_nb.sandbox.settings import Settings


class Tenant:
    """What one sandbox remembers; holding the desk's lock is the caller's duty."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seeded = Seeded(settings.seed)
        self.clock = Clock(settings.start, settings.step_s)
        self.world = World(settings, self.seeded)
        self.points = PointBook(self.world, self.seeded)
        self.sessions = SessionBook(settings, self.seeded, self.clock, self.world, self.points)
        self.files = FileBook(settings, self.seeded, self.world)
        self.restores = RestoreBook(settings, self.seeded, self._is_live)
        self.watch = Watch(self.clock, settings.clock_off_s)
        self.drive_pages: Pages[int] = Pages(self.seeded, self.watch.complain)
        self.session_pages: Pages[Cursor] = Pages(self.seeded, self.watch.complain)
        self.browse_pages: Pages[Listing] = Pages(self.seeded, self.watch.complain)
        self.restore_pages: Pages[Cursor] = Pages(self.seeded, self.watch.complain)
        self.artifact_pages: Pages[int] = Pages(self.seeded, self.watch.complain)

    def _is_live(self, drive_id: str, key: str, now: datetime) -> bool:
        return self.files.find(self.world.drive_by_id[drive_id], now, key) is not None
