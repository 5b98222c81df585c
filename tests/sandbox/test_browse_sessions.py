"""Browse sessions: their life, their lists, and the sandbox's own books."""

from datetime import timedelta

import pytest

from odb_nb.errors import InputError
from odb_nb.sandbox.clock import stamp

from .conftest import ROOT, SESSIONS, error_of, follow


def create(http, point_id):
    answer = http.post(SESSIONS, json={"restorePointId": point_id})
    assert answer.status_code == 201, answer.text
    return answer.json()


def special(sandbox, name):
    return next(drive for drive in sandbox.drives if drive.special == name)


def test_session_is_creating_then_created_then_gone(sandbox, http):
    drive = sandbox.drives[0]
    point = sandbox.points(drive.id)[0]
    made = create(http, point.id)
    start = sandbox.clock.now()
    assert made.pop("@odata.context").endswith("/oneDriveForBusinessBrowseSessions/$entity")
    assert made["id"] == sandbox.sessions[0].id
    assert made == {
        "id": made["id"],
        "status": "creating",
        "restorePointDateTime": stamp(point.time),
        "createdDateTime": stamp(start),
        "expirationDateTime": stamp(start + timedelta(hours=72, seconds=-2)),
        "backupSizeInBytes": made["backupSizeInBytes"],
        "directoryObjectId": drive.site_id,
    }
    path = f"{SESSIONS}/{made['id']}"
    assert [http.get(path).json()["status"] for _ in range(3)] == ["creating", "created", "created"]
    sandbox.clock.advance(72 * 3600 - 2 - 3 - 1.5)
    assert http.get(path).status_code == 200
    assert error_of(http.get(path))[:2] == (404, "itemNotFound")
    assert http.get(SESSIONS).json()["value"] == []
    assert [session.id for session in sandbox.sessions] == [made["id"]]


def test_failing_drive_fails_with_a_reason(sandbox, http):
    made = create(http, sandbox.points(special(sandbox, "sessions-fail").id)[0].id)
    assert made["status"] == "creating"
    sandbox.clock.advance(2)
    failed = http.get(f"{SESSIONS}/{made['id']}").json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "ArtifactCannotBeRestored")
    assert "backupSizeInBytes" not in failed


def test_point_without_fast_restore_is_refused(sandbox, http):
    slow = sandbox.points(special(sandbox, "no-fast-points").id, fast_only=False)[0]
    answer = http.post(SESSIONS, json={"restorePointId": slow.id})
    assert error_of(answer)[:2] == (400, "InvalidRestorePoint")
    assert "fastRestore" in error_of(answer)[2]
    with pytest.raises(InputError, match="fastRestore"):
        sandbox.open_session(slow.id)


def test_point_that_aged_away_is_refused(sandbox, http):
    point = sandbox.points(sandbox.drives[0].id)[-1]
    sandbox.clock.advance(8 * 86_400)
    assert error_of(http.post(SESSIONS, json={"restorePointId": point.id}))[1] == "InvalidRestorePoint"


@pytest.mark.parametrize("status", ["restoreLocked", "disabled"])
def test_locked_service_refuses_writes_only(start, connect, status):
    sandbox = start(service_status=status)
    http = connect(sandbox)
    point = sandbox.points(sandbox.drives[0].id)[0]
    assert error_of(http.post(SESSIONS, json={"restorePointId": point.id}))[:2] == (403, "notAllowed")
    assert http.get(SESSIONS).status_code == 200
    assert http.get(ROOT).json()["serviceStatus"]["status"] == status


def test_ids_are_opaque_and_differ_by_point_and_turn(sandbox, http):
    points = sandbox.points(sandbox.drives[0].id)[:2]
    ids = [create(http, point.id)["id"] for point in (points[0], points[1], points[0])]
    assert len(set(ids)) == 3
    assert all(len(text) == 48 and text.replace("-", "").replace("_", "").isalnum() for text in ids)
    assert [session.id for session in sandbox.sessions_on(points[0].id)] == [ids[0], ids[2]]
    assert sandbox.sessions_on("x") == []


