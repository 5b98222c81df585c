"""The wrapper that asks any credential for tokens."""

from __future__ import annotations

import asyncio
import base64
import contextvars
import subprocess
import sys
import threading
import time
import traceback
from types import SimpleNamespace

import entra
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity import ClientSecretCredential, CredentialUnavailableError
from entra import SCOPE, Clock, everything_in, failure, run
from kiota_authentication_azure.azure_identity_access_token_provider import AzureIdentityAccessTokenProvider

from odb_nb.auth import Credential
from odb_nb.errors import AuthError, InputError

CHALLENGE = '{"access_token":{"nbf":{"essential":true,"value":"1793000000"}}}'


class Fake:
    """A sync credential that mints tokens of an hour, counts, and notes what it was asked with."""

    def __init__(self, clock=time.time, *, life_s=3600, gate=None):
        self.clock, self.life_s, self.gate = clock, life_s, gate
        self.asked = []

    def get_token(self, *scopes, claims=None, **kwargs):
        self.asked.append((scopes, claims, kwargs))
        number = len(self.asked)
        if self.gate is not None:
            assert self.gate.wait(10)
        return AccessToken(f"token-{number}", int(self.clock()) + self.life_s)


class Raising:
    """A credential that fails."""

    def __init__(self, exc):
        self.exc = exc

    def get_token(self, *_scopes, **_kwargs):
        raise self.exc


def test_a_long_token_is_renewed_before_it_expires():
    clock = Clock()
    fake = Fake(clock)
    credential = Credential(fake, refresh_before_s=300, now=clock)

    async def at(*seconds):
        tokens = []
        for later in seconds:
            clock.now += later
            tokens.append((await credential.get_token(SCOPE)).token)
        return tokens

    assert asyncio.run(at(0, 3200, 150)) == ["token-1", "token-1", "token-2"]


def test_tokens_are_kept_apart_by_scope_and_options():
    credential = Credential(Fake())

    async def ask():
        asked = [((SCOPE,), {}), (("other",), {}), ((SCOPE,), {"enable_cae": True}), ((SCOPE,), {"tenant_id": "t"})]
        return [(await credential.get_token(*scopes, **options)).token for scopes, options in asked + asked]

    assert asyncio.run(ask()) == ["token-1", "token-2", "token-3", "token-4"] * 2


def test_a_wrapper_outlives_event_loops():
    fake = Fake(life_s=0)
    credential = Credential(fake)
    assert [asyncio.run(credential.get_token(SCOPE)).token for _ in range(3)] == ["token-1", "token-2", "token-3"]


def test_a_wrapper_outlives_event_loops_where_questions_queue():
    credential = Credential(Fake(life_s=0))

    async def two_questions():
        return [token.token for token in await asyncio.gather(credential.get_token("one"), credential.get_token("two"))]

    assert asyncio.run(two_questions()) == ["token-1", "token-2"]
    assert asyncio.run(two_questions()) == ["token-3", "token-4"]


def test_a_sync_credential_does_not_block_the_loop_and_sees_context_variables():
    colour = contextvars.ContextVar("colour")
    seen = []
    gate = threading.Event()

    class Looking(Fake):
        def get_token(self, *scopes, **kwargs):
            seen.append((colour.get(), threading.current_thread() is threading.main_thread()))
            return super().get_token(*scopes, **kwargs)

    async def ask():
        colour.set("green")
        asking = asyncio.create_task(Credential(Looking(gate=gate)).get_token(SCOPE))
        await asyncio.sleep(0)
        gate.set()  # only a free loop gets here
        await asking

    asyncio.run(ask())
    assert seen == [("green", False)]


def test_an_async_credential_is_awaited_on_the_loop():
    class Async:
        closed = False

        async def get_token(self, *_scopes, **_kwargs):
            self.where = asyncio.get_running_loop(), threading.get_ident()
            return AccessToken("token", int(time.time()) + 3600)

        async def close(self):
            self.closed = True

    inner = Async()
    assert run(Credential(inner)).token == "token"
    assert inner.where[1] == threading.get_ident()
    assert inner.closed


@pytest.mark.parametrize(
    "get_token",
    [
        pytest.param(lambda *_scopes: AccessToken("t", 4102444800), id="scopes only"),
        pytest.param(lambda *_scopes, claims: AccessToken("t", 4102444800 if claims else 0), id="claims only"),
        pytest.param(lambda _scope, **_options: AccessToken("t", 4102444800.5), id="any options, a float"),
        pytest.param(lambda *_scopes: SimpleNamespace(token="t", expires_on=4102444800), id="its own token class"),
    ],
)
def test_simple_credentials_work(get_token):
    token = run(Credential(SimpleNamespace(get_token=get_token)), enable_cae=True, claims=CHALLENGE)
    assert token == AccessToken("t", 4102444800)
    assert isinstance(token, AccessToken)


