"""The network that weights pairs: its queries, and that it learns from them."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from training.config import ItemsConfig
from training.models import pair_network
from training.models.pair_network import LIMIT, PairNetwork
from training.models.pair_queries import queries_for_new, queries_of

ITEMS, USERS = 20, 60
CONFIG = ItemsConfig(epochs=4, draws=2, hidden=4, batch=16, negatives=8, learning_rate=0.05)
COLOUR = np.arange(ITEMS) % 2


@pytest.fixture(scope="module")
def liked() -> sp.csr_matrix:
    """Users who like six to eight items of their colour."""
    rng = np.random.default_rng(5)
    dense = np.zeros((USERS, ITEMS), np.float32)
    for user, row in enumerate(dense):
        row[rng.choice(np.arange(user % 2, ITEMS, 2), rng.integers(6, 9), replace=False)] = 1
    return sp.csr_matrix(dense)


class Counts:
    """Replaces statistics: only the number of likers is used."""

    def __init__(self, liked: sp.csr_matrix) -> None:
        self.likers = np.asarray(liked.sum(axis=0)).ravel()


def everything() -> sp.csr_matrix:
    return sp.csr_matrix(np.ones((ITEMS, ITEMS), np.float32) - np.eye(ITEMS, dtype=np.float32))


def features_of(f: np.ndarray, i: np.ndarray) -> np.ndarray:
    """Returns whether the colours of a pair are the same, and an uninformative feature."""
    return np.stack([COLOUR[f] == COLOUR[i], np.sin(7 * f + 3 * i)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def network(liked) -> PairNetwork:
    queries = queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(1))
    return fitted(queries)


def fitted(queries, config=CONFIG, progress=lambda *_: None, start=None) -> PairNetwork:
    parts = [(features_of, queries)]
    return pair_network.fit(parts, config, name="network", progress=progress, start=start)


def test_continuing_takes_a_share_of_the_passes(liked, network):
    queries = queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(2))
    passes: list[int] = []
    found = fitted(
        queries, progress=lambda done, total, _: passes.append(total), start=network.weights()
    ).weights()
    assert passes == [1]
    assert (found.mean == network.weights().mean).all()
    assert any((a != b).any() for a, b in zip(found.layers, network.weights().layers, strict=True))


def test_a_network_of_other_features_is_no_start(liked, network):
    queries = queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(1))
    known = network.weights()
    other = replace(known, mean=known.mean[:1], deviation=known.deviation[:1])
    found = fitted(queries, start=other).weights()
    assert all((a == b).all() for a, b in zip(found.layers, known.layers, strict=True))


def test_a_query_shows_some_likes_and_the_targets_first_among_its_candidates(liked):
    queries = queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(1))
    assert len(queries) == CONFIG.draws * USERS
    for n, query in enumerate(queries):
        mine = set(liked[n % USERS].indices.tolist())
        shown, candidates = query.favourites.tolist(), query.candidates.tolist()
        assert set(shown) < mine
        assert len(set(candidates)) == len(candidates)
        assert not set(candidates) & set(shown)
        assert set(candidates[: query.targets]) == mine - set(shown)
        assert not set(candidates[query.targets :]) & mine
        assert len(candidates) - query.targets <= CONFIG.negatives


def test_queries_have_from_one_to_many_favourites(liked):
    queries = queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(1))
    assert {len(query.favourites) for query in queries} >= {1, 2, 3, 4, 5}


@pytest.mark.parametrize(("kept_back", "shown"), [(0.2, 12), (0.5, 8), (0.01, 14), (1.0, 1)])
def test_where_people_show_all_but_a_share_so_do_queries(kept_back, shown):
    users = sp.csr_matrix((np.arange(ITEMS) < 15).astype(np.float32)[np.newaxis].repeat(3, axis=0))
    queries = queries_of(
        Counts(users), everything(), users, CONFIG, np.random.default_rng(1), kept_back=kept_back
    )
    assert {len(query.favourites) for query in queries} == {shown}


def test_a_query_with_many_favourites_has_no_more_pairs_than_with_ten():
    items = 200
    users = sp.csr_matrix(np.ones((3, items), np.float32))
    every = sp.csr_matrix(np.ones((items, items), np.float32))
    config = replace(CONFIG, negatives=60)
    queries = queries_of(
        Counts(users), every, users, config, np.random.default_rng(1), kept_back=0.25
    )
    assert queries
    for query in queries:
        assert len(query.favourites) == 45
        others = len(query.candidates) - query.targets
        assert others * len(query.favourites) <= 10 * config.negatives


def test_a_user_with_one_like_makes_no_query():
    liked = sp.csr_matrix(np.eye(ITEMS, dtype=np.float32))
    assert queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(1)) == []


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_queries_for_new_items_show_old_items_and_have_only_new_candidates(seed):
    rng = np.random.default_rng(seed)
    liked = sp.csr_matrix((rng.random((15, ITEMS)) < 0.3).astype(np.float32))
    hidden = rng.random(ITEMS) < 0.4
    for query in queries_for_new(liked, hidden, CONFIG, rng):
        assert not hidden[query.favourites].any()
        assert hidden[query.candidates].all()
        assert len(set(query.candidates.tolist())) == len(query.candidates)
        assert 1 <= query.targets <= len(query.candidates)
        users = liked[:, query.favourites].toarray().all(axis=1)
        users &= liked[:, query.candidates[: query.targets]].toarray().all(axis=1)
        assert users.any()


def test_co_liked_pairs_have_greater_weights_than_others(network):
    f, i = np.nonzero(~np.eye(ITEMS, dtype=bool))
    logs = network.log_weights(features_of, f, i)
    same = COLOUR[f] == COLOUR[i]
    assert logs[same].min() > logs[~same].max() + 0.5


def test_weights_are_the_same_at_once_and_in_blocks(network):
    f, i = np.arange(15), np.arange(15)[::-1].copy()
    whole = network.log_weights(features_of, f, i)
    assert network.log_weights(features_of, f, i, block=4) == pytest.approx(whole, abs=1e-6)
    assert network.log_weights(features_of, f[:0], i[:0]).shape == (0,)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(liked):
    queries = queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(1))
    f, i = np.arange(10), np.arange(10)[::-1].copy()
    short = ItemsConfig(epochs=1, hidden=4, batch=16)
    one, again, other = (
        fitted(queries, config).log_weights(features_of, f, i)
        for config in (short, short, ItemsConfig(epochs=1, hidden=4, batch=16, seed=21))
    )
    assert (one == again).all()
    assert (one != other).any()


def test_every_pass_reports_its_progress(liked):
    queries = queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(1))
    reports = []

    def note(done, total, text):
        reports.append((done, total, text.split(",")[0]))

    fitted(queries, progress=note)
    assert reports == [(n, 4, "network") for n in (1, 2, 3, 4)]


def test_fewer_queries_than_a_batch_are_used_too(liked):
    queries = queries_of(Counts(liked), everything(), liked, CONFIG, np.random.default_rng(1))
    network = fitted(queries[:3])
    assert np.isfinite(network.log_weights(features_of, np.array([0]), np.array([1]))).all()


def test_features_outside_the_training_range_are_bounded_and_so_are_weights():
    network = PairNetwork(np.array([1.0, 0.0]), np.array([0.5, 1e-3]), 4)
    scaled = network.scaled(np.array([[1.5, 1e9], [1.0, -1e9]], np.float32))
    assert scaled.tolist() == [[1, 6], [0, -6]]
    network.layers.set_weights([np.full_like(w, 1e3) for w in network.layers.get_weights()])
    weights = network.log_weights(lambda f, i: np.full((len(f), 2), 9), np.arange(2), np.arange(2))
    assert weights.tolist() == [LIMIT, LIMIT]
