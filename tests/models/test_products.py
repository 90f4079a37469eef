"""Products of which the greatest are kept: to the bit what whole products give, ties included."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from training.models import products
from training.models.products import Ranking, even_blocks, greatest_of_product, work_of


def table(rows: int, columns: int, rng: np.random.Generator) -> sp.csr_matrix:
    """Returns few different values, so that many of a product are equal."""
    return sp.csr_matrix(rng.integers(0, 3, (rows, columns)).astype(np.float32) / 4)


def simple(
    left: sp.csr_matrix, right: sp.csr_matrix, ranking: Ranking, *, apart: bool, least: float
) -> np.ndarray:
    """Returns the dense product with the greatest of each row, the first of equal ones."""
    whole = (left @ right).toarray()
    kept = np.zeros_like(whole)
    row = np.ones(len(whole), np.float32) if ranking.row is None else ranking.row
    column = np.ones(whole.shape[1], np.float32) if ranking.column is None else ranking.column
    for r, values in enumerate(whole):
        able = (values >= least) & (values > 0)
        able[r : r + 1] &= not apart
        worth = np.where(able, row[r] * values * column, -np.inf)
        best = np.argsort(-worth, kind="stable")[: ranking.most]
        kept[r, best[able[best]]] = values[best[able[best]]]
    return kept


@pytest.mark.parametrize("blocks", [1, 3, 32])
def test_the_greatest_are_those_of_the_whole_product_to_the_bit(monkeypatch, blocks):
    monkeypatch.setattr(products, "BLOCKS", blocks)

    @settings(deadline=None, max_examples=80)
    @given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.booleans(), st.sampled_from([0, 0.2]))
    def check(seed, most, apart, least):
        rng = np.random.default_rng(seed)
        left, right = table(9, 7, rng), table(7, 9, rng)
        scales = [(rng.integers(1, 4, 9) / 3).astype(np.float32) for _ in range(2)]
        rankings = [Ranking(most), Ranking(3, *scales), Ranking(5, column=scales[1])]
        found = greatest_of_product(left, right, rankings, apart=apart, least=least)
        for ranking, one in zip(rankings, found, strict=True):
            wanted = simple(left, right, ranking, apart=apart, least=least)
            assert np.array_equal(one.toarray(), wanted)
            assert all((np.diff(row.indices) > 0).all() for row in one)

    check()


def test_a_product_without_rows_or_values_is_empty():
    none = sp.csr_matrix((0, 3), dtype=np.float32)
    (found,) = greatest_of_product(none, sp.csr_matrix((3, 4), dtype=np.float32), [Ranking(2)])
    assert found.shape == (0, 4)
    (found,) = greatest_of_product(none.T.tocsr(), none, [Ranking(2)])
    assert found.shape == (3, 3)
    assert found.nnz == 0


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 1000), max_size=400))
def test_blocks_cover_every_row_once(work):
    rows = [row for start, end in even_blocks(np.array(work, int)) for row in range(start, end)]
    assert rows == list(range(len(work)))


def test_the_work_of_a_row_is_how_many_values_are_added_up():
    left = sp.csr_matrix(np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]], np.float32))
    assert work_of(left, np.array([2, 3, 5])).tolist() == [7, 0, 3]


def test_every_block_reports_its_progress():
    rng, reports = np.random.default_rng(1), []

    def note(done, total, _):
        reports.append((done, total))

    greatest_of_product(table(50, 7, rng), table(7, 9, rng), [Ranking(2)], progress=note)
    assert reports == [(n, reports[-1][1]) for n in range(1, len(reports) + 1)]
    assert reports[-1][0] == reports[-1][1]
