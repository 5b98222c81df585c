"""Ticks are positions in the frame that was given, whatever it holds and however it is shown."""

from __future__ import annotations

import html
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets.widgets import widget as registry

from odb_nb.widgets.tick_table import TickTable

HOSTILE = "<img src=x onerror=alert(1)>&\"'"
HEADINGS = {"name": "Name", "taken": "Taken (UTC)", "size": "Size"}


def a_frame(rows=3):
    return pd.DataFrame(
        {
            "id": [f"id-{number}" for number in range(rows)],
            "name": pd.array([f"Drive {number}" for number in range(rows)], dtype="string"),
            "taken": pd.date_range("2026-11-20 03:02:55", periods=rows, freq="h", tz="UTC").as_unit("us"),
            "size": pd.array(range(rows), dtype="Int64"),
        },
        index=pd.RangeIndex(100, 100 + rows),
    )


@pytest.fixture
def table():
    made = TickTable(HEADINGS, "Drives")
    yield made
    made.view.close()


def cells(table):
    """What the browser gets, row by row."""
    return json.loads(table.view._dt_args["data_json"])  # noqa: SLF001  # the one place where it can be seen


def option(table, name):
    return table.view._dt_args[name]  # noqa: SLF001


def test_a_new_table_is_empty(table):
    assert table.positions == []
    assert table.ticked.empty
    assert cells(table) == []
    table.tick_all()
    assert table.positions == []


def test_what_is_shown_is_text_under_the_headings(table):
    frame = a_frame(2)
    frame.loc[101, ["name", "taken", "size"]] = pd.NA

    table.show(frame)

    assert cells(table) == [["Drive 0", "2026-11-20 03:02:55", "0"], ["", "", ""]]
    assert all(f"<th>{html.escape(words)}</th>" in option(table, "table_html") for words in HEADINGS.values())
    assert "id-0" not in str(table.view.get_state())


def test_ticks_are_positions_in_the_frame_in_its_order(table):
    table.show(a_frame(5))
    table.view.selected_rows = [4, 0, 2]  # as the browser sends them, in the order of the clicks

    assert table.positions == [0, 2, 4]
    assert table.ticked["id"].tolist() == ["id-0", "id-2", "id-4"]
    assert table.ticked.index.tolist() == [100, 102, 104]
    assert list(table.ticked.columns) == list(a_frame().columns)


def test_rows_can_be_ticked_from_the_start_and_by_code(table):
    table.show(a_frame(5), [1, 3])
    assert table.positions == [1, 3]

    table.tick([0])
    assert table.positions == [0]
    table.tick_all()
    assert table.positions == [0, 1, 2, 3, 4]
    table.tick([])
    assert table.ticked.empty


def test_another_frame_has_no_ticks_of_the_last_one(table):
    table.show(a_frame(5), [1, 4])
    table.show(a_frame(3))

    assert table.positions == []
    assert len(table.frame) == 3


def test_the_same_number_of_rows_but_others_has_no_ticks_either(table):
    table.show(a_frame(3), [1])
    table.show(a_frame(3).iloc[::-1])

    assert table.positions == []


def test_a_tick_that_comes_late_for_a_longer_frame_is_none(table):
    table.show(a_frame(3))
    table.frame = a_frame(2)  # as `show` does, before the browser knows of it
    table.view.selected_rows = [0, 2]

    assert table.positions == [0]


def test_who_asks_is_told_of_ticks(table):
    seen = []
    table.on_tick(lambda: seen.append(table.positions))
    table.show(a_frame(3))

    table.tick([1])
    table.tick_all()

    assert seen == [[1], [0, 1, 2]]


def test_hostile_text_goes_to_the_browser_as_text(table):
    table.show(pd.DataFrame({"name": [HOSTILE], "taken": [HOSTILE], "size": [HOSTILE]}))

    state = str(table.view.get_state())
    assert "<img" not in state
    assert cells(table)[0][0].startswith("&lt;img src=x onerror=alert(1)&gt;&amp;")
    assert table.frame["name"].tolist() == [HOSTILE]


