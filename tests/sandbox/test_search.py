"""The search over several drives: both readings of the page, limits, and its errors."""

from datetime import timedelta

import pytest

from odb_nb.sandbox.clock import stamp

from .conftest import POINTS, error_of

PERIOD = {"startDateTime": "2026-11-10T00:00:00Z", "endDateTime": "2026-11-20T00:00:00Z"}
UNKNOWN_UNIT = "00000000-0000-4000-8000-000000000000"


def search(http, unit_ids, version="v1.0", **more):
    body = {"protectionUnitIds": unit_ids, "protectionTimePeriod": PERIOD, **more}
    return http.post(f"{POINTS}/search".replace("v1.0", version), json=body)


def found(answer):
    assert answer.status_code == 200, answer.text
    return [result["restorePoint"]["id"] for result in answer.json()["searchResults"]]


def in_period(points, start="2026-11-10T00:00:00Z", end="2026-11-20T00:00:00Z"):
    return [point for point in points if start <= stamp(point.time) < end]


@pytest.mark.parametrize(("preference", "place"), [("latest", 0), ("oldest", -1), (None, 0)])
@pytest.mark.parametrize("tags", ["fastRestore", "FastRestore"])
def test_one_point_per_unit(sandbox, http, preference, place, tags):
    drives = [drive for drive in sandbox.drives if drive.special is None][:20]
    answer = search(http, [drive.id for drive in drives], restorePointPreference=preference, tags=tags)
    assert found(answer) == [in_period(sandbox.points(drive.id))[place].id for drive in drives]
    assert answer.json()["noResultProtectionUnitIds"] == []


@pytest.mark.parametrize(("preference", "reverse"), [("latest", True), ("oldest", False)])
def test_five_in_all(start, connect, preference, reverse):
    sandbox = start(search_returns="five-in-all")
    drives = sandbox.drives[:3]
    points = [point for drive in drives for point in in_period(sandbox.points(drive.id))]
    points.sort(key=lambda point: point.time, reverse=reverse)
    answer = search(connect(sandbox), [d.id for d in drives], restorePointPreference=preference, tags="fastRestore")
    assert found(answer) == [point.id for point in points[:5]]


def test_units_without_points_are_named(sandbox, http):
    bare = next(drive for drive in sandbox.drives if drive.special == "no-fast-points")
    asked = [bare.id, sandbox.drives[0].id, UNKNOWN_UNIT]
    answer = search(http, asked, tags="fastRestore")
    assert len(found(answer)) == 1
    assert answer.json()["noResultProtectionUnitIds"] == [bare.id, UNKNOWN_UNIT]
    assert len(found(search(http, asked))) == 2


def test_period_takes_its_start_and_not_its_end(sandbox, http):
    drive = sandbox.drives[0]
    newer, older = sandbox.points(drive.id)[2:4]
    period = {"startDateTime": stamp(older.time), "endDateTime": stamp(newer.time)}
    assert found(search(http, [drive.id], protectionTimePeriod=period, tags="fastRestore")) == [older.id]
    period["startDateTime"] = stamp(older.time + timedelta(microseconds=1))
    assert found(search(http, [drive.id], protectionTimePeriod=period, tags="fastRestore")) == []


def test_tag_none_means_the_others(sandbox, http):
    drive = sandbox.drives[0]
    fast = sandbox.points(drive.id)[1]
    period = {"startDateTime": stamp(fast.time), "endDateTime": stamp(fast.time + timedelta(minutes=20))}
    first = search(http, [drive.id], protectionTimePeriod=period, tags="none", restorePointPreference="oldest")
    assert first.json()["searchResults"][0]["restorePoint"]["tags"] == "none"
    assert found(search(http, [drive.id], protectionTimePeriod=period, restorePointPreference="oldest")) == [fast.id]


@pytest.mark.parametrize(
    ("change", "code", "offender"),
    [
        pytest.param({"protectionUnitIds": []}, "InvalidSearchRequest", "1 to 20", id="no units"),
        pytest.param({"protectionUnitIds": None}, "InvalidSearchRequest", "1 to 20", id="null units"),
        pytest.param({"protectionUnitIds": [UNKNOWN_UNIT] * 21}, "InvalidSearchRequest", "1 to 20", id="21 units"),
        pytest.param({"protectionUnitIds": [UNKNOWN_UNIT] * 2}, "InvalidSearchRequest", "twice", id="twice"),
        pytest.param({"protectionUnitIds": ["x"]}, "InvalidProtectionUnitId", "'x'", id="no guid"),
        pytest.param({"protectionUnitIds": [7]}, "InvalidProtectionUnitId", "7", id="number"),
        pytest.param({"protectionTimePeriod": None}, "invalidRequest", "protectionTimePeriod", id="no period"),
        pytest.param({"protectionTimePeriod": {}}, "InvalidSearchRequest", "startDateTime", id="empty period"),
        pytest.param(
            {"protectionTimePeriod": PERIOD | {"endDateTime": "x"}}, "InvalidSearchRequest", "endDate", id="end"
        ),
        pytest.param(
            {"protectionTimePeriod": PERIOD | {"endDateTime": PERIOD["startDateTime"]}},
            "InvalidSearchRequest",
            "ends before",
            id="empty time",
        ),
        pytest.param({"protectionTimePeriod": PERIOD | {"end": "x"}}, "invalidRequest", "'end'", id="period property"),
        pytest.param({"restorePointPreference": "newest"}, "InvalidSearchRequest", "newest", id="preference"),
        pytest.param({"tags": "fast"}, "InvalidSearchRequest", "fast", id="tags"),
        pytest.param({"tags": ["fastRestore"]}, "InvalidSearchRequest", "tags", id="tags as list"),
        pytest.param({"artifactQuery": {}}, "InvalidSearchRequest", "artifactQuery", id="query"),
        pytest.param({"policyId": UNKNOWN_UNIT}, "invalidRequest", "policyId", id="beta's property"),
        pytest.param({"ProtectionUnitIds": []}, "invalidRequest", "case-sensitive: protectionUnitIds", id="case"),
    ],
)
def test_search_refuses(http, change, code, offender):
    body = {"protectionUnitIds": [UNKNOWN_UNIT], "protectionTimePeriod": PERIOD, **change}
    status, got, message = error_of(http.post(f"{POINTS}/search", json=body))
    assert (status, got) == (400, code)
    assert offender in message


def test_beta_search_takes_a_policy(sandbox, http):
    first, other = sandbox.drives[0], sandbox.drives[4]
    answer = search(http, [first.id, sandbox.drives[9].id], "beta", policyId=first.policy_id)
    assert len(found(answer)) == 1
    assert first.policy_id != other.policy_id
    assert error_of(search(http, [first.id], "beta", policyId="x"))[:2] == (400, "InvalidPolicyId")
