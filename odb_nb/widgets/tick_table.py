"""A frame whose rows can be ticked: itables' widget, which sorts, searches and pages in the browser, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from itables import JavascriptFunction
from itables.widget import ITable

from odb_nb.words import time_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

_PAGE = 10
_BREAKS = "; overflow-wrap: anywhere; white-space: pre-wrap"  # cells take it over, but those with dt-nowrap
# DataTables' Select keeps the ids of ticked rows, for tables that come in pages from a server. Ours have no ids, and
# each tick asked every row for it, once more for each frame shown before: seconds with 10,000 rows. Its flags on the
# rows are enough. (itables loses an `initComplete` that is JavaScript.)
_KEEP_NO_IDS = JavascriptFunction("""function () {
    const jQuery = this.constructor, table = this.api().table().node();
    const handlers = jQuery._data(table, "events") ?? {};
    for (const name of ["select", "deselect"])
        for (const {handler} of [...(handlers[name] ?? [])])
            if (String(handler).includes("_select_set")) jQuery(table).off(name, handler);
}""")


class TickTable:
    """Some columns of a frame as text, with the rows' ticks as positions in that frame.

    Rows are ticked by a click, or by Tab and Space on the keyboard; "Tick all found" ticks what the search leaves.
    `sort_by` names, for headings whose words do not sort, such as sizes, the column of numbers that does. `long` has
    the headings whose texts may be of any length: they are broken where need be, so that the others stay in sight.

    Attributes
    ----------
    view : itables.widget.ITable
        The widget.
    frame : pandas.DataFrame
        What is shown, whole.
    """

    def __init__(
        self,
        headings: Mapping[str | tuple[str, ...], str],
        caption: str,
        *,
        many: bool = True,
        search: bool = True,
        sort_by: Mapping[str, str] | None = None,
        long: Collection[str] = (),
    ) -> None:
        # heading: the columns that fill it, the first that is not null
        self._columns = {words: (of,) if isinstance(of, str) else of for of, words in headings.items()}
        self._sort_by = dict(sort_by or {})
        buttons = [
            {
                "extend": "selectAll",
                "text": "Tick all found" if search else "Tick all",
                "selectorModifier": {"search": "applied"},
            },
            {"extend": "selectNone", "text": "Untick all"},
        ]
        self._options: dict[str, Any] = {
            "select": {"style": "multi" if many else "single", "keys": True},
            "maxBytes": 0,  # else it drops rows
            "showIndex": False,
            "allow_html": False,
            "drawCallback": _KEEP_NO_IDS,
            "pageLength": _PAGE,
            "lengthMenu": [_PAGE, 25, 100, 1000],
            "layout": {
                "topStart": {"buttons": buttons} if many else None,
                "topEnd": "search" if search else None,
                "bottomStart": "info",
                "bottomEnd": ["pageLength", "paging"],
            },
            "language": {"search": "Type to filter:", "emptyTable": "nothing here", "zeroRecords": "nothing found"},
            "order": [],
            "columnDefs": [
                *self._orders(),
                *self._widths(long),
                {"className": "dt-left", "targets": "_all"},  # it would set times to the right
            ],
            "classes": "display compact",
            "style": f"width:100%{_BREAKS if long else ''}",
        }
        names = [name for names in self._columns.values() for name in names]
        self.frame = pd.DataFrame(columns=[*names, *self._sort_by.values()])
        self.view = ITable(self._as_text(self.frame), caption, **self._options)

    def show(self, frame: pd.DataFrame, ticked: Iterable[int] = ()) -> None:
        """Another frame, with the rows at these positions ticked."""
        self.frame = frame
        self.view.update(self._as_text(frame), **self._options, selected_rows=list(ticked))

    @property
    def positions(self) -> list[int]:
        """Positions of the ticked rows in `frame`, ascending."""
        return sorted(position for position in self.view.selected_rows if position < len(self.frame))

    @property
    def ticked(self) -> pd.DataFrame:
        """The ticked rows of `frame`, in its order."""
        return self.frame.iloc[self.positions]

    def tick(self, positions: Iterable[int]) -> None:
        """Tick the rows at these positions, and no others."""
        self.view.selected_rows = list(positions)

    def tick_all(self) -> None:
        """Tick every row."""
        self.tick(range(len(self.frame)))

    def on_tick(self, call: Callable[[], object]) -> None:
        """Have `call` run when ticks change."""
        self.view.observe(lambda _: call(), names="selected_rows")

    def _as_text(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What is shown: text alone, so that nothing depends on how a browser writes times and nulls."""
        seen = {words: _text_of(frame, names) for words, names in self._columns.items()}
        unseen = {f"{words}, in numbers": _in_digits(frame[name]) for words, name in self._sort_by.items()}
        return pd.DataFrame({**seen, **unseen}, dtype="str")

    def _widths(self, long: Collection[str]) -> list[dict[str, Any]]:
        short = [at for at, words in enumerate(self._columns) if words not in long]
        return [{"className": "dt-nowrap", "targets": short}] if long else []

    def _orders(self) -> list[dict[str, Any]]:
        """Sort what is said in words, such as sizes, by numbers in columns that are not shown."""
        orders: list[dict[str, Any]] = []
        for at, words in enumerate(self._sort_by, start=len(self._columns)):
            orders.append({"targets": [list(self._columns).index(words)], "orderData": [at]})
            orders.append({"targets": [at], "visible": False, "searchable": False})
        return orders


def _text_of(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    column = frame[names[0]]
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return [time_in_words(moment) for moment in column]
    text = column.astype("string")
    for name in names[1:]:
        text = text.fillna(frame[name].astype("string"))
    return text.fillna("").tolist()


def _in_digits(numbers: pd.Series[Any]) -> list[str]:
    """Whole numbers as text of one width, so that they sort as text; nothing for a null."""
    return ["" if pd.isna(number) else f"{max(0, int(number)):020d}" for number in numbers]
