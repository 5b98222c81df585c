"""A drive of 100,000 files and more, by arithmetic: a place costs what is asked of it, never what is in it.

Files are numbered. A tenth of them lies in one flat folder, ``Scans``; the others in boxes of 100, ten boxes to a
series, ten series to a record. Every place holds a run of numbers, so counts and sums are differences.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, overload

from odb_nb.sandbox.files.item import Item, path_below

if TYPE_CHECKING:
    from collections.abc import Callable

    from odb_nb.sandbox.files.address import Address
    from odb_nb.sandbox.seeded import Seeded

_BOX = 100
_EDITED, _MORE = 12, 4_096  # every evening so many files are larger by that, until the next evening
_EVENING = timedelta(hours=18)
_BEGIN = datetime(2024, 1, 2, 7, 0, tzinfo=UTC)
_FILE, _SCANS = 0, 4
_WIDTHS = {1: _BOX * 100, 2: _BOX * 10, 3: _BOX}
_NAMES = {1: "Records {:03d}", 2: "Series {:04d}", 3: "Box {:05d}"}


def _size(number: int) -> int:
    return 4_096 + 1_013 * (37 * number % _BOX)


# 37 and 100 have no common factor, so any 100 files in a row have the same sum.
_SUMS = [sum(map(_size, range(count))) for count in range(_BOX + 1)]


def _sum_below(number: int) -> int:
    return number // _BOX * _SUMS[_BOX] + _SUMS[number % _BOX]


class _Place(NamedTuple):
    """A folder of a level (4: the flat one) with its number, or with level 0 a file."""

    level: int
    number: int


class Row(Sequence[Item]):
    """Items made when they are looked at."""

    def __init__(self, places: Sequence[int], make: Callable[[int], Item]) -> None:
        self._places, self._make = places, make

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Row: ...
    def __getitem__(self, index: int | slice) -> Item | Row:
        if isinstance(index, slice):
            return Row(self._places[index], self._make)
        return self._make(self._places[index])


class Huge:
    """The drive; `count` is the number of its files."""

    def __init__(self, address: Address, seeded: Seeded, count: int) -> None:
        self._address, self._seeded, self._count = address, seeded, count
        self._flat = count // 10
        self._records = -(-(count - self._flat) // _WIDTHS[1])

    def top(self, time: datetime) -> Item:
        return self._address.site(self._sum(0, self._count, time))

    def children(self, time: datetime, key: str) -> Sequence[Item]:
        """By name, as the numbers in the names have leading zeros."""
        if key == self._address.site_key:
            return [self._library(time)]
        if key == self._address.library_key:
            folders = [self._item(_Place(1, number), time) for number in range(self._records)]
            return [*folders, self._item(_Place(_SCANS, 0), time)]
        place = self._place(key)
        if place is None or place.level == _FILE:
            return ()
        low, high = self._run(place)
        if place.level in (3, _SCANS):
            return Row(range(low, high), lambda number: self._item(_Place(_FILE, number), time))
        width = _WIDTHS[place.level + 1]
        numbers = range((low - self._flat) // width, -(-(high - self._flat) // width))
        return Row(numbers, lambda number: self._item(_Place(place.level + 1, number), time))

    def find(self, time: datetime, key: str) -> Item | None:
        if key == self._address.site_key:
            return self.top(time)
        if key == self._address.library_key:
            return self._library(time)
        place = self._place(key)
        return None if place is None else self._item(place, time)

    def _library(self, time: datetime) -> Item:
        return self._address.library(self._sum(0, self._count, time), self._records + 1)

    def _run(self, place: _Place) -> tuple[int, int]:
        """The numbers of the files in a folder: the first, and the one after the last."""
        if place.level == _SCANS:
            return 0, self._flat
        width = _WIDTHS[place.level]
        low = self._flat + place.number * width
        return low, min(low + width, self._count)

    def _edited(self, time: datetime) -> int:
        """The first of the files in a row that were edited on the evening before."""
        return (time - _EVENING).toordinal() * 1_009 % (self._count - _EDITED)

    def _sum(self, low: int, high: int, time: datetime) -> int:
        first = self._edited(time)
        edited = max(0, min(high, first + _EDITED) - max(low, first))
        return _sum_below(high) - _sum_below(low) + _MORE * edited

    def _parent(self, place: _Place) -> _Place | None:
        """The folder that it lies in; None for the library."""
        if place.level in (1, _SCANS):
            return None
        if place.level != _FILE:
            return _Place(place.level - 1, place.number // 10)
        return _Place(_SCANS, 0) if place.number < self._flat else _Place(3, (place.number - self._flat) // _BOX)

    def _name(self, place: _Place) -> str:
        if place.level == _SCANS:
            return "Scans"
        if place.level != _FILE:
            return _NAMES[place.level].format(place.number)
        return f"Scan {place.number:07d}.tif" if place.number < self._flat else f"Record {place.number:07d}.pdf"

    def _count_in(self, place: _Place) -> int:
        if place.level == _FILE:
            return 0
        low, high = self._run(place)
        return -(-(high - low) // (_WIDTHS[place.level + 1] if place.level in (1, 2) else 1))

    def _item(self, place: _Place, time: datetime) -> Item:
        is_file = place.level == _FILE
        low, high = (place.number, place.number + 1) if is_file else self._run(place)
        created = _BEGIN + timedelta(seconds=30 * low)
        first = self._edited(time)
        evening = datetime.combine((time - _EVENING).date(), datetime.min.time(), UTC) + _EVENING
        above, web_url, path = [], self._address.library_url, "Documents"
        parent = self._parent(place)
        parent_key = self._key(parent) if parent else self._address.library_key
        while parent:
            above.append(self._name(parent))
            parent = self._parent(parent)
        for name in (*reversed(above), self._name(place)):
            web_url, path = f"{web_url}/{name}", path_below(path, name, "")
        return Item(
            key=self._key(place),
            parent_key=parent_key,
            name=self._name(place),
            type="file" if is_file else "folder",
            size_in_bytes=self._sum(low, high, time),
            items_count=self._count_in(place),
            web_url=web_url,
            path=path,
            created=created,
            modified=evening if is_file and first <= low < first + _EDITED else created,
            created_by=self._address.owner,
            modified_by=self._address.owner,
        )

    def _key(self, place: _Place) -> str:
        """Six bytes that hide level and number, and ten that prove them: a key can be read back without a list."""
        drive = self._address.drive.id
        proof = self._seeded.digest("huge", drive, str(place.level), str(place.number), size=10)
        proof = uuid.UUID(bytes=bytes(6) + proof, version=4).bytes[6:]
        hidden = self._mask(proof) ^ (place.level << 40 | place.number)
        return f"{self._address.library_key},{uuid.UUID(bytes=hidden.to_bytes(6, 'big') + proof)}"

    def _mask(self, proof: bytes) -> int:
        return int.from_bytes(self._seeded.digest("mask", proof.hex(), size=6), "big")

    def _place(self, key: str) -> _Place | None:
        """The folder or file with this key, if it is one of ours."""
        library, _, last = key.rpartition(",")
        try:
            raw = uuid.UUID(last).bytes
        except ValueError:
            return None
        level, number = divmod(int.from_bytes(raw[:6], "big") ^ self._mask(raw[6:]), 1 << 40)
        place = _Place(level, number)
        known = library == self._address.library_key and level <= _SCANS and self._key(place) == key
        return place if known and self._is_there(place) else None

    def _is_there(self, place: _Place) -> bool:
        if place.level == _FILE:
            return place.number < self._count
        low, high = self._run(place)
        return low < high
