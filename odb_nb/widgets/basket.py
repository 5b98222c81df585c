"""What somebody picked, from wherever it lies: it stays while they move about."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import ipywidgets
import pandas as pd

from odb_nb.plans import RESTORABLE
from odb_nb.widgets.form import button
from odb_nb.widgets.item_words import BYTES, PATH, SIZE, TYPE, in_table, total
from odb_nb.widgets.places import code_of
from odb_nb.widgets.snippets import rows_of
from odb_nb.widgets.tick_table import TickTable

if TYPE_CHECKING:
    from odb_nb.widgets.places import Place

_EMPTY = "Basket: empty. Tick files and folders above, then press “Add to basket”."


class Basket:
    """Items, each once, in the order in which they were put in.

    Attributes
    ----------
    items : pandas.DataFrame or None
        What is in it; None where nothing is.
    table : TickTable
        The same, to be ticked and taken out again.
    take_out, empty : ipywidgets.Button
        Take out the ticked ones, or all; who owns the basket says what a click does.
    said : ipywidgets.HTML
        How many, and how large.
    view : ipywidgets.VBox
        All of them.
    """

    def __init__(self) -> None:
        self.items: pd.DataFrame | None = None
        self._trails: dict[str | None, tuple[Place, ...]] = {}
        self.said = ipywidgets.HTML()
        self.table = TickTable(
            {PATH: "Path", TYPE: "Type", SIZE: "Size"}, "Basket", search=False, sort_by={"Size": BYTES}, long=["Path"]
        )
        self.take_out = button("Take the ticked out", "They stay in the backup", icon="minus")
        self.empty = button("Empty the basket", "Take everything out", icon="trash")
        self._full = ipywidgets.VBox([self.table.view, ipywidgets.HBox([self.take_out, self.empty])])
        self.view = ipywidgets.VBox([self.said, self._full])
        self._draw()

    @property
    def in_words(self) -> str:
        """``Basket: 2 folders and 3 files, 4.5 MB``."""
        return _EMPTY if self.items is None else f"Basket: {total(self.items)}."

    def put(self, rows: pd.DataFrame, trail: tuple[Place, ...]) -> tuple[int, list[str]]:
        """Put in items of the last place of a trail: how many are new, and words about those that cannot be put in."""
        can = rows["item_key"].notna() & rows["type"].isin(RESTORABLE).fillna(False)
        known = set() if self.items is None else set(self.items["item_key"])
        new = rows[can & ~rows["item_key"].isin(known)]
        if len(new):
            self._trails[trail[-1].key] = trail
            self.items = new if self.items is None else pd.concat([self.items, new])
            self.items = self.items.reset_index(drop=True)
            self._draw()
        return len(new), [
            f"{path or 'what is ticked'} is a {kind}: only files and folders can be restored, so open it and tick those"
            for path, kind in rows.loc[~can, ["path", "type"]].itertuples(index=False)
        ]

    def take(self, positions: list[int] | None = None) -> int:
        """Take out the items at these positions, or all; how many that were."""
        if self.items is None:
            return 0
        before = len(self.items)
        gone = range(before) if positions is None else positions
        left = self.items.drop(index=list(gone)).reset_index(drop=True)
        self.items = left if len(left) else None
        self._draw()
        return before - len(left)

    def code(self) -> list[str]:
        """Python for a frame called `basket`, with `client` and `session` as they are."""
        if self.items is None:
            return []
        lines, done = ["picked = []"], set[str | None]()
        for key, trail in self._trails.items():
            here = self.items["parent_key"].isna() if key is None else self.items["parent_key"].eq(key).fillna(False)
            if here.any():
                done.discard(key)
                lines += code_of(trail, done)
                lines.append(f"picked.append({rows_of('items', 'item_key', self.items.loc[here, 'item_key'])})")
        return ["import pandas as pd", *lines, "basket = pd.concat(picked, ignore_index=True)"]

    def _draw(self) -> None:
        self.said.value = f"<strong>{html.escape(self.in_words)}</strong>"
        self._full.layout.display = "none" if self.items is None else ""
        if self.items is not None:
            self.table.show(in_table(self.items))
