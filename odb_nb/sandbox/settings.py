"""The sandbox's switches: their defaults, what they mean, and the refusal of values that make no sense."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, TypedDict, get_args

from odb_nb.errors import InputError

SearchReturns = Literal["one-per-unit", "five-in-all"]
DirectoryObject = Literal["site", "user"]
ServiceStatus = Literal["enabled", "disabled", "protectionChangeLocked", "restoreLocked"]

_CHOICES = {
    "search_returns": get_args(SearchReturns),
    "directory_object": get_args(DirectoryObject),
    "service_status": get_args(ServiceStatus),
}
_WHOLE_NUMBERS = {
    "seed": (0, 2**63),
    "drives": (1, 100_000),
    "page_size": (1, 10_000),
    "browse_page_size": (1, 10_000),
    "huge_files": (1_000, 1_000_000),
    "other_sessions": (0, 10_000),
    "most_active_restores": (1, 10_000),
    "port": (0, 65_535),
}
_SECONDS = (
    *("step_s", "creating_s", "lifetime_s", "latency_s", "list_lag_s"),
    *("restore_activating_s", "restore_item_s"),
)
_MOST_OFF_S = 86_400


class Switches(TypedDict, total=False):
    """The keywords of `Sandbox`, for type checkers; `Settings` says what they mean."""

    seed: int
    drives: int
    start: datetime
    step_s: float
    creating_s: float
    lifetime_s: float
    page_size: int
    browse_page_size: int
    huge_files: int
    search_returns: SearchReturns
    echo_restore_point_id: bool
    directory_object: DirectoryObject
    latency_s: float
    clock_off_s: float
    list_lag_s: float
    other_sessions: int
    restore_activating_s: float
    restore_item_s: float
    most_active_restores: int
    service_status: ServiceStatus
    port: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All switches of one sandbox; raises `InputError` for a value that cannot be used."""

    seed: Annotated[int, "everything follows from it: ids, times, sizes"] = 1
    drives: Annotated[int, "how many drives the tenant has"] = 40
    start: Annotated[datetime, "the instant at which the clock starts"] = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    step_s: Annotated[float, "seconds that pass each time a client looks at sessions"] = 1.0
    creating_s: Annotated[float, "seconds that a browse session stays in 'creating'"] = 2.0
    lifetime_s: Annotated[float, "seconds after which a browse session is gone"] = 72 * 3600 - 2
    page_size: Annotated[int, "entries per page of a list"] = 100
    browse_page_size: Annotated[int, "items per page when a session is browsed"] = 10
    huge_files: Annotated[int, "how many files the drive of Debra Berger has"] = 100_000
    search_returns: Annotated[SearchReturns, "how many points a search gives; the docs say both"] = "one-per-unit"
    echo_restore_point_id: Annotated[bool, "show restorePointId on sessions; no documented answer does"] = False
    directory_object: Annotated[DirectoryObject, "whose id a session's directoryObjectId is"] = "site"
    latency_s: Annotated[float, "real seconds before each answer"] = 0.0
    clock_off_s: Annotated[float, "seconds by which the Date of answers is ahead of its times; behind if negative"] = (
        0.0
    )
    list_lag_s: Annotated[float, "seconds for which a new session is missing from lists"] = 0.0
    other_sessions: Annotated[int, "how many SharePoint sessions lists of OneDrive sessions show too"] = 0
    restore_activating_s: Annotated[float, "seconds that a restore session stays in 'activating'"] = 1.0
    restore_item_s: Annotated[float, "seconds that the restore of one item takes, one after another"] = 1.0
    most_active_restores: Annotated[int, "restore sessions that may be active at a time"] = 25
    service_status: Annotated[ServiceStatus, "the state that the service reports, and acts on"] = "enabled"
    port: Annotated[int, "port on 127.0.0.1; 0 takes a free one"] = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _WHOLE_NUMBERS.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise InputError(f"{name} must be a whole number from {low} to {high}, not {value!r}")
        for name in _SECONDS:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise InputError(f"{name} must be a number of seconds, 0 or more, not {value!r}")
        off = self.clock_off_s
        if isinstance(off, bool) or not isinstance(off, int | float) or not abs(off) <= _MOST_OFF_S:
            raise InputError(f"clock_off_s must be a number of seconds, at most a day either way, not {off!r}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise InputError(f"{name} must be one of {', '.join(choices)}, not {getattr(self, name)!r}")
        if not isinstance(self.echo_restore_point_id, bool):
            raise InputError(f"echo_restore_point_id must be True or False, not {self.echo_restore_point_id!r}")
        if not isinstance(self.start, datetime) or self.start.tzinfo is None:
            raise InputError(f"start must be a datetime with a time zone, not {self.start!r}")
