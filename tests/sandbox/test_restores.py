"""Restore sessions: their life, their lists, faults on them, and the sandbox's own books."""

from datetime import timedelta

import httpx
import pytest

from odb_nb.errors import InputError
from odb_nb.sandbox import Fault
from odb_nb.sandbox.clock import stamp

from .conftest import error_of, follow
from .restoring import BASE, BETA, RESTORES, SHOW_ALL, activate, artifacts_of, body_of, create, opened, owned_by

NEVER = "0001-01-01T00:00:00Z"


@pytest.fixture
def adele(sandbox):
    return opened(sandbox, sandbox.drives[0])


def test_session_is_draft_then_activating_then_active_then_completed(sandbox, http, adele):
    session, files = adele
    begin = sandbox.clock.now()
    made = create(http, body_of(session, files[:2]))
    assert made.pop("@odata.context").endswith("/oneDriveForBusinessRestoreSessions/$entity")
    admin = {"user": {"id": made["createdBy"]["user"]["id"], "displayName": "Megan Bowen"}}
    assert made == {
        "id": sandbox.restores[0].id,
        "status": "draft",
        "restoreJobType": "unknownFutureValue",
        "createdBy": admin,
        "createdDateTime": stamp(begin),
        "lastModifiedBy": admin,
        "lastModifiedDateTime": stamp(begin),
        "restoreSessionArtifactCount": {"total": 2, "completed": 0, "inProgress": 0, "failed": 0},
    }
    started = activate(http, made["id"])
    assert started["@odata.type"] == "#microsoft.graph.oneDriveForBusinessRestoreSession"
    assert started["status"] == "activating"
    looks = [http.get(f"{BASE}/{made['id']}").json() for _ in range(3)]
    assert [look["status"] for look in looks] == ["active", "active", "completed"]
    assert http.get(f"{BASE}/{made['id'].upper()}").json()["id"] == made["id"]
    counts = [look["restoreSessionArtifactCount"] for look in looks]
    assert [(count["completed"], count["inProgress"]) for count in counts] == [(0, 2), (1, 1), (2, 0)]
    assert [look.get("completedDateTime") for look in looks] == [None, None, stamp(begin + timedelta(seconds=3))]


def test_artifact_shows_placeholders_until_it_is_known(start, connect):
    sandbox = start(step_s=0)
    http = connect(sandbox)
    drive = sandbox.drives[0]
    session, files = opened(sandbox, drive)
    one = files[0]
    restore_id = create(http, body_of(session, [one]))["id"]
    empty = dict.fromkeys(("restoredItemKey", "restoredItemPath", "restoredItemWebUrl"), "")
    added = {
        "id": one.key,
        "browseSessionId": session.id,
        "status": "added",
        "webUrl": one.web_url,
        **empty,
        "restorePointDateTime": stamp(session.restore_point_time),
        "startDateTime": NEVER,
        "completionDateTime": NEVER,
        "directoryObjectId": drive.site_id,
    }
    assert artifacts_of(http, restore_id) == [added]
    activate(http, restore_id)
    begin = sandbox.clock.now()
    statuses = []
    for _ in range(4):
        [shown] = artifacts_of(http, restore_id)
        statuses.append(shown["status"])
        if shown["status"] != "succeeded":
            assert shown.items() >= empty.items()
            assert shown["completionDateTime"] == NEVER
        sandbox.clock.advance(0.5)
    assert statuses == ["scheduling", "scheduled", "inProgress", "inProgress"]
    [done] = artifacts_of(http, restore_id)
    folder = f"Documents/Restored {begin:%Y-%m-%d %H-%M-%S}"
    site = one.web_url.partition("/Documents")[0]
    assert done["status"] == "succeeded"
    assert done["startDateTime"] == stamp(begin + timedelta(seconds=1))
    assert done["completionDateTime"] == stamp(begin + timedelta(seconds=2))
    assert done["restoredItemPath"] == f"/{site.partition('.com/')[2]}/{folder}"
    assert done["restoredItemWebUrl"] == f"{site}/{folder}/{one.name}"
    assert done["restoredItemKey"] not in {item.key for item in files}
    assert done["restoredItemKey"].split(",")[:3] == one.key.split(",")[:3]


