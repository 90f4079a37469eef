"""Metrics of a ranking: known values, properties, and an independent library."""

import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from training.ranking.metrics import coverage_at, hit_at, hits, ndcg_at, recall_at, without

ITEMS = 30
PER_USER = [recall_at, ndcg_at, hit_at]


def targets_of(*rows: set[int], items: int = ITEMS) -> sp.csr_matrix:
    dense = np.zeros((len(rows), items), np.float32)
    for row, chosen in zip(dense, rows, strict=True):
        row[list(chosen)] = 1
    return sp.csr_matrix(dense)


def ranked_of(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int32)


@st.composite
def rankings(draw, least_targets: int = 1):
    """Draws (ranked [users, results], targets, k): distinct items, some lists shorter."""
    users, results = draw(st.integers(1, 6)), draw(st.integers(1, ITEMS))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ranked = np.array([rng.permutation(ITEMS)[:results] for _ in range(users)], dtype=np.int32)
    ended = rng.integers(0, results + 1, users)
    ranked[np.arange(results) >= ended[:, None]] = -1
    count = rng.integers(least_targets, ITEMS + 1, users)
    targets = targets_of(*(set(rng.permutation(ITEMS)[:n].tolist()) for n in count))
    return ranked, targets, draw(st.integers(1, results))


def test_a_hit_is_a_held_back_item_of_the_same_user():
    ranked = ranked_of([1, 2, -1], [2, 1, 0])
    assert hits(ranked, targets_of({2, 29}, {1})).tolist() == [
        [False, True, False],
        [False, True, False],
    ]


def test_recall_divides_by_what_could_be_found():
    ranked = ranked_of([0, 1, 2, 3])
    assert recall_at(ranked, targets_of({0, 3, 9}), 4)[0] == pytest.approx(2 / 3)
    # With two places at most two of three targets can be found.
    assert recall_at(ranked, targets_of({0, 3, 9}), 2)[0] == pytest.approx(1 / 2)
    assert recall_at(ranked, targets_of({0, 1, 2}), 2)[0] == 1


