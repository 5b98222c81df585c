"""The methods of the client, and what the sandbox's own books must say after each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

import odb_nb as odb
from matrix.stage import LATE

TIMEOUT_S = 120.0
READ_S, HUNT_S, WALK_S = 300.0, 3600.0, 6 * 3600.0

_SETTLED = {"created", "reused"}


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of the client: how it is called, what goes wrong on its way, and what the books must say after it.

    `prepare` gives what a cell works on, `call` the frame, `right` checks a frame that holds everything, `never` what
    must hold of any frame and after any error. `strikes` is the request that goes wrong, the first but `skip`;
    `page` the one whose page repeats or misses a row; `points` what it opens sessions on; `is_on_sessions` whether it
    is given fresh ones.
    """

    name: str
    strikes: str
    prepare: object
    call: object
    right: object
    never: object = lambda stage, given, frame: None
    skip: int = 0
    page: str | None = None
    limit_s: float | None = READ_S
    switches: dict = field(default_factory=dict)
    points: object = lambda given: ()
    is_on_sessions: bool = False


def told(column):
    """Its values, None for null, which pandas would not compare."""
    return [None if pd.isna(value) else value for value in column]


def same(column, books):
    assert sorted(map(str, column)) == sorted(map(str, books))


# drives, points


def right_points(stage, given, frame):
    newest = [next(point.id for point in stage.sandbox.points(id_) if point.time < LATE) for id_ in given]
    assert told(frame["id"]) == newest


# sessions


def prepared_points(count, *, same_drive=False):
    def prepare(stage):
        return stage.frame_of(stage.points(count, same_drive=same_drive))

    return prepare


def right_create(stage, given, frame):
    assert told(frame["restore_point_id"]) == given["id"].tolist()
    assert set(frame["outcome"]) <= _SETTLED
    assert told(frame["status"]) == ["created"] * len(given)
    assert told(frame["id"]) == [stage.sandbox.sessions_on(id_)[0].id for id_ in given["id"]]


def one_session_each(stage, given, frame):
    sessions = {id_: [one.id for one in stage.sandbox.sessions_on(id_)] for id_ in given["id"]}
    assert max(map(len, sessions.values())) <= 1
    if frame is None or "outcome" not in frame:
        return
    for row in frame.itertuples():
        assert pd.isna(row.id) or row.id in sessions[row.restore_point_id]
        assert row.outcome != "failed" or not sessions[row.restore_point_id]


def right_statuses(stage, given, frame):
    assert told(frame["id"]) == [one.id for one in given]
    assert told(frame["status"]) == ["created"] * len(given)


def opened_now(stage):
    return stage.sessions(2, are_ready=False)


def right_table(stage, given, frame):
    assert told(frame["restore_point_id"]) == [one.restore_point_id for one in given]
    assert told(frame["session_id"]) == [one.id for one in given]
    left = [(one.expires - stage.client.now).total_seconds() for one in given]
    assert frame["expires_in"].dt.total_seconds().sub(left).abs().max() <= 1


# items


def prepared_library(stage):
    session = stage.sessions(1)[0]
    return session, next(item for item in stage.items_of(session, 1) if item.type == "documentLibrary")


def right_browse(stage, given, frame):
    session, library = given
    same(frame["item_key"], [item.key for item in stage.items_of(session, 2) if item.parent_key == library.key])


def right_walk(stage, given, frame):
    same(frame["item_key"], [item.key for item in stage.items_of(given, 2)])
    assert frame.attrs["not_listed"] == []


def right_change(stage, given, frame):
    assert set(frame["verdict"]) == {"good"}
    assert told(frame["session_id"]) == [stage.sandbox.sessions_on(id_)[0].id for id_ in frame["restore_point_id"]]


def change_never(stage, given, frame):
    assert all(len(stage.sandbox.sessions_on(id_)) <= 1 for id_ in given["id"])


# restores


def prepared_plan(stage):
    return stage.client.plan_restore(stage.items(3))


def right_plan(stage, given, frame):
    assert told(frame["item_key"]) == given["item_key"].tolist()
    point = next(one.restore_point_id for one in stage.sandbox.sessions if one.id == given["session_id"].iloc[0])
    assert told(frame["restore_point_id"]) == [point] * len(given)


def right_restore(stage, given, frame):
    assert told(frame["item_key"]) == given["item_key"].tolist()
    assert told(frame["status"]) == ["succeeded"] * len(given)
    assert set(frame["outcome"]) <= _SETTLED
    going = {
        one.key: restore.id for restore in stage.sandbox.restores if restore.activated for one in restore.artifacts
    }
    assert told(frame["restore_session_id"]) == [going[key] for key in given["item_key"]]


def restored_once(stage, given, frame):
    times = Counter((one.restore_point_id, one.key) for one in stage.sandbox.restored)
    assert max(times.values(), default=0) <= 1
    if frame is None:
        return
    sessions = {restore.id for restore in stage.sandbox.restores}
    assert set(frame["restore_session_id"].dropna()) <= sessions
    failed = set(frame.loc[frame["outcome"] == "failed", "item_key"])
    assert not failed & {key for _, key in times}