@pytest.mark.parametrize("path", [SESSIONS, f"{ROOT}/browseSessions"])
def test_list_is_newest_first_and_shows_a_colleagues(sandbox, http, path):
    points = sandbox.points(sandbox.drives[0].id)
    first = sandbox.open_session(points[0].id)
    sandbox.clock.advance(10)
    second = create(http, points[1].id)
    listed = http.get(path).json()["value"]
    assert [session["id"] for session in listed] == [second["id"], first.id]
    assert [session.opened_by for session in sandbox.sessions] == ["colleague", "client"]
    assert ("@odata.type" in listed[0]) == (path != SESSIONS)


@pytest.mark.parametrize(("count", "page_size"), [(0, 3), (3, 3), (10, 3), (7, 100)])
def test_list_is_paged(start, connect, count, page_size):
    sandbox = start(page_size=page_size)
    made = [sandbox.open_session(sandbox.points(drive.id)[0].id).id for drive in sandbox.drives[8 : 8 + count]]
    listed, links = follow(connect(sandbox), SESSIONS)
    assert [session["id"] for session in listed] == sorted(made)
    assert len(links) == max(0, (count - 1) // page_size)
    assert sandbox.complaints == []


def test_list_holds_together_while_sessions_come_and_go(start, connect):
    sandbox = start(page_size=2, step_s=0)
    http = connect(sandbox)
    made = []
    for drive in sandbox.drives[8:14]:
        made.append(sandbox.open_session(sandbox.points(drive.id)[0].id))
        sandbox.clock.advance(60)
    answer = http.get(SESSIONS).json()
    sandbox.open_session(sandbox.points(sandbox.drives[14].id)[0].id)
    sandbox.clock.advance((made[0].expires - sandbox.clock.now()).total_seconds())
    rest, _ = follow(http, answer["@odata.nextLink"])
    shown = [session["id"] for session in answer["value"] + rest]
    assert shown == [session.id for session in reversed(made[1:])]


@pytest.mark.parametrize("path", [SESSIONS, f"{ROOT}/browseSessions"])
@pytest.mark.parametrize("page_size", [2, 100])
def test_lists_may_show_sharepoint_sessions_too(start, connect, path, page_size):
    sandbox = start(other_sessions=7, page_size=page_size)
    http = connect(sandbox)
    sandbox.clock.advance(60)
    ours = [create(http, sandbox.points(drive.id)[0].id)["id"] for drive in sandbox.drives[:3]]
    listed, links = follow(http, path)
    assert len({one["id"] for one in listed}) == len(listed) == 10
    assert {one["id"] for one in listed[:3]} == set(ours), "newest first, of both kinds"
    assert {one["@odata.type"] for one in listed[3:]} == {"#microsoft.graph.sharePointBrowseSession"}
    assert all(one["siteId"] for one in listed[3:])
    assert len(links) == (4 if page_size == 2 else 0)
    assert sandbox.complaints == []
    assert [session.id for session in sandbox.sessions] == sorted(ours)


@pytest.mark.parametrize("directory_object", ["site", "user"])
def test_two_of_three_sharepoint_sessions_look_like_a_onedrive_one(start, connect, directory_object):
    sandbox = start(other_sessions=6, directory_object=directory_object)
    http = connect(sandbox)
    points = [sandbox.points(drive.id)[0] for drive in sandbox.drives[:2]]
    others, _ = follow(http, SESSIONS)
    alike = ("directoryObjectId", "restorePointDateTime")
    for point in points:
        ours = create(http, point.id)
        twins = [one for one in others if [one.get(key) for key in alike] == [ours[key] for key in alike]]
        assert sorted(one.get("restorePointId", "") for one in twins) == ["", point.id]
    assert sum("directoryObjectId" in one for one in others) == 4
    assert sum("restorePointId" in one for one in others) == 2


def test_sharepoint_sessions_are_got_by_the_base_path_alone(start, connect):
    sandbox = start(other_sessions=1)
    http = connect(sandbox)
    [other] = http.get(SESSIONS).json()["value"]
    got = http.get(f"{ROOT}/browseSessions/{other['id']}").json()
    assert other.items() <= got.items()
    assert error_of(http.get(f"{SESSIONS}/{other['id']}"))[:2] == (404, "itemNotFound")
    sandbox.clock.advance(80 * 3600)
    assert error_of(http.get(f"{ROOT}/browseSessions/{other['id']}"))[:2] == (404, "itemNotFound")
    assert http.get(SESSIONS).json()["value"] == []


def test_sharepoint_sessions_are_the_same_in_every_run(start, connect):
    shown = [connect(start(other_sessions=20, seed=seed)).get(SESSIONS).json()["value"] for seed in (1, 1, 2)]
    assert shown[0] == shown[1]
    assert {one["id"] for one in shown[0]}.isdisjoint(one["id"] for one in shown[2])


def test_only_looks_move_the_clock_and_next_pages_do_not(start, connect):
    sandbox = start(page_size=1, step_s=5)
    http = connect(sandbox)
    begin = sandbox.clock.now()
    for drive in sandbox.drives[8:11]:
        create(http, sandbox.points(drive.id)[0].id)
    assert {session.created for session in sandbox.sessions} == {begin}
    follow(http, SESSIONS)
    assert sandbox.clock.now() - begin == timedelta(seconds=5)
    http.get(f"{ROOT}/browseSessions/{sandbox.sessions[0].id}")
    http.get(ROOT)
    assert sandbox.clock.now() - begin == timedelta(seconds=10)


def test_listing_can_lag(start, connect):
    sandbox = start(list_lag_s=3, step_s=1)
    http = connect(sandbox)
    made = create(http, sandbox.points(sandbox.drives[0].id)[0].id)
    assert [len(http.get(SESSIONS).json()["value"]) for _ in range(4)] == [0, 0, 1, 1]
    assert http.get(f"{SESSIONS}/{made['id']}").status_code == 200


def test_creating_may_take_no_time(start, connect):
    sandbox = start(creating_s=0)
    assert create(connect(sandbox), sandbox.points(sandbox.drives[0].id)[0].id)["status"] == "created"


def test_switches_change_what_a_session_shows(start, connect):
    sandbox = start(echo_restore_point_id=True, directory_object="user")
    drive = sandbox.drives[0]
    point = sandbox.points(drive.id)[0]
    made = create(connect(sandbox), point.id)
    assert (made["restorePointId"], made["directoryObjectId"]) == (point.id, drive.directory_object_id)


def test_size_grows_with_time_and_is_text(sandbox, http):
    points = sandbox.points(sandbox.drives[0].id)
    sizes = [create(http, point.id)["backupSizeInBytes"] for point in (points[-1], points[0])]
    assert all(size.isdecimal() for size in sizes)
    assert int(sizes[0]) < int(sizes[1])


def test_second_live_session_on_a_point_is_complained_about(sandbox, http):
    point = sandbox.points(sandbox.drives[0].id)[0]
    failing = sandbox.points(special(sandbox, "sessions-fail").id)[0]
    create(http, failing.id)
    sandbox.open_session(point.id)
    sandbox.clock.advance(5)
    create(http, failing.id)
    assert sandbox.complaints == []
    create(http, point.id)
    assert sandbox.complaints == [f"a second live session was created on restore point {point.id}"]
    sandbox.clock.advance(80 * 3600)
    create(http, point.id)
    assert len(sandbox.complaints) == 1


def test_requests_are_recorded_without_secrets(sandbox, connect):
    http = connect(sandbox, "canary-token")
    http.get(ROOT)
    http.get(f"{ROOT}/browseSessions/x")
    http.get("/nothing", params={"$q": "canary-query"})
    shown = [(request.operation, request.method, request.status) for request in sandbox.requests]
    assert shown == [("service_status", "GET", 200), ("get_session", "GET", 404), ("unknown", "GET", 404)]
    assert [sandbox.count(name) for name in ("service_status", "get_session", "unknown", "create_session")] == [
        1,
        1,
        1,
        0,
    ]
    assert "canary" not in repr(sandbox.requests)
    with pytest.raises(InputError, match="unknown operation"):
        sandbox.count("createSession")
