"""Defines a peer: how it is fitted, which settings are tried, and what it may learn from."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.ranking.scoring import Scorer


@dataclass(frozen=True)
class Training:
    """What a baseline may learn from.

    Attributes:
        liked: [users, items] float32, 1 where a train user likes an item. Items are in order of
            popularity, the most liked first.
        creators: [items] text, normalised; "" where unknown.
        seed: For peers that make random choices.
        shared: Intermediate results of a peer by name, computed once for all its settings.
    """

    liked: sp.csr_matrix
    creators: pd.Series
    seed: int
    shared: dict[Any, sp.csr_matrix] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def likers(self) -> np.ndarray:
        """[items] float32, number of train users who like each item."""
        return np.asarray(self.liked.sum(axis=0), dtype=np.float32).ravel()

    @cached_property
    def by_creator(self) -> sp.csr_matrix:
        """[items, creators] float32, 1 at the creator of an item that has a known one."""
        codes, _ = pd.factorize(self.creators)
        known = np.flatnonzero((self.creators != "").to_numpy())
        cells = (np.ones(len(known), np.float32), (known, codes[known]))
        return sp.csr_matrix(cells, shape=(len(codes), codes.max() + 1))


@dataclass(frozen=True)
class Baseline:
    """A peer.

    Attributes:
        name: As shown in the report.
        fit: (training, **settings) -> scorer.
        grid: Settings to choose from on validation users.
        uses_content: Whether it uses more about an item than who likes it.
        slow: Whether tuning it takes minutes on real data.
    """

    name: str
    fit: Callable[..., Scorer]
    grid: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    uses_content: bool = False
    slow: bool = False


@dataclass(frozen=True)
class Fitted:
    """A method with the settings that were best on validation users.

    Attributes:
        name: As shown in the report.
        settings: What was chosen.
        scorer: Scores the items.
        validation: Its quality on validation users.
        seconds: Time to fit it with the chosen settings.
    """

    name: str
    settings: dict[str, Any]
    scorer: Scorer
    validation: float
    seconds: float


def tuned(baseline: Baseline, training: Training, validated: Callable[[Scorer], float]) -> Fitted:
    """Fits a baseline with each of its settings and keeps the best.

    Args:
        baseline: What to fit.
        training: What to learn from.
        validated: Measures a scorer on validation users.
    """
    training.shared.clear()
    tried = (_fitted(baseline, settings, training, validated) for settings in baseline.grid)
    # max keeps the first of equal ones, and at most two fitted models at a time.
    return max(tried, key=lambda one: one.validation)


def _fitted(
    baseline: Baseline,
    settings: dict[str, Any],
    training: Training,
    validated: Callable[[Scorer], float],
) -> Fitted:
    began = time.monotonic()
    scorer = baseline.fit(training, **settings)
    seconds = time.monotonic() - began
    return Fitted(baseline.name, settings, scorer, validated(scorer), seconds)


def grid(**choices: list[Any]) -> list[dict[str, Any]]:
    """Returns every combination of the choices."""
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]
