"""Reading request bodies strictly: every property that nobody knows is refused by name."""

from __future__ import annotations

from typing import Any

from odb_nb.sandbox.messages import Refusal


def read_body(
    body: Any, known: frozenset[str], *, ignored: frozenset[str] = frozenset(), where: str = "the body"
) -> dict[str, Any]:
    """The known properties of a JSON object.

    Raises
    ------
    Refusal
        400 ``invalidRequest`` for anything but an object, and for a property that is neither known nor ignored.
    """
    if not isinstance(body, dict):
        raise Refusal(400, "invalidRequest", f"{where} must be a JSON object.")
    for name in body:
        if name in known or name in ignored or name == "@odata.type":
            continue
        spelled = next((right for right in known | ignored if right.casefold() == name.casefold()), None)
        advice = f" Names are case-sensitive: {spelled}." if spelled else ""
        raise Refusal(400, "invalidRequest", f"Unknown property '{name}' in {where}.{advice}")
    return {name: body[name] for name in known if name in body}
