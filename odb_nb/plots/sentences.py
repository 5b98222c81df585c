"""What a picture shows, said in a sentence or two for those who do not see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odb_nb.plots.facts import EXPIRED, MOST_DRIVES
from odb_nb.words import span_in_words, time_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odb_nb.plots.facts import Facts

_MOST_WORDS = 8
_LONGEST_WORD = 60


def timeline_alt(facts: Facts) -> str:
    """The counts, the first expiry, and what is not drawn."""
    if facts.rows.empty:
        return "Timeline of restore points: no restore points."
    sentences = [
        f"Timeline of {points_on_drives(facts)}{_days(facts)}: {_counts(facts)}.",
        _expiry(facts),
        f"The {MOST_DRIVES} most urgent of {len(facts.drives):,} drives are drawn; the table has all."
        if len(facts.drives) > MOST_DRIVES
        else "",
        *left_out(facts),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def summary_alt(facts: Facts) -> str:
    """The counts, and how many run out."""
    if facts.rows.empty:
        return "No restore points."
    return f"{points_on_drives(facts)}: {_counts(facts)}{_soon(facts)}."


def points_on_drives(facts: Facts) -> str:
    """``55 restore points on 6 drives``."""
    return f"{counted(len(facts.rows), 'restore point')} on {counted(len(facts.drives), 'drive')}"


def timeline_title(facts: Facts, drives: Sequence[str]) -> str:
    """What is drawn, which is not always all there is."""
    if len(drives) == len(facts.drives):
        return f"{points_on_drives(facts)}, and their live sessions"
    points = counted(int(facts.rows["drive"].isin(drives).sum()), "restore point")
    return f"{points} on the {len(drives)} most urgent of {len(facts.drives):,} drives; the table has all"


def left_out(facts: Facts) -> list[str]:
    """What has no place on the axis of time: a sentence each, to stand in the picture too."""
    notes = []
    if lost := int((~facts.has_place).sum()):
        notes.append(f"{counted(lost, 'point')} whose time is not known {_is(lost)} not drawn.")
    if barless := int((facts.rows["is_live"] & ~facts.has_bar).sum()):
        notes.append(f"{counted(barless, 'live session')} whose times are not known {_is(barless)} without a bar.")
    return notes


def counted(number: int, noun: str) -> str:
    """``1 drive``, ``6 drives``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def soon_in_words(number: int) -> str:
    """``3 expire within 12 hours``; nothing for none."""
    return f"{number:,} {'expires' if number == 1 else 'expire'} within 12 hours" if number else ""


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _counts(facts: Facts) -> str:
    pairs = list(zip(facts.counts["status"], facts.counts["count"], strict=True))
    parts = [f"{count:,} {_plain(word)}" for word, count in pairs[:_MOST_WORDS]]
    if rest := pairs[_MOST_WORDS:]:
        parts.append(f"{sum(count for _, count in rest):,} with {len(rest):,} more words")
    expired = int((facts.rows["kind"] == EXPIRED).sum())
    return ", ".join(parts) + (f"; {expired:,} of the sessions expired" if expired else "")


def _plain(word: str) -> str:
    """The service's word on one line, without what would turn the sentence around."""
    return " ".join("".join(char if char.isprintable() else " " for char in word[:_LONGEST_WORD]).split())


def _days(facts: Facts) -> str:
    times = facts.rows["protection_date_time"][facts.has_place]
    if times.empty:
        return ""
    first, last = f"{times.min():%Y-%m-%d}", f"{times.max():%Y-%m-%d}"
    return f", {first} (UTC)" if first == last else f", {first} to {last} (UTC)"


def _expiry(facts: Facts) -> str:
    live = facts.rows[facts.rows["is_live"]]
    if live.empty:
        return ""
    are = counted(len(live), "live session")
    expiries = live["session_expiration_date_time"].dropna()
    if expiries.empty:
        return f"{are}."
    left = span_in_words(expiries.min() - facts.now) if facts.now else ""
    first = f"the first expires {f'in {left}, ' if left else ''}at {time_in_words(expiries.min())}"
    return f"{are}; {first}{_soon(facts)}."


def _soon(facts: Facts) -> str:
    said = soon_in_words(int(facts.rows["is_soon"].sum()))
    return f"; {said}" if said else ""
