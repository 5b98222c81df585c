"""Restore points: the search over up to twenty drives at once."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.clock import parse_time
from odb_nb.sandbox.messages import Refusal, context, ok
from odb_nb.sandbox.points import Window
from odb_nb.sandbox.routes.bodies import read_body
from odb_nb.sandbox.routes.policies import find_policy, is_guid
from odb_nb.sandbox.routes.restore_points import FIVE, point_as_json, whole_seconds
from odb_nb.sandbox.routes.route import Route

if TYPE_CHECKING:
    from odb_nb.sandbox.messages import Answer, Call
    from odb_nb.sandbox.points import Point
    from odb_nb.sandbox.tenant import Tenant

_CODE = "InvalidSearchRequest"
_MOST_UNITS = 20
_KNOWN = frozenset(
    {"protectionUnitIds", "protectionTimePeriod", "restorePointPreference", "tags", "artifactQuery"}
)  # fmt: skip
_FAST = {"none": False, "fastrestore": True}

BEHAVIOURS = (
    documented("search_restore_points", "needs protectionUnitIds, at most 20, and protectionTimePeriod", "RP-search"),
    assumed("search_restore_points", "one point per unit; the same page also says five (search_returns)", "RP-search"),
    assumed("search_restore_points", "five in all are the first five over all units", "RP-search-beta"),
    assumed(
        "search_restore_points", "units without a point are in noResultProtectionUnitIds, unknown ones too", "RP-search"
    ),
    assumed("search_restore_points", "start <= t < end; latest is the default; tags in any case"),
    assumed(
        "search_restore_points",
        "no, more than 20, or repeated units, or a bad period: 400 InvalidSearchRequest",
        "codes",
    ),
    documented("search_restore_points", "a unit id that is no GUID: 400 InvalidProtectionUnitId", "codes"),
    assumed("search_restore_points", "artifactQuery is for mailboxes: 400 InvalidSearchRequest", "gran-q"),
    documented("search_restore_points", "policyId in beta only", "new-sep26"),
)


@dataclass(frozen=True, slots=True)
class _Search:
    unit_ids: list[str]
    window: Window
    newest_first: bool
    fast: bool | None
    policy_id: str | None


def search(tenant: Tenant, call: Call) -> Answer:
    wanted = _read(tenant, call)
    per_unit = 1 if tenant.settings.search_returns == "one-per-unit" else FIVE
    found = {unit_id: _points(tenant, wanted, unit_id, per_unit) for unit_id in wanted.unit_ids}
    points = [point for unit_points in found.values() for point in unit_points]
    if tenant.settings.search_returns == "five-in-all":
        points.sort(key=lambda point: (point.time, point.id), reverse=wanted.newest_first)
        points = points[:FIVE]
    return ok(
        {
            **context(call, "/restorePoints/microsoft.graph.restorePointSearchResponse"),
            "searchResponseId": base64.urlsafe_b64encode(call.request_id.encode()).rstrip(b"=").decode(),
            "searchResults": [{"restorePoint": point_as_json(tenant, point, expanded=True)} for point in points],
            "noResultProtectionUnitIds": [unit_id for unit_id, unit_points in found.items() if not unit_points],
        }
    )


def _points(tenant: Tenant, wanted: _Search, unit_id: str, count: int) -> list[Point]:
    drive = tenant.world.drive_by_id.get(unit_id)
    if drive is None or wanted.policy_id not in (None, drive.policy_id):
        return []
    points = tenant.points.of_drive(
        drive, tenant.clock.now(), wanted.window, fast=wanted.fast, newest_first=wanted.newest_first
    )
    return list(islice(points, count))


def _read(tenant: Tenant, call: Call) -> _Search:
    body = read_body(call.body, _KNOWN | {"policyId"} if call.version == "beta" else _KNOWN)
    if body.get("artifactQuery") is not None:
        raise Refusal(400, _CODE, "artifactQuery searches mailboxes; drives have no such query.")
    policy_id = body.get("policyId")
    if policy_id is not None:
        find_policy(tenant, str(policy_id))
    preference = body.get("restorePointPreference")
    if preference not in (None, "latest", "oldest"):
        raise Refusal(400, _CODE, f"restorePointPreference must be latest or oldest, not {preference!r}.")
    return _Search(
        unit_ids=_read_units(body.get("protectionUnitIds")),
        window=_read_period(body.get("protectionTimePeriod")),
        newest_first=preference != "oldest",
        fast=_read_tags(body.get("tags")),
        policy_id=policy_id,
    )


def _read_units(unit_ids: Any) -> list[str]:
    if not isinstance(unit_ids, list) or not 1 <= len(unit_ids) <= _MOST_UNITS:
        raise Refusal(400, _CODE, f"protectionUnitIds must be a list of 1 to {_MOST_UNITS} ids.")
    for unit_id in unit_ids:
        if not isinstance(unit_id, str) or not is_guid(unit_id):
            raise Refusal(400, "InvalidProtectionUnitId", f"{unit_id!r} is not the id of a protection unit.")
    if len(set(unit_ids)) < len(unit_ids):
        raise Refusal(400, _CODE, "protectionUnitIds names a unit twice.")
    return unit_ids


def _read_period(period: Any) -> Window:
    bounds = read_body(period, frozenset({"startDateTime", "endDateTime"}), where="protectionTimePeriod")
    moments = []
    for name in ("startDateTime", "endDateTime"):
        moment = parse_time(bounds.get(name))
        if moment is None:
            raise Refusal(400, _CODE, f"protectionTimePeriod.{name} must be a time such as 2026-11-20T00:00:00Z.")
        moments.append(moment)
    start, end = moments
    if start >= end:
        raise Refusal(400, _CODE, "protectionTimePeriod ends before it starts.")
    return Window(whole_seconds(start)[1], whole_seconds(end)[1] - 1)


def _read_tags(tags: Any) -> bool | None:
    if tags is None:
        return None
    if not isinstance(tags, str) or tags.casefold() not in _FAST:
        raise Refusal(400, _CODE, f"tags must be none or fastRestore, not {tags!r}.")
    return _FAST[tags.casefold()]


ROUTES = (Route("search_restore_points", "POST", "restorePoints/search", search),)
