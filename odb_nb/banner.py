"""What a client shows of itself: where it leads. Never a token."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

SANDBOX = "Sandbox: nothing here is real"
GRAPH = "Microsoft Graph"
SANDBOX_NOTE = "An imaginary Contoso on this machine; no tenant is reached, and waits are skipped by moving its clock."

_BOX = "border-left: 4px solid {colour}; padding: 0.4em 0.8em; margin: 0.3em 0"


@dataclass(frozen=True)
class Banner:
    """Host, version, tenant and account, for people; the sandbox is unmistakable."""

    is_sandbox: bool
    host: str
    api_version: str
    tenant: str | None
    account: str | None
    faults: int = 0  # on order in the sandbox

    @property
    def _facts(self) -> list[tuple[str, str]]:
        # said first, and only when there are any: who forgot them would take the errors for true
        faults = [("faults on:", f"{self.faults:,}")] if self.faults else []
        return [
            *faults,
            # the sandbox's port differs from run to run and tells nobody anything
            ("host", re.sub(r":\d+$", "", self.host) if self.is_sandbox else self.host),
            ("version", self.api_version),
            ("tenant", self.tenant or "not known yet"),
            ("account", self.account or "not known"),
        ]

    @property
    def text(self) -> str:
        """One line."""
        title = SANDBOX if self.is_sandbox else GRAPH
        return f"<BackupClient {title} | " + " | ".join(f"{name} {value}" for name, value in self._facts) + ">"

    @property
    def html(self) -> str:
        """A box that reads on light and dark themes: words first, colour only beside them."""
        title, note, colour = (SANDBOX, SANDBOX_NOTE, "#b26a00") if self.is_sandbox else (GRAPH, "", "#0f6cbd")
        facts = " · ".join(f"{name} <code>{html.escape(value)}</code>" for name, value in self._facts)
        lines = [f"<strong>{html.escape(title)}</strong>", facts, html.escape(note)]
        return f'<div style="{_BOX.format(colour=colour)}">' + "<br>".join(line for line in lines if line) + "</div>"
