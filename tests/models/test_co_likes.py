"""Counts of pairs that are asked for: to the bit those of the whole product."""

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.likes import LIKED, likes
from training.models.co_likes import CoLikes
from training.models.products import Ranking

POWERS = (0.0, 0.5, 1.0)


def simple(liked: sp.csr_matrix, power: float) -> np.ndarray:
    """Returns [items, items] the weighted users who like both, added up in their order."""
    weight = np.maximum(np.diff(liked.indptr), 1).astype(np.float32) ** -power
    counts = (liked.T.tocsr() @ (sp.diags(weight) @ liked).tocsr()).toarray()
    np.fill_diagonal(counts, 0)
    return counts


@settings(deadline=None, max_examples=60)
@given(likes(), st.integers(0, 2**32 - 1))
def test_counts_of_pairs_are_those_of_the_whole_product_to_the_bit(liked, seed):
    rng, items = np.random.default_rng(seed), liked.shape[1]
    some, every = rng.integers(0, items, 40), np.arange(items)
    pairs = [
        (some, rng.integers(0, items, 40)),
        (np.repeat(every, items), np.tile(every, items)),
        (np.full(items, some[0]), every),
        (every, np.full(items, some[0])),
        (some[:0], some[:0]),
    ]
    counted = CoLikes(liked, POWERS)
    for f, i in pairs:
        found = counted.at(f, i)
        for power in POWERS:
            assert np.array_equal(found[power], simple(liked, power)[f, i])


@settings(deadline=None, max_examples=60)
@given(likes(), st.sampled_from(POWERS))
def test_the_greatest_counts_of_each_row_are_those_of_the_whole_product(liked, power):
    whole = simple(liked, power)
    (all_of_them, two) = CoLikes(liked, POWERS).greatest(power, [Ranking(99), Ranking(2)])
    assert np.array_equal(all_of_them.toarray(), whole)
    for row, kept in zip(whole, two.toarray(), strict=True):
        best = np.argsort(-row, kind="stable")[:2]
        assert np.array_equal(np.flatnonzero(kept), np.sort(best[row[best] > 0]))


def test_unsorted_likes_are_counted_too():
    turned = LIKED.copy()
    turned.indices[:3] = [2, 0, 1]
    turned.has_sorted_indices = False
    assert CoLikes(turned, (0.0,)).at(np.array([0]), np.array([1]))[0.0].tolist() == [2]
