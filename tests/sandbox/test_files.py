"""What the drives hold: the tree, the stories, and that the same question always has the same answer."""

import random
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odb_nb.errors import InputError
from odb_nb.sandbox import Sandbox
from odb_nb.sandbox.files.item import path_below
from odb_nb.sandbox.settings import Settings
from odb_nb.sandbox.tenant import Tenant

from .holding import START, drive_of, everything, files_of

STORIES = ["ransomware", "folder-deleted", "tidied", "huge", "deep", "odd-names"]
GIGABYTE = 10**9


@pytest.fixture(scope="module")
def tenant():
    """One for all tests here: nothing that they ask changes it."""
    return Tenant(Settings(huge_files=10_000))


def test_stories_are_on_drives_that_are_plain_otherwise():
    told = [drive for drive in Sandbox().drives if drive.story]
    assert sorted(drive.story for drive in told) == sorted(STORIES)
    assert {drive.special for drive in told} == {None}


@pytest.mark.parametrize("story", [None, *STORIES])
def test_tree_adds_up(tenant, story):
    drive = drive_of(tenant, story)
    items = everything(tenant, story)
    below, size = Counter(), Counter()
    for item in reversed(items):
        below[item.parent_key] += 1
        size[item.key] += (item.size_in_bytes or 0) if item.type == "file" else 0
        size[item.parent_key] += size[item.key]
    assert len({item.key for item in items}) == len(items)
    for item in items:
        assert item.items_count == below[item.key]
        assert item.type == "file" or item.size_in_bytes == size[item.key]
        assert tenant.files.find(drive, START, item.key) == item
    assert [item.type for item in items[:2]] == ["site", "documentLibrary"]
    assert {item.type for item in items[2:]} == {"folder", "file"}


@pytest.mark.parametrize("story", [None, *STORIES])
def test_key_and_address_follow_from_where_an_item_is(tenant, story):
    drive = drive_of(tenant, story)
    by_key = {}
    for item in everything(tenant, story):
        parts = item.key.split(",")
        assert len(parts) == {"site": 2, "documentLibrary": 3, "folder": 4, "file": 4}[item.type]
        assert parts[0] == drive.site_id
        if parent := by_key.get(item.parent_key):
            named = item.name or parts[-1]
            assert item.web_url == f"{parent.web_url}/{named if parent.type != 'site' else 'Documents'}"
            assert item.path == path_below(parent.path, item.name, item.key)
        else:
            mailbox = drive.email.replace("@", "_").replace(".", "_")
            assert (item.type, item.path) == ("site", "")
            assert item.web_url == f"https://contoso-my.sharepoint.com/personal/{mailbox}"
        by_key[item.key] = item


def test_no_two_drives_share_a_key(tenant):
    keys = [item.key for drive in tenant.world.drives[:8] for item in tenant.files.everything(drive, START)]
    assert len(set(keys)) == len(keys)


def test_children_are_by_name_whatever_its_case(tenant):
    for story in (None, "huge", "odd-names"):
        drive = drive_of(tenant, story)
        for place in everything(tenant, story):
            names = [(one.name or "").casefold() for one in tenant.files.children(drive, START, place.key)]
            assert names == sorted(names)
            assert bool(names) == (place.items_count > 0)


def test_normal_drives_are_alike_in_kind_and_differ_in_files(tenant):
    plain = [drive for drive in tenant.world.drives if drive.story is None]
    folders, trees = [], set()
    for drive in plain:
        items = list(tenant.files.everything(drive, START))
        counts = Counter(item.type for item in items)
        folders.append(counts["folder"])
        trees.add(tuple(item.path for item in items))
        assert 120 <= counts["file"] <= 210
        assert max(item.path.count("/") for item in items if item.type == "folder") in (3, 4)
        assert sum(item.size_in_bytes > 2**32 for item in items if item.type == "file") == 1
        assert all(name == unicodedata.normalize("NFC", name) for name in (item.name or "" for item in items))
    assert 20 <= sum(folders) / len(folders) <= 30
    assert len(trees) == len(plain)


