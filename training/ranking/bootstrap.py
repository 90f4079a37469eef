"""Confidence intervals of means over users."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import scipy.sparse as sp

PerUser = Callable[[np.ndarray, sp.csr_matrix], np.ndarray]
"""(ranked [users, results], targets [users, items]) -> [users], a metric's value of each."""
RESAMPLES = 2000


def resamples(users: int, seed: int) -> np.ndarray:
    """Returns [RESAMPLES, users] float32, the weight of each user in each bootstrap resample.

    The same weights for every method make differences paired.

    Source:
        Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    rng = np.random.default_rng(seed)
    counts = np.empty((RESAMPLES, users), np.float32)
    for row in counts:
        row[:] = np.bincount(rng.integers(0, users, users), minlength=users)
    return counts / users


def interval(values: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Returns the 95 % bootstrap interval of the mean.

    Args:
        values: [users].
        weights: [RESAMPLES, users] of `resamples`.
    """
    low, high = np.percentile(weights @ values.astype(np.float32), [2.5, 97.5])
    return float(low), float(high)


def means(
    metrics: Mapping[str, PerUser],
    ranked: np.ndarray,
    targets: sp.csr_matrix,
    weights: np.ndarray,
) -> dict[str, float]:
    """Returns each metric's mean by its name, and its interval as ``name_low``, ``name_high``.

    Args:
        metrics: By name.
        ranked: [users, results] int32 item indices, best first.
        targets: [users, items] 0/1, the held-out items.
        weights: [RESAMPLES, users] of `resamples`.
    """
    found = {}
    for name, of in metrics.items():
        users = of(ranked, targets)
        found[name] = float(users.mean())
        found[f"{name}_low"], found[f"{name}_high"] = interval(users, weights)
    return found
