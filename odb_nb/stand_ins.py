"""Stand-ins for names of people, addresses and files: one for each, numbered in the order in which they come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from odb_nb import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

DOMAIN = "masked.invalid"  # RFC 2606: never anybody's

_MAIL = re.compile(r"[\w.%+'#-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_MAILBOX = re.compile(r"(?<=/personal/)[^/?#\s\"'<>]+", re.IGNORECASE)
_ADDRESS = re.compile(r"(https?://[^/]+/)([^?]*)", re.IGNORECASE)  # no name in OneDrive holds a question mark
_OF_A_RESTORE = re.compile(r"Restored \d{4}-\d\d-\d\d \d\d-\d\d-\d\d")
_EXTENSION = re.compile(r"(?<=.)\.[A-Za-z0-9]{1,8}\Z", re.DOTALL)
# before another extension, only these are taken for one: the end of "Review.Vance.docx" is a name
_USUAL = {
    "7z", "bmp", "csv", "doc", "docm", "docx", "dot", "dotx", "eml", "gif", "gz", "htm", "html", "jpeg", "jpg",
    "json", "key", "md", "mov", "mp3", "mp4", "msg", "numbers", "odp", "ods", "odt", "one", "pages", "pdf", "png",
    "ppt", "pptm", "pptx", "psd", "rar", "rtf", "svg", "tar", "tif", "tiff", "txt", "vsdx", "wav", "xls", "xlsb",
    "xlsm", "xlsx", "xml", "zip",
}  # fmt: skip
_SHORTEST = 2  # in running text, a single character is no name


class StandIns:
    """The book of who and what was replaced by what, within one `Mask`."""

    def __init__(self) -> None:
        self._people: dict[str, int] = {}  # by name, address or mailbox, as folded
        self._count = 0
        self._words: set[str] = set()  # of their names
        self._named: set[int] = set()  # numbers that have a name,
        self._mailbox_of: dict[int, str] = {}  # a mailbox,
        self._address_of: dict[int, str] = {}  # an address
        self._folders: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        self._parts: dict[tuple[str, bool], str] = {}
        self._known: dict[str, str] = {}  # what running text is searched for, as folded
        self._lengths: dict[str, set[int]] = {}  # of those, by how they start

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many people, folders and files have a stand-in."""
        return self._count, len(self._folders), len(self._stems)

    def person(self, name: str) -> str:
        """``Person 1``."""
        number = self._number(_fold(name))
        self._named.add(number)
        return self._noted(name, f"Person {number}")

    def mail(self, address: str) -> str:
        """``person1@masked.invalid``; the number is that of the person's mailbox where that was seen first."""
        folded, mailbox = _fold(address), _mailbox_of(address)
        if folded.endswith(f"@{DOMAIN}"):
            return address
        by_mailbox = self._people.get(mailbox)
        if by_mailbox and folded not in self._people and self._address_of.get(by_mailbox, folded) == folded:
            self._people[folded] = by_mailbox
        number = self._number(folded)
        self._address_of[number] = folded
        self._people.setdefault(mailbox, number)
        self.mailbox(mailbox)
        return self._noted(address, f"person{number}@{DOMAIN}")

    def mailbox(self, segment: str) -> str:
        """``person1``: the part of a web address that is an e-mail address with underscores."""
        number = self._number(_fold(segment))
        self._mailbox_of.setdefault(number, _fold(segment))
        return self._noted(segment, f"person{number}")

    def same_person(self, name: str, address: str) -> None:
        """Give a name and an address, or a mailbox, one number, where neither has another's already."""
        name, mailbox = _fold(name), _mailbox_of(address)
        by_name, by_mailbox = self._people.get(name), self._people.get(mailbox)
        if by_name is None and by_mailbox not in self._named:
            by_name = self._people[name] = by_mailbox or self._number(name)
            self._named.add(by_name)
        if by_mailbox is None and by_name and self._mailbox_of.get(by_name, mailbox) == mailbox:
            self._people[mailbox] = by_name
            self._mailbox_of[by_name] = mailbox

    def _number(self, folded: str) -> int:
        if folded not in self._people:
            self._people[folded] = self._count = self._count + 1
        self._words.update(folded.split())
        return self._people[folded]

    def part(self, segment: str, *, is_file: bool | None) -> str:
        """``Folder 3`` or ``File 12.xlsx``, for one part of a path; None where it is not known which it is."""
        if is_file is None:
            has_extension = self._split(segment)[1] or segment in self._stems
            is_file = segment not in self._folders and bool(has_extension)
        if (segment, is_file) not in self._parts:
            self._parts[segment, is_file] = self._new_part(segment, is_file=is_file)
        return self._parts[segment, is_file]

    def _new_part(self, segment: str, *, is_file: bool) -> str:
        if _OF_A_RESTORE.fullmatch(segment):
            return segment
        if is_file:
            stem, extension = self._split(segment)
            stand_in = f"File {self._stems.setdefault(stem, len(self._stems) + 1)}{extension}"
        else:
            stand_in = f"Folder {self._folders.setdefault(segment, len(self._folders) + 1)}"
        name = segment.replace("%2F", "/").replace("%25", "%")  # as it was before `paths.segment`
        for text in (segment, name, quote(name)):
            self._noted(text, stand_in)
        return stand_in

    def _split(self, segment: str) -> tuple[str, str]:
        """Stem and extension, with those before it that say what the file was: ``.docx.locked``."""
        found = _EXTENSION.search(segment)
        if not found or self._is_of_a_name(found[0][1:]):
            return segment, ""
        at = found.start()
        while (found := _EXTENSION.search(segment[:at])) and found[0][1:].lower() in _USUAL:
            at = found.start()
        return segment[:at], segment[at:]

    def _is_of_a_name(self, extension: str) -> bool:
        return _fold(extension) in self._words and _fold(extension) not in _USUAL

    def name(self, name: str, *, is_file: bool | None) -> str:
        """The stand-in for the last part of an item's path, by the item's name."""
        return self.part(paths.segment(name, None), is_file=is_file)

    def path(self, path: str, *, is_file: bool | None) -> str:
        """Part by part; the library stays. A path from the server's root is one of a web address."""
        if path.startswith("/"):
            return "/" + "/".join(self._below_host(path[1:].split("/"), is_file=is_file))
        return "/".join(self._below_site(path.split("/"), is_file=is_file))

    def address(self, url: str, *, is_file: bool | None) -> str:
        """The host stays, and the library; a query does not."""
        found = _ADDRESS.match(url)
        if not found:
            return self.path(url, is_file=is_file) if "/" in url else self.text(url)
        return found[1] + "/".join(self._below_host(found[2].split("/"), is_file=is_file))

    def _below_host(self, parts: list[str], *, is_file: bool | None) -> Iterator[str]:
        root, *rest = parts
        if rest and root.casefold() in ("personal", "sites", "teams"):
            yield root
            yield self.mailbox(rest[0]) if root.casefold() == "personal" else self.part(rest[0], is_file=False)
            yield from self._below_site(rest[1:], is_file=is_file)
        else:
            yield from list(self._below_site(["", *parts], is_file=is_file))[1:]  # where the library is, nobody knows

    def _below_site(self, parts: list[str], *, is_file: bool | None) -> Iterator[str]:
        yield from parts[:1]
        last = len(parts) - 1
        for at, part in enumerate(parts[1:], 1):
            is_known = any((part, kind) in self._parts for kind in (False, True))
            text = part if is_known else unquote(part)
            yield self.part(text, is_file=is_file if at == last else False) if part else part

    def text(self, text: str) -> str:
        """Running text with what is known replaced, the longest first, and e-mail addresses also where unknown."""
        for found in _MAIL.finditer(text):
            self.mail(found[0])
        for found in _MAILBOX.finditer(text):
            self.mailbox(found[0])
        folded = _fold(text)
        pieces, at, kept = [], 0, 0
        while at < len(text):
            length = self._longest_at(folded, at)
            if length:
                pieces += [text[kept:at], self._known[folded[at : at + length]]]
                kept = at + length
            at += length or 1
        return "".join([*pieces, text[kept:]])

    def _longest_at(self, folded: str, at: int) -> int:
        """The length of the longest known text that stands here as words of its own; 0 without any."""
        lengths = self._lengths.get(folded[at : at + _SHORTEST])
        if not lengths or _is_inside_a_word(folded, at):
            return 0
        for length in sorted(lengths, reverse=True):
            end = at + length
            if folded[at:end] in self._known and end <= len(folded) and not _is_inside_a_word(folded, end):
                return length
        return 0

    def _noted(self, text: str, stand_in: str) -> str:
        folded = _fold(text)
        # digits alone are as likely part of a time or an id
        if len(folded) >= _SHORTEST and any(map(str.isalpha, folded)) and folded not in self._known:
            self._known[folded] = stand_in
            self._lengths.setdefault(folded[:_SHORTEST], set()).add(len(folded))
        return stand_in


def _fold(text: str) -> str:
    """In small letters, each in the place it had."""
    if text.isascii():
        return text.lower()
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def _mailbox_of(address: str) -> str:
    return re.sub(r"[^0-9a-z]", "_", _fold(address))


def _is_inside_a_word(text: str, at: int) -> bool:
    """True between two letters or digits of a script that parts its words; Chinese and Japanese do not."""
    return 0 < at < len(text) and all(one.isdigit() or one.lower() != one.upper() for one in text[at - 1 : at + 1])
