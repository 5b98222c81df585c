"""One imaginary tenant: its settings, clock, drives, points and sessions, as the routes see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb.sandbox.clock import Clock
from odb_nb.sandbox.paging import Pages
from odb_nb.sandbox.points import PointBook
from odb_nb.sandbox.seeded import Seeded
from odb_nb.sandbox.sessions import SessionBook
from odb_nb.sandbox.watch import Watch
from odb_nb.sandbox.world import World

if TYPE_CHECKING:
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
        self.watch = Watch(self.clock)
        self.drive_pages: Pages[int] = Pages(self.seeded, self.watch.complain)
        self.session_pages: Pages[Cursor] = Pages(self.seeded, self.watch.complain)
