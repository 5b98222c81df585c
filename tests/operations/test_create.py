"""Creates under faults: a row for every point, and by the sandbox's own books never two sessions by our doing."""

from __future__ import annotations

import threading

import pytest

import odb_nb as odb
from odb_nb.errors import (
    AuthError,
    GraphError,
    InputError,
    NoReplyError,
    OutcomeUnknownError,
    ThrottledError,
)
from odb_nb.sandbox import Fault, Sandbox


def sessions_per_point(sandbox, points):
    return [len(sandbox.sessions_on(id_)) for id_ in points["id"]]


def ids_exist(sandbox, frame):
    told = set(frame["id"].dropna())
    return told <= {session.id for session in sandbox.sessions}


def test_rows_come_in_input_order_one_per_point(client, sandbox, points):
    shuffled = points.sample(frac=1, random_state=7)
    frame = client.create_sessions(shuffled)
    assert frame["restore_point_id"].tolist() == shuffled["id"].tolist()
    assert set(frame["outcome"]) == {"created"}
    assert ids_exist(sandbox, frame)


def test_a_rerun_reuses_and_opens_nothing(client, sandbox, points):
    first = client.create_sessions(points)
    again = client.create_sessions(points)
    assert set(again["outcome"]) == {"reused"}
    assert again["id"].tolist() == first["id"].tolist()
    assert sandbox.count("create_session") == len(points)


def test_another_client_on_the_same_journal_reuses(client, sandbox, points):
    first = client.create_sessions(points)
    with odb.connect(sandbox=sandbox) as colleague:
        again = colleague.create_sessions(points["id"].tolist())
    assert again["id"].tolist() == first["id"].tolist()
    assert set(again["outcome"]) == {"reused"}


def test_a_point_given_twice_gets_one_session_and_two_rows(client, sandbox, points):
    twice = [points["id"][0], points["id"][1], points["id"][0]]
    frame = client.create_sessions(twice)
    assert frame["restore_point_id"].tolist() == twice
    assert frame["id"][0] == frame["id"][2] != frame["id"][1]
    assert len(sandbox.sessions) == 2


def test_an_empty_list_gives_an_empty_frame(client, sandbox, points):
    for nothing in ([], points.head(0)):
        frame = client.create_sessions(nothing)
        assert len(frame) == 0
        assert frame.dtypes.to_dict() == client.create_sessions(points.head(1)).dtypes.to_dict()


def test_a_dry_run_opens_and_records_nothing(client, sandbox, points):
    client.create_sessions(points.head(3))
    frame = client.create_sessions(points, dry_run=True)
    assert frame["outcome"].tolist() == ["reused"] * 3 + ["planned"] * (len(points) - 3)
    assert len(sandbox.sessions) == 3
    assert len(client.history()) == 3


def test_if_exists_create_opens_another(client, sandbox, points):
    first = client.create_session(points.head(1))
    second = client.create_session(points.head(1), if_exists="create")
    assert first["id"][0] != second["id"][0]
    assert second["outcome"][0] == "created"


def test_if_exists_error_refuses_before_sending(client, sandbox, points):
    client.create_session(points.head(1))
    with pytest.raises(InputError, match="live session already"):
        client.create_session(points.head(1), if_exists="error")
    frame = client.create_sessions(points.head(2), if_exists="error")
    assert frame["outcome"].tolist() == ["failed", "created"]
    assert sandbox.count("create_session") == 2


def test_a_point_that_is_not_fast_is_refused_here(client, sandbox):
    slow = client.list_restore_points(sandbox.drives[0].id, start="2026-11-20", fast_only=False, limit=1)
    with pytest.raises(InputError, match="fastRestore"):
        client.create_session(slow)
    frame = client.create_sessions(slow)
    assert frame["outcome"][0] == "failed"
    assert "fastRestore" in frame["error_message"][0]
    assert sandbox.count("create_session") == 0


