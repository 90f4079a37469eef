"""Calls a node's public routes, as a visitor would: no password is sent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from training.errors import HarperRefused, HarperUnavailable
from training.harper.client import no_answer, session_for


@dataclass(frozen=True)
class Node:
    """One HarperDB of a cluster.

    Attributes:
        name: Its host name in the cluster; "" where there is no cluster.
        url: Its operations API.
        routes_url: Its custom functions.
        ca: File of the authority that signed its certificate.
    """

    name: str
    url: str
    routes_url: str
    ca: str | None = None


@dataclass(frozen=True)
class Health:
    """What a worker of a node reports about one recommender.

    Attributes:
        node: The node that was queried.
        reachable: Whether anything answered.
        component: Hash of the code that answered; None where the worker has no such routes.
        model: Version that answers clients; None where there is none.
        items: Number of items that model knows.
        missing: Items of the model that have no row in the catalogue.
        candidate: ``{"version", "state", "reason"}`` of the version being tried, or {}.
        refused: ``{"version", "reason"}`` of the version that the node refuses, or {}.
        experiment: ``{"id", "at", "state", "reason"}`` of the experiment that it takes part in, or
            {}.
        reason: Why there is no model, or no answer.
        worker: Which of the node's workers answered; None if it does not report that.
        workers: How many the node has; None if it does not report that.
    """

    node: Node
    reachable: bool = False
    component: str | None = None
    model: str | None = None
    items: int | None = None
    missing: int = 0
    candidate: dict[str, Any] | None = None
    refused: dict[str, Any] | None = None
    experiment: dict[str, Any] | None = None
    reason: str | None = None
    worker: int | None = None
    workers: int | None = None


def health(node: Node, project: str, *, timeout_seconds: float = 5.0) -> Health:
    """Requests ``GET …/health`` over a new connection, so that any of the node's workers may
    answer.
    """
    with session_for(node.routes_url, node.ca) as session:
        return health_over(session, node, project, timeout_seconds=timeout_seconds)


def health_over(
    session: requests.Session, node: Node, project: str, *, timeout_seconds: float = 5.0
) -> Health:
    """Requests ``GET …/health`` over a session, whose connection leads to one worker.

    Raises:
        HarperRefused: the node's certificate is not trusted, or it uses plain HTTP.
    """
    url = f"{node.routes_url}/{project}/health"
    try:
        answer = session.get(url, timeout=timeout_seconds, allow_redirects=False)
    except requests.RequestException as error:
        trouble = no_answer("health", url, error)
        if isinstance(trouble, HarperUnavailable):
            return Health(node, reason=trouble.message)
        raise trouble from error
    found = _object(answer)
    if "component" not in found:
        return Health(node, reachable=True, reason=f"{url} answers {answer.status_code}")
    return Health(
        node,
        reachable=True,
        component=found["component"],
        model=found.get("model") or None,
        items=found.get("items"),
        missing=found.get("missing") or 0,
        candidate=found.get("candidate") or {},
        refused=found.get("refused") or {},
        experiment=found.get("experiment") or {},
        reason=found.get("reason") or found.get("message"),
        worker=found.get("worker"),
        workers=found.get("workers"),
    )


def require_page(node: Node, project: str) -> None:
    """Requests ``GET …/ui/``.

    Raises:
        HarperUnavailable: no answer.
        HarperRefused: an answer other than 200.
    """
    answer = _ask("page", node, f"{project}/ui/")
    if answer.status_code != 200:
        raise HarperRefused(
            "page",
            f"the model is deployed and answers, but {answer.url} answers {answer.status_code}: "
            "deploy again, and read the node's log if that does not help",
            status=answer.status_code,
        )


def metrics(node: Node, project: str, *, timeout_seconds: float = 5.0) -> str:
    """Requests ``GET …/metrics``, in which each worker of the node is.

    Raises:
        HarperUnavailable: no answer.
        HarperRefused: an answer other than 200.
    """
    answer = _ask("metrics", node, f"{project}/metrics", timeout_seconds=timeout_seconds)
    if answer.status_code != 200:
        raise HarperRefused("metrics", f"{answer.url} answers {answer.status_code}")
    return answer.text


def recommend(node: Node, project: str, question: dict[str, Any]) -> dict[str, Any]:
    """Requests ``POST …/recommend``.

    Raises:
        HarperUnavailable: no answer.
        HarperRefused: an answer other than 200.
    """
    answer = _ask("recommend", node, f"{project}/recommend", question)
    found = _object(answer)
    if answer.status_code != 200:
        kind = HarperUnavailable if answer.status_code == 503 else HarperRefused
        raise kind("recommend", str(found.get("message", answer.text)), status=answer.status_code)
    return found


def _ask(
    what: str,
    node: Node,
    path: str,
    question: dict[str, Any] | None = None,
    *,
    timeout_seconds: float = 30.0,
) -> requests.Response:
    """Sends a request over a new connection: ``POST`` if there is a body, else ``GET``.

    Raises:
        HarperUnavailable: no answer.
        HarperRefused: the node's certificate is not trusted.
    """
    url, verb = f"{node.routes_url}/{path}", "GET" if question is None else "POST"
    try:
        with session_for(url, node.ca) as session:
            return session.request(
                verb, url, json=question, timeout=timeout_seconds, allow_redirects=False
            )
    except requests.RequestException as error:
        raise no_answer(what, url, error) from error


def _object(answer: requests.Response) -> dict[str, Any]:
    try:
        decoded = json.loads(answer.text)
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def until(
    is_done: Callable[[], bool],
    seconds: float,
    *,
    pause_seconds: float = 0.1,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Repeats a check until it succeeds; returns False after the time-out."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() >= deadline:
            return False
        sleep(pause_seconds)
    return True
