"""Any azure-identity style credential, asked for tokens off the event loop, once for all who wait, in plain words."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import contextvars
import functools
import inspect
import json
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from odb_nb.entra_errors import redact_logs, sign_in_failed
from odb_nb.errors import AuthError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import AccessToken

# Without any handler Python prints azure-identity's warnings to stderr, and so into a saved notebook. They say what our
# error says, and where an answer was cut short they hold the token. Whoever sets up logging gets them without it.
logging.getLogger("azure.identity").addHandler(logging.NullHandler())
redact_logs()

# Hints that a credential may ignore. All else it must take, or the token would not be the one asked for.
_HINTS = ("claims", "enable_cae")

_SHORTEST_SECRET = 16

# The token that the running task was handed last. A task whose request was refused asks again with claims; if
# another task has got a token for the same claims meanwhile, this tells that the refused one was older.
_handed: contextvars.ContextVar[object | None] = contextvars.ContextVar("handed_token", default=None)


@dataclass(frozen=True, slots=True)
class _Held:
    token: AccessToken
    claims: str | None
    renew_at: float


@dataclass(slots=True, eq=False)
class _Flight:
    """One question to the credential, and how many wait for its answer."""

    task: asyncio.Task[AccessToken]
    waiting: int = 0


@dataclass(slots=True)
class _Loop:
    """What belongs to one event loop: a wrapper outlives loops, futures and locks do not."""

    loop: asyncio.AbstractEventLoop | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    flights: dict[tuple[object, ...], _Flight] = field(default_factory=dict)


class Credential:
    """Tokens from any azure-identity style credential, sync or async, for the SDK to ask on every request.

    Parameters
    ----------
    credential : object
        Has ``get_token(*scopes, ...)`` that returns, or is awaited for, ``.token`` and ``.expires_on``.
    refresh_before_s : float
        How long before its expiry a token is renewed. One whose whole life is shorter is used until it expires.
    now : callable
        Seconds since the epoch.

    Notes
    -----
    Nobody waits for a sign-in that everybody has left: it is dropped, and the next request starts another.
    """

    def __init__(self, credential: Any, *, refresh_before_s: float = 300, now: Callable[[], float] = time.time) -> None:
        if not callable(getattr(credential, "get_token", None)):
            raise InputError(
                f"a credential has get_token(*scopes), like azure-identity's; {type(credential).__name__} has none"
            )
        self._credential = credential
        self._name = type(credential).__name__
        self._accepts = _accepted_hints(credential.get_token)
        self._refresh_before_s = refresh_before_s
        self._now = now
        self._held: dict[tuple[object, ...], _Held] = {}
        self._claims: dict[str, Any] | None = None
        self._here = _Loop()

    def __repr__(self) -> str:
        return f"<Credential {self._name}>"

    async def get_token(self, *scopes: str, claims: str | None = None, **kwargs: Any) -> AccessToken:
        """A token for `scopes`, from memory while it is good; with `claims` always a new one.

        Raises
        ------
        AuthError
            The credential failed, or what it returned is not a token.
        """
        key = (scopes, tuple(sorted((name, repr(value)) for name, value in kwargs.items())))
        token = self._remembered(key, claims) or await self._join(key, scopes, claims or None, kwargs)
        _handed.set(token)
        return token

    def claims(self) -> dict[str, Any] | None:
        """The claims of the last token, not verified; None before the first one, or where it cannot be read."""
        return self._claims

    def tokens(self) -> list[str]:
        """All tokens that are held, and that which the running task was handed: what no text may show.

        Made-up ones of a few letters are left out: they stand in words too.
        """
        handed = getattr(_handed.get(), "token", "")
        return [token for token in {*self._secrets(), handed} if len(token) >= _SHORTEST_SECRET]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential cannot be pickled or copied: it holds tokens; connect() anew where it is needed")

    async def close(self) -> None:
        """Forget all tokens, leave any sign-in under way, and close the credential itself."""
        for flight in self._here.flights.values():
            flight.task.cancel()
        self._held.clear()
        close = getattr(self._credential, "close", None)
        if callable(close):
            closing = close()
            if inspect.isawaitable(closing):
                await closing

    def _remembered(self, key: tuple[object, ...], claims: str | None) -> AccessToken | None:
        held = self._held.get(key)
        if held is None or self._now() >= held.renew_at:
            return None
        if not claims:
            return held.token
        newer_than_refused = _handed.get() is not None and _handed.get() is not held.token
        return held.token if held.claims == claims and newer_than_refused else None

    async def _join(
        self, key: tuple[object, ...], scopes: tuple[str, ...], claims: str | None, kwargs: dict[str, Any]
    ) -> AccessToken:
        """Wait for the question under way, or ask it. Being cancelled while waiting leaves it to the others."""
        here = self._on_this_loop()
        name = (key, claims)
        flight = here.flights.get(name)
        if flight is None:
            task = asyncio.create_task(self._ask(key, scopes, claims, kwargs, here.turn))
            flight = here.flights[name] = _Flight(task)
            task.add_done_callback(functools.partial(_land, here.flights, name, flight))
        flight.waiting += 1
        try:
            await asyncio.wait([flight.task])
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                _land(here.flights, name, flight)
                flight.task.cancel()
        return flight.task.result()

    def _on_this_loop(self) -> _Loop:
        loop = asyncio.get_running_loop()
        if self._here.loop is not loop:
            self._here = _Loop(loop)
        return self._here

    async def _ask(
        self,
        key: tuple[object, ...],
        scopes: tuple[str, ...],
        claims: str | None,
        kwargs: dict[str, Any],
        turn: asyncio.Lock,
    ) -> AccessToken:
        hints = {"claims": claims} if claims else {}
        kwargs = {
            name: value for name, value in (kwargs | hints).items() if name not in _HINTS or name in self._accepts
        }
        async with turn:
            # One that was got while this waited for its turn
            if not claims and (token := self._remembered(key, None)):
                return token
            answer, failure = await self._put(scopes, kwargs)
            if failure is not None:
                raise failure
            if fault := _fault(answer):
                answer = None  # a traceback may show locals
                raise AuthError(f"the credential ({self._name}) returned no usable token: {fault}")
            return self._keep(key, claims, answer)

    async def _put(self, scopes: tuple[str, ...], kwargs: dict[str, Any]) -> tuple[Any, AuthError | None]:
        """The credential's answer, or what went wrong with it."""
        try:
            return await _call(self._credential.get_token, scopes, kwargs), None
        except AuthError as exc:
            return None, exc
        except Exception as exc:  # noqa: BLE001  # a credential is anybody's code
            failed = exc
        # Out of `except`: there an exception that is raised or made keeps the failed one, with its frames, as context
        return None, sign_in_failed(failed, credential=self._name, secrets=self._secrets())

    def _keep(self, key: tuple[object, ...], claims: str | None, answer: Any) -> AccessToken:
        token = _token_class()(answer.token, int(answer.expires_on))
        life_s = token.expires_on - self._now()
        early_s = self._refresh_before_s if life_s > self._refresh_before_s else 0
        self._held[key] = _Held(token, claims, token.expires_on - early_s)
        self._claims = _decoded(token.token)
        return token

    def _secrets(self) -> list[str]:
        return [held.token.token for held in self._held.values()]


