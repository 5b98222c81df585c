"""Frames that mix the service's JSON with what this call did about it."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from odb_nb.columns import parsed, times_of_graph
from odb_nb.operations.following import GONE
from odb_nb.operations.matching import has_failed, newest_usable
from odb_nb.operations.restore_results import ItemResult
from odb_nb.operations.restore_sessions import is_over as artifact_is_over
from odb_nb.operations.results import Result
from odb_nb.operations.sessions import SETTLED, is_over
from odb_nb.tables import RESTORE_POINTS, RESTORES, SESSIONS, STATUS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from odb_nb.arguments import RestorePoint
    from odb_nb.operations.matching import Match
    from odb_nb.operations.results import Outcome
    from odb_nb.plans import PlannedItem


def of_create(point_ids: Sequence[str], results: Mapping[str, Result], *, unsettled: Outcome | None) -> pd.DataFrame:
    """One row per point given; `unsettled` is the outcome of those that have no result yet."""
    rows = [results.get(point_id) or Result(unsettled) for point_id in point_ids]
    return SESSIONS.frame(
        [row.session for row in rows],
        restore_point_id=list(point_ids),
        outcome=[row.outcome for row in rows],
        request_id=[row.request_id for row in rows],
    )


def of_wait(
    rows: Sequence[Mapping[str, Any]],
    known: Mapping[str, dict[str, Any]],
    point_of_session: Mapping[str, str],
    *,
    is_cut_off: bool = False,
) -> pd.DataFrame:
    """One row per row given: as the service shows its session now, or unchanged where it has none.

    What is not settled has timed out, unless the wait was cut off: then its outcome stays what it was.
    """
    before = SESSIONS.frame(rows, **{name: [row.get(name) for row in rows] for name in SESSIONS.names})
    sessions = [known.get(row["id"] or "", {}) for row in rows]
    after = SESSIONS.frame(
        sessions,
        restore_point_id=[
            row.get("restore_point_id") or session.get("restorePointId") or point_of_session.get(row["id"] or "")
            for row, session in zip(rows, sessions, strict=True)
        ],
        request_id=[row.get("request_id") for row in rows],
    )
    frame = after.where(after.notna(), before)
    is_shown = pd.Series([bool(session) for session in sessions], dtype="bool")
    for name in ("error_code", "error_message"):  # the service's silence means that there is no error any more
        frame[name] = after[name].where(is_shown, before[name])
    outcomes = [_waited(row, session, is_cut_off) for row, session in zip(rows, sessions, strict=True)]
    return frame.assign(outcome=pd.array(outcomes, dtype="string"))


def _waited(row: Mapping[str, Any], session: Mapping[str, Any], is_cut_off: bool) -> str | None:
    given: str | None = row.get("outcome")
    if not row["id"] or (is_cut_off and not is_over(session)):
        return given
    if not is_over(session):
        return "timed_out"
    if str(session.get("status")).casefold() not in SETTLED:
        return "failed"  # gone
    return None if given == "timed_out" else given


def of_status(
    points: Sequence[RestorePoint], matches: Mapping[str, Sequence[Match]], now: datetime | None
) -> pd.DataFrame:
    """One row per point given, with the newest usable of its sessions; `now` goes along as ``attrs["as_of"]``."""
    best = [newest_usable(matches.get(point.id, ()), now) for point in points]
    sessions = [match.session if match else {} for match in best]
    names = [name for name in RESTORE_POINTS.names if name != "id"]
    frame = STATUS.frame(
        sessions,
        restore_point_id=[point.id for point in points],
        matched_by=[match.matched_by if match else None for match in best],
        **_expiries(sessions, now),
        **{name: list(map(attrgetter(name), points)) for name in names},
    )
    if now is not None:
        frame.attrs["as_of"] = now.isoformat()  # text: Parquet keeps attrs as JSON
    return frame


def _expiries(sessions: Sequence[Mapping[str, Any]], now: datetime | None) -> dict[str, Any]:
    """When each session expires and what is left of it; times that are all as Graph's are read once, and whole."""
    expiries = [session.get("expirationDateTime") for session in sessions]
    is_failed = list(map(has_failed, sessions))  # and of no use for however long
    whole = times_of_graph(expiries)
    if whole is not None and now is not None:
        left = (whole - now).mask(np.array(is_failed, dtype="bool"))
        return {"session_expiration_date_time": whole, "expires_in": left}
    pairs = zip(map(parsed, expiries), is_failed, strict=True)
    return {"expires_in": [moment - now if moment and now and not failed else None for moment, failed in pairs]}


def of_restore(
    items: Sequence[PlannedItem], results: Mapping[int, ItemResult], *, unsettled: Outcome | None
) -> pd.DataFrame:
    """One row per item of a plan; `unsettled` is the outcome of those that have no result yet."""
    rows = [results.get(place) or ItemResult(unsettled) for place in range(len(items))]
    return RESTORES.frame(
        [row.artifact for row in rows],
        restore_session_id=[row.restore_session_id for row in rows],
        item_key=[item.item_key for item in items],
        name=[item.name for item in items],
        outcome=[row.outcome for row in rows],
    )


def of_restores_listed(
    sessions: Sequence[Mapping[str, Any]], artifacts: Mapping[str, Sequence[Mapping[str, Any]]]
) -> pd.DataFrame:
    """One row per item of each restore session, or one for the session where it has none."""
    pairs = [
        (session.get("id"), artifact)
        for session in sessions
        for artifact in artifacts.get(str(session.get("id"))) or [{"status": session.get("status")}]
    ]
    return RESTORES.frame(
        [artifact for _, artifact in pairs],
        restore_session_id=[session_id for session_id, _ in pairs],
        name=[str(artifact.get("webUrl") or "").rpartition("/")[2] or None for _, artifact in pairs],
    )


def of_restore_wait(
    rows: Sequence[Mapping[str, Any]], known: Mapping[str, Mapping[str, dict[str, Any]]], *, is_cut_off: bool
) -> pd.DataFrame:
    """One row per row given: as the service shows its item now, or unchanged where it shows none."""
    before = RESTORES.frame(rows, **{name: [row.get(name) for row in rows] for name in RESTORES.names})
    artifacts = [known.get(row["restore_session_id"] or "", {}).get(row["item_key"] or "", {}) for row in rows]
    kept = ("restore_session_id", "item_key", "name", "outcome")
    after = RESTORES.frame(artifacts, **{name: before[name].tolist() for name in kept})
    is_seen = pd.Series([bool(artifact) for artifact in artifacts], dtype="bool")
    outcomes = [_waited_for(row, artifact, is_cut_off) for row, artifact in zip(rows, artifacts, strict=True)]
    return after.where(is_seen, before).assign(outcome=pd.array(outcomes, dtype="string"))


def _waited_for(row: Mapping[str, Any], artifact: Mapping[str, Any], is_cut_off: bool) -> str | None:
    given: str | None = row.get("outcome")
    if not row["restore_session_id"] or not row["item_key"]:
        return given
    if artifact.get("error") == GONE:  # it was set going, and nobody can tell any more what became of it
        return "unknown"
    if artifact_is_over(artifact):
        return None if given == "timed_out" else given
    return given if is_cut_off else "timed_out"
