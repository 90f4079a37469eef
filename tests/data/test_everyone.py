"""The data from which the shipped model learns."""

import numpy as np
import pandas as pd

from tests.data.test_dataset import grid, made
from training.data.dataset import PARTS
from training.data.everyone import of_everyone
from training.domains.domain import ITEM, ITEM_ID, LIKED, POPULARITY


def likes(data) -> set[tuple[int, str]]:
    """Returns each like as (user, id of the item)."""
    rows = data.interactions[data.interactions[LIKED]]
    ids = data.items[ITEM_ID].to_numpy()
    return set(zip(rows["user"], ids[rows[ITEM]], strict=True))


def test_everybody_is_learned_from_and_no_like_is_lost_or_changed():
    extra = [("U01", f"more {n}", 1.0) for n in range(4)] + [("U02", "more 0", 1.0)]
    data, _ = made([*grid(), *extra])
    everyone = of_everyone(data)
    assert (everyone.parts == PARTS.index("train")).all()
    assert likes(everyone) == likes(data)
    assert everyone.liked("train").nnz == data.interactions[LIKED].sum()
    assert np.array_equal(everyone.users, data.users)


def test_items_are_in_the_order_of_everybodys_likes():
    extra = [(f"U{n:02}", f"more {n % 3}", 1.0) for n in range(12)]
    everyone = of_everyone(made([*grid(), *extra])[0])
    likers = everyone.items[POPULARITY].to_numpy()
    assert np.array_equal(likers, np.asarray(everyone.liked("train").sum(axis=0)).ravel())
    expected = everyone.items.sort_values([POPULARITY, ITEM_ID], ascending=[False, True])
    pd.testing.assert_frame_equal(everyone.items, expected)
