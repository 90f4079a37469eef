"""Compares a new model with the current one on the same held-out people, now.

Figures of another day were measured on other people, and what ships has learned from everybody. So
the measured models of both are asked again, about people from whom neither of them learned. The new
bundle is then asked about some of them too: it knows them, so it must not do worse than its
sibling.
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
from training.pipeline.measured import Measured
from training.ranking.bootstrap import interval, resamples
from training.ranking.metrics import ndcg_at

RESULTS = 20
MOST_PEOPLE = 2_000
"""More would narrow the interval little."""
MOST_ASKED = 300
"""People about whom the bundle is asked."""
LEAST_PEOPLE = 20
"""With fewer, an interval says nothing."""
MARGIN = 0.01
"""How much worse a model may surely be, as a share of the current one's NDCG@20."""


@dataclass(frozen=True)
class Compared:
    """What the comparison found.

    Attributes:
        people: How many held-out people both were asked about.
        new: NDCG@20 of the new measured model.
        current: That of the current one.
        difference: The first less the second.
        low: Lower end of the difference's interval: paired bootstrap, 95 %.
        high: Its upper end.
        shipped: NDCG@20 of the new bundle, on some of these people; it has learned from them.
        shipped_high: Upper end of the interval of that less `new`'s on the same people.
    """

    people: int
    new: float
    current: float
    difference: float
    low: float
    high: float
    shipped: float
    shipped_high: float

    def objections(self) -> list[str]:
        """Returns what speaks against the new bundle.

        Its measured model is surely worse than the current one, by more than `MARGIN`; or the
        bundle itself is surely worse than its measured model, even on people whom it knows.
        """
        found = []
        if self.high < -MARGIN * self.current:
            found.append(self._worse())
        if self.shipped_high < -MARGIN * self.new:
            found.append(
                f"the bundle's own ndcg@20 {self.shipped:.4f} is worse than its measured model's, "
                "on people from whom only the bundle learned: it was not made as measured"
            )
        return found

    def _worse(self) -> str:
        return (
            f"on {self.people:,} held-out people its ndcg@20 {self.new:.4f} is worse than the "
            f"current model's {self.current:.4f} now (95 % interval of the difference "
            f"{self.low:+.4f} to {self.high:+.4f})"
        )

    def figures(self) -> dict[str, Any]:
        """Returns the fields, rounded, for the journal."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def compare(
    bundle: Path,
    new: Measured,
    current: Measured,
    data: Dataset,
    learned_from: np.ndarray,
    config: Config,
) -> Compared | None:
    """Scores both measured models, and the new bundle.

    Args:
        bundle: Folder of the new bundle, made from `data`.
        new: Its measured model.
        current: That of the current bundle.
        data: The prepared data of now.
        learned_from: Sorted hashes of the users from whom `current` learned.
        config: Settings of the new model's evaluation.

    Returns:
        The figures; None where too few people are left that neither measured model learned from.
    """
    queries = _unseen(data, learned_from, config)
    if queries is None:
        return None
    ndcg = [
        ndcg_at(one.ranked(data, queries.favourites, RESULTS), queries.targets, RESULTS)
        for one in (new, current)
    ]
    low, high = _interval(ndcg[0] - ndcg[1], config)
    asked = min(len(queries), MOST_ASKED)
    shipped = ndcg_at(
        _ranked(BundleGraph(bundle), data, queries.favourites[:asked]),
        queries.targets[:asked],
        RESULTS,
    )
    lost = _interval(shipped - ndcg[0][:asked], config)[1]
    new_mean, current_mean = (float(values.mean()) for values in ndcg)
    return Compared(
        people=len(queries),
        new=new_mean,
        current=current_mean,
        difference=new_mean - current_mean,
        low=low,
        high=high,
        shipped=float(shipped.mean()),
        shipped_high=lost,
    )


def _interval(differences: np.ndarray, config: Config) -> tuple[float, float]:
    return interval(differences, resamples(len(differences), config.evaluate.seed))


def _unseen(data: Dataset, learned_from: np.ndarray, config: Config) -> Queries | None:
    """Returns the queries of test users from whom the current measured model did not learn."""
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


def _ranked(bundle: BundleGraph, data: Dataset, favourites: np.ndarray) -> np.ndarray:
    """Returns [users, RESULTS] int32: a bundle's answers as indices of `data`."""
    ids = data.items[ITEM_ID].to_numpy()
    most = bundle.manifest["sizes"]["favourites"]
    ranked = np.full((len(favourites), RESULTS), -1, np.int32)
    for row, shown in zip(ranked, favourites, strict=True):
        answer = bundle.answer(ids[shown[:most]].tolist(), RESULTS)
        row[: len(answer.recommendations)] = [data.index_of[i] for i, _ in answer.recommendations]
    return ranked
