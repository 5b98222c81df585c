"""Restore points: the list of five, and one by its id."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.behaviours import assumed, documented
from odb_nb.sandbox.clock import parse_time, stamp
from odb_nb.sandbox.messages import Refusal, context, ok
from odb_nb.sandbox.odata import all_of, parse_filter
from odb_nb.sandbox.points import EVER, Window
from odb_nb.sandbox.routes.policies import is_guid
from odb_nb.sandbox.routes.route import Route

if TYPE_CHECKING:
    from odb_nb.sandbox.messages import Answer, Call
    from odb_nb.sandbox.odata import Condition
    from odb_nb.sandbox.points import Point
    from odb_nb.sandbox.tenant import Tenant

FIVE = 5
_CODE = "InvalidSearchRequest"
_EXPAND = re.compile(r"\s*protectionUnit(?:\s*\(\s*\$filter\s*=\s*id\s+eq\s+'([^']*)'\s*\))?\s*")
_ORDER_NAMES = ("$orderby", "orderBy", "orderby")
_ORDER = re.compile(r"\s*protectionDateTime(?:\s+(asc|desc))?\s*")

BEHAVIOURS = (
    documented("list_restore_points", "needs $expand and $filter, both", "RP-list"),
    documented("list_restore_points", "at most five points, the newest unless orderby says otherwise", "RP-list"),
    assumed("list_restore_points", "a missing or unreadable option: 400 InvalidSearchRequest", "codes"),
    assumed(
        "list_restore_points",
        "$orderby, orderBy or orderby; key protectionDateTime; sorted before cutting to five",
        "RP-list",
    ),
    documented("list_restore_points", "protectionDateTime lt", "RP-list"),
    assumed("list_restore_points", "protectionDateTime le, gt, ge, eq, joined by and"),
    documented(
        "list_restore_points", "$expand=protectionUnit with protectionUnit/id and policyId in $filter", "RP-list-new"
    ),
    assumed("list_restore_points", "no next link", "RP-list"),
    documented("list_restore_points", "400 InvalidProtectionUnitId for an id that is no GUID", "codes"),
    assumed("list_restore_points", "an unknown unit has no points"),
    assumed("get_restore_point", "works; 404 itemNotFound for an unknown one", "new-sdk"),
    assumed("get_restore_point", "protectionUnit only with $expand=protectionUnit"),
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a list's filter asks for."""

    window: Window = EVER
    unit_id: str | None = None
    policy_id: str | None = None


def point_as_json(tenant: Tenant, point: Point, *, expanded: bool) -> dict[str, Any]:
    """A restore point, with its protection unit where it was expanded."""
    shown: dict[str, Any] = {
        "@odata.type": "#microsoft.graph.restorePoint",
        "id": point.id,
        "protectionDateTime": stamp(point.time),
        "expirationDateTime": stamp(_a_year_after(point.time)),
        "tags": "fastRestore" if point.fast else "none",
    }
    if expanded:
        drive = tenant.world.drive_by_id[point.drive_id]
        unit = {"@odata.type": "#microsoft.graph.driveProtectionUnit", "id": drive.id}
        unit["directoryObjectId"] = drive.directory_object_id
        shown["protectionUnit"] = unit | ({"policyId": drive.policy_id} if drive.policy_id else {})
    return shown


def _a_year_after(moment: datetime) -> datetime:
    if (moment.month, moment.day) == (2, 29):  # the year after has no such day
        return moment.replace(year=moment.year + 1, month=3, day=1)
    return moment.replace(year=moment.year + 1)


