"""Words for the user beside a result: warnings in a cell or a script, lines of its own in a form.

`warnings` cannot be caught per thread, and what a form's worker warns of would be lost on the kernel's standard error.
"""

from __future__ import annotations

import contextlib
import inspect
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PACKAGE = __name__.partition(".")[0]

_listener: ContextVar[Callable[[str], object] | None] = ContextVar("odb_nb_listener", default=None)


def notify(words: str) -> None:
    """Say something to whoever called us; a warning names their line, however deep in here it is said."""
    listener = _listener.get()
    if listener is not None:
        listener(words)
    else:
        warnings.warn(words, UserWarning, stacklevel=_frames_of_ours() + 1)


def _frames_of_ours() -> int:
    """How many frames up from `notify` are this package's. (`warnings` can skip them from Python 3.12 on.)"""
    frame, count = inspect.currentframe(), -1  # this one is not of `notify`'s stack
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame, count = frame.f_back, count + 1
    return count


@contextlib.contextmanager
def heard_by(listener: Callable[[str], object]) -> Iterator[None]:
    """Within, in this thread, `listener` gets the words."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