def test_a_day_changes_a_few_files_and_a_year_adds_many(tenant):
    days = [files_of(tenant, time=START - timedelta(days=number)) for number in range(14)]
    for newer, older in pairwise(days):
        assert 1 <= sum(older.get(key) != file for key, file in newer.items()) <= 5
        assert not set(older) - set(newer)
    assert 20 <= len(days[0]) - len(files_of(tenant, time=START - timedelta(weeks=51))) <= 80


def test_no_file_is_younger_than_the_instant(tenant):
    for story in [None, *STORIES]:
        for item in everything(tenant, story, START - timedelta(days=2, minutes=7)):
            assert item.created <= item.modified <= START - timedelta(days=2, minutes=7)


def test_ransomware_locks_300_files_on_one_evening(tenant):
    evening = datetime(2026, 11, 17, 21, 40, tzinfo=UTC)
    before = files_of(tenant, "ransomware", evening - timedelta(seconds=1))
    after = files_of(tenant, "ransomware", evening)
    assert len(before) >= 400
    assert not any(".locked" in item.name for item in before.values())
    locked = {key for key, item in after.items() if item.name.endswith(".locked")}
    assert len(locked) == 300
    for key in locked:
        assert after[key].name == f"{before[key].name}.locked"
        assert after[key].size_in_bytes != before[key].size_in_bytes
        assert after[key].modified == evening
    assert [after[key].name for key in after.keys() - before.keys()] == ["HOW TO RECOVER.txt"] * 2
    untouched = after.keys() & before.keys() - locked
    assert all(after[key] == before[key] for key in untouched)
    later = files_of(tenant, "ransomware", START + timedelta(days=20))
    assert all(later[key] == after[key] for key in locked)


def test_deleted_folder_is_gone_with_all_in_it(tenant):
    moment = datetime(2026, 11, 15, 14, 20, tzinfo=UTC)
    aurora = "Documents/Projects/Aurora"
    before = {item.path: item for item in everything(tenant, "folder-deleted", moment - timedelta(seconds=1))}
    after = {item.path for item in everything(tenant, "folder-deleted", moment)}
    gone = before.keys() - after
    assert aurora in gone
    assert all(path == aurora or path.startswith(f"{aurora}/") for path in gone)
    assert 55 <= sum(before[path].type == "file" for path in gone) <= 95
    assert sum(before[path].type == "folder" for path in gone) >= 4
    assert not after - before.keys()
    drive = drive_of(tenant, "folder-deleted")
    assert not any(tenant.files.find(drive, moment, before[path].key) for path in gone)


def test_tidying_up_loses_drafts_and_moves_files_with_their_keys(tenant):
    moment = datetime(2026, 11, 16, 10, 5, tzinfo=UTC)
    before = files_of(tenant, "tidied", moment - timedelta(seconds=1))
    after = files_of(tenant, "tidied", moment)
    gone = [before[key] for key in before.keys() - after.keys()]
    assert len(gone) == 24
    assert all(item.path.startswith("Documents/Old/") and item.size_in_bytes < 15_000 for item in gone)
    moved = [key for key in after if after[key].path != before[key].path]
    assert len(moved) == 18
    for key in moved:
        assert after[key].path == f"Documents/Archive/{before[key].name}"
        assert after[key].size_in_bytes == before[key].size_in_bytes
        assert after[key].modified == before[key].modified


def test_deep_drive_has_a_file_under_300_folders(tenant):
    items = everything(tenant, "deep")
    bottom = max(items, key=lambda item: item.path.count("/"))
    assert (bottom.name, bottom.path.count("/")) == ("bottom.txt", 301)
    assert sum(item.type == "file" for item in items) > 100


