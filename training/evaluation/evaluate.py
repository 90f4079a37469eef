"""The report: how good each way to recommend is on users never seen, beside tuned baselines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.config import Config
from training.data.dataset import Counts, Dataset, summary
from training.data.examples import Queries, queries_of
from training.data.text import normalise
from training.domains.domain import Domain
from training.evaluation.baselines import BASELINES
from training.evaluation.baselines.peer import Baseline, Training, tuned
from training.evaluation.variety_scale import scale_of, varied_lists, weight_of
from training.models.ops import answers, rank
from training.models.strategy import Served
from training.progress import Progress
from training.ranking.bootstrap import PerUser, interval, means, resamples
from training.ranking.metrics import coverage_at, hit_at, ndcg_at, recall_at
from training.ranking.scoring import rank_scores
from training.ranking.variety import (
    intra_list_similarity,
    likeness_of,
    mean_popularity,
    share_of_one_creator,
)

RESULTS = 100
CHOOSE_BY = "ndcg@20"
SHOWN = 10
"""Length of the lists whose variety is measured: a page's."""
FAVOURITES = (1, 3, 5, 10)
DIVERSITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
Ranker = Callable[[np.ndarray, int], np.ndarray]
"""(favourites [Q, F], results) -> ranked [Q, results]."""

