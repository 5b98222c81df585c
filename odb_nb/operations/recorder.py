"""The journal for use on the event loop: off the loop, and many conclusions in one commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from odb_nb.journal import Conclusion, Journal

T = TypeVar("T")


class Recorder:
    """Group commit: conclusions that come in while one commit runs share the next."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._pending: list[Conclusion] = []
        self._turn = asyncio.Lock()
        self._given = self._written = 0

    async def call(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run one of the journal's methods in a thread, to its end even if we are cancelled."""
        return await asyncio.shield(asyncio.to_thread(method, *args, **kwargs))

    async def conclude(self, *conclusions: Conclusion) -> None:
        """Return once these are on disk.

        Raises
        ------
        JournalError
            They could not be written; they stay pending and go with the next commit.
        """
        self._pending.extend(conclusions)
        self._given += len(conclusions)
        await asyncio.shield(self._commit(self._given))  # cut short, it would not know what it has written

    async def _commit(self, given: int) -> None:
        """Have all of the first `given` on disk; mostly the commit before took them along."""
        async with self._turn:
            if self._written < given:
                batch = list(self._pending)
                await self.call(self.journal.conclude, batch)
                del self._pending[: len(batch)]
                self._written += len(batch)
