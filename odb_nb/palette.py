"""One look per word: a mark, a fill with its ink, and a line; readable by the colour-blind and on dark themes.

Colours follow Okabe and Ito's palette, which people with any of the common colour-vision deficiencies can tell apart.
Fill and ink come together, so that a table reads the same on a light and a dark page. The word is always shown too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

NO_SESSION = "no session"


@dataclass(frozen=True)
class Look:
    """How one word looks: `mark` before it, `ink` on `fill` in tables, `line` in pictures."""

    mark: str
    fill: str
    ink: str
    line: str


_GOOD = Look("✓", "#c3e8da", "#00382a", "#009e73")
_UNDER_WAY = Look("…", "#d3ebf8", "#08324a", "#0072b2")
_BAD = Look("✗", "#f6d3bf", "#5a1f00", "#d55e00")
_NOTHING = Look("–", "#ececec", "#3a3a3a", "#606060")  # a lighter line is green or pink to the colour-blind
_STRANGE = Look("?", "#f0d9e8", "#4d1f3c", "#cc79a7")
SOON = Look("!", "#fbe3ae", "#4a3200", "#e69f00")

_LOOKS = {
    # a session's status, and what a matrix says where there is none
    "created": _GOOD,
    "creating": _UNDER_WAY,
    "failed": _BAD,
    NO_SESSION: _NOTHING,
    # what a call did
    "reused": _GOOD,
    "planned": _NOTHING,
    "timed_out": _UNDER_WAY,
    "cancelled": _NOTHING,
    "unknown": _STRANGE,
    # a restore session's and its artifacts' status
    "draft": _NOTHING,
    "added": _NOTHING,
    "scheduling": _UNDER_WAY,
    "scheduled": _UNDER_WAY,
    "activating": _UNDER_WAY,
    "active": _UNDER_WAY,
    "inprogress": _UNDER_WAY,
    "succeeded": _GOOD,
    "completed": _GOOD,
    "completedwitherror": _BAD,
    # verdicts: of a drill, and of a search for a change
    "passed": _GOOD,
    "look": SOON,
    "good": _GOOD,
    "not good": _BAD,
}

# what became of an item; "added" there is not what it is in a restore
_CHANGE_LOOKS = {
    "added": replace(_GOOD, mark="+"),
    "removed": replace(_BAD, mark="−"),
    "renamed": replace(_UNDER_WAY, mark="→"),
    "resized": replace(SOON, mark="±"),
    "same": replace(_NOTHING, mark="="),
}


def look_of(word: str) -> Look:
    """The look of a status or an outcome; words that we do not know have one of their own."""
    return _LOOKS.get(word.casefold(), _STRANGE)


def look_of_change(word: str) -> Look | None:
    """The look of what became of an item; other words have none."""
    return _CHANGE_LOOKS.get(word)
