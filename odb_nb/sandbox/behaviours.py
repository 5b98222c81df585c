"""How each behaviour of the sandbox is known.

Declared beside the code that shows it, gathered in `Sandbox.coverage`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Basis = Literal["documented", "observed", "assumed"]


class Behaviour(NamedTuple):
    """One thing that the sandbox does.

    Attributes
    ----------
    operation : str
        The operation that shows it, or ``all``.
    behaviour : str
        What it does.
    basis : str
        ``documented`` on a public page or in the schema, ``observed`` in a page's sample only, or ``assumed``.
    source : str
        The key of the page, schema or package; ``-`` where there is none.
    """

    operation: str
    behaviour: str
    basis: Basis
    source: str


def documented(operation: str, behaviour: str, source: str) -> Behaviour:
    """Stated on a public page or in the schema."""
    return Behaviour(operation, behaviour, "documented", source)


def observed(operation: str, behaviour: str, source: str) -> Behaviour:
    """Seen in a page's sample, stated nowhere."""
    return Behaviour(operation, behaviour, "observed", source)


def assumed(operation: str, behaviour: str, source: str = "-") -> Behaviour:
    """Ours to change; the source, if any, is the page that leaves it open."""
    return Behaviour(operation, behaviour, "assumed", source)
