"""Each kind of fault, when it strikes, and whether the write took place."""

import base64
import contextlib
import itertools
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from odb_nb.errors import InputError
from odb_nb.sandbox import Fault

from .conftest import ROOT, SESSIONS, UNITS, error_of, follow


@pytest.fixture
def point(sandbox):
    return sandbox.points(sandbox.drives[0].id)[0]


def post(http, point):
    return http.post(SESSIONS, json={"restorePointId": point.id})


def repeated_without_a_look(sandbox):
    return ["repeated without a look" in words for words in sandbox.complaints]


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        pytest.param(Fault("create_session"), 503, "serviceNotAvailable", id="default"),
        pytest.param(Fault("create_session", status=429), 429, "TooManyRequests", id="429"),
        pytest.param(Fault("create_session", status=504), 504, "generalException", id="504"),
        pytest.param(Fault("create_session", status=418, code="Teapot", message="Short."), 418, "Teapot", id="own"),
    ],
)
@pytest.mark.parametrize("after_effect", [False, True])
def test_status_fault_answers_an_error(sandbox, http, point, fault, status, code, after_effect):
    sandbox.faults.add(Fault(**{**vars(fault), "after_effect": after_effect}))
    answer = post(http, point)
    assert error_of(answer)[:2] == (status, code)
    assert "retry-after" not in answer.headers
    assert len(sandbox.sessions) == after_effect
    assert post(http, point).status_code == 201


def test_throttling_is_shaped_as_in_the_docs(sandbox, http, point):
    sandbox.faults.add(Fault("create_session", status=429, retry_after="7"))
    answer = post(http, point)
    assert answer.headers["retry-after"] == "7"
    inner = answer.json()["error"]["innerError"]
    assert {key: inner[key] for key in ("code", "status", "message")} == {
        "code": "429",
        "status": "429",
        "message": "Please retry after",
    }


def test_retry_after_is_sent_as_it_stands(sandbox, http):
    sandbox.faults.add(Fault("service_status", retry_after="soon, maybe"))
    assert http.get(ROOT).headers["retry-after"] == "soon, maybe"


def test_claims_make_a_challenge(sandbox, http):
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1795167000"}}}'
    sandbox.faults.add(Fault("list_drives", claims=claims))
    answer = http.get(UNITS)
    assert error_of(answer)[:2] == (401, "unauthenticated")
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert 'error="insufficient_claims"' in challenge
    assert base64.b64decode(challenge.split('claims="')[1].rstrip('"')).decode() == claims


@pytest.mark.parametrize("after_effect", [False, True])
def test_drop_closes_without_an_answer(sandbox, http, point, after_effect):
    sandbox.faults.add(Fault("create_session", "drop", after_effect=after_effect))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        post(http, point)
    assert len(sandbox.sessions) == after_effect
    assert sandbox.requests[-1].status == 0
    assert post(http, point).status_code == 201


def read_into(got, answer):
    for part in answer.iter_raw():
        got += part


def test_cut_closes_halfway_and_the_write_took_place(sandbox, http, point):
    sandbox.faults.add(Fault("create_session", "cut"))
    with http.stream("POST", SESSIONS, json={"restorePointId": point.id}) as answer:
        length = int(answer.headers["content-length"])
        got = bytearray()
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            read_into(got, answer)
    assert answer.status_code == 201
    assert len(got) == length // 2
    assert len(sandbox.sessions) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "content"),
    [
        pytest.param(Fault("list_drives", "html"), "text/html; charset=utf-8", b"<!DOCTYPE html>", id="html"),
        pytest.param(Fault("list_drives", "empty"), None, b"", id="empty"),
        pytest.param(Fault("list_drives", "body", body=b"[1, 2"), "application/json", b"[1, 2", id="body"),
    ],
)
def test_odd_bodies_come_with_200(sandbox, http, fault, kind, content):
    sandbox.faults.add(fault)
    answer = http.get(UNITS)
    assert answer.status_code == 200
    assert answer.headers.get("content-type") == kind
    assert answer.content.startswith(content)
    assert "request-id" in answer.headers


