"""Asks every worker of a node about every recommender on it.

HarperDB's workers share a port, and which of them answers a connection is chance. What is asked
over one connection is answered by one worker: that is how a worker is named that lacks a project's
routes, whose 404 says nothing of who it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.harper.client import session_for
from training.harper.node import Health, Node, health, health_over

ASKED_A_WORKER = 12
"""How often a node is asked at most for each of its workers, until all have answered.

One in 100,000 stays unheard so.
"""
WORKERS_SUPPOSED = 2
"""Workers of a node that does not say how many it has."""
SECOND_TRY_SECONDS = 0.5


@dataclass(frozen=True)
class Worker:
    """What one worker said.

    Attributes:
        number: Which one; None where none of its answers says.
        answers: Its health of each project that was asked about.
    """

    number: int | None
    answers: dict[str, Health]

    @property
    def missing(self) -> list[str]:
        """The projects whose routes it lacks."""
        return [p for p, h in self.answers.items() if h.reachable and h.component is None]

    @property
    def is_reachable(self) -> bool:
        """Whether it answered at all."""
        return all(h.reachable for h in self.answers.values())


@dataclass(frozen=True)
class Workers:
    """What a node's workers said.

    Attributes:
        node: The node.
        heard: Those that answered, once each.
        expected: How many the node has; None where no worker said.
    """

    node: Node
    heard: tuple[Worker, ...]
    expected: int | None

    @property
    def is_complete(self) -> bool:
        """Whether each worker was heard."""
        numbered = [w for w in self.heard if w.number is not None]
        return len(numbered) >= (self.expected or WORKERS_SUPPOSED)

    def missing(self) -> list[str]:
        """Returns a sentence for each worker and project whose routes it lacks."""
        name = self.node.name or self.node.routes_url
        return [
            f"{name}: {'a worker' if w.number is None else f'worker {w.number}'} "
            f"has no routes of {project}"
            for w in self.heard
            for project in w.missing
        ]


def ask_worker(node: Node, projects: Sequence[str]) -> Worker:
    """Asks whichever worker takes the connection about all projects, over that connection."""
    with session_for(node.routes_url, node.ca) as session:
        answers = {project: health_over(session, node, project) for project in projects}
        numbers = {h.worker for h in answers.values() if h.component is not None}
        if not numbers or all(h.component is not None for h in answers.values()):
            return Worker(min(numbers, key=str) if numbers else None, answers)
        # Asked again last: a connection that was closed and opened again may lead elsewhere.
        known = next(p for p, h in answers.items() if h.component is not None)
        numbers.add(health_over(session, node, known).worker)
    if len(numbers) > 1:
        return Worker(None, {p: h for p, h in answers.items() if h.component is not None})
    return Worker(numbers.pop(), answers)


def ask_workers(node: Node, projects: Sequence[str]) -> Workers:
    """Asks until each of the node's workers has answered, or one more is not to be expected."""
    heard: dict[int | None, Worker] = {}
    expected: int | None = None
    asked = 0
    while True:
        worker = ask_worker(node, projects)
        if not worker.is_reachable:
            time.sleep(SECOND_TRY_SECONDS)  # it may be busy, or about to end
            worker = ask_worker(node, projects)
        asked += 1
        if worker.number is not None or worker.missing or not worker.is_reachable:
            heard[worker.number] = worker
        for answer in worker.answers.values():
            expected = answer.workers or expected
        found = Workers(node, tuple(heard.values()), expected)
        limit = ASKED_A_WORKER * (expected or WORKERS_SUPPOSED)
        if found.is_complete or not worker.is_reachable or asked >= limit:
            return found


def ask_until(node: Node, project: str, is_good: Callable[[Health], bool]) -> Health:
    """Asks a node's workers about one project until each has answered, or one not as it should.

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
        answer = _health(node, project)
        heard.add(answer.worker)
        asked += 1
        workers = answer.workers or WORKERS_SUPPOSED
        if not is_good(answer) or len(heard) >= workers or asked >= ASKED_A_WORKER * workers:
            return answer


def _health(node: Node, project: str) -> Health:
    """Asks twice where no answer comes: a worker may be busy, or about to end."""
    answer = health(node, project)
    if answer.reachable:
        return answer
    time.sleep(SECOND_TRY_SECONDS)
    return health(node, project)
