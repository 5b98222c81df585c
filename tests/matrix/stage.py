"""Where cells run: a sandbox and a client, shared by the cells of one operation; each writes to what is fresh."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime

import odb_nb as odb
from odb_nb.sandbox import Sandbox

LATE = datetime(2026, 11, 20, tzinfo=UTC)  # no point of the cells is later: the clock moves on, and points with it


class Stage:
    """A sandbox, a client, and a supply of what no cell has used yet."""

    def __init__(self, **switches):
        self._open = ExitStack()
        small = {"drives": 14, "browse_page_size": 3, "step_s": 0, "restore_item_s": 0}
        self.sandbox = self._open.enter_context(Sandbox(**{**small, "restore_activating_s": 0, **switches}))
        self.client = self._open.enter_context(odb.connect(sandbox=self.sandbox))
        self.drives = [one for one in self.sandbox.drives if one.special is None or one.special.endswith("-name")]
        self._used = Counter()
        self._taken = set()
        self._walk = self._walked = None
        self.spare = self.points(1)[0]  # nobody opens a session on it

    def close(self):
        self._open.close()

    def points(self, count, *, same_drive=False):
        """Fresh restore points: of as many drives, or of one."""
        drives = sorted(self.drives, key=lambda drive: self._used[drive.id])[: 1 if same_drive else count]
        found = []
        for drive in drives:
            fresh = [one for one in self.sandbox.points(drive.id) if one.time < LATE and one.id not in self._taken]
            found += fresh[: count if same_drive else 1]
            self._used[drive.id] += 1
        assert len(found) == count, "the supply of points is used up"
        self._taken |= {point.id for point in found}
        return found

    def frame_of(self, points):
        """The points as `list_restore_points` shows them."""
        days = [f"{point.time:%Y-%m-%d}" for point in points]
        frame = self.client.list_restore_points(
            [*dict.fromkeys(point.drive_id for point in points)], start=min(days), end=max(days)
        )
        return frame.set_index("id").loc[[point.id for point in points]].reset_index()

    def sessions(self, count, *, are_ready=True):
        """Fresh sessions, as a colleague has left them; opened by a request where a fault on order waits for that."""
        points = self.points(count)
        if len(self.sandbox.faults):
            self.client.create_sessions([point.id for point in points])
            opened = [one for point in points for one in self.sandbox.sessions_on(point.id)]
        else:
            opened = [self.sandbox.open_session(point.id) for point in points]
        self.sandbox.clock.advance(5 if are_ready else 0)
        return opened

    def items(self, count):
        """Rows of a walk that no cell has restored yet."""
        if self._walk is None or len(self._walk) < count or self._walked not in self.live():
            [self._walked] = self.sessions(1)
            walk = self.client.walk(self._walked.id, max_concurrency=32)
            self._walk = walk[walk["type"] == "file"]
        taken, self._walk = self._walk.iloc[:count], self._walk.iloc[count:]
        assert len(taken) == count
        return taken

    def live(self):
        now = self.sandbox.clock.now()
        return [one for one in self.sandbox.sessions if now < one.expires]

    def items_of(self, session, depth):
        """Keys of what a session holds down to a depth, by the books."""
        items = self.sandbox.files(session.drive_id, session.restore_point_id)
        return [item for item in items if _depth(item) <= depth]


def _depth(item):
    return 0 if item.type == "site" else item.path.count("/") + 1
