"""Metrics, baselines and the report: how good each way to recommend is on users never seen."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from training.baselines import BASELINES, Baseline, Training, rank_scores
from training.config import Config
from training.dataset import Counts, Dataset, summary
from training.domain import Domain
from training.examples import Queries, hold_out
from training.metrics import coverage_at, hit_at, ndcg_at, recall_at
from training.model import rank
from training.serving import Served
from training.text import normalise

RESULTS = 100
RESAMPLES = 2000
CHOOSE_BY = "ndcg@20"
Progress = Callable[[int, int, str], None]
Ranker = Callable[[np.ndarray, int], np.ndarray]
"""(favourites [Q, F], results) -> ranked [Q, results]."""

PER_USER: dict[str, Callable[[np.ndarray, sp.csr_matrix], np.ndarray]] = {
    "recall@10": lambda ranked, targets: recall_at(ranked, targets, 10),
    "recall@20": lambda ranked, targets: recall_at(ranked, targets, 20),
    "ndcg@20": lambda ranked, targets: ndcg_at(ranked, targets, 20),
    "ndcg@100": lambda ranked, targets: ndcg_at(ranked, targets, 100),
    "hit@10": lambda ranked, targets: hit_at(ranked, targets, 10),
}
"""Metrics of a ranking, one value a user."""


@dataclass(frozen=True)
class Method:
    """One way to recommend, ready to rank.

    Attributes:
        name: As shown.
        kind: ours or baseline.
        settings: What was chosen for it on validation users.
        rank: Ranks.
        validation: Its NDCG@20 on validation users.
        seconds: Time to fit it with the chosen settings.
    """

    name: str
    kind: str
    settings: dict[str, Any]
    rank: Ranker
    validation: float
    seconds: float


def queries(data: Dataset, part: str, favourites: int, config: Config) -> Queries:
    """Returns what the part's users show and keep back; the same for one seed, whoever asks."""
    rng = np.random.default_rng([config.evaluate.seed, favourites])
    return hold_out(data.liked(part), favourites, rng, max_users=config.evaluate.max_users)


def evaluate(
    domain: Domain,
    data: Dataset,
    counts: Counts,
    strategies: list[Served],
    config: Config,
    *,
    progress: Progress,
) -> dict[str, Any]:
    """Measures every strategy and every baseline on the same held-out users.

    Args:
        domain: What is recommended.
        data: Prepared data.
        counts: What became of the rows, for the report.
        strategies: Ours.
        config: Settings.
        progress: Told after every step.

    Returns:
        The report, as written to ``report.json``; ``summary`` is the part the manifest carries.
    """
    watch = queries(data, "validation", config.evaluate.favourites, config)
    methods = [_ours(one, len(data.items), watch) for one in strategies]
    progress(len(methods), len(methods) + len(BASELINES), "our strategies")
    training = training_of(domain, data, config)
    for baseline in BASELINES:
        methods.append(tuned(baseline, training, watch))
        progress(len(methods), len(strategies) + len(BASELINES), baseline.name)
    default = max((m for m in methods if m.kind == "ours"), key=lambda m: m.validation)
    test = queries(data, "test", config.evaluate.favourites, config)
    rows = measure(methods, default, test, len(data.items), config)
    return {
        "domain": domain.name,
        "default_strategy": default.name,
        "chosen_by": f"{CHOOSE_BY} on {len(watch)} validation users",
        "summary": _summary(rows, test, config),
        "rows": rows,
        "data": summary(counts),
        "config": config.as_dict(),
    }


def training_of(domain: Domain, data: Dataset, config: Config) -> Training:
    """Returns what the baselines may learn from."""
    creators = data.items[domain.creator].map(normalise)
    return Training(data.liked("train"), creators, config.train.seed)


def _ours(one: Served, items: int, watch: Queries) -> Method:
    def ranker(favourites: np.ndarray, results: int) -> np.ndarray:
        return rank(one.answer, favourites, results, items)

    score = float(ndcg_at(ranker(watch.favourites, 20), watch.targets, 20).mean())
    return Method(one.strategy.name, "ours", {}, ranker, score, 0.0)


def tuned(baseline: Baseline, training: Training, watch: Queries) -> Method:
    """Fits a baseline with each of its settings and keeps the best on validation users."""
    tried = (_fitted(baseline, settings, training, watch) for settings in baseline.grid)
    # max keeps the first of equals, and no more than two fitted models at a time.
    return max(tried, key=lambda method: method.validation)


def _fitted(
    baseline: Baseline, settings: dict[str, Any], training: Training, watch: Queries
) -> Method:
    began = time.monotonic()
    scorer = baseline.fit(training, **settings)
    seconds = time.monotonic() - began

    def ranker(favourites: np.ndarray, results: int) -> np.ndarray:
        return rank_scores(scorer, favourites, results)

    score = float(ndcg_at(ranker(watch.favourites, 20), watch.targets, 20).mean())
    return Method(baseline.name, "baseline", settings, ranker, score, seconds)


def measure(
    methods: list[Method], default: Method, test: Queries, items: int, config: Config
) -> list[dict[str, Any]]:
    """Returns one row a method: each metric's mean, and the interval of the mean.

    ``ndcg@20_minus`` is the default's NDCG@20 less this method's over the same users, with its
    interval: paired bootstrap, 95 %.
    """
    ranked = {m.name: m.rank(test.favourites, RESULTS) for m in methods}
    values = {
        name: {metric: of(lists, test.targets) for metric, of in PER_USER.items()}
        for name, lists in ranked.items()
    }
    weights = resamples(len(test), config.evaluate.seed)
    rows = []
    for method in methods:
        row: dict[str, Any] = {"method": method.name, "kind": method.kind}
        row["settings"], row["validation_ndcg@20"] = method.settings, method.validation
        for metric, users in values[method.name].items():
            row[metric] = float(users.mean())
            row[f"{metric}_low"], row[f"{metric}_high"] = interval(users, weights)
        row["coverage@20"] = coverage_at(ranked[method.name], items, 20)
        if method is not default:
            difference = values[default.name][CHOOSE_BY] - values[method.name][CHOOSE_BY]
            low, high = interval(difference, weights)
            row["ndcg@20_minus"] = {"mean": float(difference.mean()), "low": low, "high": high}
        rows.append(row)
    return rows


def resamples(users: int, seed: int) -> np.ndarray:
    """Returns [RESAMPLES, users] float32, how often each resample of the bootstrap draws a user.

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


def _summary(rows: list[dict[str, Any]], test: Queries, config: Config) -> dict[str, Any]:
    kept = ("method", "kind", "coverage@20")
    now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "users": len(test),
        "favourites": config.evaluate.favourites,
        "measured": now,
        "rows": [
            {
                key: round(value, 4) if isinstance(value, float) else value
                for key, value in row.items()
                if key in kept or key.split("_")[0] in PER_USER
            }
            for row in rows
        ],
    }
