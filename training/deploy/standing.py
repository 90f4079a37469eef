"""How each node stands to a version: whether it answers from it, tries it, refuses it, or is
down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from training.deploy import probes
from training.errors import HarperError, HarperRefused, HarperUnavailable
from training.harper.cluster import Target
from training.harper.node import Health, Node, health, recommend, until

ASKED_A_WORKER = 12
"""How often a node is asked at most for each of its workers, until all were heard.

Which one answers a connection is chance; one in 100,000 goes unheard so.
"""
WORKERS_SUPPOSED = 2
"""Workers of a node that does not say how many it has."""
RESTART_SECONDS = 60.0
CANDIDATE_SECONDS = 120.0
STUCK_SECONDS = 10.0
"""How long a node may lack a part of the candidate before it is no longer waited for."""
SWITCH_SECONDS = 60.0
SECOND_TRY_SECONDS = 0.5


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


def hear_workers(node: Node, project: str, is_good: Callable[[Health], bool]) -> Health:
    """Asks a node for its health until each of its workers, which keep a model each, was heard.

    Args:
        node: The node.
        project: The component's name.
        is_good: What all of them should say; the first answer that is not so ends it.

    Returns:
        That answer, or the last one.
    """
    heard: set[int | None] = set()
    asked = 0
    while True:
        told = _health(node, project)
        heard.add(told.worker)
        asked += 1
        workers = told.workers or WORKERS_SUPPOSED
        if not is_good(told) or len(heard) >= workers or asked >= ASKED_A_WORKER * workers:
            return told


def _health(node: Node, project: str) -> Health:
    """Asks twice where no answer comes: a worker may be busy, or on its way out."""
    told = health(node, project)
    if told.reachable:
        return told
    time.sleep(SECOND_TRY_SECONDS)
    return health(node, project)


def standing(node: Node, project: str, version: str) -> Standing:
    """Asks a node how it stands to a version; it answers from it when each of its workers does."""
    told = hear_workers(node, project, lambda h: _state(h, version) == "answers")
    state = _state(told, version)
    reason = _refusal(told, version).get("reason") or told.reason
    if state == "behind" and told.component is None:
        reason = "the component is not there"
    return Standing(node, state, told, None if state == "answers" else reason)


def _state(told: Health, version: str) -> str:
    if not told.reachable:
        return "down"
    if told.model == version:
        return "answers"
    refusal = _refusal(told, version)
    # What is tried again may only be on its way to the node.
    return "refused" if refusal and not refusal.get("retrying") else "behind"


def _refusal(told: Health, version: str) -> dict[str, Any]:
    refused = told.refused or {}
    return refused if refused.get("version") == version else {}


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

    The target's own node must be ready to answer from it. Another one that is not keeps its old
    model when the pointer moves, and is named then.

    Args:
        target: The nodes.
        project: The component's name.
        version: The candidate.
        keep_alive: Called again and again meanwhile.

    Raises:
        HarperRefused: the target's own node refuses it, or cannot make up its mind.
        HarperUnavailable: the target's own node is down.
    """
    trials = [_Trial(node, project, version) for node in target.nodes]

    def all_decided() -> bool:
        keep_alive()
        decided = [trial.is_decided() for trial in trials]
        return all(decided)

    until(all_decided, CANDIDATE_SECONDS, pause_seconds=0.05)
    ours = trials[0]
    if ours.state == "absent":
        raise HarperUnavailable("deploy", ours.reason or "the node is down")
    if ours.state == "refused":
        raise HarperRefused("deploy", f"the node refuses model {version}: {ours.reason}")
    if ours.state != "ready":
        why = ours.reason or "it is still loading"
        raise HarperRefused("deploy", f"the node did not get model {version} ready in time: {why}")


class _Trial:
    """One node's trial of a candidate, asked about again and again."""

    def __init__(self, node: Node, project: str, version: str) -> None:
        self.node, self.project, self.version = node, project, version
        self.state, self.reason = "loading", ""
        self._began = time.monotonic()

    def is_decided(self) -> bool:
        """Asks once more; ``ready`` is what each worker says."""
        told = hear_workers(self.node, self.project, lambda h: self._read(h)[0] == "ready")
        self.state, self.reason = self._read(told)
        if self.state == "loading":
            # What a node lacks may be on its way to it, but not for ever.
            return bool(self.reason) and time.monotonic() - self._began > STUCK_SECONDS
        return True

    def _read(self, told: Health) -> tuple[str, str]:
        if not told.reachable or told.component is None:
            return "absent", told.reason or ""
        if told.model == self.version:
            return "ready", ""
        candidate = told.candidate or {}
        if candidate.get("version") != self.version:
            return "loading", ""
        return str(candidate.get("state", "loading")), str(candidate.get("reason") or "")


def probed(
    standings: list[Standing], project: str, version: str, asked: list[dict[str, Any]]
) -> list[Standing]:
    """Asks every node that answers from the version the probes, over HTTP like a visitor.

    Returns:
        How the nodes stand after it: another node than the target's own that fails is named.

    Raises:
        HarperRefused: the target's own answer differs from Python's, or is another version's.
        HarperUnavailable: the target's own node does not answer.
    """
    found = []
    for place, stand in enumerate(standings):
        try:
            if stand.answers:
                _ask_probes(stand.node, project, version, asked)
        except HarperError as error:
            if place == 0:
                raise
            state = "down" if isinstance(error, HarperUnavailable) else "refused"
            stand = replace(stand, state=state, reason=str(error))
        found.append(stand)
    return found


def _ask_probes(node: Node, project: str, version: str, asked: list[dict[str, Any]]) -> None:
    for probe in asked:
        answer = recommend(node, project, probes.question(probe))
        wrong = probes.difference(probe, answer)
        if answer.get("model") != version:
            wrong = f"answered by {answer.get('model')} instead of {version}"
        if wrong is not None:
            raise HarperRefused("probe", f"{node.name or node.routes_url}: {wrong}")
