"""Variety: the same re-ranking as in JavaScript, and similarity against a dense computation."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from training.ranking.variety import (
    POOL,
    diversified,
    intra_list_similarity,
    likeness_of,
    mean_popularity,
    share_of_one_creator,
)

SCRIPT = Path(__file__).parents[1] / "diversified.mjs"


def case_of(seed: int, diversity: float | None = None) -> dict[str, np.ndarray]:
    """Returns a random pool: some equal scores, some unknown creators, more than fit the pool."""
    rng = np.random.default_rng(seed)
    items = int(rng.integers(1, 260))
    scores = np.sort(rng.random(items).astype(np.float32))[::-1].copy()
    if seed % 3 == 0:
        scores = np.round(scores, 1)
    if seed % 10 == 0:
        scores[:] = 0.5
    vectors = rng.normal(size=(items, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return {
        "items": rng.permutation(items + 5)[:items].astype(np.int32),
        "scores": scores,
        "vectors": vectors if seed % 4 else np.zeros((items, 1), np.float32),
        "creators": rng.integers(-1, max(1, items // 4), items + 5).astype(np.int32),
        "diversity": rng.choice([0, 0.1, 0.25, 0.5, 0.75, 1]) if diversity is None else diversity,
        "limit": int(rng.choice([1, 5, 10, 25, 100])),
    }


CASES = st.integers(0, 10_000)


def test_javascript_chooses_the_same_items():
    cases = [case_of(seed) for seed in range(200)]
    plain = [{name: np.asarray(v).tolist() for name, v in case.items()} for case in cases]
    for seed, case in enumerate(plain):
        if seed % 4 == 0:  # a strategy without vectors: only the creator counts
            case["vectors"] = None
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(plain), capture_output=True, text=True, check=True
    )
    ours = [diversified(**case).tolist() for case in cases]
    assert json.loads(done.stdout) == ours
    assert sum(case["diversity"] > 0 for case in cases) > 100


@settings(deadline=None, max_examples=50)
@given(CASES)
def test_no_diversity_changes_nothing(seed):
    case = case_of(seed, 0.0)
    found = diversified(**case)
    assert found.tolist() == case["items"][:POOL][: case["limit"]].tolist()


@settings(deadline=None, max_examples=50)
@given(CASES, st.floats(0, 1))
def test_chosen_items_are_distinct_from_the_pool_and_as_many_as_possible(seed, diversity):
    case = case_of(seed, diversity)
    found = diversified(**case).tolist()
    pool = case["items"][:POOL].tolist()
    assert len(set(found)) == len(found) == min(case["limit"], len(pool))
    assert set(found) <= set(pool)


@settings(deadline=None, max_examples=50)
@given(CASES)
def test_full_diversity_repeats_no_creator_while_there_is_another(seed):
    case = case_of(seed, 1.0)
    found = case["creators"][diversified(**case)]
    pool = case["creators"][case["items"][:POOL]]
    able = len(set(pool[pool >= 0].tolist())) + int((pool < 0).sum())
    first = found[:able]
    known = first[first >= 0]
    assert len(set(known.tolist())) == len(known)


@settings(deadline=None, max_examples=50)
@given(CASES, st.floats(0.01, 0.99))
def test_the_best_answer_stays_first(seed, diversity):
    case = case_of(seed, diversity)
    assert diversified(**case)[0] == case["items"][0]


def test_similarity_costs_what_the_formula_says():
    # Item 1 is the same as item 0, item 2 differs from both: .5 · .9 - .5 · 1 < .5 · 0 - 0.
    case = {
        "items": np.array([0, 1, 2], np.int32),
        "scores": np.array([1, 0.9, 0], np.float32),
        "vectors": np.array([[1, 0], [1, 0], [0, 1]], np.float32),
        "creators": np.array([-1, -1, -1], np.int32),
        "limit": 3,
    }
    assert diversified(**case, diversity=0.5).tolist() == [0, 2, 1]
    assert diversified(**case, diversity=0.4).tolist() == [0, 1, 2]


def test_a_creator_has_a_limited_number_of_items_and_skipped_ones_follow():
    case = {
        "items": np.arange(6, dtype=np.int32),
        "scores": np.linspace(1, 0, 6).astype(np.float32),
        "vectors": np.eye(6, dtype=np.float32),
        "creators": np.array([0, 0, 0, 0, 0, 1], np.int32),
    }
    # floor(.75 · 4 + .5) = 3 may be the same creator's.
    assert diversified(**case, diversity=0.25, limit=4).tolist()[3] == 5
    # One of each, then the others in their old order.
    assert diversified(**case, diversity=1.0, limit=4).tolist() == [0, 5, 1, 2]


def test_an_empty_pool_has_nothing_to_choose_from():
    none = np.empty(0, np.int32)
    found = diversified(none, np.empty(0), np.empty((0, 3)), np.array([0]), 0.5, 10)
    assert len(found) == 0


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_similarity_is_the_mean_cosine_of_the_likers_of_all_pairs_of_a_list(seed):
    rng = np.random.default_rng(seed)
    liked = (rng.random((15, 9)) < 0.4).astype(np.float32)
    ranked = np.array([rng.permutation(9)[:5] for _ in range(4)], np.int32)
    ranked[1, 3:], ranked[2, 1:], ranked[3] = -1, -1, -1
    norms = np.maximum(np.linalg.norm(liked, axis=0), 1e-9)
    cosine = (liked.T @ liked) / np.outer(norms, norms)
    wanted = []
    for row in ranked:
        mine = row[row >= 0]
        pairs = [cosine[a, b] for a in mine for b in mine if a != b]
        wanted.append(np.mean(pairs) if pairs else 0)
    found = intra_list_similarity(ranked, likeness_of(sp.csr_matrix(liked)))
    assert found == pytest.approx(wanted, abs=1e-5)


def test_a_list_with_the_same_likers_has_similarity_1_and_with_distinct_ones_0():
    liked = sp.csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0]], np.float32))
    found = intra_list_similarity(np.array([[0, 1], [0, 2], [0, 3]]), likeness_of(liked))
    assert found == pytest.approx([1, 0, 0], abs=1e-6)


def test_the_share_of_the_most_frequent_creator_counts_unknown_ones_as_different():
    creators = np.array([0, 0, 1, -1, -1])
    ranked = np.array([[0, 1, 2, 3], [3, 4, -1, -1], [2, 3, 4, 0], [-1, -1, -1, -1]])
    assert share_of_one_creator(ranked, creators).tolist() == [0.5, 0.5, 0.25, 0]


def test_the_most_liked_item_has_the_place_one_and_the_rarest_the_last():
    likers = np.array([2, 9, 5, 0])
    found = mean_popularity(np.array([[1, -1], [3, -1], [1, 2], [-1, -1]]), likers)
    assert found.tolist() == [1, 0.25, (1 + 0.75) / 2, 0]
