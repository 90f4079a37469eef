"""Loops over the rows of sparse tables, compiled: products of which only a part is kept.

A row of a product is made, used and forgotten: 48 million likes of 385,000 songs have more than a
billion pairs.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from training.models.compiled import compiled

Rows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""A sparse table: ends [rows + 1] int64, columns [cells] int32, values [cells] float32."""


def rows_of(table: sp.csr_matrix) -> Rows:
    """Returns a table as the loops take it; a row's columns are sorted."""
    if not table.has_sorted_indices:
        table = table.sorted_indices()
    return (
        table.indptr.astype(np.int64, copy=False),
        table.indices.astype(np.int32, copy=False),
        table.data.astype(np.float32, copy=False),
    )


@compiled
def greatest_of_rows(
    start: int,
    end: int,
    left: Rows,
    right: Rows,
    scales: np.ndarray,
    damping: np.ndarray,
    most: np.ndarray,
    apart: bool,
    least: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the greatest values of rows `start` to `end` of a product, by several rankings.

    Args:
        start: First row.
        end: Row after the last.
        left: [rows, middle], no value below 0.
        right: [middle, columns], no value below 0.
        scales: [rankings, rows] float32.
        damping: [rankings, columns] float32; values rank by ``value * scale * damping``.
        most: [rankings] how many are kept of a row, one or more; of equal ones the first columns.
        apart: Whether the diagonal is left out.
        least: Lesser values are left out.

    Returns:
        columns (sorted) and values [rankings, rows, most], and lengths [rankings, rows].
    """
    columns = damping.shape[1]
    sums, touched = np.zeros(columns, np.float32), np.empty(columns, np.int32)
    found = np.empty((len(most), end - start, most.max()), np.int32)
    values = np.empty((len(most), end - start, most.max()), np.float32)
    lengths = np.zeros((len(most), end - start), np.int64)
    for row in range(start, end):
        count = _add_up(row, left, right, sums, touched)
        for kind in range(len(most)):
            heap, worth, size = found[kind, row - start], values[kind, row - start], 0
            for place in range(count):
                column = touched[place]
                if sums[column] >= least and not (apart and column == row):
                    value = scales[kind, row] * sums[column] * damping[kind, column]
                    if size < most[kind] or value >= worth[0]:
                        size = _offer(heap, worth, size, most[kind], column, value)
            _sort(heap, size)
            for place in range(size):
                worth[place] = sums[heap[place]]
            lengths[kind, row - start] = size
        for place in range(count):
            sums[touched[place]] = 0
    return found, values, lengths


@compiled
def greatest_of_table(table: Rows, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the columns of the greatest values of each row, and the cells where they are.

    Args:
        table: Whose values.
        kept: [rows + 1] int64 ends of the rows of what is kept; of equal values the first columns.
    """
    ends, columns, values = table
    found, cells = np.empty(kept[-1], np.int32), np.empty(kept[-1], np.int64)
    worth = np.empty(kept[-1], values.dtype)
    for row in range(len(ends) - 1):
        most, size = kept[row + 1] - kept[row], 0
        if most == 0:
            continue
        heap, greatest = found[kept[row] : kept[row + 1]], worth[kept[row] : kept[row + 1]]
        for cell in range(ends[row], ends[row + 1]):
            size = _offer(heap, greatest, size, most, columns[cell], values[cell])
        least, last, place = greatest[0], heap[0], kept[row]
        for cell in range(ends[row], ends[row + 1]):
            if not _less(values[cell], columns[cell], least, last):
                found[place], cells[place] = columns[cell], cell
                place += 1
    return found, cells


@compiled
def _add_up(row: int, left: Rows, right: Rows, sums: np.ndarray, touched: np.ndarray) -> int:
    """Adds a row of the product to `sums`; returns how many of its columns are in `touched`."""
    ends, middles, factors = left
    right_ends, columns, values = right
    count = 0
    for cell in range(ends[row], ends[row + 1]):
        middle, factor = middles[cell], factors[cell]
        for place in range(right_ends[middle], right_ends[middle + 1]):
            column = columns[place]
            before = sums[column]
            sums[column] = before + factor * values[place]
            if before == 0:
                touched[count] = column
                count += 1
    return count


@compiled
def _offer(
    heap: np.ndarray, worth: np.ndarray, size: int, most: int, column: int, value: float
) -> int:
    """Keeps a value in a heap of the greatest, the least of them first; returns the heap's size.

    Args:
        heap: [most or more] columns.
        worth: [most or more] their values.
        size: How many there are.
        most: How many there may be.
        column: Of the value.
        value: It is kept where there is room, or where a lesser value, or an equal one of a later
            column, can go.
    """
    if size < most:
        place = size
        while place > 0:
            above = (place - 1) // 2
            if not _less(value, column, worth[above], heap[above]):
                break
            heap[place], worth[place] = heap[above], worth[above]
            place = above
        heap[place], worth[place] = column, value
        return size + 1
    if _less(worth[0], heap[0], value, column):
        place = 0
        while 2 * place + 1 < most:
            below = 2 * place + 1
            if below + 1 < most and _less(
                worth[below + 1], heap[below + 1], worth[below], heap[below]
            ):
                below += 1
            if not _less(worth[below], heap[below], value, column):
                break
            heap[place], worth[place] = heap[below], worth[below]
            place = below
        heap[place], worth[place] = column, value
    return size


@compiled
def _less(value: float, column: int, other: float, other_column: int) -> bool:
    return value < other or (value == other and column > other_column)


@compiled
def _sort(values: np.ndarray, size: int) -> None:
    """Sorts the first values in place: Shell's method, which compiles faster than numpy's."""
    gap = 1
    while gap < size // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for place in range(gap, size):
            value, free = values[place], place
            while free >= gap and values[free - gap] > value:
                values[free] = values[free - gap]
                free -= gap
            values[free] = value
        gap //= 3


@compiled
def counts_at(
    ends: np.ndarray,
    rows: np.ndarray,
    wanted: np.ndarray,
    of_item: tuple[np.ndarray, np.ndarray],
    of_user: tuple[np.ndarray, np.ndarray],
    weights: np.ndarray,
    items: int,
) -> np.ndarray:
    """Returns [pairs, kinds] float32, the weighted users who like both items of each pair.

    Args:
        ends: [groups + 1] where each group of pairs begins, and the end.
        rows: [groups] the first item of a group's pairs.
        wanted: [pairs] the second item of each pair.
        of_item: ends [items + 1] and users of each item.
        of_user: ends [users + 1] and items of each user.
        weights: [users, kinds] float32.
        items: How many there are.
    """
    kinds = weights.shape[1]
    sums, found = np.zeros((items, kinds), np.float32), np.zeros((len(wanted), kinds), np.float32)
    for group in range(len(rows)):
        row, added = rows[group], 0
        for cell in range(of_item[0][row], of_item[0][row + 1]):
            user = of_item[1][cell]
            added += of_user[0][user + 1] - of_user[0][user]
            for place in range(of_user[0][user], of_user[0][user + 1]):
                for kind in range(kinds):
                    sums[of_user[1][place], kind] += weights[user, kind]
        for pair in range(ends[group], ends[group + 1]):
            if wanted[pair] != row:
                for kind in range(kinds):
                    found[pair, kind] = sums[wanted[pair], kind]
        if added >= items:
            sums[:] = 0
            continue
        for cell in range(of_item[0][row], of_item[0][row + 1]):
            user = of_item[1][cell]
            for place in range(of_user[0][user], of_user[0][user + 1]):
                for kind in range(kinds):
                    sums[of_user[1][place], kind] = 0
    return found


@compiled
def values_at(table: Rows, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Returns [pairs] float32, a table's value at each row and column; 0 where it has none."""
    ends, places, values = table
    found = np.zeros(len(rows), np.float32)
    for pair in range(len(rows)):
        low, high = ends[rows[pair]], ends[rows[pair] + 1]
        end = high
        while low < high:
            middle = (low + high) // 2
            if places[middle] < columns[pair]:
                low = middle + 1
            else:
                high = middle
        if low < end and places[low] == columns[pair]:
            found[pair] = values[low]
    return found


@compiled
def dots(left: Rows, right: Rows, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns [pairs] float32, the product of a row of one table and a row of the other."""
    found = np.zeros(len(rows), np.float32)
    for pair in range(len(rows)):
        one, one_end = left[0][rows[pair]], left[0][rows[pair] + 1]
        two, two_end = right[0][others[pair]], right[0][others[pair] + 1]
        total = np.float32(0)
        while one < one_end and two < two_end:
            if left[1][one] < right[1][two]:
                one += 1
            elif left[1][one] > right[1][two]:
                two += 1
            else:
                total += left[2][one] * right[2][two]
                one += 1
                two += 1
        found[pair] = total
    return found
