"""What a browser would make of a page."""

from __future__ import annotations

from collections import defaultdict
from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"br", "hr", "img", "input", "link", "meta", "wbr"}


class Cell(NamedTuple):
    text: str
    style: str


class Page(HTMLParser):
    """Its `elements` as (tag, attributes), the `rows` of its tables as cells, and what is `said` in each tag, in order.

    Fails where a tag is not closed in its place.
    """

    def __init__(self, text):
        super().__init__()
        self.elements, self.rows, self.said = [], [], defaultdict(list)
        self._open = []  # of each open element: its tag, and its place in `said`
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in VOID:
            return
        self._open.append((tag, len(self.said[tag])))
        self.said[tag].append("")
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append(Cell("", dict(attrs).get("style", "")))

    def handle_endtag(self, tag):
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        if not self._open:
            return
        tag, place = self._open[-1]
        self.said[tag][place] += data
        if {"td", "th"}.intersection(tag for tag, _ in self._open):
            text, style = self.rows[-1][-1]
            self.rows[-1][-1] = Cell(text + data, style)

    @property
    def texts(self):
        """The rows as lists of text."""
        return [[cell.text for cell in row] for row in self.rows]

    @property
    def attributes(self):
        return {name for _, attributes in self.elements for name in attributes}
