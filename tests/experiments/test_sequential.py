"""Intervals that hold at every look: published values, and experiments without a difference."""

from __future__ import annotations

import numpy as np
import pytest

from training.experiments.sequential import (
    FEWEST,
    Interval,
    Sums,
    compare,
    normal_mixture_bound,
    prefer,
    sessions_needed,
    sums_of,
)

LEVEL = 0.05
EXPERIMENTS = 1_000
BATCH, BATCHES = 200, 50


@pytest.mark.parametrize(
    ("v", "level", "best_at", "bound"),
    [
        # confseq 0.0.11: normal_mixture_bound(v, level, best_at, level, is_one_sided=False)
        (50, 0.025, 500, 28.733259543540964),
        (500, 0.05, 500, 67.86933628399808),
        (500, 0.025, 2000, 78.14033974806034),
        (2000, 0.05, 2000, 135.73867256799616),
        (4000, 0.025, 500, 217.95497418647014),
        (100000, 0.05, 500, 1156.2983580607245),
    ],
)
def test_the_bound_is_that_of_confseq(v, level, best_at, bound):
    assert normal_mixture_bound(v, level, best_at) == pytest.approx(bound, rel=1e-12)


def sums(figures: np.ndarray, chosen: np.ndarray, least: float = 0.0) -> Sums:
    """Returns what is known of the chosen sessions at each look; [experiments, looks]."""
    ends = np.arange(1, BATCHES + 1) * BATCH - 1
    own = np.where(chosen, figures, np.float32(0))
    counts = (chosen, own, own**2)
    return Sums(*(one.cumsum(axis=1, dtype=np.float64)[:, ends] for one in counts), least)


def claimed(interval: Interval, enough: np.ndarray) -> float:
    """Returns the share of the experiments of which any look claims a difference."""
    return float((((interval.low > 0) | (interval.high < 0)) & enough).any(axis=1).mean())


@pytest.mark.parametrize(("rate", "share"), [(0.3, 0.5), (0.3, 0.1), (0.03, 0.1)])
def test_of_a_thousand_experiments_without_a_difference_at_most_one_in_twenty_claims_one(
    rate, share
):
    rng = np.random.default_rng(20)
    is_challenger = rng.random((EXPERIMENTS, BATCH * BATCHES), np.float32) < share
    figures = (rng.random(is_challenger.shape, np.float32) < rate).astype(np.float32)
    champion, challenger = sums(figures, ~is_challenger), sums(figures, is_challenger)
    interval = compare(champion, challenger, level=LEVEL, best_at=500 / share)
    enough = np.minimum(champion.sessions, challenger.sessions) >= FEWEST
    assert claimed(interval, enough) <= LEVEL


@pytest.mark.parametrize("rate", [0.5, 0.03])
def test_nor_does_one_of_a_thousand_interleaved_ones(rate):
    rng = np.random.default_rng(20)
    shape = (EXPERIMENTS, BATCH * BATCHES)
    has_success = rng.random(shape, np.float32) < rate
    figures = np.where(has_success, rng.integers(-2, 3, shape, np.int8) / np.float32(2), 0)
    every = np.ones(shape, bool)
    preferences = sums(figures, every, least=-1.0)
    interval = prefer(preferences, level=LEVEL, best_at=500)
    assert claimed(interval, preferences.sessions >= FEWEST) <= LEVEL


def test_looking_at_fixed_intervals_would_claim_far_more():
    # The reason for all this: 1.96 standard errors, looked at 50 times.
    rng = np.random.default_rng(20)
    ends = np.arange(1, BATCHES + 1)
    looks = rng.standard_normal((EXPERIMENTS, BATCHES)).cumsum(axis=1)
    assert (np.abs(looks) > 1.96 * np.sqrt(ends)).any(axis=1).mean() > 0.2


@pytest.mark.parametrize("difference", [0.1, -0.1])
def test_a_real_difference_is_found_with_about_the_sessions_that_were_estimated(difference):
    rate, share = 0.4, 0.5
    needed = sessions_needed(0.5, 0.1, level=LEVEL, share=share)
    assert 500 < needed < 3_000
    rng = np.random.default_rng(20)
    found = 0
    for _ in range(100):
        champion = (rng.random(needed // 2) < rate).astype(float)
        challenger = (rng.random(needed // 2) < rate + difference).astype(float)
        both = sums_of(champion), sums_of(challenger)
        interval = compare(*both, level=LEVEL, best_at=needed)
        found += interval.low > 0 if difference > 0 else interval.high < 0
    assert 70 <= found <= 99


def test_sessions_that_are_all_alike_prove_nothing_exactly():
    nothing = sums_of(np.zeros(FEWEST))
    interval = compare(nothing, nothing, level=LEVEL, best_at=500)
    assert interval.low < -0.04 < 0.04 < interval.high


def test_a_small_share_needs_more_sessions_and_a_smaller_difference_too():
    half = sessions_needed(0.4, 0.02, level=LEVEL, share=0.5)
    tenth = sessions_needed(0.4, 0.02, level=LEVEL, share=0.1)
    assert tenth / half == pytest.approx(0.25 / 0.09, rel=0.01)
    assert sessions_needed(0.4, 0.01, level=LEVEL, share=0.5) == pytest.approx(4 * half, rel=0.01)
    assert sessions_needed(0.0, 0.02, level=LEVEL, share=0.5) == 1