def test_no_value_is_json_without_value(sandbox, http):
    sandbox.faults.add(Fault("list_drives", "no-value"))
    assert list(http.get(UNITS).json()) == ["@odata.context"]


def test_malformed_date_spoils_one_date_only(sandbox, http, point):
    sandbox.faults.add(Fault("create_session", "malformed-date"))
    answer = post(http, point)
    assert answer.status_code == 201
    assert answer.json()["restorePointDateTime"] == point.time.strftime("%Y-%m-%dT%H-%M-%SZ")
    assert answer.json()["createdDateTime"] == "2026-11-20T09:30:00Z"


def test_slow_gives_the_true_answer_late(sandbox, http):
    sandbox.faults.add(Fault("service_status", "slow", seconds=0.3))
    begin = time.monotonic()
    assert http.get(ROOT).json()["serviceStatus"]["status"] == "enabled"
    assert time.monotonic() - begin >= 0.3


def test_slow_refusal_is_still_a_refusal(sandbox, http):
    sandbox.faults.add(Fault("create_session", "slow", seconds=0.01))
    assert error_of(http.post(SESSIONS, json={}))[1] == "InvalidRestorePoint"


@pytest.mark.parametrize(
    ("skip", "times", "statuses"),
    [
        (0, 1, [503, 200, 200, 200]),
        (2, 1, [200, 200, 503, 200]),
        (1, 2, [200, 503, 503, 200]),
        (1, None, [200] + [503] * 3),
    ],
)
def test_skip_and_times_say_when(sandbox, http, skip, times, statuses):
    sandbox.faults.add(Fault("service_status", skip=skip, times=times))
    assert [http.get(ROOT).status_code for _ in statuses] == statuses


def test_first_fitting_fault_strikes_until_cleared(sandbox, http):
    sandbox.faults.add(Fault("list_drives", status=500, times=None))
    sandbox.faults.add(Fault("service_status", status=504))
    sandbox.faults.add(Fault("any", status=502, times=None))
    assert [http.get(ROOT).status_code for _ in range(2)] == [504, 502]
    sandbox.faults.clear()
    assert http.get(ROOT).status_code == 200


def test_fault_may_be_about_chosen_points_only(sandbox, http):
    first, second = sandbox.points(sandbox.drives[0].id)[:2]
    session = sandbox.open_session(second.id)
    sandbox.faults.add(Fault("any", times=None, restore_points={second.id}))
    assert [post(http, first).status_code, post(http, second).status_code] == [201, 503]
    assert http.get(f"{SESSIONS}/{session.id}").status_code == 503
    assert http.get(f"{ROOT}/restorePoints/{second.id}").status_code == 503
    assert http.get(f"{ROOT}/restorePoints/{first.id}").status_code == 200
    assert http.get(SESSIONS).status_code == 200


def test_fault_on_unknown_paths(sandbox, http):
    sandbox.faults.add(Fault("unknown", "html"))
    assert http.get("/v1.0/nothing").status_code == 200
    assert http.get("/v1.0/nothing").status_code == 404


def test_look_moves_the_clock_even_when_it_goes_wrong(sandbox, http):
    before = sandbox.clock.now()
    sandbox.faults.add(Fault("list_sessions"))
    http.get(SESSIONS)
    assert (sandbox.clock.now() - before).total_seconds() == 1


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        pytest.param("createSession", {}, id="operation"),
        pytest.param("any", {"kind": "explode"}, id="kind"),
        pytest.param("any", {"status": 200}, id="status"),
        pytest.param("any", {"times": 0}, id="times"),
        pytest.param("any", {"skip": -1}, id="skip"),
        pytest.param("any", {"kind": "body"}, id="no body"),
        pytest.param("any", {"body": b"x"}, id="body without its kind"),
        pytest.param("any", {"restore_points": "abc"}, id="one text"),
        pytest.param("any", {"share": 0}, id="no share"),
        pytest.param("any", {"share": 1.1}, id="more than all"),
        pytest.param("any", {"share": 0.5, "times": 2}, id="share and count"),
        pytest.param("any", {"places": [1], "skip": 2}, id="places and count"),
        pytest.param("any", {"places": [1], "share": 0.5}, id="places and share"),
        pytest.param("any", {"until": datetime(2026, 11, 20)}, id="no time zone"),  # noqa: DTZ001
        pytest.param("get_session", {"kind": "never-ready"}, id="no create"),
        pytest.param("any", {"kind": "no-permission"}, id="permission for anything"),
        pytest.param("any", {"kind": "refuse", "seconds": float("inf")}, id="for good"),
    ],
)
def test_fault_refuses_nonsense(operation, more):
    with pytest.raises(InputError):
        Fault(operation, **more)


