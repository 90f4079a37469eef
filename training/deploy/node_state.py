"""The state of each node for a version: whether it answers from it, is loading it, refuses it, or
is down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from training.deploy.probes import difference, request_body
from training.errors import HarperError, HarperRefused, HarperUnavailable
from training.harper.cluster import Target
from training.harper.node import Health, Node, recommend, until
from training.harper.workers import ask_until

SWITCH_SECONDS = 60.0


@dataclass(frozen=True)
class NodeState:
    """What a node does with a version.

    Attributes:
        node: The node.
        state: ``answers``, ``behind``, ``refused``, ``missing`` or ``down``.
        health: Its latest answer.
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


def node_state(node: Node, project: str, version: str) -> NodeState:
    """Queries a node about a version; it answers from the version if each of its workers does."""
    found = ask_until(node, project, lambda h: _state(h, version) == "answers")
    state = _state(found, version)
    reason = _refusal(found, version).get("reason") or found.reason
    if state == "missing":
        reason = f"a worker has no routes of {project} ({found.reason}); deploy again"
    return NodeState(node, state, found, None if state == "answers" else reason)


def _state(health: Health, version: str) -> str:
    if not health.reachable:
        return "down"
    if health.component is None:
        return "missing"
    if health.model == version and not _follows_another(health, version):
        return "answers"
    refusal = _refusal(health, version)
    # A refusal that is retried may only mean that the data has not arrived yet.
    return "refused" if refusal and not refusal.get("retrying") else "behind"


def _follows_another(health: Health, version: str) -> bool:
    """Whether the worker still follows an earlier pointer, to a version that it refuses."""
    return (health.refused or {}).get("version", version) != version


def _refusal(health: Health, version: str) -> dict[str, Any]:
    refused = health.refused or {}
    return refused if refused.get("version") == version else {}


def settled_states(
    target: Target, project: str, version: str, keep_alive: Callable[[], None]
) -> list[NodeState]:
    """Waits until each node answers from a version, refuses it or is down; the target's own node
    first.

    Args:
        target: The nodes.
        project: The component's name.
        version: The version that the pointer names.
        keep_alive: Called repeatedly meanwhile.
    """
    found: dict[Node, NodeState] = {}

    def all_decided() -> bool:
        keep_alive()
        for node in target.nodes:
            if node not in found or found[node].state == "behind":
                found[node] = node_state(node, project, version)
        return all(s.state != "behind" for s in found.values())

    until(all_decided, SWITCH_SECONDS)
    return [found[node] for node in target.nodes]


def require_answering(state: NodeState) -> None:
    """Raises where the node does not answer from the version.

    Raises:
        HarperRefused: it refuses it, or did not switch in time.
        HarperUnavailable: it is down.
    """
    if state.state in ("down", "missing"):
        raise HarperUnavailable("health", state.reason or "the node is down")
    if not state.answers:
        raise HarperRefused("health", state.reason or "the node did not change over in time")


def check_probes(
    states: list[NodeState], project: str, version: str, probes: list[dict[str, Any]]
) -> list[NodeState]:
    """Sends the probes to every node that answers from the version, over HTTP like a visitor.

    Returns:
        The states afterwards; a node that fails is named, if it is not the target's own.

    Raises:
        HarperRefused: the target's own answer differs from Python's, or is another version's.
        HarperUnavailable: the target's own node does not answer.
    """
    found = []
    for place, state in enumerate(states):
        try:
            if state.answers:
                _ask_probes(state.node, project, version, probes)
        except HarperError as error:
            if place == 0:
                raise
            kind = "down" if isinstance(error, HarperUnavailable) else "refused"
            state = replace(state, state=kind, reason=str(error))
        found.append(state)
    return found


def _ask_probes(node: Node, project: str, version: str, probes: list[dict[str, Any]]) -> None:
    for probe in probes:
        answer = recommend(node, project, request_body(probe))
        wrong = difference(probe, answer)
        if answer.get("model") != version:
            wrong = f"answered by {answer.get('model')} instead of {version}"
        if wrong is not None:
            raise HarperRefused("probe", f"{node.name or node.routes_url}: {wrong}")
