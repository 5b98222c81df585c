"""Questions to ask of a listing, for `BackupClient.find_change`: each is true where all is as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from odb_nb.arguments import search_text, whole_number
from odb_nb.paths import is_within, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

EVERYTHING = "a request each for every folder and every ten items in it"


@dataclass(frozen=True)
class Check:
    """A question about a listing, and how much of a drive it needs to see.

    Attributes
    ----------
    words : str
        The question, in words.
    folder : str or None
        What is listed to answer it: this folder and the way to it, or all (None).
    goes_below : bool
        Whether what lies below that folder is listed too.
    sure_answer : bool
        The answer that holds even where some folders could not be listed; the other might be different with them.
    """

    words: str
    test: Callable[[pd.DataFrame], bool]
    folder: str | None = None
    goes_below: bool = False
    sure_answer: bool = True

    def __call__(self, listing: pd.DataFrame) -> bool:
        """The answer for one listing."""
        return self.test(listing)

    def __repr__(self) -> str:
        return f"<Check: {self.words}>"

    @property
    def effort(self) -> str:
        """What listing a point costs, in words; how many items its folders hold is known only then."""
        if self.folder is None or self.goes_below:
            return EVERYTHING
        on_the_way = len(self.folder.split("/")) if self.folder else 0
        # the session itself, its top, its site
        return f"some {3 + on_the_way} requests each, more where a folder on the way is large"

    def opens(self, path: str) -> bool:
        """True for the places that must be listed."""
        if self.folder is None or is_within(self.folder, path):
            return True
        return self.goes_below and is_within(path, self.folder)


def path_exists(path: str) -> Check:
    """True where a file or folder is at this path; only the folders on the way are listed.

    Raises
    ------
    InputError
        A path that cannot be used.

    Examples
    --------
    >>> import odb_nb as odb
    >>> odb.path_exists("Documents/Budget 2026.xlsx")
    <Check: Documents/Budget 2026.xlsx exists>
    """
    wanted = plain(path)
    return Check(f"{wanted} exists", lambda listing: bool(listing["path"].eq(wanted).any()), wanted.rpartition("/")[0])


def has_items(folder: str, at_least: int) -> Check:
    """True where a folder is there and has at least so many items in it, not counting those in its folders.

    Raises
    ------
    InputError
        A path or a number that cannot be used.

    Examples
    --------
    >>> import odb_nb as odb
    >>> odb.has_items("Documents/Projects", 5)
    <Check: Documents/Projects has at least 5 items>
    """
    wanted = plain(folder, "folder")
    least = whole_number(at_least, "at_least", least=1, most=10_000_000)

    def test(listing: pd.DataFrame) -> bool:
        keys = listing.loc[listing["path"].eq(wanted).fillna(False), "item_key"]
        return int(listing["parent_key"].isin(keys).sum()) >= least

    return Check(f"{wanted} has at least {least:,} items", test, wanted)


def no_suffix(suffix: str, folder: str | None = None) -> Check:
    """True where no name ends with this text, whatever the case; everything in the folder is listed, or in the drive.

    Raises
    ------
    InputError
        A text or a path that cannot be used.

    Examples
    --------
    >>> import odb_nb as odb
    >>> odb.no_suffix(".locked")
    <Check: no name ends with .locked>
    """
    end = search_text(suffix, "suffix").casefold()
    place = None if folder is None else plain(folder, "folder")

    def test(listing: pd.DataFrame) -> bool:
        names = listing["name"].str.casefold()
        return not bool(names.str.endswith(end).fillna(False).any())

    where = f" in {place}" if place else ""
    return Check(f"no name ends with {suffix}{where}", test, place, goes_below=True, sure_answer=False)
