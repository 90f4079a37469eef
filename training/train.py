"""The fit loop: seed, early stop on held-out items, TensorBoard, and what is chosen afterwards."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from training.config import Config
from training.dataset import Dataset
from training.examples import Queries, batches, hold_out
from training.metrics import ndcg_at
from training.model import (
    TwoTower,
    UserIndex,
    UserStrategies,
    VoterSettings,
    rank,
    strongest_items,
)
from training.tensorflow_import import tf

Progress = Callable[[int, int, str], None]
"""(done, of how many, what to say)"""
VOTER_GRID = [
    VoterSettings(voters, temperature, power)
    for voters in (50, 200, 400)
    for temperature in (1.0, 2.0, 4.0)
    for power in (0.0, 0.5)
]


@dataclass
class History:
    """What happened while fitting; ``looks`` is (step, loss, validation NDCG@20) in order."""

    looks: list[tuple[int, float, float]] = field(default_factory=list)
    best_step: int = 0
    seconds: float = 0.0


def validation_queries(data: Dataset, config: Config, favourites: int | None = None) -> Queries:
    """Returns the validation users' queries, the same for one seed whoever asks."""
    return hold_out(
        data.liked("validation"),
        favourites or config.evaluate.favourites,
        np.random.default_rng(config.evaluate.seed),
        max_users=config.evaluate.max_users,
    )


def fit_towers(
    data: Dataset, config: Config, *, progress: Progress, logs: Path | None = None
) -> tuple[UserIndex, History]:
    """Fits query and user towers until held-out items are found no better.

    The user's own accuracy is never looked at: it goes on rising long after the recall of items
    that the user kept back has begun to fall.

    Args:
        data: Prepared data.
        config: Settings.
        progress: Told after every look.
        logs: Folder for TensorBoard, if wanted.

    Returns:
        The index at its best look, and the history.
    """
    began = time.monotonic()
    settings = config.train
    tf.keras.utils.set_random_seed(settings.seed)
    strengths, liked = data.strengths("train"), data.liked("train")
    pairs = strongest_items(strengths, config.model.user_items)
    model = TwoTower(strengths.shape[1], strengths.shape[0], config.model.dim, settings.seed)
    model.compile(optimizer=tf.keras.optimizers.Adagrad(settings.learning_rate))
    rng = np.random.default_rng(settings.seed)
    drawn = batches(liked, config.model.favourites, settings.batch, rng)
    watch = validation_queries(data, config)
    history, best, best_index = History(), -1.0, model.index(*pairs)
    writer = tf.summary.create_file_writer(str(logs)) if logs else tf.summary.create_noop_writer()
    for step in range(settings.eval_every, settings.max_steps + 1, settings.eval_every):
        fitted = model.fit(_next(drawn, settings.eval_every), verbose=0)
        index = model.index(*pairs)
        score = _look(index, VoterSettings(), watch)
        loss = float(fitted.history["total_loss"][-1])
        history.looks.append((step, loss, score))
        with writer.as_default(step=step):
            tf.summary.scalar("loss", loss)
            tf.summary.scalar("validation NDCG@20", score)
        if score > best:
            best, best_index, history.best_step = score, index, step
        progress(step, settings.max_steps, f"loss {loss:.0f}, validation NDCG@20 {score:.3f}")
        if step - history.best_step >= settings.patience * settings.eval_every:
            break
    history.seconds = time.monotonic() - began
    return best_index, history


def _next(drawn: Iterator[tuple[np.ndarray, ...]], steps: int) -> tf.data.Dataset:
    """Returns the next steps' (favourites, users) as a data set, a batch an element."""
    favourites, users, _ = zip(*itertools.islice(drawn, steps), strict=True)
    size = len(users[0])
    pairs = (np.concatenate(favourites), np.concatenate(users))
    return tf.data.Dataset.from_tensor_slices(pairs).batch(size).prefetch(8)


def _look(index: UserIndex, settings: VoterSettings, watch: Queries) -> float:
    answer = UserStrategies(index, settings, "float32").voters
    ranked = rank(answer, watch.favourites, 20, watch.targets.shape[1])
    return float(ndcg_at(ranked, watch.targets, 20).mean())


def choose_voters(index: UserIndex, watch: Queries, *, progress: Progress) -> VoterSettings:
    """Returns the settings of `VOTER_GRID` with the best validation NDCG@20."""
    scores = []
    for i, settings in enumerate(VOTER_GRID):
        scores.append(_look(index, settings, watch))
        progress(i + 1, len(VOTER_GRID), f"{settings} {scores[-1]:.4f}")
    return VOTER_GRID[int(np.argmax(scores))]


def train(data: Dataset, config: Config, folder: Path, *, progress: Progress) -> None:
    """Fits the towers, chooses how votes are counted, and writes both into a folder.

    Args:
        data: Prepared data.
        config: Settings.
        folder: Empty folder; TensorBoard reads its ``logs``.
        progress: Told after every step.
    """
    index, history = fit_towers(data, config, progress=progress, logs=folder / "logs")
    watch = validation_queries(data, config)
    save(index, choose_voters(index, watch, progress=progress), history, folder)


def save(index: UserIndex, settings: VoterSettings, history: History, folder: Path) -> None:
    """Writes what was learned into a folder."""
    np.savez(folder / "towers.npz", **asdict(index))
    (folder / "voters.json").write_text(json.dumps(asdict(settings), indent=1))
    (folder / "history.json").write_text(json.dumps(asdict(history), indent=1))


def load(folder: Path) -> tuple[UserIndex, VoterSettings]:
    """Reads what `save` wrote."""
    with np.load(folder / "towers.npz") as arrays:
        index = UserIndex(**arrays)
    return index, VoterSettings(**json.loads((folder / "voters.json").read_text()))
