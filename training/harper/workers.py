"""Queries every worker of a node about every recommender on it.

HarperDB's workers share a port, and which of them accepts a connection is chance. All requests of
one connection are answered by one worker. That identifies a worker that lacks a project's routes,
although its 404 does not name it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from training.harper.client import session_for
from training.harper.node import Health, Node, health, health_over

QUERIES_PER_WORKER = 12
"""Most queries for each worker of a node, until all workers have answered.

One worker in 100,000 is missed.
"""
ASSUMED_WORKERS = 2
"""Number of workers of a node that does not report it."""
SECOND_TRY_SECONDS = 0.5


@dataclass(frozen=True)
class Worker:
    """The answers of one worker.

    Attributes:
        number: Its number; None if none of its answers contains it.
        answers: Its health, by project.
    """

    number: int | None
    answers: dict[str, Health]

    @property
    def missing(self) -> list[str]:
        """The projects whose routes it lacks."""
        return [p for p, h in self.answers.items() if h.reachable and h.component is None]

    @property
    def is_reachable(self) -> bool:
        """Whether it answered."""
        return all(h.reachable for h in self.answers.values())


@dataclass(frozen=True)
class Workers:
    """The answers of a node's workers.

    Attributes:
        node: The node.
        answered: The workers that answered, once each.
        expected: How many the node has; None if no worker reported it.
    """

    node: Node
    answered: tuple[Worker, ...]
    expected: int | None

    @property
    def is_complete(self) -> bool:
        """Whether each worker has answered."""
        numbered = [w for w in self.answered if w.number is not None]
        return len(numbered) >= (self.expected or ASSUMED_WORKERS)

    def missing(self) -> list[str]:
        """Returns a sentence for each worker and project whose routes it lacks."""
        name = self.node.name or self.node.routes_url
        return [
            f"{name}: {'a worker' if w.number is None else f'worker {w.number}'} "
            f"has no routes of {project}"
            for w in self.answered
            for project in w.missing
        ]


def ask_worker(node: Node, projects: Sequence[str]) -> Worker:
    """Queries the worker that accepts the connection about all projects, over that connection."""
    with session_for(node.routes_url, node.ca) as session:
        answers = {project: health_over(session, node, project) for project in projects}
        numbers = {h.worker for h in answers.values() if h.component is not None}
        if not numbers or all(h.component is not None for h in answers.values()):
            return Worker(min(numbers, key=str) if numbers else None, answers)
        # A last query: a connection that was closed and opened again may lead to another worker.
        known = next(p for p, h in answers.items() if h.component is not None)
        numbers.add(health_over(session, node, known).worker)
    if len(numbers) > 1:
        return Worker(None, {p: h for p, h in answers.items() if h.component is not None})
    return Worker(numbers.pop(), answers)


def ask_workers(node: Node, projects: Sequence[str]) -> Workers:
    """Queries until each of the node's workers has answered, or the limit is reached."""
    answered: dict[int | None, Worker] = {}
    expected: int | None = None
    queries = 0
    while True:
        worker = ask_worker(node, projects)
        if not worker.is_reachable:
            time.sleep(SECOND_TRY_SECONDS)  # it may be busy, or ending
            worker = ask_worker(node, projects)
        queries += 1
        if worker.number is not None or worker.missing or not worker.is_reachable:
            answered[worker.number] = worker
        for answer in worker.answers.values():
            expected = answer.workers or expected
        found = Workers(node, tuple(answered.values()), expected)
        limit = QUERIES_PER_WORKER * (expected or ASSUMED_WORKERS)
        if found.is_complete or not worker.is_reachable or queries >= limit:
            return found


def ask_until(node: Node, project: str, is_good: Callable[[Health], bool]) -> Health:
    """Queries a node's workers about one project until each has answered, or one is not good.

    Args:
        node: The node.
        project: The component's name.
        is_good: Whether an answer is as expected; the first that is not ends the queries.

    Returns:
        That answer, or the last one.
    """
    answered: set[int | None] = set()
    queries = 0
    while True:
        answer = _health(node, project)
        answered.add(answer.worker)
        queries += 1
        workers = answer.workers or ASSUMED_WORKERS
        limit = QUERIES_PER_WORKER * workers
        if not is_good(answer) or len(answered) >= workers or queries >= limit:
            return answer


def _health(node: Node, project: str) -> Health:
    """Queries again if there is no answer: a worker may be busy, or ending."""
    answer = health(node, project)
    if answer.reachable:
        return answer
    time.sleep(SECOND_TRY_SECONDS)
    return health(node, project)
