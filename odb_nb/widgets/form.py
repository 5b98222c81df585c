"""What all forms share: a view, one worker, a line that says what happens, and a still picture of it all."""

from __future__ import annotations

import html
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets

from odb_nb.device_code import as_html, shown_by
from odb_nb.errors import InputError, OdbError
from odb_nb.notices import heard_by
from odb_nb.palette import look_of
from odb_nb.widgets.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from typing import Self

    import pandas as pd

    from odb_nb.client import BackupClient
    from odb_nb.palette import Look

# the still picture shows only where the form does not: in a saved notebook without its kernel, or on a web page
_LIVE, _STILL = "odb-nb-live", "odb-nb-still"
_HIDE_STILL = f"<style>.jp-OutputArea:has(.{_LIVE}) > .jp-OutputArea-child:has(.{_STILL}) {{display: none}}</style>"
_STILL_AFTER_S = 5.0
BOX = (
    "background: {fill}; color: {ink}; border-left: 4px solid {line}; padding: 0.3em 0.8em; margin: 0.2em 0; "
    "line-height: 1.5"  # a widget's own is that of a button
)

_NEUTRAL, _WELL, _BADLY, _ODDLY = (look_of(word) for word in ("planned", "created", "failed", "unknown"))


class Form:
    """A view of ipywidgets over a client: each button is one job on one worker, and what goes wrong is shown here.

    Attributes
    ----------
    view : ipywidgets.VBox
        The whole form.
    message : ipywidgets.HTML
        What happens or went wrong, in words.
    cancel : ipywidgets.Button
        Ends the work that runs; what is done by then is kept.
    client : BackupClient or None
        None until somebody has signed in.
    """

    title = "Form"

    def __init__(self) -> None:
        self.client: BackupClient | None = None
        self.message = ipywidgets.HTML()
        self.message.add_class("odb-nb-message")
        self.cancel = button("Cancel", "Stop what runs; what is done by then is kept", icon="stop")
        self.cancel.disabled = True
        self.cancel.on_click(lambda _: self._cancel())
        self.view = ipywidgets.VBox()
        self.view.add_class(_LIVE)
        self._worker = Worker()
        self._guard = threading.RLock()
        self._is_at_work = False
        self._said: tuple[str, Look] | None = None
        self._busy_controls: list[Any] = []
        self._notices: list[str] = []
        self._error: BaseException | None = None
        self._still: Any = None
        self._is_closed = False

    @property
    def result(self) -> pd.DataFrame | None:
        """The frame that the form has come to; None before there is one."""
        raise NotImplementedError

    def code(self) -> str:
        """Python that does the same as the form in its present state."""
        raise NotImplementedError

    def still(self) -> tuple[str, str]:
        """The form's state as HTML and as plain text, for where there is no kernel."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> Self:
        """This form, when what runs has ended; for notebooks that run without anybody clicking.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Raises
        ------
        OdbError
            What the work ended with; the form shows it too.
        TimeoutError
            It still runs; it is not cancelled.
        """
        try:
            if not self._worker.wait(timeout):
                raise TimeoutError(f"{self.title}: still at work after {timeout} s")
        except KeyboardInterrupt:
            self._worker.cancel()
            raise
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self

    def close(self) -> None:
        """End the work, the thread and all widgets of this form; its `result` stays. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._worker.close()
        free(self.view)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return self.still()[1]

    def _ipython_display_(self) -> None:
        """The live form, and under it the still picture, which hides while the form lives."""
        from IPython.display import DisplayHandle, display

        if self._is_closed:
            display(self._still_bundle(), raw=True)  # type: ignore[no-untyped-call]
            return
        live = {**self.view._repr_mimebundle_(), "text/plain": f"{self.title}:"}
        display(live, raw=True)  # type: ignore[no-untyped-call]
        self._worker.wait(_STILL_AFTER_S)  # the form is on the screen; what it is at soon has something to show
        self._still = self._still or DisplayHandle()  # type: ignore[no-untyped-call]
        self._still.display(self._still_bundle(), raw=True)

    def _still_bundle(self) -> dict[str, str]:
        as_page, as_text = self.still()
        # JupyterLab would set "$1 and $2" as a formula
        still = f'<div class="{_STILL} mathjax_ignore tex2jax_ignore">{as_page}</div>'
        return {"text/html": f"{_HIDE_STILL}{still}", "text/plain": as_text}

    def _start(self, doing: str, job: Callable[[], object]) -> bool:
        """Run `job` on the worker; False if one runs already."""
        with self._guard:
            is_started = self._worker.start(lambda: self._run(doing, job))
            self._is_at_work |= is_started
        return is_started

    def _run(self, doing: str, job: Callable[[], object]) -> None:
        self._error = None
        self._notices = []
        self._enable(False)
        self.say(doing)
        try:
            self._attempt(job)
            self._update_still()
        finally:
            self._enable(True)

    def _attempt(self, job: Callable[[], object]) -> None:
        try:
            with shown_by(self._show_code), heard_by(self._notice):
                job()
        except KeyboardInterrupt:
            self._cancelled()
        except Exception as exc:  # noqa: BLE001  # whatever it is, the user must see it
            self._failed(exc)

    def _do_at_once(self, job: Callable[[], object]) -> None:
        """Do what needs no service in the thread of the click; nothing while the worker is at work."""
        with self._guard:
            if self._is_at_work or self._is_closed:
                return
            self._error = None
            self._notices = []
        self._attempt(job)
        self._update_still()

    def _enable(self, is_idle: bool) -> None:
        if self._is_closed:
            return
        with self._guard:
            self._is_at_work = not is_idle
            if is_idle and self._said is not None:
                self._show(*self._said)  # a cancel that came too late leaves no trace
        self.cancel.disabled = is_idle
        for control in self._busy_controls:
            control.disabled = not is_idle

    def _cancel(self) -> None:
        with self._guard:
            if self._is_at_work:  # a click may be on its way while the work ends
                self._show("Cancelling; what is done by now is kept …", _NEUTRAL)
                self._worker.cancel()

    def _cancelled(self) -> None:
        self.say("Cancelled.", _ODDLY)

    def _failed(self, exc: Exception) -> None:
        self._error = exc.with_traceback(None)  # frames would keep what they hold alive
        self.say(in_words(exc), _BADLY)

    def _notice(self, words: str) -> None:
        if words not in self._notices:  # rows that are looked at while they grow say the same again
            self._notices.append(words)

    def _show_code(self, address: str, code: str, expires_on: datetime) -> None:
        self._put(as_html(address, code, expires_on) + "Waiting until that is done; then it goes on here.", _ODDLY)

    def say(self, words: str, look: Look = _NEUTRAL) -> None:
        """Put plain words into the form's message line."""
        lines = [*words.splitlines(), *(f"Note: {notice}" for notice in self._notices)]
        self._put("<br>".join(html.escape(line) for line in lines), look)

    def say_well(self, words: str) -> None:
        """The same for work that ended well."""
        self.say(words, _ODDLY if self._notices else _WELL)

    def _put(self, as_page: str, look: Look) -> None:
        self._said = (as_page, look)
        self._show(as_page, look)

    def _show(self, as_page: str, look: Look) -> None:
        if not self._is_closed:
            role = "alert" if look is _BADLY else "status"
            style = BOX.format(fill=look.fill, ink=look.ink, line=look.line)
            self.message.value = f'<div role="{role}" style="{style}">{as_page}</div>'

    def _update_still(self) -> None:
        if self._still is not None:
            self._still.update(self._still_bundle(), raw=True)

    def _use(self, given: Any) -> None:
        """Work with this client, or with the one that a `SignInForm` comes to; `_connected` says that it is there."""
        if hasattr(given, "when_signed_in"):
            self.say("Sign in first.")
            given.when_signed_in(self._take)
        elif hasattr(given, "list_restore_points"):
            self._take(given)
        else:
            raise InputError(f"expected a client from odb_nb.connect, or a SignInForm; got a {type(given).__name__}")

    def _take(self, client: BackupClient) -> None:
        self.client = client
        self._connected(client)

    def _connected(self, client: BackupClient) -> None:
        """There is a client now; called once, in the constructor or later in another thread."""

    def _signed_in(self) -> BackupClient:
        if self.client is None:
            raise InputError("not signed in yet; sign in first")
        return self.client