def test_the_sdk_takes_the_token_and_passes_on_the_claims_of_a_challenge():
    fake = Fake()
    provider = AzureIdentityAccessTokenProvider(Credential(fake), None, [SCOPE], ["graph.microsoft.com"])
    challenge = {"claims": base64.b64encode(CHALLENGE.encode()).decode()}

    async def ask():
        url = "https://graph.microsoft.com/v1.0/solutions/backupRestore"
        return [await provider.get_authorization_token(url, context) for context in ({}, {}, challenge, {})]

    assert asyncio.run(ask()) == ["token-1", "token-1", "token-2", "token-2"]
    assert [claims for _, claims, _ in fake.asked] == [None, CHALLENGE]


def test_a_type_error_inside_a_credential_is_not_taken_for_its_signature():
    calls = []

    class Broken:
        def get_token(self, *scopes):
            calls.append(scopes)
            raise TypeError("unexpected keyword argument 'enable_cae'")

    error = failure(Credential(Broken()), enable_cae=True)
    assert len(calls) == 1
    assert isinstance(error.__cause__, TypeError)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(None, "expected .token", id="nothing"),
        pytest.param("canary-text", "expected .token", id="a text"),
        pytest.param(SimpleNamespace(token="canary-text"), ".expires_on", id="no expiry"),
        pytest.param(SimpleNamespace(token=b"canary-text", expires_on=1), ".token (text)", id="bytes"),
        pytest.param(SimpleNamespace(token="canary-text\n", expires_on=1), "line breaks", id="a line break"),
        pytest.param(SimpleNamespace(token="", expires_on=1), "printable", id="empty"),
        pytest.param(SimpleNamespace(token="canary-text", expires_on=float("nan")), "seconds", id="expires never"),
    ],
)
def test_an_answer_that_is_no_token_is_refused_without_showing_it(answer, words):
    error = failure(Credential(SimpleNamespace(get_token=lambda *_scopes: answer)))
    assert words in error.message
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    shown = "".join(str(frame.locals) for frame in frames if "odb_nb" in frame.filename)
    assert "canary" not in error.message + shown


@pytest.mark.parametrize("given", [pytest.param("canary-token", id="a text"), pytest.param(object(), id="an object")])
def test_what_is_no_credential_is_refused(given):
    with pytest.raises(InputError, match="get_token") as caught:
        Credential(given)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("exc", "words"),
    [
        pytest.param(CredentialUnavailableError("Azure CLI not found on path"), "install the Azure CLI", id="no az"),
        pytest.param(
            CredentialUnavailableError("Please run 'az login' to set up an account"), "az login", id="az login"
        ),
        pytest.param(CredentialUnavailableError("Failed to open a browser"), '"device-code"', id="no browser"),
        pytest.param(
            ClientAuthenticationError("Timed out waiting for user to authenticate"), "run this again", id="late"
        ),
        pytest.param(CredentialUnavailableError("ManagedIdentityCredential: IMDS"), "Azure-hosted", id="no identity"),
        pytest.param(ServiceRequestError("Failed to resolve"), "HTTPS_PROXY", id="network"),
        pytest.param(KeyError("cfg"), "KeyError", id="a fault of its own"),
        pytest.param(StopIteration(), "StopIteration", id="stop iteration"),
        pytest.param(TimeoutError("slow"), "TimeoutError", id="timeout"),
    ],
)
def test_every_failure_of_a_credential_says_what_to_do(exc, words):
    error = failure(Credential(Raising(exc)))
    assert words in str(error)
    assert exc in (error.__cause__, error.__cause__.__cause__)


def test_a_token_in_the_text_of_a_failure_is_not_repeated():
    clock = Clock()
    jwt = entra.unsigned_jwt({"sub": "canary"})

    class Chatty(Fake):
        def get_token(self, *scopes, **kwargs):
            if self.asked:
                raise RuntimeError(f'token-1 is stale; got {jwt}; {{"refresh_token": "canary-refresh", "x": 1}}')
            return super().get_token(*scopes, **kwargs)

    credential = Credential(Chatty(clock), now=clock)

    async def ask():
        await credential.get_token(SCOPE)
        clock.now += 3600
        await credential.get_token(SCOPE)

    with pytest.raises(AuthError) as caught:
        asyncio.run(ask())
    texts = [str(caught.value), str(caught.value.__cause__)]
    assert caught.value.__context__ is None
    assert all("is stale" in text for text in texts)
    assert not any(secret in text for text in texts for secret in ("token-1", jwt, "canary-refresh"))


