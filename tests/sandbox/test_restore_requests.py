"""What requests for restore sessions ask for: what is refused, changed, and put back in place."""

from dataclasses import replace

import pytest

from .conftest import error_of
from .restoring import BASE, BETA, GUID, RESTORES, SHOW_ALL, activate, artifacts_of, body_of, create, opened, owned_by


@pytest.fixture
def adele(sandbox):
    return opened(sandbox, sandbox.drives[0])


def test_create_without_payload_is_an_empty_standard_session(sandbox, http):
    for made in (http.post(RESTORES), http.post(RESTORES, json={})):
        assert made.status_code == 201
        assert made.json()["restoreJobType"] == "standard"
        assert made.json()["restoreSessionArtifactCount"]["total"] == 0
        answer = http.post(f"{BASE}/{made.json()['id']}/activate")
        assert error_of(answer)[:2] == (400, "InvalidArtifactRequest")
    assert len({restore.id for restore in sandbox.restores}) == 2
    assert [restore.drive_id for restore in sandbox.restores] == [None, None]


REFUSED = [
    pytest.param(lambda s, f: {"granularDriveRestoreArtifacts": []}, 400, "InvalidArtifactRequest", id="empty list"),
    pytest.param(lambda s, f: {"granularDriveRestoreArtifacts": None}, 400, "InvalidArtifactRequest", id="null"),
    pytest.param(lambda s, f: {"granularDriveRestoreArtifacts": {"id": "x"}}, 400, "InvalidArtifactRequest", id="dict"),
    pytest.param(lambda s, f: {"granularDriveRestoreArtifacts": ["x"]}, 400, "invalidRequest", id="texts"),
    pytest.param(lambda s, f: body_of(s, f[:51]), 413, "RestoreArtifactsLimitBreached", id="51"),
    pytest.param(lambda s, f: body_of(s, [f[0], f[0]]), 400, "DuplicateArtifactInList", id="twice"),
    pytest.param(lambda s, f: body_of(s, [replace(f[0], key="x")]), 400, "InvalidArtifactRequest", id="unknown key"),
    pytest.param(lambda s, f: body_of(s, [replace(f[0], key="")]), 400, "InvalidArtifactRequest", id="empty key"),
    pytest.param(
        lambda s, f: body_of(s, [replace(f[0], key=f[0].key.upper())]), 400, "InvalidArtifactRequest", id="case of key"
    ),
    pytest.param(
        lambda s, f: body_of(s, [replace(f[0], key=",".join(f[0].key.split(",")[:2]))]),
        400,
        "InvalidPathType",
        id="site",
    ),
    pytest.param(lambda s, f: body_of(replace(s, id="x"), f[:1]), 400, "InvalidArtifactRequest", id="unknown session"),
    pytest.param(lambda s, f: body_of(s, f[:1], browseSessionId=7), 400, "InvalidArtifactRequest", id="session: 7"),
    pytest.param(lambda s, f: body_of(s, f[:1], destinationType="inPlace"), 400, "invalidRequest", id="in place"),
    pytest.param(
        lambda s, f: body_of(s, f[:1]) | {"@microsoft.graph.conflictBehavior": "fail"},
        400,
        "invalidRequest",
        id="conflict",
    ),
    pytest.param(
        lambda s, f: body_of(s, f[:1]) | {"driveRestoreArtifacts": []}, 400, "InvalidArtifactRequest", id="both kinds"
    ),
    pytest.param(lambda s, f: {"driveRestoreArtifacts": [{}]}, 400, "notSupported", id="whole drive"),
    pytest.param(lambda s, f: body_of(s, f[:1], itemKey="x"), 400, "invalidRequest", id="itemKey"),
    pytest.param(lambda s, f: {"GranularDriveRestoreArtifacts": []}, 400, "invalidRequest", id="case"),
    pytest.param(lambda s, f: [], 400, "invalidRequest", id="list"),
]


@pytest.mark.parametrize(("make", "status", "code"), REFUSED)
def test_create_refuses(sandbox, http, adele, make, status, code):
    assert error_of(http.post(RESTORES, json=make(*adele)))[:2] == (status, code)
    assert sandbox.restores == []


