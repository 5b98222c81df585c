"""Where a form is in a session: the places from the top down, each a button, and what was listed of them."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets
import pandas as pd

from odb_nb.arguments import session_ids
from odb_nb.errors import InputError
from odb_nb.widgets.form import button, free
from odb_nb.widgets.item_words import seen
from odb_nb.widgets.snippets import call

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from odb_nb.client import BackupClient

PLACES_IN_PLACES = ("site", "documentLibrary")
OPENED = (*PLACES_IN_PLACES, "folder")

_SHOWN = 40
_CRUMBS = 6  # of a path with hundreds of folders


def one_session(session: object) -> str:
    """The id of the one session given."""
    ids = session_ids(session)
    if len(ids) != 1:
        raise InputError(f"expected one session, got {len(ids)}; give one row, or one id")
    return ids[0]


@dataclass(frozen=True)
class Place:
    """A site, library or folder; the top has no key.

    Attributes
    ----------
    announced : int or None
        How many items the service says are in it.
    """

    key: str | None = None
    name: str = "Top"
    path: str | None = ""
    announced: int | None = None

    @classmethod
    def of(cls, row: pd.Series[Any]) -> Place:
        """The place that a row of items is.

        Raises
        ------
        InputError
            A file, or what has no key: it cannot be opened.
        """
        told = {str(name): None if pd.isna(value) else value for name, value in row.items()}
        label = told["name"] or told["path"] or "an item without a name"
        if told["type"] not in OPENED or not told["item_key"]:
            raise InputError(f"{seen(label)!s:.200} is a {told['type']}, which cannot be opened; tick a folder")
        return cls(told["item_key"], seen(label), told["path"], told["items_count"])


TOP = Place()


class Places:
    """The way down to a place, and the listings asked for so far: going back asks nothing.

    Attributes
    ----------
    view : ipywidgets.HBox
        A button for each place above, and the place itself.
    trail : tuple of Place
        From the top down.
    """

    def __init__(self, session_id: str, go: Callable[[int], object]) -> None:
        self.session_id = session_id
        self.trail: tuple[Place, ...] = (TOP,)
        self.view = ipywidgets.HBox(layout={"flex_flow": "row wrap", "align_items": "center"})
        self._go = go
        self._listed: dict[tuple[str | None, str], pd.DataFrame] = {}
        self._first = 0

    @property
    def here(self) -> Place:
        """The place that is looked at."""
        return self.trail[-1]

    @property
    def crumbs(self) -> list[Any]:
        """The buttons."""
        return [part for part in self.view.children if isinstance(part, ipywidgets.Button)]

    def items(self, client: BackupClient, text: str = "", *, anew: bool = False) -> pd.DataFrame:
        """Items here, or those whose names hold a text: as listed before, unless they shall be asked for anew."""
        asked = (self.here.key, text)
        if anew or asked not in self._listed:
            self._listed[asked] = client.browse(self.session_id, self.here.key, contains=text or None)
        return self._listed[asked]

    def knows(self, place: Place) -> bool:
        """True if this place was listed."""
        return (place.key, "") in self._listed

    def skip(self, count: int) -> None:
        """Begin the buttons below so many places, which hold nothing but the next."""
        self._first = count

    def draw(self, text: str = "") -> None:
        """Buttons for the places above, and in words the place itself, with what is searched for in it."""
        before = self.view.children
        above = list(enumerate(self.trail[:-1]))[self._first :]
        shown = above if len(above) < _CRUMBS else [above[0], *above[2 - _CRUMBS :]]
        parts: list[Any] = []
        for at, place in shown:
            parts += [self._crumb(at, place), _between("›" if at != shown[0][0] or shown is above else "› … ›")]
        self.view.children = [*parts, _here(self.here, text)]
        for part in before:  # only now: a page stumbles over what is closed while it is shown
            free(part)

    def _crumb(self, at: int, place: Place) -> Any:
        crumb = button(_cut(place.name), f"Back to {place.path or place.name}"[:200])
        crumb.on_click(lambda _: self._go(at))
        return crumb


def _between(mark: str) -> Any:
    return ipywidgets.Label(mark)


def _here(place: Place, text: str) -> Any:
    words = f", names that hold “{_cut(text)}”" if text else ""
    # no Label, which sets "$1 and $2" as a formula
    label = ipywidgets.HTML(f"<strong>{html.escape(_cut(place.name) + words)}</strong>")
    label.add_class("odb-nb-place")
    return label


def _cut(name: str) -> str:
    return name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…"


def code_of(trail: Sequence[Place], done: set[str | None], text: str = "") -> list[str]:
    """Python that lists the places of a trail that are not `done` yet, in order: each tells the paths of the next."""
    lines = []
    for place in trail:
        is_here = place is trail[-1]
        if place.key not in done or (is_here and text):
            key = "" if place.key is None else f", {place.key!r}"
            contains = call(contains=text or None) if is_here else ""
            comment = f"  # {place.path!r}" if place.path else ""
            lines.append(f"items = client.browse(session{key}{contains}){comment}")
            done.add(place.key)
    return lines
