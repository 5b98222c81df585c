"""What became of each restore point in a call of create, and the words for what did not work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.errors import InputError, NoReplyError, OdbError, OutcomeUnknownError

if TYPE_CHECKING:
    from odb_nb.arguments import RestorePoint

Outcome = Literal["created", "reused", "failed", "timed_out", "cancelled", "unknown", "planned"]


@dataclass
class Result:
    """What became of one restore point."""

    outcome: Outcome
    session: dict[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    error: OdbError | None = None

    @classmethod
    def of_error(cls, outcome: Outcome, error: OdbError) -> Result:
        """A result without a session; the error's code and words go where a session's own would be."""
        code = getattr(error, "code", None) or type(error).__name__
        message = getattr(error, "message", None) or str(error)
        return cls(outcome, {"error": {"code": code, "message": message}}, getattr(error, "request_id", None), error)


def not_fast(point: RestorePoint) -> InputError:
    """The point's tags are known and say that it cannot be browsed."""
    return InputError(
        f"restore point {point.id} is not tagged fastRestore (tags: {point.tags!r}), so it cannot carry a browse "
        "session; list_restore_points(..., fast_only=True) gives those that can"
    )


def session_exists(point: RestorePoint, session: dict[str, Any]) -> InputError:
    """if_exists="error", and there is one."""
    return InputError(
        f"restore point {point.id} has a live session already: {session.get('id')}; "
        'if_exists="reuse" gives that one, "create" opens another'
    )


def in_doubt(point: RestorePoint) -> OutcomeUnknownError:
    """A create was sent and looking did not settle whether it happened."""
    return OutcomeUnknownError(
        f"a create was sent for restore point {point.id} and it is not known whether it opened a session; run the "
        "same call again to look again, nothing is sent before that is settled"
    )


def not_sent(point: RestorePoint, outcome: Outcome) -> NoReplyError:
    """The call ended before this point's turn came."""
    why = "the call was interrupted" if outcome == "cancelled" else "the time given ran out"
    return NoReplyError(f"nothing was sent for restore point {point.id}: {why}; run the same call again")
