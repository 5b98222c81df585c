"""Every answer about restore sessions, against the schema and through the installed SDK's own models."""

import pytest
from msgraph.generated.models.granular_drive_restore_artifact import GranularDriveRestoreArtifact
from msgraph.generated.models.one_drive_for_business_restore_session import OneDriveForBusinessRestoreSession

from .contract import check
from .restoring import RESTORES, SHOW_ALL, body_of, opened, owned_by
from .test_contract import with_sdk

# kiota and the builders generated for it warn about themselves when they are imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:(msgraph|kiota_abstractions)[.].*")

# In the beta's documentation, and not in the v1.0 schema that the SDK was made from.
ONLY_IN_BETA = {"destinationType", "error"}


@pytest.fixture
def sandbox(start):
    """One whose time goes slowly enough for every stage to be met."""
    return start(step_s=0.3)


@pytest.fixture
def patti(sandbox):
    """A browse session on a drive with a file that cannot be restored; that file comes first."""
    session, files = opened(sandbox, owned_by(sandbox, "Patti Fernandez"))
    return session, sorted(files, key=lambda item: (item.restorable, item.name is None))[:3]


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize("headers", [{}, SHOW_ALL], ids=["plain", "all members"])
def test_answers_keep_to_the_schema_at_every_stage(sandbox, connect, patti, version, headers):
    http = connect(sandbox, **headers)
    root = f"/{version}/solutions/backupRestore"
    collection = f"{root}/oneDriveForBusinessRestoreSessions"
    session, files = patti
    check(http.post(collection).json(), "oneDriveForBusinessRestoreSession")
    made = http.post(collection, json=body_of(session, files)).json()
    check(made, "oneDriveForBusinessRestoreSession")
    statuses = set()
    for second in range(8):
        if second == 2:
            check(
                http.post(f"{root}/restoreSessions/{made['id']}/activate").json(), "oneDriveForBusinessRestoreSession"
            )
        for path in (f"{collection}/{made['id']}", f"{root}/restoreSessions/{made['id']}"):
            check(http.get(path).json(), "oneDriveForBusinessRestoreSession")
        artifacts = http.get(f"{collection}/{made['id']}/granularDriveRestoreArtifacts").json()["value"]
        assert any("destinationType" in one for one in artifacts) == (version == "beta")
        plain = [{name: value for name, value in one.items() if name not in ONLY_IN_BETA} for one in artifacts]
        check(plain, "[granularDriveRestoreArtifact]")
        statuses |= {one["status"] for one in artifacts}
    assert statuses >= {"added", "scheduled", "failed", "succeeded"}
    for path in (collection, f"{root}/restoreSessions"):
        check(http.get(path).json()["value"], "[oneDriveForBusinessRestoreSession]")


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_sdk_creates_activates_follows_and_deletes(sandbox, patti, version):
    session, files = patti
    artifacts = [GranularDriveRestoreArtifact(browse_session_id=session.id, id=item.key) for item in files]

    async def work(root):
        builder = root.one_drive_for_business_restore_sessions
        made = await builder.post(OneDriveForBusinessRestoreSession(granular_drive_restore_artifacts=artifacts))
        spare = await builder.post(OneDriveForBusinessRestoreSession())
        one = root.restore_sessions.by_restore_session_base_id(made.id)
        started = await one.activate.post()
        await root.restore_sessions.by_restore_session_base_id(spare.id).delete()
        sandbox.clock.advance(60)
        followed = builder.by_one_drive_for_business_restore_session_id(made.id).granular_drive_restore_artifacts
        return (
            made,
            started,
            await one.get(),
            await root.restore_sessions.get(),
            await builder.get(),
            (await followed.get()).value,
        )

    made, started, ended, all_kinds, listed, shown = with_sdk(sandbox, version, work)
    assert [made.status.value, started.status.value, ended.status.value] == [
        "draft",
        "activating",
        "completedWithError",
    ]
    assert {type(one) for one in (started, ended, *all_kinds.value)} == {OneDriveForBusinessRestoreSession}
    assert [one.id for one in listed.value] == [one.id for one in all_kinds.value] == [made.id]
    assert (ended.restore_session_artifact_count.completed, ended.restore_session_artifact_count.failed) == (2, 1)
    assert [one.id for one in shown] == [item.key for item in files]
    assert [one.status.value for one in shown] == ["failed", "succeeded", "succeeded"]
    assert shown[0].restored_item_key == ""
    assert shown[1].restored_item_web_url.endswith(f"/{sandbox.restored[1].name}")


def test_delta_answer_shows_artifacts_of_the_schema(sandbox, connect, patti):
    http = connect(sandbox)
    session, files = patti
    restore_id = http.post(RESTORES).json()["id"]
    changes = [{"browseSessionId": session.id, "itemKey": files[1].key}]
    answer = http.patch(f"{RESTORES}/{restore_id}", json={"granularDriveRestoreArtifacts@delta": changes})
    check(answer.json()["value"], "[granularDriveRestoreArtifact]")