@pytest.mark.parametrize("retry_after", ["5", "Fri, 20 Nov 2026 09:30:05 GMT"])
def test_impatience_is_complained_about(sandbox, http, retry_after):
    sandbox.faults.add(Fault("service_status", status=429, retry_after=retry_after))
    http.get(ROOT)
    http.get(UNITS)
    assert sandbox.complaints == []  # it may have been on its way
    http.get(ROOT)
    assert len(sandbox.complaints) == 1
    assert "Retry-After of 5 s" in sandbox.complaints[0]
    sandbox.clock.advance(5)
    http.get(ROOT)
    assert len(sandbox.complaints) == 1


def test_other_requests_may_not_come_much_later_either(sandbox, http):
    sandbox.faults.add(Fault("service_status", status=429, retry_after="5"))
    http.get(ROOT)
    time.sleep(0.6)
    http.get(UNITS)
    assert ["driveProtectionUnit was sent" in complaint for complaint in sandbox.complaints] == [True]


def test_longer_wait_outlasts_a_shorter_one(sandbox, http):
    sandbox.faults.add(Fault("service_status", status=429, retry_after="60"))
    sandbox.faults.add(Fault("list_drives", status=429, retry_after="1"))
    http.get(ROOT)
    http.get(UNITS)
    sandbox.clock.advance(30)
    http.get(ROOT)
    assert len(sandbox.complaints) == 1
    assert "Retry-After of 60 s" in sandbox.complaints[0]


@pytest.mark.parametrize("after_effect", [False, True])
def test_reset_ends_the_connection_by_an_rst(sandbox, point, after_effect):
    sandbox.faults.add(Fault("create_session", "reset", after_effect=after_effect))
    host, port = "127.0.0.1", int(sandbox.url.rpartition(":")[2])
    body = json.dumps({"restorePointId": point.id})
    head = f"POST {SESSIONS} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer any\r\n"
    with socket.create_connection((host, port), timeout=10) as raw:
        raw.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        with pytest.raises(ConnectionResetError):
            raw.recv(1000)
    assert len(sandbox.sessions) == after_effect
    assert sandbox.requests[-1].status == 0


def test_refuse_shuts_the_door_after_the_answer_and_opens_it_again(sandbox, http):
    sandbox.faults.add(Fault("list_drives", "refuse", seconds=60))
    assert len(http.get(UNITS).json()["value"]) == 40
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            http.get(ROOT)
    sandbox.clock.advance(60)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert http.get(ROOT).status_code == 200
            break
        except httpx.ConnectError:
            time.sleep(0.01)
    assert [request.operation for request in sandbox.requests] == ["list_drives", "service_status"]


def test_a_sandbox_can_be_closed_while_its_door_is_shut(start, connect):
    sandbox = start()
    sandbox.faults.add(Fault("list_drives", "refuse", seconds=60))
    connect(sandbox).get(UNITS)
    sandbox.close()


def test_drip_gives_the_true_answer_in_pieces(sandbox, http):
    whole = http.get(UNITS).content
    sandbox.faults.add(Fault("list_drives", "drip", seconds=0.4))
    begin = time.monotonic()
    with http.stream("GET", UNITS) as answer:
        parts = list(answer.iter_raw())
    assert b"".join(parts) == whole
    assert len(parts) > 20
    assert time.monotonic() - begin >= 0.3