def begun(stage):
    return stage.client.restore_items(stage.client.plan_restore(stage.items(2)))


def restores_of_colleagues(stage):
    if not stage.sandbox.restores:
        session = stage.sessions(1)[0]
        files = [item.key for item in stage.items_of(session, 3) if item.type == "file" and item.restorable]
        for first in range(3):
            stage.sandbox.open_restore(session.id, files[2 * first : 2 * first + 2])


def right_listed(stage, given, frame):
    same(frame["item_key"], [one.key for restore in stage.sandbox.restores for one in restore.artifacts])


ECHO = {"echo_restore_point_id": True}
PAGED = {**ECHO, "page_size": 2}
OPERATIONS = (
    Operation(
        "list_drives", "list_drives", lambda stage: None,
        lambda client, given: client.list_drives(),
        lambda stage, given, frame: same(frame["id"], [drive.id for drive in stage.sandbox.drives]),
        skip=1, switches=PAGED,
    ),
    Operation(
        "list_restore_points", "search_restore_points", lambda stage: [drive.id for drive in stage.drives[:3]],
        lambda client, given: client.list_restore_points(given, end="2026-11-19", limit=1),
        right_points, limit_s=HUNT_S,
    ),
    Operation(
        "create_session", "create_session", prepared_points(1),
        lambda client, given: client.create_session(given, wait=True, timeout=TIMEOUT_S),
        right_create, one_session_each, page="list_sessions", limit_s=TIMEOUT_S,
        points=lambda given: given["id"].tolist(),
    ),
    Operation(
        "create_sessions", "create_session", prepared_points(3),
        lambda client, given: client.create_sessions(given, wait=True, timeout=TIMEOUT_S, max_concurrency=1),
        right_create, one_session_each, skip=1, page="list_sessions", limit_s=TIMEOUT_S,
        points=lambda given: given["id"].tolist(),
    ),
    Operation(
        "list_sessions", "list_sessions", lambda stage: stage.live() or stage.sessions(5),
        lambda client, given: client.list_sessions(),
        lambda stage, given, frame: same(frame["id"], [one.id for one in stage.live()]),
        skip=1, switches=PAGED,
    ),
    Operation(
        "get_session", "get_session", lambda stage: stage.sessions(1),
        lambda client, given: client.get_session(given[0].id), right_statuses, switches=ECHO, is_on_sessions=True,
    ),
    Operation(
        "wait_for_sessions", "list_sessions", opened_now,
        lambda client, given: client.wait_for_sessions([one.id for one in given], timeout=TIMEOUT_S),
        right_statuses, limit_s=TIMEOUT_S, switches=ECHO, is_on_sessions=True,
    ),
    Operation(
        "tabulate_status", "list_sessions", lambda stage: stage.live() or stage.sessions(5),
        lambda client, given: client.tabulate_status([one.restore_point_id for one in given]),
        right_table, skip=1, switches=PAGED,
    ),
    Operation(
        "browse", "browse", prepared_library,
        lambda client, given: client.browse(given[0].id, given[1].key),
        right_browse, skip=1, switches=ECHO, is_on_sessions=True,
    ),
    Operation(
        "walk", "browse", lambda stage: stage.sessions(1)[0],
        lambda client, given: client.walk(given.id, max_depth=2),
        right_walk, skip=3, limit_s=WALK_S, switches=ECHO, is_on_sessions=True,
    ),
    Operation(
        "find_change", "browse", prepared_points(3, same_drive=True),
        lambda client, given: client.find_change(given, odb.path_exists("Documents")),
        right_change, change_never, skip=1, limit_s=WALK_S,
        points=lambda given: given["id"].tolist(),
    ),
    Operation(
        "plan_restore", "list_sessions", lambda stage: stage.items(3),
        lambda client, given: client.plan_restore(given), right_plan, switches=ECHO,
    ),
    Operation(
        "restore_items", "activate_restore", prepared_plan,
        lambda client, given: client.restore_items(given, wait=True, timeout=TIMEOUT_S),
        right_restore, restored_once, page="list_restore_artifacts", limit_s=TIMEOUT_S, switches=ECHO,
    ),
    Operation(
        "list_restores", "list_restores", restores_of_colleagues,
        lambda client, given: client.list_restores(), right_listed, skip=1, switches=PAGED,
    ),
    Operation(
        "wait_for_restore", "list_restore_artifacts", begun,
        lambda client, given: client.wait_for_restore(given, timeout=TIMEOUT_S),
        right_restore, restored_once, limit_s=TIMEOUT_S, switches={**ECHO, "restore_item_s": 1},
    ),
    Operation(
        "check_permissions", "service_status", lambda stage: None,
        lambda client, given: client.check_permissions(),
        lambda stage, given, frame: same(frame["state"], ["granted"] * len(frame)),
    ),
)  # fmt: skip
