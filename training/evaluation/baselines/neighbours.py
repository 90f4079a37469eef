"""Peers that count neighbours: users who like the same items, and items with the same likers."""

from __future__ import annotations

import warnings

import numpy as np
import scipy.sparse as sp

from training.evaluation.baselines.peer import Training
from training.models.compiled import compiled
from training.models.cooccurrence import prune, together
from training.ranking.scoring import Scorer, one_hot

MOST_SHARED = 100
"""Longest rows of a table cached for the next settings; longer ones take too much memory."""


def item_knn(training: Training, *, kind: str, shrink: float, neighbours: int) -> Scorer:
    """Adds up how similar each item is to each favourite, among the favourite's nearest items.

    Args:
        training: What to learn from.
        kind: ``cosine``, or ``tfidf`` or ``bm25`` as `implicit` weighs them.
        shrink: Added to the cosine's denominator: similarity based on few users counts less.
        neighbours: Number of neighbours kept of each item.
    """
    if kind == "cosine":
        table = _nearest(training, shrink, neighbours)
    else:
        table = _of_implicit(training.liked, kind, neighbours)
    return lambda favourites: (one_hot(favourites, table.shape[0]) @ table).tocsr()


def _nearest(training: Training, shrink: float, neighbours: int) -> sp.csr_matrix:
    key = ("cosine", shrink, neighbours)
    if key in training.shared:
        return training.shared[key]
    if "together" not in training.shared:
        training.shared["together"] = together(training.liked, 0.0)
    table = prune(_shrunk(training.shared["together"], training.likers, shrink), neighbours)
    if neighbours <= MOST_SHARED:
        training.shared[key] = table
    return table


def shrunk_cosine(liked: sp.csr_matrix, shrink: float) -> sp.csr_matrix:
    """Returns [items, items] similarity, 0 on the diagonal.

    Args:
        liked: [users, items] 0/1.
        shrink: Added to the denominator.

    Source:
        Bell & Koren, "Improved Neighborhood-based Collaborative Filtering", KDD Cup 2007.
    """
    return _shrunk(together(liked, 0.0), np.asarray(liked.sum(axis=0)).ravel(), shrink)


def _shrunk(both: sp.csr_matrix, likers: np.ndarray, shrink: float) -> sp.csr_matrix:
    # In one loop: arrays of the rows' and the columns' likers would take gigabytes.
    values = _cosines(both.indptr, both.indices, both.data, likers, np.float32(shrink))
    return sp.csr_matrix((values, both.indices, both.indptr), shape=both.shape, copy=False)


@compiled
def _cosines(
    ends: np.ndarray,
    columns: np.ndarray,
    counts: np.ndarray,
    likers: np.ndarray,
    shrink: np.float32,
) -> np.ndarray:
    found = np.empty(len(counts), np.float32)
    for row in range(len(ends) - 1):
        for cell in range(ends[row], ends[row + 1]):
            found[cell] = counts[cell] / (np.sqrt(likers[row] * likers[columns[cell]]) + shrink)
    return found


def _of_implicit(liked: sp.csr_matrix, kind: str, neighbours: int) -> sp.csr_matrix:
    from implicit import nearest_neighbours

    kinds = {
        "tfidf": nearest_neighbours.TFIDFRecommender,
        "bm25": nearest_neighbours.BM25Recommender,
    }
    # One more than needed: each item is its own nearest neighbour.
    model = kinds[kind](K=neighbours + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # implicit passes itself a COO matrix, and warns of it
        model.fit(liked, show_progress=False)
    found = model.similarity.tocoo()
    model.similarity = None  # half as much memory again at 300,000 items
    apart = (found.row != found.col) & (found.data != 0)
    cells = found.data[apart].astype(np.float32), (found.row[apart], found.col[apart])
    return sp.csr_matrix(cells, shape=found.shape)


def item_knn_and_creator(training: Training, *, shrink: float, weight: float) -> Scorer:
    """Shrunk cosine with 100 neighbours, plus the same creator's items by popularity.

    Args:
        training: What to learn from.
        shrink: Of the cosine.
        weight: Of the same creator, in units of similarity.
    """
    near, of_creator = _nearest(training, shrink, 100), training.by_creator
    likers = np.log1p(training.likers) / np.log1p(training.likers.max())
    weighted = (of_creator.T @ sp.diags(weight * likers)).tocsr()

    def scorer(favourites: np.ndarray) -> sp.csr_matrix:
        asked = one_hot(favourites, len(likers))
        return (asked @ near + asked @ of_creator @ weighted).tocsr()

    return scorer


def user_knn(training: Training, *, voters: int, length_power: float) -> Scorer:
    """Adds up what the most similar users like, each weighted by similarity.

    Args:
        training: What to learn from.
        voters: Number of most similar users.
        length_power: Power of a user's number of items in the denominator of the similarity; .5:
            cosine.
    """
    liked = training.liked
    lengths = np.maximum(np.diff(liked.indptr), 1).astype(np.float32) ** length_power
    likers_of = (sp.diags(1 / lengths) @ liked).T.tocsr()  # [items, users]

    def scorer(favourites: np.ndarray) -> sp.csr_matrix:
        similar = (one_hot(favourites, liked.shape[1]) @ likers_of).tocsr()  # [B, users]
        return (_greatest(similar, voters) @ liked).tocsr()

    return scorer


def _greatest(table: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """Keeps the `count` greatest values of each row, and all that equal the least of them."""
    for row in np.flatnonzero(np.diff(table.indptr) > count):
        values = table.data[table.indptr[row] : table.indptr[row + 1]]
        values[values < np.partition(values, -count)[-count]] = 0
    table.eliminate_zeros()
    return table
