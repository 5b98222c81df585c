"""What tests of restore sessions share: paths, a ready browse session with its files, and the calls."""

from .conftest import ROOT, follow

RESTORES = f"{ROOT}/oneDriveForBusinessRestoreSessions"
BASE = f"{ROOT}/restoreSessions"
BETA = RESTORES.replace("v1.0", "beta")
SHOW_ALL = {"Prefer": "include-unknown-enum-members"}
GUID = "00000000-0000-4000-8000-000000000000"


def opened(sandbox, drive, place=0):
    """A ready browse session on one of the drive's points, and the files in it."""
    point = sandbox.points(drive.id)[place]
    session = sandbox.open_session(point.id)
    sandbox.clock.advance(sandbox.settings.creating_s)
    return session, [item for item in sandbox.files(drive.id, point.id) if item.type == "file"]


def owned_by(sandbox, name):
    return next(drive for drive in sandbox.drives if drive.display_name == name)


def body_of(session, items, **more):
    return {"granularDriveRestoreArtifacts": [{"browseSessionId": session.id, "id": one.key, **more} for one in items]}


def create(http, body, path=RESTORES, **more):
    answer = http.post(path, json=body | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def activate(http, restore_id):
    answer = http.post(f"{BASE}/{restore_id}/activate")
    assert answer.status_code == 200, answer.text
    return answer.json()


def artifacts_of(http, restore_id, path=RESTORES):
    return follow(http, f"{path}/{restore_id}/granularDriveRestoreArtifacts")[0]
