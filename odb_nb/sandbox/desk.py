"""The desk: takes one request off the wire, finds its route, applies faults, and gives the answer.

Everything that happens to a request happens here in one step and under one lock, so that a run can be repeated.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.clock import http_date
from odb_nb.sandbox.fault_kinds import AFTER, BEFORE, spoil
from odb_nb.sandbox.faults import Faults
from odb_nb.sandbox.messages import Answer, Call, Refusal
from odb_nb.sandbox.permissions import check_permission
from odb_nb.sandbox.routes.route import VERSIONS
from odb_nb.sandbox.routes.table import TABLE
from odb_nb.sandbox.tokens import host_name, read_caller
from odb_nb.sandbox.watch import RequestRecord

if TYPE_CHECKING:
    from odb_nb.sandbox.faults import Fault
    from odb_nb.sandbox.messages import Received
    from odb_nb.sandbox.routes.route import Route
    from odb_nb.sandbox.tenant import Tenant

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OPT_IN = "include-unknown-enum-members"
_NOTHING = Answer(200, b"")

BEHAVIOURS = (
    documented("all", "errors come in Graph's envelope; branch on code", "err"),
    documented("all", "request-id, Date (the sandbox's clock), and client-request-id if one was sent", "best"),
    assumed("all", "unknown paths 404; unknown query options and properties, and wrong case: 400 invalidRequest"),
    documented("unknown", "a method that a path does not have: 405 notAllowed", "err"),
    assumed("all", "the clock moves by one step when a client looks at browse or restore sessions"),
)


class Desk:
    """Answers requests for one tenant.

    Parameters
    ----------
    tenant : Tenant
    """

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.faults = Faults(tenant.seeded, tenant.clock)
        self.lock = threading.RLock()
        self._asked: Counter[bytes] = Counter()

    def answer(self, received: Received) -> Answer:
        """The answer to one request, headers and delay included."""
        with self.lock:
            return self._answer(received)

    def _answer(self, received: Received) -> Answer:
        path, _, query = received.target.partition("?")
        question = _digest(received)
        self._asked[question] += 1
        asked = question.hex(), str(self._asked[question])
        # How often this very question was asked, not how many requests came before: arrival order must not show.
        request_id = str(uuid.UUID(bytes=self.tenant.seeded.digest("request", *asked), version=4))
        self.tenant.watch.arrived(question, f"{received.method} {path}")
        visit = _Visit(self, received, path, query, request_id, asked)
        try:
            answer = visit.answer()
        except Refusal as refusal:
            answer = visit.refused(refusal)
        status = answer.status if answer.is_sent else 0
        now = self.tenant.clock.now()
        self.tenant.watch.record(RequestRecord(visit.operation, received.method, unquote(path), status, now))
        if "Retry-After" in answer.headers:
            self.tenant.watch.told_to_wait(question, answer.headers["Retry-After"])
        return self._dressed(answer, received, request_id)

    def _dressed(self, answer: Answer, received: Received, request_id: str) -> Answer:
        date = self.tenant.clock.now() + timedelta(seconds=self.tenant.settings.clock_off_s)
        headers = {**answer.headers, "Date": http_date(date), "request-id": request_id}
        if "client-request-id" in received.headers:
            headers["client-request-id"] = received.headers["client-request-id"]
        if _shows_unknown_members(received):
            headers["Preference-Applied"] = _OPT_IN
        return replace(answer, headers=headers, delay_s=answer.delay_s + self.tenant.settings.latency_s)


class _Visit:
    """One request on its way through: from its path to its answer."""

    def __init__(
        self, desk: Desk, received: Received, path: str, query: str, request_id: str, asked: tuple[str, ...]
    ) -> None:
        self._desk = desk
        self._tenant = desk.tenant
        self._received = received
        self._path, self._query = path, query
        self._request_id = request_id
        self._asked = asked
        self.operation = "unknown"

    def answer(self) -> Answer:
        host = _check_host(self._received)
        try:
            version, route, ids = self._find_route()
        except Refusal:
            fault = self._desk.faults.take("unknown", (), self._asked)
            if fault is None:
                raise
            return spoil(fault, _NOTHING)
        self.operation = route.operation
        caller = read_caller(self._received.headers.get("authorization", ""))
        check_permission(route.operation, version, caller)
        if route.looks and "skiptoken" not in self._query:
            self._tenant.clock.step()
        call = Call(
            version=version,
            url=f"http://{host}{self._path}",
            query=self._query,
            ids=ids,
            options={},
            body=_body_or_none(self._received.body),
            caller=caller,
            shows_unknown_members=_shows_unknown_members(self._received),
            request_id=self._request_id,
        )
        points = route.about(self._tenant, ids, call.body)
        return self._watched(route, call, points)

    def refused(self, refusal: Refusal) -> Answer:
        """The answer that a refusal is."""
        date = self._tenant.clock.now().strftime("%Y-%m-%dT%H:%M:%S")
        theirs = self._received.headers.get("client-request-id", self._request_id)
        return refusal.answer(date, self._request_id, theirs)

    def _watched(self, route: Route, call: Call, points: tuple[str, ...]) -> Answer:
        """The answer, with a fault if one strikes; and a note of what the client cannot know, or has seen, by it."""
        watch, subject = self._tenant.watch, "/".join(call.ids or points)
        watch.asks(route.operation, subject)
        fault = self._desk.faults.take(route.operation, points, self._asked)
        loses_answer = fault is not None and fault.loses_answer
        if loses_answer:
            watch.is_lost(route.operation, (subject,))
        answer = self._carry_out(route, call) if fault is None else self._struck(fault, route, call, points)
        if loses_answer:
            return answer
        is_last_page = b"@odata.nextLink" not in answer.body
        at_stake = watch.is_answered(route.operation, subject, is_last_page=is_last_page)
        return replace(answer, unread=lambda: watch.is_lost(*at_stake))

    def _struck(self, fault: Fault, route: Route, call: Call, points: tuple[str, ...]) -> Answer:
        """The answer as a fault leaves it; what it does to the sessions on `points` is done."""
        if fault.kind in BEFORE:
            BEFORE[fault.kind](self._tenant, points)
        answer = self._carry_out_quietly(route, call) if fault.needs_answer else _NOTHING
        if fault.kind in AFTER and answer.status < 400:
            AFTER[fault.kind](self._tenant, points)
        if fault.kind == "no-permission":
            check_permission(route.operation, call.version, replace(call.caller, permissions=frozenset()))
        return spoil(fault, answer)

    def _find_route(self) -> tuple[str, Route, tuple[str, ...]]:
        version, *segments = [unquote(part) for part in self._path.removeprefix("/").split("/")]
        if version not in VERSIONS:
            raise Refusal(404, "itemNotFound", f"Paths start with /v1.0 or /beta, not with '/{version}'.")
        route, ids = TABLE.find(self._received.method, tuple(segments))
        return version, route, ids

    def _carry_out(self, route: Route, call: Call) -> Answer:
        call = replace(call, options=_read_options(self._query, route))
        if route.method in ("POST", "PATCH") and (route.needs_body or self._received.body):
            _check_json(self._received)
        return route.handler(self._tenant, call)

    def _carry_out_quietly(self, route: Route, call: Call) -> Answer:
        """The true answer for a fault to spoil; an error answer is spoiled like any other."""
        try:
            return self._carry_out(route, call)
        except Refusal as refusal:
            return self.refused(refusal)


def _digest(received: Received) -> bytes:
    parts = (received.method.encode(), received.target.encode(), received.body)
    return blake2b(b"\x1f".join(parts), digest_size=16).digest()


def _check_host(received: Received) -> str:
    """The ``Host`` header; another name than loopback's means that a web page has been pointed at us."""
    host = received.headers.get("host", "")
    if host_name(f"//{host}") not in _LOOPBACK:
        raise Refusal(400, "invalidRequest", f"The sandbox answers to loopback names only, not to host '{host}'.")
    return host


def _shows_unknown_members(received: Received) -> bool:
    return _OPT_IN in (part.strip() for part in received.headers.get("prefer", "").split(","))


def _read_options(query: str, route: Route) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in route.options:
            spelled = next((right for right in route.options if right.casefold() == name.casefold()), None)
            advice = f" Names are case-sensitive: {spelled}." if spelled else ""
            raise Refusal(400, "invalidRequest", f"Unknown query option '{name}' for {route.operation}.{advice}")
        if name in options:
            raise Refusal(400, "invalidRequest", f"The query option '{name}' is given twice.")
        options[name] = value
    return options


def _check_json(received: Received) -> None:
    kind = received.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(400, "invalidRequest", f"Content-Type must be application/json, not '{kind}'.")
    try:
        json.loads(received.body)
    except (ValueError, RecursionError) as problem:
        raise Refusal(400, "invalidRequest", f"The body is not JSON: {problem}") from None


def _body_or_none(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
