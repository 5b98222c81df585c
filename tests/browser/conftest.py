"""JupyterLab and Voilà in a real Chromium: what the browser tests share.

Plain playwright with the system's Chromium, since pytest-playwright warns under pytest 9. The servers are started in
`notebook_servers`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from notebook_servers import (
    CHROMIUM_OPTIONS,
    NAMES_OF_CHROMIUM,
    PATIENCE_S,
    REPOSITORY,
    chromium,
    free_port,
    serving,
    serving_lab,
)

if TYPE_CHECKING:
    from pathlib import Path

SCREENSHOTS = REPOSITORY / "build" / "screenshots"


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
    with serving_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def voila(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("voila")
    folder, port = tmp_path / "work", free_port()
    command = [
        sys.executable, "-m", "voila", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1",
        "--MappingKernelManager.cull_idle_timeout=60", "--MappingKernelManager.cull_interval=10", str(folder),
    ]  # fmt: skip
    with serving(command, folder, port, "/"):
        yield Voila(port, folder)


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
    found = chromium()
    if found is None:
        reason = f"no Chromium on this machine (looked for {', '.join(NAMES_OF_CHROMIUM)})"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return found
