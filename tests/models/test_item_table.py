"""The table: contains known weights, pruned, and represents unrelated pairs by a product."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import checkerboard
from training.config import ItemsConfig
from training.data.features import ItemFeatures, features_of
from training.errors import ConfigError
from training.models import item_networks, item_table, pair_network, pair_queries
from training.models.pairs import ContentStatistics

CONFIG = ItemsConfig(epochs=2, hidden=4, neighbours=5, new_neighbours=2)


def quiet(*_) -> None:
    """Ignores the progress."""


class Known:
    """A network with known weights: query factor times item factor, and an extra part."""

    def __init__(self, items: int, shift: float = 0.0) -> None:
        rng = np.random.default_rng(8)
        self.query_factor, self.item_factor = rng.normal(size=items), rng.normal(size=items)
        self.extra = np.zeros((items, items))
        for f in range(items):
            self.extra[f, (f + np.arange(1, 4)) % items] = [3, 2, 1]
        self.logs = self.query_factor[:, None] + self.item_factor + self.extra + shift

    def log_weights(self, features_of, f, i, progress=None):
        return self.logs[f, i].astype(np.float32)


@pytest.fixture(scope="module")
def board_likes(board):
    data = checkerboard.data_of(board)
    return data.liked("train"), features_of(board.domain, data.items)


@pytest.fixture
def known(monkeypatch):
    """Replaces fitted networks by ones with known weights, in the order of fitting."""

    def put(*networks: Known) -> None:
        left = list(networks)
        monkeypatch.setattr(pair_network, "fit", lambda *_, **__: left.pop(0))

    return put


def with_new(liked: sp.csr_matrix, features: ItemFeatures, new: int):
    """Returns likes and features with more items, liked by nobody and similar to the first ones."""
    none = sp.csr_matrix((liked.shape[0], new), dtype=np.float32)
    values = features.groups["artist"]
    return sp.hstack([liked, none], format="csr"), ItemFeatures(
        {"artist": sp.vstack([values, values[:new]], format="csr")},
        sp.vstack([features.title, features.title[:new]], format="csr"),
        np.append(features.years, features.years[:new]),
    )


def test_an_unrelated_pair_weighs_the_product_of_its_factors(known, board_likes):
    network = Known(checkerboard.ITEMS)
    known(network)
    found = item_table.fit(*board_likes, CONFIG, progress=quiet)
    product = np.outer(found.query_factor, found.item_factor)
    # Medians over a few items, some of whose pairs are related: a few per cent off.
    assert product == pytest.approx(
        np.exp(network.query_factor[:, None] + network.item_factor), rel=0.05
    )


def test_a_kept_pair_has_the_networks_weight_and_an_unrelated_pair_is_not_kept(known, board_likes):
    network = Known(checkerboard.ITEMS)
    known(network)
    found = item_table.fit(*board_likes, CONFIG, progress=quiet)
    table, product = found.table.toarray(), np.outer(found.query_factor, found.item_factor)
    kept = table > 0.1 * product  # a related pair has e times the weight, or more
    assert (table + product)[kept] == pytest.approx(np.exp(network.logs)[kept], rel=1e-3)
    assert not kept[network.extra == 0].any()
    # Not every pair is a candidate, but most rows contain one with a greater weight.
    assert kept.any(axis=1).mean() > 0.5


def test_a_row_keeps_no_more_than_its_places_and_never_the_item_itself(board_likes):
    config = ItemsConfig(epochs=1, hidden=4, neighbours=3)
    found = item_table.fit(*board_likes, config, progress=quiet)
    assert np.diff(found.table.indptr).max() <= 3
    assert (found.table.diagonal() == 0).all()
    assert (found.table.data > 0).all()
    assert (found.query_factor > 0).all()
    assert (found.item_factor > 0).all()


def test_new_items_have_their_reserved_places_and_no_more(board_likes):
    liked, features = with_new(*board_likes, 6)
    found = item_table.fit(liked, features, CONFIG, progress=quiet)
    new = found.table[:, checkerboard.ITEMS :]
    assert 0 < np.diff(new.tocsr().indptr).max() <= CONFIG.new_neighbours
    assert np.diff(found.table.indptr).max() <= CONFIG.neighbours


def test_a_row_stays_within_its_length_if_more_places_are_reserved_than_it_has(board_likes):
    liked, features = with_new(*board_likes, 6)
    config = ItemsConfig(epochs=1, hidden=4, neighbours=2, new_neighbours=9)
    found = item_table.fit(liked, features, config, progress=quiet)
    assert np.diff(found.table.indptr).max() <= 2


def test_the_weights_of_new_items_are_scaled_to_those_of_the_others(known, board_likes):
    liked, features = with_new(*board_likes, 6)
    seen, content = Known(checkerboard.ITEMS + 6), Known(checkerboard.ITEMS + 6, shift=4)
    known(seen, content)
    found = item_table.fit(liked, features, CONFIG, progress=quiet)
    # The second network's weights are e⁴ times as large: combined, they are the same.
    product = np.outer(found.query_factor, found.item_factor)
    assert product == pytest.approx(np.exp(seen.query_factor[:, None] + seen.item_factor), rel=1e-2)
    table = found.table.toarray()
    kept = table > 0.1 * product
    assert (table + product)[kept] == pytest.approx(np.exp(seen.logs)[kept], rel=1e-2)


def test_the_network_learns_from_users_who_are_not_counted(monkeypatch, board_likes):
    liked, features = board_likes
    parts = []
    fit = pair_network.fit

    def noting(some, *rest, **more):
        parts.extend(some)
        return fit(parts, *rest, **more)

    monkeypatch.setattr(pair_network, "fit", noting)
    item_table.fit(liked, features, CONFIG, progress=quiet)
    query_users = int(liked.shape[0] * CONFIG.calibration)
    lengths = np.sort(np.diff(liked.indptr))
    assert len(parts) == item_networks.MOST_PARTS
    for counted, queries in parts:
        assert len(queries) == query_users * CONFIG.draws
        # The features of the queries are counted without the users of the queries.
        uncounted = liked.nnz - counted.__self__.likers.sum()
        assert lengths[:query_users].sum() <= uncounted <= lengths[-query_users:].sum()


@pytest.mark.parametrize(
    ("enough", "more", "parts"), [(1, 1000, 1), (1000, 1000, 4), (1000, 0, 1), (1000, 1, 2)]
)
def test_further_users_are_asked_until_there_are_enough_of_them_or_of_queries(
    monkeypatch, board_likes, enough, more, parts
):
    liked, features = board_likes
    each = int(liked.shape[0] * CONFIG.calibration)
    config = replace(CONFIG, max_calibration=each + more)
    monkeypatch.setattr(item_networks, "ENOUGH_QUERIES", enough)
    asked = []
    queries_of = pair_queries.queries_of

    def noting(statistics, candidates, some, *rest, **more):
        asked.extend(tuple(some[row].indices) for row in range(some.shape[0]))
        return queries_of(statistics, candidates, some, *rest, **more)

    monkeypatch.setattr(pair_queries, "queries_of", noting)
    item_networks.fit(liked, features, config, progress=quiet)
    assert len(asked) == parts * each
    # Nobody is asked twice: each person's likes are asked as often as there are people with them.
    there = Counter(tuple(liked[row].indices) for row in range(liked.shape[0]))
    assert not Counter(asked) - there


def test_the_same_seed_fills_the_same_table(board_likes):
    one, other = (item_table.fit(*board_likes, CONFIG, progress=quiet) for _ in range(2))
    assert (one.table != other.table).nnz == 0
    assert (one.query_factor == other.query_factor).all()
    assert (one.item_factor == other.item_factor).all()


def test_a_few_users_suffice_and_too_few_are_refused_with_the_remedy(board_likes):
    liked, features = board_likes
    found = item_table.fit(liked[:3], features, CONFIG, progress=quiet)
    assert np.isfinite(found.query_factor).all()
    assert np.isfinite(found.item_factor).all()
    one_each = sp.csr_matrix(np.eye(checkerboard.ITEMS, dtype=np.float32))
    with pytest.raises(ConfigError, match=r"clean\.liked_from"):
        item_table.fit(one_each, features, CONFIG, progress=quiet)


def test_new_items_have_the_first_networks_weights_if_there_is_too_little_to_learn_from(
    monkeypatch, board_likes
):
    liked, features = with_new(*board_likes, 2)
    monkeypatch.setattr(pair_queries, "queries_for_new", lambda *_: [])
    monkeypatch.setattr(ContentStatistics, "content", None)
    found = item_table.fit(liked, features, CONFIG, progress=quiet)
    assert found.table.shape == (checkerboard.ITEMS + 2, checkerboard.ITEMS + 2)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 9999), st.integers(1, 400))
def test_a_table_that_is_too_large_is_pruned_and_popular_items_keep_more(seed, most):
    rng = np.random.default_rng(seed)
    table = sp.csr_matrix(rng.random((20, 20)) * (rng.random((20, 20)) < 0.7))
    likers = rng.integers(0, 500, 20)
    config = ItemsConfig(neighbours=12, new_neighbours=4, max_pairs=most)
    have = np.minimum(np.diff(table.indptr), 12)
    places = np.minimum(item_table._places(table, likers, config), have)
    assert most - 20 < places.sum() <= most or (places == have).all()
    for one, other in itertools.permutations(np.flatnonzero(places < have), 2):
        assert places[one] <= places[other] or likers[one] >= likers[other]
    assert (np.diff(item_table._pruned(table, likers, config).indptr) <= places).all()