def test_short_is_half_of_the_body_with_a_length_of_its_own(sandbox, http):
    whole = http.get(UNITS).content
    sandbox.faults.add(Fault("list_drives", "short"))
    assert http.get(UNITS).content == whole[: len(whole) // 2]


@pytest.mark.parametrize(("kind", "change"), [("repeats", 1), ("misses", -1)])
def test_a_page_may_repeat_or_miss_a_row(start, connect, kind, change):
    http = connect(sandbox := start(page_size=15))
    true, _ = follow(http, UNITS)
    sandbox.faults.add(Fault("list_drives", kind, skip=1))
    rows, _ = follow(http, UNITS)
    assert len(rows) == len(true) + change
    assert [row for row, _ in itertools.groupby(sorted(row["id"] for row in rows))] == sorted(
        {row["id"] for row in true} - ({true[29]["id"]} if kind == "misses" else set())
    )


def test_a_page_of_items_counts_what_it_shows(sandbox, http, point):
    session = sandbox.open_session(point.id)
    sandbox.clock.advance(5)
    sandbox.faults.add(Fault("browse", "misses"))
    page = http.post(f"{SESSIONS}/{session.id}/browse", json={}).json()
    assert (page["@odata.count"], page["value"]) == (0, [])


@pytest.mark.parametrize(
    ("kind", "words"),
    [("no-permission", "delegated permission BackupRestore-Restore.ReadWrite.All"), ("no-role", "lacks the role")],
)
def test_what_is_missing_is_named_as_the_service_does(sandbox, http, point, kind, words):
    sandbox.faults.add(Fault("create_session", kind))
    status, code, message = error_of(post(http, point))
    assert (status, code) == (403, "accessDenied")
    assert words in message
    assert sandbox.sessions == []


def test_a_session_that_is_never_ready_stays_in_creating(sandbox, http, point):
    other = sandbox.points(sandbox.drives[1].id)[0]
    sandbox.faults.add(Fault("create_session", "never-ready", times=None, restore_points=[point.id]))
    ids = [post(http, one).json()["id"] for one in (point, other)]
    sandbox.clock.advance(100_000)
    assert [http.get(f"{SESSIONS}/{id_}").json()["status"] for id_ in ids] == ["creating", "created"]


def test_sessions_expire_in_the_middle_of_work(sandbox, http, point):
    sessions = [sandbox.open_session(one.id) for one in sandbox.points(sandbox.drives[0].id)[:2]]
    sandbox.clock.advance(5)
    sandbox.faults.add(Fault("browse", "expire", skip=1))
    browse = f"{SESSIONS}/{sessions[0].id}/browse"
    assert [http.post(browse, json={}).status_code for _ in range(2)] == [200, 404]
    assert http.get(f"{SESSIONS}/{sessions[0].id}").status_code == 404
    assert [one["id"] for one in http.get(SESSIONS).json()["value"]] == [sessions[1].id]
    assert len(sandbox.sessions) == 2


def test_a_share_of_requests_is_struck_whatever_their_order(start, connect):
    struck = []
    for order in (1, -1):
        http = connect(sandbox := start(seed=7))
        sandbox.faults.add(Fault("any", share=0.3))
        points = sandbox.points(sandbox.drives[0].id)
        struck.append({(point.id, n) for n in range(3) for point in points[::order] if post(http, point).is_error})
    assert struck[0] == struck[1]
    assert 0.15 < len(struck[0]) / (3 * len(points)) < 0.45


def test_two_shares_strike_independently(start, connect):
    http = connect(sandbox := start())
    sandbox.faults.add(Fault("any", share=0.5, status=500))
    sandbox.faults.add(Fault("any", share=0.5, status=504))
    assert {http.get(ROOT).status_code for _ in range(40)} == {200, 500, 504}


def test_a_schedule_strikes_from_an_instant_until_another(sandbox, http):
    now = sandbox.clock.now()
    sandbox.faults.add(Fault("any", from_=now + timedelta(seconds=10), until=now + timedelta(seconds=20)))
    statuses = []
    for _ in range(5):
        statuses.append(http.get(ROOT).status_code)
        sandbox.clock.advance(5)
    assert statuses == [200, 200, 503, 503, 200]


def test_places_are_numbers_of_matching_requests(sandbox, http):
    sandbox.faults.add(Fault("service_status", places=[1, 3]))
    assert [http.get(ROOT).status_code for _ in range(5)] == [200, 503, 200, 503, 200]


@pytest.mark.parametrize(
    ("more", "strikes"),
    [
        pytest.param({"times": 2}, 2, id="count"),
        pytest.param({"places": [0, 1]}, 2, id="places"),
        pytest.param({"until": datetime(2026, 11, 20, 9, 30, 2, tzinfo=UTC)}, 2, id="schedule"),
    ],
)
def test_length_of_faults_is_what_may_still_strike(sandbox, http, more, strikes):
    sandbox.faults.add(Fault("any", **more))
    sandbox.faults.add(Fault("any", "drop", times=None, restore_points=["x"]))
    for _ in range(strikes):
        assert len(sandbox.faults) == 2
        assert http.get(ROOT).status_code == 503
        sandbox.clock.advance(1)
    assert http.get(ROOT).status_code == 200
    assert len(sandbox.faults) == 1
    sandbox.faults.clear()
    assert len(sandbox.faults) == 0


@pytest.mark.parametrize("off", [300, -300])
def test_a_clock_that_is_off_shows_in_the_date_alone(start, connect, off):
    http = connect(sandbox := start(clock_off_s=off))
    answer = post(http, sandbox.points(sandbox.drives[0].id)[0])
    assert parsedate_to_datetime(answer.headers["date"]) == sandbox.clock.now() + timedelta(seconds=off)
    assert answer.json()["createdDateTime"] == "2026-11-20T09:30:00Z"


@pytest.mark.parametrize("off", [86_401, float("nan"), "300"])
def test_a_clock_cannot_be_off_by_nonsense(start, off):
    with pytest.raises(InputError, match="clock_off_s"):
        start(clock_off_s=off)


def test_a_date_to_wait_for_is_measured_from_the_date_that_was_sent(start, connect):
    http = connect(sandbox := start(clock_off_s=300))
    sandbox.faults.add(Fault("service_status", status=429, retry_after="Fri, 20 Nov 2026 09:35:05 GMT"))
    http.get(ROOT)
    sandbox.clock.advance(5)
    http.get(ROOT)
    assert sandbox.complaints == []


def test_a_next_link_put_together_anew_is_complained_about(start, connect):
    http = connect(sandbox := start(page_size=15, drives=40))
    link = http.get(UNITS).json()["@odata.nextLink"]
    assert http.get(link).status_code == 200
    assert sandbox.complaints == []
    token = link.partition("skiptoken=")[2]
    assert http.get(UNITS, params={"$skiptoken": token}).status_code == 200  # with its $ written %24
    assert ["put together anew" in words for words in sandbox.complaints] == [True]


@pytest.mark.parametrize("kind", ["drop", "cut", "html", "status"])
def test_a_create_repeated_without_a_look_is_complained_about(sandbox, http, point, kind):
    for one, looks in ((sandbox.points(sandbox.drives[1].id)[0], True), (point, False)):
        sandbox.faults.add(Fault("create_session", kind))
        with contextlib.suppress(httpx.HTTPError):
            post(http, one)
        if looks:
            http.get(SESSIONS)
        sandbox.clock.advance(300_000)  # else it would be a second live session where the first took effect
        post(http, one)
    assert repeated_without_a_look(sandbox) == [True]


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_a_create_given_up_before_it_was_answered_is_lost_too(sandbox, http, point, kind):
    sandbox.faults.add(Fault("create_session", kind, seconds=2))
    with pytest.raises(httpx.ReadTimeout):
        http.post(SESSIONS, json={"restorePointId": point.id}, timeout=httpx.Timeout(10, read=0.005))
    for _ in range(100):  # it notices in its own time that nobody reads any more
        sandbox.clock.advance(300_000)
        post(http, point)
        if sandbox.complaints:
            break
        time.sleep(0.01)
    assert repeated_without_a_look(sandbox) == [True]


def test_a_slow_create_that_is_waited_for_is_not_lost(sandbox, http, point):
    sandbox.faults.add(Fault("create_session", "slow", seconds=0.05))
    assert post(http, point).status_code == 201
    sandbox.clock.advance(300_000)
    post(http, point)
    assert sandbox.complaints == []


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        pytest.param(f"{SESSIONS}/{{other}}", None, id="a look at another session"),
        pytest.param(SESSIONS, Fault("list_sessions", status=429), id="a look that was put off"),
        pytest.param(SESSIONS, Fault("list_sessions", "no-role"), id="a look that was refused"),
        pytest.param(f"{SESSIONS}?$top=x", None, id="a look that was wrong"),
    ],
)
def test_what_shows_nothing_of_a_lost_create_is_no_look(sandbox, http, point, path, fault):
    other = sandbox.open_session(sandbox.points(sandbox.drives[1].id)[0].id)
    sandbox.faults.add(Fault("create_session"))
    assert post(http, point).status_code == 503
    if fault is not None:
        sandbox.faults.add(fault)
    http.get(path.format(other=other.id))
    post(http, point)
    assert repeated_without_a_look(sandbox) == [True]


