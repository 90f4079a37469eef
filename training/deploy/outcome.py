"""The steps of a deploy, and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from training.deploy import catalogue
from training.deploy.node_state import NodeState

STEPS = (
    "lock",
    "component",
    "gate",
    "catalogue",
    "model",
    "candidate",
    "pointer",
    "verify",
    "prune",
)
"""The steps of a deploy, in order; `Watcher.step` is called with each before it begins."""


@dataclass(frozen=True)
class Watcher:
    """Callbacks for the progress of a deploy; by default none.

    Attributes:
        step: Called with the step of `STEPS` that begins.
        rows: Called with (rows done, rows to do) while the catalogue is sent.
    """

    step: Callable[[str], None] = lambda name: None
    rows: catalogue.Progress = lambda done, all_: None


@dataclass(frozen=True)
class Outcome:
    """What a deploy or a rollback did.

    Attributes:
        version: The version that is current now.
        states: The state of each node.
        unchanged: Whether it was current before, and complete.
        code_deployed: Whether the component was sent.
        rows: Rows of the catalogue.
        rows_sent: Those of them that were sent.
        forced: The objections of the gate that were overridden.
        removed: Versions that were pruned.
    """

    version: str
    states: list[NodeState]
    unchanged: bool = False
    code_deployed: bool = False
    rows: int = 0
    rows_sent: int = 0
    forced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def is_on_all_nodes(self) -> bool:
        """Whether every node answers with the version."""
        return all(state.answers for state in self.states)
