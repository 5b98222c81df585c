"""Restores: what was planned is restored, each item once, whatever gets lost on the way."""

from __future__ import annotations

import threading
from collections import Counter

import pandas as pd
import pytest
from stories import files_of, opened, walked

import odb_nb as odb
from odb_nb import InputError
from odb_nb.background import interrupt
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.tables import PLAN, RESTORES


def plan_of(client, count, story="normal"):
    return client.plan_restore(files_of(walked(client, story), count))


def times_restored(sandbox):
    """How often each item was set going and not failed, by the sandbox's own books."""
    return Counter((one.restore_point_id, one.key) for one in sandbox.restored if not one.fails)


def test_what_was_planned_is_restored_and_told(client, sandbox):
    plan = plan_of(client, 5)
    assert list(plan.columns) == PLAN.names
    assert sandbox.restores == []
    frame = client.restore_items(plan, wait=True)
    assert list(frame.columns) == RESTORES.names
    assert frame["item_key"].tolist() == plan["item_key"].tolist()
    assert frame["name"].tolist() == plan["name"].tolist()
    assert frame["status"].tolist() == ["succeeded"] * 5
    assert frame["outcome"].tolist() == ["created"] * 5
    assert frame["restored_item_path"].str.contains("/Documents/Restored 2026-11-20").all()
    assert frame["completion_date_time"].notna().all()
    assert frame["restore_session_id"].tolist() == [sandbox.restores[0].id] * 5
    assert sandbox.complaints == []
    assert client.last_result.equals(frame)


def test_a_plan_knows_point_and_drive_of_each_session(client, sandbox):
    session = opened(client)
    walk = client.walk(session)
    plan = client.plan_restore(files_of(walk, 2))
    assert plan["restore_point_id"].tolist() == session["restore_point_id"].tolist() * 2
    assert plan["drive_id"].tolist() == [sandbox.drives[0].id] * 2
    assert sandbox.count("create_restore") == 0


def test_restoring_again_restores_nothing_twice(client, sandbox):
    plan = plan_of(client, 60, "ransomware")
    first = client.restore_items(plan, wait=True)
    again = client.restore_items(plan, wait=True)
    assert again["outcome"].unique().tolist() == ["reused"]
    pd.testing.assert_frame_equal(again.drop(columns="outcome"), first.drop(columns="outcome"))
    edited = plan.tail(7).assign(request_number=9)
    assert client.restore_items(edited)["outcome"].unique().tolist() == ["reused"]
    assert max(times_restored(sandbox).values()) == 1
    assert len(sandbox.restores) == 2
    assert sandbox.complaints == []


def test_an_item_is_restored_once_more_when_told_to(client, sandbox):
    plan = plan_of(client, 1)
    client.restore_items(plan, wait=True)
    assert client.restore_items(plan, if_restored="create")["outcome"].tolist() == ["created"]
    assert list(times_restored(sandbox).values()) == [2]


def test_versions_of_one_file_from_two_points_are_both_restored(client, sandbox):
    older, newer = (walked(client, start=day, end=day) for day in ("2026-11-18", "2026-11-19"))
    both = older.merge(newer[newer["type"] == "file"]["item_key"], on="item_key").head(1)["item_key"].item()
    rows = pd.concat([older[older["item_key"] == both], newer[newer["item_key"] == both]])
    frame = client.restore_items(client.plan_restore(rows), wait=True)
    assert frame["status"].tolist() == ["succeeded"] * 2
    assert frame["restore_session_id"].nunique() == 2


def test_many_items_go_in_requests_of_fifty(client, sandbox):
    frame = client.restore_items(plan_of(client, 120, "ransomware"), wait=True)
    assert sorted(Counter(frame["restore_session_id"]).values()) == [20, 50, 50]
    assert (frame["status"] == "succeeded").all()


def test_a_folder_brings_along_what_is_in_it(client, sandbox):
    walk = walked(client)
    folder = walk[walk["type"] == "folder"].iloc[[0]]
    inside = walk[walk["parent_key"] == folder["item_key"].item()]
    with pytest.warns(UserWarning, match="lie in folders of this plan"):
        plan = client.plan_restore(pd.concat([folder, inside]))
    assert plan["type"].tolist() == ["folder"]
    assert client.restore_items(plan, wait=True)["status"].tolist() == ["succeeded"]


