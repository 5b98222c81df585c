"""What is installed with us is what somebody has looked at: a name that is new stops the gate."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
DIRECT, INDIRECT = "# direct", "# indirect"


def allowed():
    """The names of the kept list by heading."""
    found, here = {}, None
    for line in (REPOSITORY / ".ci" / "dependencies.txt").read_text().splitlines():
        here = line if line in (DIRECT, INDIRECT) else here
        name = line.partition("#")[0].strip()
        if name:
            found.setdefault(here, []).append(name)
    return found


def declared():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(text) for group in ("lab", "test") for text in project["optional-dependencies"][group]] + [
        Requirement(text) for text in project["dependencies"]
    ]


def reached():
    """All distributions that ours ask for on this machine, directly or not."""
    waiting = [(canonicalize_name(one.name), frozenset(one.extras)) for one in declared()]
    seen, found = set(), set()
    while waiting:
        asked = name, extras = waiting.pop()
        if asked in seen:
            continue
        seen.add(asked)
        try:
            requires = distribution(name).requires or ()
        except PackageNotFoundError:  # an older environment; a fresh one, as the gate makes, has all
            continue
        found.add(name)
        waiting += [
            (canonicalize_name(one.name), frozenset(one.extras))
            for one in map(Requirement, requires)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        ]
    return found


def test_what_we_ask_for_is_on_the_list():
    assert allowed()[DIRECT] == sorted({canonicalize_name(one.name) for one in declared()})


def test_what_comes_with_it_is_on_the_list():
    listed = allowed()
    found = reached()
    assert {"httpx", "msal", "cryptography"} <= found
    assert found - {*listed[DIRECT], *listed[INDIRECT]} == set(), "look at what is new, then add it to the list"


def test_the_list_is_sorted_and_names_each_once():
    for names in allowed().values():
        assert names == sorted(set(names))
    assert set(allowed()[DIRECT]).isdisjoint(allowed()[INDIRECT])
