"""Where a drive lives: the keys of its site and library, and their addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from odb_nb.sandbox.files.item import Item

if TYPE_CHECKING:
    from odb_nb.sandbox.seeded import Seeded
    from odb_nb.sandbox.world import Drive

_HOST = "https://contoso-my.sharepoint.com/personal"
LIBRARY = "Documents"


@dataclass(frozen=True, slots=True)
class Address:
    """The ids and addresses that all items of one drive share."""

    drive: Drive
    site_key: str
    library_key: str
    site_url: str
    owner: str | None

    @classmethod
    def of(cls, drive: Drive, seeded: Seeded) -> Address:
        site_key = f"{drive.site_id},{seeded.guid('web', drive.id)}"
        # The mailbox is gone with a deleted user; the site is not.
        mailbox = drive.email or f"former-{drive.id[:8]}@contoso.com"
        return cls(
            drive=drive,
            site_key=site_key,
            library_key=f"{site_key},{seeded.guid('list', drive.id)}",
            site_url=f"{_HOST}/{re.sub('[@.]', '_', mailbox)}",
            owner=drive.display_name,
        )

    @property
    def library_url(self) -> str:
        return f"{self.site_url}/{LIBRARY}"

    def site(self, size_in_bytes: int) -> Item:
        """The top location of every session on the drive."""
        return Item(
            key=self.site_key,
            parent_key=None,
            name=self.owner or self.site_url.rpartition("/")[2],
            type="site",
            size_in_bytes=size_in_bytes,
            items_count=1,
            web_url=self.site_url,
            path="",
            created=self.drive.created,
            modified=self.drive.created,
            created_by=self.owner,
            modified_by=self.owner,
        )

    def library(self, size_in_bytes: int, items_count: int) -> Item:
        """The one library of the site."""
        return Item(
            key=self.library_key,
            parent_key=self.site_key,
            name=LIBRARY,
            type="documentLibrary",
            size_in_bytes=size_in_bytes,
            items_count=items_count,
            web_url=self.library_url,
            path=LIBRARY,
            created=self.drive.created,
            modified=self.drive.created,
            created_by=self.owner,
            modified_by=self.owner,
        )
