"""The imaginary tenant's drives and policies, all of them a function of the seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from odb_nb.sandbox.people import person

if TYPE_CHECKING:
    from odb_nb.sandbox.seeded import Seeded
    from odb_nb.sandbox.settings import Settings

# Older than the oldest restore point, so that every point lies after its drive came under protection.
_POLICIES_SINCE = datetime(2025, 9, 15, 8, 0, tzinfo=UTC)
_SHARING_A_SECOND = 600  # this many drives have points at different seconds of a ten-minute slot
_STATUS = {"unprotected": "unprotected", "offboarding": "offboardRequested"}


@dataclass(frozen=True, slots=True)
class Drive:
    """One drive of the sandbox.

    Attributes
    ----------
    id, directory_object_id, site_id : str
        Of the protection unit, of its user, of the site that holds the drive.
    display_name, email : str or None
        None for the user who was deleted.
    status : str
        Of the protection unit, as the service knows it.
    special : str or None
        What is odd about it, such as ``sessions-fail``, ``no-fast-points``, ``deleted-user``, ``unprotected``.
    story : str or None
        What happened to its files, or makes them hard to walk through: ``ransomware``, ``folder-deleted``, ``tidied``,
        ``huge``, ``deep``, ``odd-names``; None for everyday work.
    policy_id : str or None
        None once it is unprotected.
    vault_id : str
        The id that restore point ids are made of; never shown as such.
    offset_s : int
        The drive's own second within each ten-minute slot.
    protected_until : datetime or None
        No point is taken after it.
    """

    id: str
    directory_object_id: str
    site_id: str
    display_name: str | None
    email: str | None
    status: str
    special: str | None
    story: str | None
    policy_id: str | None
    vault_id: str
    offset_s: int
    created: datetime
    protected_until: datetime | None


@dataclass(frozen=True, slots=True)
class Policy:
    """One protection policy; `kind` is its Graph type."""

    id: str
    kind: str
    display_name: str
    created: datetime


class World:
    """The drives and policies of one tenant, worked out when first asked for."""

    def __init__(self, settings: Settings, seeded: Seeded) -> None:
        self._settings = settings
        self._seeded = seeded
        self.tenant_id = seeded.guid("tenant")

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        drive, site = "oneDriveForBusinessProtectionPolicy", "sharePointProtectionPolicy"
        names = (
            (drive, "Contoso OneDrive, all staff"),
            (drive, "Contoso OneDrive, finance & legal"),
            (site, "Contoso sites"),
        )
        return tuple(
            Policy(self._seeded.guid("policy", name), kind, name, _POLICIES_SINCE + timedelta(minutes=17 * place))
            for place, (kind, name) in enumerate(names)
        )

    @cached_property
    def drives(self) -> tuple[Drive, ...]:
        return tuple(self._drive(index) for index in range(self._settings.drives))

    @cached_property
    def drive_by_id(self) -> dict[str, Drive]:
        return {drive.id: drive for drive in self.drives}

    @cached_property
    def drive_by_vault(self) -> dict[str, Drive]:
        return {drive.vault_id: drive for drive in self.drives}

    def _drive(self, index: int) -> Drive:
        owner, place = person(index), str(index)
        unprotected = owner.special == "unprotected"
        return Drive(
            id=self._seeded.guid("drive", place),
            directory_object_id=self._seeded.guid("user", place),
            site_id=self._seeded.guid("site", place),
            display_name=owner.name,
            email=f"{owner.mailbox}@contoso.com" if owner.mailbox else None,
            status=_STATUS.get(owner.special or "", "protected"),
            special=owner.special,
            story=owner.story,
            policy_id=None if unprotected else self.policies[index % 5 == 4].id,
            vault_id=self._seeded.guid("vault", place),
            # 7 and 600 have no common factor: the first 600 drives get 600 different seconds.
            offset_s=(self._seeded.number("offset") + 7 * index) % _SHARING_A_SECOND,
            created=_POLICIES_SINCE + timedelta(hours=1, seconds=13 * index),
            protected_until=self._settings.start - timedelta(days=5) if unprotected else None,
        )
