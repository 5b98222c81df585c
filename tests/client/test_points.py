"""Drives and restore points, as users ask for them."""

from __future__ import annotations

import pandas as pd
import pytest

from odb_nb.errors import InputError
from odb_nb.tables import DRIVES, RESTORE_POINTS


def test_drives_have_their_columns_and_hostile_names_are_text(client):
    drives = client.list_drives()
    assert drives.columns.tolist() == DRIVES.names
    assert drives["display_name"].isna().sum() == 1  # the deleted user
    assert drives["display_name"].str.contains("<img", regex=False, na=False).any()


@pytest.mark.parametrize("search", ["vance", "VANCE", "adelev@", "zoë"])
def test_search_finds_by_name_and_mail_whatever_the_case(client, search):
    assert len(client.list_drives(search=search)) == 1


def test_search_that_finds_nothing_gives_an_empty_frame(client):
    found = client.list_drives(search="nobody at all")
    assert found.empty
    assert found.dtypes.to_dict() == client.list_drives().dtypes.to_dict()


def test_search_must_be_text(client):
    with pytest.raises(InputError, match="search"):
        client.list_drives(search=7)


def test_points_are_newest_first_per_drive_in_the_order_of_the_drives(client, plain_drives):
    points = client.list_restore_points(list(reversed(plain_drives)), start="2026-11-17")
    assert points.columns.tolist() == RESTORE_POINTS.names
    assert points["drive_id"].drop_duplicates().tolist() == list(reversed(plain_drives))
    assert all(times.is_monotonic_decreasing for _, times in points.groupby("drive_id")["protection_date_time"])
    assert set(points["tags"]) == {"fastRestore"}


def test_an_end_given_as_a_date_includes_that_day(client, plain_drives):
    points = client.list_restore_points(plain_drives[0], start="2026-11-18", end="2026-11-19")
    assert points["protection_date_time"].dt.day.tolist() == [19, 18]


def test_drives_without_points_are_named(client, sandbox):
    without = next(drive for drive in sandbox.drives if drive.special == "no-fast-points")
    points = client.list_restore_points([without.id, sandbox.drives[0].id], start="2026-11-18")
    assert points.attrs["drives_without_points"] == [without.id]


def test_names_come_from_a_frame_of_an_earlier_client(client, sandbox):
    import odb_nb as odb

    drives = client.list_drives().head(2)
    with odb.connect(sandbox=sandbox) as later:
        points = later.list_restore_points(drives, start="2026-11-20")
    assert points["display_name"].tolist() == drives["display_name"].tolist()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param({"start": "2026-11-20", "end": "2026-11-10"}, "before", id="end before start"),
        pytest.param({"start": "yesterday"}, "cannot be read", id="no date"),
        pytest.param({"start": pd.Timestamp("2026-11-20")}, "time zone", id="naive"),
        pytest.param({"limit": 0}, "limit", id="limit"),
    ],
)
def test_windows_that_make_no_sense_are_refused_unsent(client, sandbox, plain_drives, arguments, words):
    before = len(sandbox.requests)
    with pytest.raises(InputError, match=words):
        client.list_restore_points(plain_drives, **arguments)
    assert len(sandbox.requests) == before


def test_no_drives_give_no_points_and_ask_nothing(client, sandbox):
    before = len(sandbox.requests)
    assert client.list_restore_points([]).empty
    assert len(sandbox.requests) == before
