"""The fit loop: it measures in time, keeps the best measurement and stops without improvement."""

import itertools

import numpy as np
import pytest

from training.config import TrainConfig
from training.models import fitting
from training.models.tensorflow_import import tf
from training.models.user_towers import UserTowers


def quiet(*_) -> None:
    """Ignores the progress."""


class Measured:
    """A small model, and measurements whose values are known beforehand."""

    def __init__(self, *scores: float) -> None:
        self.model = UserTowers(items=4, users=3, dim=2, seed=1)
        self.model.compile(optimizer=tf.keras.optimizers.Adagrad(0.1))
        self.start = self.model.get_weights()
        self.scores, self.weights = list(scores), []
        self.drawn = 0

    def measure(self) -> float:
        self.weights.append(self.model.get_weights())
        return self.scores[len(self.weights) - 1]

    def batches(self):
        for n in itertools.count():
            self.drawn += 1
            yield np.array([[n % 4, -1], [3, 1]], np.int32), np.array([n % 3, 2], np.int32)

    def fit(self, *, progress=quiet, logs=None, continued=False, **settings) -> fitting.History:
        config = TrainConfig(**settings)
        drawn = self.batches()
        return fitting.fit(
            self.model,
            drawn,
            self.measure,
            config,
            name="towers",
            progress=progress,
            logs=logs,
            continued=continued,
        )


def same(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_best_measurement_is_kept_not_the_last():
    measured = Measured(0.1, 0.4, 0.3)
    history = measured.fit(eval_every=2, max_steps=6)
    assert history.best_step == 4
    assert same(measured.model.get_weights(), measured.weights[1])
    assert not same(measured.weights[1], measured.weights[2])


def test_of_equal_measurements_the_first_is_kept():
    measured = Measured(0.4, 0.4, 0.4)
    assert measured.fit(eval_every=1, max_steps=3).best_step == 1
    assert same(measured.model.get_weights(), measured.weights[0])


def test_it_stops_after_a_number_of_measurements_without_improvement():
    measured = Measured(0.1, 0.2, 0.2, 0.1, 0.9)
    history = measured.fit(eval_every=3, max_steps=300, patience=2)
    assert [step for step, _, _ in history.measurements] == [3, 6, 9, 12]
    assert measured.drawn == 12


@pytest.mark.parametrize(
    ("every", "most", "steps"), [(3, 7, [3, 6, 7]), (50, 4, [4]), (2, 4, [2, 4]), (1, 1, [1])]
)
def test_all_steps_are_run_and_the_last_is_measured(every, most, steps):
    measured = Measured(*np.linspace(0.1, 0.9, len(steps)))
    history = measured.fit(eval_every=every, max_steps=most)
    assert [step for step, _, _ in history.measurements] == steps
    assert measured.drawn == most
    assert all(np.isfinite(loss) for _, loss, _ in history.measurements)


def test_a_model_that_finds_nothing_is_kept_at_its_first_measurement():
    assert Measured(0.0, 0.0).fit(eval_every=1, max_steps=2).best_step == 1


def test_every_measurement_is_reported_and_can_be_read_by_tensorboard(tmp_path):
    reports = []
    measured = Measured(0.1, 0.2)
    measured.fit(
        eval_every=2,
        max_steps=4,
        progress=lambda done, total, text: reports.append((done, total, text)),
        logs=tmp_path,
    )
    assert [(done, total) for done, total, _ in reports] == [(2, 4), (4, 4)]
    assert all("towers" in text for *_, text in reports)
    events = [
        value.tag
        for path in tmp_path.iterdir()
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    ]
    assert events.count("validation NDCG@20") == events.count("loss") == 2


def test_weights_that_it_continues_from_stay_unless_a_measurement_is_better():
    measured = Measured(0.4, 0.3, 0.4)
    history = measured.fit(eval_every=1, max_steps=12, continued=True)
    assert history.best_step == 0
    assert [(step, score) for step, _, score in history.measurements] == [(0, 0.4), (2, 0.3)]
    assert same(measured.model.get_weights(), measured.start)
    assert Measured(0.4, 0.5).fit(eval_every=1, max_steps=1, continued=True).best_step == 1