def test_frames_of_azure_identity_do_not_stay_on_the_error():
    class Building:
        def get_token(self, *_scopes):
            return ClientSecretCredential("no tenant!", entra.CLIENT, entra.SECRET)  # its frame has the secret

    error = failure(Credential(Building()))
    assert "Invalid tenant ID" in error.message
    assert entra.SECRET not in everything_in(error)


def test_the_request_of_a_failed_sign_in_does_not_stay_on_the_error():
    request = SimpleNamespace(content="client_secret=canary")
    answer = SimpleNamespace(reason="Bad Request", status_code=400, request=request, text=lambda: "no JSON")
    error = failure(Credential(Raising(ClientAuthenticationError("refused", response=answer))))
    assert "refused" in error.message
    assert "canary" not in everything_in(error)


@pytest.mark.parametrize("exc", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_interrupts_pass_through(exc):
    with pytest.raises(exc):
        run(Credential(Raising(exc())))


def test_a_failure_is_not_remembered():
    class Once(Fake):
        def get_token(self, *scopes, **kwargs):
            if not self.asked:
                self.asked.append("failed")
                raise RuntimeError("a passing fault")
            return super().get_token(*scopes, **kwargs)

    credential = Credential(Once())
    failure(credential)
    assert run(credential).token == "token-2"


# Claims challenges


def test_a_challenge_always_asks_anew():
    fake = Fake()
    credential = Credential(fake)

    async def ask():
        return [
            (await credential.get_token(SCOPE, claims=claims)).token for claims in (None, CHALLENGE, CHALLENGE, None)
        ]

    assert asyncio.run(ask()) == ["token-1", "token-2", "token-3", "token-3"]
    assert [claims for _, claims, _ in fake.asked] == [None, CHALLENGE, CHALLENGE]


@pytest.mark.parametrize("together", [True, False], ids=["all at once", "one after another"])
def test_one_challenge_of_many_requests_asks_once(together):
    fake = Fake()
    credential = Credential(fake)
    turn = asyncio.Lock()

    async def request(all_have_the_first):
        await credential.get_token(SCOPE)
        await all_have_the_first.wait()
        if together:
            return (await credential.get_token(SCOPE, claims=CHALLENGE)).token
        async with turn:  # late refusals of the old token, when the new one is already there
            return (await credential.get_token(SCOPE, claims=CHALLENGE)).token

    async def sixteen():
        barrier = asyncio.Barrier(16)
        return await asyncio.gather(*(request(barrier) for _ in range(16)))

    assert set(asyncio.run(sixteen())) == {"token-2"}
    assert len(fake.asked) == 2


# Cancelling


def test_the_others_get_their_token_when_the_first_waiter_leaves():
    gate = threading.Event()
    fake = Fake(gate=gate)
    credential = Credential(fake)

    async def ask():
        first, *others = [asyncio.create_task(credential.get_token(SCOPE)) for _ in range(5)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        gate.set()
        tokens = await asyncio.gather(*others)
        assert first.cancelled()
        return {token.token for token in tokens}

    assert asyncio.run(ask()) == {"token-1"}
    assert len(fake.asked) == 1


def test_an_interrupted_sign_in_does_not_hold_up_the_next():
    started, gate = threading.Event(), threading.Event()

    class Hanging(Fake):
        def get_token(self, *scopes, **kwargs):
            if not self.asked:
                self.asked.append("hangs")
                started.set()
                assert gate.wait(10)
                raise RuntimeError("nobody waits for this any more")
            return super().get_token(*scopes, **kwargs)

    credential = Credential(Hanging())

    async def ask():
        waiting = [asyncio.create_task(credential.get_token(SCOPE)) for _ in range(3)]
        await asyncio.to_thread(started.wait, 10)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert all(one.cancelled() for one in waiting)
        async with asyncio.timeout(5):
            return (await credential.get_token(SCOPE)).token

    try:
        # Returns while the first sign-in still hangs: neither the loop nor the interpreter joins its thread
        assert asyncio.run(ask()) == "token-2"
        assert not gate.is_set()
    finally:
        gate.set()


def test_an_abandoned_sign_in_does_not_keep_the_interpreter_alive():
    code = """
import asyncio, threading
from odb_nb.auth import Credential
class Hanging:
    def get_token(self, *scopes):
        threading.Event().wait()
async def main():
    try:
        async with asyncio.timeout(0.05):
            await Credential(Hanging()).get_token("s")
    except TimeoutError:
        print("left")
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert (done.stdout.strip(), done.stderr) == ("left", "")


def test_close_ends_what_waits():
    gate = threading.Event()
    credential = Credential(Fake(gate=gate))

    async def ask():
        waiting = asyncio.create_task(credential.get_token(SCOPE))
        await asyncio.sleep(0)
        await credential.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    try:
        asyncio.run(ask())
    finally:
        gate.set()
