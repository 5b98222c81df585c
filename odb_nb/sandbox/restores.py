"""The sandbox's books of restore sessions: what is to be restored, and how far each item has come at an instant."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.landing import Folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from odb_nb.sandbox.seeded import Seeded
    from odb_nb.sandbox.settings import Settings

ArtifactStatus = Literal["added", "scheduling", "scheduled", "inProgress", "succeeded", "failed"]
RestoreStatus = Literal["draft", "activating", "active", "completed", "completedWithError", "failed"]
Cursor = tuple[int, str]

_KEPT = timedelta(days=365)

BEHAVIOURS = (
    documented(
        "activate_restore", "draft, activating, active, then completed, completedWithError or failed", "RS-base"
    ),
    assumed("activate_restore", "activating for 1 s, then 1 s per item, one after another", "RS-act"),
    documented("list_restore_artifacts", "added, scheduling, scheduled, inProgress, succeeded or failed", "RA-res"),
    assumed("activate_restore", "a draft stays good when its browse sessions expire"),
    assumed("activate_restore", "an item that cannot be restored fails alone: ArtifactCannotBeRestored", "codes"),
    assumed(
        "activate_restore", "in place, fail: an item still in the drive fails with nameAlreadyExists", "RS-create-beta"
    ),
    documented("list_restores", "a session is gone a year after it ended", "RS-base"),
    assumed("list_restores", "newest first, in pages of 100", "RS-base"),
)


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """One item of a restore session in the sandbox's own books.

    Attributes
    ----------
    key : str
        The item's key, which is also its id in the session.
    browse_session_id, restore_point_id, drive_id : str
    restore_point_time : datetime
    directory_object_id : str
        As its browse session shows it.
    name : str or None
    web_url : str
        Where the item was.
    is_file, is_restorable : bool
    destination : str
        ``new`` or ``inPlace``.
    scheduling, scheduled, start, completion : datetime or None
        When each stage begins; None in a draft.
    restored_item_key, restored_item_path, restored_item_web_url : str or None
        Where it is in the end; None in a draft and where it fails.
    reason : str or None
        The error code of an item that fails, known from activation on.
    """

    key: str
    browse_session_id: str
    restore_point_id: str
    drive_id: str
    restore_point_time: datetime
    directory_object_id: str
    name: str | None
    web_url: str
    is_file: bool
    is_restorable: bool
    destination: str
    scheduling: datetime | None = None
    scheduled: datetime | None = None
    start: datetime | None = None
    completion: datetime | None = None
    restored_item_key: str | None = None
    restored_item_path: str | None = None
    restored_item_web_url: str | None = None
    reason: str | None = None

    @property
    def fails(self) -> bool:
        """Whether it ends as ``failed``."""
        return self.reason is not None

    def status(self, now: datetime) -> ArtifactStatus:
        """What the service says of it at the instant `now`."""
        if self.scheduling is None or self.scheduled is None or self.start is None or self.completion is None:
            return "added"
        if now >= self.completion:
            return "failed" if self.fails else "succeeded"
        if now >= self.start:
            return "inProgress"
        return "scheduled" if now >= self.scheduled else "scheduling"


@dataclass(frozen=True, slots=True)
class RestoreRecord:
    """One restore session in the sandbox's own books, as it is now: a later look gives another record.

    Attributes
    ----------
    id : str
    drive_id : str or None
        None while it has no artifacts.
    created, modified : datetime
    artifacts : tuple of ArtifactRecord
    conflict_behavior : str
        ``fail``, ``replace`` or ``rename``; of use in place only.
    opened_by : str
        ``client`` for a POST, ``colleague`` for `Sandbox.open_restore`.
    activated, ready : datetime or None
        When it was activated, and when it leaves ``activating``; None in a draft.
    """

    id: str
    created: datetime
    modified: datetime
    artifacts: tuple[ArtifactRecord, ...]
    conflict_behavior: str
    opened_by: str
    activated: datetime | None = None
    ready: datetime | None = None

    @property
    def drive_id(self) -> str | None:
        return self.artifacts[0].drive_id if self.artifacts else None

    @property
    def destination(self) -> str | None:
        """``new`` or ``inPlace``; None while it has no artifacts."""
        return self.artifacts[0].destination if self.artifacts else None

    @property
    def job_type(self) -> Literal["standard", "granular"]:
        return "granular" if self.artifacts else "standard"

    @property
    def completed(self) -> datetime | None:
        """When the last item is done; None in a draft."""
        return max((one.completion for one in self.artifacts if one.completion is not None), default=None)

    def status(self, now: datetime) -> RestoreStatus:
        """What the service says of it at the instant `now`; the sum of what it says of the artifacts."""
        if self.ready is None:
            return "draft"
        if now < self.ready:
            return "activating"
        found = {one.status(now) for one in self.artifacts}
        if not found <= {"succeeded", "failed"}:
            return "active"
        if len(found) > 1:
            return "completedWithError"
        return "failed" if found == {"failed"} else "completed"

    def is_kept(self, now: datetime) -> bool:
        """Whether the service still knows it."""
        return self.completed is None or now < self.completed + _KEPT


class RestoreBook:
    """All restore sessions but deleted drafts.

    Parameters
    ----------
    settings : Settings
    seeded : Seeded
    is_live : callable
        Whether the drive holds the item with this key at this instant.
    """

    def __init__(self, settings: Settings, seeded: Seeded, is_live: Callable[[str, str, datetime], bool]) -> None:
        self._settings = settings
        self._seeded = seeded
        self._is_live = is_live
        self._by_id: dict[str, RestoreRecord] = {}
        self._asked: Counter[str] = Counter()
        self._activated: dict[tuple[str, str], list[ArtifactRecord]] = {}

    def open(
        self, artifacts: Iterable[ArtifactRecord], conflict_behavior: str, opened_by: str, now: datetime
    ) -> RestoreRecord:
        """Open a draft with these artifacts."""
        artifacts = tuple(artifacts)
        what = [conflict_behavior, *(f"{one.destination} {one.browse_session_id} {one.key}" for one in artifacts)]
        # From what is restored and how often that was asked, never from a counter of all: arrival order must not show.
        question = self._seeded.guid("restore question", *what)
        self._asked[question] += 1
        restore_id = self._seeded.guid("restore", question, str(self._asked[question]))
        return self._kept(RestoreRecord(restore_id, now, now, artifacts, conflict_behavior, opened_by))

    def change(self, draft: RestoreRecord, artifacts: Iterable[ArtifactRecord], now: datetime) -> RestoreRecord:
        """The draft with other artifacts."""
        return self._kept(replace(draft, artifacts=tuple(artifacts), modified=now))

    def activate(self, draft: RestoreRecord, now: datetime) -> RestoreRecord:
        """Start a draft: from here on, what happens to its artifacts is settled."""
        activating = timedelta(seconds=self._settings.restore_activating_s)
        folder = Folder(self._seeded, draft.id, now)
        artifacts = tuple(
            self._started(one, draft, folder, now, now + activating + place * self._item_time)
            for place, one in enumerate(draft.artifacts)
        )
        for one in artifacts:
            self._activated.setdefault((one.restore_point_id, one.key), []).append(one)
        started = replace(draft, artifacts=artifacts, activated=now, ready=now + activating, modified=now)
        return self._kept(started)

    def delete(self, draft: RestoreRecord) -> None:
        del self._by_id[draft.id]

    def find(self, restore_id: str, now: datetime) -> RestoreRecord | None:
        """The session with this id as long as the service knows it."""
        restore = self._by_id.get(restore_id.lower())
        return restore if restore and restore.is_kept(now) else None

    def known(self, restore_id: str) -> RestoreRecord | None:
        """The session with this id, forgotten by the service or not."""
        return self._by_id.get(restore_id.lower())

    def active_count(self, now: datetime) -> int:
        """How many sessions are activating or active."""
        return sum(one.status(now) in ("activating", "active") for one in self._by_id.values())

    def is_restored(self, artifact: ArtifactRecord) -> bool:
        """Whether an activated session restores this item of this point, or has done so."""
        earlier = self._activated.get((artifact.restore_point_id, artifact.key), ())
        return any(not one.fails for one in earlier)

    def everything(self) -> list[RestoreRecord]:
        return sorted(self._by_id.values(), key=lambda one: (one.created, one.id))

    def page(self, after: Cursor | None, size: int, now: datetime) -> tuple[list[RestoreRecord], Cursor | None]:
        """One page of the list, newest first, and where the next one starts if there is one.

        By the last session seen, not by a count, so that sessions that come and go meanwhile neither shift nor
        repeat the rest.
        """
        newest_first = sorted((_place(one), one.id) for one in self._by_id.values() if one.is_kept(now))
        first = 0 if after is None else bisect_right(newest_first, after)
        shown = newest_first[first : first + size]
        more = first + size < len(newest_first)
        return [self._by_id[restore_id] for _, restore_id in shown], shown[-1] if more else None

    @property
    def _item_time(self) -> timedelta:
        return timedelta(seconds=self._settings.restore_item_s)

    def _kept(self, restore: RestoreRecord) -> RestoreRecord:
        self._by_id[restore.id] = restore
        return restore

    def _started(
        self, artifact: ArtifactRecord, draft: RestoreRecord, folder: Folder, now: datetime, start: datetime
    ) -> ArtifactRecord:
        timed = replace(
            artifact,
            scheduling=now,
            # Half of the activation, so that a client can meet both stages.
            scheduled=now + timedelta(seconds=self._settings.restore_activating_s / 2),
            start=start,
            completion=start + self._item_time,
        )
        is_in_the_way = artifact.destination == "inPlace" and self._is_live(artifact.drive_id, artifact.key, now)
        if not artifact.is_restorable:
            return replace(timed, reason="ArtifactCannotBeRestored")
        if is_in_the_way and draft.conflict_behavior == "fail":
            return replace(timed, reason="nameAlreadyExists")
        if artifact.destination == "new":
            landed = folder.take(artifact)
        else:
            landed = folder.put_back(artifact, renamed=is_in_the_way and draft.conflict_behavior == "rename")
        return replace(
            timed,
            restored_item_key=landed.key,
            restored_item_path=landed.path,
            restored_item_web_url=landed.web_url,
        )


def _place(restore: RestoreRecord) -> int:
    """Minus the microseconds since 1970, so that the newest come first."""
    return -((restore.created - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))
