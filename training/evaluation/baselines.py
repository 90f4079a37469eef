"""What every model is measured against, each tuned on the same validation users."""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.linalg
import scipy.sparse as sp
import threadpoolctl

from training.models.cooccurrence import prune, together
from training.ranking.scoring import Scorer, one_hot


@dataclass(frozen=True)
class Training:
    """What a baseline may learn from.

    Attributes:
        liked: [users, items] float32, 1 where a train user likes an item.
        creators: [items] text, normalised; "" where unknown.
        seed: For those that draw.
    """

    liked: sp.csr_matrix
    creators: pd.Series
    seed: int

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
        uses_content: Whether it knows more of an item than who likes it.
        slow: Whether tuning it takes minutes on real data.
    """

    name: str
    fit: Callable[..., Scorer]
    grid: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    uses_content: bool = False
    slow: bool = False


def popularity(training: Training) -> Scorer:
    """Everybody gets what most train users like."""
    likers = training.likers
    return lambda favourites: np.tile(likers, (len(favourites), 1))


def same_creator(training: Training) -> Scorer:
    """The favourites' creators' items by popularity, then everything by popularity."""
    likers = training.likers / (training.likers.max() + 1)
    bearers = training.by_creator

    def scorer(favourites: np.ndarray) -> np.ndarray:
        asked = one_hot(favourites, len(likers))
        same = (asked @ bearers @ bearers.T).toarray()
        return same * (1 + likers) + likers

    return scorer


def item_knn(training: Training, *, kind: str, shrink: float, neighbours: int) -> Scorer:
    """The favourites' nearest items, their likeness added up.

    Args:
        training: What to learn from.
        kind: ``cosine``, or ``tfidf`` or ``bm25`` as `implicit` weighs them.
        shrink: Added to the cosine's denominator: likeness found in few users counts less.
        neighbours: Number of neighbours kept of each item.
    """
    if kind == "cosine":
        table = prune(shrunk_cosine(training.liked, shrink), neighbours)
    else:
        table = _of_implicit(training.liked, kind, neighbours)
    return lambda favourites: (one_hot(favourites, table.shape[0]) @ table).toarray()


def shrunk_cosine(liked: sp.csr_matrix, shrink: float) -> sp.csr_matrix:
    """Returns [items, items] likeness, nothing on the diagonal.

    Args:
        liked: [users, items] 0/1.
        shrink: Added to the denominator.

    Source:
        Bell & Koren, "Improved Neighborhood-based Collaborative Filtering", KDD Cup 2007.
    """
    both = together(liked, 0.0)
    likers = np.asarray(liked.sum(axis=0)).ravel()
    row = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
    both.data /= np.sqrt(likers[row] * likers[both.indices]) + shrink
    return both


def _of_implicit(liked: sp.csr_matrix, kind: str, neighbours: int) -> sp.csr_matrix:
    from implicit import nearest_neighbours

    kinds = {
        "tfidf": nearest_neighbours.TFIDFRecommender,
        "bm25": nearest_neighbours.BM25Recommender,
    }
    # One more than asked for: each item is its own nearest neighbour there.
    model = kinds[kind](K=neighbours + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # implicit passes itself a COO matrix, and warns of it
        model.fit(liked, show_progress=False)
    table = sp.csr_matrix(model.similarity, dtype=np.float32)
    table.setdiag(0)
    table.eliminate_zeros()
    return table


def item_knn_and_creator(training: Training, *, shrink: float, weight: float) -> Scorer:
    """Shrunk cosine, 100 neighbours, and the same creator's items by popularity on top.

    Args:
        training: What to learn from.
        shrink: Of the cosine.
        weight: Of the same creator, in units of likeness.
    """
    near = item_knn(training, kind="cosine", shrink=shrink, neighbours=100)
    bearers = training.by_creator
    likers = np.log1p(training.likers) / np.log1p(training.likers.max())

    def scorer(favourites: np.ndarray) -> np.ndarray:
        same = (one_hot(favourites, len(likers)) @ bearers @ bearers.T).toarray()
        return near(favourites) + weight * same * likers

    return scorer


def user_knn(training: Training, *, voters: int, length_power: float) -> Scorer:
    """The nearest users' items, weighted by likeness.

    Args:
        training: What to learn from.
        voters: Number of nearest users.
        length_power: Power of a user's number of items in the likeness's denominator; .5: cosine.
    """
    liked = training.liked
    lengths = np.diff(liked.indptr).astype(np.float32) ** length_power

    def scorer(favourites: np.ndarray) -> np.ndarray:
        alike = (one_hot(favourites, liked.shape[1]) @ liked.T).toarray() / lengths  # [B, users]
        count = min(voters, alike.shape[1])
        least = np.partition(alike, -count, axis=1)[:, -count, None]
        alike[alike < least] = 0
        return np.asarray((sp.csr_matrix(alike) @ liked).todense())

    return scorer


def als(training: Training, *, alpha: float, regularization: float) -> Scorer:
    """Weighted matrix factorisation of `implicit`, 64 factors, 15 iterations.

    Source:
        Hu, Koren & Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008.
    """
    from implicit.als import AlternatingLeastSquares

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of OpenBLAS' threads, which are held to one below
        model = AlternatingLeastSquares(
            factors=64,
            alpha=alpha,
            regularization=regularization,
            iterations=15,
            random_state=training.seed,
        )
    # implicit's own threads and OpenBLAS' would get in each other's way.
    with threadpoolctl.threadpool_limits(1, "blas"):
        model.fit(training.liked, show_progress=False)
    items = training.liked.shape[1]

    def scorer(favourites: np.ndarray) -> np.ndarray:
        users = model.recalculate_user(np.arange(len(favourites)), one_hot(favourites, items))
        return users @ model.item_factors.T

    return scorer


def bpr(training: Training, *, learning_rate: float, regularization: float) -> Scorer:
    """Bayesian personalised ranking of `implicit`; a new user is the mean of his favourites.

    Source:
        Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009.
    """
    from implicit.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(
        factors=64,
        learning_rate=learning_rate,
        regularization=regularization,
        iterations=60,
        random_state=training.seed,
        num_threads=1,  # more than one races, and gives another model each time
    )
    model.fit(training.liked, show_progress=False)
    vectors, bias = model.item_factors[:, :-1], model.item_factors[:, -1]

    def scorer(favourites: np.ndarray) -> np.ndarray:
        asked = one_hot(favourites, len(bias))
        mean = np.asarray(asked @ vectors) / np.maximum(asked.sum(axis=1), 1)
        return np.asarray(mean @ vectors.T) + bias

    return scorer


def ease(training: Training, *, ridge: float) -> Scorer:
    """Full-rank linear item weights, over items that two or more like.

    Args:
        training: What to learn from; items beyond `EASE_ITEMS` are left out, the rarest first.
        ridge: Added to the diagonal.

    Source:
        Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019.
    """
    items = training.liked.shape[1]
    # Items are indexed by popularity: those with two or more likers come first.
    count = min(EASE_ITEMS, int((training.likers >= 2).sum()))
    known = training.liked[:, :count]
    gram = (known.T @ known).toarray().astype(np.float32)
    gram[np.diag_indices(count)] += ridge
    inverse = scipy.linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)

    def scorer(favourites: np.ndarray) -> np.ndarray:
        scores = np.zeros((len(favourites), items), np.float32)
        scores[:, :count] = one_hot(favourites, items)[:, :count] @ weights
        return scores

    return scorer


EASE_ITEMS = 15_000
"""Most items of EASE: its inverse takes 4 n² bytes and about 2 n³ operations."""


@dataclass(frozen=True)
class Fitted:
    """A method with the settings that were best on validation users.

    Attributes:
        name: As shown in the report.
        settings: What was chosen.
        scorer: Scores.
        validation: How good it is on validation users.
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
        validated: Tells how good a scorer is on validation users.
    """
    tried = (_fitted(baseline, settings, training, validated) for settings in baseline.grid)
    # max keeps the first of equals, and no more than two fitted models at a time.
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


BASELINES = [
    Baseline("popularity", popularity),
    Baseline("same creator", same_creator, uses_content=True),
    Baseline(
        "item-kNN",
        item_knn,
        grid(kind=["cosine"], shrink=[0, 10, 20, 50, 100], neighbours=[100, 500])
        + grid(kind=["tfidf", "bm25"], shrink=[0], neighbours=[100, 500]),
    ),
    Baseline("user-kNN", user_knn, grid(voters=[200, 500, 1000], length_power=[0.3, 0.5])),
    Baseline("ALS", als, grid(alpha=[1, 5, 20], regularization=[0.01, 1]), slow=True),
    Baseline("BPR", bpr, grid(learning_rate=[0.02, 0.05], regularization=[0.01, 0.05]), slow=True),
    Baseline("EASE", ease, grid(ridge=[30, 100, 300]), slow=True),
    Baseline(
        "item-kNN + same creator",
        item_knn_and_creator,
        grid(shrink=[10, 20, 50], weight=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5]),
        uses_content=True,
    ),
]
"""In the order of the report."""
