"""What a status frame says, for people who look at a board: pure functions of the frame and the time.

Everything from the service is text here, and escaped.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from odb_nb.columns import parsed
from odb_nb.palette import NO_SESSION, SOON, look_of
from odb_nb.styles import EXPIRES_SOON, sound
from odb_nb.words import counts_in_words, size_in_words, span_in_words, time_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from odb_nb.palette import Look

_NOTHING = timedelta(0)
_SOON_IN_WORDS = f"{EXPIRES_SOON // timedelta(hours=1)} h"
_HOURS = (1, 6, 12, 24)
_CHIP = "background: {fill}; color: {ink}; border-left: 4px solid {line}; padding: 0.1em 0.5em; white-space: nowrap"
_DETAILS_CSS = """<style>
.odb-nb-details {display: grid; grid-template-columns: max-content 1fr; gap: 0.1em 1em}
.odb-nb-details {margin: 0.3em 0; line-height: 1.5}
.odb-nb-details dt {font-weight: normal; opacity: 0.8}
.odb-nb-details dd {margin: 0; overflow-wrap: anywhere; white-space: pre-wrap}
.odb-nb-details code {user-select: all}
</style>"""
_MATCHED_BY = {
    "service": "the service named the restore point",
    "journal": "it was opened from here",
    "drive_and_time": "same drive, same time",
}


def words_of(frame: pd.DataFrame) -> pd.Series[str]:
    """The service's word for each restore point, or ``no session``."""
    return frame["status"].fillna(NO_SESSION)


def as_of(frame: pd.DataFrame) -> datetime | None:
    """When the service was asked, by its own clock."""
    return parsed(frame.attrs.get("as_of"))


def when(frame: pd.DataFrame) -> str:
    """``as of 2026-11-20 12:00:00 UTC``."""
    asked_at = as_of(frame)
    return f"as of {in_utc(asked_at)}" if asked_at else "as of the last refresh"


def left_of(frame: pd.DataFrame, now: datetime | None) -> pd.Series[pd.Timedelta]:
    """What is left of each session at `now`; null where there is none or it failed."""
    if now is None:
        return frame["expires_in"]
    left = frame["session_expiration_date_time"] - pd.Timestamp(now).as_unit("us")
    return left.where(frame["expires_in"].notna())


def counts_of(frame: pd.DataFrame) -> dict[str, int]:
    """How many restore points have each word: failures first, those without a session last."""
    counts = {str(word): int(count) for word, count in words_of(frame).value_counts().items()}
    return {word: counts[word] for word in sorted(counts, key=_urgency)}


def _urgency(word: str) -> tuple[bool, bool, str]:
    return word.casefold() != "failed", word == NO_SESSION, word


def marked(words: pd.Series[str]) -> pd.Series[str]:
    """``✗ failed``: the mark beside the word, where there is no room for colour."""
    marks = {word: f"{look_of(word).mark} {word}" for word in words.unique()}
    return words.map(marks)


def runs_out(left: pd.Series[pd.Timedelta]) -> pd.Series[str]:
    """``within 6 h``: coarse, so that a table of it stays true for a while; nothing for a null."""
    said = pd.Series("", index=left.index, dtype="string").mask(left.notna(), "later")
    for hours in reversed(_HOURS):
        said = said.mask(left <= timedelta(hours=hours), f"within {hours} h")
    return said.mask(left <= _NOTHING, "run out")


@dataclass(frozen=True)
class Overview:
    """How things stand: when the service was asked, how many of what, and what runs out next."""

    when: str
    counts: dict[str, int]
    next_to_run_out: str
    is_urgent: bool

    @property
    def html(self) -> str:
        """Chips with words, marks and colours, and a sentence."""
        chips = " ".join(chip(f"{count:,} {word}", look_of(word)) for word, count in self.counts.items())
        sentence = html.escape(self.next_to_run_out)
        said = chip(self.next_to_run_out, SOON, wraps=True) if self.is_urgent else f"<span>{sentence}</span>"
        return f'<div style="line-height: 2">{html.escape(self.when)}: {chips}<br>{said}</div>'

    @property
    def text(self) -> str:
        """The same in plain words."""
        counts = ", ".join(f"{look_of(word).mark} {count:,} {word}" for word, count in self.counts.items())
        return f"{self.when}: {counts}\n{self.next_to_run_out}"


