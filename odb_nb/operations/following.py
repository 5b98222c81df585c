"""Follow restore sessions until each of their items is restored or has failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from odb_nb.operations.restore_sessions import artifacts, is_over
from odb_nb.operations.together import together
from odb_nb.words import counts_in_words

if TYPE_CHECKING:
    from odb_nb.pacing import Deadline
    from odb_nb.progress import Report
    from odb_nb.transport import Transport

GONE = {"code": "RestoreSessionNotFound", "message": "the service knows this restore session no more"}

_POLL_FIRST_S = 2.0
_POLL_GROWTH = 1.5
_POLL_MOST_S = 30.0

Known = dict[str, dict[str, dict[str, Any]]]  # restore session: item key: artifact


@dataclass
class Follower:
    """Looks at restore sessions, several at once, one request each."""

    transport: Transport
    deadline: Deadline
    report: Report
    _missed: set[str] = field(default_factory=set)

    async def follow(self, known: Known, *, until_over: bool) -> None:
        """Refresh the artifacts in `known`, in place: once, or until all are over or the deadline comes."""
        pause_s = _POLL_FIRST_S
        while True:
            waiting = [id_ for id_, rows in known.items() if not all(map(_is_settled, rows.values()))]
            await together(self._look(id_, known[id_], is_last=not until_over) for id_ in waiting)
            everything = [artifact for rows in known.values() for artifact in rows.values()]
            done = sum(map(_is_settled, everything))
            statuses = Counter(str(artifact.get("status", "not seen yet")) for artifact in everything)
            self.report(done, len(everything), counts_in_words(statuses))
            if done == len(everything) or not until_over or not await self.deadline.pause(pause_s):
                return
            pause_s = min(_POLL_MOST_S, pause_s * _POLL_GROWTH)

    async def _look(self, session_id: str, rows: dict[str, dict[str, Any]], *, is_last: bool) -> None:
        found = await artifacts(self.transport, session_id, self.deadline)
        if found is None:
            if is_last or session_id in self._missed:  # a look may lag behind what was set going just now
                rows.update({key: {**artifact, "error": GONE} for key, artifact in rows.items()})
            self._missed.add(session_id)
            return
        self._missed.discard(session_id)
        rows.update({key: row for row in found if (key := str(row.get("id"))) in rows})


def _is_settled(artifact: dict[str, Any]) -> bool:
    return is_over(artifact) or artifact.get("error") == GONE