def test_a_point_that_the_service_refuses_says_its_code(client, points):
    with pytest.raises(GraphError) as caught:
        client.create_session("no-such-point")
    assert (caught.value.status_code, caught.value.code) == (400, "InvalidRestorePoint")
    assert caught.value.request_id
    assert "POST /v1.0/solutions/backupRestore/oneDriveForBusinessBrowseSessions" in str(caught.value)
    frame = client.create_sessions(["no-such-point", points["id"][0]])
    assert frame["outcome"].tolist() == ["failed", "created"]
    assert frame["error_code"][0] == "InvalidRestorePoint"
    assert frame["request_id"].notna().all()


def test_a_session_that_fails_is_a_row(client, sandbox):
    broken = next(drive for drive in sandbox.drives if drive.special == "sessions-fail")
    frame = client.create_session(sandbox.points(broken.id)[0].id, wait=True)
    assert frame[["status", "outcome"]].values.tolist() == [["failed", "created"]]
    assert frame["error_code"][0] == "ArtifactCannotBeRestored"


LOST = [
    pytest.param({"kind": "drop", "after_effect": True}, id="dropped after the effect"),
    pytest.param({"kind": "drop"}, id="dropped before the effect"),
    pytest.param({"kind": "cut"}, id="cut short"),
    pytest.param({"status": 504, "after_effect": True}, id="504 after the effect"),
    pytest.param({"status": 504}, id="504 before the effect"),
    pytest.param({"status": 500, "after_effect": True}, id="500 after the effect"),
    pytest.param({"status": 503, "retry_after": "5", "after_effect": True}, id="503 with Retry-After after the effect"),
    pytest.param({"status": 503, "retry_after": "5"}, id="503 with Retry-After before the effect"),
    pytest.param({"kind": "html", "after_effect": True}, id="HTML after the effect"),
    pytest.param({"kind": "empty", "after_effect": True}, id="empty after the effect"),
]


@pytest.mark.parametrize("echo", [pytest.param(True, id="echoed"), pytest.param(False, id="not echoed")])
@pytest.mark.parametrize("directory_object", ["site", "user"])
@pytest.mark.parametrize("fault", LOST)
def test_a_lost_reply_is_looked_for_and_never_doubled(fault, directory_object, echo):
    with (
        Sandbox(echo_restore_point_id=echo, directory_object=directory_object) as sandbox,
        odb.connect(sandbox=sandbox) as client,
    ):
        plain = [drive.id for drive in sandbox.drives if drive.special is None][:8]
        client.list_drives()
        points = client.list_restore_points(plain, start="2026-11-20", limit=1)
        sandbox.faults.add(Fault("create_session", times=5, **fault))
        frame = client.create_sessions(points, max_concurrency=4)
        assert frame["outcome"].tolist() == ["created"] * len(points)
        assert sessions_per_point(sandbox, points) == [1] * len(points)
        assert frame["id"].tolist() == [sandbox.sessions_on(id_)[0].id for id_ in points["id"]]
        assert sandbox.complaints == []
        assert set(client.create_sessions(points)["outcome"]) == {"reused"}


def test_only_ids_are_given_and_the_reply_is_lost(client, sandbox, points):
    fresh = [drive for drive in sandbox.drives if drive.special is None][15]
    point = sandbox.points(fresh.id)[0]
    sandbox.faults.add(Fault("create_session", "drop", after_effect=True))
    frame = client.create_session(point.id)
    assert frame["outcome"][0] == "created"
    assert sandbox.count("get_restore_point") == 1
    assert len(sandbox.sessions_on(point.id)) == 1


def test_two_points_of_one_second_that_cannot_be_told_apart_are_unknown(tmp_path):
    """With 700 drives two share the second of their fast points; both replies are lost, one session was made."""
    with Sandbox(drives=700) as sandbox, odb.connect(sandbox=sandbox) as client:
        newest = client.list_restore_points(client.list_drives(), start="2026-11-20", limit=1)
        shared = newest[newest.duplicated("protection_date_time", keep=False)]
        pair = shared[shared["protection_date_time"] == shared["protection_date_time"].iloc[0]].head(2)
        assert len(pair) == 2
        one, other = pair["id"]
        sandbox.faults.add(Fault("create_session", "drop", after_effect=True, restore_points=[one]))
        sandbox.faults.add(Fault("create_session", "drop", restore_points=[other]))
        frame = client.create_sessions(pair)
        assert frame["outcome"].tolist() == ["unknown", "unknown"]
        assert len(sandbox.sessions) == 1
        with pytest.raises(OutcomeUnknownError, match="run the same call again"):
            client.create_session(one)
        assert len(sandbox.sessions) == 1


