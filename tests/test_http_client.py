"""The client under the SDK: every foreign error becomes one of ours, and none of ours holds a request."""

from __future__ import annotations

import asyncio
import binascii

import httpx
import pytest
from kiota_abstractions.api_error import APIError

from odb_nb.errors import AuthError, NoReplyError
from odb_nb.http_client import origin, translate

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def every_httpx_error():
    """All of httpx's own errors that a request can end with."""
    found = [httpx.HTTPError]
    for kind in found:
        found += kind.__subclasses__()
    return [kind for kind in found if kind is not httpx.HTTPStatusError and kind.__module__ == "httpx"]


def translated(exc):
    async def within():
        return translate(exc, host="graph.microsoft.com:443", limit_s=60, label="GET /v1.0/x")

    return asyncio.run(within())


@pytest.mark.parametrize("kind", every_httpx_error(), ids=lambda kind: kind.__name__)
def test_every_httpx_error_is_mapped_and_only_a_closed_door_proves_nothing_was_sent(kind):
    error = translated(kind("canary words"))
    assert type(error) is NoReplyError
    assert error.was_sent == (not issubclass(kind, NEVER_SENT))
    assert "canary" not in str(error)
    assert error.request == "GET /v1.0/x"


@pytest.mark.parametrize(
    ("exc", "expected"),
    [
        pytest.param(TimeoutError(), NoReplyError, id="our own time-out"),
        pytest.param(httpx.InvalidURL("x"), NoReplyError, id="a link that is no address"),
        pytest.param(asyncio.CancelledError(), NoReplyError, id="a cancel that nobody asked for"),
        pytest.param(APIError(), NoReplyError, id="the SDK"),
        pytest.param(binascii.Error(), AuthError, id="claims that are not base64"),
    ],
)
def test_other_foreign_errors_are_mapped(exc, expected):
    assert type(translated(exc)) is expected


def test_what_is_ours_or_unknown_is_left_alone():
    assert translated(AuthError("ours")) is None
    assert translated(KeyError("a bug")) is None


def test_a_cancel_that_was_asked_for_is_left_alone():
    async def cancelled():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as exc:
            return translate(exc, host="h", limit_s=1, label="GET /")
        return "not cancelled"

    async def cancel_it():
        task = asyncio.create_task(cancelled())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(cancel_it()) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://graph.microsoft.com/v1.0", ("https", "graph.microsoft.com:443")),
        ("https://GRAPH.microsoft.com:443/x", ("https", "graph.microsoft.com:443")),
        ("http://127.0.0.1:8911/v1.0", ("http", "127.0.0.1:8911")),
        ("https://graph.microsoft.com:99999/x", ("https", "?")),
    ],
)
def test_origin_writes_the_port_out(url, expected):
    assert origin(url) == expected


def test_a_lost_connection_leaves_no_request_with_its_token_on_the_error(client, sandbox):
    from odb_nb.sandbox import Fault

    sandbox.faults.add(Fault("list_drives", "drop", times=None))
    with pytest.raises(NoReplyError) as caught:
        client.list_drives()
    chain, seen = caught.value, []
    while chain is not None:
        seen.append(chain)
        chain = chain.__cause__ or chain.__context__
    assert not any(hasattr(one, "_request") for one in seen)