LOST = [
    pytest.param({"kind": "drop", "after_effect": True}, id="dropped after it took effect"),
    pytest.param({"kind": "drop"}, id="dropped before"),
    pytest.param({"kind": "cut"}, id="cut short"),
    pytest.param({"kind": "html", "after_effect": True}, id="html"),
    pytest.param({"kind": "empty", "after_effect": True}, id="empty"),
    pytest.param({"status": 504, "after_effect": True}, id="504 after"),
    pytest.param({"status": 504}, id="504 before"),
    pytest.param({"status": 500}, id="500"),
    pytest.param({"status": 503, "retry_after": "2"}, id="503 with Retry-After"),
    pytest.param({"status": 429, "retry_after": "3"}, id="429"),
]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("operation", ["create_restore", "activate_restore"])
@pytest.mark.parametrize("lost", LOST)
def test_a_lost_reply_loses_and_doubles_nothing(client, sandbox, lost, operation, times):
    plan = plan_of(client, 3)
    sandbox.faults.add(Fault(operation, times=times, **lost))
    frame = client.restore_items(plan, wait=True)
    assert frame["status"].tolist() == ["succeeded"] * 3
    assert frame["outcome"].tolist() == ["created"] * 3
    assert set(times_restored(sandbox).values()) == {1}
    going = [one.id for one in sandbox.restores if one.activated]
    assert frame["restore_session_id"].unique().tolist() == going
    assert client.restore_items(plan)["outcome"].unique().tolist() == ["reused"]
    assert sandbox.complaints == []


def test_when_replies_stay_lost_the_row_is_failed_and_nothing_goes_later(client, sandbox):
    plan = plan_of(client, 2)
    sandbox.faults.add(Fault("activate_restore", status=500, times=None))
    frame = client.restore_items(plan)
    assert frame["outcome"].tolist() == ["failed"] * 2
    sandbox.faults.clear()
    assert client.restore_items(plan, wait=True)["status"].tolist() == ["succeeded"] * 2
    assert set(times_restored(sandbox).values()) == {1}


def test_above_so_many_active_sessions_it_waits():
    with Sandbox(most_active_restores=1) as sandbox, odb.connect(sandbox=sandbox) as client:
        frame = client.restore_items(plan_of(client, 120, "ransomware"), wait=True)
        assert (frame["status"] == "succeeded").all()
        assert set(times_restored(sandbox).values()) == {1}


def test_waiting_for_a_place_ends_with_the_time():
    with Sandbox(most_active_restores=1, restore_item_s=1000) as sandbox, odb.connect(sandbox=sandbox) as client:
        plan = plan_of(client, 60, "ransomware")
        frame = client.restore_items(plan, timeout=120)
        assert frame["outcome"].value_counts().to_dict() == {"created": 50, "timed_out": 10}
        assert frame["error_code"].dropna().unique().tolist() == ["TooManyActiveRestoreSessions"]
        sandbox.clock.advance(100_000)
        again = client.restore_items(plan, wait=True, timeout=80_000)
        assert again["outcome"].value_counts().to_dict() == {"reused": 50, "created": 10}
        assert set(times_restored(sandbox).values()) == {1}


def test_an_item_that_cannot_be_restored_is_a_row_and_is_tried_again(client, sandbox):
    walk = walked(client, "odd-names")
    records = sandbox.files(walk.attrs["drive_id"], walk.attrs["restore_point_id"])
    bad = next(item.key for item in records if not item.restorable)
    plan = client.plan_restore(walk[walk["item_key"] == bad])
    for _ in range(2):
        frame = client.restore_items(plan, wait=True)
        assert (frame["status"].item(), frame["outcome"].item()) == ("failed", "created")
        assert "no reason" in frame["error_message"].item()
    assert len(sandbox.restores) == 2


def test_odd_names_are_restored_as_what_they_are(client, sandbox):
    walk = walked(client, "odd-names")
    files = walk[walk["type"] == "file"]
    frame = client.restore_items(client.plan_restore(files), wait=True)
    assert frame["name"].equals(files["name"].reset_index(drop=True))
    assert (frame["status"] == "succeeded").sum() == len(files) - 1


def test_a_dry_run_restores_and_records_nothing(client, sandbox):
    plan = plan_of(client, 3)
    before = len(client.history())
    frame = client.restore_items(plan, dry_run=True)
    assert frame["outcome"].tolist() == ["planned"] * 3
    assert (sandbox.restores, len(client.history())) == ([], before)
    client.restore_items(plan.head(1), wait=True)
    assert client.restore_items(plan, dry_run=True)["outcome"].tolist() == ["reused", "planned", "planned"]


