"""Jupyter's servers and Chromium, for the browser tests and for the benchmark of the forms.

Everything that Jupyter writes goes to a temporary folder, and notebooks are opened as copies: JupyterLab saves on its
own.
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
from dataclasses import dataclass
from pathlib import Path

import nbformat

REPOSITORY = Path(__file__).resolve().parents[1]
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


@contextlib.contextmanager
def serving_lab(tmp_path):
    """A JupyterLab of its own, that keeps its files in `tmp_path`."""
    folder, port = tmp_path / "work", free_port()
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with serving(command, folder, port, "/api/status"):
        yield Lab(port, folder)


@contextlib.contextmanager
def serving(command, folder, port, path):
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


def chromium():
    """Where this machine has one, or None."""
    return next(filter(None, map(shutil.which, NAMES_OF_CHROMIUM)), None)


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


def free_port():
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
    raise RuntimeError(f"the server did not start:\n{log_path.read_text()[-3000:]}")
