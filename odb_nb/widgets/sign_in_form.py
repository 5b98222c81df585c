"""Sign in by clicking: how, to which tenant, as which app; ends with a client."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING, Any

import ipywidgets

from odb_nb.arguments import one_of
from odb_nb.auth import check_client, check_tenant, choose_way
from odb_nb.banner import GRAPH, SANDBOX, SANDBOX_NOTE
from odb_nb.connect import API_VERSIONS, connect
from odb_nb.errors import InputError
from odb_nb.palette import look_of
from odb_nb.widgets.form import Form, button, in_words
from odb_nb.widgets.snippets import call as arguments_of_call
from odb_nb.widgets.ways import WAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from odb_nb.client import BackupClient
    from odb_nb.sandbox import Sandbox

_BORDER = "border-left: 4px solid {colour}; padding: 0.2em 0.8em; margin: 0.2em 0; line-height: 1.5"
_ORANGE, _BLUE = "#b26a00", "#0f6cbd"  # the banner's
_LABELS = {"description_width": "7.5em"}
_CHECKS: dict[str, Callable[[str, str | None], str | None]] = {"tenant_id": check_tenant, "client_id": check_client}
_WIDTH = {"width": "44em", "max_width": "100%"}


class SignInForm(Form):
    """Sign in by clicking; other forms take it in place of a client.

    Parameters
    ----------
    auth : str, optional
        What is chosen at first, as for `connect`; None reads ``ODB_NB_AUTH``.
    tenant_id, client_id : str, optional
        What the controls hold at first. A way of signing in that does not use them leaves them aside.
    api_version : {"v1.0", "beta"}
        Version of Graph.
    journal, base_url, sandbox : optional
        As for `connect`; they have no controls.

    Attributes
    ----------
    auth, api_version : ipywidgets.Dropdown
        How to sign in, and the version of Graph.
    tenant_id, client_id : ipywidgets.Text
        Shown where they are used. There is no control for a secret: what controls hold can end up in saved notebooks.
    sign_in : ipywidgets.Button
        Signs in.
    client : BackupClient or None
        Signed in. It is yours to close: closing the form leaves it open.
    result : DataFrame or None
        What `check_permissions` said of it.

    Raises
    ------
    InputError
        An argument cannot be used, said when the form is made.

    Examples
    --------
    >>> from odb_nb.widgets import SignInForm
    >>> form = SignInForm()
    >>> form.sign_in.click()
    >>> form.wait().client.banner.is_sandbox
    True
    >>> form.close()
    >>> form.client.close()
    """

    title = "Sign in"

    def __init__(
        self,
        auth: str | None = "sandbox",
        *,
        tenant_id: str | None = None,
        client_id: str | None = None,
        api_version: str = "v1.0",
        journal: str | os.PathLike[str] | None = None,
        base_url: str | None = None,
        sandbox: Sandbox | None = None,
    ) -> None:
        way = choose_way(auth, None)
        tenant_id = check_tenant("tenant_id", _stripped("tenant_id", tenant_id))
        client_id = check_client("client_id", _stripped("client_id", client_id))
        one_of(api_version, API_VERSIONS, "api_version")
        super().__init__()
        self._given = {"base_url": base_url, "journal": None if journal is None else os.fspath(journal)}
        self._sandbox = sandbox
        self._permissions: pd.DataFrame | None = None
        self._calls: list[Callable[[BackupClient], object]] = []
        self._make_controls(way, tenant_id or "", client_id or "", api_version)
        self._show_way()

    def _make_controls(self, way: str, tenant_id: str, client_id: str, api_version: str) -> None:
        self.auth = ipywidgets.Dropdown(
            options=[(known.label, name) for name, known in WAYS.items()],
            value=way,
            description="Sign in by",
            tooltip="How to sign in; the sandbox is not real and needs nothing",
            layout=_WIDTH,
            style=_LABELS,
        )
        self.tenant_id = _id("Tenant", "The tenant whose backups you look after: GUID or domain", tenant_id)
        self.client_id = _id("Client ID", "Application (client) ID: a GUID; never a secret", client_id)
        self.api_version = ipywidgets.Dropdown(
            options=list(API_VERSIONS),
            value=api_version,
            description="Graph version",
            tooltip="Version of Microsoft Graph",
            layout=_WIDTH,
            style=_LABELS,
        )
        self.sign_in = button("Sign in", "Sign in and see what you may do", style="primary", icon="sign-in")
        self.sign_in.on_click(lambda _: self._click())
        self.auth.observe(lambda _: self._show_way(), names="value")
        self._about = ipywidgets.HTML()
        self._busy_controls += [self.auth, self.tenant_id, self.client_id, self.api_version, self.sign_in]
        self.view.children = [
            self.auth,
            self._about,
            self.tenant_id,
            self.client_id,
            self.api_version,
            ipywidgets.HBox([self.sign_in, self.cancel]),
            self.message,
        ]

    @property
    def result(self) -> pd.DataFrame | None:
        """One row per permission that the toolkit uses, as `check_permissions` gives it; None before signing in."""
        return self._permissions

    def when_signed_in(self, call: Callable[[BackupClient], object]) -> None:
        """Have `call` run with the client: now if there is one, else in the form's own thread when there is.

        What `call` raises then is shown in this form, and raised by `wait`; it does not undo the sign-in.

        Parameters
        ----------
        call : callable
            Takes the `BackupClient`.

        Raises
        ------
        InputError
            The form was closed before anybody signed in.
        """
        with self._guard:
            if self.client is None:
                if self._is_closed:
                    raise InputError("this form was closed before anybody signed in; make a new one")
                self._calls.append(call)
                return
        call(self.client)

    def code(self) -> str:
        """The `connect` that does the same; with a sandbox of your own it is called ``sandbox``."""
        arguments = {name: value for name, value in self._arguments().items() if _can_be(name, value)}
        own = ", sandbox=sandbox" if arguments.pop("sandbox", None) else ""
        line = f'client = odb.connect("{arguments.pop("auth")}"{arguments_of_call(**arguments)}{own})'
        return f"import odb_nb as odb\n{line}\nclient"

    def still(self) -> tuple[str, str]:
        """Which way, which tenant, and who has signed in; no token, no code, nothing that is not an id."""
        if self.client is not None:
            banner, facts = self.client.banner, ["Signed in.", *self._said_of_permissions()]
            return banner.html + "<br>".join(map(html.escape, facts)), "\n".join([banner.text, *facts])
        facts = [f"{self.title}: {WAYS[self.auth.value].label}", f"version {self.api_version.value}"]
        try:
            tenant_id = self._arguments().get("tenant_id")
            facts += [f"tenant {check_tenant('tenant_id', tenant_id)}"] if tenant_id else []
        except InputError:
            facts.append("the tenant cannot be used")
        facts.append("not signed in")
        about = "" if self.auth.value != "sandbox" else f"<br>{html.escape(SANDBOX_NOTE)}"
        return " · ".join(map(html.escape, facts)) + about, " | ".join(facts)

    def _arguments(self) -> dict[str, Any]:
        """Arguments of `connect` for what is chosen."""
        way = WAYS[self.auth.value]
        ids = {
            "tenant_id": self.tenant_id.value.strip() if way.tenant_hint else "",
            "client_id": self.client_id.value.strip() if way.client_hint else "",
        }
        arguments: dict[str, Any] = {"auth": self.auth.value, **ids, **self._given}
        if self.api_version.value != API_VERSIONS[0]:
            arguments["api_version"] = self.api_version.value
        if self.auth.value == "sandbox":
            arguments["sandbox"] = self._sandbox
        return {name: value for name, value in arguments.items() if value}

    def _show_way(self) -> None:
        """The line under the choice, and the ids that it uses."""
        way = WAYS[self.auth.value]
        is_sandbox = self.auth.value == "sandbox"
        title = SANDBOX if is_sandbox else f"{GRAPH}: a real tenant"
        style = _BORDER.format(colour=_ORANGE if is_sandbox else _BLUE)
        words = f"<strong>{html.escape(title)}</strong><br>{html.escape(way.needs)}"
        self._about.value = f'<div role="status" style="{style}">{words}</div>'
        tenant_id = _from_variable("AZURE_TENANT_ID", check_tenant) if way.reads_variables else ""
        client_id = _from_variable("AZURE_CLIENT_ID", check_client) if way.reads_variables else ""
        for control, hint, found in (
            (self.tenant_id, way.tenant_hint, tenant_id),
            (self.client_id, way.client_hint, client_id),
        ):
            control.layout.display = "none" if hint is None else ""
            control.placeholder = found or hint or ""

    def _click(self) -> None:
        with self._guard:  # a second click must not find the first one's client half there
            if self.client is None:
                in_browser = self.auth.value == "browser"
                self._start("Signing in …" + in_browser * " Go on in the browser window that opens.", self._sign_in)

    def _sign_in(self) -> None:
        arguments = self._arguments()
        for name in _CHECKS:  # may be a secret in the wrong place, and what controls hold gets into saved notebooks
            control = getattr(self, name)
            control.value = control.value if _can_be(name, control.value.strip()) else ""
        client = connect(**arguments)
        try:
            permissions = client.check_permissions()
        except BaseException:
            client.close()
            raise
        with self._guard:
            if self._is_closed:  # nobody would know of it
                client.close()
                return
            self.client, self._permissions = client, permissions
            calls, self._calls = self._calls, []
        self._busy_controls.clear()  # they stay disabled: the client is for this tenant
        self._about.value = f'<div style="line-height: 1.5">{client.banner.html}</div>'
        self._tell()
        self._call_back(calls, client)

    def _tell(self) -> None:
        lines = self._said_of_permissions()
        is_missing = self._permissions is not None and self._permissions["state"].eq("missing").any()
        words = "\n".join(["Signed in. For another tenant, make a new form.", *lines])
        if is_missing:
            self.say(words, look_of("failed"))
        elif lines:
            self.say(words, look_of("unknown"))
        else:
            self.say_well(words)

    def _said_of_permissions(self) -> list[str]:
        """What is missing or not known, what for, and who grants it; nothing where all is there."""
        if self._permissions is None:
            return []
        said = {"missing": "Missing: {}. To be granted by {}; then sign in again, in a new form.",
                "unknown": "Not known whether granted: {}. Granted by {}."}  # fmt: skip
        lines = []
        for state, words in said.items():
            rows = self._permissions[self._permissions["state"] == state]
            for granted_by, group in rows.groupby("granted_by", sort=False):
                needs = [f"{row.permission} (for {row.needed_for})" for row in group.itertuples()]
                lines.append(words.format("; ".join(needs), granted_by))
        return lines

    def _call_back(self, calls: list[Callable[[BackupClient], object]], client: BackupClient) -> None:
        """Tell who waits for the client; what goes wrong there is said here, and keeps none of them from the others."""
        failures = []
        for call in calls:
            try:
                call(client)
            except Exception as exc:  # noqa: BLE001  # whatever it is, the user must see it
                failures.append(exc)
        if failures:
            self._error = failures[0].with_traceback(None)
            said = "\n".join(map(in_words, failures))
            self.say(f"Signed in, but what was to follow failed.\n{said}", look_of("failed"))

    def _cancelled(self) -> None:
        if self.client is None:
            self.say("Cancelled; nobody is signed in.", look_of("unknown"))
        else:
            self.say("Signed in; what was to follow was cancelled.", look_of("unknown"))


def _can_be(name: str, value: Any) -> bool:
    """False for an id that cannot be one."""
    try:
        return name not in _CHECKS or _CHECKS[name](name, value) == (value or None)
    except InputError:
        return False


def _id(description: str, tooltip: str, value: str) -> Any:
    return ipywidgets.Text(value=value, description=description, tooltip=tooltip, layout=_WIDTH, style=_LABELS)


def _from_variable(name: str, check: Callable[[str, str | None], str | None]) -> str:
    """What a variable holds, for people; nothing where it is not set."""
    try:
        given = check(name, os.environ.get(name))
    except InputError:  # not repeated: it may be a secret in the wrong place
        return f"{name} is set, but cannot be used"
    return f"{given} (from {name})" if given else ""


def _stripped(name: str, given: object) -> str | None:
    if given is not None and not isinstance(given, str):
        raise InputError(f"{name} is text, not a {type(given).__name__}")
    return given.strip() if given is not None else None
