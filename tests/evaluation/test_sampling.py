"""The limits of an evaluation: fewer users the larger the catalogue; what is missing is listed."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from training.config import Config
from training.data.dataset import Dataset
from training.domains.domain import LIKED
from training.evaluation import sampling
from training.evaluation.baselines import BASELINES
from training.evaluation.baselines.linear import EASE_ITEMS
from training.evaluation.baselines.peer import Training
from training.evaluation.sampling import (
    LEAST_USERS,
    MOST_CELLS,
    QUICK_CELLS,
    bounded,
    kept,
    left_out,
)

pytestmark = pytest.mark.slow

FULL = Config()
QUICK = FULL.with_settings(["evaluate.quick=true"])


@pytest.mark.parametrize(
    ("config", "items", "most"),
    [
        (FULL, 1000, 10_000),
        (FULL, MOST_CELLS // 2000, 2000),
        (QUICK, QUICK_CELLS // 500, 500),
        (FULL, 10 * MOST_CELLS, LEAST_USERS),
        (FULL.with_settings(["evaluate.max_users=50"]), 10 * MOST_CELLS, 50),
    ],
)
def test_the_larger_the_catalogue_the_fewer_users_are_measured(config, items, most):
    found = bounded(config, items)
    assert found.evaluate.max_users == most
    assert dataclasses.replace(found, evaluate=config.evaluate) == config


def training_of(items: int) -> Training:
    liked = sp.csr_matrix(np.ones((2, items), np.float32))
    return Training(liked, pd.Series([""] * items), 1)


def test_nothing_is_left_out_of_a_full_evaluation_of_a_small_catalogue():
    assert kept(BASELINES, FULL) == BASELINES
    assert left_out(BASELINES, training_of(5), FULL) == []


def test_the_items_that_ease_and_sansa_do_not_learn_are_listed():
    found = left_out(BASELINES, training_of(EASE_ITEMS + 7), FULL)
    assert [one["what"].split()[0] for one in found] == ["EASE", "SANSA"]
    assert all(one["reason"].startswith(f"7 of {EASE_ITEMS + 7:,} items") for one in found)


def test_every_peer_is_measured_or_listed():
    listed = {one["what"] for one in left_out(BASELINES, training_of(5), QUICK)}
    measured = {baseline.name for baseline in kept(BASELINES, QUICK)}
    assert (listed - {"new items"}) | measured == {baseline.name for baseline in BASELINES}
    assert not listed & measured


@pytest.mark.parametrize(("likes", "quick"), [(3, False), (4, True)])
def test_with_too_many_likes_an_evaluation_is_brief(monkeypatch, likes, quick):
    monkeypatch.setattr(sampling, "MOST_LIKES", 3)
    rows = pd.DataFrame({LIKED: [True] * likes + [False]})
    data = Dataset(pd.DataFrame(), rows, np.zeros(1, np.int8))
    assert sampling.brief(FULL, data).evaluate.quick is quick
    assert sampling.brief(QUICK, data) == QUICK
