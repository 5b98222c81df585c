"""How much is tried: a sample by default, everything with ``ODB_TESTS=all`` in the environment, as at night."""

from __future__ import annotations

import os
import random

ALL = os.environ.get("ODB_TESTS") == "all"


def sample(cases, count):
    """Some of the cases, the same every time; all of them where that was asked for."""
    cases = list(cases)
    if ALL or len(cases) <= count:
        return cases
    chosen = set(random.Random(1).sample(range(len(cases)), count))  # noqa: S311 - guards no secret
    return [case for place, case in enumerate(cases) if place in chosen]


def examples(count):
    """How many examples a property is tried on: twenty times as many where all was asked for."""
    return 20 * count if ALL else count
