"""The fit loop of both two-tower models: stops on held-out items, keeps the best weights."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from training.config import TrainConfig
from training.models import distribution
from training.models.tensorflow_import import tf
from training.progress import Progress

STEPS_SHARE = 1 / 6
"""Share of the steps that a fit takes which continues from an earlier one."""
Batches = Iterator[tuple[np.ndarray, ...]]


@dataclass
class History:
    """What happened while fitting.

    Attributes:
        measurements: (step, loss, validation NDCG@20), in order; no loss before the first step.
        best_step: Step of the best measurement, whose weights were kept; 0: those it began with.
        seconds: How long it took.
    """

    measurements: list[tuple[int, float | None, float]] = field(default_factory=list)
    best_step: int = 0
    seconds: float = 0.0


def fit(
    model: tf.keras.Model,
    drawn: Batches,
    measure: Callable[[], float],
    config: TrainConfig,
    *,
    name: str,
    progress: Progress,
    logs: Path | None = None,
    continued: bool = False,
) -> History:
    """Fits a model until validation stops improving, and restores the best weights.

    Args:
        model: Compiled; its weights are changed in place.
        drawn: Batches of examples, endless.
        measure: Returns the validation users' NDCG@20; of several workers, the chief calls it.
        config: Settings.
        name: Of the model, for people.
        progress: Called after every measurement.
        logs: Folder for TensorBoard, if wanted.
        continued: The weights that it begins with are those of an earlier fit, and may be the best;
            it takes `STEPS_SHARE` of the steps, and is measured before and after them.
    """
    began, history, kept = time.monotonic(), History(), model.get_weights()
    writer = tf.summary.create_file_writer(str(logs)) if logs else tf.summary.create_noop_writer()
    step, best, most, every = 0, -1.0, config.max_steps, config.eval_every
    if continued:
        most = every = max(1, round(most * STEPS_SHARE))
        best = distribution.from_chief(measure)
        history.measurements.append((step, None, best))
    while step < most:
        steps = min(every, most - step)
        loss = take(model, drawn, steps)
        step += steps
        score = distribution.from_chief(measure)
        history.measurements.append((step, loss, score))
        with writer.as_default(step=step):
            tf.summary.scalar("loss", loss)
            tf.summary.scalar("validation NDCG@20", score)
        if score > best:
            best, history.best_step, kept = score, step, model.get_weights()
        progress(step, most, f"{name}, loss {loss:.0f}, NDCG@20 {score:.3f}")
        if step - history.best_step >= config.patience * config.eval_every:
            break
    model.set_weights(kept)
    history.seconds = time.monotonic() - began
    return history


def take(model: tf.keras.Model, drawn: Batches, steps: int) -> float:
    """Takes some steps that nothing measures, and returns the loss of the last.

    Args:
        model: Compiled; its weights are changed in place.
        drawn: Batches of examples, endless.
        steps: How many.
    """
    parts = [np.concatenate(part) for part in zip(*itertools.islice(drawn, steps), strict=True)]
    batches = distribution.examples(model.distribute_strategy, parts, steps)
    fitted = model.fit(batches, steps_per_epoch=steps, verbose=0)
    return float(fitted.history["total_loss"][-1])