def test_history_has_a_row_per_item_without_names(client, sandbox):
    plan = plan_of(client, 3)
    client.restore_items(plan)
    rows = client.history()
    rows = rows[rows["operation"] == "restore"]
    assert rows["outcome"].tolist() == ["created"] * 3
    assert rows["item_hash"].str.fullmatch("[0-9a-f]{64}").all()
    assert rows["restore_point_id"].tolist() == plan["restore_point_id"].tolist()
    assert rows["session_id"].unique().tolist() == [sandbox.restores[0].id]
    assert not set(plan["name"]) & {text for column in rows for text in rows[column].astype("str")}


def test_restores_tie_no_browse_session_to_a_point(client, sandbox):
    session = opened(client)
    client.restore_items(client.plan_restore(files_of(client.walk(session), 1)), wait=True)
    assert client.tabulate_status(session)["session_id"].tolist() == session["id"].tolist()
    assert client.create_sessions(session)["outcome"].tolist() == ["reused"]


def test_an_expired_session_is_opened_again_before_anything_is_restored(client, sandbox):
    plan = plan_of(client, 3)
    sandbox.clock.advance(80 * 3600)
    frame = client.restore_items(plan, wait=True)
    assert frame["status"].tolist() == ["succeeded"] * 3
    assert {one.browse_session_id for one in sandbox.restored} == {sandbox.sessions[-1].id}
    assert sandbox.sessions[-1].id != plan["session_id"].iloc[0]
    assert client.restore_items(plan)["outcome"].unique().tolist() == ["reused"]


def test_a_key_that_is_not_in_the_session_opened_again_is_not_restored(client, sandbox):
    plan = plan_of(client, 2)
    plan.loc[0, "item_key"] = plan.loc[0, "item_key"][:-4] + "ffff"
    sandbox.clock.advance(80 * 3600)
    frame = client.restore_items(plan, wait=True)
    assert frame["outcome"].tolist() == ["failed", "created"]
    assert "opened again on its restore point" in frame["error_message"].iloc[0]
    assert len(sandbox.restored) == 1


def test_a_session_that_nothing_ties_cannot_be_opened_again(client, sandbox):
    point = sandbox.points(sandbox.drives[0].id)[0]
    colleagues = sandbox.open_session(point.id).id
    sandbox.clock.advance(5)
    plan = client.plan_restore(files_of(client.walk(colleagues), 2))
    assert plan["restore_point_id"].isna().all()
    assert client.restore_items(plan.head(1), wait=True)["status"].tolist() == ["succeeded"]
    sandbox.clock.advance(80 * 3600)
    frame = client.restore_items(plan)
    assert frame["outcome"].tolist() == ["reused", "failed"]
    assert "its restore point is not known" in frame["error_message"].iloc[1]


@pytest.mark.parametrize(
    ("places", "words"),
    [
        pytest.param({"destination": "inPlace"}, "v1.0 restores items to a new folder only", id="in place"),
        pytest.param({"conflict": "rename"}, "conflict='rename'.*v1.0", id="rename"),
        pytest.param({"destination": "here"}, "destination='here' is not known", id="a place of nonsense"),
        pytest.param({"conflict": "perhaps"}, "conflict='perhaps' is not known", id="a rule of nonsense"),
    ],
)
def test_what_v1_does_not_offer_is_refused_before_anything_is_sent(client, sandbox, places, words):
    files = files_of(walked(client), 1)
    sent = len(sandbox.requests)
    with pytest.raises(InputError, match=words):
        client.plan_restore(files, **places)
    assert len(sandbox.requests) == sent


def test_replacing_in_place_wants_the_tenant_typed_out(sandbox):
    with odb.connect(sandbox=sandbox, api_version="beta") as client:
        plan = client.plan_restore(files_of(walked(client), 2), destination="inPlace", conflict="replace")
        assert client.restore_items(plan, dry_run=True)["outcome"].tolist() == ["planned"] * 2
        for wrong in (None, "", "contoso", sandbox.tenant_id[:-1]):
            with pytest.raises(InputError, match=f"confirm='{sandbox.tenant_id}'"):
                client.restore_items(plan, confirm=wrong)
        assert sandbox.restores == []
        frame = client.restore_items(plan, confirm=sandbox.tenant_id.upper(), wait=True)
        assert frame["status"].tolist() == ["succeeded"] * 2
        assert {(one.destination, one.conflict_behavior) for one in sandbox.restores} == {("inPlace", "replace")}


def test_in_place_and_new_are_two_restores(sandbox):
    with odb.connect(sandbox=sandbox, api_version="beta") as client:
        files = files_of(walked(client), 1)
        client.restore_items(client.plan_restore(files), wait=True)
        frame = client.restore_items(client.plan_restore(files, destination="inPlace", conflict="rename"), wait=True)
        assert frame["outcome"].tolist() == ["created"]