def test_item_that_cannot_be_restored_fails_alone(sandbox, http):
    session, files = opened(sandbox, owned_by(sandbox, "Patti Fernandez"))
    bad = next(item for item in files if not item.restorable)
    good = next(item for item in files if item.restorable)
    mixed = create(http, body_of(session, [bad, good]))["id"]
    failing = create(http, body_of(session, [bad]))["id"]
    for restore_id in (mixed, failing):
        activate(http, restore_id)
    sandbox.clock.advance(10)
    assert http.get(f"{BASE}/{mixed}").json()["status"] == "completedWithError"
    assert [one["status"] for one in artifacts_of(http, mixed)] == ["failed", "succeeded"]
    assert "error" not in artifacts_of(http, mixed)[0]
    [shown] = artifacts_of(http, failing, BETA)
    assert (shown["status"], shown["error"]["code"]) == ("failed", "ArtifactCannotBeRestored")
    assert [shown["restoredItemPath"], shown["restoredItemKey"]] == ["", ""]
    for path in (f"{BASE}/{failing}", f"{RESTORES}/{failing}"):
        assert http.get(path).json()["status"] == "unknownFutureValue"
        seen = http.get(path, headers=SHOW_ALL).json()
        assert (seen["status"], seen["restoreJobType"]) == ("failed", "granular")
    reasons = {one.key: one.reason for one in sandbox.restored}
    assert (len(sandbox.restored), reasons) == (3, {bad.key: "ArtifactCannotBeRestored", good.key: None})


@pytest.mark.parametrize("path", [RESTORES, BASE])
@pytest.mark.parametrize("page_size", [2, 100])
def test_list_is_newest_first_and_paged(start, connect, path, page_size):
    sandbox = start(page_size=page_size)
    http = connect(sandbox)
    session, files = opened(sandbox, sandbox.drives[0])
    made = []
    for item in files[:5]:
        made.insert(0, create(http, body_of(session, [item]))["id"])
        sandbox.clock.advance(1)
    first = http.get(path).json()
    late = create(http, body_of(session, files[5:6]))["id"]
    listed = first["value"] + (follow(http, first["@odata.nextLink"])[0] if page_size == 2 else [])
    assert [one["id"] for one in listed] == made
    assert {"@odata.type" in one for one in listed} == {path == BASE}
    assert http.get(path).json()["value"][0]["id"] == late
    assert sandbox.complaints == []


def test_artifacts_are_paged_in_the_order_asked(start, connect):
    sandbox = start(page_size=3)
    http = connect(sandbox)
    session, files = opened(sandbox, sandbox.drives[0])
    restore_id = create(http, body_of(session, files[7::-1]))["id"]
    shown, links = follow(http, f"{RESTORES}/{restore_id}/granularDriveRestoreArtifacts")
    assert [one["id"] for one in shown] == [item.key for item in files[7::-1]]
    assert len(links) == 2


def test_too_many_active_sessions_is_a_500_that_passes(start, connect):
    sandbox = start(most_active_restores=2)
    http = connect(sandbox)
    session, files = opened(sandbox, sandbox.drives[0])
    drafts = [create(http, body_of(session, [item]))["id"] for item in files[:2]]
    activate(http, drafts[0])
    sandbox.open_restore(session.id, [files[2].key])
    answer = http.post(f"{BASE}/{drafts[1]}/activate")
    assert error_of(answer)[:2] == (500, "TooManyActiveRestoreSessions")
    assert http.get(f"{BASE}/{drafts[1]}").json()["status"] == "draft"
    sandbox.clock.advance(10)
    activate(http, drafts[1])


def test_a_year_after_its_end_a_session_is_gone(sandbox, http, adele):
    session, files = adele
    done, draft = (create(http, body_of(session, [item]))["id"] for item in files[:2])
    activate(http, done)
    sandbox.clock.advance(2 + 365 * 86_400 - 1.5)
    assert http.get(f"{BASE}/{done}").status_code == 200
    assert http.get(f"{BASE}/{done}").status_code == 404
    assert [one["id"] for one in http.get(BASE).json()["value"]] == [draft]
    assert {restore.id for restore in sandbox.restores} == {done, draft}


@pytest.mark.parametrize("kind", ["drop", "cut", "status"])
def test_lost_replies_leave_what_took_effect(sandbox, http, adele, kind):
    session, files = adele
    for operation in ("create_restore", "activate_restore"):
        sandbox.faults.add(Fault(operation, kind, status=500, after_effect=True))
    assert is_lost(lambda: http.post(RESTORES, json=body_of(session, files[:1])))
    [draft] = sandbox.restores
    assert draft.status(sandbox.clock.now()) == "draft"
    assert is_lost(lambda: http.post(f"{BASE}/{draft.id}/activate"))
    assert [one.key for one in sandbox.restored] == [files[0].key]
    assert error_of(http.post(f"{BASE}/{draft.id}/activate"))[:2] == (403, "RestoreSessionActionNotAllowed")
    assert ["without a look" in words or "a second time" in words for words in sandbox.complaints] == [True] * 2


def is_lost(send):
    try:
        return send().status_code == 500
    except httpx.TransportError:
        return True


