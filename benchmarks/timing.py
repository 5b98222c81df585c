"""Side by side: what is compared runs in turn, in one run, and medians are compared; times alone say little."""

from __future__ import annotations

import asyncio
import gc
import itertools
import math
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

TIMES = 5


@dataclass(frozen=True)
class Measure:
    """One line of the table: a figure beside its mark."""

    what: str
    figure: float
    mark: float | None = None
    at_least: bool = False  # the mark is a floor, not a ceiling
    context: str = ""

    @property
    def verdict(self) -> str:
        """Reached, or by how much it is missed."""
        if self.mark is None:
            return "no mark"
        if (self.figure >= self.mark) if self.at_least else (self.figure <= self.mark):
            return "reached"
        short = self.mark / self.figure if self.at_least else self.figure / self.mark
        return f"missed by {short - 1:.0%}" if short < 2 else f"missed by a factor of {short:.1f}"

    @property
    def row(self) -> tuple[str, ...]:
        """Its cells."""
        bound = "" if self.mark is None else f"{'≥' if self.at_least else '≤'} {self.mark:g}"
        return (
            self.what,
            f"{self.figure:.3g}" if self.figure < 1000 else f"{self.figure:,.0f}",
            bound,
            self.verdict,
            self.context,
        )


def alternating(works: Mapping[str, Callable[[], object]], times: int = TIMES) -> dict[str, float]:
    """Median seconds of each, run in turn; the first round only warms up."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(times + 1):
        for name, work in works.items():
            gc.collect()
            start = time.perf_counter()
            work()
            if turn:
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(of_one) for name, of_one in taken.items()}


def exponents(sizes: Sequence[int], seconds: Sequence[float]) -> list[float]:
    """Slopes of log(seconds) over log(size) from one to the next: 1 is linear."""
    logs = [(math.log(size), math.log(second)) for size, second in zip(sizes, seconds, strict=True)]
    return [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(logs)]


def peak_mb() -> float:
    """The most memory that this process has held; not on Windows."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Loop:
    """An event loop that peers live on from measure to measure, as our client's does."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end."""
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        """Nothing runs any more."""
        self._loop.close()
