"""The data from which the shipped model learns: everybody, the held-out people included."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.data.dataset import PARTS, Dataset, by_user
from training.domains.domain import ITEM, ITEM_ID, LIKED, POPULARITY


def of_everyone(data: Dataset) -> Dataset:
    """Returns the data with every user among the train users, and items by the likes of all.

    Nothing may be measured or chosen with it: nobody is left on whom it could be done.

    Args:
        data: Prepared data.
    """
    rows = data.interactions
    likers = np.bincount(rows.loc[rows[LIKED], ITEM], minlength=len(data.items)).astype(np.int32)
    order = np.lexsort((data.items[ITEM_ID].to_numpy(str), -likers))
    place = np.argsort(order).astype(np.int32)
    items = data.items.iloc[order].reset_index(drop=True)
    items[POPULARITY] = likers[order]
    rows = by_user(rows.assign(**{ITEM: place[rows[ITEM]]}))
    parts = np.full_like(data.parts, PARTS.index("train"))
    return replace(data, items=items, interactions=rows, parts=parts)
