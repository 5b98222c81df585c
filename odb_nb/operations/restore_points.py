"""Restore points: the three questions the service answers about them.

- *list*: the newest five points of one drive before an instant; the fast ones cannot be asked for alone;
- *search*: for up to twenty drives one point each, the newest or the oldest of a window, fast ones if asked.
  (The documentation also says "five in all": then some drives are accounted for by nothing in the answer.)
- *get*: one point by its id; no page describes it, so it is only asked when there is no other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.restore_point_preference import RestorePointPreference
from msgraph.generated.models.restore_point_tags import RestorePointTags
from msgraph.generated.models.time_period import TimePeriod
from msgraph.generated.solutions.backup_restore.restore_points.item.restore_point_item_request_builder import (
    RestorePointItemRequestBuilder,
)
from msgraph.generated.solutions.backup_restore.restore_points.restore_points_request_builder import (
    RestorePointsRequestBuilder,
)
from msgraph.generated.solutions.backup_restore.restore_points.search.search_post_request_body import (
    SearchPostRequestBody,
)

from odb_nb.arguments import FAST_RESTORE, RestorePoint
from odb_nb.columns import parsed
from odb_nb.errors import ReplyShapeError
from odb_nb.transport import Request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from odb_nb.pacing import Deadline
    from odb_nb.transport import Transport

MOST_DRIVES_A_SEARCH = 20
POINTS_A_LIST = 5

LATEST = RestorePointPreference.Latest
OLDEST = RestorePointPreference.Oldest

_ListQuery = RestorePointsRequestBuilder.RestorePointsRequestBuilderGetQueryParameters
_ItemQuery = RestorePointItemRequestBuilder.RestorePointItemRequestBuilderGetQueryParameters


@dataclass(frozen=True)
class Searched:
    """One answer of a search: a point for some drives, the word that there is none for others.

    A drive in neither is not accounted for and must be asked about again.
    """

    points: dict[str, dict[str, Any]]
    without: set[str]


def time_of(point: dict[str, Any]) -> datetime | None:
    """When the point was taken; None if the service's text cannot be read."""
    return parsed(point.get("protectionDateTime"))


def is_fast(point: dict[str, Any]) -> bool:
    """True if the point can carry a browse session."""
    return FAST_RESTORE.casefold() in str(point.get("tags")).casefold()


async def list_before(
    transport: Transport, drive_id: str, before: datetime, deadline: Deadline
) -> list[dict[str, Any]]:
    """At most five points of one drive, the newest before an instant."""
    quoted = drive_id.replace("'", "''")
    query = _ListQuery(
        expand=[f"protectionUnit($filter=id eq '{quoted}')"], filter=f"protectionDateTime lt {_zulu(before)}"
    )
    request = transport.backup.restore_points.to_get_request_information(RequestConfiguration(query_parameters=query))
    points = await transport.all_pages(Request(request), deadline)
    return [_with_drive(point, drive_id) for point in points]


async def search(
    transport: Transport,
    drive_ids: Sequence[str],
    window: tuple[datetime, datetime],
    preference: RestorePointPreference,
    *,
    fast_only: bool,
    deadline: Deadline,
) -> Searched:
    """For each drive one point in ``start <= t < end``: the newest or the oldest."""
    body = SearchPostRequestBody(
        protection_unit_ids=list(drive_ids),
        protection_time_period=TimePeriod(start_date_time=window[0], end_date_time=window[1]),
        restore_point_preference=preference,
        tags=RestorePointTags.FastRestore if fast_only else None,
    )
    request = Request(transport.backup.restore_points.search.to_post_request_information(body))
    answer = await transport.read(request, deadline, expect="searchResults")
    points: dict[str, dict[str, Any]] = {}
    asked = {drive_id.casefold(): drive_id for drive_id in drive_ids}  # GUIDs may come back in other letters
    for point in _results(answer.json, request.label):
        told = str((point.get("protectionUnit") or {}).get("id") or (drive_ids[0] if len(drive_ids) == 1 else ""))
        drive_id = asked.get(told.casefold(), "")
        if not drive_id:
            raise ReplyShapeError(
                "a search result names no drive that was asked about", request_id=answer.request_id,
                request=request.label,
            )  # fmt: skip
        points[drive_id] = _preferred(points.get(drive_id), _with_drive(point, drive_id), preference)
    empty = {asked.get(str(told).casefold(), "") for told in answer.json.get("noResultProtectionUnitIds") or []}
    without = {drive_id for drive_id in empty if drive_id and drive_id not in points}
    return Searched(points, without)


async def get_restore_point(transport: Transport, point_id: str, deadline: Deadline) -> RestorePoint:
    """One point with its drive and time. Assumed route: raises what the service makes of it."""
    item = transport.backup.restore_points.by_restore_point_id(point_id)
    query = RequestConfiguration(query_parameters=_ItemQuery(expand=["protectionUnit"]))
    answer = await transport.read(Request(item.to_get_request_information(query)), deadline, expect="id")
    unit = answer.json.get("protectionUnit") or {}
    return RestorePoint(
        point_id,
        drive_id=unit.get("id"),
        protection_date_time=time_of(answer.json),
        tags=answer.json.get("tags"),
        directory_object_id=unit.get("directoryObjectId"),
    )


def _results(body: dict[str, Any], label: str) -> list[dict[str, Any]]:
    results = body["searchResults"]
    if isinstance(results, list) and all(isinstance(result, dict) for result in results):
        points = [point for result in results if isinstance(point := result.get("restorePoint"), dict)]
        if len(points) == len(results):
            return points
    raise ReplyShapeError("expected 'searchResults' to be a list of objects with a 'restorePoint'", request=label)


def _preferred(
    held: dict[str, Any] | None, other: dict[str, Any], preference: RestorePointPreference
) -> dict[str, Any]:
    """Of two points of one drive in one answer, the one that was asked for."""
    held_time, other_time = time_of(held) if held else None, time_of(other)
    if held is None or held_time is None or other_time is None:
        return held or other
    return other if (other_time > held_time) == (preference is LATEST) else held


def _with_drive(point: dict[str, Any], drive_id: str) -> dict[str, Any]:
    """The point with its drive's id, which answers may leave out."""
    return {**point, "protectionUnit": {"id": drive_id, **(point.get("protectionUnit") or {})}}


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
