"""Where restored items go, and the tenant typed out where files may be replaced."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import ipywidgets

from odb_nb.palette import SOON
from odb_nb.plans import CONFLICTS
from odb_nb.widgets.form import BOX

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from odb_nb.client import BackupClient

_NEW, _IN_PLACE = "new", "inPlace"
_WAYS = [("A new folder in the drive", _NEW), ("In place, where each item was", _IN_PLACE)]
_RULES = {
    "fail": "leave what is there; the item fails",
    "replace": "replace what is there",
    "rename": "put it beside, under another name",
}
_ONLY_NEW = (
    "Graph v1.0 restores to a new folder only, which it makes and names. In place, and what to do about files that are "
    'there, are in beta: odb.connect(..., api_version="beta").'
)
_REPLACES = "This plan replaces files in the drive, which cannot be taken back."


class Destination:
    """Controls for what `plan_restore` takes.

    Attributes
    ----------
    way, conflict : ipywidgets widgets
        ``new`` or ``inPlace``; ``fail``, ``replace`` or ``rename``. Off where this version of Graph does not have them.
    confirm : ipywidgets.Text
        The tenant, typed out; shown for plans that replace files.
    view : ipywidgets.VBox
        The first two, and why they are off.
    """

    def __init__(self, on_change: Callable[[], object], on_confirm: Callable[[], object]) -> None:
        self._tenant = ""
        self._is_beta = False
        self.way = ipywidgets.RadioButtons(options=_WAYS, value=_NEW, disabled=True, layout={"width": "max-content"})
        self.conflict = ipywidgets.Dropdown(
            options=[(_RULES[rule], rule) for rule in CONFLICTS], value="fail", description="If it is there",
            style={"description_width": "initial"}, layout={"width": "26em"}, disabled=True,
        )  # fmt: skip
        self._why = ipywidgets.HTML()
        self._warning = ipywidgets.HTML(layout={"display": "none"})
        self.confirm = ipywidgets.Text(
            description="Tenant", placeholder="type it out to go on", style={"description_width": "initial"},
            layout={"width": "28em", "display": "none"},
        )  # fmt: skip
        self.view = ipywidgets.VBox([self.way, self.conflict, self._why])
        for control in (self.way, self.conflict):
            control.observe(lambda _: self.enable(is_idle=True), names="value")
            control.observe(lambda _: on_change(), names="value")
        self.confirm.observe(lambda _: on_confirm(), names="value")

    def offer(self, client: BackupClient) -> None:
        """What this client's version of Graph can do."""
        banner = client.banner
        self._is_beta = banner.api_version == "beta"
        self._tenant = banner.tenant or banner.host
        self._why.value = "" if self._is_beta else f"<em>{html.escape(_ONLY_NEW)}</em>"
        words = f"{html.escape(_REPLACES)} To go on, type the tenant: <code>{html.escape(self._tenant)}</code>"
        self._warning.value = f'<div style="{BOX.format(fill=SOON.fill, ink=SOON.ink, line=SOON.line)}">{words}</div>'
        self.enable(is_idle=True)

    @property
    def arguments(self) -> dict[str, str]:
        """Arguments of `plan_restore` for what is chosen; what is the default is left out."""
        chosen = {"destination": self.way.value, "conflict": self.conflict.value}
        defaults = {"destination": _NEW, "conflict": "fail"}
        return {name: value for name, value in chosen.items() if value != defaults[name]}

    def ask(self, plan: pd.DataFrame | None) -> bool:
        """Ask for the tenant if this plan replaces files; True if it may go on."""
        replaces = plan is not None and bool(
            (plan["destination"].eq(_IN_PLACE) & plan["conflict"].eq("replace")).fillna(False).any()
        )
        for control in self.asked:
            control.layout.display = "" if replaces else "none"
        return not replaces or self.confirm.value.strip().casefold() == self._tenant.casefold()

    @property
    def asked(self) -> tuple[Any, Any]:
        """What stands above the button that restores: a warning, and the field for the tenant."""
        return self._warning, self.confirm

    @property
    def confirmed(self) -> str | None:
        """What was typed, if anything."""
        return self.confirm.value.strip() or None

    def enable(self, *, is_idle: bool) -> None:
        """Let be chosen what there is, while nothing runs."""
        self.way.disabled = not (self._is_beta and is_idle)
        self.conflict.disabled = self.way.disabled or self.way.value != _IN_PLACE
