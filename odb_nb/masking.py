"""Frames and texts to hand on: names of people, addresses and files replaced by stand-ins."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from numbers import Number
from typing import TYPE_CHECKING, Any, Self

import pandas as pd
from pandas.api.types import is_object_dtype

from odb_nb import tables
from odb_nb.columns import Table
from odb_nb.errors import InputError
from odb_nb.stand_ins import StandIns

if TYPE_CHECKING:
    from collections.abc import Callable

    _Masking = Callable[[str, str], str]  # of a text and the type of its row's item

_NAMES = frozenset({"display_name", "created_by", "last_modified_by"})
_MAILS = frozenset({"email", "account"})
_PATHS = frozenset({"path", "path_before", "restored_item_path"})
_ADDRESSES = frozenset({"web_url", "restored_item_web_url"})
_OF_NAMES = _NAMES | _MAILS | _PATHS | _ADDRESSES | {"name"}
_ALL_TABLES = [table for table in vars(tables).values() if isinstance(table, Table)]
# ids, times, sizes and the service's words; all else that is text may hold anything
_KEPT = frozenset(name for table in _ALL_TABLES for name in table.names) - _OF_NAMES - {"error_message"}
_KEPT_ATTRS = _KEPT | {"restore_point_date_time", "as_of", "not_listed"}

_LABEL = re.compile(r"(.+?)( \([^()]*\))?", re.DOTALL)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MAILBOX = re.compile(r"/personal/([^/?#]+)", re.IGNORECASE)
_NOT_KNOWN = "drive not known"


class Mask:
    """A function that replaces names of people, e-mail addresses and names of files and folders by stand-ins.

    Within one mask the same name has the same stand-in everywhere: ``Person 1``, ``person1@masked.invalid``,
    ``Folder 3``, ``File 12.xlsx``, numbered in the order in which they come, so that a run repeats exactly. Files keep
    their extension, also ``.docx.locked``, and ``a.docx`` and ``a.docx.locked`` have the same number. Ids, times,
    sizes, names of libraries, the host of a web address and folders that a restore made stay: a masked frame hides
    names, and not from whoever can look up the ids. Numbers are no hashes, on purpose: who can guess a name can check
    the guess against its hash.

    In text, such as an ``error_message``, only what the mask knows already is found, and e-mail addresses; so let it
    `learn` the names first. Mask once: a stand-in that is masked again becomes another.

    Parameters
    ----------
    active : bool
        False for a mask that leaves everything as it is.

    Examples
    --------
    >>> import odb_nb as odb
    >>> mask = odb.Mask().learn("Adele Vance")
    >>> with odb.connect() as client:
    ...     mask(client.list_drives(search="vance"))[["display_name", "email"]].to_dict("list")
    {'display_name': ['Person 1'], 'email': ['person1@masked.invalid']}
    >>> mask.text("adele vance lost Documents/Budget.xlsx")
    'Person 1 lost Documents/Budget.xlsx'
    >>> mask.learn("Documents/Budget.xlsx").text("adele vance lost Documents/Budget.xlsx")
    'Person 1 lost Documents/File 1.xlsx'
    """

    def __init__(self, *, active: bool = True) -> None:
        self.active = active
        self._stand_ins = StandIns()

    def __repr__(self) -> str:
        people, folders, files = self._stand_ins.counts
        return f"<Mask active={self.active}: {people:,} people, {folders:,} folders, {files:,} files>"

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with stand-ins; the one given stays as it is.

        Parameters
        ----------
        frame : DataFrame
            Any frame of ours, or one made from it: columns that we do not know are masked as text. Its attrs are
            masked too.

        Raises
        ------
        InputError
            Not a frame.
        """
        if not isinstance(frame, pd.DataFrame):
            raise InputError(
                f"a mask takes a DataFrame, not a {type(frame).__name__}; for text there is mask.text(...)"
            )
        return self._masked(frame) if self.active else frame

    def text(self, text: str) -> str:
        """The text with the names known so far replaced, longest first, and all e-mail addresses.

        A name of one character, or without any letter, is not looked for.

        Raises
        ------
        InputError
            Not text.
        """
        if not isinstance(text, str):
            raise InputError(f"mask.text takes text, not a {type(text).__name__}")
        return self._stand_ins.text(text) if self.active else text

    def learn(self, *told: object) -> Self:
        """The mask itself, which now knows the names in what it was told.

        Parameters
        ----------
        *told : DataFrame, str, list of these, or None
            Frames to take the names from; a person's name, an e-mail address, or a path such as
            ``Documents/Budget 2026/a.xlsx``. Nulls teach nothing.

        Raises
        ------
        InputError
            Anything else.
        """
        for one in told if self.active else ():
            if isinstance(one, str):
                self._learn_text(one)
            elif isinstance(one, pd.DataFrame):
                self._masked(one)
            elif isinstance(one, Iterable):
                self.learn(*one)
            elif one is not None and one is not pd.NA:
                raise InputError(f"a mask learns from frames and text, not from a {type(one).__name__}")
        return self

    def _learn_text(self, text: str) -> None:
        if "/" in text:
            self._stand_ins.address(text, is_file=None)
        elif "@" in text:
            self._stand_ins.text(text)
        elif text:
            self._stand_ins.person(text)

    def _masked(self, frame: pd.DataFrame) -> pd.DataFrame:
        masked = frame.copy()
        if frame.columns.is_unique:
            self._link_people(frame)
        types = _types(frame)
        for at in self._to_mask(frame):
            masked.isetitem(at, self._column(frame.iloc[:, at], str(frame.columns[at]), types))
        masked.index = self._labels(frame.index)
        if frame.columns.name == "drive":
            masked.columns = self._labels(frame.columns)
        masked.attrs = {name: self._told(name, value) for name, value in frame.attrs.items()}
        return masked

    def _to_mask(self, frame: pd.DataFrame) -> list[int]:
        """Places of columns that may hold names; those of running text last, when the names of the rest are known."""
        if "drive" in (frame.index.name, frame.columns.name):  # a matrix of the service's words
            return []
        places = [
            at for at, name in enumerate(frame.columns) if name not in _KEPT and _may_hold_text(frame.iloc[:, at])
        ]
        return sorted(places, key=lambda at: frame.columns[at] not in _OF_NAMES)

    def _link_people(self, frame: pd.DataFrame) -> None:
        """Name and address of one row are one person's; so are the name and the mailbox of a drive that was walked."""
        if {"display_name", "email"} <= set(frame.columns):
            for name, address in _pairs(frame, "display_name", "email"):
                self._stand_ins.same_person(name, address)
        owner = frame.attrs.get("display_name")
        if isinstance(owner, str) and "web_url" in frame.columns:
            mailboxes = frame["web_url"].astype("string").str.extract(_MAILBOX, expand=False).dropna()
            for mailbox in mailboxes.head(1):
                self._stand_ins.same_person(owner, mailbox)

    def _column(self, column: pd.Series[Any], name: str, types: pd.Series[Any]) -> Any:
        mask = self._by_column(name)
        if not isinstance(column.dtype, pd.StringDtype):
            pairs = zip(column, types, strict=True)
            return pd.Series([_if_text(mask, value, type_) for value, type_ in pairs], column.index, dtype=object)
        # each text is masked once, in the order of the rows
        both = pd.DataFrame({"text": column.array, "type": types.array})
        numbers = both.groupby(["text", "type"], sort=False, dropna=False).ngroup().to_numpy()
        firsts = both.drop_duplicates().itertuples(index=False)
        return pd.array([_if_text(mask, *first) for first in firsts], dtype=column.dtype).take(numbers)

    def _by_column(self, name: str) -> _Masking:
        book = self._stand_ins
        if name in _NAMES:
            return lambda text, _: book.person(text)
        if name in _MAILS:
            return lambda text, _: self._account(text)
        if name in _PATHS:
            return lambda text, type_: book.path(text, is_file=_is_file(type_))
        if name in _ADDRESSES:
            return lambda text, type_: book.address(text, is_file=_is_file(type_))
        return self._name if name == "name" else lambda text, _: book.text(text)

    def _name(self, text: str, type_: str) -> str:
        if type_ == "documentLibrary":
            return text
        # a OneDrive's site is called after its owner
        return self._stand_ins.person(text) if type_ == "site" else self._stand_ins.name(text, is_file=_is_file(type_))

    def _account(self, text: str) -> str:
        if _GUID.search(text):  # an app's
            return text
        return self._stand_ins.mail(text) if "@" in text else self._stand_ins.person(text)

    def _labels(self, index: pd.Index[Any]) -> pd.Index[Any]:
        """Labels of drives, ``Alex (aaaaaaaa)`` in a matrix; others as in a column of their name."""
        if isinstance(index, pd.MultiIndex):
            return pd.MultiIndex.from_arrays([self._labels(index.get_level_values(at)) for at in range(index.nlevels)])
        if not _may_hold_text(index) or index.name in _KEPT:
            return index
        mask = self._by_column(str(index.name)) if index.name != "drive" else lambda text, _: self._drive(text)
        labels: pd.Index[Any] = pd.Index([_if_text(mask, label, "") for label in index], dtype=index.dtype)
        return labels.rename(index.name)

    def _drive(self, label: str) -> str:
        found = _LABEL.fullmatch(label)
        if not found or label == _NOT_KNOWN or _GUID.fullmatch(found[1]):
            return label
        return self._stand_ins.person(found[1]) + (found[2] or "")

    def _told(self, name: object, value: Any) -> Any:
        """What attrs hold, however deep."""
        if isinstance(value, Mapping):
            return {key: self._told(key, one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._told(name, one) for one in value]
        if not isinstance(value, str) or name in _KEPT_ATTRS:
            return value
        return self._by_column(str(name))(value, "")


def _may_hold_text(values: Any) -> bool:
    return isinstance(values.dtype, (pd.StringDtype, pd.CategoricalDtype)) or is_object_dtype(values.dtype)


def _if_text(mask: _Masking, value: Any, type_: Any) -> Any:
    """Nulls, numbers and times stay; all else is masked as it prints."""
    if value is None or value is pd.NA or isinstance(value, (Number, datetime, timedelta)):
        return value
    return mask(str(value), type_ if isinstance(type_, str) else "")


def _types(frame: pd.DataFrame) -> pd.Series[Any]:
    """The type of each row's item; null where the frame does not tell."""
    if list(frame.columns).count("type") != 1:
        return pd.Series([None] * len(frame), dtype="string")
    return frame["type"].astype("string")


def _is_file(type_: str) -> bool | None:
    return type_ == "file" if type_ else None


def _pairs(frame: pd.DataFrame, one: str, other: str) -> list[tuple[str, str]]:
    rows = frame[[one, other]].dropna().astype("string").drop_duplicates()
    return list(rows.itertuples(index=False, name=None))
