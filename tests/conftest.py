"""What every test starts from: no sign-in settings of the machine, and a data folder of its own."""

from __future__ import annotations

import os
import signal
import threading

import entra
import pytest

import odb_nb as odb
from odb_nb.background import Background
from odb_nb.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith(("ODB_NB_", "AZURE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def no_thread_stays():
    before = set(threading.enumerate())
    yield
    assert {thread for thread in threading.enumerate() if thread.is_alive()} <= before


@pytest.fixture
def interruptible():
    """A shell starts what runs in its background with interrupts ignored, and so may the gate."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def background():
    async def nothing():
        pass

    opened = Background()
    yield opened
    opened.close(nothing)


@pytest.fixture(scope="module")
def _entra(tmp_path_factory):
    with entra.serve(tmp_path_factory.mktemp("entra")) as running:
        yield running


@pytest.fixture
def directory(_entra, monkeypatch):
    """The fake Entra ID in its first state, reached by the variables that users set."""
    fresh = entra.Entra(_entra.url, _entra.ca_file)
    _entra.__dict__.update(fresh.__dict__)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", _entra.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(_entra.ca_file))
    return _entra


@pytest.fixture
def sandbox():
    with Sandbox() as started:
        yield started


@pytest.fixture
def client(sandbox):
    with odb.connect(sandbox=sandbox) as connected:
        yield connected


@pytest.fixture
def plain_drives(sandbox):
    """Ids of twelve drives with nothing odd about them."""
    return [drive.id for drive in sandbox.drives if drive.special is None][:12]


@pytest.fixture
def points(client, plain_drives):
    """The newest fast point of each of them."""
    client.list_drives()
    return client.list_restore_points(plain_drives, start="2026-11-20", limit=1)
