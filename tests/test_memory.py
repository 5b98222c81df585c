"""What a client has learned, so that an id alone is enough the next time."""

from __future__ import annotations

import pandas as pd
import pytest

from odb_nb.arguments import RestorePoint
from odb_nb.memory import Memory
from odb_nb.tables import DRIVES

ADELE = {"id": "drive-1", "displayName": "Adele", "directoryObjectId": "user-1"}


def test_a_point_gets_what_is_known_of_its_drive():
    memory = Memory()
    memory.learn_drives([{**ADELE, "status": "protected", "email": "adele@contoso.com"}])

    found = memory.with_drive({"id": "point-1", "protectionUnit": {"id": "drive-1"}})

    assert found == {"id": "point-1", "protectionUnit": ADELE}


def test_what_the_answer_says_of_the_drive_comes_first():
    memory = Memory()
    memory.learn_drives([ADELE])

    unit = {"id": "drive-1", "displayName": "Adele V.", "directoryObjectId": None, "status": "unprotected"}
    found = memory.with_drive({"id": "point-1", "protectionUnit": unit})

    assert found["protectionUnit"] == {**ADELE, "displayName": "Adele V.", "status": "unprotected"}


@pytest.mark.parametrize("point", [{"id": "p"}, {"id": "p", "protectionUnit": None}, {"protectionUnit": {"id": "x"}}])
def test_a_point_of_an_unknown_drive_stays_as_it_is(point):
    memory = Memory()
    memory.learn_drives([ADELE])

    assert memory.with_drive(point) == {**point, "protectionUnit": point.get("protectionUnit") or {}}


def test_the_answer_itself_is_left_alone():
    memory = Memory()
    memory.learn_drives([ADELE])
    point = {"protectionUnit": {"id": "drive-1"}}

    memory.with_drive(point)

    assert point == {"protectionUnit": {"id": "drive-1"}}


def test_a_frame_of_drives_is_learned():
    memory = Memory()
    memory.learn_drive_frame(DRIVES.frame([ADELE, {"id": "drive-2"}]))

    assert memory.with_drive({"protectionUnit": {"id": "drive-1"}})["protectionUnit"] == ADELE
    assert memory.with_drive({"protectionUnit": {"id": "drive-2"}})["protectionUnit"] == {"id": "drive-2"}


@pytest.mark.parametrize(
    "drives",
    [["drive-1"], "drive-1", pd.DataFrame({"id": ["drive-1"]}), DRIVES.frame([])],
    ids=lambda d: type(d).__name__,
)
def test_other_drives_teach_nothing(drives):
    memory = Memory()
    memory.learn_drive_frame(drives)

    assert memory.with_drive({"protectionUnit": {"id": "drive-1"}})["protectionUnit"] == {"id": "drive-1"}


def test_a_frame_with_nulls_makes_nothing_known_forgotten():
    memory = Memory()
    memory.learn_drives([ADELE])
    memory.learn_drive_frame(DRIVES.frame([{"id": "drive-1"}]))

    assert memory.with_drive({"protectionUnit": {"id": "drive-1"}})["protectionUnit"] == ADELE


def test_a_point_is_completed_by_what_was_learned():
    memory = Memory()
    full = RestorePoint("point-1", drive_id="drive-1", tags="fastRestore", directory_object_id="user-1")
    memory.learn_points([full])

    assert memory.completed(RestorePoint("point-1")) == full
    assert memory.completed(RestorePoint("point-1", tags="none")).tags == "none"
    assert memory.completed(RestorePoint("point-2")) == RestorePoint("point-2")


def test_nothing_known_of_a_point_is_forgotten_for_a_null():
    memory = Memory()
    memory.learn_points([RestorePoint("p", drive_id="drive-1", display_name="Old")])
    memory.learn_points([RestorePoint("p", display_name="New", directory_object_id="user-1")])

    assert memory.completed(RestorePoint("p")) == RestorePoint(
        "p", drive_id="drive-1", display_name="New", directory_object_id="user-1"
    )
