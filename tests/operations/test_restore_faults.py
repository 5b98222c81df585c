"""Restores with everything that goes wrong at once: each item once in the end, and no row that says what is not so."""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
from collections import Counter

import pandas as pd
import pytest
from stories import files_of, opened, walked

import odb_nb as odb
from odb_nb import InputError
from odb_nb.background import interrupt
from odb_nb.sandbox import Fault, Sandbox

BODIES = [b'{"id": 5}', b'{"id": ""}', b'{"id": "x"}', b'{"id": "x", "status": null}', b'{"value": [{}]}', b"[]"]
OPERATIONS = (
    *("create_restore", "activate_restore", "create_restore", "activate_restore", "delete_restore", "get_restore"),
    *("list_restore_artifacts", "list_sessions", "browse", "create_session"),
)


def some_fault(chance):
    operation = chance.choice(OPERATIONS)
    kind = chance.choice(["drop", "cut", "html", "empty", "status", "status", "status", "slow", "body"])
    status = chance.choice([400, 401, 403, 404, 409, 429, 500, 502, 503, 504])
    if status == 404 and operation in ("delete_restore", "get_restore"):  # said twice, it is believed
        status = 500
    return Fault(
        operation,
        kind,
        status=status,
        after_effect=chance.random() < 0.6,
        times=chance.choice([1, 1, 2, 3, 6, None]),
        skip=chance.choice([0, 0, 1, 2]),
        seconds=0.05,
        retry_after=chance.choice([None, None, "1", "30", "200"]),
        body=chance.choice(BODIES) if kind == "body" else None,
    )


def going(sandbox, plan):
    """How often each item of the plan was set going, by the sandbox's own books."""
    keys = set(plan["item_key"])
    return Counter(one.key for one in sandbox.restored if one.key in keys)


def cut_short(client, plan, chance, timeout):
    """Restore, perhaps interrupted at some moment; what it says, or has said by then."""
    found = {}

    def work():
        try:
            found["frame"] = client.restore_items(plan, wait=chance.random() < 0.5, timeout=timeout, progress=False)
        except KeyboardInterrupt:
            found["frame"] = client.last_result

    thread = threading.Thread(target=work)
    thread.start()
    if chance.random() < 0.5:
        time.sleep(chance.random() ** 2 * 0.1)
        interrupt(thread)
    thread.join(60)
    assert not thread.is_alive()
    return found["frame"]


def check_told(sandbox, plan, frame, at_work):
    assert frame["item_key"].tolist() == plan["item_key"].tolist()
    sessions = {one.id: {artifact.key for artifact in one.artifacts} for one in sandbox.restores if one.activated}
    for row in frame.itertuples():
        if row.outcome == "failed":
            assert row.item_key not in at_work, row.error_message
        if row.outcome in ("created", "reused"):
            assert row.item_key in sessions[row.restore_session_id]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_goes_wrong_each_item_is_restored_once_in_the_end(seed):
    chance = random.Random(seed)  # noqa: S311 - picks faults, guards no secret
    with Sandbox(restore_item_s=0, restore_activating_s=0) as sandbox, odb.connect(sandbox=sandbox) as client:
        files = files_of(walked(client, "ransomware"), 40)
        for first in range(0, 40, 5):
            plan = client.plan_restore(files.iloc[first : first + 5])
            plan["request_number"] = [1, 1, 2, 2, 3]
            for _ in range(chance.choice([1, 2])):
                for _ in range(chance.choice([1, 2, 3])):
                    sandbox.faults.add(some_fault(chance))
                frame = cut_short(client, plan, chance, chance.choice([3600, 60, 5, 0]))
                check_told(sandbox, plan, frame, going(sandbox, plan))
                sandbox.faults.clear()
            frame = client.restore_items(plan, wait=True)
            assert frame["status"].tolist() == ["succeeded"] * 5, frame["error_message"].tolist()
            assert going(sandbox, plan) == dict.fromkeys(plan["item_key"], 1)
        assert not [complaint for complaint in sandbox.complaints if "twice" in complaint]


def test_what_an_earlier_run_restored_is_not_failed_when_it_cannot_be_looked_at(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 3))
    before = client.restore_items(plan.head(2), wait=True)
    sandbox.faults.add(Fault("list_restore_artifacts", status=500, times=None))
    frame = client.restore_items(plan)
    assert frame["outcome"].tolist() == ["unknown", "unknown", "failed"]
    assert frame["restore_session_id"].tolist()[:2] == before["restore_session_id"].tolist()


def test_what_an_earlier_run_left_in_doubt_is_unknown_until_it_is_looked_at(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 2))
    sandbox.faults.add(Fault("activate_restore", "slow", seconds=1.0))
    main = threading.current_thread()
    threading.Timer(0.5, lambda: interrupt(main)).start()
    with pytest.raises(KeyboardInterrupt):
        client.restore_items(plan)
    sandbox.faults.add(Fault("list_sessions", status=400))
    frame = client.restore_items(plan)
    assert frame["outcome"].tolist() == ["unknown"] * 2
    assert frame["restore_session_id"].tolist() == [sandbox.restores[0].id] * 2
    assert client.restore_items(plan)["outcome"].tolist() == ["reused"] * 2


