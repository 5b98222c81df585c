"""Cells as HTML and as plain text: all of them, and nothing but text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import Page

from odb_nb.palette import SOON
from odb_nb.rendering import TABLE_RULES, Column, as_html, as_text

TEXT = [Column("only")]


def page(*args):
    return Page("".join(as_html(*args)))


def test_a_table_has_its_caption_its_names_and_its_rows():
    shown = page("Two rows", [Column("a"), Column("b")], [[("1", None), ("2", None)], [("3", None), ("4", None)]])
    assert shown.said["caption"] == ["Two rows"]
    assert shown.texts == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_a_table_of_no_rows_has_its_names():
    assert page("", TEXT, []).texts == [["only"]]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="zip"):
        page("", TEXT, [[]])


def test_rows_are_drawn_as_they_come():
    def rows():
        yield [("first", None)]
        raise RuntimeError("the second is not drawn yet")

    pieces = as_html("", TEXT, rows())
    assert "first" in next(piece for piece in pieces if "<td" in piece)


def test_a_look_stands_beside_its_cell_and_not_among_the_rules():
    style = f"background-color: {SOON.fill}; color: {SOON.ink}"
    assert page("", TEXT, [[("soon", SOON)], [("later", None)]]).rows[1:] == [[("soon", style)], [("later", "")]]
    assert "color" not in TABLE_RULES


def test_a_screen_reader_is_told_what_is_what():
    shown = page("", [Column("drive", "heading"), Column("day", "short")], [[("Adele", None), ("created", None)]])
    told = [(tag, attributes.get("scope")) for tag, attributes in shown.elements if tag in ("th", "td")]
    assert told == [("th", "col"), ("th", "col"), ("th", "row"), ("td", None)]


def test_numbers_and_short_texts_are_told_from_text_in_names_and_cells():
    columns = [Column("a", "number"), Column("b", "short"), Column("c")]
    shown = page("", columns, [[("1", None)] * 3])
    kinds = [attributes.get("class") for tag, attributes in shown.elements if tag in ("th", "td")]
    assert kinds == ["number", "short", "text", "number", "short", None]


def test_rules_reach_our_tables_only():
    selectors = re.findall(r"^(.+?) \{", TABLE_RULES, re.MULTILINE)
    assert len(selectors) == TABLE_RULES.count("{")
    assert all(
        selector.startswith(".odb-nb-table") and "," not in re.sub(r"\(.*?\)", "", selector) for selector in selectors
    )
    ((_, attributes),) = [element for element in page("", TEXT, []).elements if element[0] == "table"]
    assert "odb-nb-table" in attributes["class"].split()


def test_dollars_are_not_set_as_formulas():
    ((_, attributes),) = [element for element in page("", TEXT, []).elements if element[0] == "table"]
    assert {"mathjax_ignore", "tex2jax_ignore"} <= set(attributes["class"].split())


@given(st.text(), st.sampled_from([None, SOON]), st.sampled_from(["text", "short", "number", "heading"]))
def test_text_is_text_wherever_it_stands(text, look, kind):
    shown = page(text, [Column(text, kind)], [[(text, look)]])
    assert (shown.texts, shown.said["caption"]) == ([[text], [text]], [text])
    around = [tag for tag, _ in shown.elements if tag not in ("td", "th")]
    assert around == ["table", "caption", "thead", "tr", "tbody", "tr"]
    assert shown.attributes <= {"class", "scope", "style"}


def test_columns_of_plain_text_are_as_wide_as_their_widest():
    columns = [Column("a"), Column("long name"), Column("last")]
    rows = [[("wide cell", None), ("1", None), ("", None)], [("", None), ("2", None), ("x", None)]]
    assert as_text(columns, rows).splitlines() == [
        "a          long name  last",
        "wide cell  1",
        "           2          x",
    ]


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a\nb\r\t", "a\\nb\\r\\t"),
        ("a\u2028b\x85", "a\\u2028b\\x85"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("ليلى", "\u2068ليلى\u2069"),
        ("\u2069ליל", "\u2068\\u2069ליל\u2069"),
        ("👩‍💻", "👩‍💻"),
        ("山田　太郎", "山田　太郎"),
        ("Zoë", "Zoë"),
    ],
)
def test_plain_text_stays_in_its_line_and_column(text, printed):
    drawn = as_text([Column("name"), Column("next")], [[(text, None), ("next", None)]])
    name, last = drawn.splitlines()
    assert re.fullmatch(re.escape(printed) + " +next", last)
    assert last.replace("\u2068", "").replace("\u2069", "").index("next") == name.index("next")


@given(st.lists(st.text()))
def test_each_row_of_plain_text_is_one_line(texts):
    assert len(as_text(TEXT, [[(f"{text}|", None)] for text in texts]).splitlines()) == 1 + len(texts)
