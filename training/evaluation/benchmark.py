"""Runs a published protocol: our strategy and baselines on its split, beside the published numbers.

The protocol's users show many more items than a page's visitor does: all that they fold in count,
by the same formula as in the served graph, and the network of pairs learns from users who show as
many.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.config import Config
from training.data import fold_in
from training.data.examples import PAD, hold_out
from training.data.features import ItemFeatures, creators_of, features_of
from training.data.fold_in import FoldIn
from training.domains.domain import ITEM_ID, Domain
from training.domains.protocol import Protocol
from training.evaluation import markdown
from training.evaluation.baselines.linear import EASE_ITEMS, ease
from training.evaluation.baselines.markov import mrf
from training.evaluation.baselines.neighbours import item_knn
from training.evaluation.baselines.peer import Baseline, Fitted, Training, grid, tuned
from training.evaluation.baselines.simple import popularity
from training.evaluation.baselines.sparse_inverse import sansa
from training.models import item_table, item_tower
from training.models.choices import BLENDS
from training.models.item_strategy import ItemIndex, scorer_of
from training.models.item_table import ItemTable
from training.progress import Progress
from training.ranking.bootstrap import PerUser, means, resamples
from training.ranking.metrics import ndcg_at, recall_at
from training.ranking.scoring import Scorer, rank_scores

RESULTS = 100
CHUNK = 256
"""Users ranked at once."""
METRICS: dict[str, PerUser] = {
    "recall@20": lambda ranked, targets: recall_at(ranked, targets, 20),
    "recall@50": lambda ranked, targets: recall_at(ranked, targets, 50),
    "ndcg@100": lambda ranked, targets: ndcg_at(ranked, targets, 100),
}
CHOOSE_BY = "ndcg@100"
FEW = 41
"""Pairs an item of the sparse models, as published: 1.7 million for 41,140 songs."""
BASELINES = (
    Baseline("popularity", popularity),
    Baseline("item-kNN", item_knn, grid(kind=["cosine"], shrink=[0, 20, 100], neighbours=[100])),
    Baseline("EASE", ease, grid(ridge=[100, 300, 1000])),
    Baseline("MRF", mrf, grid(ridge=[0.3, 1, 3], neighbours=[FEW])),
    Baseline("SANSA", sansa, grid(ridge=[100, 300, 1000], neighbours=[FEW])),
)
"""The baselines that fit into memory; EASE and SANSA if there are few enough items."""


def run(
    domain: Domain, raw: Path, protocol: Protocol, config: Config, *, progress: Progress
) -> dict[str, Any]:
    """Reads, splits, fits, chooses on validation users and measures on test users.

    Args:
        domain: Whose protocol it is.
        raw: Folder with the domain's sources.
        protocol: What to do.
        config: Settings.
        progress: Called after every step.

    Returns:
        The report: the data's shape, one row per method with each metric's mean and interval, the
        published rows, and the greatest memory that the process has taken, in GB.

    Raises:
        DataError: a source is missing or corrupt, or there are too few users.
    """
    steps = len(BASELINES) + 4
    progress(0, steps, "reading")
    split = fold_in.split(
        domain.read_interactions(raw, config.clean.max_bad_rows).rows, protocol, raw
    )
    catalogue = _catalogue(domain, raw, split.item_ids, config)
    training = Training(split.train, creators_of(domain, catalogue), seed=config.train.seed)
    validation = split.validation.first(config.evaluate.max_users)
    fitted: list[Fitted] = []
    left_out: dict[str, str] = {}
    for baseline in BASELINES:
        if baseline.fit in (ease, sansa) and split.train.shape[1] > EASE_ITEMS:
            left_out[baseline.name] = f"more than {EASE_ITEMS:,} items"
            continue
        progress(1 + len(fitted), steps, f"tuning {baseline.name}")
        fitted.append(tuned(baseline, training, partial(_validated, validation=validation)))
    progress(steps - 3, steps, "fitting items")
    features = features_of(domain, catalogue)
    fitted += _ours(
        split.train, features, validation, config, progress, kept_back=protocol.kept_back
    )
    progress(steps - 1, steps, "test users")
    return {
        "protocol": protocol.name,
        "title": protocol.title,
        "source": protocol.source,
        "users": split.users,
        "items": len(split.item_ids),
        "likes": split.likes,
        "test_users": split.test.shown.shape[0],
        "whole": (split.users, len(split.item_ids)) == protocol.shape,
        "shape": list(protocol.shape),
        "rows": _measured(fitted, split.test, config),
        "left_out": left_out,
        "published": [
            {"method": row.method, **row.scores, "source": row.source} for row in protocol.published
        ],
        "peak_memory_gb": peak_memory(),
    }


def _catalogue(domain: Domain, raw: Path, item_ids: np.ndarray, config: Config) -> pd.DataFrame:
    rows = domain.read_items(raw, config.clean.max_bad_rows).rows.drop_duplicates(ITEM_ID)
    return rows.set_index(ITEM_ID).reindex(item_ids).fillna("").reset_index()


def _ours(
    liked: sp.csr_matrix,
    features: ItemFeatures,
    validation: FoldIn,
    config: Config,
    progress: Progress,
    *,
    kept_back: float,
) -> list[Fitted]:
    """Fits the strategy `items` as `training.models.train` does, and chooses its blend.

    Its network learns from users who show as much as the protocol's do.

    Returns:
        With rows of any length up to the settings', and with as many pairs as the sparse models.
    """
    began = time.monotonic()
    rng = np.random.default_rng(config.train.seed)
    stops_by = hold_out(validation.shown, config.evaluate.favourites, rng)
    vectors, _ = item_tower.fit(liked, features, stops_by, config, progress=progress)
    # It is not shipped, so the size of the table is limited by its rows only.
    items = liked.shape[1]
    whole = replace(config.items, max_pairs=items * config.items.neighbours)
    table = item_table.fit(liked, features, whole, progress=progress, kept_back=kept_back)
    seconds = time.monotonic() - began
    sparse = replace(config.items, max_pairs=items * FEW)
    few = item_table.filled(liked, features, sparse, table.networks, progress=progress)
    return [
        _blended("items", table, vectors, validation, seconds),
        _blended(f"items, {FEW} pairs an item", few, vectors, validation, seconds),
    ]


def _blended(
    name: str, table: ItemTable, vectors: np.ndarray, validation: FoldIn, seconds: float
) -> Fitted:
    tried = []
    for blend in BLENDS:
        scorer, chosen = scorer_of(ItemIndex.of(table, vectors, blend)), {"blend": blend}
        chosen |= {"pairs": int(table.table.nnz)}
        tried.append(Fitted(name, chosen, scorer, _validated(scorer, validation), seconds))
    return max(tried, key=lambda one: one.validation)


def _validated(scorer: Scorer, validation: FoldIn) -> float:
    return float(METRICS[CHOOSE_BY](ranking(scorer, validation.shown), validation.targets).mean())


def ranking(scorer: Scorer, shown: sp.csr_matrix) -> np.ndarray:
    """Returns [users, RESULTS] int32, best first, without what is shown.

    Args:
        scorer: What scores.
        shown: [users, items] 1 where folded in.
    """
    chunks = [shown[start : start + CHUNK] for start in range(0, shown.shape[0], CHUNK)]
    return np.concatenate([rank_scores(scorer, padded(chunk), RESULTS) for chunk in chunks])


def padded(shown: sp.csr_matrix) -> np.ndarray:
    """Returns [users, most of a user] int32, each user's items, filled up with `PAD`."""
    lengths = np.diff(shown.indptr)
    within = np.arange(lengths.max(initial=0)) < lengths[:, None]
    favourites = np.full(within.shape, PAD, np.int32)
    favourites[within] = shown.indices
    return favourites