def test_a_draft_with_an_id_that_is_none_holds_nothing_up(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 2))
    sandbox.faults.add(Fault("create_restore", "body", body=b'{"id": "x"}'))
    assert client.restore_items(plan)["outcome"].tolist() == ["failed"] * 2
    assert client.restore_items(plan, wait=True)["status"].tolist() == ["succeeded"] * 2


def test_a_session_without_a_status_does_not_pass_for_one_that_is_going(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 2))
    sandbox.faults.add(Fault("activate_restore", status=400))
    sandbox.faults.add(Fault("get_restore", "body", body=b'{"id": "x"}'))
    assert client.restore_items(plan)["outcome"].tolist() == ["failed"] * 2
    assert sandbox.restores == []
    assert client.restore_items(plan, wait=True)["status"].tolist() == ["succeeded"] * 2


def test_a_journal_that_breaks_before_the_draft_is_on_record_holds_nothing_up(sandbox, tmp_path):
    path = tmp_path / "journal.sqlite"
    with odb.connect(sandbox=sandbox, journal=path) as client:
        plan = client.plan_restore(files_of(walked(client), 2))
        sandbox.faults.add(Fault("create_restore", "slow", seconds=0.7))

        def break_it():
            with sqlite3.connect(path) as db:
                db.execute("ALTER TABLE conclusion RENAME TO gone")

        timer = threading.Timer(0.3, break_it)
        timer.start()
        with pytest.raises(odb.JournalError):
            client.restore_items(plan)
        timer.join()
        assert not any(one.activated for one in sandbox.restores)
        with sqlite3.connect(path) as db:
            db.execute("ALTER TABLE gone RENAME TO conclusion")
        frame = client.restore_items(plan, wait=True, timeout=120)
        assert frame["status"].tolist() == ["succeeded"] * 2
        assert set(going(sandbox, plan).values()) == {1}


def test_a_session_of_another_point_than_the_plan_says_is_not_restored_from(client, sandbox):
    older, newer = (walked(client, start=day, end=day) for day in ("2026-11-18", "2026-11-19"))
    plan = client.plan_restore(files_of(older, 2)).assign(restore_point_id=newer.attrs["restore_point_id"])
    for _ in ("alive", "expired"):
        frame = client.restore_items(plan)
        assert frame["outcome"].tolist() == ["failed"] * 2
        assert frame["error_message"].str.contains("the plan says restore point").all()
        sandbox.clock.advance(80 * 3600)
    assert sandbox.restores == []


def test_a_session_opened_again_that_cannot_be_looked_into_is_a_row_of_its_items(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 1))
    sandbox.clock.advance(80 * 3600)
    sandbox.faults.add(Fault("browse", status=409))
    sandbox.faults.add(Fault("get_session", "body", body=b'{"id": "x", "status": "creating"}'))
    frame = client.restore_items(plan)
    assert frame["outcome"].tolist() == ["failed"]
    assert "still being created" in frame["error_message"].item()
    assert client.restore_items(plan, wait=True)["status"].tolist() == ["succeeded"]


def test_sessions_in_a_list_that_have_no_usable_id_cost_nothing_else(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 1))
    client.restore_items(plan)
    rows = [{}, {"id": 5, "status": "draft"}, {"id": ".."}, {"id": sandbox.restores[0].id}]
    sandbox.faults.add(Fault("list_restores", "body", body=json.dumps({"value": rows}).encode()))
    listed = client.list_restores()
    assert listed["item_key"].fillna("").tolist() == ["", "", "", plan["item_key"].item()]
    assert listed["status"].isna().tolist() == [True, False, True, False]


def test_a_restore_that_the_service_has_forgotten_has_not_failed(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 1))
    begun = client.restore_items(plan)
    sandbox.clock.advance(400 * 86_400)
    for frame in (client.wait_for_restore(begun), client.restore_items(plan, wait=True)):
        assert (frame["outcome"].item(), frame["error_code"].item()) == ("unknown", "RestoreSessionNotFound")
    assert len(sandbox.restores) == 1


def test_a_restore_that_cannot_be_seen_at_once_is_waited_for(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 1))
    sandbox.faults.add(Fault("list_restore_artifacts", status=404))
    assert client.restore_items(plan, wait=True)["status"].tolist() == ["succeeded"]


def test_an_answer_of_another_session_does_not_pass_for_setting_it_going(client, sandbox):
    plan = client.plan_restore(files_of(walked(client), 1))
    sandbox.faults.add(Fault("activate_restore", "body", body=b'{"id": "x", "status": "activating"}'))
    assert client.restore_items(plan, wait=True)["status"].tolist() == ["succeeded"]
    assert going(sandbox, plan) == {plan["item_key"].item(): 1}


def test_a_failed_session_whose_error_is_plain_text_is_refused_in_words(client, sandbox):
    session = opened(client)
    sandbox.faults.add(Fault("get_session", "body", body=b'{"id": "x", "status": "Failed", "error": "text"}'))
    with pytest.raises(InputError, match="gives no reason"):
        client.walk(session)


@pytest.mark.parametrize("column", ["item_key", "session_id", "restore_point_id"])
def test_a_plan_with_lists_for_ids_is_refused(client, sandbox, column):
    plan = client.plan_restore(files_of(walked(client), 2)).astype(object)
    plan[column] = pd.Series([[value] for value in plan[column]], dtype=object)
    with pytest.raises(InputError, match=f"row 0 of the plan: {column}=.* must be text"):
        client.restore_items(plan)
    assert sandbox.restores == []
