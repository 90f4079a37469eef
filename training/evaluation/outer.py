"""An outer split: people are taken away before `prepare`, and everything else is as on any day.

The strategy `items` is fitted as it would ship from the rows that are left, and each peer is tuned
and then fitted on all of these rows. So nothing that was fitted or chosen knew what is measured
here, and no method has learned from fewer people than another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.config import Config
from training.data import cleaning
from training.data.dataset import PARTS, Dataset
from training.data.everyone import of_everyone
from training.data.examples import PAD, Queries, hold_out, queries_of
from training.data.features import creators_of, features_of
from training.domains.domain import ITEM_ID, STRENGTH, USER_ID, Domain
from training.errors import DataError
from training.evaluation.baselines.peer import Baseline, Training, tuned
from training.evaluation.sampling import bounded, kept
from training.models import item_table, item_tower, shipped
from training.models.choices import blend_of_new, blended
from training.models.continued import item_ids
from training.models.item_strategy import ItemStrategy
from training.models.ops import rank
from training.models.start import Embedding, Start
from training.progress import Progress
from training.ranking.metrics import ndcg_at
from training.ranking.scoring import rank_scores

FAVOURITES = (3, 1, 10)
MOST_PEOPLE = 1000
"""Most people held out of one split; more would narrow the intervals little."""
CUTS = {3: (20, 100)}
"""Cut-offs by number of favourites; 20 elsewhere."""
Ranker = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Held:
    """What the people who were taken away like.

    Attributes:
        people: [likes] text.
        items: [likes] text, ids as in the source.
    """

    people: np.ndarray
    items: np.ndarray


def without_some(domain: Domain, raw: Path, config: Config, seed: int) -> tuple[Domain, Held]:
    """Takes away a share of the people with enough likes.

    Args:
        domain: Whose files are read.
        raw: Folder with its sources.
        config: `split` says how many of whom are taken away, as for a test of its own.
        seed: Of the random choice.

    Returns:
        The domain as if its sources did not know them, and what they like.

    Raises:
        DataError: a source is missing or corrupt, or nobody likes enough.
    """
    most = config.clean.max_bad_rows
    plays, catalogue = domain.read_interactions(raw, most), domain.read_items(raw, most)
    people = plays.rows[USER_ID].astype(str).to_numpy()
    strength = plays.rows[STRENGTH].to_numpy()
    liked = (strength >= config.clean.liked_from) & (strength > 0)
    names, likes = np.unique(people[liked], return_counts=True)
    able = names[likes >= config.split.min_liked]
    count = min(round(len(able) * config.split.test_share), MOST_PEOPLE)
    if not count:
        found = f"{len(able)} people with {config.split.min_liked} likes"
        raise DataError(raw, expected="enough people to hold some of them out", found=found)
    taken = np.isin(people, np.random.default_rng(seed).permutation(able)[:count])
    items = plays.rows[ITEM_ID].astype(str).to_numpy()
    others = replace(plays, rows=plays.rows[~taken])
    left = replace(domain, read_interactions=lambda *_: others, read_items=lambda *_: catalogue)
    return left, Held(people[taken & liked], items[taken & liked])


def asked(held: Held, data: Dataset, favourites: int, seed: int) -> tuple[Queries, np.ndarray]:
    """Shows some of each held-out person's likes, and holds the rest back.

    Args:
        held: What they like.
        data: Whose indices are spoken. An item that it does not know is no favourite that anything
            could use, and a target that nothing can find.
        favourites: How many are shown.
        seed: Of the random choice.

    Returns:
        The queries, with targets beyond the last index for items that are not known; and
        [Q] text, whose they are.
    """
    unknown = {id_: len(data.items) + n for n, id_ in enumerate(np.unique(held.items))}
    index = [data.index_of.get(id_, unknown[id_]) for id_ in held.items]
    names, row = np.unique(held.people, return_inverse=True)
    shape = (len(names), len(data.items) + len(unknown))
    likes = sp.csr_matrix((np.ones(len(row), np.float32), (row, index)), shape=shape)
    likes.data[:] = 1  # two editions of a work are one like
    rng = np.random.default_rng([seed, favourites])
    queries = hold_out(likes, favourites, rng)
    shown = np.where(queries.favourites < len(data.items), queries.favourites, PAD)
    return replace(queries, favourites=shown.astype(np.int32)), names[queries.users]


def measure(
    domain: Domain,
    raw: Path,
    config: Config,
    baselines: list[Baseline],
    seed: int,
    *,
    progress: Progress,
) -> pd.DataFrame:
    """Measures the strategy `items`, as it would ship, and every peer on one outer split.

    Args:
        domain: What is recommended.
        raw: Folder with the domain's sources.
        config: Settings.
        baselines: Peers; slow ones are left out with `evaluate.quick`.
        seed: Of the split.
        progress: Called after every step.

    Returns:
        One row per person, number of favourites and method: ``person``, ``favourites``, ``method``,
        ``ndcg@20`` and, with three favourites, ``ndcg@100``.

    Raises:
        DataError: a source is missing or corrupt, or there are too few people.
    """
    left, held = without_some(domain, raw, config, seed)
    data, _ = cleaning.build(left, raw, config.clean, config.split)
    config = bounded(config, len(data.items))
    everyone = of_everyone(data)
    methods = {"items": as_served(_ours(left, data, config, progress))}
    for baseline in kept(baselines, config):
        if baseline.uses_content and not domain.creator:
            continue
        progress(len(methods), len(baselines), f"seed {seed}: {baseline.name}")
        methods[baseline.name] = _peer(baseline, left, data, everyone, config)
    return pd.concat(_scores(methods, held, everyone, seed), ignore_index=True)


def as_served(ranker: Ranker) -> Ranker:
    """Returns what ranks like it, but answers as a node does where it knows no favourite at all.

    Args:
        ranker: Answers with nothing then; indices are ordered by popularity.
    """

    def ranked(favourites: np.ndarray, *, results: int) -> np.ndarray:
        lists = ranker(favourites, results=results)
        lists[(favourites == PAD).all(axis=1)] = np.arange(results)
        return lists

    return ranked


def _ours(domain: Domain, data: Dataset, config: Config, progress: Progress) -> Ranker:
    """Fits the strategy `items` as `train` does: chosen on validation users, then on everyone."""
    validation = queries_of(data, "validation", config.evaluate.favourites, config)
    features, liked = features_of(domain, data.items), data.liked("train")
    towers, history = item_tower.fit_towers(liked, features, validation, config, progress=progress)
    table = item_table.fit(liked, features, config.items, progress=progress)
    vectors = item_tower.known_vectors(towers, liked)
    blend, steps = float(blended(table, vectors, validation).blend), history.best_step
    of_new = blend_of_new(data, features, table, vectors, blend, steps, config, progress=progress)
    none = Embedding(np.empty(0, str), np.empty((0, config.model.dim), np.float32))
    start = Start(
        items=none,
        users=none,
        own=Embedding(item_ids(data), towers.own.get_weights()[0]),
        tokens=Embedding(features.token_names(), towers.tokens.get_weights()[0]),
        networks={name: network.weights() for name, network in table.networks.items()},
        voters={},
        blend=blend,
        new_blend=of_new,
    )
    everyone = of_everyone(data)
    features = features_of(domain, everyone.items)
    ships = shipped.item_index(everyone, features, config, start, history, progress=progress)
    answer = ItemStrategy(ships, config.export.dtype).items
    return partial(rank, answer, items=len(data.items))


def _quality(ranker: Ranker, queries: Queries) -> float:
    return float(ndcg_at(ranker(queries.favourites, results=20), queries.targets, 20).mean())


def _peer(
    baseline: Baseline, domain: Domain, data: Dataset, everyone: Dataset, config: Config
) -> Ranker:
    """Tunes a peer on validation users from whom it does not learn, then fits it on everyone."""
    validation = queries_of(data, "validation", config.evaluate.favourites, config)
    others = replace(data, parts=np.where(data.parts == PARTS.index("test"), 0, data.parts))
    training = Training(others.liked("train"), creators_of(domain, data.items), config.train.seed)
    best = tuned(
        baseline, training, lambda scorer: _quality(partial(rank_scores, scorer), validation)
    )
    creators = creators_of(domain, everyone.items)
    whole = Training(everyone.liked("train"), creators, config.train.seed)
    return partial(rank_scores, baseline.fit(whole, **best.settings))


def _scores(
    methods: dict[str, Ranker], held: Held, everyone: Dataset, seed: int
) -> list[pd.DataFrame]:
    found = []
    for favourites in FAVOURITES:
        queries, people = asked(held, everyone, favourites, seed)
        cuts = CUTS.get(favourites, (20,))
        for method, ranker in methods.items():
            lists = ranker(queries.favourites, results=max(cuts))
            scores = {f"ndcg@{cut}": ndcg_at(lists, queries.targets, cut) for cut in cuts}
            about = {"person": people, "favourites": favourites, "method": method}
            found.append(pd.DataFrame(about | scores))
    return found
