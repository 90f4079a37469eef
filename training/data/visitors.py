"""Likes of visitors beside those of the raw files.

Where `least_sessions` asks for it, a like that nobody shares is left out
(`training.data.shared_likes`). Anyone can create sessions, also many that look like people's. So
the number of likes that visitors can add to an item is limited by how often the people of the raw
files like it: ten thousand sessions that push an item achieve no more than a few do. An item that
is new to the raw files can still become known, up to a share of the sessions.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from training.config import CleanConfig
from training.data.dataset import Counts
from training.data.shared_likes import shared_likes
from training.domains.domain import ITEM_ID, STRENGTH, TIME, USER_ID, Table
from training.domains.event_rules import EventRules

PUSHED = 2
"""With more than so many times its limit, an item is considered pushed."""


def with_visitors(
    rows: pd.DataFrame,
    visitors: Table,
    catalogue: pd.DataFrame,
    clean: CleanConfig,
    rules: EventRules,
    counts: Counts,
) -> pd.DataFrame:
    """Returns the interactions and the visitors' likes of items that the sources know.

    A visitor can send any id: an id that no source knows must not become an item.
    """
    counts.add_table("events", visitors)
    known = pd.Index(rows[ITEM_ID].unique().astype(str)).union(pd.Index(catalogue[ITEM_ID]))
    liked = visitors.rows[visitors.rows[ITEM_ID].isin(known)]
    counts.add("events dropped: likes of unknown items", len(visitors.rows) - len(liked))
    raw = rows[rows[STRENGTH] >= clean.liked_from]
    shared = shared_likes(liked, raw, rules.least_sessions)
    counts.add("events dropped: likes that nobody shares", len(liked) - len(shared))
    likes = without_surges(shared, raw[ITEM_ID], rules)
    counts.add("events dropped: more likes of an item than expected", len(shared) - len(likes))
    counts.add("events: likes learned", len(likes))
    # The same strength for all: at or above the threshold, and never below a session's own mean.
    strength = float(max(1, math.ceil(clean.liked_from)))
    joined = {
        USER_ID: _joined(rows[USER_ID], likes[USER_ID]),
        ITEM_ID: _joined(rows[ITEM_ID], likes[ITEM_ID]),
        STRENGTH: np.append(rows[STRENGTH].to_numpy(), np.full(len(likes), strength)),
    }
    if TIME in rows:
        # A like is the sum of several events; it has no one time.
        joined[TIME] = np.append(rows[TIME].to_numpy(), np.full(len(likes), np.nan))
    return pd.DataFrame(joined)


def _joined(texts: pd.Series, more: pd.Series) -> pd.Categorical:
    return union_categoricals([pd.Categorical(texts), pd.Categorical(more)])


def without_surges(likes: pd.DataFrame, raw: pd.Series, rules: EventRules) -> pd.DataFrame:
    """Returns the likes that are within each item's limit; which of them is random, but stable.

    An item's limit is ``rules.most_growth`` times the likes that it would have if the visitors'
    likes were spread over the items as those of the raw files are, and at least
    ``rules.new_item_share`` of the sessions. One like more than there are in the raw files is
    assumed of each item. Of an item with more than `PUSHED` times its limit, most sessions are
    probably there to push it: only as many as were expected are kept, or that least share if it is
    new to the raw files; the others are left out with all that they like. The limits are then those
    of the sessions that are left, or many bots would raise their own limit.

    Args:
        likes: Of visitors: `USER_ID`, `ITEM_ID`; each pair once.
        raw: Item ids of the likes in the raw files, one value a like.
        rules: The domain's.
    """
    known = raw.astype(str).value_counts()
    while not likes.empty:
        items = likes[ITEM_ID].astype(str)
        in_raw = items.map(known).fillna(0)
        expected = (in_raw + 1) * (len(likes) / max(1, len(raw)))
        least = rules.new_item_share * likes[USER_ID].nunique()
        limit = np.ceil(np.maximum(rules.most_growth * expected, least))
        place = _place(items, likes[USER_ID])
        is_pushed = items.map(items.value_counts()) > PUSHED * limit
        kept = np.where(in_raw > 0, expected, np.maximum(expected, least))
        pushing = is_pushed & (place > np.ceil(kept))
        if not pushing.any():
            return likes[place <= limit]
        likes = likes[~likes[USER_ID].isin(likes.loc[pushing, USER_ID])]
    return likes


def _place(items: pd.Series, users: pd.Series) -> pd.Series:
    """Returns the place, from 1, of each like among those of its item: random, but stable."""
    order = pd.util.hash_array((items + " " + users.astype(str)).to_numpy(object))
    return pd.Series(order, index=items.index).groupby(items).rank(method="first")
