"""The front door: nothing leaves by accident, and coming in is cheap."""

from __future__ import annotations

import subprocess
import sys

import odb_nb as odb


def test_all_is_sorted_and_complete():
    public = {
        name for name, value in vars(odb).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("odb_nb")
    }  # fmt: skip
    assert odb.__all__ == sorted(odb.__all__)
    assert public | {"BackupClient"} == set(odb.__all__)


def test_every_exported_name_can_be_had():
    assert all(getattr(odb, name) is not None for name in odb.__all__)


def test_importing_brings_nothing_heavy_along():
    heavy = ("msgraph", "azure", "kiota_http", "httpx", "ipywidgets", "tornado", "asyncio", "sqlite3", "tqdm")
    heavy += ("matplotlib", "itables", "IPython")
    code = f"import sys, odb_nb; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
