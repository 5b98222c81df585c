"""What a long call shows while it runs."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Literal, Protocol

from odb_nb.background import show
from odb_nb.bar import QUIET_FIRST_S, Bar
from odb_nb.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Report(Protocol):
    """``(done, total, note)``; `done` counts settled rows and never falls."""

    def __call__(self, done: int, total: int, note: str) -> object:
        """Called in the thread of the caller."""


Progress = Report | Literal[False] | None


@contextlib.contextmanager
def reporting(progress: Progress, what: str, *, quiet_s: float = QUIET_FIRST_S) -> Iterator[Report]:
    """A `Report` for use within the work: a bar once it has taken `quiet_s`, the caller's own function, or nothing."""
    if progress is None:
        with _bar(what, quiet_s) as report:
            yield _in_callers_thread(report)
    elif progress is False:
        yield _nothing
    elif callable(progress):
        yield _in_callers_thread(progress)
    else:
        raise InputError(f"progress={progress!r} must be None (a bar), False, or a callable (done, total, note)")


def _nothing(done: int, total: int, note: str) -> None:
    del done, total, note


def _in_callers_thread(report: Report) -> Report:
    most = 0

    def forward(done: int, total: int, note: str) -> None:
        nonlocal most
        most = done = max(most, done)
        show(lambda: report(done, total, note))

    return forward


@contextlib.contextmanager
def _bar(what: str, quiet_s: float) -> Iterator[Report]:
    if _in_notebook():
        bar = Bar(what, quiet_s=quiet_s)
        try:
            yield bar
        finally:
            bar.close()
    elif sys.stderr.isatty():
        with _terminal_bar(what, quiet_s) as report:
            yield report
    else:
        yield _nothing


@contextlib.contextmanager
def _terminal_bar(what: str, quiet_s: float) -> Iterator[Report]:
    from tqdm import tqdm

    with tqdm(desc=what, delay=quiet_s) as bar:

        def advance(done: int, total: int, note: str) -> None:
            bar.total = total
            bar.set_postfix_str(note, refresh=False)
            bar.update(done - bar.n)

        yield advance


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
