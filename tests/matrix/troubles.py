"""What may go wrong: the faults to order for an operation, and whether it passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from odb_nb.http_client import REQUEST_TIMEOUT_S
from odb_nb.sandbox import Fault

CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1795167000"}}}'

_ABOUT_SESSIONS = ("get_session", "browse", "activate_restore")


@dataclass(frozen=True, eq=False)
class Trouble:
    """What goes wrong: the faults on order, and whether it passes.

    `faults` gives them for an operation; None where it has no occasion.
    `ends` is ``passes`` (the call must give everything), ``lasts`` (it cannot, before the trouble is over), ``row``
    (a page lacks one), ``date`` (one cannot be read) or ``session`` (the sessions are not what they were: no call can
    mend it). What strikes by chance is met up to `rounds` times, until it does. `limit_s` is how long the client waits
    for an answer.
    """

    name: str
    faults: object
    ends: str = "passes"
    switches: dict = field(default_factory=dict)
    rounds: int = 1
    limit_s: float = REQUEST_TIMEOUT_S

    @property
    def costs_no_row(self):
        """Whether the call must give every row, and no error."""
        return self.ends in ("passes", "date")


def struck(**fault):
    """A fault that strikes an operation's own request once."""
    return lambda stage, operation, points: [Fault(operation.strikes, skip=operation.skip, **fault)]


def at_times(**fault):
    """A fault of that request for good."""
    return lambda stage, operation, points: [Fault(operation.strikes, times=None, **fault)]


def until_later(stage, operation, points):
    late = stage.sandbox.clock.now() + timedelta(seconds=30 + stage.sandbox.settings.clock_off_s)
    return struck(status=429, retry_after=f"{late:%a, %d %b %Y %H:%M:%S GMT}")(stage, operation, points)


def too_long(stage, operation, points):
    return struck(status=429, retry_after=str(int(operation.limit_s) + 100))(stage, operation, points)


def shut_before(seconds):
    def order(stage, operation, points):
        last = (len(stage.sandbox.drives) - 1) // stage.sandbox.settings.page_size
        stage.sandbox.faults.add(Fault("list_drives", "refuse", seconds=seconds, skip=last))
        stage.client.list_drives()
        return []

    return order


def on_page(kind):
    def order(stage, operation, points):
        page = operation.page or operation.strikes
        if page in ("get_session", "service_status"):
            return None
        return [Fault(page, kind, skip=operation.skip if page == operation.strikes else 0)]

    return order


def never_ready(stage, operation, points):
    """The first session that the call opens, or the ones that it is given."""
    if not points and not operation.is_on_sessions:
        return None
    return [Fault("create_session", "never-ready", times=None, restore_points=points[:1] or None)]


def expired(stage, operation, points):
    return struck(kind="expire")(stage, operation, points) if operation.strikes in _ABOUT_SESSIONS else None


def odd_date(stage, operation, points):
    """Items have no dates."""
    return None if operation.strikes == "browse" else struck(kind="malformed-date")(stage, operation, points)


def some(share):
    kinds = ({"status": 503}, {"kind": "drop"}, {"status": 429, "retry_after": "2"})
    return lambda stage, operation, points: [Fault("any", share=share, **kind) for kind in kinds]


REFUSED_FOR_LONG_S = 3000.0
GROUPS = {
    "Told to wait": (
        Trouble("429, seconds", struck(status=429, retry_after="7")),
        Trouble("429, date", until_later),
        Trouble("429, no time", struck(status=429)),
        Trouble("429, too long", too_long, "lasts"),
        Trouble("503, seconds", struck(status=503, retry_after="7")),
    ),
    "Errors of the service": (
        Trouble("500", struck(status=500)),
        Trouble("502", struck(status=502)),
        Trouble("503", struck(status=503)),
        Trouble("504", struck(status=504)),
        Trouble("504 after", struck(status=504, after_effect=True)),
        Trouble("one in ten", some(0.035), rounds=60),
        Trouble("outage", lambda *_: [Fault("any", status=503, times=None)], "lasts"),
    ),
    "Connections": (
        Trouble("dropped", struck(kind="drop")),
        Trouble("dropped after", struck(kind="drop", after_effect=True)),
        Trouble("reset", struck(kind="reset")),
        Trouble("reset after", struck(kind="reset", after_effect=True)),
        Trouble("refused", shut_before(5.0)),
        Trouble("refused midway", struck(kind="refuse", seconds=5.0)),
        Trouble("refused for long", shut_before(REFUSED_FOR_LONG_S), "lasts"),
        Trouble("cut", struck(kind="cut")),
    ),
    "Answers": (
        Trouble("slow", struck(kind="slow", seconds=0.1)),
        Trouble("too slow", struck(kind="slow", seconds=1.2), limit_s=0.6),
        Trouble("drip", struck(kind="drip", seconds=0.1)),
        Trouble("short", struck(kind="short")),
        Trouble("HTML", struck(kind="html", after_effect=True)),
        Trouble("empty", struck(kind="empty", after_effect=True)),
        Trouble("no value", struck(kind="no-value", after_effect=True)),
        Trouble("a list", struck(kind="body", body=b"[1, 2]", after_effect=True)),
        Trouble("odd date", odd_date, "date"),
        Trouble("row twice", on_page("repeats")),
        Trouble("row missing", on_page("misses"), "row"),
    ),
    "Rights": (
        Trouble("claims", struck(claims=CLAIMS)),
        Trouble("no permission", at_times(kind="no-permission"), "lasts"),
        Trouble("no role", at_times(kind="no-role"), "lasts"),
    ),
    "Sessions and clocks": (
        Trouble("never ready", never_ready, "session"),
        Trouble("expired", expired, "session"),
        Trouble("clock +5 min", lambda *_: [], switches={"clock_off_s": 300}),
        Trouble("clock -5 min", lambda *_: [], switches={"clock_off_s": -300}),
    ),
}
TROUBLES = tuple(trouble for troubles in GROUPS.values() for trouble in troubles)