def test_ndcg_discounts_by_the_logarithm_of_the_place():
    ranked = ranked_of([5, 0, 6, 1])
    gain = 1 / math.log2(3) + 1 / math.log2(5)
    assert ndcg_at(ranked, targets_of({0, 1}), 4)[0] == pytest.approx(gain / (1 + 1 / math.log2(3)))
    assert ndcg_at(ranked, targets_of({0, 1}), 2)[0] == pytest.approx(
        (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    )
    assert ndcg_at(ranked, targets_of({0, 1}), 1)[0] == 0


def test_hit_says_whether_anything_was_found():
    ranked = ranked_of([0, 1, 2], [0, 1, 2])
    assert hit_at(ranked, targets_of({1, 2}, {9}), 3).tolist() == [1, 0]
    assert hit_at(ranked, targets_of({1, 2}, {9}), 1).tolist() == [0, 0]


def test_coverage_counts_the_items_that_any_user_is_shown():
    ranked = ranked_of([0, 1, 2], [1, 3, -1])
    assert coverage_at(ranked, 10, 2) == pytest.approx(3 / 10)
    assert coverage_at(ranked, 10, 3) == pytest.approx(4 / 10)
    assert coverage_at(ranked_of([-1, -1]), 10, 2) == 0


@pytest.mark.parametrize("measure", [*PER_USER, lambda r, t, k: coverage_at(r, 10, k)])
@pytest.mark.parametrize("k", [0, -1, 4])
def test_a_cut_off_outside_the_list_is_refused(measure, k):
    with pytest.raises(ValueError, match=rf"k must be 1\.\.3, not {k}"):
        measure(ranked_of([0, 1, 2]), targets_of({1}), k)


@settings(deadline=None)
@given(rankings(least_targets=0))
def test_every_metric_is_between_0_and_1(case):
    ranked, targets, k = case
    for measure in PER_USER:
        values = measure(ranked, targets, k)
        assert values.shape == (len(ranked),)
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()
    assert 0 <= coverage_at(ranked, ITEMS, k) <= 1


def test_a_user_without_targets_has_0():
    for measure in PER_USER:
        assert measure(ranked_of([0, 1], [0, 1]), targets_of(set(), {0, 1}), 2).tolist() == [0, 1]
        assert measure(ranked_of([0, 1]), targets_of(set()), 2).tolist() == [0]


@settings(deadline=None)
@given(rankings())
def test_a_list_that_begins_with_all_targets_is_perfect(case):
    _, targets, _ = case
    order = [np.argsort(-row, kind="stable") for row in targets.toarray()]
    for k in (1, 10, ITEMS):
        assert recall_at(np.array(order), targets, k) == pytest.approx(1)
        assert ndcg_at(np.array(order), targets, k) == pytest.approx(1)


@settings(deadline=None)
@given(rankings(), st.integers(0, ITEMS - 2))
def test_a_target_moved_up_never_lowers_ndcg(case, place):
    ranked, targets, _ = case
    ranked = np.array([np.random.default_rng(0).permutation(ITEMS) for _ in ranked])
    worse_first = ranked.copy()
    found = hits(ranked, targets)
    swap = ~found[:, place] & found[:, place + 1]
    worse_first[swap, place] = ranked[swap, place + 1]
    worse_first[swap, place + 1] = ranked[swap, place]
    assert (ndcg_at(worse_first, targets, ITEMS) >= ndcg_at(ranked, targets, ITEMS)).all()


NAMES = [*(f"{name}@{k}" for name in ("ndcg", "recall") for k in (10, 20, 100)), "hit_rate@10"]


@pytest.fixture(scope="module")
def peers():
    """Two hundred random rankings, and ranx's values for them."""
    rng = np.random.default_rng(3)
    items, results, users = 300, 100, 200
    ranked = np.array([rng.permutation(items)[:results] for _ in range(users)], dtype=np.int32)
    chosen = [set(rng.permutation(items)[: rng.integers(1, 60)].tolist()) for _ in range(users)]
    # Compiling takes ranx minutes; without it these few rankings take a second. But numba reads
    # the variable when it is imported, and this process may have imported it.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1")
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            values = pool.submit(_values_of_ranx, ranked, chosen).result()
    return ranked, targets_of(*chosen, items=items), values.__getitem__


def _values_of_ranx(ranked: np.ndarray, chosen: list[set[int]]) -> dict[str, np.ndarray]:
    import ranx

    qrels = ranx.Qrels({str(u): {str(i): 1 for i in items} for u, items in enumerate(chosen)})
    run = ranx.Run(
        {
            str(u): {str(i): float(len(row) - n) for n, i in enumerate(row)}
            for u, row in enumerate(ranked)
        }
    )
    ranx.evaluate(qrels, run, NAMES)
    return {
        name: np.array([run.scores[name][str(u)] for u in range(len(ranked))]) for name in NAMES
    }


@pytest.mark.parametrize("k", [10, 20, 100])
def test_ndcg_agrees_with_an_independent_library(peers, k):
    ranked, targets, of = peers
    assert ndcg_at(ranked, targets, k) == pytest.approx(of(f"ndcg@{k}"), abs=1e-6)


@pytest.mark.parametrize("k", [10, 20, 100])
def test_recall_agrees_with_an_independent_library_but_for_its_denominator(peers, k):
    ranked, targets, of = peers
    count = np.diff(targets.indptr)
    theirs = of(f"recall@{k}") * count / np.minimum(k, count)
    assert recall_at(ranked, targets, k) == pytest.approx(theirs, abs=1e-6)


def test_hit_agrees_with_an_independent_library(peers):
    ranked, targets, of = peers
    assert hit_at(ranked, targets, 10) == pytest.approx(of("hit_rate@10"), abs=1e-6)


@settings(deadline=None)
@given(rankings(), st.integers(1, ITEMS + 5), st.integers(1, 10))
def test_favourites_are_dropped_and_the_rest_keeps_its_order(case, results, most):
    ranked, _, _ = case
    rng = np.random.default_rng(most)
    favourites = np.array([rng.permutation(ITEMS)[:most] for _ in ranked])
    favourites[:, rng.integers(1, most + 1) :] = -1
    lists = without(ranked, favourites, results)
    assert lists.shape == (len(ranked), results)
    for before, dropped, after in zip(ranked, favourites, lists, strict=True):
        kept = [i for i in before if i >= 0 and i not in dropped][:results]
        assert after.tolist() == kept + [-1] * (results - len(kept))
