"""The table of `compare --seeds`: means over several outer splits, with pooled paired intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training.evaluation import markdown
from training.ranking.bootstrap import resamples

OURS = "items"
SEED = 20
"""Of the bootstrap."""


def pooled_interval(differences: pd.Series, people: pd.Series) -> tuple[float, float]:
    """Returns the 95 % bootstrap interval of the mean over all splits.

    A person who was held out of several splits is drawn with all of the answers at once: they are
    not independent.

    Args:
        differences: [answers], ours less theirs.
        people: [answers], whose they are.
    """
    by_person = differences.groupby(people.to_numpy())
    weights = resamples(by_person.ngroups, SEED)
    sums, counts = (part.to_numpy(np.float32) for part in (by_person.sum(), by_person.count()))
    low, high = np.percentile((weights @ sums) / (weights @ counts), [2.5, 97.5])
    return float(low), float(high)


def table(scores: pd.DataFrame, favourites: int, metric: str = "ndcg@20") -> str:
    """Returns one row per method as Markdown, the best first.

    Args:
        scores: Those of `training.evaluation.outer.measure`, with the ``seed`` of each row.
        favourites: Of which questions.
        metric: Which column.
    """
    asked = scores[scores["favourites"] == favourites]
    wide = asked.pivot_table(index=["seed", "person"], columns="method", values=metric)
    people = wide.index.get_level_values("person").to_series()
    ours = wide[OURS].mean()
    rows = []
    for method in wide.mean().sort_values(ascending=False, kind="stable").index:
        mean = wide[method].mean()
        row = {"method": method, metric: f"{mean:.4f}", "`items` leads by (95 %)": "", "ratio": ""}
        if method != OURS:
            low, high = pooled_interval(wide[OURS] - wide[method], people)
            row["`items` leads by (95 %)"] = f"{ours - mean:+.4f} ({low:+.4f} … {high:+.4f})"
            row["ratio"] = f"{ours / mean:.3f}" if mean else ""
        rows.append(row)
    return markdown.table(rows)


def text(scores: pd.DataFrame) -> str:
    """Returns all tables, with how many people answered how many questions."""
    parts = []
    for favourites in scores["favourites"].unique():
        asked = scores[scores["favourites"] == favourites]
        metrics = [name for name in asked if name.startswith("ndcg") and asked[name].notna().any()]
        people, seeds = asked["person"].nunique(), asked["seed"].nunique()
        answers = len(asked) // asked["method"].nunique()
        for metric in metrics:
            parts.append(
                f"Favourites: {favourites}. {metric}. Splits: {seeds}, with {answers:,} questions "
                f"of {people:,} people.\n\n{table(scores, favourites, metric)}"
            )
    return "\n\n".join(parts)
