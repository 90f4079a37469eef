"""How good the methods are at what comes later: beside the split by people, a split by time.

Held-out people were asked about likes of the same months from which the methods learned. Here the
methods learn from what was liked before a moment, and are asked about what was liked after it, as
they are when a model is deployed.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from training.config import Config
from training.data.dataset import Dataset
from training.data.examples import queries_of
from training.data.features import features_of
from training.data.time_split import TimeSplit, split_by_time
from training.domains.domain import Domain
from training.errors import ConfigError
from training.evaluation.baselines import BASELINES
from training.evaluation.evaluate import RESULTS, Ranker, minus, our_ranker, training_of
from training.evaluation.sampling import QUICK_CELLS, bounded
from training.models import choices, item_table, item_tower, strategies, train
from training.models.item_strategy import ItemIndex
from training.models.strategy import Served
from training.progress import Progress
from training.ranking.bootstrap import means, resamples
from training.ranking.metrics import ndcg_at, without
from training.ranking.scoring import rank_scores

METRIC = "ndcg@20"
MOST_KNOWN = 300
"""Most earlier likes of a person that are taken out of a list, for its length is limited."""


def measure(
    domain: Domain, data: Dataset, report: dict[str, Any], config: Config, *, progress: Progress
) -> dict[str, Any]:
    """Fits every method of the report to the likes before a moment, and asks about those after it.

    Ours make their choices again on validation users' earlier likes; peers have the
    settings that the report chose for them. Nobody is recommended what he liked before the moment.

    Args:
        domain: What is recommended.
        data: Prepared data with times.
        report: The report of the split by people.
        config: Settings; at most as many people are asked as with `evaluate.quick`.
        progress: Called after every step.

    Returns:
        ``moment`` (ISO 8601), ``users``, ``new_targets`` (share of the targets that nobody had
        liked before), ``rows`` by method and ``disagreements``; with ``users`` 0, only these two.
    """
    most = min(bounded(config, len(data.items)).evaluate.max_users, QUICK_CELLS // len(data.items))
    rng = np.random.default_rng([config.evaluate.seed, 11])
    split = split_by_time(data, config.evaluate.favourites, rng, max_users=max(1, most))
    nothing: dict[str, Any] = {"users": 0, "disagreements": []}
    if split is None:
        return nothing
    try:
        rankers = _fitted(domain, split.before, report, config, progress=progress)
    except ConfigError:  # no validation user has liked enough before the moment
        return nothing
    rows = _rows(rankers, split, report, config)
    moment = dt.datetime.fromtimestamp(split.moment, dt.timezone.utc)
    likers = np.asarray(split.before.liked("train").sum(axis=0)).ravel()
    return {
        "moment": moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "users": len(split.queries),
        "new_targets": float((likers[split.queries.targets.indices] == 0).mean()),
        "rows": rows,
        "disagreements": disagreements(report["rows"], rows, report["default_strategy"]),
    }


def _fitted(
    domain: Domain, before: Dataset, report: dict[str, Any], config: Config, *, progress: Progress
) -> dict[str, Ranker]:
    """Returns every method of the report by name, fitted to earlier data."""
    served = _ours(domain, before, config, progress=progress)
    rankers = {one.strategy.name: our_ranker(one, len(before.items)) for one in served}
    training, peers = training_of(domain, before, config), {one.name: one for one in BASELINES}
    for row in report["rows"]:
        if row["method"] in peers:
            progress(len(rankers), len(report["rows"]), f"{row['method']} before the moment")
            rankers[row["method"]] = _peer(peers[row["method"]].fit(training, **row["settings"]))
            training.shared.clear()
    return rankers


def _ours(domain: Domain, before: Dataset, config: Config, *, progress: Progress) -> list[Served]:
    """Fits as `train` does, but for the model that has learned from everybody."""
    queries = queries_of(before, "validation", config.evaluate.favourites, config)
    features, liked = features_of(domain, before.items), before.liked("train")
    users, _ = train.fit_user_towers(before, queries, config, progress=progress)
    voters = choices.choose_voters(users, queries, progress=progress)
    vectors, history = item_tower.fit(liked, features, queries, config, progress=progress)
    table = item_table.fit(liked, features, config.items, progress=progress)
    blend, steps = float(choices.blended(table, vectors, queries).blend), history.best_step
    of_new = choices.blend_of_new(
        before, features, table, vectors, blend, steps, config, progress=progress
    )
    items = ItemIndex.of(table, vectors, blend, of_new)
    return strategies.served_by(users, voters, items, config)


def _peer(scorer: Any) -> Ranker:
    return lambda favourites, results: rank_scores(scorer, favourites, results)


def _rows(
    rankers: dict[str, Ranker], split: TimeSplit, report: dict[str, Any], config: Config
) -> list[dict[str, Any]]:
    queries, known = split.queries, split.known[:, :MOST_KNOWN]
    weights = resamples(len(queries), config.evaluate.seed)
    lists = {
        name: without(ranker(queries.favourites, RESULTS + known.shape[1]), known, RESULTS)
        for name, ranker in rankers.items()
    }
    ours = report["default_strategy"]
    rows = []
    for of_people in report["rows"]:
        name = of_people["method"]
        row = {"method": name, "kind": of_people["kind"]}
        row |= means(
            {METRIC: lambda r, t: ndcg_at(r, t, 20)}, lists[name], queries.targets, weights
        )
        if name != ours:
            row[f"{METRIC}_minus"] = minus(lists[ours], lists[name], queries, weights)
        rows.append(row)
    return rows


def disagreements(
    people: list[dict[str, Any]], time: list[dict[str, Any]], default: str
) -> list[str]:
    """Returns in what the two splits disagree, a sentence each; [] where they agree.

    Args:
        people: The report's rows.
        time: Those of the split by time, in the same order.
        default: The strategy whose leads are compared.
    """
    best = [max(rows, key=lambda row: row[METRIC])["method"] for rows in (people, time)]
    found = []
    if best[0] != best[1]:
        found.append(f"{best[0]} is best by people, {best[1]} by time.")
    for one, other in zip(people, time, strict=True):
        if one["method"] != default:
            leads = [_lead(row[f"{METRIC}_minus"]) for row in (one, other)]
            if leads[0] != leads[1]:
                found.append(
                    f"{default} {leads[0]} {one['method']} by people, and {leads[1]} it by time."
                )
    return found


def _lead(interval: dict[str, float]) -> str:
    if interval["low"] > 0:
        return "leads"
    return "trails" if interval["high"] < 0 else "does not differ clearly from"