def test_an_empty_plan_restores_nothing(client, sandbox):
    plan = client.plan_restore(walked(client).head(0))
    frame = client.restore_items(plan, wait=True)
    assert (list(frame.columns), len(frame)) == (RESTORES.names, 0)


def test_an_interrupt_keeps_what_is_done_and_the_next_run_goes_on(client, sandbox):
    plan = plan_of(client, 120, "ransomware")
    with pytest.raises(KeyboardInterrupt):
        client.restore_items(plan, progress=lambda *_: interrupt(threading.current_thread()))
    so_far = client.last_result
    assert set(so_far["outcome"]) == {"created", "cancelled"}
    assert so_far["outcome"].tolist().count("created") == len(sandbox.restored)
    frame = client.restore_items(plan, wait=True)
    assert (frame["status"] == "succeeded").all()
    assert set(times_restored(sandbox).values()) == {1}
    assert sandbox.complaints == []


def test_an_interrupt_while_it_is_set_going_leaves_it_to_be_looked_at(client, sandbox):
    plan = plan_of(client, 3)
    sandbox.faults.add(Fault("activate_restore", "slow", seconds=1.0))
    threading.Timer(0.5, lambda: interrupt(main)).start()
    main = threading.current_thread()
    with pytest.raises(KeyboardInterrupt):
        client.restore_items(plan)
    assert client.last_result["outcome"].tolist() == ["unknown"] * 3
    assert client.history()["outcome"].tolist()[-3:] == ["unknown"] * 3
    frame = client.restore_items(plan, wait=True)
    assert frame["outcome"].tolist() == ["reused"] * 3
    assert set(times_restored(sandbox).values()) == {1}


def test_two_clients_with_one_journal_restore_each_item_once(sandbox, tmp_path):
    journal = tmp_path / "journal.sqlite"
    with (
        odb.connect(sandbox=sandbox, journal=journal) as one,
        odb.connect(sandbox=sandbox, journal=journal) as other,
    ):
        plan = plan_of(one, 120, "ransomware")
        frames = {}

        def restore(name, client):
            frames[name] = client.restore_items(plan, wait=True, progress=False)

        threads = [threading.Thread(target=restore, args=pair) for pair in (("one", one), ("other", other))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all((frame["status"] == "succeeded").all() for frame in frames.values())
        assert set(times_restored(sandbox).values()) == {1}
        assert sandbox.complaints == []


def test_restores_are_listed_and_waited_for(client, sandbox):
    plan = plan_of(client, 3)
    begun = client.restore_items(plan)
    assert set(begun["status"]) <= {"scheduling", "scheduled", "inProgress", "succeeded"}
    waited = client.wait_for_restore(begun)
    assert waited["status"].tolist() == ["succeeded"] * 3
    assert waited["outcome"].tolist() == ["created"] * 3
    listed = client.list_restores()
    assert listed["item_key"].tolist() == plan["item_key"].tolist()
    assert listed["name"].tolist() == plan["name"].tolist()
    assert listed["outcome"].isna().all()


def test_waiting_for_restores_has_an_end():
    with Sandbox(restore_item_s=1000) as sandbox, odb.connect(sandbox=sandbox) as client:
        begun = client.restore_items(plan_of(client, 2))
        waited = client.wait_for_restore(begun, timeout=60)
        assert waited["outcome"].tolist() == ["timed_out"] * 2
        sandbox.clock.advance(10_000)
        assert client.wait_for_restore(waited)["outcome"].isna().all()


def test_a_refusal_for_want_of_rights_stops_the_run(sandbox):
    with odb.connect(sandbox=sandbox) as client:
        plan = plan_of(client, 120, "ransomware")
        sandbox.faults.add(Fault("create_restore", status=403, times=None))
        frame = client.restore_items(plan)
        assert frame["outcome"].unique().tolist() == ["failed"]
        assert sandbox.count("create_restore") == 1


def test_without_a_journal_nothing_is_restored(client, sandbox, tmp_path):
    plan = plan_of(client, 1)
    with odb.connect(sandbox=sandbox, journal=tmp_path) as other, pytest.raises(odb.JournalError):
        other.restore_items(plan)
    assert sandbox.restores == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(["a,b,c,d"], "a key alone does not say from which session", id="keys"),
        pytest.param(pd.DataFrame({"item_key": ["k"]}), "it lacks session_id, name, type, path", id="half a frame"),
        pytest.param(pd.DataFrame({"id": ["k"]}), "it lacks item_key", id="another frame"),
    ],
)
def test_what_says_no_session_cannot_be_planned(client, given, words):
    with pytest.raises(InputError, match=words):
        client.plan_restore(given)