def test_a_colleagues_session_is_not_mistaken_for_ours(sandbox, client, points):
    """The reply is lost before the effect, and a colleague has a session on another drive."""
    sandbox.open_session(sandbox.points(sandbox.drives[20].id)[0].id)
    sandbox.faults.add(Fault("create_session", "drop"))
    frame = client.create_session(points.head(1))
    assert [session.id for session in sandbox.sessions_on(points["id"][0])] == frame["id"].tolist()


def test_a_list_that_lags_does_not_double(points):
    with Sandbox(list_lag_s=2) as sandbox, odb.connect(sandbox=sandbox) as client:
        sandbox.faults.add(Fault("create_session", "drop", after_effect=True, times=3))
        frame = client.create_sessions(points.head(4))
        assert set(frame["outcome"]) == {"created"}
        assert sessions_per_point(sandbox, points.head(4)) == [1] * 4


def test_a_create_that_never_works_ends_as_failed(client, sandbox, points):
    sandbox.faults.add(Fault("create_session", status=503, times=None, restore_points=[points["id"][0]]))
    frame = client.create_sessions(points.head(2))
    assert frame["outcome"].tolist() == ["failed", "created"]
    assert frame["error_code"][0] == "serviceNotAvailable"
    assert sessions_per_point(sandbox, points.head(2)) == [0, 1]


def test_429_is_waited_out_and_sent_again(client, sandbox, points):
    sandbox.faults.add(Fault("create_session", status=429, retry_after="7", times=3))
    before = sandbox.clock.now()
    frame = client.create_sessions(points)
    assert set(frame["outcome"]) == {"created"}
    assert (sandbox.clock.now() - before).total_seconds() >= 7
    assert sandbox.complaints == []


def test_a_throttle_beyond_the_deadline_gives_timed_out_rows(client, sandbox, points):
    sandbox.faults.add(Fault("create_session", status=429, retry_after="600", times=None))
    frame = client.create_sessions(points, timeout=60)
    assert set(frame["outcome"]) == {"timed_out"}
    assert sandbox.sessions == []
    assert client.history().empty
    with pytest.raises(ThrottledError):
        client.create_session(points.head(1), timeout=60)


def test_missing_rights_fail_every_row_with_the_words(sandbox, points):
    token = sandbox.token(permissions=["BackupRestore-Restore.Read.All"])

    class Reader:
        def get_token(self, *scopes, **kwargs):
            from azure.core.credentials import AccessToken

            return AccessToken(token, 2**40)

    with odb.connect(credential=Reader(), base_url=f"{sandbox.url}/v1.0") as client:
        frame = client.create_sessions(points)
        assert set(frame["outcome"]) == {"failed"}
        assert "BackupRestore-Restore.ReadWrite.All" in frame["error_message"][0]
        with pytest.raises(AuthError, match=r"BackupRestore-Restore\.ReadWrite\.All") as caught:
            client.create_session(points.head(1))
        assert caught.value.status_code == 403


def test_a_dead_kernels_intent_is_settled_before_anything_is_sent(sandbox, points):
    """What a kernel leaves that died after its create took effect: an intent, a session, and no more."""
    first = odb.connect(sandbox=sandbox)
    sandbox.faults.add(Fault("create_session", "slow", seconds=1.0))
    first._opened_journal().insist(  # noqa: SLF001
        [_intent(sandbox, points.iloc[0])], operation="create_session"
    )
    first.close()
    session = sandbox.open_session(points["id"][0])
    sandbox.faults.clear()
    with odb.connect(sandbox=sandbox) as second:
        frame = second.create_sessions(points.head(2))
    assert frame["outcome"].tolist() == ["reused", "created"]
    assert frame["id"][0] == session.id
    assert sessions_per_point(sandbox, points.head(2)) == [1, 1]


