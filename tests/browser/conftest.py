"""JupyterLab in a real Chromium: what the browser tests share.

Plain playwright with the system's Chromium, since pytest-playwright warns under pytest 9. Everything that Jupyter
writes goes to a temporary folder, and notebooks are opened as copies: JupyterLab saves on its own.
"""

from __future__ import annotations

import contextlib
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
RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"


@dataclass
class Lab:
    """A running JupyterLab and the folder that it serves."""

    port: int
    folder: Path

    def open(self, page, notebook):
        """Open a copy of a notebook of the repository and wait until its kernel answers."""
        shutil.copy(REPOSITORY / "notebooks" / notebook, self.folder)
        page.goto(f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?token={TOKEN}&reset")
        # "idle" is shown before there is a kernel, and cells that are run then do nothing, without a word
        page.wait_for_function(KERNEL_IS_CONNECTED, timeout=1000 * PATIENCE_S)
        page.evaluate(KERNEL_ANSWERS)

    def run_all(self, page):
        """Run all cells; comes back when the last one has run."""
        assert page.evaluate(RUN_ALL) is True


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


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("lab")
    port, log_path = _free_port(), tmp_path / "jupyter.log"
    folder = tmp_path / "work"
    folder.mkdir()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with log_path.open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=_environment(tmp_path), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        _wait_for_server(server, port, log_path)
        yield Lab(port, folder)
    finally:
        server.terminate()  # it ends its kernels
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def complaints():
    return Complaints()


@pytest.fixture(scope="module")
def page(complaints):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(CHROMIUM_OPTIONS))
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, device_scale_factor=2, color_scheme="light"
        )
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        complaints.watch(page)
        yield page
        browser.close()


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


def _wait_for_server(server, port, log_path):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            try:
                connection.request("GET", "/api/status", headers={"Authorization": f"token {TOKEN}"})
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log_path.read_text()[-3000:]}")
