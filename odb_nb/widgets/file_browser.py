"""Look into a session: folders one after the other, names searched for, and a basket of what is needed."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import ipywidgets

from odb_nb.errors import InputError
from odb_nb.palette import look_of
from odb_nb.tables import ITEMS
from odb_nb.widgets.basket import Basket
from odb_nb.widgets.form import Form, button, on_enter
from odb_nb.widgets.item_words import BYTES, NAME, PATH, SIZE, TYPE, in_table, seen, still_table, total
from odb_nb.widgets.item_words import ITEMS as HOW_MANY
from odb_nb.widgets.places import PLACES_IN_PLACES, Place, Places, code_of, one_session
from odb_nb.widgets.tick_table import TickTable

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from odb_nb.client import BackupClient
    from odb_nb.widgets.sign_in_form import SignInForm

_LONG, _PER_PAGE = 1_000, 10  # items; the service gives ten at a time
_IN_STILL = {PATH: "Path", TYPE: "Type", SIZE: "Size"}


class FileBrowser(Form):
    """What lies in a browse session, one place at a time; what is ticked can be put into a basket.

    Asks the service for a place when it is opened, not again when it is gone back to.

    Parameters
    ----------
    client : BackupClient or SignInForm
        The client, or the form that leads to one.
    session : DataFrame, Series or str
        One session of ours, or its id.

    Attributes
    ----------
    table : TickTable
        Items of the place that is looked at.
    open, list_again : ipywidgets.Button
        Open the one folder that is ticked; ask the service again for this place.
    places : Places
        The way down, as buttons: ``form.places.crumbs``.
    text, search, show_all : ipywidgets widgets
        Part of a name; ask for the items of this place whose names hold it; back to all of them.
    add, take_out, empty : ipywidgets.Button
        Put the ticked items into the basket; take those ticked there out of it, or all.
    basket : Basket
        What was put in.
    place : str
        Path of the place that is looked at; empty for the site and above.
    result : DataFrame or None
        The items in the basket, as `browse` gives them; None where it is empty.

    Raises
    ------
    InputError
        Not one session. What only the service can tell, such as that it has expired, is shown in the form and raised
        by `wait`.

    Examples
    --------
    >>> import odb_nb as odb
    >>> from odb_nb.widgets import FileBrowser
    >>> with odb.connect() as client:
    ...     points = client.list_restore_points(client.list_drives(search="vance"), limit=1)
    ...     with FileBrowser(client, client.create_session(points, wait=True)) as form:
    ...         form.wait().table.tick([0, 1])
    ...         form.add.click()
    >>> form.place, len(form.result)
    ('Documents', 2)
    """

    title = "Files in a session"

    def __init__(self, client: BackupClient | SignInForm, session: object) -> None:
        self.places = Places(one_session(session), self._up_to)
        super().__init__()
        self._items: pd.DataFrame | None = None  # None where this place was not listed to its end
        self._found = ""
        self._has_arrived = False
        self._banner = ipywidgets.HTML()
        self.table = TickTable(
            {NAME: "Name", TYPE: "Type", SIZE: "Size", HOW_MANY: "Items in it"}, "Items", search=False,
            sort_by={"Size": BYTES}, long=["Name"],
        )  # fmt: skip
        self.basket = Basket()
        self._make_controls()
        self._lay_out()
        self._use(client)

    def _make_controls(self) -> None:
        self.text = ipywidgets.Text(
            description="Name holds", placeholder="part of a name, in this place alone", layout={"width": "28em"},
            style={"description_width": "initial"},
        )  # fmt: skip
        self.search = button("Search", "Ask for the items of this place whose names hold the text", icon="search")
        self.show_all = button("Show all", "All items of this place")
        self.list_again = button("List again", "Ask the service again for this place", icon="refresh")
        self.open = button("Open folder", "Open the folder that is ticked", style="primary", icon="folder-open")
        self.add = button("Add to basket", "Put what is ticked into the basket", icon="plus")
        self.take_out, self.empty = self.basket.take_out, self.basket.empty
        self._controls = [self.search, self.show_all, self.list_again, self.open, self.add, self.take_out, self.empty]
        for control, doing, job in (
            (self.search, "Searching …", self._search),
            (self.show_all, "Listing …", self._show_all),
            (self.list_again, "Listing again …", lambda: self._list(anew=True)),
            (self.open, "Opening …", self._open),
        ):
            control.on_click(lambda _, doing=doing, job=job: self._start(doing, job))
        on_enter(self.text, self.search.click)
        jobs: tuple[Callable[[], None], ...] = (self._add, self._take_out, self._empty)
        for control, at_once in zip((self.add, self.take_out, self.empty), jobs, strict=True):
            control.on_click(lambda _, job=at_once: self._do_at_once(job))

    def _lay_out(self) -> None:
        row = {"align_items": "center", "flex_flow": "row wrap"}
        self._busy_controls = [*self._controls]
        self.places.draw()
        self.view.children = [
            self._banner,
            self.places.view,
            ipywidgets.HBox([self.text, self.search, self.show_all, self.list_again, self.cancel], layout=row),
            self.message,
            self.table.view,
            ipywidgets.HBox([self.open, self.add], layout=row),
            self.basket.view,
        ]

    @property
    def place(self) -> str:
        """Path of the place that is looked at."""
        return self.places.here.path or ""

    @property
    def result(self) -> pd.DataFrame | None:
        """The items in the basket; None where it is empty."""
        return self.basket.items

    def code(self) -> str:
        """Python that does the same as the form in its present state, with `client` as it is."""
        start = f"session = {self.places.session_id!r}"
        if basket := self.basket.code():
            return "\n".join([basket[0], start, *basket[1:], "basket"])
        return "\n".join([start, *code_of(self.places.trail, set(), self._found), "items"])

    def still(self) -> tuple[str, str]:
        """The form's state as HTML and as plain text."""
        banner = self.client.banner if self.client else None
        where = seen(self.place or self.places.here.name)
        facts = [self.title, f"{where}: {self._in_words(self._items) if self._items is not None else 'not listed'}"]
        facts.append(self.basket.in_words)
        rows = self.result if self.result is not None else self._items
        table, lines = ("", "") if rows is None else still_table(in_table(rows), _IN_STILL)
        page = (banner.html if banner else "") + "<br>".join(map(html.escape, facts)) + table
        return page, "\n".join([banner.text if banner else "not signed in", *facts]) + lines

    def _connected(self, client: BackupClient) -> None:
        self._banner.value = client.banner.html
        self._start("Opening the session …", self._list)

    def _enable(self, is_idle: bool) -> None:
        self._busy_controls = [*self._controls, *self.places.crumbs]
        super()._enable(is_idle)

    def _up_to(self, at: int) -> None:
        self._start("Going back …", lambda: self._go(self.places.trail[: at + 1]))

    def _open(self) -> None:
        rows = self._ticked()
        if len(rows) != 1:
            raise InputError(f"{len(rows)} rows are ticked; tick the one folder to open")
        self._go((*self.places.trail, Place.of(rows.iloc[0])))

    def _go(self, trail: tuple[Place, ...]) -> None:
        """Go to a place; stay where we are if the service refuses it."""
        before, self.places.trail = self.places.trail, trail
        found, self._found = self._found, ""
        try:
            self._list()
        except Exception:
            self.places.trail, self._found = before, found
            raise

    def _search(self) -> None:
        before, self._found = self._found, self.text.value.strip()
        try:
            self._list()
        except Exception:
            self._found = before
            raise

    def _show_all(self) -> None:
        self.text.value = self._found = ""
        self._list()

    def _list(self, *, anew: bool = False) -> None:
        """Show the place that the trail leads to, or what is found in it; where there is one way, go on."""
        here = self.places.here
        if here.announced is not None and here.announced >= _LONG and not (self._found or self.places.knows(here)):
            self.say(
                f"Listing {here.announced:,} items, about {here.announced // _PER_PAGE:,} requests … Cancel if that is "
                "too many, and search for part of a name instead."
            )
        try:
            items = self.places.items(self._signed_in(), self._found, anew=anew)
        except KeyboardInterrupt:
            self._fill(None)
            raise
        if self._is_only_way(items):
            self.places.trail = (*self.places.trail, Place.of(items.iloc[0]))
            self.places.skip(len(self.places.trail) - 1)
            self._list(anew=anew)
            return
        self._fill(items)
        if not self._found and here.announced not in (None, len(items)):
            self._notice(f"{here.announced:,} items were announced here and {len(items):,} listed; list it again")
        self.say_well(self._in_words(items))

    def _cancelled(self) -> None:
        if self._items is not None:
            super()._cancelled()
        else:
            words = "Cancelled: this place was not listed to its end. List it again, or search in it."
            self.say(words, look_of("unknown"))

    def _is_only_way(self, items: pd.DataFrame) -> bool:
        """Until the first place with a choice: one site with one library is nothing to open by hand."""
        return not self._has_arrived and len(items) == 1 and str(items["type"].item()) in PLACES_IN_PLACES

    def _fill(self, items: pd.DataFrame | None) -> None:
        """These items of the place, none of them ticked; None where it was not listed to its end."""
        self._items = items
        self._has_arrived |= items is not None
        shown = items if items is not None else ITEMS.frame([])
        self.table.show(in_table(shown))
        self.places.draw(self._found)

    def _in_words(self, items: pd.DataFrame) -> str:
        if not self._found:
            return f"{total(items)}." if len(items) else "Nothing is in it."
        if items.empty:
            return f"No name here holds “{self._found}”; names in folders below are not searched."
        return f"{total(items)}, whose names hold “{self._found}”; names in folders below are not searched."

    def _ticked(self) -> pd.DataFrame:
        return (self._items if self._items is not None else ITEMS.frame([])).iloc[self.table.positions]

    def _add(self) -> None:
        rows = self._ticked()
        if rows.empty:
            raise InputError("nothing is ticked; tick the files and folders that you need")
        count, cannot = self.basket.put(rows, self.places.trail)
        for words in cannot:
            self._notice(words)
        again = len(rows) - count - len(cannot)
        self.table.tick([])
        self.say_well(f"{count:,} put into the basket" + (f", {again:,} were in it already." if again else "."))

    def _take_out(self) -> None:
        positions = self.basket.table.positions
        if not positions:
            raise InputError("nothing is ticked in the basket; tick there what to take out")
        self.say_well(f"{self.basket.take(positions):,} taken out of the basket.")

    def _empty(self) -> None:
        self.say_well(f"{self.basket.take():,} taken out of the basket.")