def test_a_dead_kernels_intent_that_came_to_nothing_is_sent(sandbox, points):
    first = odb.connect(sandbox=sandbox)
    first._opened_journal().insist([_intent(sandbox, points.iloc[0])], operation="create_session")  # noqa: SLF001
    first.close()
    with odb.connect(sandbox=sandbox) as second:
        frame = second.create_session(points.head(1))
        assert frame["outcome"][0] == "created"
        assert second.history()["outcome"].tolist() == ["absent", "created"]


def test_an_intent_of_a_live_kernel_is_waited_for(sandbox, points):
    with odb.connect(sandbox=sandbox) as other, odb.connect(sandbox=sandbox) as client:
        other._opened_journal().insist([_intent(sandbox, points.iloc[0])], operation="create_session")  # noqa: SLF001
        frame = client.create_sessions(points.head(2), timeout=30)
    assert frame["outcome"].tolist() == ["timed_out", "created"]
    assert sessions_per_point(sandbox, points.head(2)) == [0, 1]


def _intent(sandbox, point):
    from odb_nb.journal import Intent

    return Intent(
        id="left-behind",
        date_time=sandbox.clock.now().isoformat(),
        restore_point_id=point["id"],
        point_date_time=point["protection_date_time"].isoformat(),
        drive_key=point["directory_object_id"],
        client_request_id="c",
    )


