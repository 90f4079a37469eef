"""How sure a mean over users is."""

from __future__ import annotations

import numpy as np

RESAMPLES = 2000


def resamples(users: int, seed: int) -> np.ndarray:
    """Returns [RESAMPLES, users] float32, how much each resample of the bootstrap weighs a user.

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