def button(description: str, tooltip: str, *, style: str = "", icon: str = "") -> Any:
    """A button as wide as its words."""
    layout = ipywidgets.Layout(width="max-content")
    return ipywidgets.Button(description=description, tooltip=tooltip, button_style=style, icon=icon, layout=layout)


def heading(words: str) -> Any:
    """A line that stands above what it names."""
    return ipywidgets.HTML(f"<strong>{html.escape(words)}</strong>")


def bullets(words: str, lines: Sequence[str]) -> str:
    """A heading with a list below it, as HTML; nothing where there are no lines."""
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f"<strong>{html.escape(words)}</strong><ul>{items}</ul>" if lines else ""


def on_enter(text: Any, call: Callable[[], object]) -> None:
    """Have `call` run when Enter is pressed in a text field. (`Text.on_submit` is deprecated.)"""
    text.on_msg(lambda _, content, __: call() if content.get("event") == "submit" else None)


def named(names: Sequence[str], *, most: int = 5) -> str:
    """The first few of them."""
    more = len(names) - most
    return ", ".join(map(str, names[:most])) + (f" and {more:,} more" if more > 0 else "")


def in_words(exc: BaseException) -> str:
    """An error for people: its words, and the ids that support asks for."""
    if not isinstance(exc, OdbError):
        return f"Unexpected {type(exc).__name__}: {exc}. This is a defect of odb_nb; please report it."
    request_id = getattr(exc, "request_id", None)
    return f"{exc}" + (f" (request id {request_id})" if request_id and request_id not in str(exc) else "")


def free(widget: Any) -> None:
    """Close a widget and all that it holds."""
    for part in _all_within(widget):
        part.close()


def _all_within(widget: Any) -> Sequence[Any]:
    """The widget and all that it holds, with their layouts and styles."""
    found = [widget]
    for child in getattr(widget, "children", ()):
        found += _all_within(child)
    found += [
        part for name in ("layout", "style") if isinstance(part := getattr(widget, name, None), ipywidgets.Widget)
    ]
    return found
