"""What a client has learned, so that an id alone is enough the next time; and whose ids are whose."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from odb_nb.arguments import RestorePoint
from odb_nb.errors import InputError
from odb_nb.memory import Memory, Place, Sightings
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


A, B = Place("tenant-a", "graph.example"), Place("tenant-b", "graph.example")
UNKNOWN, ELSEWHERE = Place(None, "graph.example"), Place(None, "other.example")


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        pytest.param(A, A, False, id="one tenant"),
        pytest.param(A, Place("tenant-a", "other.example"), False, id="one tenant, at two hosts"),
        pytest.param(A, B, True, id="two tenants, at one host"),
        pytest.param(UNKNOWN, UNKNOWN, False, id="tenants not known, at one host"),
        pytest.param(UNKNOWN, ELSEWHERE, True, id="tenants not known, at two hosts"),
        pytest.param(A, UNKNOWN, False, id="one not known, at one host"),
        pytest.param(A, ELSEWHERE, False, id="one not known, at two hosts: no telling"),
    ],
)
def test_places_differ_where_that_is_sure(one, other, differs):
    assert one.surely_differs(other) is other.surely_differs(one) is differs


def test_an_id_is_refused_only_where_nobody_of_that_tenant_has_seen_it():
    sightings = Sightings()
    sightings.note(["p1", "p2"], A)
    sightings.note(["p2", "p3"], B)

    sightings.check("restore point", ["p1", "p2", "typed by hand"], A)
    sightings.check("restore point", [], A)
    with pytest.raises(InputError, match=r"1 restore point was listed from elsewhere: 'p3' \(tenant tenant-b\)"):
        sightings.check("restore point", ["p1", "p2", "p3"], A)
    sightings.note(["p3"], A)
    sightings.check("restore point", ["p3", "p3"], A)


def test_a_refusal_names_the_first_and_says_who_asks():
    sightings = Sightings()
    ids = [f"{number}-" + "x" * 100 for number in range(1, 5000)]
    sightings.note(ids, B)

    with pytest.raises(InputError) as caught:
        sightings.check("drive", [*ids, *ids], A)

    assert str(caught.value) == (
        f"4,999 drives were listed from elsewhere: '1-{'x' * 37}…' (tenant tenant-b), '2-{'x' * 37}…' (tenant "
        f"tenant-b), '3-{'x' * 37}…' (tenant tenant-b) and 4,996 more. This client is signed in to tenant tenant-a; "
        "nothing was sent. Give each client what it listed itself, and keep frames of different tenants apart"
    )


def test_sightings_of_many_threads_are_all_kept():
    sightings = Sightings()
    places = [Place(f"tenant-{number}", "graph.example") for number in range(8)]
    ids = [f"p{number}" for number in range(500)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda place: [sightings.note([id_], place) for id_ in ids], places))

    for place in places:
        sightings.check("restore point", ids, place)
    with pytest.raises(InputError, match="500 restore points"):
        sightings.check("restore point", ids, Place("tenant-9", "graph.example"))


def test_a_sighting_takes_little_memory():
    sightings = Sightings()
    tracemalloc.start()
    try:
        sightings.note((f"{number:>096}" for number in range(20_000)), A)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / 20_000 < 300, "bytes an id, its text among them"
