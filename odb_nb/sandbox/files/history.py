"""The life of a drive's files and folders: from when on each has which name, place and size."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from odb_nb.sandbox.files.item import Item, path_below, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from odb_nb.sandbox.files.address import Address
    from odb_nb.sandbox.seeded import Seeded

ROOT = ""  # the library, as a folder's parent
_KEPT_TREES = 24


@dataclass(frozen=True, slots=True)
class State:
    """What a thing is from an instant on, until its next state; `modified` stays when it is only moved."""

    since: datetime
    parent: str
    name: str | None
    size: int | None
    modified: datetime
    by: str | None
    is_gone: bool = False


@dataclass(slots=True)
class Thing:
    """One file or folder, by an ident of its own that no rename or move changes."""

    ident: str
    is_file: bool
    states: list[State] = field(default_factory=list)
    restorable: bool = True

    def at(self, time: datetime) -> State | None:
        """Its state at an instant; None before it was made and once it is gone."""
        place = bisect_right(self.states, time, key=lambda state: state.since)
        state = self.states[place - 1] if place else None
        return None if state is None or state.is_gone else state

    def change(self, since: datetime, *, is_last: bool = False, **changes: Any) -> None:
        """Change it from an instant on; what was to happen later still does, unless this is the last change."""
        earlier = [state for state in self.states if state.since <= since]
        later = [] if is_last else [replace(state, **changes) for state in self.states if state.since > since]
        self.states = [*earlier, replace(earlier[-1], since=since, **changes), *later]


class History:
    """All things of one drive with their states.

    Parameters
    ----------
    address : Address
    seeded : Seeded
    """

    def __init__(self, address: Address, seeded: Seeded) -> None:
        self.address = address
        self.things: dict[str, Thing] = {}
        self._seeded = seeded

    @property
    def files(self) -> list[Thing]:
        return [thing for thing in self.things.values() if thing.is_file]

    def add(self, ident: str, since: datetime, name: str | None, *, parent: str = ROOT, size: int | None = 0) -> Thing:
        """A new folder, or a new file if the ident says ``file``."""
        thing = Thing(ident, ident.startswith("file"))
        thing.states.append(State(since, parent, name, size, since, self.address.owner))
        self.things[ident] = thing
        return thing

    def key(self, ident: str) -> str:
        """The item key; made of the ident alone, so it outlives renames and moves."""
        return f"{self.address.library_key},{self._seeded.guid('item', self.address.drive.id, ident)}"

    @cached_property
    def instants(self) -> list[datetime]:
        """When anything changes; to be asked for once the history is told."""
        return sorted({state.since for thing in self.things.values() for state in thing.states})


class Told:
    """A drive whose history is told: its tree at any instant, the latest few of them kept."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._trees: dict[int, Tree] = {}

    def top(self, time: datetime) -> Item:
        return self._tree(time).site

    def children(self, time: datetime, key: str) -> Sequence[Item]:
        return self._tree(time).children.get(key, ())

    def find(self, time: datetime, key: str) -> Item | None:
        return self._tree(time).by_key.get(key)

    def _tree(self, time: datetime) -> Tree:
        version = bisect_right(self._history.instants, time)
        tree = self._trees.pop(version, None) or Tree(self._history, time)
        self._trees[version] = tree  # last, as the one used last
        if len(self._trees) > _KEPT_TREES:
            del self._trees[next(iter(self._trees))]
        return tree


class Tree:
    """All items of a drive at one instant."""

    def __init__(self, history: History, time: datetime) -> None:
        self._history, self._time = history, time
        self._inside: dict[str, list[tuple[Thing, State]]] = {}
        for thing in history.things.values():
            if state := thing.at(time):
                self._inside.setdefault(state.parent, []).append((thing, state))
        self._keys = {ROOT: history.address.library_key}
        order = list(self._reachable())
        self._sizes = self._summed(order)
        self.by_key: dict[str, Item] = {}
        self.children: dict[str, list[Item]] = {}
        self.site = history.address.site(self._sizes[ROOT])
        self._enter(self.site)
        self._enter(history.address.library(self._sizes[ROOT], len(self._inside.get(ROOT, ()))))
        for thing, state in order:
            self._enter(self._item(thing, state))
        for items in self.children.values():
            items.sort(key=sort_key)

    def _reachable(self) -> Iterator[tuple[Thing, State]]:
        """Everything below the library, places before what is in them; what is in a deleted folder is gone with it."""
        waiting = [ROOT]
        for parent in waiting:  # grows meanwhile
            for thing, state in self._inside.get(parent, ()):
                self._keys[thing.ident] = self._history.key(thing.ident)
                yield thing, state
                if not thing.is_file:
                    waiting.append(thing.ident)

    def _summed(self, order: list[tuple[Thing, State]]) -> Counter[str]:
        sizes: Counter[str] = Counter()
        for thing, state in reversed(order):
            sizes[thing.ident] += state.size or 0
            sizes[state.parent] += sizes[thing.ident]
        return sizes

    def _enter(self, item: Item) -> None:
        self.by_key[item.key] = item
        if item.parent_key is not None:
            self.children.setdefault(item.parent_key, []).append(item)

    def _item(self, thing: Thing, state: State) -> Item:
        key = self._keys[thing.ident]
        parent = self.by_key[self._keys[state.parent]]
        return Item(
            key=key,
            parent_key=parent.key,
            name=state.name,
            type="file" if thing.is_file else "folder",
            size_in_bytes=state.size if thing.is_file else self._sizes[thing.ident],
            items_count=len(self._inside.get(thing.ident, ())),
            # What has no name is addressed by its id.
            web_url=f"{parent.web_url}/{state.name or key.rpartition(',')[2]}",
            path=path_below(parent.path, state.name, key),
            created=thing.states[0].since,
            modified=state.modified,
            created_by=thing.states[0].by,
            modified_by=state.by,
            restorable=thing.restorable,
        )
