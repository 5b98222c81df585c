"""The little of OData's filter language that this API is known to use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from odb_nb.sandbox.messages import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILTER_LIMIT = 2_000
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[()])|(?P<word>[^\s()']+))")


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison, such as ``status eq 'protected'``; `value` is the literal, without its quotes."""

    name: str
    operator: str
    value: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Both:
    """Conditions joined by ``and`` or ``or``."""

    joint: Literal["and", "or"]
    left: Filter
    right: Filter


Filter = Condition | Both


def parse_filter(text: str, code: str) -> Filter:
    """The filter's tree; refuses with 400 and the given code where it cannot be read."""
    if len(text) > FILTER_LIMIT:
        raise Refusal(
            400, "FilterLengthExceeded", f"The filter has {len(text)} characters; {FILTER_LIMIT} are allowed."
        )
    return _Reader(text, code).read()


def all_of(tree: Filter) -> Iterator[Condition] | None:
    """The conditions of a filter that joins by ``and`` alone; None where it has an ``or``."""
    conditions: list[Condition] = []
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, Condition):
            conditions.append(node)
        elif node.joint == "or":
            return None
        else:
            todo += [node.right, node.left]
    return iter(conditions)


def holds(tree: Filter, condition_holds: Callable[[Condition], bool]) -> bool:
    """Whether the filter is true where each condition is judged by the given function."""
    if isinstance(tree, Condition):
        return condition_holds(tree)
    sides = (holds(side, condition_holds) for side in (tree.left, tree.right))
    return all(sides) if tree.joint == "and" else any(sides)


class _Reader:
    """Recursive descent: or-terms of and-terms of comparisons and brackets."""

    def __init__(self, text: str, code: str) -> None:
        self._text, self._code = text, code
        self._tokens: list[str] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise self._unreadable(text[at:])
            self._tokens.append(found.group().strip())
            at = found.end()

    def read(self) -> Filter:
        tree = self._joined("or")
        if self._tokens:
            raise self._unreadable(self._tokens[0])
        return tree

    def _joined(self, joint: Literal["and", "or"]) -> Filter:
        def side() -> Filter:
            return self._joined("and") if joint == "or" else self._single()

        tree = side()
        while self._tokens and self._tokens[0] == joint:
            self._take()
            tree = Both(joint, tree, side())
        return tree

    def _single(self) -> Filter:
        first = self._take()
        if first == "(":
            tree = self._joined("or")
            if self._take() != ")":
                raise self._unreadable(self._text)
            return tree
        operator, value = self._take(), self._take()
        if operator not in ("eq", "ne", "lt", "le", "gt", "ge") or not re.fullmatch(r"[A-Za-z/]+", first):
            raise self._unreadable(f"{first} {operator} {value}")
        quoted = value.startswith("'")
        return Condition(first, operator, value[1:-1].replace("''", "'") if quoted else value, quoted)

    def _take(self) -> str:
        if not self._tokens:
            raise self._unreadable(self._text)
        return self._tokens.pop(0)

    def _unreadable(self, part: str) -> Refusal:
        return Refusal(400, self._code, f"The filter cannot be read near: {part[:80]}")
