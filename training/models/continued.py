"""Continuing from an earlier fit: what is taken over from it, and what is left for the next one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from training.data.dataset import PARTS, Dataset
from training.data.features import ItemFeatures
from training.domains.domain import ITEM_ID
from training.models.item_strategy import ItemIndex
from training.models.item_table import ItemTable
from training.models.item_tower import ItemTower
from training.models.start import Embedding, Start
from training.models.user_strategies import VoterSettings
from training.models.user_towers import UserIndex, UserTowers


def user_embeddings(start: Start, data: Dataset) -> Callable[[UserTowers], None]:
    """Returns what puts the start's embeddings into the towers against users.

    Raises:
        ValueError: when called: the start's embeddings have another dimension.
    """

    def put(towers: UserTowers) -> None:
        (items,), (users,) = towers.item_vectors.get_weights(), towers.user_vectors.get_weights()
        people = train_users(data)
        users[: len(people)] = start.users.onto(people, users[: len(people)])
        towers.item_vectors.set_weights([start.items.onto(item_ids(data), items)])
        towers.user_vectors.set_weights([users])

    return put


def item_embeddings(
    start: Start, data: Dataset, features: ItemFeatures
) -> Callable[[ItemTower], None]:
    """Returns what puts the start's embeddings into the towers against items.

    Raises:
        ValueError: when called: the start's embeddings have another dimension.
    """

    def put(towers: ItemTower) -> None:
        (own,), (tokens,) = towers.own.get_weights(), towers.tokens.get_weights()
        towers.own.set_weights([start.own.onto(item_ids(data), own)])
        towers.tokens.set_weights([start.tokens.onto(features.token_names(), tokens)])

    return put


def start_after(
    data: Dataset,
    features: ItemFeatures,
    users: UserIndex,
    towers: ItemTower,
    table: ItemTable,
    voters: VoterSettings,
    items: ItemIndex,
    new_blend: float | None,
) -> Start:
    """Returns what a fit leaves for the next one.

    Args:
        data: Prepared data.
        features: Of its items.
        users: What the towers against users have learned.
        towers: The towers against items.
        table: With its networks.
        voters: The choice for the strategy `voters`.
        items: With the chosen blend.
        new_blend: The choice for items that nobody likes yet, if there was one.
    """
    return Start(
        **embeddings_after(data, features, users, towers),
        networks={name: network.weights() for name, network in table.networks.items()},
        voters=asdict(voters),
        blend=float(items.blend),
        new_blend=new_blend,
    )


def embeddings_after(
    data: Dataset, features: ItemFeatures, users: UserIndex, towers: ItemTower
) -> dict[str, Any]:
    """Returns each `Embedding` of a `Start` by name; arguments as for `start_after`."""
    ids, people = item_ids(data), train_users(data)
    return {
        "items": Embedding(ids, users.item_vectors),
        "users": Embedding(people, users.user_vectors[: len(people)]),
        "own": Embedding(ids, towers.own.get_weights()[0]),
        "tokens": Embedding(features.token_names(), towers.tokens.get_weights()[0]),
    }


def item_ids(data: Dataset) -> np.ndarray:
    """Returns [items] text."""
    return data.items[ITEM_ID].to_numpy(str)


def train_users(data: Dataset) -> np.ndarray:
    """Returns [train users] uint64 hashes; nothing for data prepared by an earlier release."""
    none = np.empty(0, np.uint64)
    return none if data.users is None else data.users[data.parts == PARTS.index("train")]
