"""Items in words: nothing that a name holds can break a line or turn it around, and nothing is counted twice."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odb_nb.tables import ITEMS
from odb_nb.widgets.item_words import NAME, PATH, SIZE, TYPE, in_table, marked, seen, still_table, total

TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


def items(*rows):
    """(type, path, size) of each, all of one session."""
    frame = ITEMS.frame(
        [{"itemKey": f"k{at}", "type": kind, "sizeInBytes": size} for at, (kind, _, size) in enumerate(rows)]
    )
    paths = pd.array([path for _, path, _ in rows], dtype="string")
    return frame.assign(session_id="s", path=paths, name=paths)


@given(st.text())
def test_a_name_is_seen_in_one_line_in_its_own_order(name):
    line = seen(name)
    assert len(line.splitlines() or [""]) == 1
    assert not any(letter in line for letter in TURNS + "\x00\x1b")
    if name.isprintable() and not set(name) & set(TURNS):
        assert line == name


@pytest.mark.parametrize("nothing", [None, pd.NA], ids=str)
def test_nothing_is_seen_of_a_null(nothing):
    assert seen(nothing) == ""


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("folder", "▸\u00a0folder"),
        ("file", "·\u00a0file"),
        ("notebook", "?\u00a0notebook"),
        (pd.NA, "?\u00a0not known"),
    ],
    ids=str,
)
def test_a_kind_has_its_mark(kind, words):
    assert marked(kind) == words


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param([], "nothing", id="none"),
        pytest.param([("file", "a", 1)], "1 file, 1 byte", id="one"),
        pytest.param([("file", "a", None)], "1 file, size not known", id="unknown size"),
        pytest.param(
            [("folder", "d", 7), ("file", "d/a", 3), ("file", "dd", 3)], "2 files and 1 folder, 10 bytes", id="within"
        ),
        pytest.param(
            [("folder", "d", 7), ("folder", "d/e", 5), ("file", "d/e/a", 2)], "1 file and 2 folders, 7 bytes", id="deep"
        ),
        pytest.param([("file", "d", 7), ("file", "d/a", 3)], "2 files, 10 bytes", id="a file holds nothing"),
        pytest.param(
            [("file", "a", 2**62), ("file", "b", 2**62), ("file", "c", 2**62)],
            "3 files, 13835.1 PB",
            id="beyond 64 bits",
        ),
    ],
)
def test_a_total_counts_nothing_twice(rows, words):
    assert total(items(*rows)) == words


def test_folders_of_another_session_hold_nothing_of_this_one():
    both = pd.concat([items(("folder", "d", 7)).assign(session_id="t"), items(("file", "d/a", 3))])
    assert total(both) == "1 file and 1 folder, 10 bytes"


def test_a_table_says_where_it_is_cut():
    page, text = still_table(
        in_table(items(("file", "a<b", 1), ("file", "c", 2))), {NAME: "Name", SIZE: "Size"}, most=1
    )
    assert "the first 1 of 2 rows" in page
    assert "a&lt;b" in page
    assert text.split() == ["Name", "Size", "a<b", "1", "byte"]
    assert still_table(in_table(items()), {PATH: "Path", TYPE: "Type"}) == ("", "")
