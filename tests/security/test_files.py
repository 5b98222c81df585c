"""Files: readable by their owner alone where that was promised, only where they were asked for, never over another."""

from __future__ import annotations

import csv
import os
import re
import stat
from pathlib import Path

import pandas as pd
import pytest
import walks
from hostile import FORMULAS, NAMES

import odb_nb as odb
from odb_nb import runbook
from odb_nb.errors import InputError
from odb_nb.journal import Journal
from odb_nb.widgets.export_box import ExportBox

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes and no umask")

UMASKS = [pytest.param(0o000, id="umask 000"), pytest.param(0o022, id="umask 022"), pytest.param(0o077, id="umask 077")]


@pytest.fixture
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes_under(folder):
    return {path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


@pytest.mark.parametrize("umask", UMASKS, indirect=True)
def test_the_journal_and_all_beside_it_are_the_owners_alone(umask, client, points, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / ".local" / "share"))
    (tmp_path / "home").mkdir(mode=0o755)
    journal = Journal(tmp_path / "home" / ".local" / "share" / "odb_nb" / "journal.sqlite")
    try:
        journal.ties()
        found = modes_under(tmp_path / "home")
    finally:
        journal.close()
    kinds = {re.sub(r"[0-9a-f]{32}", "X", name.rpartition("/")[2]) for name in found}
    assert {"journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "journal.sqlite.X.alive"} <= kinds
    assert {name: oct(mode) for name, mode in found.items() if mode & 0o077} == {}


def test_a_folder_that_was_there_keeps_its_mode(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o750)  # a team may keep its journals together
    journal = Journal(shared / "journal.sqlite")
    journal.ties()
    journal.close()
    assert stat.S_IMODE(shared.stat().st_mode) == 0o750


@pytest.mark.parametrize("umask", UMASKS, indirect=True)
def test_a_saved_listing_is_the_owners_alone(umask, tmp_path):
    walk = walks.walk(("k", "Documents/a.txt", 1))
    file = odb.save_listing(walk, tmp_path / "a.parquet")
    file.chmod(0o666)
    odb.save_listing(walk, file, overwrite=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("umask", UMASKS, indirect=True)
def test_folders_of_runbooks_are_the_owners_alone(umask):
    for folder in (runbook.report_file(None, "report.html").parent, runbook.listings_folder(None)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        folder.rmdir()


WRITERS = [
    pytest.param(lambda path, **more: odb.export(frame(), path, **more), "a.csv", id="csv"),
    pytest.param(lambda path, **more: odb.export(frame(), path, **more), "a.html", id="html"),
    pytest.param(lambda path, **more: odb.export(frame(), path, **more), "a.parquet", id="parquet"),
    pytest.param(lambda path, **more: odb.write_report(path, "t", {"h": frame()}, **more), "a.html", id="report"),
    pytest.param(lambda path, **more: odb.save_listing(walk(), path, **more), "a.parquet", id="listing"),
]  # fmt: skip


def walk():
    return walks.walk(("k", "Documents/a", 1))


def frame():
    return pd.DataFrame({"status": ["created"]})


@pytest.mark.parametrize(("write", "name"), WRITERS)
@pytest.mark.parametrize("target", ["there", "nowhere"])
def test_a_link_is_neither_followed_nor_replaced_unless_told(tmp_path, write, name, target):
    other = tmp_path / "other"
    other.mkdir()
    victim = other / f"victim{Path(name).suffix}"
    if target == "there":
        victim.write_text("mine")
    link = tmp_path / name
    link.symlink_to(victim)
    with pytest.raises(InputError, match="exists"):
        write(link)
    assert link.is_symlink()
    write(link, overwrite=True)  # the link gives way to a file; what it led to stays as it was
    assert not link.is_symlink()
    assert [file.read_text() for file in other.iterdir()] == (["mine"] if target == "there" else [])


@pytest.mark.parametrize(("write", "name"), WRITERS)
def test_nothing_but_the_file_asked_for_is_left(tmp_path, write, name):
    write(tmp_path / name)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "drive_id", [*NAMES, "../../etc/passwd", "/etc/passwd", "C:\\x", "..", "CON", "a/b", "A", ".x"]
)
def test_what_the_service_says_never_becomes_the_name_of_a_file(drive_id):
    name = runbook.listing_name(walks.walk(("k", "Documents/../x", 1), drive_id=drive_id))
    assert re.fullmatch(r"[0-9a-z][0-9a-z-]*_\d{8}T\d{6}Z\.parquet", name)


def test_names_of_listings_are_kept_apart():
    names = {runbook.listing_name(walks.walk(("k", "a", 1), drive_id=drive_id)) for drive_id in NAMES}
    assert len(names) == len(set(NAMES))


def test_an_export_box_writes_where_the_user_says_and_not_over_another(tmp_path):
    box = ExportBox(tmp_path / "a.csv")
    assert box.export(frame()).parent == tmp_path
    with pytest.raises(InputError, match="there already"):
        box.export(frame())


def hostile_frames(client, points):
    """Each kind of frame that a client gives, with hostile text in every column of text."""
    walk = walks.walk(*((f"k{number}", name, 1) for number, name in enumerate(FORMULAS)))
    status = client.tabulate_status(points)
    sessions = client.create_sessions(points, wait=True)
    items = client.walk(sessions.head(1))
    plan = client.plan_restore(items[items["type"] == "file"].head(3))
    restores = client.restore_items(plan, wait=True)
    comparison = odb.compare(walk, walks.walk(("k0", "other", 2), session_id="s-2"))
    for kind, made in {"items": items, "plan": plan, "restores": restores, "comparison": comparison, "status": status,
                       "sessions": sessions, "history": client.history()}.items():  # fmt: skip
        texts = [name for name in made.columns if isinstance(made[name].dtype, pd.StringDtype)]
        hostile = made.head(len(FORMULAS)).copy()
        for at, name in enumerate(texts):
            hostile[name] = pd.array([FORMULAS[(at + row) % len(FORMULAS)] for row in range(len(hostile))], dtype="str")
        yield kind, hostile


def test_no_frame_of_ours_starts_a_formula_in_a_spreadsheet(client, points, tmp_path):
    cells = 0
    for kind, made in hostile_frames(client, points.head(3)):
        assert len(made), kind
        file = odb.export(made, tmp_path / f"{kind}.csv")
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.reader(opened))
        assert len(rows) == len(made) + 1
        for cell in (cell for row in rows[1:] for cell in row):
            cells += cell.startswith("'")
            assert not re.match(r"[\s\0]*[=+@|-](?!\d)", cell), (kind, cell)
    assert cells > 100