def test_an_empty_frame_keeps_its_columns(table):
    table.show(a_frame(3), [0])
    table.show(a_frame(0))

    assert cells(table) == []
    assert list(table.ticked.columns) == list(a_frame().columns)
    assert all(words in option(table, "table_html") for words in HEADINGS.values())


def test_ten_thousand_rows_are_all_there(table):
    table.show(a_frame(10_000))
    table.tick_all()

    assert len(cells(table)) == 10_000
    assert cells(table)[-1][0] == "Drive 9999"
    assert len(table.ticked) == 10_000
    assert "downsampling_warning" not in table.view._dt_args  # noqa: SLF001


def test_an_update_keeps_the_options(table):
    names = ("select", "layout", "language", "pageLength", "lengthMenu", "order", "columnDefs")
    before = {name: option(table, name) for name in names}
    table.show(a_frame(3))
    table.show(a_frame(0))
    table.show(a_frame(30))

    assert {name: option(table, name) for name in names} == before
    assert table.view.caption == "Drives"
    assert table.view.classes == "display compact"
    assert before["select"] == {"style": "multi", "keys": True}


def test_rows_come_in_the_order_of_the_frame(table):
    table.show(a_frame(3).iloc[[2, 0, 1]])

    assert option(table, "order") == []
    assert [row[0] for row in cells(table)] == ["Drive 2", "Drive 0", "Drive 1"]


def test_one_row_at_most_where_one_is_wanted():
    table = TickTable(HEADINGS, "Drives", many=False)

    assert option(table, "select")["style"] == "single"
    assert option(table, "layout").get("topStart") is None
    table.view.close()


def test_a_heading_may_be_filled_by_the_first_column_that_is_not_null():
    table = TickTable({("name", "id"): "Drive"}, "Drives")
    frame = a_frame(2)
    frame.loc[100, "name"] = pd.NA
    table.show(frame)

    assert cells(table) == [["id-0"], ["Drive 1"]]
    table.view.close()


def test_close_frees_its_widgets():
    before = set(registry._instances)  # noqa: SLF001  # ipywidgets has no other way to count
    table = TickTable(HEADINGS, "Drives")
    table.view.layout.close()
    table.view.close()

    assert set(registry._instances) == before  # noqa: SLF001


@given(st.lists(st.one_of(st.none(), st.integers(0, 2**63 - 1)), min_size=1))
def test_numbers_behind_words_sort_as_they_count(numbers):
    frame = a_frame(len(numbers)).assign(size=pd.array(numbers, dtype="Int64"), said="words")
    table = TickTable({"name": "Name", "said": "Size"}, "Drives", sort_by={"Size": "size"})
    table.show(frame)
    behind = [row[2] for row in cells(table)]
    known = [(text, number) for text, number in zip(behind, numbers, strict=True) if number is not None]
    assert [number for _, number in sorted(known)] == sorted(number for _, number in known)
    assert [text for text, number in zip(behind, numbers, strict=True) if number is None] == [""] * numbers.count(None)
    table.view.close()


def test_numbers_behind_words_are_not_shown(table):
    sorting = TickTable({"name": "Name", "id": "Size"}, "Drives", sort_by={"Size": "size"})
    sorting.show(a_frame())
    options = sorting.view._dt_args["columnDefs"]  # noqa: SLF001
    assert {"targets": [1], "orderData": [2]} in options
    assert {"targets": [2], "visible": False, "searchable": False} in options
    sorting.tick([1])
    assert sorting.ticked["id"].tolist() == ["id-1"]
    sorting.view.close()


def test_long_texts_leave_the_others_in_sight():
    table = TickTable(HEADINGS, "Drives", long=["Name"])
    options = table.view._dt_args  # noqa: SLF001
    assert {"className": "dt-nowrap", "targets": [1, 2]} in options["columnDefs"]
    assert "overflow-wrap: anywhere" in table.view.style
    table.view.close()