@pytest.mark.parametrize(("looks_at", "complaints"), [("the other", [True]), ("it", []), ("all", [])])
def test_a_look_at_another_restore_shows_nothing_of_a_lost_start(sandbox, http, adele, looks_at, complaints):
    session, files = adele
    ids = [create(http, body_of(session, [file]))["id"] for file in files[:2]]
    sandbox.faults.add(Fault("activate_restore"))
    assert http.post(f"{BASE}/{ids[0]}/activate").status_code == 503
    http.get({"it": f"{BASE}/{ids[0]}", "the other": f"{BASE}/{ids[1]}", "all": BASE}[looks_at])
    activate(http, ids[0])
    assert ["repeated without a look" in words for words in sandbox.complaints] == complaints


def test_fault_may_be_about_the_points_of_the_artifacts(sandbox, http, adele):
    session, files = adele
    older, older_files = opened(sandbox, sandbox.drives[0], 5)
    mine, other = (create(http, body_of(s, [f[0]]))["id"] for s, f in ((session, files), (older, older_files)))
    sandbox.faults.add(Fault("any", times=None, restore_points={older.restore_point_id}))
    assert http.post(RESTORES, json=body_of(older, older_files[1:2])).status_code == 503
    assert http.post(RESTORES, json=body_of(session, files[1:2])).status_code == 201
    assert http.post(RESTORES, json={"granularDriveRestoreArtifacts": 7}).status_code == 400
    for restore_id, status in ((mine, 200), (other, 503)):
        assert http.get(f"{BASE}/{restore_id}").status_code == status
        assert http.get(f"{RESTORES}/{restore_id}/granularDriveRestoreArtifacts").status_code == status
        assert http.post(f"{BASE}/{restore_id}/activate").status_code == status


def test_second_restore_of_an_item_is_complained_about(sandbox, http, adele):
    session, files = adele
    for items in (files[:2], files[2:3]):
        activate(http, create(http, body_of(session, items))["id"])
    assert sandbox.complaints == []
    activate(http, create(http, body_of(session, files[1:2]))["id"])
    assert sandbox.complaints == [f"item {files[1].key} of restore point {session.restore_point_id} was restored twice"]
    older, older_files = opened(sandbox, sandbox.drives[0], 4)
    assert files[0].key in {item.key for item in older_files}
    activate(http, create(http, body_of(older, files[:1]))["id"])
    assert len(sandbox.complaints) == 1, "another point is another version of the item"


def test_second_try_after_a_failure_is_not_complained_about(sandbox, http):
    session, files = opened(sandbox, owned_by(sandbox, "Patti Fernandez"))
    bad = next(item for item in files if not item.restorable)
    for _ in range(2):
        activate(http, create(http, body_of(session, [bad]))["id"])
    assert sandbox.complaints == []


def test_colleagues_restores_are_in_the_list_and_the_books(sandbox, http, adele):
    session, files = adele
    theirs = sandbox.open_restore(session.id, [files[0].key])
    draft = sandbox.open_restore(session.id, [files[1].key], activate=False)
    create(http, body_of(session, files[2:3]))
    assert {one["id"] for one in http.get(BASE).json()["value"]} >= {theirs.id, draft.id}
    assert sorted(one.opened_by for one in sandbox.restores) == ["client", "colleague", "colleague"]
    assert [one.key for one in sandbox.restored] == [files[0].key]
    assert sandbox.count("create_restore") == 1
    for session_id, keys in (
        ("x", [files[0].key]),
        (session.id, ["x"]),
        (session.id, []),
        (session.id, [files[0].key] * 2),
    ):
        with pytest.raises(InputError):
            sandbox.open_restore(session_id, keys)


def test_only_looks_move_the_clock(start, connect):
    sandbox = start(step_s=5)
    http = connect(sandbox)
    session, files = opened(sandbox, sandbox.drives[0])
    begin = sandbox.clock.now()
    restore_id = create(http, body_of(session, files[:1]))["id"]
    activate(http, restore_id)
    assert sandbox.clock.now() == begin
    for count, path in enumerate((BASE, RESTORES, f"{BASE}/{restore_id}", f"{RESTORES}/{restore_id}"), 1):
        http.get(path)
        assert sandbox.clock.now() - begin == timedelta(seconds=5 * count)
    artifacts_of(http, restore_id)
    assert sandbox.clock.now() - begin == timedelta(seconds=25)


def test_ids_follow_from_what_is_restored_and_how_often(start, connect):
    shown = []
    for order in ([0, 1, 1], [1, 0, 1]):
        sandbox = start()
        http = connect(sandbox)
        session, files = opened(sandbox, sandbox.drives[0])
        ids = {}
        for place in order:
            ids.setdefault(place, []).append(create(http, body_of(session, [files[place]]))["id"])
        shown.append(ids)
    assert shown[0] == shown[1]
    assert len({one for ids in shown[0].values() for one in ids}) == 3