def list_points(tenant: Tenant, call: Call) -> Answer:
    for name in ("$expand", "$filter"):
        if name not in call.options:
            raise Refusal(400, _CODE, f"The query option {name} is required.")
    asked = _read_filter(call.options["$filter"])
    unit_id = _read_expand(call.options["$expand"]) or asked.unit_id
    if unit_id is None:
        raise Refusal(400, _CODE, "Neither $expand nor $filter says of which protection unit.")
    if not is_guid(unit_id):
        raise Refusal(400, "InvalidProtectionUnitId", f"'{unit_id}' is not the id of a protection unit.")
    newest_first = _read_order(call)
    drive = tenant.world.drive_by_id.get(unit_id)
    points: list[Point] = []
    if drive is not None and asked.policy_id in (None, drive.policy_id):
        all_points = tenant.points.of_drive(drive, tenant.clock.now(), asked.window, newest_first=newest_first)
        points = list(islice(all_points, FIVE))
    value = [point_as_json(tenant, point, expanded=True) for point in points]
    return ok({**context(call, "/restorePoints"), "value": value})


def get_point(tenant: Tenant, call: Call) -> Answer:
    expand = call.options.get("$expand")
    if expand is not None and _read_expand(expand) is not None:
        raise Refusal(400, _CODE, "One restore point takes $expand=protectionUnit without a filter.")
    point = tenant.points.find(call.ids[0], tenant.clock.now())
    if point is None:
        raise Refusal(404, "itemNotFound", f"There is no restore point '{call.ids[0]}'.")
    shown = point_as_json(tenant, point, expanded=expand is not None)
    return ok({**context(call, "/restorePoints/$entity"), **shown})


def _read_expand(text: str) -> str | None:
    found = _EXPAND.fullmatch(text)
    if found is None:
        raise Refusal(400, _CODE, f"$expand cannot be read: {text}")
    return found.group(1)


def _read_order(call: Call) -> bool:
    """Whether the newest come first."""
    given = [(name, call.options[name]) for name in _ORDER_NAMES if name in call.options]
    if not given:
        return True
    found = _ORDER.fullmatch(given[0][1])
    if found is None or len(given) > 1:
        raise Refusal(400, _CODE, f"{given[-1][0]} cannot be used: {given[-1][1]}")
    return found.group(1) == "desc"


def _read_filter(text: str) -> _Asked:
    conditions = all_of(parse_filter(text, _CODE))
    if conditions is None:
        raise Refusal(400, _CODE, "Conditions on restore points can only be joined by and.")
    asked = _Asked()
    for condition in conditions:
        if condition.name == "protectionDateTime":
            asked = replace(asked, window=_narrowed(asked.window, condition))
        elif condition.name in ("protectionUnit/id", "protectionUnit/policyId"):
            if condition.operator != "eq" or not condition.quoted:
                raise Refusal(400, _CODE, f"'{condition.name}' can only be compared by eq with a quoted text.")
            if condition.name == "protectionUnit/id":
                asked = replace(asked, unit_id=condition.value)
            else:
                asked = replace(asked, policy_id=condition.value)
        else:
            raise Refusal(400, _CODE, f"Restore points cannot be filtered by '{condition.name}'.")
    return asked


def _narrowed(window: Window, condition: Condition) -> Window:
    moment = None if condition.quoted else parse_time(condition.value)
    if moment is None:
        raise Refusal(400, _CODE, f"'{condition.value}' is not a time such as 2026-11-20T00:00:00Z, unquoted.")
    if condition.operator == "ne":
        raise Refusal(400, _CODE, "protectionDateTime can be compared by lt, le, gt, ge and eq.")
    floor, ceiling = whole_seconds(moment)
    high = {"lt": ceiling - 1, "le": floor, "eq": floor}.get(condition.operator, window.high)
    low = {"gt": floor + 1, "ge": ceiling, "eq": ceiling}.get(condition.operator, window.low)
    return Window(max(window.low, low), min(window.high, high))


def whole_seconds(moment: datetime) -> tuple[int, int]:
    """The last whole Unix second not after the moment, and the first not before it."""
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return passed // timedelta(seconds=1), -(-passed // timedelta(seconds=1))


def _point_in_path(_tenant: Tenant, ids: tuple[str, ...], _body: Any) -> tuple[str, ...]:
    return ids


ROUTES = (
    Route("list_restore_points", "GET", "restorePoints", list_points, frozenset({"$expand", "$filter", *_ORDER_NAMES})),
    Route("get_restore_point", "GET", "restorePoints/{id}", get_point, frozenset({"$expand"}), about=_point_in_path),
)
