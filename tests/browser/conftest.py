"""JupyterLab and Voilà in a real Chromium: what the browser tests share.

Plain playwright with the system's Chromium, since pytest-playwright warns under pytest 9. Everything that Jupyter
writes goes to a temporary folder, and notebooks are opened as copies: JupyterLab saves on its own.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SCREENSHOTS = REPOSITORY / "build" / "screenshots"
NAMES_OF_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TOKEN = "browser-test"
PATIENCE_S = 60
CHROMIUM_OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
# without it a pop-up asks whether to fetch news from the network
NO_NEWS = {"fetchNews": "false", "checkForUpdates": False}

KERNEL_IS_CONNECTED = (
    "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.connectionStatus === 'connected'"
)
KERNEL_ANSWERS = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.info }"
RESTART = """async () => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    await kernel.restart();
    await kernel.info;
}"""
ASK = """async code => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false});
    let printed = "";
    future.onIOPub = message => { printed += message.content.text ?? message.content.evalue ?? "" };
    await future.done;
    return printed;
}"""
RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"


@dataclass
class Lab:
    """A running JupyterLab and the folder that it serves."""

    port: int
    folder: Path

    def write(self, name, *sources):
        """A notebook of the test's own."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        nbformat.write(notebook, self.folder / name)
        return name

    def open(self, page, notebook):
        """Open a notebook, a fresh copy if the repository has it, and wait until its kernel answers."""
        if (REPOSITORY / "notebooks" / notebook).exists():
            shutil.copy(REPOSITORY / "notebooks" / notebook, self.folder)
        page.goto(f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?token={TOKEN}&reset")
        # "idle" is shown before there is a kernel, and cells that are run then do nothing, without a word
        page.wait_for_function(KERNEL_IS_CONNECTED, timeout=1000 * PATIENCE_S)
        page.evaluate(KERNEL_ANSWERS)

    def run_all(self, page):
        """Run all cells; comes back when the last one has run."""
        assert page.evaluate(RUN_ALL) is True

    def show(self, page, *sources, name="form.ipynb"):
        """A notebook of these cells, opened and run, without the side bar."""
        self.open(page, self.write(name, *sources))
        page.evaluate("window.jupyterapp.shell.collapseLeft()")
        self.run_all(page)

    def dark(self, page):
        """JupyterLab's dark theme."""
        page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
        page.locator("body[data-jp-theme-light='false']").wait_for(state="attached")

    def light(self, page):
        """And back: the server keeps the choice."""
        page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})")
        page.locator("body[data-jp-theme-light='true']").wait_for(state="attached")

    def restart(self, page):
        """Another kernel in the place of this one."""
        page.evaluate(RESTART)

    def python(self, page, expression):
        """What an expression is in the notebook's kernel, as it prints."""
        return page.evaluate(ASK, f"print({expression})").strip()


@dataclass
class Complaints:
    """What a page did that it should not."""

    console: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def watch(self, page):
        page.on("console", lambda message: self.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self._look_at(request.url))

    def _look_at(self, url):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.outside.append(url)


@dataclass
class Voila:
    """A running Voilà and the folder whose notebooks it shows."""

    port: int
    folder: Path

    def open(self, page, notebook):
        """Show a notebook as a page."""
        page.goto(f"http://127.0.0.1:{self.port}/voila/render/{notebook}")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("lab")
    folder, port = tmp_path / "work", _free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with _serving(command, folder, port, "/api/status"):
        yield Lab(port, folder)


@pytest.fixture(scope="session")
def voila(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("voila")
    folder, port = tmp_path / "work", _free_port()
    command = [
        sys.executable, "-m", "voila", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1",
        "--MappingKernelManager.cull_idle_timeout=60", "--MappingKernelManager.cull_interval=10", str(folder),
    ]  # fmt: skip
    with _serving(command, folder, port, "/"):
        yield Voila(port, folder)


@contextlib.contextmanager
def _serving(command, folder, port, path):
    """A server that runs in `folder`, with all that Jupyter writes beside it."""
    folder.mkdir()
    log_path = folder.parent / "server.log"
    with log_path.open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=_environment(folder.parent), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        _wait_for_server(server, port, path, log_path)
        yield
    finally:
        server.terminate()  # it ends its kernels
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")  # playwright's event loop runs in this thread until then
def browser():
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE_S / 2)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=_chromium(), args=list(CHROMIUM_OPTIONS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def new_page(browser):
    """Opens a page in a profile of its own, of a size that notebooks are read at, and what it complained of."""

    @contextlib.contextmanager
    def open_page():
        viewport = {"width": 1280, "height": 900}
        context = browser.new_context(viewport=viewport, device_scale_factor=2, color_scheme="light")
        page, complaints = context.new_page(), Complaints()
        page.set_default_timeout(1000 * PATIENCE_S)
        complaints.watch(page)
        yield page, complaints
        context.close()

    return open_page


@pytest.fixture
def watched(new_page):
    with new_page() as opened:
        yield opened


@pytest.fixture
def page(watched):
    return watched[0]


@pytest.fixture
def complaints(watched):
    return watched[1]


@pytest.fixture
def show(lab, page):
    """Shows a notebook of these cells, run; its kernel ends with the test."""
    yield functools.partial(lab.show, page)
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


@pytest.fixture
def repository():
    return REPOSITORY


@pytest.fixture
def screenshots():
    """Where pictures go: read them after a run."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS


def _chromium():
    found = next(filter(None, map(shutil.which, NAMES_OF_CHROMIUM)), None)
    if found is None:
        reason = f"no Chromium on this machine (looked for {', '.join(NAMES_OF_CHROMIUM)})"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return found


def _environment(tmp_path):
    """The test's own, with every folder that Jupyter and its kernels write to inside `tmp_path`."""
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS))
    names = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "IPYTHONDIR",
        "XDG_DATA_HOME",
    )
    folders = {name: str(tmp_path / name.lower()) for name in names}
    return {**os.environ, **folders, "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings")}


def _free_port():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]


def _wait_for_server(server, port, path, log_path):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            try:
                connection.request("GET", path, headers={"Authorization": f"token {TOKEN}"})
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
        time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log_path.read_text()[-3000:]}")
