"""Words for the user beside a result: warnings in a cell or a script, lines of its own in a form.

`warnings` cannot be caught per thread, and what a form's worker warns of would be lost on the kernel's standard error.
"""

from __future__ import annotations

import contextlib
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_listener: ContextVar[Callable[[str], object] | None] = ContextVar("odb_nb_listener", default=None)


def notify(words: str, *, stacklevel: int) -> None:
    """Say something to whoever called; `stacklevel` as for `warnings.warn`, from the line that calls this."""
    listener = _listener.get()
    if listener is not None:
        listener(words)
    else:
        warnings.warn(words, UserWarning, stacklevel=stacklevel + 1)


@contextlib.contextmanager
def heard_by(listener: Callable[[str], object]) -> Iterator[None]:
    """Within, in this thread, `listener` gets the words."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