def overview(frame: pd.DataFrame, labels: pd.Series[str], now: datetime | None) -> Overview:
    """What a status frame with these labels of its drives comes to at `now`."""
    left = left_of(frame, now)
    usable = left[left > _NOTHING]
    soon = int((usable <= EXPIRES_SOON).sum())
    over = int((left <= _NOTHING).sum())
    if usable.empty:
        sentence = "No session can be used." if over or left.isna().all() else ""
    else:
        first: Any = usable.idxmin()
        at = in_utc(frame["session_expiration_date_time"][first])
        label = sound(str(labels[first]))
        sentence = (
            f"Next to run out: {label}, in {span_in_words(usable[first])}, {at}; {soon:,} within {_SOON_IN_WORDS}."
        )
    if over:
        sentence += f" {over:,} {'has' if over == 1 else 'have'} run out since; refresh to see."
    return Overview(f"A{when(frame)[1:]}", counts_of(frame), sentence.strip(), bool(soon or over))


def changes(before: pd.DataFrame | None, after: pd.DataFrame) -> str:
    """What a refresh brought."""
    count = "1 restore point" if len(after) == 1 else f"{len(after):,} restore points"
    if before is None:
        return f"Refreshed: {count}."
    words_before = words_of(before.set_index("restore_point_id"))
    words = words_of(after.set_index("restore_point_id"))
    both = words[words.index.isin(words_before.index)]
    changed = both[both != words_before.reindex(both.index)]
    if changed.empty:
        return f"Refreshed: {count}, no status changed."
    counts = {f"now {word}": int(number) for word, number in changed.value_counts().items()}
    return f"Refreshed: {count}, {len(changed):,} changed: {counts_in_words(counts)}."


def details(row: dict[str, Any], label: str, now: datetime | None) -> str:
    """All that is known of one restore point and its session, as HTML; ids can be selected by one click."""
    told = {name: None if pd.isna(value) else value for name, value in row.items()}
    facts = "".join(f"<dt>{name}</dt><dd>{page}</dd>" for name, page in _facts(told, now))
    return (
        f'{_DETAILS_CSS}<section aria-label="Details"><strong><bdi>{_text(label)}</bdi>, '
        f"{in_utc(told['protection_date_time'])}</strong>"
        f'<dl class="odb-nb-details">{facts}</dl></section>'
    )


def _facts(told: dict[str, Any], now: datetime | None) -> Iterator[tuple[str, str]]:
    word = told["status"] or NO_SESSION
    yield "Status", chip(word, look_of(word))
    if word.casefold() == "failed" or told["error_code"] or told["error_message"]:
        yield "Error", _text(told["error_message"] or "the service gave no reason")
        yield "Error code", _code(told["error_code"])
    if told["session_id"]:
        yield from _session_facts(told, now)
    else:
        yield "Session", "none; open one with CreateSessionsForm or client.create_sessions"
    yield "Restore point", _code(told["restore_point_id"])
    yield "Kept until", in_utc(told["expiration_date_time"]) or "not known"
    yield "Tags", _text(told["tags"] or "not known")
    yield "Drive", _code(told["drive_id"])
    yield "Directory object", _code(told["directory_object_id"])


def _session_facts(told: dict[str, Any], now: datetime | None) -> Iterator[tuple[str, str]]:
    expiry = told["session_expiration_date_time"]
    yield "Expires", html.escape(in_utc(expiry) + _left_in_words(told, now)) or "not known"
    yield "Session", _code(told["session_id"])
    yield "Opened", in_utc(told["session_created_date_time"]) or "not known"
    yield "Size of the backup", _size(told["backup_size_in_bytes"])
    yield "Tied to the point by", _text(_MATCHED_BY.get(told["matched_by"], told["matched_by"] or "not known"))


def _left_in_words(told: dict[str, Any], now: datetime | None) -> str:
    if told["expires_in"] is None:
        return ""
    left = told["session_expiration_date_time"] - now if now else told["expires_in"]
    words = span_in_words(left)
    return ", which is over" if words == "over" else f", in {words}"


def in_utc(moment: datetime | None) -> str:
    """``2026-11-20 03:02:55 UTC``; nothing for a null."""
    words = time_in_words(moment)
    return f"{words} UTC" if words else ""


def chip(words: str, look: Look, *, wraps: bool = False) -> str:
    """Words on their colour, with their mark."""
    style = _CHIP.format(fill=look.fill, ink=look.ink, line=look.line)
    if wraps:
        style = style.replace("nowrap", "normal")
    return f'<span style="{style}">{html.escape(look.mark)} {_text(words)}</span>'


def _text(words: object) -> str:
    return html.escape(sound(str(words)))


def _code(id_: str | None) -> str:
    return f"<code>{_text(id_)}</code>" if id_ else "not known"


def _size(size: int | None) -> str:
    if size is None:
        return "not known"
    words = size_in_words(size)
    return words if words.endswith(("byte", "bytes")) else f"{words} ({size:,} bytes)"
