"""What became of each restore point in a call of create, and the words for what did not work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from odb_nb.errors import AuthError, GraphError, InputError, NoReplyError, OdbError, OutcomeUnknownError
from odb_nb.operations.sessions import is_over, wait_until_settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from odb_nb.arguments import RestorePoint
    from odb_nb.pacing import Deadline
    from odb_nb.progress import Report
    from odb_nb.transport import Transport

Outcome = Literal["created", "reused", "failed", "timed_out", "cancelled", "unknown", "planned"]


@dataclass
class Result:
    """What became of one restore point."""

    outcome: Outcome | None
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


async def wait_for_results(
    transport: Transport, results: dict[str, Result], deadline: Deadline, report: Report
) -> None:
    """Refresh the sessions of `results` until none is being created; what is not settled then has timed out."""
    known = {str(result.session["id"]): result.session for result in results.values() if result.session.get("id")}
    fault: dict[str, Any] = {}
    is_cut_off = True
    rows = len(results)

    def tell(done: int, total: int, note: str) -> None:
        del done, total  # of the sessions; all rows are done
        _refresh(results, known)
        report(rows, rows, note)

    try:
        if known:
            await wait_until_settled(transport, known, deadline, tell)
        is_cut_off = False
    except (GraphError, AuthError) as exc:
        fault, is_cut_off = Result.of_error("timed_out", exc).session, False
    finally:
        for result in _refresh(results, known):
            if not is_cut_off and not is_over(result.session):
                result.session, result.outcome = {**result.session, **fault}, "timed_out"


def _refresh(results: Mapping[str, Result], known: Mapping[str, dict[str, Any]]) -> list[Result]:
    """Those that have a session, with the session as it was seen last."""
    of_sessions = [result for result in results.values() if result.session.get("id")]
    for result in of_sessions:
        result.session = known[str(result.session["id"])]
    return of_sessions