def test_two_threads_on_the_same_points_open_one_session_each(points):
    """A double click, or a form and a cell at once: the same client, the same journal handle."""
    frames = []
    with Sandbox(latency_s=0.2) as sandbox, odb.connect(sandbox=sandbox) as client:
        threads = [
            threading.Thread(target=lambda: frames.append(client.create_sessions(points.head(6), max_concurrency=2)))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sessions_per_point(sandbox, points.head(6)) == [1] * 6
    assert len({tuple(frame["id"]) for frame in frames}) == 1
    assert sorted(outcome for frame in frames for outcome in frame["outcome"]) == ["created"] * 6 + ["reused"] * 12


def test_an_interrupt_keeps_the_rows_and_the_next_call_works(client, sandbox, points):
    def stop_at_four(done, total, note):
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.create_sessions(points, max_concurrency=2, progress=stop_at_four)
    kept = client.last_result
    assert kept["restore_point_id"].tolist() == points["id"].tolist()
    assert (kept["outcome"] == "created").sum() >= 4
    assert set(kept["outcome"]) <= {"created", "cancelled", "unknown"}
    frame = client.create_sessions(points)
    assert set(frame["outcome"]) <= {"created", "reused"}
    assert sessions_per_point(sandbox, points) == [1] * len(points)


def test_progress_counts_settled_rows_and_never_falls(client, points):
    seen = []
    client.create_sessions(points, progress=lambda done, total, note: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (len(points), len(points))


def test_no_connection_is_a_failed_row_and_nothing_is_recorded(sandbox, points, tmp_path):
    client = odb.connect(sandbox=sandbox, journal=tmp_path / "journal.sqlite")
    with client:
        sandbox.close()
        frame = client.create_sessions(points.head(2), timeout=5)
        assert set(frame["outcome"]) <= {"failed", "timed_out"}
        assert frame["error_message"].notna().all()
        with pytest.raises(NoReplyError):
            client.create_session(points.head(1), timeout=5)
        assert client.history().empty


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"if_exists": "replace"}, id="if_exists"),
        pytest.param({"timeout": -1}, id="negative timeout"),
        pytest.param({"timeout": float("nan")}, id="nan timeout"),
        pytest.param({"max_concurrency": 0}, id="no concurrency"),
        pytest.param({"max_concurrency": 1000}, id="too much concurrency"),
        pytest.param({"progress": "yes"}, id="progress"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(client, sandbox, points, arguments):
    before = len(sandbox.requests)
    with pytest.raises(InputError):
        client.create_sessions(points, **arguments)
    assert len(sandbox.requests) == before


def test_a_service_known_to_give_users_rules_a_colleagues_session_out(points):
    """The reply is lost before the effect, while a colleague opens another drive's point of the same second."""
    with (
        Sandbox(drives=1400, directory_object="user") as sandbox,
        odb.connect(sandbox=sandbox) as client,
        odb.connect(sandbox=sandbox, journal=sandbox.folder / "colleague.sqlite") as colleague,
    ):
        newest = client.list_restore_points(client.list_drives(), start="2026-11-20", limit=1)
        shared = newest[newest.duplicated("protection_date_time", keep=False)].sort_values("protection_date_time")
        ours, theirs = shared.iloc[[0]], shared.iloc[[1]]
        assert ours["protection_date_time"].iloc[0] == theirs["protection_date_time"].iloc[0]
        client.create_session(newest.iloc[[-1]])  # from its answer the journal learns what the service shows
        sandbox.faults.add(Fault("create_session", "drop", restore_points=ours["id"].tolist()))

        def meanwhile(done, total, note):
            colleague.create_session(theirs)

        frame = client.create_sessions(ours, progress=meanwhile)
        assert frame["outcome"].tolist() == ["created"]
        assert frame["id"].tolist() == [session.id for session in sandbox.sessions_on(ours["id"].iloc[0])]


def test_a_rerun_before_the_list_shows_the_sessions_reuses_them(points):
    with Sandbox(list_lag_s=600) as sandbox, odb.connect(sandbox=sandbox) as client:
        first = client.create_sessions(points)
        again = client.create_sessions(points)
        assert set(again["outcome"]) == {"reused"}
        assert again["id"].tolist() == first["id"].tolist()
        assert sandbox.complaints == []


def test_absence_is_believed_only_after_half_a_minute(client, sandbox, points):
    """The service may still be at work on a create whose answer was lost."""
    sandbox.faults.add(Fault("create_session", "drop"))
    before = sandbox.clock.now()
    client.create_session(points.head(1))
    assert (sandbox.clock.now() - before).total_seconds() >= 30


@pytest.mark.parametrize("body", [b'{"id": null}', b'{"id": ""}', b'{"id": 7}', b'{"status": "created"}'])
def test_a_201_without_a_usable_id_is_looked_for(client, sandbox, points, body):
    sandbox.faults.add(Fault("create_session", "body", body=body, after_effect=True))
    frame = client.create_session(points.head(1))
    assert frame["id"].tolist() == [sandbox.sessions_on(points["id"][0])[0].id]
    assert len(sandbox.sessions) == 1


def test_one_point_that_is_forbidden_fails_alone(client, sandbox, points):
    sandbox.faults.add(Fault("create_session", status=403, times=None, restore_points=[points["id"][0]]))
    frame = client.create_sessions(points, max_concurrency=1)
    assert frame["outcome"].tolist() == ["failed"] + ["created"] * (len(points) - 1)


def test_a_doubt_that_proves_live_is_an_error_where_that_was_asked_for(sandbox, points):
    first = odb.connect(sandbox=sandbox)
    first._opened_journal().insist([_intent(sandbox, points.iloc[0])], operation="create_session")  # noqa: SLF001
    first.close()
    sandbox.open_session(points["id"][0])
    with odb.connect(sandbox=sandbox) as client, pytest.raises(InputError, match="live session already"):
        client.create_session(points.head(1), if_exists="error")


def test_a_deadline_bounds_the_wait_for_a_place(points):
    """Requests that hang take every place there is; a call with little time must not queue behind them."""
    with Sandbox(latency_s=1.5) as sandbox:
        client = odb.connect("sandbox", base_url=f"{sandbox.url}/v1.0", journal=sandbox.folder / "other.sqlite")
        with client:
            crowd = [threading.Thread(target=client.list_drives) for _ in range(40)]
            for thread in crowd:
                thread.start()
            frame = client.create_sessions(points.head(2), timeout=0.5)
            for thread in crowd:
                thread.join(30)
        assert set(frame["outcome"]) <= {"timed_out", "unknown"}
