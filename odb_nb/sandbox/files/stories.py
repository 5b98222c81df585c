"""What happened to some of the drives: an attack, a mistake, a tidy-up; and drives that are hard to walk through."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from odb_nb.sandbox.behaviours import assumed
from odb_nb.sandbox.files.history import ROOT, History
from odb_nb.sandbox.files.normal import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from odb_nb.sandbox.files.address import Address
    from odb_nb.sandbox.seeded import Seeded

    Story = Callable[[Address, Seeded, datetime], History]

_LOCKED, _DEEPEST = 300, 300
_HELP = "HOW TO RECOVER.txt"
_GIGABYTE = 10**9

BEHAVIOURS = (
    assumed("browse", "Nestor Wilke: 300 files renamed to .locked, other sizes, 3 days before the start, 21:40 UTC"),
    assumed("browse", "Miriam Graham: Documents/Projects/Aurora deleted 5 days before the start, 14:20 UTC"),
    assumed("browse", "Lidia Holloway: tidied up 4 days before the start, 10:05 UTC; nothing lost"),
    assumed("browse", "Grady Archie: folders 300 deep; Patti Fernandez: odd names and sizes; Debra Berger: 100,000"),
)


def _moment(start: datetime, days: int, hour: int, minute: int) -> datetime:
    """So many days before the start, at this time of the day."""
    day = start.astimezone(UTC) - timedelta(days=days)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def plain(address: Address, seeded: Seeded, start: datetime) -> History:
    """Nothing but everyday work."""
    return Writer(address, seeded, start).write(100 + seeded.number("how many", address.drive.id) % 41)


def ransomware(address: Address, seeded: Seeded, start: datetime) -> History:
    """On one evening 300 files get a suffix and another size, and two notes appear."""
    writer = Writer(address, seeded, start)
    history = writer.write(430)
    evening = _moment(start, 3, 21, 40)
    there = [thing for thing in history.files if thing.at(evening)]
    for thing in sorted(there, key=lambda thing: seeded.digest("locked", address.drive.id, thing.ident))[:_LOCKED]:
        state = thing.at(evening)
        if state is not None:
            # Padded to whole blocks, with a header; nobody edits it afterwards.
            size = (state.size or 0) // 16 * 16 + 528
            changes = {"name": f"{state.name}.locked", "size": size, "modified": evening}
            thing.change(evening, is_last=True, **changes)
    for parent in (ROOT, "folder Budget 2026"):
        writer.file(evening, parent=parent, name=_HELP, size=1_337)
    return history


def folder_deleted(address: Address, seeded: Seeded, start: datetime) -> History:
    """One folder of a project, with some 60 files in it and its subfolders, is deleted one afternoon."""
    writer = Writer(address, seeded, start)
    paths = ("", "/Entwürfe", "/Entwürfe/Alt", "/Reviews", "/会議")
    folders = [writer.folder(f"Projects/Aurora{path}") for path in paths]
    for number in range(60):
        since = _moment(start, 400 + number, 9, number % 60)
        writer.file(since, parent=folders[number % len(folders)])
    history = writer.write(100)
    history.things[folders[0]].change(_moment(start, 5, 14, 20), is_last=True, is_gone=True)
    return history


def tidied(address: Address, seeded: Seeded, start: datetime) -> History:
    """Drafts and duplicates go, and some old files move to an archive: much changes, and nothing is lost."""
    writer = Writer(address, seeded, start)
    history = writer.write(110)
    # Made afterwards, so that none of the everyday files is in them.
    old, drafts, archive = (writer.folder(path) for path in ("Old", "Old/Drafts", "Archive"))
    for number in range(24):
        name = f"Copy of report ({number + 1}).docx" if number % 2 else f"draft {number:02d}.docx"
        writer.file(
            _moment(start, 500 - number, 9, 0), parent=(old, drafts)[number % 2], name=name, size=14_000 + number
        )
    morning = _moment(start, 4, 10, 5)
    history.things[old].change(morning, is_last=True, is_gone=True)
    outside = [thing for thing in history.files if (state := thing.at(morning)) and state.parent not in (old, drafts)]
    for thing in sorted(outside, key=lambda thing: seeded.digest("archived", address.drive.id, thing.ident))[:18]:
        thing.change(morning, parent=archive)
    return history


def deep(address: Address, seeded: Seeded, start: datetime) -> History:
    """A chain of folders 300 deep with a file at the bottom, beside a normal drive."""
    history = plain(address, seeded, start)
    since = _moment(start, 420, 8, 0)
    parent = ROOT
    for level in range(1, _DEEPEST + 1):
        ident = f"folder of the chain {level}"
        history.add(ident, since, f"Level {level}", parent=parent)
        parent = ident
    history.add("file of the chain", since, "bottom.txt", parent=parent, size=42)
    return history


# The accents that are normalised in two ways are escaped, as an editor may normalise this file.
_ODD_FOLDERS = (
    "a/b", "%2E%2E", "Empty", "=HYPERLINK folder", "con",
    "re\u0301sume\u0301", "r\u00e9sum\u00e9", "x" * 400,
)  # fmt: skip
_ODD_NAMES: tuple[str | None, ...] = (
    "../../etc/passwd", "..", ".", "...", "..\\..\\boot.ini", "/absolute.txt", "C:\\autoexec.bat",
    "line\nbreak.txt", "tab\there.txt", "nul\x00byte.txt", "escape\x1b[31mred.txt", "bell\x07.txt", "delete\x7f.txt",
    "invoice\u202excod.exe", "\u200fright-to-left mark.docx", "zero\u200bwidth.docx", "\ufeffmark first.txt",
    "line\u2028separator.txt", "<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>.html",
    '=HYPERLINK("https://contoso.invalid/?"&A1,"Pay slip").xlsx', "+1+1.csv", "-2.csv", "@SUM(A1).csv",
    " leading space.docx", "trailing space ", "  ", "it's Pat's.docx", "two ''quotes''.docx", '"quoted".docx',
    "50%2F50.xlsx", "50/50.xlsx", "100%25.xlsx", "100%.xlsx", "%2e%2e", "🚀 launch 👩‍👩‍👧.pptx",
    "cafe\u0301.txt", "caf\u00e9.txt",
    "Straße.txt", "STRASSE.txt", "ﬁle.txt", "I.txt", "ı.txt", "name, with, commas.csv", "back`tick`.md",
    "${HOME}.txt", "{{7*7}}.txt", "$\\alpha$.tex", "# heading.md", "a" * 395 + ".docx", "名" * 120 + ".txt",
    "CON", "NUL.txt", "ends with dot.",
)  # fmt: skip


def odd_names(address: Address, seeded: Seeded, start: datetime) -> History:
    """Names that break careless code, beside a few of the plain kind; and sizes that floats cannot hold."""
    history = History(address, seeded)
    since = _moment(start, 420, 8, 0)
    for number, name in enumerate(_ODD_FOLDERS):
        ident = f"folder {number}"
        history.add(ident, since, name)
        if name != "Empty":
            history.add(f"file in {number}", since, "inside.txt", parent=ident, size=100 + number)
    for name in ("..", "."):  # in the folder a/b, as files in the library have these names
        ident = history.add(f"folder {name}", since, name, parent="folder 0").ident
        history.add(f"file in {name}", since, "inside.txt", parent=ident, size=50)
    for number, odd in enumerate(_ODD_NAMES):
        history.add(f"file {number}", since + timedelta(minutes=number), odd, size=1_000 + number)
    history.add("file without name", since, None, size=7)
    history.add("file without size", since, "no size.bin", size=None)
    history.add("file of nothing", since, "empty.txt", size=0)
    history.add("file disk", since, "Virtual disk.vhdx", size=240 * _GIGABYTE)
    history.add("file beyond floats", since, "more than a float holds.bin", size=9_007_199_254_740_993)
    history.add("file beyond restoring", since, "cannot be restored.docx", size=20_480).restorable = False
    for number in range(12):
        history.add(f"file plain {number}", since, f"Plain {number:02d}.docx", size=20_000 + number)
    return history


STORIES: dict[str | None, Story] = {
    None: plain,
    "ransomware": ransomware,
    "folder-deleted": folder_deleted,
    "tidied": tidied,
    "deep": deep,
    "odd-names": odd_names,
}
