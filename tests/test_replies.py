"""Answers of every shape become a value or one error that says what came."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb.errors import AuthError, GraphError, ReplyShapeError
from odb_nb.replies import Answer, Reply, value
from odb_nb.sandbox import Fault

LABEL = "GET /v1.0/solutions/backupRestore/restorePoints"
# half characters too; joined here, since `st.text` makes one alphabet of the two, with a half in thousands
ANY_TEXT = st.lists(st.characters() | st.characters(categories=["Cs"])).map("".join)


def reply(status=200, body=b"", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, httpx.Headers({name.replace("_", "-"): text for name, text in headers.items()}), content)


def read(answer, expect=None):
    return value(answer, expect=expect, label=LABEL, client_request_id="ours")


def failure(answer, expect=None):
    with pytest.raises((AuthError, GraphError)) as caught:
        read(answer, expect)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_a_success_is_its_object_and_request_id(status):
    assert read(reply(status, {"id": "a", "new": [1]}, request_id="theirs"), "id") == Answer(
        {"id": "a", "new": [1]}, "theirs"
    )


def test_a_member_that_is_expected_may_be_null():
    assert read(reply(200, {"value": None}), "value").json == {"value": None}


@pytest.mark.parametrize(
    ("body", "expect", "said"),
    [
        pytest.param(b"", None, "expected a JSON object, got HTTP 200 with an empty body", id="empty"),
        pytest.param(b"", "id", "expected a JSON object with 'id', got HTTP 200 with an empty", id="empty, id wanted"),
        pytest.param(
            {"name": "a"}, "id", "a JSON object with 'id', got HTTP 200 with a JSON dict", id="member missing"
        ),
        pytest.param([{"id": "a"}], "id", "HTTP 200 with a JSON list", id="list"),
        pytest.param("id", "id", "HTTP 200 with a JSON str", id="text that holds the member"),
        pytest.param(5, None, "HTTP 200 with a JSON int", id="number"),
        pytest.param(b"null", None, "not JSON", id="null"),
        pytest.param(b'{"id": "a', "id", "not JSON (application/json, 9 bytes)", id="cut short"),
        pytest.param(b"<html>", None, "not JSON (application/json, 6 bytes)", id="HTML"),
        pytest.param(b"\xff\xfe{", None, "not JSON", id="not UTF-8"),
        pytest.param(b"[" * 100_000, None, "not JSON (application/json, 100,000 bytes)", id="too deep"),
        pytest.param(b'{"id": ' + b"9" * 5000 + b"}", "id", "not JSON", id="a number too long"),
    ],
)
def test_a_success_of_another_shape_says_what_came(body, expect, said):
    error = failure(reply(200, body, content_type="application/json; charset=utf-8", request_id="theirs"), expect)

    assert type(error) is ReplyShapeError
    assert said in error.message
    assert (error.status_code, error.request_id, error.client_request_id, error.request) == (
        200, "theirs", "ours", LABEL,
    )  # fmt: skip


def test_a_body_without_content_type_is_described():
    assert "not JSON (no content type, 1 bytes)" in failure(reply(200, b"x")).message


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        pytest.param(rb"a\ud800b", "a\ufffdb", id="first half"),
        pytest.param(rb"\uDFFF", "\ufffd", id="second half, large letters"),
        pytest.param(rb"\ude80\ud83d", "\ufffd\ufffd", id="halves in the wrong order"),
        pytest.param(rb"\ud83d\ud83d\ude80", "\ufffd\U0001f680", id="a half before a whole one"),
        pytest.param(rb"\ud83d\ude80 \uD83D\uDE80", "\U0001f680 \U0001f680", id="whole ones"),
        pytest.param("\U0001f680 한\ud7ff\ue000".encode(), "\U0001f680 한\ud7ff\ue000", id="not escaped"),
        pytest.param(rb"\ud55c\uD7FF\ue000", "한\ud7ff\ue000", id="beside the halves"),
        pytest.param(rb"\\ud800", r"\ud800", id="a backslash, then letters"),
        pytest.param(rb"\\\ud800", "\\\ufffd", id="a backslash, then a half"),
        pytest.param(b"\xed\xa0\x80", "\ufffd", id="a half that is not escaped"),
    ],
)
def test_half_a_character_becomes_one_that_can_be_written(sent, read_as):
    body = b'{"id": "%s", "a": [{"%s": 1.5, "b": 9007199254740993}, null, true, "%s"]}' % (sent, sent, sent)

    found = read(reply(201, body), "id").json

    assert found == {"id": read_as, "a": [{read_as: 1.5, "b": 9007199254740993}, None, True, read_as]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32-le"])
def test_half_a_character_is_mended_in_any_encoding_of_json(encoding):
    assert read(reply(200, r'{"id": "\ud800"}'.encode(encoding))).json == {"id": "\ufffd"}
    assert read(reply(200, '{"id": "\ud800"}'.encode(encoding, "surrogatepass"))).json == {"id": "\ufffd"}


def test_half_a_character_in_a_refusal_is_mended():
    error = failure(
        reply(400, {"error": {"code": "\ud800", "message": "\udfff", "innerError": {"request-id": "\udc00"}}})
    )

    assert (error.code, error.message, error.request_id) == ("\ufffd",) * 3


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    )
)
def test_any_value_is_read_as_it_is_but_for_half_characters(sent):
    """Written by the book, as UTF-16 that does not fail on them, then read as UTF-16 is."""

    def whole(value):
        if isinstance(value, str):
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if isinstance(value, list):
            return [whole(one) for one in value]
        if isinstance(value, dict):
            return {whole(key): whole(one) for key, one in value.items()}
        return value

    assert read(reply(200, {"sent": sent})).json == {"sent": whole(sent)}


def test_a_session_whose_answer_holds_half_characters_is_recorded_and_shown(client, sandbox, points):
    opened = rb'{"id": "s\ud800", "status": "created", "directoryObjectId": "\udfff", "error": {"code": "\ud83d"}}'
    sandbox.faults.add(Fault("create_session", "body", body=opened))

    frame = client.create_sessions(points.head(1))

    assert frame[["id", "outcome", "directory_object_id"]].values.tolist() == [["s\ufffd", "created", "\ufffd"]]
    assert client.history()[["session_id", "outcome"]].values.tolist() == [["s\ufffd", "created"]]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, AuthError) for status in (401, 403)),
        *((status, GraphError) for status in (199, 302, 400, 404, 429, 500, 503)),
    ],
)
def test_a_refusal_is_the_error_of_its_status(status, kind):
    error = failure(
        reply(status, {"error": {"code": "badRequest", "message": "That will not do."}}, request_id="theirs")
    )

    assert type(error) is kind
    assert error.message == "That will not do."
    assert (error.status_code, error.code, error.request_id) == (status, "badRequest", "theirs")
    assert str(error) == f"That will not do. [HTTP {status}, code badRequest, request-id theirs, {LABEL}]"


@pytest.mark.parametrize("inner", ["innerError", "innererror"])
def test_the_request_id_may_stand_in_the_body_only(inner):
    assert failure(reply(400, {"error": {inner: {"request-id": "inside"}}})).request_id == "inside"
    assert (
        failure(reply(400, {"error": {inner: {"request-id": "inside"}}}, request_id="outside")).request_id == "outside"
    )


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        pytest.param(b"", "HTTP 502 with an empty body", None, id="empty"),
        pytest.param(b"<html>Bad gateway</html>", "HTTP 502 with a body that is not JSON (", None, id="HTML"),
        pytest.param([1], "HTTP 502 with a JSON list", None, id="list"),
        pytest.param({}, "HTTP 502 with a JSON dict", None, id="no error"),
        pytest.param({"error": "invalid_grant"}, "invalid_grant", None, id="error is text"),
        pytest.param({"error": ""}, "HTTP 502 with a JSON dict", None, id="error is empty text"),
        pytest.param({"error": {"message": " "}}, "HTTP 502 with a JSON dict", None, id="message is blank"),
        pytest.param({"error": None}, "HTTP 502 with a JSON dict", None, id="error is null"),
        pytest.param({"error": {}}, "HTTP 502 with a JSON dict", None, id="error is empty"),
        pytest.param({"error": {"message": ""}}, "HTTP 502 with a JSON dict", None, id="message is empty"),
        pytest.param(
            {"error": {"message": {"value": "x"}, "code": 5}}, "HTTP 502 with a JSON dict", None, id="objects"
        ),
        pytest.param({"error": {"code": "x", "innerError": "y"}}, "HTTP 502 with a JSON dict", "x", id="inner is text"),
        pytest.param(
            {"error": {"innerError": {"request-id": 5}}}, "HTTP 502 with a JSON dict", None, id="id is a number"
        ),
    ],
)
def test_a_refusal_of_any_shape_has_words(body, message, code):
    error = failure(reply(502, body))

    assert error.message.startswith(message)
    assert error.code == code
    assert error.request_id is None


def test_an_error_never_carries_the_body():
    secret = "eyJ0eXAi.token"

    assert secret not in str(failure(reply(502, f"<html>{secret}".encode())))
    assert secret not in str(failure(reply(200, {"access_token": secret}), "id"))


@given(
    st.integers(100, 599),
    st.one_of(
        st.binary(max_size=50),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.floats(), st.text()),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(
                    st.sampled_from(["error", "code", "message", "innerError", "request-id", "value"]), inner
                ),
            ),
        ),
    ),
)
def test_any_answer_is_an_object_or_one_of_our_errors(status, body):
    answer = reply(status, body)
    try:
        found = read(answer, "value")
    except (AuthError, GraphError) as exc:
        told = exc
    else:
        assert "value" in found.json
        assert 200 <= status < 300
        return
    assert told.message.strip()
    assert isinstance(told, AuthError) == (status in (401, 403))


@pytest.mark.parametrize("rows", [[], [{}], [{"id": "a"}, {"id": "b"}]])
def test_rows_are_the_objects_in_value(rows):
    assert Answer({"value": rows}, None).rows(LABEL) == rows


@pytest.mark.parametrize("rows", [None, {}, "text", 5, [None], [{"id": "a"}, "b"], [[]]], ids=repr)
def test_rows_of_another_shape_are_refused(rows):
    with pytest.raises(ReplyShapeError, match="expected 'value' to be a list of objects") as caught:
        Answer({"value": rows}, "theirs").rows(LABEL)
    assert (caught.value.request_id, caught.value.request) == ("theirs", LABEL)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("Fri, 20 Nov 2026 12:00:00 GMT", datetime(2026, 11, 20, 12, tzinfo=UTC), id="as documented"),
        pytest.param("Fri, 20 Nov 2026 12:00:00 -0000", datetime(2026, 11, 20, 12, tzinfo=UTC), id="without a zone"),
        pytest.param("Fri, 20 Nov 2026 13:00:00 +0100", datetime(2026, 11, 20, 12, tzinfo=UTC), id="elsewhere"),
        pytest.param("Fri, 20 Nov 99999999999999999999 12:00:00 GMT", None, id="huge year"),
        pytest.param("today", None, id="garbage"),
        pytest.param("", None, id="empty"),
    ],
)
def test_the_services_clock(header, expected):
    found = reply(date=header).date

    assert found == expected
    assert found is None or found.tzinfo is UTC


def test_without_a_date_there_is_no_clock():
    assert reply().date is None
    assert reply().request_id is None
