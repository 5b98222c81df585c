"""Where, in a row of points in time, does a yes turn into a no: with as few looks as can be, and a look beside it.

Assumes one change. The neighbours of the change are looked at too, so that a row that goes back and forth is noticed
where it does so near by; elsewhere it is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Verdict = bool | None  # None: this point could not be looked at


@dataclass
class Bisection:
    """Says which of `count` points, oldest first, to look at next.

    Attributes
    ----------
    verdicts : dict
        What was seen at each point looked at: good, not good, or None where looking was not possible.
    """

    count: int
    verdicts: dict[int, Verdict] = field(default_factory=dict)

    @property
    def most_looks(self) -> int:
        """How many looks it takes at most if each point can be looked at: about log2, and two neighbours."""
        return min(self.count, self.count.bit_length() + 2)

    def next(self) -> int | None:
        """The point to look at next, by its place; None when it is settled."""
        if not self.is_consistent:
            return None
        last_good, first_bad = self.change
        low = -1 if last_good is None else last_good
        high = self.count if first_bad is None else first_bad
        if (between := self._nearest(low, high)) is not None:
            return between
        beside = (self._beside(low, -1), self._beside(high, 1))
        return next((place for place in beside if place is not None and place not in self.verdicts), None)

    @property
    def change(self) -> tuple[int | None, int | None]:
        """The last good point and the first after it that is not; None for one that there is not."""
        good = [place for place, verdict in self.verdicts.items() if verdict is True]
        bad = [place for place, verdict in self.verdicts.items() if verdict is False]
        first_bad = min(bad, default=None)
        before = [place for place in good if first_bad is None or place < first_bad]
        return max(before, default=None), first_bad

    @property
    def is_consistent(self) -> bool:
        """False if a good point was seen after one that is not: then there is more than one change."""
        good = [place for place, verdict in self.verdicts.items() if verdict is True]
        bad = [place for place, verdict in self.verdicts.items() if verdict is False]
        return not good or not bad or max(good) < min(bad)

    def _nearest(self, low: int, high: int) -> int | None:
        """The place nearest to the middle between two that nobody has looked at."""
        free = [place for place in range(low + 1, high) if place not in self.verdicts]
        middle = (low + high) / 2
        return min(free, key=lambda place: (abs(place - middle), place), default=None)

    def _beside(self, place: int, step: int) -> int | None:
        """The next place on the far side of the change that can be looked at."""
        beside = place + step
        while 0 <= beside < self.count:
            if self.verdicts.get(beside, True) is not None:
                return beside
            beside += step
        return None
