"""A device code, shown so that it can be clicked in a notebook and read anywhere else."""

from __future__ import annotations

import html
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def display(address: str, code: str, expires_on: datetime) -> None:
    """Show the code: as a link where there is a notebook, as a line on standard error elsewhere."""
    text = f"To sign in, open {address} and enter the code {code} (good until {expires_on:%H:%M} UTC)."
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
        shown = f'<a href="{html.escape(address, quote=True)}" target="_blank" rel="noopener noreferrer">{shown}</a>'
    return (
        f"<p>To sign in, open {shown} and enter the code <strong><code>{html.escape(code)}</code></strong> "
        f"(good until {expires_on:%H:%M} UTC).</p>"
    )
