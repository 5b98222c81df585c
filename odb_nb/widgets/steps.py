"""What is said about a step stands below that step's button, where the user looks."""

from __future__ import annotations

from typing import Any

import ipywidgets


class Steps:
    """A box that moves from step to step.

    Attributes
    ----------
    places : list of ipywidgets.VBox
        One per step; the form puts each below the step's button.
    """

    def __init__(self, box: Any, count: int) -> None:
        self._box = box
        self.places = [ipywidgets.VBox() for _ in range(count)]
        self.show_at(0)

    def show_at(self, step: int) -> None:
        """Have the box at this step; at the last one if there are fewer."""
        for number, place in enumerate(self.places):
            place.children = [self._box] if number == min(step, len(self.places) - 1) else []
