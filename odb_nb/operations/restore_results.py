"""What became of each item in a call of restore, and the words for what did not work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from odb_nb.errors import NoReplyError, OdbError, OutcomeUnknownError
from odb_nb.operations.following import GONE
from odb_nb.operations.restore_sessions import is_over

if TYPE_CHECKING:
    from odb_nb.operations.results import Outcome
    from odb_nb.plans import PlannedItem


@dataclass
class ItemResult:
    """What became of one item of a plan."""

    outcome: Outcome | None
    restore_session_id: str | None = None
    artifact: dict[str, Any] = field(default_factory=dict)
    error: OdbError | None = None

    @classmethod
    def of_error(cls, outcome: Outcome, error: OdbError, restore_session_id: str | None = None) -> ItemResult:
        """A result without an artifact; the error's code and words stand where an artifact's own would."""
        code = getattr(error, "code", None) or type(error).__name__
        words = getattr(error, "message", None) or str(error)
        return cls(outcome, restore_session_id, {"error": {"code": code, "message": words}}, error)

    def follow(self, artifact: dict[str, Any], fault: OdbError | None, *, is_awaited: bool) -> None:
        """Take the artifact as it was seen last; what is awaited and not over has timed out, if it is not gone."""
        self.artifact = artifact
        if is_over(artifact):
            return
        if fault is not None and not artifact.get("error"):
            self.artifact = {**artifact, **ItemResult.of_error("timed_out", fault).artifact}
        if is_awaited:
            self.outcome = "unknown" if artifact.get("error") == GONE else "timed_out"


def in_doubt(item: PlannedItem) -> OutcomeUnknownError:
    """Setting it going was asked for, now or by an earlier run, and looking did not settle what became of it."""
    return OutcomeUnknownError(
        f"it is not known what became of the restore of {item.label!r}; run the same call again, which looks before "
        "anything is sent"
    )


def not_sent(item: PlannedItem, outcome: Outcome) -> NoReplyError:
    """The call ended before this item's turn came."""
    why = "the call was interrupted" if outcome == "cancelled" else "the time given ran out"
    return NoReplyError(f"this call has set nothing going for {item.label!r}: {why}; run the same call again")
