"""Peers that factorise the matrix of likes."""

from __future__ import annotations

import warnings

import numpy as np
import threadpoolctl

from training.evaluation.baselines.peer import Training
from training.ranking.scoring import Scorer, one_hot


def als(training: Training, *, alpha: float, regularization: float) -> Scorer:
    """Weighted matrix factorisation of `implicit`, 64 factors, 15 iterations.

    Source:
        Hu, Koren & Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008.
    """
    from implicit.als import AlternatingLeastSquares

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about OpenBLAS' threads, which are limited to one below
        model = AlternatingLeastSquares(
            factors=64,
            alpha=alpha,
            regularization=regularization,
            iterations=15,
            random_state=training.seed,
        )
    # implicit's own threads and OpenBLAS' would compete for the cores.
    with threadpoolctl.threadpool_limits(1, "blas"):
        model.fit(training.liked, show_progress=False)
    items = training.liked.shape[1]

    def scorer(favourites: np.ndarray) -> np.ndarray:
        users = model.recalculate_user(np.arange(len(favourites)), one_hot(favourites, items))
        return users @ model.item_factors.T

    return scorer


def bpr(training: Training, *, learning_rate: float, regularization: float) -> Scorer:
    """Bayesian personalised ranking of `implicit`; a new user is the mean of the favourites.

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
        num_threads=1,  # more than one race, and learn another model each time
    )
    model.fit(training.liked, show_progress=False)
    vectors, bias = model.item_factors[:, :-1], model.item_factors[:, -1]

    def scorer(favourites: np.ndarray) -> np.ndarray:
        asked = one_hot(favourites, len(bias))
        mean = np.asarray(asked @ vectors) / np.maximum(asked.sum(axis=1), 1)
        return np.asarray(mean @ vectors.T) + bias

    return scorer