def _land(flights: dict[tuple[object, ...], _Flight], name: tuple[object, ...], flight: _Flight, *_: object) -> None:
    """Let nobody join any more, and mark a failure as seen: all who waited may have left."""
    if flights.get(name) is flight:
        del flights[name]
    if flight.task.done() and not flight.task.cancelled():
        flight.task.exception()


def _accepted_hints(get_token: Callable[..., Any]) -> tuple[str, ...]:
    """Which of the hints can be passed. Read from the signature: a TypeError might as well come from inside."""
    try:
        parameters = inspect.signature(get_token).parameters
    except (TypeError, ValueError):  # written in C, say
        return _HINTS
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return _HINTS
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(name for name in _HINTS if name in parameters and parameters[name].kind in by_name)


async def _call(get_token: Callable[..., Any], scopes: tuple[str, ...], kwargs: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(get_token):
        return await get_token(*scopes, **kwargs)
    answer = await _in_thread(functools.partial(get_token, *scopes, **kwargs))
    return await answer if inspect.isawaitable(answer) else answer


async def _in_thread(call: Callable[[], Any]) -> Any:
    """What `call` returns or raises, on a thread of its own that sees the caller's context variables.

    Not ``asyncio.to_thread``: the threads of its pool are joined when the loop or the interpreter ends, and a
    device code that nobody entered would hold a kernel's shutdown for 15 minutes. Nothing waits for a daemon thread.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Callable[[], Any]] = loop.create_future()

    def settle(result: Callable[[], Any]) -> None:
        if not outcome.done():
            outcome.set_result(result)

    def work() -> None:
        try:
            value = call()
        except BaseException as exc:  # noqa: BLE001  # it belongs to whoever waits, not to this thread
            result = functools.partial(_raise, exc)
        else:
            result = functools.partial(_return, value)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            loop.call_soon_threadsafe(settle, result)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name="odb_nb sign-in", daemon=True).start()
    return (await outcome)()


def _raise(exc: BaseException) -> Any:
    raise exc


def _return(value: Any) -> Any:
    return value


def _fault(answer: object) -> str | None:
    """What is wrong with a credential's answer, without repeating any of it; None if it is a token."""
    token, expires_on = getattr(answer, "token", None), getattr(answer, "expires_on", None)
    if not isinstance(token, str) or not isinstance(expires_on, int | float) or isinstance(expires_on, bool):
        return f"expected .token (text) and .expires_on (seconds since 1970), got {type(answer).__name__}"
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        # The HTTP library would refuse the header, with the token in its message
        return "expected .token to be printable ASCII without spaces or line breaks"
    if not 0 <= expires_on < float("inf"):
        return "expected .expires_on to be seconds since 1970"
    return None


@functools.cache
def _token_class() -> type[AccessToken]:
    """kiota looks for azure-core's AccessToken, whose repr prints the token; this one's does not."""
    from azure.core.credentials import AccessToken

    class SecureAccessToken(AccessToken):
        __slots__ = ()

        def __repr__(self) -> str:
            return f"AccessToken(token=[secure], expires_on={self.expires_on})"

    return SecureAccessToken


def _decoded(token: str) -> dict[str, Any] | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None