def test_fifty_items_are_not_too_many(http, adele):
    session, files = adele
    assert create(http, body_of(session, files[:50]))["restoreSessionArtifactCount"]["total"] == 50


def test_browse_session_must_be_ready_and_alive(sandbox, http):
    drive = sandbox.drives[0]
    point = sandbox.points(drive.id)[0]
    session, files = sandbox.open_session(point.id), sandbox.files(drive.id, point.id)
    body = body_of(session, files[-1:])
    assert "creating" in error_of(http.post(RESTORES, json=body))[2]
    sandbox.clock.advance(2)
    draft = create(http, body)["id"]
    sandbox.clock.advance(sandbox.settings.lifetime_s)
    assert "expired" in error_of(http.post(RESTORES, json=body))[2]
    assert activate(http, draft)["status"] == "activating"


def test_failed_browse_session_gives_nothing(sandbox, http):
    drive = next(drive for drive in sandbox.drives if drive.special == "sessions-fail")
    session, files = opened(sandbox, drive)
    assert error_of(http.post(RESTORES, json=body_of(session, files[:1])))[1] == "InvalidArtifactRequest"


def test_several_points_of_one_drive_may_be_mixed_but_not_drives(sandbox, http, adele):
    session, files = adele
    older, older_files = opened(sandbox, sandbox.drives[0], 3)
    key = next(item for item in older_files if item.key != files[0].key)
    mixed = body_of(session, files[:1])
    mixed["granularDriveRestoreArtifacts"] += body_of(older, [key])["granularDriveRestoreArtifacts"]
    assert create(http, mixed)["restoreSessionArtifactCount"]["total"] == 2
    assert len({one.restore_point_id for one in sandbox.restores[0].artifacts}) == 2
    other, other_files = opened(sandbox, sandbox.drives[1])
    mixed["granularDriveRestoreArtifacts"] += body_of(other, other_files[:1])["granularDriveRestoreArtifacts"]
    answer = http.post(RESTORES, json=mixed)
    assert error_of(answer)[:2] == (400, "InvalidArtifactRequest")
    assert "several drives" in error_of(answer)[2]


def test_same_item_of_two_points_is_a_duplicate(sandbox, http, adele):
    session, files = adele
    older, older_files = opened(sandbox, sandbox.drives[0], 1)
    shared = next(item for item in files if item.key in {old.key for old in older_files})
    both = body_of(session, [shared])["granularDriveRestoreArtifacts"]
    both = both + body_of(older, [shared])["granularDriveRestoreArtifacts"]
    answer = http.post(RESTORES, json={"granularDriveRestoreArtifacts": both})
    assert error_of(answer)[:2] == (400, "DuplicateArtifactInList")