def test_odd_drive_has_what_breaks_careless_code(tenant):
    files = list(files_of(tenant, "odd-names").values())
    names = [file.name for file in files]
    folders = {item.name: item for item in everything(tenant, "odd-names") if item.type == "folder"}
    assert {"..", "../../etc/passwd", " leading space.docx", "50%2F50.xlsx", "50/50.xlsx"} <= set(names)
    assert {"<img src=x onerror=alert(1)>", "nul\x00byte.txt", "it's Pat's.docx"} <= set(names)
    assert any(name and name.startswith("=HYPERLINK(") for name in names)
    assert any(name and "\u202e" in name for name in names)
    assert max(len(name or "") for name in names) == 400
    assert names.count(None) == 1
    pair = [name for name in names if name and unicodedata.normalize("NFC", name) == "caf\u00e9.txt"]
    assert len(set(pair)) == len(pair) == 2
    assert folders["Empty"].items_count == 0
    assert (folders[".."].path, folders[".."].items_count) == ("Documents/a%2Fb/%2E%2E", 1)
    sizes = [file.size_in_bytes for file in files]
    assert {240 * GIGABYTE, 9_007_199_254_740_993, 0} <= set(sizes)
    assert sizes.count(None) == 1
    assert [file.name for file in files if not file.restorable] == ["cannot be restored.docx"]


def test_paths_of_odd_names_are_all_different(tenant):
    paths = [item.path for item in everything(tenant, "odd-names")]
    assert len(set(paths)) == len(paths)
    assert not any(part in ("", ".", "..") for path in paths[1:] for part in path.split("/"))


@given(st.text(st.sampled_from("./%25EFef a"), min_size=1), st.text(st.sampled_from("./%25EFef a"), min_size=1))
def test_different_names_have_different_paths(one, other):
    assert (path_below("Documents", one, "k") == path_below("Documents", other, "k")) == (one == other)
    assert path_below("Documents", one, "k").count("/") == 1


@pytest.mark.parametrize("story", [None, "huge", "odd-names"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_keys_that_were_never_given_find_nothing(tenant, story, data):
    drive = drive_of(tenant, story)
    library = tenant.files.children(drive, START, tenant.files.top(drive, START)[0].key)[0].key
    other = tenant.files.children(drive, START, library)[0].key
    made_up = data.draw(
        st.sampled_from(["", ",", library + ",", other.upper(), f"{other} ", other[:-1], f"{library},x,y", f"{other},"])
        | st.uuids().map(lambda number: f"{library},{number}")
        | st.text()
    )
    assert tenant.files.find(drive, START, made_up) is None
    assert not tenant.files.children(drive, START, made_up)


def test_answers_do_not_depend_on_what_was_asked_before():
    asked = [
        (story, START - timedelta(hours=13 * number)) for story in (None, "tidied", "huge") for number in range(30)
    ]
    first, second = (Tenant(Settings(huge_files=1_000)) for _ in range(2))
    answers = {one: everything(first, *one) for one in asked}
    random.Random(5).shuffle(asked)  # noqa: S311 - an order, not a secret
    assert all(everything(second, *one) == answers[one] for one in asked)


def test_another_seed_makes_another_drive():
    one, other = (everything(Tenant(Settings(seed=seed))) for seed in (1, 2))
    assert {item.key for item in one}.isdisjoint(item.key for item in other)
    assert {item.path for item in one} != {item.path for item in other}


def test_stories_follow_the_start():
    start = datetime(2027, 3, 1, 12, tzinfo=UTC)
    tenant = Tenant(Settings(start=start))
    evening = datetime(2027, 2, 26, 21, 40, tzinfo=UTC)
    assert not any("locked" in item.path for item in everything(tenant, "ransomware", evening - timedelta(seconds=1)))
    assert sum(item.path.endswith(".locked") for item in everything(tenant, "ransomware", evening)) == 300


def test_books_tell_what_a_drive_held_at_a_point():
    sandbox = Sandbox()
    drive = sandbox.drives[0]
    newest, older = sandbox.points(drive.id)[:2]
    items = sandbox.files(drive.id, newest.id)
    assert [item.path for item in items[:2]] == ["", "Documents"]
    assert items != sandbox.files(drive.id, older.id)
    depths = [item.path.count("/") for item in items[1:]]
    assert depths == sorted(depths)


@pytest.mark.parametrize("wrong", ["drive", "point", "another's point"])
def test_books_refuse_what_is_not_there(wrong):
    sandbox = Sandbox()
    drive, other = sandbox.drives[:2]
    point = sandbox.points((other if wrong == "another's point" else drive).id)[0].id
    with pytest.raises(InputError, match="no restore point"):
        sandbox.files("x" if wrong == "drive" else drive.id, "x" if wrong == "point" else point)
