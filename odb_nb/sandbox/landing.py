"""Where restored items land: in a new folder of the drive, or where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from odb_nb.sandbox.behaviours import assumed, documented

if TYPE_CHECKING:
    from datetime import datetime

    from odb_nb.sandbox.restores import ArtifactRecord
    from odb_nb.sandbox.seeded import Seeded

BEHAVIOURS = (
    documented("activate_restore", "one folder takes all items of a session", "RS-gran"),
    assumed(
        "activate_restore", "it is Documents/Restored yyyy-MM-dd HH-mm-ss (UTC), each item directly in it", "RS-gran"
    ),
    assumed("activate_restore", "sessions of one drive activated in the same second share that folder"),
    assumed("activate_restore", "the second item of a name gets ' 1' before the ending, the third ' 2'"),
    assumed(
        "activate_restore", "in place, replace keeps the address and the key; rename appends ' 1'", "RS-create-beta"
    ),
)


class Landing(NamedTuple):
    """The restored item's key, its folder's path on the server, and its address."""

    key: str
    path: str
    web_url: str


class Folder:
    """The places that one restore session gives to its items."""

    def __init__(self, seeded: Seeded, restore_id: str, activated: datetime) -> None:
        self._seeded = seeded
        self._restore_id = restore_id
        self._name = f"Restored {activated:%Y-%m-%d %H-%M-%S}"
        self._taken: set[str] = set()

    def take(self, artifact: ArtifactRecord) -> Landing:
        """A place in the new folder; no two items of a session share a name there."""
        # https: / / host / personal / mailbox / Documents: names further down may hold any character.
        library = "/".join(artifact.web_url.split("/")[:6])
        name, number = _name_of(artifact), 0
        while name.casefold() in self._taken:
            number += 1
            name = _numbered(artifact, number)
        self._taken.add(name.casefold())
        return _landing(f"{library}/{self._name}", name, self._new_key(artifact))

    def put_back(self, artifact: ArtifactRecord, *, renamed: bool) -> Landing:
        """The item's own place, or one beside it."""
        name = _name_of(artifact)
        # Not simply up to the last slash: names may hold slashes, and the address is not escaped.
        is_plain = artifact.web_url.endswith(f"/{name}")
        parent = artifact.web_url.removesuffix(f"/{name}") if is_plain else artifact.web_url.rpartition("/")[0]
        if renamed:
            return _landing(parent, _numbered(artifact, 1), self._new_key(artifact))
        return _landing(parent, name, artifact.key)

    def _new_key(self, artifact: ArtifactRecord) -> str:
        library = artifact.key.split(",")[:3]
        return ",".join([*library, self._seeded.guid("restored", self._restore_id, artifact.key)])


def _landing(parent: str, name: str, key: str) -> Landing:
    return Landing(key, "/" + "/".join(parent.split("/")[3:]), f"{parent}/{name}")


def _name_of(artifact: ArtifactRecord) -> str:
    """The item's name; one without a name goes by the last part of its key."""
    return artifact.name or artifact.key.rsplit(",", 1)[-1]


def _numbered(artifact: ArtifactRecord, number: int) -> str:
    name = _name_of(artifact)
    stem, dot, ending = name.rpartition(".")
    return f"{stem} {number}{dot}{ending}" if artifact.is_file and stem else f"{name} {number}"
