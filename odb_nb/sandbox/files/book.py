"""The sandbox's books of files: what each drive holds at an instant."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from odb_nb.sandbox.behaviours import assumed, observed
from odb_nb.sandbox.files.address import Address
from odb_nb.sandbox.files.history import Told
from odb_nb.sandbox.files.huge import Huge
from odb_nb.sandbox.files.stories import STORIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from odb_nb.sandbox.files.item import Item
    from odb_nb.sandbox.seeded import Seeded
    from odb_nb.sandbox.sessions import SessionRecord
    from odb_nb.sandbox.settings import Settings
    from odb_nb.sandbox.world import Drive, World

_KEPT_DRIVES = 32

BEHAVIOURS = (
    observed("browse", "keys are GUIDs joined by commas: two of a site, four of a folder or file", "B-browse"),
    assumed("browse", "three of a library; a key is the same in all sessions of a drive and after renames and moves"),
    assumed("browse", "strictly site, one library, folders, files", "csdl"),
    observed("browse", "webUrl is the live address, unescaped; no size and count on the top location", "B-browse"),
    assumed("browse", "the size of a folder or library is the sum of all files below it", "B-item"),
    assumed("browse", "a session's backupSizeInBytes is drawn by itself and not the sum of its files"),
)


class _Contents(Protocol):
    """What a drive holds, however it is worked out."""

    def top(self, time: datetime) -> Item: ...
    def children(self, time: datetime, key: str) -> Sequence[Item]: ...
    def find(self, time: datetime, key: str) -> Item | None: ...


class FileBook:
    """Answers what is in a drive at an instant; the same question has the same answer, whatever was asked before.

    Parameters
    ----------
    settings : Settings
    seeded : Seeded
    world : World
    """

    def __init__(self, settings: Settings, seeded: Seeded, world: World) -> None:
        self._settings = settings
        self._seeded = seeded
        self._world = world
        self._contents: dict[str, _Contents] = {}

    def top(self, drive: Drive, time: datetime) -> list[Item]:
        """The top locations: the site of the drive."""
        return [self._of(drive).top(time)]

    def children(self, drive: Drive, time: datetime, key: str) -> Sequence[Item]:
        """The items directly in a place, by name; none for a file or an unknown key."""
        return self._of(drive).children(time, key)

    def find(self, drive: Drive, time: datetime, key: str) -> Item | None:
        """The item with this key, if the drive held it."""
        return self._of(drive).find(time, key)

    def exists(self, session: SessionRecord, key: str) -> Item | None:
        """The item with this key, if the session shows it."""
        return self.find(self._world.drive_by_id[session.drive_id], session.restore_point_time, key)

    def everything(self, drive: Drive, time: datetime) -> Iterator[Item]:
        """All items, breadth-first, from the site on."""
        waiting = deque(self.top(drive, time))
        while waiting:
            item = waiting.popleft()
            yield item
            if item.type != "file":
                waiting.extend(self.children(drive, time, item.key))

    def _of(self, drive: Drive) -> _Contents:
        contents = self._contents.pop(drive.id, None) or self._worked_out(drive)
        self._contents[drive.id] = contents  # last, as the one used last
        if len(self._contents) > _KEPT_DRIVES:
            del self._contents[next(iter(self._contents))]
        return contents

    def _worked_out(self, drive: Drive) -> _Contents:
        address = Address.of(drive, self._seeded)
        if drive.story == "huge":
            return Huge(address, self._seeded, self._settings.huge_files)
        return Told(STORIES[drive.story](address, self._seeded, self._settings.start))
