"""Asks about the panel: NDCG@20 of a model's answers to people whom no model has learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import requests
import scipy.sparse as sp
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from scripts.simulation.people import People
from training.ranking.metrics import ndcg_at

RESULTS = 20
AGAIN = Retry(8, backoff_factor=0.5, status_forcelist=(404, 503), allowed_methods=None)
"""As visitors do: on a busy machine a worker of HarperDB may end and start again at any time, and
answers 404 until it has loaded the routes."""
Answers = Callable[[Sequence[str]], list[str]]
"""From favourites to `RESULTS` recommendations, best first; ids."""


def ask_node(routes: str, project: str) -> Answers:
    """Returns how a node is asked, over HTTP; without a session, so that nothing is recorded."""
    url, client = f"{routes}/{project}/recommend", requests.Session()
    client.mount("http://", HTTPAdapter(max_retries=AGAIN))

    def answers(favourites: Sequence[str]) -> list[str]:
        question = {"favourites": list(favourites), "limit": RESULTS}
        answer = client.post(url, json=question, timeout=30)
        answer.raise_for_status()
        return [row["id"] for row in answer.json()["recommendations"]]

    return answers


def ask_bundle(bundle: Path) -> Answers:
    """Returns how a bundle that is not deployed is asked: by its own graph."""
    from training.export.serving import BundleGraph

    graph = BundleGraph(bundle)
    return lambda favourites: [
        id_ for id_, _ in graph.answer(list(favourites), RESULTS).recommendations
    ]


def ask_all(people: People, answers: Answers, *, threads: int = 2) -> list[list[str]]:
    """Returns the panel's answers, as ids of works."""
    with ThreadPoolExecutor(threads) as pool:
        found = pool.map(answers, [person.favourites for person in people.panel])
        return [[people.canonical(id_) for id_ in answer] for answer in found]


def ndcg(people: People, answers: list[list[str]]) -> np.ndarray:
    """Returns [panel] NDCG@20 of the answers; the rest of each person's likes is to be found."""
    index = people.data.index_of
    ranked = np.full((len(answers), RESULTS), -1, np.int32)
    for row, answer in zip(ranked, answers, strict=True):
        row[: len(answer)] = [index.get(id_, -1) for id_ in answer]
    targets = [sorted(index[id_] for id_ in person.others) for person in people.panel]
    rows = np.repeat(np.arange(len(targets)), [len(one) for one in targets])
    cells = (np.ones(len(rows), np.float32), (rows, np.concatenate(targets)))
    held = sp.csr_matrix(cells, shape=(len(targets), len(people.data.items)))
    return ndcg_at(ranked, held, RESULTS)


def share_with(item: str, answers: list[list[str]]) -> float:
    """Returns the share of the answers, 0..1, that contain an item."""
    return float(np.mean([item in answer for answer in answers]))
