"""The drive of 100,000 files: as many as asked, and each page at the cost of a page."""

from datetime import UTC, datetime, timedelta

import pytest

from odb_nb.errors import InputError
from odb_nb.sandbox.files import FileBook
from odb_nb.sandbox.seeded import Seeded
from odb_nb.sandbox.settings import Settings
from odb_nb.sandbox.tenant import Tenant
from odb_nb.sandbox.world import World

from .holding import START, drive_of, everything, files_of


@pytest.mark.parametrize("count", [1_000, 1_234, 10_000])
def test_huge_drive_has_as_many_files_as_asked(count):
    tenant = Tenant(Settings(huge_files=count))
    items = everything(tenant, "huge")
    assert sum(item.type == "file" for item in items) == count
    assert max(item.path.count("/") for item in items if item.type == "folder") <= 4
    assert len({item.key for item in items}) == len(items)


def test_huge_drive_has_100000_files_by_default_and_pages_of_it_are_at_hand():
    tenant = Tenant(Settings())
    drive = drive_of(tenant, "huge")
    library = tenant.files.children(drive, START, tenant.files.top(drive, START)[0].key)[0]
    records = tenant.files.children(drive, START, library.key)
    scans = records[-1]
    assert (scans.name, scans.items_count, len(records)) == ("Scans", 10_000, library.items_count)
    row = tenant.files.children(drive, START, scans.key)
    assert len(row) == 10_000
    assert [item.name for item in row[9_998:]] == ["Scan 0009998.tif", "Scan 0009999.tif"]
    assert tenant.files.find(drive, START, row[4_711].key) == row[4_711]
    with pytest.raises(IndexError):
        _ = row[10_000]


class Counting(Seeded):
    """Counts what is worked out."""

    worked_out = 0

    def digest(self, *parts, size=16):
        self.worked_out += 1
        return super().digest(*parts, size=size)


def cost_of_a_page(count):
    """What the last page of the longest folder costs, on a fresh book, when it is asked for by key."""
    seeded = Counting(1)
    options = Settings(huge_files=count)
    world = World(options, seeded)
    drive = next(drive for drive in world.drives if drive.story == "huge")
    known = FileBook(options, seeded, world)
    library = known.children(drive, START, known.top(drive, START)[0].key)[0]
    scans = known.children(drive, START, library.key)[-1]
    book, before = FileBook(options, seeded, world), seeded.worked_out
    row = book.children(drive, START, book.find(drive, START, scans.key).key)
    assert len(list(row[len(row) - 10 :])) == 10
    return seeded.worked_out - before


def test_a_page_costs_the_same_however_many_files_there_are():
    assert cost_of_a_page(1_000) == cost_of_a_page(1_000_000) < 100


def test_huge_drive_changes_a_little_every_evening():
    tenant = Tenant(Settings(huge_files=10_000))
    evening = datetime(2026, 11, 19, 18, 0, tzinfo=UTC)
    before = files_of(tenant, "huge", evening - timedelta(seconds=1))
    after = files_of(tenant, "huge", evening)
    assert before.keys() == after.keys()
    changes = [after[key].size_in_bytes - before[key].size_in_bytes for key in after]
    assert (changes.count(4_096), changes.count(-4_096), changes.count(0)) == (12, 12, 10_000 - 24)
    assert sum(item.modified == evening for item in after.values()) == 12


def test_keys_of_a_longer_drive_find_nothing_beyond_the_end():
    longer, shorter = (Tenant(Settings(huge_files=count)) for count in (10_000, 1_000))
    drive = drive_of(shorter, "huge")
    here = {item.key for item in everything(shorter, "huge")}
    beyond = [item.key for item in everything(longer, "huge") if item.key not in here]
    assert len(beyond) > 9_000
    assert not any(shorter.files.find(drive, START, key) for key in beyond)


@pytest.mark.parametrize("count", [999, 1_000_001, True, 1e4])
def test_number_of_files_has_bounds(count):
    with pytest.raises(InputError, match="huge_files"):
        Settings(huge_files=count)
