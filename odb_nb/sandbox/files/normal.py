"""A drive like most: business files in many languages, a few of them edited and now and then one added, every day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

from odb_nb.sandbox.files.history import ROOT, History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odb_nb.sandbox.files.address import Address
    from odb_nb.sandbox.files.history import Thing
    from odb_nb.sandbox.seeded import Seeded

    Choice = TypeVar("Choice")

_FOLDERS = (
    "Budget 2026", "Budget 2026/Q1", "Budget 2026/Q2", "Budget 2026/Q3", "Budget 2026/Q3/Anlagen",
    "Contracts", "Contracts/Clients", "Contracts/Clients/Fabrikam", "Contracts/Clients/Fabrikam/Appendices",
    "Contracts/Clients/Northwind", "Contracts/Lieferanten", "Informes", "Informes/Trimestrales", "Marketing",
    "Marketing/Kampagne Herbst", "Marketing/写真", "Personal", "Personal/Reisekosten", "Projects",
    "Projects/Borealis", "Projects/Borealis/Entwürfe", "Projects/Borealis/Reviews", "Projects/Zephyr",
    "Projects/Zephyr/Besprechungen", "Projects/Zephyr/Besprechungen/2026", "Präsentationen", "Relatórios",
    "Réunions", "Réunions/Comptes rendus", "Umowy", "Travel", "Vorlagen", "会議資料", "عروض",
)  # fmt: skip
_ALWAYS = ("Budget 2026", "Projects", "Projects/Borealis")
_STEMS = (
    "Budget", "Quarterly report", "Angebot", "Protokoll", "Compte rendu", "Facture", "Presupuesto", "Umowa", "議事録",
    "見積書", "Ata de reunião", "Reisekostenabrechnung", "Organigramm", "Roadmap", "Forecast", "Rechnung", "Contrat",
    "Lista de precios", "Meeting notes", "Onboarding plan", "Risk register", "Zeitplan", "Kundenliste", "Stand-up",
    "Bilan", "Sprawozdanie", "Öffnungszeiten", "Checklist", "Pay scale", "عرض سعر", "Résumé", "Inventario",
)  # fmt: skip
_ABOUT = (
    "", " 2025", " 2026", " Q1", " Q2", " Q3 2026", " final", " v2", " v3", " Contoso", " Fabrikam", " Northwind",
    " Entwurf", " (signed)", " & Anlagen", " été", " 01-2026", " 07-2026", " 09-2026", " #2",
)  # fmt: skip
_ENDINGS = (  # and how large such a file gets, in kB
    (".xlsx", 2_500), (".docx", 900), (".pptx", 38_000), (".pdf", 6_000), (".jpg", 5_000), (".msg", 400),
    (".csv", 12_000), (".txt", 60), (".docx", 900), (".xlsx", 2_500), (".zip", 160_000), (".pdf", 6_000),
)  # fmt: skip
_COLLEAGUES = ("Megan Bowen", "Adele Vance", "Zoë Brønsted-Łukasiewicz", "山田 太郎")
_DAYS_BEFORE, _DAYS_AFTER = 390, 45
_LARGE = 4_831_838_208 + 1_234_567  # 4.5 GiB, more than 32 bits hold


class Writer:
    """Writes a normal drive's history.

    Parameters
    ----------
    address : Address
    seeded : Seeded
    start : datetime
        The start of the sandbox's clock; the drive's life goes on for some weeks after it.
    """

    def __init__(self, address: Address, seeded: Seeded, start: datetime) -> None:
        self.history = History(address, seeded)
        self._seeded = seeded
        self._midnight = datetime.combine(start.astimezone(UTC).date(), time(), UTC)
        self._begin = self._midnight - timedelta(days=_DAYS_BEFORE)
        self._taken: set[tuple[str, str]] = set()
        self._files: list[Thing] = []

    def write(self, files: int) -> History:
        """A history that begins with so many files and grows."""
        for path in _FOLDERS:
            self._maybe_folder(path)
        for _ in range(files - 1):
            self.file(self._before())
        self.file(self._before(), name="Recording all-hands 2025.mp4", size=_LARGE)
        for day in range(-_DAYS_BEFORE, _DAYS_AFTER):
            self._live(self._midnight + timedelta(days=day))
        return self.history

    def folder(self, path: str) -> str:
        """A folder by its path, its parents first; its ident."""
        parent, _, name = path.rpartition("/")
        ident = f"folder {path}"
        if ident not in self.history.things:
            self.history.add(ident, self._before(), name, parent=self.folder(parent) if parent else ROOT)
        return ident

    def file(
        self, since: datetime, *, parent: str | None = None, name: str | None = None, size: int | None = None
    ) -> Thing:
        """A new file; what is not given is drawn."""
        if parent is None:
            folders = [thing.ident for thing in self.history.things.values() if not thing.is_file]
            parent = self._drawn("folder", [ROOT, ROOT, *folders])
        stem, about = self._drawn("stem", _STEMS), self._drawn("about", _ABOUT)
        ending, largest = self._drawn("ending", _ENDINGS)
        thing = self.history.add(
            f"file {len(self._files)}",
            since,
            self._free_name(parent, f"{stem}{about}", ending) if name is None else name,
            parent=parent,
            size=1_200 + self._number("size") % (largest * 1_000) if size is None else size,
        )
        self._files.append(thing)
        return thing

    def _live(self, midnight: datetime) -> None:
        """One day: a few edits in working hours, fewer at the weekend; new files are not edited on their first day."""
        known = len(self._files)
        day = f"{midnight:%Y-%m-%d}"
        for turn in range(1 if midnight.weekday() > 4 else 2 + self._number("edits", day) % 3):
            what = f"{day} {turn}"
            thing = self._files[self._number("edited", what) % known]
            moment = self._at_work(midnight, what)
            state = thing.at(moment)
            if state is not None and state.size is not None and moment > thing.states[-1].since:
                size = max(600, state.size + self._number("more", what) % 60_000 - 24_000)
                by = self._drawn("who", (self.history.address.owner, *_COLLEAGUES, self.history.address.owner), what)
                thing.change(moment, size=size, modified=moment, by=by)
        if self._number("grows", day) % 8 == 0:
            self.file(self._at_work(midnight, f"{day} new"))

    def _maybe_folder(self, path: str) -> None:
        parent = path.rpartition("/")[0]
        has_parent = not parent or f"folder {parent}" in self.history.things
        if path in _ALWAYS or (has_parent and self._number("has", path) % 6):
            self.folder(path)

    def _free_name(self, parent: str, stem: str, ending: str) -> str:
        name, number = f"{stem}{ending}", 1
        while (parent, name.casefold()) in self._taken:
            number += 1
            name = f"{stem} ({number}){ending}"
        self._taken.add((parent, name.casefold()))
        return name

    def _before(self) -> datetime:
        """Some time in the two years before the oldest restore point."""
        return self._begin - timedelta(seconds=self._number("before", str(len(self.history.things))) % (730 * 86_400))

    def _at_work(self, midnight: datetime, what: str) -> datetime:
        return midnight + timedelta(hours=7, seconds=self._number("moment", what) % (11 * 3_600))

    def _drawn(self, what: str, choices: Sequence[Choice], of: str | None = None) -> Choice:
        return choices[self._number(what, str(len(self._files)) if of is None else of) % len(choices)]

    def _number(self, what: str, of: str | None = None) -> int:
        return self._seeded.number("files", self.history.address.drive.id, what, of or str(len(self._files)))