CALLS = [
    pytest.param("GET", f"{BASE}/%s", id="get"),
    pytest.param("GET", f"{RESTORES}/%s", id="get onedrive"),
    pytest.param("GET", f"{RESTORES}/%s/granularDriveRestoreArtifacts", id="artifacts"),
    pytest.param("POST", f"{BASE}/%s/activate", id="activate"),
    pytest.param("DELETE", f"{BASE}/%s", id="delete"),
    pytest.param("PATCH", f"{RESTORES}/%s", id="update"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_unknown_ids_are_refused(http, method, path):
    parts = {"json": {}} if method == "PATCH" else {}
    assert error_of(http.request(method, path % "x", **parts))[:2] == (400, "InvalidRestoreSessionId")
    assert error_of(http.request(method, path % GUID, **parts))[:2] == (404, "RestoreSessionNotFound")


@pytest.mark.parametrize(("method", "path"), CALLS[3:])
def test_only_drafts_can_be_touched(sandbox, http, adele, method, path):
    session, files = adele
    restore_id = create(http, body_of(session, files[:1]))["id"]
    activate(http, restore_id)
    parts = {"json": {}} if method == "PATCH" else {}
    for seconds in (0, 60):
        sandbox.clock.advance(seconds)
        answer = http.request(method, path % restore_id, **parts)
        assert error_of(answer)[:2] == (403, "RestoreSessionActionNotAllowed")
    assert len(sandbox.restored) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", f"{RESTORES}/{GUID}"), ("PATCH", f"{BASE}/{GUID}"), ("POST", f"{RESTORES}/{GUID}/activate")],
)
def test_undocumented_twins_are_not_spoken(http, method, path):
    assert http.request(method, path).status_code in (404, 405)


def test_deleted_draft_is_gone_and_its_id_does_not_come_back(sandbox, http, adele):
    session, files = adele
    made = [create(http, body_of(session, files[:1]))["id"]]
    answer = http.delete(f"{BASE}/{made[0]}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers
    assert error_of(http.get(f"{BASE}/{made[0]}"))[:2] == (404, "RestoreSessionNotFound")
    assert http.get(BASE).json()["value"] == []
    made.append(create(http, body_of(session, files[:1]))["id"])
    assert made[0] != made[1]
    assert [restore.id for restore in sandbox.restores] == made[1:]


@pytest.mark.parametrize("status", ["restoreLocked", "disabled"])
def test_locked_service_refuses_writes_only(start, connect, status):
    sandbox = start(service_status=status)
    http = connect(sandbox)
    for method, path in (("POST", RESTORES), ("POST", f"{BASE}/{GUID}/activate"), ("DELETE", f"{BASE}/{GUID}")):
        assert error_of(http.request(method, path))[:2] == (403, "notAllowed")
    assert error_of(http.patch(f"{RESTORES}/{GUID}", json={}))[:2] == (403, "notAllowed")
    assert http.get(BASE).json()["value"] == []


def delta(*entries):
    return {"granularDriveRestoreArtifacts@delta": list(entries)}


@pytest.mark.parametrize("name", ["id", "itemKey"])
def test_update_adds_and_takes_out(sandbox, http, adele, name):
    session, files = adele
    restore_id = create(http, body_of(session, files[:2]))["id"]
    sandbox.clock.advance(5)
    answer = http.patch(
        f"{RESTORES}/{restore_id}",
        json=delta(
            {"browseSessionId": session.id, name: files[2].key},
            {"@removed": {"reason": "changed"}, "id": files[0].key},
            {"@removed": {"reason": "changed"}, "id": "not there"},
        ),
    )
    assert answer.status_code == 200
    assert answer.json()["@context"] == "#$delta"
    added, removed, refused = answer.json()["value"]
    assert (added["id"], added["status"]) == (files[2].key, "added")
    assert removed == {"@removed": {"reason": "changed"}, "id": files[0].key}
    assert refused["@Core.DataModificationException"]["responseCode"] == 409
    assert [one["id"] for one in artifacts_of(http, restore_id)] == [files[1].key, files[2].key]
    seen = http.get(f"{BASE}/{restore_id}").json()
    assert seen["lastModifiedDateTime"] > seen["createdDateTime"]


def test_update_fills_an_empty_session(http, adele):
    session, files = adele
    restore_id = http.post(RESTORES).json()["id"]
    http.patch(f"{RESTORES}/{restore_id}", json=delta({"browseSessionId": session.id, "itemKey": files[0].key}))
    seen = http.get(f"{BASE}/{restore_id}", headers=SHOW_ALL).json()
    assert (seen["restoreJobType"], seen["restoreSessionArtifactCount"]["total"]) == ("granular", 1)
    assert activate(http, restore_id)["status"] == "activating"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(lambda s, f: {}, "InvalidPatchRequest", id="nothing"),
        pytest.param(lambda s, f: delta(), "InvalidPatchRequest", id="empty"),
        pytest.param(lambda s, f: delta(*[{}] * 51), "RestoreArtifactsLimitBreached", id="51"),
        pytest.param(
            lambda s, f: delta({"browseSessionId": s.id, "id": f[0].key}), "DuplicateArtifactInList", id="there already"
        ),
        pytest.param(
            lambda s, f: delta(*[{"@removed": {}, "id": f[0].key}] * 2), "DuplicateArtifactInList", id="twice"
        ),
        pytest.param(lambda s, f: delta({"browseSessionId": s.id, "id": "x"}), "InvalidArtifactRequest", id="unknown"),
        pytest.param(lambda s, f: {"driveRestoreArtifacts@delta": []}, "notSupported", id="whole drive"),
    ],
)
def test_update_refuses_and_changes_nothing(sandbox, http, adele, make, code):
    session, files = adele
    restore_id = create(http, body_of(session, files[:1]))["id"]
    assert error_of(http.patch(f"{RESTORES}/{restore_id}", json=make(session, files)))[:2] == (400, code)
    assert [one.key for one in sandbox.restores[0].artifacts] == [files[0].key]


