"""What a strategy is: a named way to recommend, and the function that answers for it."""

from __future__ import annotations

from dataclasses import dataclass

from training.models.ops import Answer


@dataclass(frozen=True)
class Strategy:
    """A way to recommend, as shown to visitors."""

    name: str
    title: str
    description: str


@dataclass(frozen=True)
class Served:
    """A strategy and the function that answers for it."""

    strategy: Strategy
    answer: Answer

    def output(self, name: str) -> str:
        """Returns the graph's name of an output: ``nearest_user_items`` for ``items``."""
        return f"{self.strategy.name.replace('-', '_')}_{name}"
