"""Items of a backup for people: names that hide nothing, kinds with a mark, sizes in words. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from odb_nb.rendering import TABLE_RULES, Column, as_html, as_text, in_line
from odb_nb.styles import in_rows, sound
from odb_nb.words import size_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# the parts of `in_table` that a table of items shows; sizes sort by their bytes
NAME, PATH, TYPE, SIZE, ITEMS = "seen_name", "seen_path", "seen_type", "seen_size", "seen_items"
BYTES = "size_in_bytes"

_MARKS = {"site": "⌂", "documentLibrary": "▤", "folder": "▸", "file": "·"}
_PLURALS = {"folder": ("folder", "folders"), "file": ("file", "files")}


def seen(name: object) -> str:
    """A name or path in one line, with line breaks and marks that turn letters around as escapes."""
    return "" if name is None or name is pd.NA else in_line(sound(str(name)))


def in_table(items: pd.DataFrame) -> pd.DataFrame:
    """A frame of items with columns of words beside its own."""
    nameless = items["path"].str.rpartition("/")[2] if len(items) else items["path"]
    return items.assign(
        **{
            NAME: [seen(name) for name in items["name"].fillna(nameless)],
            PATH: [seen(path) for path in items["path"]],
            TYPE: [marked(kind) for kind in items["type"]],
            SIZE: sizes(items["size_in_bytes"]),
            ITEMS: ["" if pd.isna(count) or kind == "file" else f"{count:,}" for count, kind in _counts(items)],
        }
    )


def _counts(items: pd.DataFrame) -> Iterable[tuple[Any, Any]]:
    counts = items["items_count"] if "items_count" in items else pd.Series(pd.NA, index=items.index)
    return zip(counts, items["type"], strict=True)


def marked(kind: object) -> str:
    """``▸ folder``, on one line: the service's word with a mark; a word that we do not know has its own."""
    word = "" if kind is None or kind is pd.NA else str(kind)
    return f"{_MARKS.get(word, '?')}\u00a0{seen(word) or 'not known'}"


def sizes(column: Iterable[Any]) -> list[str]:
    """Sizes in words, one by one."""
    return [size_in_words(None if pd.isna(size) else int(size)) for size in column]


def total(items: pd.DataFrame) -> str:
    """``2 folders and 3 files, 4.5 MB``; what lies in a folder that is there too is not counted twice in the size."""
    if items.empty:
        return "nothing"
    counts = items["type"].fillna("item of unknown type").value_counts(sort=False)
    words = " and ".join(f"{count:,} {_noun(str(kind), int(count))}" for kind, count in counts.sort_index().items())
    known = items.loc[[not is_in for is_in in _within_others(items)], "size_in_bytes"].dropna()
    size = size_in_words(sum(map(int, known)))
    return f"{words}, {size if len(known) else 'size not known'}"


def _noun(kind: str, count: int) -> str:
    one, many = _PLURALS.get(kind, (kind, kind))
    return one if count == 1 else many


def _within_others(items: pd.DataFrame) -> list[bool]:
    """Whether an item lies in a folder that is among the items of the same session."""
    folders = items[items["type"].eq("folder").fillna(False)]
    known = set(zip(folders["session_id"], folders["path"], strict=True))
    return [
        any((session, "/".join(parts[:end])) in known for end in range(1, len(parts)))
        for session, parts in zip(items["session_id"], items["path"].fillna("").str.split("/"), strict=True)
    ]


def still_table(frame: pd.DataFrame, headings: Mapping[str, str], *, most: int = 100) -> tuple[str, str]:
    """Columns of words as a table, in HTML and in text, for a form's still picture; nothing where there are no rows."""
    if frame.empty:
        return "", ""
    columns = [Column(words) for words in headings.values()]
    lines = frame.head(most)[list(headings)].fillna("").itertuples(index=False, name=None)
    rows = [[(str(value), None) for value in line] for line in lines]
    caption = in_rows(frame) if len(frame) <= most else f"the first {most:,} of {in_rows(frame)}"
    return f"<style>{TABLE_RULES}</style>\n{''.join(as_html(caption, columns, rows))}", f"\n\n{as_text(columns, rows)}"
