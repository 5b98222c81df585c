"""A device code, shown so that it can be clicked in a notebook and read anywhere else."""

from __future__ import annotations

import contextlib
import html
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

_LINK = "text-decoration: underline"  # on a coloured ground JupyterLab's link looks like any other text
_CODE = "user-select: all; font-size: 1.2em"  # one click takes it whole

_shower: ContextVar[Callable[[str, str, datetime], object] | None] = ContextVar("odb_nb_code_shower", default=None)


@contextlib.contextmanager
def shown_by(shower: Callable[[str, str, datetime], object]) -> Iterator[None]:
    """Within, in this thread, codes are shown by `shower`: what is displayed in a form's thread would be lost."""
    token = _shower.set(shower)
    try:
        yield
    finally:
        _shower.reset(token)


def display(address: str, code: str, expires_on: datetime) -> None:
    """Show the code: as a link where there is a notebook, as a line on standard error elsewhere."""
    shower = _shower.get()
    if shower is not None:
        shower(address, code, expires_on)
        return
    seen, typed = _printable(address), _printable(code)
    text = f"To sign in, open {seen} and enter the code {typed} (good until {expires_on:%H:%M} UTC)."
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is not None:
        from IPython.display import display as show

        show({"text/plain": text, "text/html": as_html(address, code, expires_on)}, raw=True)  # type: ignore[no-untyped-call]
    else:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def as_html(address: str, code: str, expires_on: datetime) -> str:
    """The link and the code; an address that is not https is shown as text, never as a link."""
    shown = html.escape(address)
    if address.startswith("https://"):
        link = f'href="{html.escape(address, quote=True)}" target="_blank" rel="noopener noreferrer"'
        shown = f'<a {link} style="{_LINK}">{shown}</a>'
    return (
        f'<p>To sign in, open {shown} and enter the code <strong><code style="{_CODE}">{html.escape(code)}</code>'
        f"</strong> (good until {expires_on:%H:%M} UTC).</p>"
    )


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
