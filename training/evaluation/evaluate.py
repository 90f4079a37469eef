"""The report: the quality of each method on unseen users, beside tuned baselines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.config import Config
from training.data.dataset import Counts, Dataset, summary
from training.data.examples import Queries, queries_of
from training.data.features import creators_of
from training.domains.domain import Domain
from training.evaluation.baselines import BASELINES
from training.evaluation.baselines.peer import Baseline, Training, tuned
from training.evaluation.sampling import bounded, brief, kept, left_out, sampling
from training.evaluation.summary import PER_USER, summary_of
from training.evaluation.variety_scale import scale_of, varied_lists, weight_of
from training.models.ops import answers, rank
from training.models.strategy import Served
from training.progress import Progress
from training.ranking.bootstrap import interval, means, resamples
from training.ranking.metrics import coverage_at, ndcg_at
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


@dataclass(frozen=True)
class Method:
    """A fitted method, ready to rank.

    Attributes:
        name: As shown.
        kind: ours or baseline.
        settings: What was chosen for it on validation users.
        rank: Ranks.
        validation: Its NDCG@20 on validation users.
        seconds: Time to fit it; for a baseline, with the chosen settings only.
        uses_content: Whether it uses more about an item than who likes it.
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
        counts: Rows read, kept and dropped, for the report.
        strategies: Ours.
        fitted: By name of strategy, what `train` saved about it: ``settings``, ``fit_seconds``,
            ``content``.
        config: Settings; on a large catalogue fewer users are measured, see `sampling.bounded`.
        progress: Called after every step.

    Returns:
        The report, as written to ``report.json``; ``summary`` is the part the manifest carries.
    """
    config = brief(bounded(config, len(data.items)), data)
    validation_queries = queries_of(data, "validation", config.evaluate.favourites, config)
    methods = [
        _ours(one, fitted[one.strategy.name], len(data.items), validation_queries)
        for one in strategies
    ]
    training = training_of(domain, data, config)
    # Without creators, a peer that uses them is another one under a second name.
    peers = [one for one in BASELINES if domain.creator or not one.uses_content]
    baselines = kept(peers, config)
    for baseline in baselines:
        progress(len(methods), len(strategies) + len(baselines), f"tuning {baseline.name}")
        methods.append(_peer(baseline, training, validation_queries))
    default = max((m for m in methods if m.kind == "ours"), key=lambda m: m.validation)
    progress(len(methods), len(methods), "variety")
    creators = creator_codes(training.creators)
    scales = {
        one.strategy.name: scale_of(one.answer, validation_queries, creators, SHOWN)
        for one in strategies
    }
    progress(1, 1, "test users")
    measured = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    test = queries_of(data, "test", config.evaluate.favourites, config)
    sampled = sampling(data, validation_queries, test, config)
    rows = measure(methods, default, test, training, config)
    by_favourites = _by_favourites(methods, default, data, config)
    served = next(one for one in strategies if one.strategy.name == default.name)
    return {
        "domain": domain.name,
        "default_strategy": default.name,
        "chosen_by": f"{CHOOSE_BY} on {len(validation_queries)} validation users",
        "test_users_measured_at": measured,
        "sampling": sampled,
        "left_out": left_out(peers, training, config),
        "summary": summary_of(rows, by_favourites, test, sampled, config),
        "rows": rows,
        "by_favourites": by_favourites,
        "variety": _variety(served, scales[default.name], test, training),
        "variety_scales": scales,
        "data": summary(counts),
    }


def training_of(domain: Domain, data: Dataset, config: Config) -> Training:
    """Returns what the baselines may learn from."""
    creators = creators_of(domain, data.items)
    return Training(data.liked("train"), creators, config.train.seed)


def _ours(one: Served, fitted: dict[str, Any], items: int, validation_queries: Queries) -> Method:
    ranker = our_ranker(one, items)
    return Method(
        name=one.strategy.name,
        kind="ours",
        settings=fitted["settings"],
        rank=ranker,
        validation=_validated(ranker, validation_queries),
        seconds=fitted["fit_seconds"],
        uses_content=fitted["content"],
    )


def our_ranker(one: Served, items: int) -> Ranker:
    """Returns a strategy as a ranker of so many items."""
    return lambda favourites, results: rank(one.answer, favourites, results, items)


def _peer(baseline: Baseline, training: Training, validation_queries: Queries) -> Method:
    best = tuned(
        baseline,
        training,
        lambda scorer: _validated(partial(rank_scores, scorer), validation_queries),
    )
    return Method(
        name=best.name,
        kind="baseline",
        settings=best.settings,
        rank=partial(rank_scores, best.scorer),
        validation=best.validation,
        seconds=best.seconds,
        uses_content=baseline.uses_content,
    )


def _validated(ranker: Ranker, queries: Queries) -> float:
    return float(ndcg_at(ranker(queries.favourites, 20), queries.targets, 20).mean())


def measure(
    methods: list[Method], default: Method, test: Queries, training: Training, config: Config
) -> list[dict[str, Any]]:
    """Returns one row per method: each metric's mean, and the interval of the mean.

    ``ndcg@20_minus`` is the default's NDCG@20 minus this method's over the same users, with its
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
            row["ndcg@20_minus"] = minus(ranked[default.name], lists, test, weights)
        rows.append(row)
    return rows


def minus(
    ours: np.ndarray, theirs: np.ndarray, test: Queries, weights: np.ndarray
) -> dict[str, float]:
    """Returns by how much our lists' NDCG@20 is above theirs, with the interval of the mean.

    Args:
        ours: [Q, results], ranked; results is 20 or more.
        theirs: The same of another method.
        test: The queries.
        weights: Of the resamples.
    """
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
                row["minus"] = minus(ours, lists, test, weights)
            rows.append(row)
    return rows


def _variety(
    served: Served,
    scale: list[float] | None,
    test: Queries,
    training: Training,
) -> list[dict[str, Any]]:
    """Returns the quality and the variety at each diversity."""
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
