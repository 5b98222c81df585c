"""Restore points: which exist, the five that a list gives, and the way back in time."""

import base64
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb.errors import InputError
from odb_nb.sandbox import Sandbox
from odb_nb.sandbox.clock import parse_time, stamp
from odb_nb.sandbox.points import PointBook, Window
from odb_nb.sandbox.seeded import Seeded
from odb_nb.sandbox.world import World

from .conftest import POINTS, points_query


@pytest.fixture
def drive(sandbox):
    return sandbox.drives[0]


def listed(http, drive, condition="protectionDateTime lt 2027-01-01T00:00:00Z", **more):
    answer = http.get(POINTS, params=points_query(drive.id, condition, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def test_points_lie_ten_minutes_then_a_week_apart(sandbox, drive):
    now = sandbox.clock.now()
    points = sandbox.points(drive.id, fast_only=False)
    dense = [point for point in points if point.time > now - timedelta(days=14)]
    weekly = points[len(dense) :]
    assert len(dense) == 14 * 24 * 6
    assert {a.time - b.time for a, b in pairwise(dense)} == {timedelta(minutes=10)}
    assert {a.time - b.time for a, b in pairwise(weekly)} == {timedelta(weeks=1)}
    assert now - timedelta(minutes=10) < points[0].time <= now
    assert now - timedelta(weeks=52) <= points[-1].time < now - timedelta(weeks=51)
    assert all(point.fast for point in weekly)


def test_fast_points_come_daily_about_three(sandbox, drive):
    fast = sandbox.points(drive.id)
    assert fast == [point for point in sandbox.points(drive.id, fast_only=False) if point.fast]
    recent = [point.time for point in fast if point.time > sandbox.clock.now() - timedelta(days=14)]
    assert len(recent) == 14
    assert {(time.hour, time.minute // 10) for time in recent} == {(3, 0)}


def test_special_drives_have_special_points(sandbox):
    special = {drive.special: drive for drive in sandbox.drives}
    assert sandbox.points(special["no-fast-points"].id) == []
    assert len(sandbox.points(special["no-fast-points"].id, fast_only=False)) > 2000
    assert sandbox.points(special["unprotected"].id)[0].time <= sandbox.clock.now() - timedelta(days=5)


def test_points_appear_as_the_clock_moves(sandbox, http, drive):
    before = sandbox.points(drive.id, fast_only=False)[0]
    sandbox.clock.advance(600)
    after = sandbox.points(drive.id, fast_only=False)[0]
    assert after.time - before.time == timedelta(minutes=10)
    assert listed(http, drive)[0]["id"] == after.id
    oldest = sandbox.points(drive.id, fast_only=False)[-1]
    sandbox.clock.advance(400 * 86_400)
    assert http.get(f"{POINTS}/{oldest.id}").status_code == 404


def test_id_is_shaped_as_in_the_docs(sandbox, drive):
    point = sandbox.points(drive.id)[0]
    inner, second, *rest = base64.b64decode(point.id).decode().rsplit("_", 3)
    assert rest == ["14", "1"]
    assert int(second) == point.time.timestamp()
    assert len(base64.b64decode(inner)) == 36


def test_list_gives_the_five_newest(sandbox, http, drive):
    points = listed(http, drive)
    newest = sandbox.points(drive.id, fast_only=False)[:5]
    assert [point["id"] for point in points] == [point.id for point in newest]
    assert [point["tags"] for point in points] == ["fastRestore" if point.fast else "none" for point in newest]
    assert points[0]["expirationDateTime"] == points[0]["protectionDateTime"].replace("2026", "2027")
    assert points[0]["protectionUnit"]["id"] == drive.id


def test_moving_the_bound_back_reaches_every_point(sandbox, http, drive):
    bound, found = "2027-01-01T00:00:00Z", []
    while page := listed(http, drive, f"protectionDateTime lt {bound}"):
        found += [point["id"] for point in page]
        bound = page[-1]["protectionDateTime"]
    assert found == [point.id for point in sandbox.points(drive.id, fast_only=False)]


@pytest.mark.parametrize("name", ["$orderby", "orderBy", "orderby", "%24orderby"])
@pytest.mark.parametrize(("direction", "first"), [("", -1), (" asc", -1), (" desc", 0)])
def test_order_is_applied_before_cutting(sandbox, http, drive, name, direction, first):
    query = points_query(drive.id)
    text = "&".join(f"{key}={value}" for key, value in {**query, name: f"protectionDateTime{direction}"}.items())
    assert http.get(f"{POINTS}?{text}").json()["value"][0]["id"] == sandbox.points(drive.id, fast_only=False)[first].id


def test_bounds_hold_to_the_second(sandbox, http, drive):
    third = sandbox.points(drive.id, fast_only=False)[2]
    at, half = stamp(third.time), stamp(third.time + timedelta(milliseconds=500))
    ids = dict.fromkeys(("lt", "le", "gt", "ge", "eq"))
    for name in ids:
        ids[name] = [point["id"] for point in listed(http, drive, f"protectionDateTime {name} {at}")]
    assert third.id == ids["le"][0] == ids["ge"][2] == ids["eq"][0]
    assert third.id not in ids["lt"] + ids["gt"]
    assert [len(ids["gt"]), len(ids["ge"]), len(ids["eq"])] == [2, 3, 1]
    assert listed(http, drive, f"protectionDateTime lt {half}")[0]["id"] == third.id
    assert listed(http, drive, f"protectionDateTime eq {half}") == []
    both = f"protectionDateTime ge {at} and protectionDateTime lt {half}"
    assert [point["id"] for point in listed(http, drive, both)] == [third.id]


def test_second_form_names_the_unit_in_the_filter(http, drive):
    def ask(policy_id):
        condition = f"protectionUnit/id eq '{drive.id}' and protectionUnit/policyId eq '{policy_id}'"
        return http.get(POINTS, params={"$expand": "protectionUnit", "$filter": condition}).json()["value"]

    assert len(ask(drive.policy_id)) == 5
    assert ask("00000000-0000-4000-8000-000000000000") == []


def test_unknown_unit_has_no_points(http):
    answer = http.get(POINTS, params=points_query("00000000-0000-4000-8000-000000000000"))
    assert answer.json()["value"] == []


def test_one_point_shows_its_unit_when_expanded(sandbox, http, drive):
    point = sandbox.points(drive.id)[3]
    plain = http.get(f"{POINTS}/{point.id}").json()
    assert plain["protectionDateTime"] == stamp(point.time)
    assert "protectionUnit" not in plain
    assert (
        http.get(f"{POINTS}/{point.id}", params={"$expand": "protectionUnit"}).json()["protectionUnit"]["id"]
        == drive.id
    )


def test_points_of_an_unknown_drive_are_refused(sandbox):
    with pytest.raises(InputError, match="no drive"):
        sandbox.points("x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T09:30:00Z", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ("2026-11-20T09:30:00.1234567Z", datetime(2026, 11, 20, 9, 30, 0, 123456, tzinfo=UTC)),
        ("2026-11-20T09:30:00.5Z", datetime(2026, 11, 20, 9, 30, 0, 500000, tzinfo=UTC)),
        ("2026-11-20T10:30:00+01:00", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),
        ("2026-11-20", None),
        ("2026-11-20T09:30:00", None),
        ("0001-01-01T00:00:00+10:00", None),
        (7, None),
    ],
)
def test_times_are_read(text, expected):
    assert parse_time(text) == expected


_STILL = Sandbox(drives=8)
_WORLD = World(_STILL.settings, Seeded(1))
_BOOK = PointBook(_WORLD, Seeded(1))
_NOW = _STILL.clock.now()
_SECONDS = st.integers(int(_NOW.timestamp()) - 400 * 86_400, int(_NOW.timestamp()) + 86_400)


@given(place=st.integers(0, 7), bounds=st.tuples(_SECONDS, _SECONDS), fast=st.sampled_from([None, True, False]))
def test_window_picks_what_picking_by_hand_would(place, bounds, fast):
    drive = _WORLD.drives[place]
    found = list(_BOOK.of_drive(drive, _NOW, Window(*bounds), fast=fast))
    by_hand = [
        point
        for point in _STILL.points(drive.id, fast_only=False)
        if bounds[0] <= point.time.timestamp() <= bounds[1] and fast in (None, point.fast)
    ]
    assert found == by_hand
    assert list(_BOOK.of_drive(drive, _NOW, Window(*bounds), fast=fast, newest_first=False)) == by_hand[::-1]
    assert all(_BOOK.find(point.id, _NOW) == point for point in found[:3])


def test_leap_day_points_expire_on_the_first_of_march(start, connect):
    sandbox = start(start=datetime(2028, 2, 29, 12, tzinfo=UTC))
    newest = listed(connect(sandbox), sandbox.drives[0], "protectionDateTime lt 2029-01-01T00:00:00Z")[0]
    assert newest["protectionDateTime"].startswith("2028-02-29T")
    assert newest["expirationDateTime"].startswith("2029-03-01T")
