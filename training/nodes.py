"""How each node stands to a version: whether it answers from it, tries it, refuses it, or is
down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from training import probes
from training.cluster import Target
from training.errors import HarperRefused, HarperUnavailable
from training.routes import Health, Node, health, recommend, until

WORKERS_ASKED = 6
"""Answers in a row that must agree: each comes from one of the node's workers, and each keeps a
model of its own.
"""
RESTART_SECONDS = 60.0
CANDIDATE_SECONDS = 120.0
SWITCH_SECONDS = 60.0


@dataclass(frozen=True)
class Standing:
    """A node and a version.

    Attributes:
        node: The node.
        state: ``answers``, ``behind``, ``refused`` or ``down``.
        health: Its latest word.
        reason: Why it does not answer from the version.
    """

    node: Node
    state: str
    health: Health
    reason: str | None = None

    @property
    def answers(self) -> bool:
        """Whether the node answers from the version."""
        return self.state == "answers"


def standing(node: Node, project: str, version: str) -> Standing:
    """Asks a node how it stands to a version; all of `WORKERS_ASKED` answers must agree."""
    told = [health(node, project) for _ in range(WORKERS_ASKED)]
    worst = max(told, key=lambda h: _RANK[_state(h, version)])
    return _standing(worst, version)


_RANK = {"answers": 0, "behind": 1, "refused": 2, "down": 3}


def _state(told: Health, version: str) -> str:
    if not told.reachable:
        return "down"
    if told.model == version:
        return "answers"
    return "refused" if (told.refused or {}).get("version") == version else "behind"


def _standing(told: Health, version: str) -> Standing:
    state = _state(told, version)
    reason = (told.refused or {}).get("reason") if state == "refused" else told.reason
    if state == "behind" and told.component is None:
        reason = "the component is not there"
    return Standing(told.node, state, told, None if state == "answers" else reason)


def settled(
    target: Target, project: str, version: str, keep_alive: Callable[[], None]
) -> list[Standing]:
    """Waits until each node answers from a version, refuses it or is down; the target's own node
    first.

    Args:
        target: The nodes.
        project: The component's name.
        version: The version that the pointer names.
        keep_alive: Called again and again meanwhile.
    """
    found: dict[Node, Standing] = {}

    def all_decided() -> bool:
        keep_alive()
        for node in target.nodes:
            if node not in found or found[node].state == "behind":
                found[node] = standing(node, project, version)
        return all(s.state != "behind" or s.health.component is None for s in found.values())

    until(all_decided, SWITCH_SECONDS)
    return [found[node] for node in target.nodes]


def require_answering(node: Standing) -> None:
    """Raises where the node does not answer from the version.

    Raises:
        HarperRefused: it refuses it, or did not change over in time.
        HarperUnavailable: it is down.
    """
    if node.state == "down":
        raise HarperUnavailable("health", node.reason or "the node is down")
    if not node.answers:
        raise HarperRefused("health", node.reason or "the node did not change over in time")


def try_candidate(
    target: Target, project: str, version: str, keep_alive: Callable[[], None]
) -> None:
    """Waits until the nodes have tried a candidate.

    The target's own node must be ready to answer from it. Another that is not will keep its old
    model when
    the pointer moves, and is named then.

    Args:
        target: The nodes.
        project: The component's name.
        version: The candidate.
        keep_alive: Called again and again meanwhile.

    Raises:
        HarperRefused: the target's own node refuses it, or cannot make up its mind.
    """
    ready: dict[Node, int] = {}
    last: dict[Node, Health] = {}

    def all_decided() -> bool:
        keep_alive()
        for node in target.nodes:
            last[node] = told = health(node, project)
            candidate = told.candidate or {}
            if candidate.get("version") == version and candidate.get("state") == "refused":
                if node == target.node:
                    return True
                ready[node] = WORKERS_ASKED
            elif told.model == version or (
                candidate.get("version") == version and candidate.get("state") == "ready"
            ):
                ready[node] = ready.get(node, 0) + 1
            elif told.reachable and told.component is not None:
                ready[node] = 0
            else:
                ready[node] = WORKERS_ASKED  # down or without our code: not to be waited for
        return all(ready.get(node, 0) >= WORKERS_ASKED for node in target.nodes)

    decided = until(all_decided, CANDIDATE_SECONDS, pause_seconds=0.05)
    told = last[target.node]
    candidate = told.candidate or {}
    if candidate.get("state") == "refused":
        raise HarperRefused("deploy", f"the node refuses model {version}: {candidate['reason']}")
    if not decided and ready.get(target.node, 0) < WORKERS_ASKED:
        why = candidate.get("reason") or told.reason or "it is still loading"
        raise HarperRefused("deploy", f"the node did not get model {version} ready in time: {why}")
    if not told.reachable:
        raise HarperUnavailable("deploy", told.reason or "the node is down")


def ask_probes(
    standings: list[Standing], project: str, version: str, asked: list[dict[str, Any]]
) -> None:
    """Asks every node that answers from the version the probes, over HTTP like a visitor.

    Raises:
        HarperRefused: an answer differs from Python's, or comes from another version.
    """
    for stand in standings:
        if stand.answers:
            for probe in asked:
                answer = recommend(stand.node, project, probes.question(probe))
                wrong = probes.difference(probe, answer)
                if answer.get("model") != version:
                    wrong = f"answered by {answer.get('model')} instead of {version}"
                if wrong is not None:
                    where = stand.node.name or stand.node.routes_url
                    raise HarperRefused("probe", f"{where}: {wrong}")
