"""Each kind of fault, when it strikes, and whether the write took place."""

import base64
import time

import httpx
import pytest

from odb_nb.errors import InputError
from odb_nb.sandbox import Fault

from .conftest import ROOT, SESSIONS, UNITS, error_of


@pytest.fixture
def point(sandbox):
    return sandbox.points(sandbox.drives[0].id)[0]


def post(http, point):
    return http.post(SESSIONS, json={"restorePointId": point.id})


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
