"""A split by time: what was liked before a moment, and what the same people liked from then on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp

from training.data.dataset import PARTS, Dataset
from training.data.examples import PAD, Queries
from training.domains.domain import ITEM, ITEM_ID, LIKED, POPULARITY, TIME, USER

LAST = 0.1
"""Share of the likes, the latest, that are asked about."""
LEAST = 2
"""Likes before the moment without which a user teaches nothing."""


@dataclass(frozen=True)
class TimeSplit:
    """What was known at a moment, and what to find of what came later.

    Attributes:
        moment: Seconds since 1970; `LAST` of the likes are from then on.
        before: The data as they were: earlier likes alone, items ordered by them. The validation
            users are the same; all others are train users.
        queries: Of people who liked something later, validation users left out; by the indices of
            `before`.
        known: [Q, K] int32, padded with `PAD`: what each of them liked before and does not show.
    """

    moment: float
    before: Dataset
    queries: Queries
    known: np.ndarray


def split_by_time(
    data: Dataset, favourites: int, rng: np.random.Generator, *, max_users: int
) -> TimeSplit | None:
    """Splits the likes at the moment after which `LAST` of them were made.

    A person shows the last likes before the moment and, if these are too few, the first ones after
    it. The targets are all other likes after it.

    Args:
        data: Prepared data with times.
        favourites: Items that each person shows, F.
        rng: Orders likes of the same time, and draws people if there are more than `max_users`.
        max_users: Most people asked.

    Returns:
        The split; None if nobody has liked enough both to be learned from and to be asked.
    """
    likes = data.interactions[data.interactions[LIKED] & data.interactions[TIME].notna()]
    if likes.empty:
        return None
    moment = float(np.sort(likes[TIME])[-max(1, round(len(likes) * LAST))])
    is_early = (likes[TIME] < moment).to_numpy()
    before, place_of = _before(data, likes[is_early])
    timed = likes.assign(**{ITEM: place_of[likes[ITEM]]}, early=is_early)
    is_asked = data.parts[timed[USER]] != PARTS.index("validation")
    queries, known = _queries(timed[is_asked], len(place_of), favourites, rng, max_users)
    enough = all((before.parts == PARTS.index(part)).any() for part in ("train", "validation"))
    return TimeSplit(moment, before, queries, known) if enough and len(queries) else None


def _before(data: Dataset, likes: pd.DataFrame) -> tuple[Dataset, np.ndarray]:
    """Returns the data with these likes alone, and the new index of each item."""
    counts = np.bincount(likes[USER], minlength=len(data.parts))
    kept = counts >= LEAST
    likes = likes[kept[likes[USER]]]
    parts = np.where(data.parts == PARTS.index("validation"), data.parts, PARTS.index("train"))
    in_train = parts[likes[USER]] == PARTS.index("train")
    likers = np.bincount(likes.loc[in_train, ITEM], minlength=len(data.items))
    # Equal ones by id: their order in `data` would reveal what is liked later.
    order = np.lexsort((data.items[ITEM_ID], -likers))
    place_of = np.empty(len(order), np.int32)
    place_of[order] = np.arange(len(order))
    items = data.items.iloc[order].reset_index(drop=True)
    items[POPULARITY] = likers[order].astype("int32")
    row_of = np.cumsum(kept) - 1
    columns = {USER: row_of[likes[USER]].astype("int32"), ITEM: place_of[likes[ITEM]]}
    likes = likes.assign(**columns).sort_values([USER, ITEM], ignore_index=True)
    users = None if data.users is None else data.users[kept]
    before = replace(data, items=items, interactions=likes, parts=parts[kept], users=users)
    return before, place_of


def _queries(
    likes: pd.DataFrame, items: int, favourites: int, rng: np.random.Generator, max_users: int
) -> tuple[Queries, np.ndarray]:
    """Returns what each person shows and what is asked for, and what else was liked before."""
    likes = likes.assign(random=rng.random(len(likes))).sort_values([USER, TIME, "random"])
    by_user = likes.groupby(USER)
    place = by_user.cumcount().to_numpy()
    early = by_user["early"].transform("sum").to_numpy()
    first = np.maximum(early - favourites, 0)
    is_known, is_target = place < first, place >= np.maximum(first + favourites, early)
    asked = likes.loc[is_target, USER].unique()
    if len(asked) > max_users:
        asked = rng.choice(asked, max_users, replace=False)
    row_of = pd.Index(np.sort(asked)).get_indexer(likes[USER])
    column, is_asked = likes[ITEM].to_numpy(np.int32), row_of >= 0
    is_shown = is_asked & ~is_known & (place < first + favourites)
    shown = column[is_shown].reshape(len(asked), favourites)
    is_target &= is_asked
    cells = (np.ones(is_target.sum(), np.float32), (row_of[is_target], column[is_target]))
    targets = sp.csr_matrix(cells, shape=(len(asked), items))
    is_known &= is_asked
    longest = int(place[is_known].max(initial=-1)) + 1
    known = np.full((len(asked), longest), PAD, np.int32)
    known[row_of[is_known], place[is_known]] = column[is_known]
    return Queries(shown, targets, np.sort(asked)), known