def _measured(fitted: list[Fitted], test: FoldIn, config: Config) -> list[dict[str, Any]]:
    weights = resamples(test.shown.shape[0], config.evaluate.seed)
    rows = []
    for method in fitted:
        ranked = ranking(method.scorer, test.shown)
        row: dict[str, Any] = {"method": method.name, "settings": method.settings}
        row |= {f"validation_{CHOOSE_BY}": method.validation, "fit_seconds": method.seconds}
        rows.append(row | means(METRICS, ranked, test.targets, weights))
    return rows


def peak_memory() -> float:
    """Returns the greatest resident memory of this process so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def table(report: dict[str, Any]) -> str:
    """Returns our and the published numbers as Markdown."""
    ours = [
        {"method": row["method"]}
        | {metric: f"{row[metric]:.4f}" for metric in METRICS}
        | {"95 % of NDCG@100": f"{row['ndcg@100_low']:.4f} … {row['ndcg@100_high']:.4f}"}
        | {"fitted in": f"{row['fit_seconds']:.0f} s"}
        for row in report["rows"]
    ]
    published = [
        {"method": row["method"]}
        | {metric: f"{row[metric]:g}" if metric in row else "–" for metric in METRICS}
        | {"source": row["source"]}
        for row in report["published"]
    ]
    users, items = report["shape"]
    about = "the same data" if report["whole"] else "other data: not comparable with the above"
    return "\n\n".join(
        [
            f"{report['title']}: {report['users']:,} users, {report['items']:,} items, "
            f"{report['likes']:,} likes; {report['test_users']:,} test users. {report['source']}",
            markdown.table(ours),
            *(f"Not measured: {name}, {reason}." for name, reason in report["left_out"].items()),
            f"Published, on {users:,} users and {items:,} items ({about}):",
            markdown.table(published),
            f"Peak memory: {report['peak_memory_gb']:.1f} GB.",
        ]
    )
