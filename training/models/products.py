"""Products of sparse tables of which only the greatest values of each row are kept."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from training.models.sparse_rows import Rows, greatest_of_rows, rows_of
from training.parallel.blocks import in_blocks, width
from training.parallel.engine import Shared
from training.progress import Progress

BLOCKS = 32
"""Blocks of rows for each thread: few enough to cost nothing, enough to keep all busy."""
LEAST_WORK = 500_000_000
"""Least numbers to add up for which a cluster is asked: less takes about a second here."""


@dataclass(frozen=True)
class Ranking:
    """By which values of a row are kept: ``value * row * column``.

    Attributes:
        most: Most values kept of a row, one or more.
        row: [rows] float32; None: 1.
        column: [columns] float32; None: 1.
    """

    most: int
    row: np.ndarray | None = None
    column: np.ndarray | None = None


def greatest_of_product(
    left: sp.csr_matrix,
    right: sp.csr_matrix,
    rankings: list[Ranking],
    *,
    apart: bool = False,
    least: float = 0.0,
    progress: Progress | None = None,
) -> list[sp.csr_matrix]:
    """Returns for each ranking the greatest values of each row of ``left @ right``.

    Args:
        left: [rows, middle] float32, no value below 0.
        right: [middle, columns] float32, no value below 0.
        rankings: What is kept; of equal values those of the first columns.
        apart: Whether values on the diagonal are left out.
        least: Lesser values are left out, and so is 0.
        progress: Called after every block of rows.

    Returns:
        Tables [rows, columns] of the values themselves, float32; columns are sorted.
    """
    shape = (left.shape[0], right.shape[1])
    scales = _scales([one.row for one in rankings], shape[0])
    damping = _scales([one.column for one in rankings], shape[1])
    most = np.array([max(1, min(one.most, shape[1])) for one in rankings])
    floor = float(np.float32(least))
    shared = Shared((rows_of(left), rows_of(right), scales, damping, most, apart, floor))
    work = work_of(left, np.diff(right.indptr))
    blocks, here = even_blocks(work), work.sum() < LEAST_WORK
    done: list[list[_Part]] = []
    for result in in_blocks(_greatest, shared, blocks, here=here):
        done.append(result)
        if progress is not None:
            progress(len(done), len(blocks), "counting pairs")
    return [_joined([parts[kind] for parts in done], shape) for kind in range(len(rankings))]


def work_of(left: sp.csr_matrix, lengths: np.ndarray) -> np.ndarray:
    """Returns [rows] how many values are added up for each row of a product.

    Args:
        left: [rows, middle].
        lengths: [middle] how many values each row of the right table has.
    """
    ends = np.concatenate([[0], np.cumsum(lengths[left.indices], dtype=np.int64)])
    return np.diff(ends[left.indptr])


def even_blocks(work: np.ndarray) -> list[tuple[int, int]]:
    """Returns (first row, end) of blocks of about the same work, `BLOCKS` for each thread."""
    ends = np.cumsum(work + 1.0)
    count = min(len(work), BLOCKS * width())
    wanted = np.arange(1, count) * (ends[-1] / count) if count else np.empty(0)
    cuts = np.unique(np.concatenate([[0], np.searchsorted(ends, wanted), [len(work)]]))
    return [(int(start), int(end)) for start, end in itertools.pairwise(cuts)]


def _scales(given: list[np.ndarray | None], size: int) -> np.ndarray:
    ones = np.ones(size, np.float32)
    return np.stack([ones if one is None else np.asarray(one, np.float32) for one in given])


_Part = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Columns, values and lengths of some rows."""
_Product = tuple[Rows, Rows, np.ndarray, np.ndarray, np.ndarray, bool, float]
"""left, right, scales, damping, most, apart and least of `greatest_of_rows`."""


def _greatest(product: _Product, block: tuple[int, int]) -> list[_Part]:
    left, right, scales, damping, most, apart, least = product
    found = greatest_of_rows(*block, left, right, scales, damping, most, apart, least)
    return [_packed(*parts) for parts in zip(*found, strict=True)]


def _packed(columns: np.ndarray, values: np.ndarray, lengths: np.ndarray) -> _Part:
    kept = np.arange(columns.shape[1]) < lengths[:, None]
    return columns[kept], values[kept], lengths


def _joined(parts: list[_Part], shape: tuple[int, int]) -> sp.csr_matrix:
    if not parts:
        return sp.csr_matrix(np.zeros(shape, np.float32))
    columns, values, lengths = (np.concatenate(some) for some in zip(*parts, strict=True))
    ends = np.concatenate([[0], np.cumsum(lengths)])
    table = sp.csr_matrix((values, columns, ends), shape=shape)
    table.has_sorted_indices = True
    return table