def restore_in_place(sandbox, http, session, items, conflict):
    """Restore in place by the beta; what each artifact shows in the end."""
    more = {} if conflict is None else {"@microsoft.graph.conflictBehavior": conflict}
    made = create(http, body_of(session, items, destinationType="inPlace"), BETA, **more)
    activate(http, made["id"])
    sandbox.clock.advance(100)
    return artifacts_of(http, made["id"], BETA)


@pytest.mark.parametrize("conflict", [None, "fail"])
def test_in_place_fails_where_the_item_still_is(sandbox, http, conflict):
    drive = owned_by(sandbox, "Miriam Graham")
    session, files = opened(sandbox, drive, 8)
    live = {item.key for item in sandbox.files(drive.id, sandbox.points(drive.id)[0].id)}
    gone = next(item for item in files if item.key not in live)
    kept = next(item for item in files if item.key in live)
    failed, put_back = restore_in_place(sandbox, http, session, [kept, gone], conflict)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "nameAlreadyExists")
    assert (put_back["status"], put_back["restoredItemKey"]) == ("succeeded", gone.key)
    assert put_back["restoredItemWebUrl"] == put_back["webUrl"] == gone.web_url
    assert put_back["destinationType"] == "inPlace"


def test_in_place_replaces_or_renames(sandbox, http, adele):
    session, files = adele
    one = files[0]
    [replaced] = restore_in_place(sandbox, http, session, [one], "replace")
    assert (replaced["restoredItemKey"], replaced["restoredItemWebUrl"]) == (one.key, one.web_url)
    folder = one.web_url.removesuffix(f"/{one.name}")
    assert folder.endswith(replaced["restoredItemPath"])
    [renamed] = restore_in_place(sandbox, http, session, [one], "rename")
    stem, dot, ending = one.name.rpartition(".")
    assert renamed["restoredItemWebUrl"] == f"{folder}/{stem} 1{dot}{ending}"
    assert renamed["restoredItemKey"] != one.key


def test_odd_names_go_back_where_they_were(sandbox, http):
    session, files = opened(sandbox, owned_by(sandbox, "Patti Fernandez"))
    named = [item for item in files if item.restorable and item.name is not None][:50]
    shown = restore_in_place(sandbox, http, session, named, "replace")
    assert {one["status"] for one in shown} == {"succeeded"}
    assert [one["restoredItemWebUrl"] for one in shown] == [item.web_url for item in named]
    assert ".." in {item.name for item in named}
    assert any("/" in item.name for item in named)


def test_beta_refuses_mixed_destinations_and_odd_words(http, adele):
    session, files = adele
    mixed = body_of(session, files[:1], destinationType="inPlace")
    mixed["granularDriveRestoreArtifacts"] += body_of(session, files[1:2])["granularDriveRestoreArtifacts"]
    assert error_of(http.post(BETA, json=mixed))[:2] == (400, "DifferentRestoreDestinationType")
    odd = body_of(session, files[:1], destinationType="elsewhere")
    assert error_of(http.post(BETA, json=odd))[0] == 400
    for body in ({}, body_of(session, files[:1])):
        answer = http.post(BETA, json={"@microsoft.graph.conflictBehavior": "merge"} | body)
        assert error_of(answer)[:2] == (400, "invalidRequest")
    answer = http.post(BETA, json={"@microsoft.graph.conflictBehavior": "fail"})
    assert "granularDriveRestoreArtifacts" in error_of(answer)[2]
