"""Restore points are complete whatever lies where, and however few the service gives at a time."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import odb_nb as odb
from odb_nb.credential import Credential
from odb_nb.errors import ReplyShapeError
from odb_nb.operations.hunt import Hunt
from odb_nb.pacing import RealTime
from odb_nb.replies import Reply
from odb_nb.sandbox import Fault, Sandbox
from odb_nb.transport import Transport

START = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(days=3)


class NoToken:
    def get_token(self, *scopes, **kwargs):
        raise AssertionError("nothing goes over a wire here")


class Service(Transport):
    """The documented list and search over points that a test chooses; the SDK builds and we read what goes through."""

    def __init__(self, points, *, five_in_all=False):
        super().__init__(
            "http://127.0.0.1:9/v1.0", Credential(NoToken()), scope="-", version="0",
            explain_refusal=lambda *_: "", time=RealTime(),
        )  # fmt: skip
        self.points = points
        self.five_in_all = five_in_all
        self.asked = 0

    async def _admitted(self, request, deadline):
        self.asked += 1
        body = self._search(request) if request.label.startswith("POST") else self._list(request)
        return Reply(200, httpx.Headers(), json.dumps(body).encode())

    def _search(self, request):
        asked = json.loads(request.information.content)
        assert 0 < len(asked["protectionUnitIds"]) <= 20
        low, high = (
            datetime.fromisoformat(asked["protectionTimePeriod"][f"{end}DateTime"]) for end in ("start", "end")
        )
        assert low < high
        pick = max if asked["restorePointPreference"] == "latest" else min
        results, without = [], []
        for drive in asked["protectionUnitIds"]:
            inside = [
                (time, fast)
                for time, fast in self.points.get(drive, {}).items()
                if low <= time < high and (fast or "tags" not in asked)
            ]
            if inside:
                results.append({"restorePoint": _point(drive, *pick(inside))})
            else:
                without.append(drive)
        return {
            "searchResults": results[:5] if self.five_in_all else results,
            "noResultProtectionUnitIds": without,
        }

    def _list(self, request):
        query = parse_qs(urlsplit(request.information.url).query)
        drive = query["$expand"][0].split("'")[1]
        before = datetime.fromisoformat(query["$filter"][0].removeprefix("protectionDateTime lt "))
        newest = sorted((entry for entry in self.points[drive].items() if entry[0] < before), reverse=True)
        return {"value": [_point(drive, *entry) for entry in newest[:5]]}


def _point(drive, time, fast):
    stamp = time.isoformat().replace("+00:00", "Z")
    return {
        "id": f"{drive}@{stamp}",
        "protectionDateTime": stamp,
        "tags": "fastRestore" if fast else "none",
        "protectionUnit": {"id": drive},
    }


def hunted(service, drives, *, start=START, end=START + SPAN, fast_only=True, limit=None):
    hunt = Hunt(service, service.deadline(60), lambda *_: None, start=start, end=end, fast_only=fast_only, limit=limit)
    found = asyncio.run(hunt.run(drives))
    return {drive: [point["protectionDateTime"] for point in points] for drive, points in found.items()}


moments = st.integers(-60, int(SPAN / timedelta(minutes=1)) + 60).map(lambda minute: START + timedelta(minutes=minute))
drives_and_points = st.dictionaries(
    st.integers(0, 44).map(lambda number: f"drive-{number}"),
    st.dictionaries(moments, st.booleans(), max_size=12),
    min_size=1,
    max_size=45,
)


@settings(max_examples=300, deadline=None)
@given(
    points=drives_and_points,
    window=st.tuples(moments, moments).map(sorted),
    fast_only=st.booleans(),
    limit=st.none() | st.integers(1, 4),
    five_in_all=st.booleans(),
)
def test_every_point_of_the_window_is_found(points, window, fast_only, limit, five_in_all):
    service = Service(points, five_in_all=five_in_all)
    start, end = window
    expected = {
        drive: [
            time.isoformat().replace("+00:00", "Z")
            for time in sorted(times, reverse=True)
            if start <= time < end and (times[time] or not fast_only)
        ][:limit]
        for drive, times in points.items()
    }
    assert hunted(service, list(points), start=start, end=end, fast_only=fast_only, limit=limit) == expected


def test_twenty_drives_cost_two_questions_a_day():
    days = 14
    points = {
        f"drive-{n}": {START + timedelta(days=day, hours=3, seconds=7 * n): True for day in range(days)}
        for n in range(20)
    }
    service = Service(points)
    found = hunted(service, list(points), end=START + timedelta(days=days))
    assert {len(times) for times in found.values()} == {days}
    assert service.asked == 2 * days + 1


def test_one_point_a_drive_costs_one_question_per_twenty_drives():
    points = {f"drive-{n}": {START + timedelta(hours=n): True, START: True} for n in range(60)}
    service = Service(points)
    found = hunted(service, list(points), limit=1)
    assert {len(times) for times in found.values()} == {1}
    assert service.asked == 3


def test_few_drives_want_every_point_and_are_listed():
    points = {"one": {START + timedelta(minutes=10 * n): False for n in range(100)}}
    service = Service(points)
    found = hunted(service, ["one"], fast_only=False)
    assert len(found["one"]) == 100
    assert service.asked == 20


@pytest.mark.parametrize("search_returns", ["one-per-unit", "five-in-all"])
def test_the_sandbox_is_read_to_the_last_point(search_returns):
    with Sandbox(search_returns=search_returns) as sandbox, odb.connect(sandbox=sandbox) as client:
        frame = client.list_restore_points(client.list_drives())
        for drive in sandbox.drives:
            told = frame.loc[frame["drive_id"] == drive.id, "id"].tolist()
            assert told == [point.id for point in sandbox.points(drive.id)]
        without = [drive.id for drive in sandbox.drives if not sandbox.points(drive.id)]
        assert frame.attrs["drives_without_points"] == without


def fast_points_since(sandbox, drive, start):
    return [point.id for point in sandbox.points(drive.id) if point.time >= start]


def test_a_malformed_date_in_a_search_is_got_round_by_the_list(client, sandbox):
    drive, start = sandbox.drives[20], datetime(2026, 11, 17, tzinfo=UTC)
    sandbox.faults.add(Fault("search_restore_points", "malformed-date"))
    frame = client.list_restore_points(drive.id, start=start)
    assert frame["id"].tolist() == fast_points_since(sandbox, drive, start)
    assert frame["protection_date_time"].notna().all()


def test_a_malformed_date_in_a_list_is_null_with_a_warning_and_loses_nothing(client, sandbox):
    drive, start = sandbox.drives[20], datetime(2026, 11, 20, 2, tzinfo=UTC)
    sandbox.faults.add(Fault("list_restore_points", "malformed-date"))
    with pytest.warns(UserWarning, match="not a time stamp that can be read"):
        frame = client.list_restore_points(drive.id, start=start, fast_only=False)
    assert frame["protection_date_time"].isna().sum() == 1
    every = [point.id for point in sandbox.points(drive.id, fast_only=False) if point.time >= start]
    assert sorted(frame["id"]) == sorted(every)


def test_a_search_that_accounts_for_nobody_is_a_shape_error(client, sandbox):
    empty = b'{"searchResults": [], "noResultProtectionUnitIds": []}'
    sandbox.faults.add(Fault("search_restore_points", "body", body=empty, times=None))
    with pytest.raises(ReplyShapeError, match="accounts for none"):
        client.list_restore_points(sandbox.drives[20].id)