def test_a_look_is_one_to_the_last_page(start, connect):
    sandbox = start(page_size=1)
    http = connect(sandbox)
    *others, one, another = [sandbox.points(drive.id)[0] for drive in sandbox.drives[:4]]
    for point in others:
        sandbox.open_session(point.id)
    for reads_on, point in ((False, one), (True, another)):
        sandbox.faults.add(Fault("create_session"))
        post(http, point)
        link = http.get(SESSIONS).json()["@odata.nextLink"]
        while link and reads_on:
            link = http.get(link).json().get("@odata.nextLink")
        before = len(sandbox.complaints)
        post(http, point)
        assert len(sandbox.complaints) - before == (not reads_on)


def test_a_look_that_nobody_waited_for_is_none(sandbox, http, point):
    sandbox.faults.add(Fault("create_session"))
    post(http, point)
    sandbox.faults.add(Fault("list_sessions", "slow", seconds=2))
    with pytest.raises(httpx.ReadTimeout):
        http.get(SESSIONS, timeout=httpx.Timeout(10, read=0.005))
    time.sleep(0.1)  # it notices in its own time that nobody reads any more
    post(http, point)
    assert repeated_without_a_look(sandbox) == [True]


def test_a_refused_create_holds_up_no_older_session(sandbox, http, point):
    session = sandbox.open_session(point.id)
    sandbox.clock.advance(5)
    sandbox.faults.add(Fault("create_session", "never-ready"))
    assert http.post(SESSIONS, json={"restorePointId": point.id, "odd": 1}).status_code == 400
    assert http.get(f"{SESSIONS}/{session.id}").json()["status"] == "created"


