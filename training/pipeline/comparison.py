"""Compares a new bundle with the current one on the same held-out people, now.

Figures of another day were measured on other people. So both bundles answer again: each as a node
would, from its own graph and dictionary, with its default strategy. Only people from whom neither
of them learned are asked about, and an item that a bundle does not know is one it cannot find.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from training.config import Config
from training.data.dataset import PARTS, Dataset
from training.data.examples import Queries, queries_of
from training.domains.domain import ITEM_ID
from training.export.serving import BundleGraph
from training.ranking.bootstrap import interval, resamples
from training.ranking.metrics import ndcg_at

RESULTS = 20
MOST_PEOPLE = 2_000
"""More would narrow the interval little, and each is asked about one at a time."""
LEAST_PEOPLE = 20
"""With fewer, an interval says nothing."""
MARGIN = 0.01
"""How much worse a model may surely be, as a share of the current one's NDCG@20."""


@dataclass(frozen=True)
class Compared:
    """What the comparison found.

    Attributes:
        people: How many held-out people both bundles were asked about.
        new: The new bundle's NDCG@20.
        current: The current bundle's.
        difference: The first less the second.
        low: Lower end of the difference's interval: paired bootstrap, 95 %.
        high: Its upper end.
    """

    people: int
    new: float
    current: float
    difference: float
    low: float
    high: float

    def objections(self) -> list[str]:
        """Returns what speaks against the new bundle: it is surely worse, by more than `MARGIN`."""
        if self.high >= -MARGIN * self.current:
            return []
        return [
            f"on {self.people:,} held-out people its ndcg@20 {self.new:.4f} is worse than the "
            f"current model's {self.current:.4f} now (95 % interval of the difference "
            f"{self.low:+.4f} to {self.high:+.4f})"
        ]

    def figures(self) -> dict[str, Any]:
        """Returns the fields, rounded, for the journal."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def compare(
    new: Path, current: Path, data: Dataset, learned_from: np.ndarray, config: Config
) -> Compared | None:
    """Scores both bundles.

    Args:
        new: Folder of the new bundle, made from `data`.
        current: Folder of the current one.
        data: The prepared data of now.
        learned_from: Sorted hashes of the users from whom the current bundle learned.
        config: Settings of the new bundle's evaluation.

    Returns:
        The figures; None where too few people are left that neither bundle learned from.
    """
    queries = _unseen(data, learned_from, config)
    if queries is None:
        return None
    ndcg = [
        ndcg_at(_ranked(BundleGraph(folder), data, queries), queries.targets, RESULTS)
        for folder in (new, current)
    ]
    differences = ndcg[0] - ndcg[1]
    low, high = interval(differences, resamples(len(queries), config.evaluate.seed))
    new_mean, current_mean = (float(values.mean()) for values in ndcg)
    return Compared(
        people=len(queries),
        new=new_mean,
        current=current_mean,
        difference=new_mean - current_mean,
        low=low,
        high=high,
    )


def _unseen(data: Dataset, learned_from: np.ndarray, config: Config) -> Queries | None:
    """Returns the queries of test users from whom the current bundle did not learn."""
    if data.users is None:
        return None
    unseen = ~np.isin(data.users, learned_from)
    # Those who are not asked about count as train users, whom the queries leave out.
    test = (data.parts == PARTS.index("test")) & unseen
    parts = np.where(test, PARTS.index("test"), PARTS.index("train")).astype(np.int8)
    only = replace(data, parts=parts)
    favourites = config.evaluate.favourites
    likes = np.diff(only.liked("test").indptr)
    if (likes > favourites).sum() < LEAST_PEOPLE:
        return None
    most = min(config.evaluate.max_users, MOST_PEOPLE)
    fewer = replace(config, evaluate=replace(config.evaluate, max_users=most))
    return queries_of(only, "test", favourites, fewer)


def _ranked(bundle: BundleGraph, data: Dataset, queries: Queries) -> np.ndarray:
    """Returns [users, RESULTS] int32: a bundle's answers as indices of `data`; -1: not in it."""
    ids = data.items[ITEM_ID].to_numpy()
    most = bundle.manifest["sizes"]["favourites"]
    ranked = np.full((len(queries), RESULTS), -1, np.int32)
    for row, shown in zip(ranked, queries.favourites, strict=True):
        answer = bundle.answer(ids[shown[:most]].tolist(), RESULTS)
        found = [data.index_of.get(id_, -1) for id_, _ in answer.recommendations]
        # Two ids of an older bundle may be editions of one work by now: it is found once.
        places = np.array(found, np.int32)
        _, first = np.unique(places, return_index=True)
        is_first = np.zeros(len(places), bool)
        is_first[first] = True
        row[: len(places)] = np.where(is_first, places, -1)
    return ranked
