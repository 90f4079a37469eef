"""Trials: every worker loads and verifies a model before any visitor is answered from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from training.errors import HarperRefused, HarperUnavailable
from training.harper.cluster import Target
from training.harper.node import Health, Node, until
from training.harper.workers import ask_until

TRIAL_SECONDS = 120.0
STUCK_SECONDS = 10.0
"""How long to wait for a node that lacks a part of the model."""
END_SECONDS = 30.0

Read = Callable[[Health], tuple[str, str]]
"""A worker's health -> (``loading``, ``ready``, ``refused`` or ``absent``; the reason)."""


def try_candidate(
    target: Target, project: str, version: str, at: str, keep_alive: Callable[[], None]
) -> None:
    """Waits until the nodes have tried a candidate.

    The target's own node must be ready to answer from it. Another one that is not keeps its old
    model when the pointer moves, and is named then.

    Args:
        target: The nodes.
        project: The component's name.
        version: The candidate.
        at: When it was nominated: what a node reports of an earlier trial does not count.
        keep_alive: Called repeatedly meanwhile.

    Raises:
        HarperRefused: the target's own node refuses it, or is not ready in time.
        HarperUnavailable: the target's own node is down.
    """

    def read(health: Health) -> tuple[str, str]:
        if health.model == version:
            return "ready", ""
        return _reported(health.candidate, at, version=version)

    _require_ready(_decided(target, project, read, keep_alive)[0], f"model {version}")


def try_experiment(
    target: Target, project: str, id_: str, at: str, keep_alive: Callable[[], None]
) -> list[str]:
    """Waits until each worker of each node is ready to take part in an experiment.

    Args:
        target: The nodes.
        project: The component's name.
        id_: The experiment.
        at: When its row was written.
        keep_alive: Called repeatedly meanwhile.

    Returns:
        The nodes that are down; they take part when they are back.

    Raises:
        HarperRefused: a node refuses the challenger, or is not ready in time.
        HarperUnavailable: the target's own node is down.
    """

    def read(health: Health) -> tuple[str, str]:
        state, reason = _reported(health.experiment, at, id=id_)
        if state == "suspended":
            return "refused", reason
        if state == "loading" and not health.experiment:
            return state, "it reports no experiment; if its code is older, deploy again"
        return state, reason

    trials = _decided(target, project, read, keep_alive)
    _require_ready(trials[0], f"experiment {id_}")
    absent = [trial for trial in trials if trial.state == "absent"]
    for trial in trials:
        if trial not in absent:
            _require_ready(trial, f"experiment {id_}")
    return [trial.name for trial in absent]


def await_end(target: Target, project: str, id_: str, keep_alive: Callable[[], None]) -> list[str]:
    """Waits until no worker takes part in an experiment any more.

    Returns:
        The nodes of which one still does; one that is down has none.
    """
    left = list(target.nodes)

    def is_over() -> bool:
        keep_alive()
        left[:] = [node for node in left if _takes_part(node, project, id_)]
        return not left

    until(is_over, END_SECONDS)
    return [node.name or node.url for node in left]


def _takes_part(node: Node, project: str, id_: str) -> bool:
    def is_out(health: Health) -> bool:
        return (health.experiment or {}).get("id") != id_

    return not is_out(ask_until(node, project, is_out))


def _reported(report: dict[str, Any] | None, at: str, **expected: str) -> tuple[str, str]:
    """Returns state and reason of a report; of another trial's, that this one is yet to come."""
    found = report or {}
    if any(found.get(key) != value for key, value in {"at": at, **expected}.items()):
        return "loading", ""
    return str(found.get("state", "loading")), str(found.get("reason") or "")


def _decided(
    target: Target, project: str, read: Read, keep_alive: Callable[[], None]
) -> list[_Trial]:
    trials = [_Trial(node, project, read) for node in target.nodes]

    def all_decided() -> bool:
        keep_alive()
        decided = [trial.is_decided() for trial in trials]
        return all(decided)

    until(all_decided, TRIAL_SECONDS, pause_seconds=0.05)
    return trials


def _require_ready(trial: _Trial, what: str) -> None:
    if trial.state == "absent":
        raise HarperUnavailable("deploy", trial.reason or "the node is down")
    if trial.state == "refused":
        raise HarperRefused("deploy", f"{trial.name} refuses {what}: {trial.reason}")
    if trial.state != "ready":
        why = trial.reason or "it is still loading"
        raise HarperRefused("deploy", f"{trial.name} did not get {what} ready in time: {why}")


class _Trial:
    """One node's trial, queried repeatedly."""

    def __init__(self, node: Node, project: str, read: Read) -> None:
        self.node, self.project, self.read = node, project, read
        self.state, self.reason = "loading", ""
        self._began = time.monotonic()

    @property
    def name(self) -> str:
        """The node's, for people."""
        return self.node.name or self.node.url

    def is_decided(self) -> bool:
        """Queries the node again; it is ``ready`` if each worker is."""
        found = ask_until(self.node, self.project, lambda h: self._read(h)[0] == "ready")
        self.state, self.reason = self._read(found)
        if self.state == "loading":
            # The missing data may still arrive, but the wait is limited.
            return bool(self.reason) and time.monotonic() - self._began > STUCK_SECONDS
        return True

    def _read(self, health: Health) -> tuple[str, str]:
        if not health.reachable or health.component is None:
            return "absent", health.reason or ""
        return self.read(health)
