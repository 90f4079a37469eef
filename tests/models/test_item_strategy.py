"""The strategy `items`: its score is the formula's, its shares are the parts of the score."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from training.models import item_strategy
from training.models.item_strategy import (
    GREATEST,
    ItemIndex,
    ItemStrategy,
    fewer_dimensions,
    scorer_of,
)
from training.models.item_table import ItemTable
from training.models.ops import rank
from training.models.tensorflow_import import tf

pytestmark = pytest.mark.slow

ITEMS, DIM = 12, 4


def table_of(seed: int) -> ItemTable:
    rng = np.random.default_rng(seed)
    dense = rng.random((ITEMS, ITEMS)) * (rng.random((ITEMS, ITEMS)) < 0.3)
    np.fill_diagonal(dense, 0)
    query_factor, item_factor = rng.uniform(0.5, 2, ITEMS), rng.uniform(0.01, 0.1, ITEMS)
    new = np.flatnonzero(rng.random(ITEMS) < 0.3).astype(np.int32)
    return ItemTable(sp.csr_matrix(dense), query_factor, item_factor, new=new)


def vectors_of(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.5, (ITEMS, DIM)).astype(np.float32)


def asked(strategy: ItemStrategy, favourites: list[int], results: int = ITEMS) -> dict:
    outputs = strategy.items(tf.constant([favourites], tf.int32), results)
    return {name: value.numpy()[0] for name, value in outputs.items()}


def parts_of(
    table: ItemTable,
    vectors: np.ndarray,
    blend: float,
    favourites: list[int],
    new_blend: float | None = None,
):
    """Returns [favourites, items], what each favourite adds to each score, in numpy."""
    likeness = vectors[favourites].mean(axis=0) @ vectors.T
    rest = table.item_factor * np.exp(np.minimum(blend * likeness, 8))
    if new_blend is not None and len(table.new):
        factors = table.item_factor[table.new]
        raised = factors * np.exp(np.minimum(new_blend * likeness[table.new], 8))
        rest[table.new] = raised / raised.sum() * factors.sum()
    factors = table.query_factor[favourites][:, None] / len(favourites)
    return table.table.toarray()[favourites] + factors * rest


FAVOURITES = st.lists(st.integers(0, ITEMS - 1), min_size=1, max_size=6, unique=True)
BLENDS = st.sampled_from([0.0, 0.5, 2.0])
NEW_BLENDS = st.sampled_from([None, 0.0, 0.5, 2.0])


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999), FAVOURITES, BLENDS, NEW_BLENDS)
def test_a_score_is_the_formulas_up_to_a_factor(seed, favourites, blend, new_blend):
    table, vectors = table_of(seed), vectors_of(seed)
    index = ItemIndex.of(table, vectors, blend, new_blend)
    answer = asked(ItemStrategy(index, "float32"), favourites)
    wanted = parts_of(table, vectors, blend, favourites, new_blend).sum(axis=0)
    assert sorted(answer["items"].tolist()) == list(range(ITEMS))
    factor = answer["scores"][0] / wanted.max()
    assert answer["scores"] == pytest.approx(factor * wanted[answer["items"]], rel=1e-4)
    assert (np.diff(answer["scores"]) <= 0).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999), FAVOURITES, BLENDS, NEW_BLENDS)
def test_without_tensorflow_the_scores_are_the_same(seed, favourites, blend, new_blend):
    index = ItemIndex.of(table_of(seed), vectors_of(seed), blend, new_blend)
    answer = asked(ItemStrategy(index, "float32"), favourites)
    padded = np.array([[*favourites, -1, -1]], np.int32)
    assert scorer_of(index)(padded)[0][answer["items"]] == pytest.approx(answer["scores"], rel=1e-4)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999), FAVOURITES, BLENDS, NEW_BLENDS)
def test_shares_are_the_parts_of_a_score_and_sum_to_one(seed, favourites, blend, new_blend):
    table, vectors = table_of(seed), vectors_of(seed)
    strategy = ItemStrategy(ItemIndex.of(table, vectors, blend, new_blend), "float32")
    answer = asked(strategy, [*favourites, -1, -1])
    parts = parts_of(table, vectors, blend, favourites, new_blend)
    wanted = (parts / parts.sum(axis=0))[:, answer["items"]].T
    count = len(favourites)
    assert answer["shares"][:, :count] == pytest.approx(wanted, abs=1e-4)
    assert (answer["shares"][:, count:] == 0).all()
    assert answer["shares"].sum(axis=1) == pytest.approx(1, abs=1e-4)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 999), FAVOURITES, BLENDS, st.randoms(), st.integers(0, 4))
def test_order_and_padding_of_favourites_do_not_matter(seed, favourites, blend, random, padding):
    strategy = ItemStrategy(ItemIndex.of(table_of(seed), vectors_of(seed), blend), "float16")
    mixed = list(favourites)
    random.shuffle(mixed)
    one, other = asked(strategy, favourites), asked(strategy, mixed + [-1] * padding)
    assert one["scores"] == pytest.approx(other["scores"], rel=1e-4)
    by_item = dict(zip(other["items"].tolist(), other["scores"].tolist(), strict=True))
    for item, score in zip(one["items"].tolist(), one["scores"].tolist(), strict=True):
        assert by_item[item] == pytest.approx(score, rel=1e-4)


def test_each_favourites_share_goes_with_it_when_the_order_changes():
    strategy = ItemStrategy(ItemIndex.of(table_of(3), vectors_of(3), 1.0), "float32")
    one, other = asked(strategy, [1, 5, 8]), asked(strategy, [8, 1, 5])
    assert (one["items"] == other["items"]).all()
    assert one["shares"] == pytest.approx(other["shares"][:, [1, 2, 0]], abs=1e-5)


def test_vectors_have_length_one_and_are_0_where_there_is_no_item():
    table = table_of(1)
    silent = table.item_factor.copy()
    silent[4:] = 0  # an item with factor 0 and in no row has no score
    rows = table.table.toarray()
    rows[:, 4:] = 0
    index = ItemIndex.of(
        ItemTable(sp.csr_matrix(rows), table.query_factor, silent), vectors_of(1), 0.0
    )
    answer = asked(ItemStrategy(index, "float32"), [0])
    real = answer["items"] >= 0
    assert real.sum() == 4
    assert (answer["scores"][~real] == 0).all()
    assert np.linalg.norm(answer["vectors"][real], axis=1) == pytest.approx(1, abs=1e-5)
    assert (answer["vectors"][~real] == 0).all()


def test_an_item_without_features_has_a_vector_of_0():
    vectors = vectors_of(1)
    vectors[7] = 0
    answer = asked(ItemStrategy(ItemIndex.of(table_of(1), vectors, 0.0), "float32"), [0])
    place = answer["items"].tolist().index(7)
    assert (answer["vectors"][place] == 0).all()


def test_the_weights_are_rounded_as_the_export_rounds_them():
    index = ItemIndex.of(table_of(2), vectors_of(2), 1.0)

    def half(values):
        return values.astype(np.float16).astype(np.float32)

    beforehand = replace(
        index,
        vectors=half(index.vectors),
        weights=half(index.weights),
        query_factor=half(index.query_factor),
        item_factor=half(index.item_factor),
    )
    one = asked(ItemStrategy(index, "float16"), [1, 2, 3])
    other = asked(ItemStrategy(beforehand, "float32"), [1, 2, 3])
    assert (one["items"] == other["items"]).all()
    assert (one["scores"] == other["scores"]).all()


@pytest.mark.parametrize("factor", [1e-12, 1.0, 1e12])
def test_weights_of_any_size_are_stored_so_that_float16_can_hold_them(factor):
    table = table_of(4)
    table = ItemTable(table.table * factor, table.query_factor * 3, table.item_factor * factor / 3)
    index = ItemIndex.of(table, vectors_of(4), 1.0)
    assert max(index.weights.max(), index.item_factor.max()) == pytest.approx(GREATEST, rel=1e-4)
    answer = asked(ItemStrategy(index, "float16"), [0, 1])
    plain = asked(ItemStrategy(ItemIndex.of(table_of(4), vectors_of(4), 1.0), "float16"), [0, 1])
    assert answer["scores"] == pytest.approx(plain["scores"], rel=1e-2)


def test_with_an_empty_table_the_item_factors_decide():
    table = table_of(5)
    table = ItemTable(
        sp.csr_matrix((ITEMS, ITEMS), dtype=np.float32), table.query_factor, table.item_factor
    )
    answer = asked(ItemStrategy(ItemIndex.of(table, vectors_of(5), 0.0), "float16"), [3])
    assert np.isfinite(answer["scores"]).all()
    assert answer["items"].tolist() == np.argsort(-table.item_factor).tolist()


def test_an_unrelated_item_similar_to_the_favourites_comes_before_one_that_is_not():
    table = ItemTable(
        sp.csr_matrix((ITEMS, ITEMS), dtype=np.float32), np.ones(ITEMS), np.ones(ITEMS)
    )
    vectors = np.zeros((ITEMS, 2), np.float32)
    vectors[[0, 9]], vectors[5] = [1, 0], [-1, 0]
    strategy = ItemStrategy(ItemIndex.of(table, vectors, 1.0), "float32")
    ranked = rank(strategy.items, np.array([[0, -1]], np.int32), ITEMS, ITEMS)[0]
    assert (ranked[0], ranked[10]) == (9, 5)


def test_vectors_that_need_few_dimensions_keep_their_products_in_them():
    rng = np.random.default_rng(3)
    vectors = (rng.normal(size=(50, 3)) @ rng.normal(size=(3, 8))).astype(np.float32)
    vectors[7] = 0
    fewer = fewer_dimensions(vectors, 3)
    assert fewer.shape == (50, 3)
    assert fewer @ fewer.T == pytest.approx(vectors @ vectors.T, abs=1e-4)
    assert not fewer[7].any()
    assert fewer_dimensions(vectors, 8) is vectors


def test_the_vectors_of_more_items_have_fewer_dimensions_but_never_too_few(monkeypatch):
    table, vectors = table_of(1), np.tile(vectors_of(1), 3)
    pairs = table.table.nnz
    for left, dimensions in ((24, 12), (12, 6), (0, 4)):
        most = 6 * pairs + (8 + left) * ITEMS
        monkeypatch.setattr(item_strategy, "MOST_BYTES", most)
        assert ItemIndex.of(table, vectors, 0.5).vectors.shape == (ITEMS, dimensions)


def test_new_items_share_their_weight_by_similarity_and_take_none_from_the_others():
    nothing, new = sp.csr_matrix((ITEMS, ITEMS), dtype=np.float32), np.array([5, 9], np.int32)
    factors = np.where(np.isin(np.arange(ITEMS), new), 0.1, 1.0)
    table = ItemTable(nothing, np.ones(ITEMS), factors, new=new)
    vectors = np.zeros((ITEMS, 2), np.float32)
    vectors[[0, 3, 9]], vectors[5] = [1, 0], [-1, 0]
    scores = scorer_of(ItemIndex.of(table, vectors, 0.0, 2.0))(np.array([[0]], np.int32))[0]
    assert scores[9] / scores[5] == pytest.approx(np.exp(4), rel=1e-4)
    assert scores[[5, 9]].sum() == pytest.approx(0.2 * scores[1], rel=1e-4)
    # Item 3 is as similar, but somebody likes it: its blend is 0.
    assert scores[3] == scores[1]


def test_a_model_of_an_earlier_release_scores_all_items_alike():
    index = ItemIndex.of(table_of(6), vectors_of(6), 1.0)
    first = {name: value for name, value in vars(index).items() if not name.startswith("new")}
    favourites = np.array([[2, 4]], np.int32)
    assert (scorer_of(ItemIndex(**first))(favourites) == scorer_of(index)(favourites)).all()
    table = ItemStrategy(index, "float16").table
    assert (table.new_items, table.new_blend, table.new_weight) == (None, None, None)
