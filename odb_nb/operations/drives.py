"""Protected drives: the drive protection units of the tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odb_nb.transport import Request

if TYPE_CHECKING:
    from odb_nb.pacing import Deadline
    from odb_nb.transport import Transport


async def list_drives(transport: Transport, deadline: Deadline) -> list[dict[str, Any]]:
    """Every drive protection unit, all pages."""
    units = transport.backup.protection_units.graph_drive_protection_unit
    return await transport.all_pages(Request(units.to_get_request_information()), deadline)


def matching(drives: list[dict[str, Any]], search: str | None) -> list[dict[str, Any]]:
    """Drives whose name, e-mail or id holds `search`, whatever the case.

    Sought here: the page of the list names no query option, and a quoted name in a filter is a trap.
    """
    if not search:
        return drives
    sought = search.casefold()
    return [
        drive
        for drive in drives
        if any(sought in str(drive.get(key) or "").casefold() for key in ("displayName", "email", "id"))
    ]
