"""The strategies that a trained model serves."""

from __future__ import annotations

from pathlib import Path

from training.config import Config
from training.errors import ConfigError
from training.models.item_strategy import ITEMS, ItemIndex, ItemStrategy
from training.models.saved import load
from training.models.strategy import Served
from training.models.user_strategies import NEAREST_USER, VOTERS, UserStrategies, VoterSettings
from training.models.user_towers import UserIndex


def served(model: Path, config: Config) -> list[Served]:
    """Returns the strategies of a trained model, in the order to offer them.

    Args:
        model: Folder that `train` wrote, of the measured model or of the one that ships.
        config: Settings; the type of the weights is the export's, so that what is measured is
            what ships.
    """
    return served_by(*load(model), config)


def served_by(
    index: UserIndex, voters: VoterSettings, items: ItemIndex, config: Config
) -> list[Served]:
    """Returns the same of a model in memory."""
    users = UserStrategies(index, voters, config.export.dtype)
    pairs = ItemStrategy(items, config.export.dtype)
    # Vectors have the type of the export, indices 4 bytes.
    vectors = (index.item_vectors.size + index.user_vectors.size) * int(config.export.dtype[-2:])
    of_users = vectors / 8e6 + 4 * (index.items.size + index.offsets.size) / 1e6
    return [
        Served(ITEMS, pairs.items, pairs.table),
        Served(VOTERS, users.voters, megabytes=of_users),
        Served(NEAREST_USER, users.nearest_user, megabytes=of_users),
    ]


def shipped(strategies: list[Served], names: str) -> list[Served]:
    """Returns the strategies that `ExportConfig.strategies` names.

    Raises:
        ConfigError: one of the names is unknown.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = [one.strategy.name for one in strategies]
    for name in wanted:
        if name not in known:
            raise ConfigError(f"--set export.strategies: no {name!r}; there are {', '.join(known)}")
    return [one for one in strategies if not wanted or one.strategy.name in wanted]
