"""Who may import whom: each room looks up the list only, and foreign packages stay where they are named."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import odb_nb

PACKAGE = Path(odb_nb.__file__).parent

# from the top down; a room may import from those above it, and within its own line
ROOMS = [
    {"errors"},
    {"notices", "palette", "words"},
    {
        "paths",
        "columns",
        "tables",
        "arguments",
        "journal",
        "journal_file",
        "auth",
        "credential",
        "entra_errors",
        "permissions",
        "pacing",
        "replies",
    },
    {"http_client", "transport", "background"},
    {"bar", "progress", "device_code", "banner", "memory", "plans", "checks", "bisection"},
    {"analysis", "rendering", "styles", "plots", "csv_text", "page", "export", "report", "whole_file"},
    {"pairing", "comparing", "histories", "journals", "listings", "stand_ins", "masking"},
    {"operations"},
    {"frames"},
    {"client"},
    {"runbook"},
    {"connect"},
    {"widgets"},
    {"__init__"},
]
FOREIGN = {
    "pandas": {
        "columns",
        "arguments",
        "frames",
        "plans",
        "memory",
        "client",
        "analysis",
        "words",
        "styles",
        "plots",
        "export",
        "pairing",
        "comparing",
        "histories",
        "listings",
        "masking",
        "report",
        "runbook",
        "widgets",
    },
    "matplotlib": {"plots"},
    "pyarrow": {"export", "listings"},
    "sqlite3": {"journal_file"},
    "platformdirs": {"journal"},
    "filelock": {"journal_file"},
    "azure": {"auth", "credential", "entra_errors", "connect"},
    "msgraph": {"transport", "http_client", "operations"},
    "msgraph_core": {"http_client"},
    "kiota_abstractions": {"transport", "http_client", "operations"},
    "kiota_authentication_azure": {"transport"},
    "kiota_http": {"transport", "http_client"},
    "httpx": {"transport", "http_client", "replies"},
    "tornado": {"sandbox"},
    "tqdm": {"progress"},
    "IPython": {"bar", "device_code", "widgets"},
    "ipywidgets": {"widgets"},
    "itables": {"widgets"},
}


def room_of(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imports_of(path):
    """Modules imported when the code runs; what only types need is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "odb_nb":
            yield from (f"odb_nb.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


MODULES = [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in sorted(PACKAGE.rglob("*.py"))]


def rank(room):
    return next(number for number, rooms in enumerate(ROOMS) if room in rooms)


@pytest.mark.parametrize("path", MODULES)
def test_a_module_imports_from_its_own_rooms_only(path):
    room = room_of(path)
    for name in imports_of(path):
        package, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if package != "odb_nb":
            assert room in FOREIGN.get(package, {room}), f"{room} imports {name}"
        elif room == "sandbox":
            assert target in ("errors", "sandbox"), f"the sandbox imports {name}"
        elif target == "sandbox":
            assert room == "connect", f"{room} imports the sandbox"
        elif target not in ("", "__version__"):
            assert rank(target) <= rank(room), f"{room} imports {name}"
