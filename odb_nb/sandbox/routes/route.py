"""What a route is, and how a path finds its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.messages import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from odb_nb.sandbox.messages import Answer, Call
    from odb_nb.sandbox.tenant import Tenant

    Handler = Callable[[Tenant, Call], Answer]
    About = Callable[[Tenant, tuple[str, ...], Any], tuple[str, ...]]

VERSIONS = ("v1.0", "beta")
ROOT = ("solutions", "backupRestore")


def no_point(_tenant: Tenant, _ids: tuple[str, ...], _body: Any) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Route:
    """One operation at one path.

    Attributes
    ----------
    operation : str
        Our name of it.
    method, path : str
        The path below ``/solutions/backupRestore``; ``{id}`` stands for an id.
    handler : callable
    options : frozenset of str
        The query options that it understands.
    looks : bool
        Whether it is a look at sessions, which moves the clock.
    needs_body : bool
        Whether a POST or PATCH without a body is refused.
    about : callable
        Which restore points a request is about, so that a fault can pick them.
    """

    operation: str
    method: str
    path: str
    handler: Handler
    options: frozenset[str] = frozenset()
    looks: bool = False
    needs_body: bool = True
    about: About = no_point


class RouteTable:
    """All routes, by method and path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            key = tuple(part for part in route.path.split("/") if part)
            self._routes.setdefault(key, {})[route.method] = route

    def find(self, method: str, segments: tuple[str, ...]) -> tuple[Route, tuple[str, ...]]:
        """The route of a path below the version, and the ids in it.

        Raises
        ------
        Refusal
            404 for an unknown path, 405 for a method that it does not have.
        """
        if segments[:2] != ROOT:
            raise self._unknown(segments)
        for key, ids in _readings(segments[2:]):
            methods = self._routes.get(key)
            if methods is None:
                continue
            if method in methods:
                return methods[method], ids
            allowed = ", ".join(sorted(methods))
            raise Refusal(405, "notAllowed", f"{method} is not allowed here; {allowed} is.", headers={"Allow": allowed})
        raise self._unknown(segments)

    def _unknown(self, segments: tuple[str, ...]) -> Refusal:
        path = "/" + "/".join(segments)
        message = f"The sandbox knows no resource '{path}'."
        if "" in segments:
            message += " There is an empty segment in it: a double or a trailing slash."
        for key in self._routes:
            known = (*ROOT, *key)
            if len(known) == len(segments) and all(
                part in ("{id}", given) or part.casefold() == given.casefold()
                for part, given in zip(known, segments, strict=True)
            ):
                message += f" Names are case-sensitive: /{'/'.join(known)}."
                break
        return Refusal(404, "itemNotFound", message)


def _readings(parts: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The ways to read a path: word for word, or with its second part as an id."""
    yield parts, ()
    if len(parts) >= 2 and parts[1]:
        yield (parts[0], "{id}", *parts[2:]), (parts[1],)
