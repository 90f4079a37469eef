"""The model that ships: fitted on everybody, with every choice that was made on held-out people.

The measured model never saw the validation and test users. Its sibling, which ships, has their
likes in its counts and a vector for each of them. The networks that weigh pairs are the measured
model's: they were trained on people whose likes were not counted, and trained once more on all they
are no better (DECISIONS.md). Its towers continue from the measured model's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.config import Config
from training.data.dataset import Dataset
from training.data.everyone import of_everyone
from training.data.features import ItemFeatures, features_of
from training.domains.domain import Domain
from training.models import continued, fitting, item_table, item_tower, user_towers
from training.models.fitting import STEPS_SHARE, History
from training.models.item_strategy import ItemIndex
from training.models.pair_network import PairNetwork
from training.models.saved import save
from training.models.start import Start
from training.models.user_strategies import VoterSettings
from training.models.user_towers import UserIndex
from training.progress import Progress

FOLDER = "shipped"
"""Where it lies, in the folder of the measured model."""
USER_TOWERS, ITEM_TOWERS = "user towers", "item towers"


def fit(
    domain: Domain,
    data: Dataset,
    config: Config,
    measured: Start,
    histories: dict[str, History],
    folder: Path,
    *,
    progress: Progress,
) -> None:
    """Fits the model that ships, and writes it into a folder.

    Args:
        domain: Which fields are features.
        data: Prepared data, as the measured model was fitted on.
        config: Settings.
        measured: What the measured model leaves: its embeddings, networks and choices.
        histories: How its towers were fitted, by name.
        folder: Empty folder.
        progress: Called after every step.
    """
    progress(0, 2, "learning from everyone")
    everyone = of_everyone(data)
    features = features_of(domain, everyone.items)
    users = user_index(everyone, config, measured, histories[USER_TOWERS])
    progress(1, 2, "learning from everyone")
    items = item_index(
        everyone, features, config, measured, histories[ITEM_TOWERS], progress=progress
    )
    save(users, VoterSettings(**measured.voters), items, folder)
    progress(2, 2, "learning from everyone")


def item_index(
    everyone: Dataset,
    features: ItemFeatures,
    config: Config,
    measured: Start,
    history: History,
    *,
    progress: Progress,
) -> ItemIndex:
    """Returns what the strategy `items` knows of everybody.

    Args:
        everyone: What `of_everyone` returned.
        features: Of its items.
        config: Settings.
        measured: What the measured model leaves.
        history: How its towers against items were fitted.
        progress: Called after every step.
    """
    liked = everyone.liked("train")
    vectors = item_vectors(everyone, features, config, measured, history)
    networks = {
        name: PairNetwork.of(weights, weights.layers[0].shape[1])
        for name, weights in measured.networks.items()
    }
    table = item_table.filled(liked, features, config.items, networks, progress=progress)
    return ItemIndex.of(table, vectors, measured.blend, measured.new_blend)


def item_vectors(
    everyone: Dataset,
    features: ItemFeatures,
    config: Config,
    measured: Start,
    history: History,
) -> np.ndarray:
    """Returns [items, D] vectors of the towers against items; arguments as for `item_index`."""
    liked = everyone.liked("train")
    towers, drawn = item_tower.begin(liked, features, config)
    continued.item_embeddings(measured, everyone, features)(towers)
    fitting.take(towers, drawn, _steps(history, liked.shape[0], config))
    return item_tower.known_vectors(towers, liked)


def user_index(everyone: Dataset, config: Config, measured: Start, history: History) -> UserIndex:
    """Returns what the towers against users know of everybody; arguments as for `item_index`."""
    towers, drawn, pairs = user_towers.begin(everyone, config)
    continued.user_embeddings(measured, everyone)(towers)
    fitting.take(towers, drawn, _steps(history, len(everyone.parts), config))
    return towers.index(*pairs)


def _steps(history: History, users: int, config: Config) -> int:
    """Returns a share of the measured model's steps; at least two passes: some are new."""
    return max(round(history.best_step * STEPS_SHARE), -(-2 * users // config.train.batch))
