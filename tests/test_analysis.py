"""Frames put side by side."""

from __future__ import annotations

import pandas as pd
import pytest

import odb_nb as odb
from odb_nb.errors import InputError
from odb_nb.tables import STATUS


def status(*rows):
    """A status frame from (drive, name, time, status)."""
    frame = STATUS.frame(
        [{"status": word} for *_, word in rows],
        restore_point_id=[f"p{number}" for number in range(len(rows))],
        drive_id=[drive for drive, *_ in rows],
        display_name=[name for _, name, *_ in rows],
        protection_date_time=[time for _, _, time, _ in rows],
    )
    assert len(frame) == len(rows)
    return frame


ROWS = [
    ("d1", "Adele Vance", "2026-11-20T03:02:55Z", "created"),
    ("d1", "Adele Vance", "2026-11-19T03:02:55Z", None),
    ("d2", "Zoë <b>", "2026-11-20T03:03:58Z", "failed"),
]


def test_drives_go_down_in_the_order_given_and_days_across_in_time():
    matrix = odb.status_matrix(status(*ROWS))
    assert matrix.index.tolist() == ["Adele Vance", "Zoë <b>"]
    assert matrix.columns.tolist() == ["2026-11-19", "2026-11-20"]
    assert matrix.loc["Adele Vance"].tolist() == ["no session", "created"]
    assert matrix.loc["Zoë <b>"].isna().tolist() == [True, False]
    assert {str(dtype) for dtype in matrix.dtypes} == {"string"}


def test_points_may_go_across():
    matrix = odb.status_matrix(status(*ROWS), across="points")
    assert matrix.columns.tolist() == ["2026-11-19 03:02:55", "2026-11-20 03:02:55", "2026-11-20 03:03:58"]


def test_several_points_in_a_cell_are_counted_by_word():
    day = [("d", "A", f"2026-11-20T0{hour}:00:00Z", word) for hour, word in enumerate(["created", None, "created"])]
    assert odb.status_matrix(status(*day)).loc["A", "2026-11-20"] == "2 created, 1 no session"


def test_several_points_of_one_word_are_counted_too():
    day = [("d", "A", f"2026-11-20T0{hour}:00:00Z", "failed") for hour in range(3)]
    assert odb.status_matrix(status(*day)).loc["A", "2026-11-20"] == "3 failed"


def test_drives_of_one_name_stay_apart_and_those_without_a_name_show_their_id():
    frame = status(
        ("aaaaaaaa-1", "Alex", "2026-11-20T03:00:00Z", "created"),
        ("bbbbbbbb-2", "Alex", "2026-11-20T03:00:00Z", "failed"),
        ("cccccccc-3", None, "2026-11-20T03:00:00Z", "creating"),
    )
    matrix = odb.status_matrix(frame)
    assert matrix.index.tolist() == ["Alex (aaaaaaaa)", "Alex (bbbbbbbb)", "cccccccc-3"]
    assert matrix["2026-11-20"].tolist() == ["created", "failed", "creating"]


ALIKE = [
    pytest.param(["aaaaaaaa-1", "aaaaaaaa-2"], ["Alex (aaaaaaaa-1)", "Alex (aaaaaaaa-2)"], id="whole id"),
    pytest.param(["aaaaaaaa", "aaaaaaaab"], ["Alex (aaaaaaaa)", "Alex (aaaaaaaab)"], id="start of another"),
    pytest.param(["a", "b"], ["Alex (a)", "Alex (b)"], id="short"),
    pytest.param(["aaaaaaaa-1", None], ["Alex (aaaaaaaa)", "Alex ()"], id="not known"),
]


@pytest.mark.parametrize(("drives", "labels"), ALIKE)
def test_drives_of_one_name_and_ids_that_start_alike_stay_apart(drives, labels):
    words = ["created", "failed"]
    frame = status(*[(drive, "Alex", "2026-11-20T03:00:00Z", word) for drive, word in zip(drives, words, strict=True)])
    matrix = odb.status_matrix(frame)
    assert matrix.index.tolist() == labels
    assert matrix["2026-11-20"].tolist() == words


def test_a_drive_that_is_named_like_the_label_of_another_stays_apart():
    names = {"aaaaaaaa-1": "Alex", "bbbbbbbb-2": "Alex", "cccccccc-3": "Alex (aaaaaaaa)", "dddddddd-4": "cccccccc-3"}
    frame = status(*[(drive, name, "2026-11-20T03:00:00Z", "created") for drive, name in names.items()])
    assert odb.status_matrix(frame).shape == (4, 1)


def test_a_point_whose_time_is_not_known_is_not_lost():
    matrix = odb.status_matrix(status(("d", "A", None, "created")))
    assert matrix.loc["A", "time not known"] == "created"


def test_a_point_that_stands_twice_is_refused_and_named():
    frame = status(*ROWS)
    twice = pd.concat([frame, frame.head(2)])
    with pytest.raises(InputError, match=r"2 restore point\(s\).*'p0', 'p1'.*drop_duplicates"):
        odb.status_matrix(twice)
    mended = twice.drop_duplicates("restore_point_id")
    pd.testing.assert_frame_equal(odb.status_matrix(mended), odb.status_matrix(frame))


def test_only_the_first_few_points_that_stand_twice_are_named():
    frame = status(*[("d", "A", "2026-11-20T03:00:00Z", "created")] * 9)
    with pytest.raises(InputError, match="9 restore point") as caught:
        odb.status_matrix(pd.concat([frame, frame, frame]))
    assert str(caught.value).count("'p") == 3


def test_an_empty_frame_gives_an_empty_matrix():
    matrix = odb.status_matrix(status())
    assert matrix.shape == (0, 0)
    assert matrix.index.name == "drive"


def test_the_matrix_of_the_sandbox_counts_every_point(client, points):
    client.create_sessions(points.head(4), wait=True)
    matrix = odb.status_matrix(client.tabulate_status(points))
    assert len(matrix) == len(points)
    assert (matrix == "created").sum().sum() == 4


@pytest.mark.parametrize("given", [pd.DataFrame({"id": ["a"]}), [], None, "text"])
def test_anything_but_a_status_frame_is_refused(given):
    with pytest.raises(InputError, match="tabulate_status"):
        odb.status_matrix(given)


def test_an_unknown_way_across_is_refused():
    with pytest.raises(InputError, match="days"):
        odb.status_matrix(status(*ROWS), across="weeks")