PER_USER: dict[str, PerUser] = {
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
        seconds: Time to fit it, with the chosen settings alone if it is a baseline.
        uses_content: Whether it knows more of an item than who likes it.
    """

    name: str
    kind: str
    settings: dict[str, Any]
    rank: Ranker
    validation: float
    seconds: float
    uses_content: bool


def evaluate(
    domain: Domain,
    data: Dataset,
    counts: Counts,
    strategies: list[Served],
    fitted: dict[str, dict[str, Any]],
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
        fitted: What `train` noted of each of them by name: ``settings``, ``fit_seconds``,
            ``content``.
        config: Settings.
        progress: Told after every step.

    Returns:
        The report, as written to ``report.json``; ``summary`` is the part the manifest carries.
    """
    watch = queries_of(data, "validation", config.evaluate.favourites, config)
    methods = [_ours(one, fitted[one.strategy.name], len(data.items), watch) for one in strategies]
    training = training_of(domain, data, config)
    baselines = [b for b in BASELINES if not (b.slow and config.evaluate.quick)]
    for baseline in baselines:
        progress(len(methods), len(strategies) + len(baselines), f"tuning {baseline.name}")
        methods.append(_peer(baseline, training, watch))
    default = max((m for m in methods if m.kind == "ours"), key=lambda m: m.validation)
    progress(len(methods), len(methods), "variety")
    creators = creator_codes(training.creators)
    scales = {one.strategy.name: scale_of(one.answer, watch, creators, SHOWN) for one in strategies}
    progress(1, 1, "test users")
    looked = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    test = queries_of(data, "test", config.evaluate.favourites, config)
    rows = measure(methods, default, test, training, config)
    by_favourites = _by_favourites(methods, default, data, config)
    served = next(one for one in strategies if one.strategy.name == default.name)
    return {
        "domain": domain.name,
        "default_strategy": default.name,
        "chosen_by": f"{CHOOSE_BY} on {len(watch)} validation users",
        "test_users_looked_at": looked,
        "summary": _summary(rows, by_favourites, test, config),
        "rows": rows,
        "by_favourites": by_favourites,
        "variety": _variety(served, scales[default.name], test, training),
        "variety_scales": scales,
        "data": summary(counts),
    }


def training_of(domain: Domain, data: Dataset, config: Config) -> Training:
    """Returns what the baselines may learn from."""
    creators = data.items[domain.creator].map(normalise)
    return Training(data.liked("train"), creators, config.train.seed)


def _ours(one: Served, fitted: dict[str, Any], items: int, watch: Queries) -> Method:
    def ranker(favourites: np.ndarray, results: int) -> np.ndarray:
        return rank(one.answer, favourites, results, items)

    told = (ranker, _validated(ranker, watch), fitted["fit_seconds"], fitted["content"])
    return Method(one.strategy.name, "ours", fitted["settings"], *told)


def _peer(baseline: Baseline, training: Training, watch: Queries) -> Method:
    best = tuned(baseline, training, lambda scorer: _validated(partial(rank_scores, scorer), watch))
    ranker = partial(rank_scores, best.scorer)
    told = (best.settings, ranker, best.validation, best.seconds, baseline.uses_content)
    return Method(best.name, "baseline", *told)


def _validated(ranker: Ranker, watch: Queries) -> float:
    return float(ndcg_at(ranker(watch.favourites, 20), watch.targets, 20).mean())


def measure(
    methods: list[Method], default: Method, test: Queries, training: Training, config: Config
) -> list[dict[str, Any]]:
    """Returns one row a method: each metric's mean, and the interval of the mean.

    ``ndcg@20_minus`` is the default's NDCG@20 less this method's over the same users, with its
    interval: paired bootstrap, 95 %.
    """
    ranked = {m.name: m.rank(test.favourites, RESULTS) for m in methods}
    likeness, creators = likeness_of(training.liked), creator_codes(training.creators)
    weights = resamples(len(test), config.evaluate.seed)
    rows = []
    for method in methods:
        lists = ranked[method.name]
        row: dict[str, Any] = {"method": method.name, "kind": method.kind}
        row["content"], row["settings"] = method.uses_content, method.settings
        row["validation_ndcg@20"], row["fit_seconds"] = method.validation, method.seconds
        row |= means(PER_USER, lists, test.targets, weights)
        row["coverage@20"] = coverage_at(lists, len(training.likers), 20)
        row |= _sameness(lists[:, :SHOWN], training, likeness, creators)
        if method is not default:
            row["ndcg@20_minus"] = _minus(ranked[default.name], lists, test, weights)
        rows.append(row)
    return rows


def _minus(
    ours: np.ndarray, theirs: np.ndarray, test: Queries, weights: np.ndarray
) -> dict[str, float]:
    difference = ndcg_at(ours, test.targets, 20) - ndcg_at(theirs, test.targets, 20)
    low, high = interval(difference, weights)
    return {"mean": float(difference.mean()), "low": low, "high": high}


def _sameness(
    lists: np.ndarray, training: Training, likeness: sp.csr_matrix, creators: np.ndarray
) -> dict[str, float]:
    return {
        "popularity@10": float(mean_popularity(lists, training.likers).mean()),
        "similarity@10": float(intra_list_similarity(lists, likeness).mean()),
        "one_creator@10": float(share_of_one_creator(lists, creators).mean()),
    }


def creator_codes(creators: pd.Series) -> np.ndarray:
    """Returns [items] int32, equal where the creator is the same; -1 where unknown."""
    return pd.factorize(creators.where(creators != ""))[0].astype(np.int32)


def _by_favourites(
    methods: list[Method], default: Method, data: Dataset, config: Config
) -> list[dict[str, Any]]:
    """Returns NDCG@20 by number of favourites, and the default's lead over each method."""
    rows = []
    for count in FAVOURITES:
        if int((np.diff(data.liked("test").indptr) > count).sum()) == 0:
            continue
        test = queries_of(data, "test", count, config)
        weights = resamples(len(test), config.evaluate.seed)
        ours = default.rank(test.favourites, 20)
        for method in methods:
            lists = method.rank(test.favourites, 20)
            users = ndcg_at(lists, test.targets, 20)
            low, high = interval(users, weights)
            row = {"favourites": count, "users": len(test), "method": method.name}
            row |= {CHOOSE_BY: float(users.mean()), "low": low, "high": high}
            if method is not default:
                row["minus"] = _minus(ours, lists, test, weights)
            rows.append(row)
    return rows


def _variety(
    served: Served,
    scale: list[float] | None,
    test: Queries,
    training: Training,
) -> list[dict[str, Any]]:
    """Returns what each diversity costs in quality and brings in variety."""
    likeness, creators = likeness_of(training.liked), creator_codes(training.creators)
    answer = answers(served.answer, test.favourites, 220, len(training.likers))
    rows = []
    for diversity in DIVERSITIES:
        weight = weight_of(diversity, scale)
        lists = varied_lists(answer, test.favourites, creators, weight, SHOWN)
        found = {
            "diversity": diversity,
            "weight": weight,
            "ndcg@10": float(ndcg_at(lists, test.targets, SHOWN).mean()),
            "coverage@10": coverage_at(lists, len(training.likers), SHOWN),
        }
        rows.append(found | _sameness(lists, training, likeness, creators))
    return rows


def _summary(
    rows: list[dict[str, Any]],
    by_favourites: list[dict[str, Any]],
    test: Queries,
    config: Config,
) -> dict[str, Any]:
    kept = ("method", "kind", "ndcg@20_minus")
    shown = {*kept, "coverage@20", "popularity@10", "similarity@10", "one_creator@10"}
    return {
        "users": len(test),
        "favourites": config.evaluate.favourites,
        "split": _split(config),
        "rows": [
            {k: _short(v) for k, v in row.items() if k in shown or k.split("_")[0] in PER_USER}
            for row in rows
        ],
        "by_favourites": [{k: _short(v) for k, v in row.items()} for row in by_favourites],
    }


def _split(config: Config) -> str:
    """Returns what tells which users were asked what; equal where models can be compared."""
    settings = asdict(config.clean) | asdict(config.split) | {"asked": config.evaluate.seed}
    # 5.0 reads as 5: whether models can be compared is decided on this text.
    return ", ".join(
        f"{name} {value:g}" if type(value) is float else f"{name} {value}"
        for name, value in settings.items()
    )


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value
