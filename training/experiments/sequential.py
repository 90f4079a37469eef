"""Intervals that hold however often one looks, and how many sessions they need.

An interval of a fixed sample holds once: who looks every hour and stops at the first difference is
wrong far more often than its level says. A confidence sequence holds at all times together, so that
an experiment may be looked at, decided and continued at any moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

FEWEST = 100
"""Sessions of each variant before an interval is given: its level is asymptotic."""
POWER = 0.8
_MOST = 1e9
_MORE = 2
"""Sessions added at each end of the range where a variance is estimated: few equal figures do not
prove that all are. Agresti & Coull, "Approximate is better than exact", The American Statistician
1998, add as many; without them, a rate of 3 % in a tenth of the sessions misses the level."""


Number = Any
"""A number, or an array of one for each of several experiments or looks."""


@dataclass(frozen=True)
class Interval:
    """A difference, challenger minus champion.

    Attributes:
        difference: Its estimate.
        low: Lower end.
        high: Upper end.
    """

    difference: Number
    low: Number
    high: Number


@dataclass(frozen=True)
class Sums:
    """What is to be known of the figures of some sessions.

    Attributes:
        sessions: Their number.
        total: Sum of the figures.
        squares: Sum of their squares.
        least: The least that a figure can be; the most is 1.
    """

    sessions: Number
    total: Number
    squares: Number
    least: float = 0.0

    @property
    def mean(self) -> Number:
        """The mean figure."""
        return self.total / self.sessions

    @property
    def error(self) -> Number:
        """Variance of the mean."""
        count = self.sessions + 2 * _MORE
        mean = (self.total + _MORE * (self.least + 1)) / count
        return ((self.squares + _MORE * (self.least**2 + 1)) / count - mean**2) / self.sessions


def sums_of(figures: np.ndarray, *, least: float = 0.0) -> Sums:
    """Returns the sums of [sessions] figures, each from `least` to 1."""
    return Sums(len(figures), float(figures.sum()), float((figures**2).sum()), least)


def normal_mixture_bound(v: Number, level: float, best_at: Number) -> Number:
    """Bounds a sum of v terms with mean 0 and variance 1, at all v at once, on both sides.

    Args:
        v: Number of terms, or the sum of their variances; above 0.
        level: Chance that the sum ever leaves the bound, 0..1.
        best_at: The v at which the bound is tightest.

    Source:
        Howard, Ramdas, McAuliffe & Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
        sequences", Annals of Statistics 2021, equation 14; the same as confseq's
        ``normal_mixture_bound(v, level, best_at, level, is_one_sided=False)``.
    """
    odds = 2 * np.log(1 / level)
    rho = best_at / (odds + np.log1p(odds))
    return np.sqrt((v + rho) * (np.log1p(v / rho) + odds))


def half_width(variance: Number, sessions: Number, level: float, best_at: Number) -> Number:
    """Returns half the width of the asymptotic confidence sequence of a mean.

    Args:
        variance: Of the estimate, not of a session.
        sessions: On which it rests.
        level: Chance that the sequence ever misses the mean, 0..1.
        best_at: Number of sessions at which it is narrowest.

    Source:
        Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory and
        asymptotic confidence sequences", Annals of Statistics 2024, theorem 2.2: a normal mixture
        bound with the variance estimated.
    """
    return np.sqrt(variance / sessions) * normal_mixture_bound(sessions, level, best_at)


def compare(champion: Sums, challenger: Sums, *, level: float, best_at: float) -> Interval:
    """Compares the means of two variants.

    Args:
        champion: Of its sessions.
        challenger: Of its sessions.
        level: Chance that the interval ever misses the difference, 0..1.
        best_at: Number of sessions of both at which it is narrowest.

    Source:
        As `half_width`, section 3: with the share of each variant known, inverse probability
        weights centred on the means make the difference a mean over all sessions.
    """
    sessions = champion.sessions + challenger.sessions
    half = half_width(champion.error + challenger.error, sessions, level, best_at)
    difference = challenger.mean - champion.mean
    return Interval(difference, difference - half, difference + half)


def prefer(preferences: Sums, *, level: float, best_at: float) -> Interval:
    """Estimates the mean preference for the challenger, -1..1; 0: neither is preferred.

    Args:
        preferences: Of the sessions with interleaved answers.
        level: Chance that the interval ever misses the mean, 0..1.
        best_at: Number of sessions at which it is narrowest.
    """
    half = half_width(preferences.error, preferences.sessions, level, best_at)
    mean = preferences.mean
    return Interval(mean, mean - half, mean + half)


def sessions_needed(deviation: float, difference: float, *, level: float, share: float) -> int:
    """Estimates how many sessions show a difference with the power 0.8.

    Args:
        deviation: Standard deviation of a session's figure.
        difference: What is to be shown: true, or excluded by as much.
        level: As for `compare`.
        share: The challenger's share of the sessions, 0..1; 1: interleaved lists, one figure of
            each session.

    Returns:
        Sessions of both variants.
    """
    weight = 1.0 if share == 1.0 else 1 / share + 1 / (1 - share)
    variance = weight * deviation**2

    def missing(sessions: float) -> float:
        error = float(np.sqrt(variance / sessions))
        width = half_width(variance / sessions, sessions, level, sessions)
        return float(width + norm.ppf(POWER) * error - difference)

    if missing(_MOST) > 0:
        return int(_MOST)
    return int(np.ceil(brentq(missing, 1.0, _MOST))) if missing(1.0) > 0 else 1
