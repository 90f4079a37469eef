"""The metrics of each user, and the part of the report that the manifest carries."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from training.config import Config
from training.data.examples import Queries
from training.ranking.bootstrap import PerUser
from training.ranking.metrics import hit_at, ndcg_at, recall_at

PER_USER: dict[str, PerUser] = {
    "recall@10": lambda ranked, targets: recall_at(ranked, targets, 10),
    "recall@20": lambda ranked, targets: recall_at(ranked, targets, 20),
    "ndcg@20": lambda ranked, targets: ndcg_at(ranked, targets, 20),
    "ndcg@100": lambda ranked, targets: ndcg_at(ranked, targets, 100),
    "hit@10": lambda ranked, targets: hit_at(ranked, targets, 10),
}
"""Metrics of a ranking, one value a user."""


def summary_of(
    rows: list[dict[str, Any]],
    by_favourites: list[dict[str, Any]],
    test: Queries,
    sampled: dict[str, Any],
    config: Config,
) -> dict[str, Any]:
    """Returns the part of the report that the manifest carries: quality, but no times.

    Args:
        rows: One per method, of the report.
        by_favourites: Of the report.
        test: The queries of the test users.
        sampled: How many users of each part were measured, of how many.
        config: Settings.
    """
    shown = {
        "method",
        "kind",
        "ndcg@20_minus",
        "coverage@20",
        "popularity@10",
        "similarity@10",
        "one_creator@10",
    }
    return {
        "users": len(test),
        "favourites": config.evaluate.favourites,
        "split": _split(sampled["test"], config),
        "rows": [
            {k: _short(v) for k, v in row.items() if k in shown or k.split("_")[0] in PER_USER}
            for row in rows
        ],
        "by_favourites": [{k: _short(v) for k, v in row.items()} for row in by_favourites],
    }


def _split(sampled: dict[str, int], config: Config) -> str:
    """Returns a text that describes the measured users; models with equal texts can be compared."""
    settings = asdict(config.clean) | asdict(config.split) | {"asked": config.evaluate.seed}
    if sampled["users"] < sampled["of"]:
        settings["sampled"] = sampled["users"]
    # 5.0 reads as 5, however the setting was written.
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in settings.items()
    )


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value