@pytest.mark.parametrize(
    ("app_only", "version", "words"),
    [
        pytest.param(False, "v1.0", "delegated permission BackupRestore-Search.Read.All", id="user"),
        pytest.param(True, "v1.0", "application permission BackupRestore-Search.Read.All", id="app"),
        pytest.param(False, "beta", "delegated permission BackupRestore-Restore.Read.All", id="beta"),
    ],
)
def test_a_missing_permission_is_the_callers_own(sandbox, connect, point, app_only, version, words):
    http = connect(sandbox, sandbox.token(app_only=app_only))
    sandbox.faults.add(Fault("get_restore_point", "no-permission"))
    path = f"{ROOT}/restorePoints/{point.id}".replace("v1.0", version)
    assert words in error_of(http.get(path))[2]
    assert http.get(path).status_code == 200


def test_a_spoiled_refusal_quotes_the_clients_request_id(sandbox, http):
    sandbox.faults.add(Fault("create_session", "slow", seconds=0.01))
    error = http.post(SESSIONS, json={}, headers={"client-request-id": "ours"}).json()["error"]
    assert error["innerError"]["client-request-id"] == "ours"


def test_requests_struck_are_counted(sandbox, http):
    sandbox.faults.add(Fault("service_status", skip=1, times=2))
    for struck in (0, 1, 2, 2):
        http.get(ROOT)
        assert sandbox.faults.struck == struck
