"""Several works at once, and none left behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable


async def together(works: Iterable[Coroutine[Any, Any, object]]) -> None:
    """Run all to their ends; when one fails, or we are cancelled, cancel the others and wait for them.

    Unlike a TaskGroup it raises the first error itself, not a group of them.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
