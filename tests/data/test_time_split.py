"""What was known at a moment, and what the same people liked from then on."""

import numpy as np
import pandas as pd
import pytest

from training.data.dataset import Dataset
from training.data.time_split import split_by_time


def data_of(rows, parts):
    """Returns a data set of (user, item, time) likes and one pair that is not liked."""
    table = pd.DataFrame(rows, columns=["user", "item", "time"])
    items = int(table["item"].max()) + 1
    table = table.assign(strength=np.float32(1), liked=True)
    table.loc[len(table)] = [0, items - 1, 1.0, 1.0, False]
    catalogue = pd.DataFrame(
        {
            "item_id": [f"i{n}" for n in range(items)],
            "title": "",
            "popularity": 0,
            "editions": [[]] * items,
        }
    )
    types = {"user": "int32", "item": "int32", "liked": bool, "time": "float64"}
    return Dataset(catalogue, table.astype(types), np.array(parts, np.int8))


def split(data, favourites=2, most=100):
    return split_by_time(data, favourites, np.random.default_rng(1), max_users=most)


def ids(found, row):
    return [found.before.items["item_id"][i] for i in row if i >= 0]


@pytest.fixture
def data():
    """Twenty likes: 18 at the times 0..17, and two at 100, by users 0 and 1."""
    early = [(n % 3, n // 3, float(n)) for n in range(18)]
    return data_of([*early, (0, 6, 100.0), (1, 7, 100.0)], [0, 2, 1])


def test_the_last_tenth_of_the_likes_is_asked_about_and_nothing_of_it_is_known_before(data):
    found = split(data)
    assert found.moment == 100
    assert found.before.interactions["time"].max() == 17
    assert found.before.interactions["liked"].all()
    assert len(found.before.interactions) == 18
    targets = [ids(found, row.indices) for row in found.queries.targets]
    assert targets == [["i6"], ["i7"]]


def test_people_show_their_last_likes_and_the_earlier_ones_are_known(data):
    found = split(data)
    assert [set(ids(found, row)) for row in found.queries.favourites] == [{"i4", "i5"}] * 2
    assert [set(ids(found, row)) for row in found.known] == [{"i0", "i1", "i2", "i3"}] * 2


def test_only_validation_users_choose_and_they_are_not_asked(data):
    found = split(data)
    assert found.before.parts.tolist() == [0, 0, 1]
    assert found.queries.users.tolist() == [0, 1]


def test_newcomers_show_their_first_likes():
    rows = [(u, i, float(i)) for u in range(2) for i in range(18)]
    rows += [(2, item, 50.0 + item) for item in (7, 3, 9, 1)]
    found = split(data_of(rows, [0, 1, 0]))
    assert found.queries.users.tolist() == [2]
    assert set(ids(found, found.queries.favourites[0])) == {"i1", "i3"}
    assert set(ids(found, found.queries.targets[0].indices)) == {"i7", "i9"}
    assert (found.known == -1).all()
    assert found.before.parts.tolist() == [0, 1]


def test_items_are_ordered_by_earlier_likers_and_equal_ones_by_id():
    late = [(0, 0, 90.0), (2, 0, 91.0)]
    rows = [(u, i, float(u)) for u in range(6) for i in ((3, 2) if u < 4 else (2, 1))]
    rows += [(u, 4, 0.0) for u in range(6)]
    found = split(data_of([*rows, *late], [0, 0, 0, 0, 0, 1]), favourites=1)
    # i2 and i4 have five likers among the train users, i3 four, i1 one, i0 only later ones.
    assert found.before.items["item_id"].tolist() == ["i2", "i4", "i3", "i1", "i0"]
    assert found.before.items["popularity"].tolist() == [5, 5, 4, 1, 0]


def test_there_is_no_split_where_every_like_has_the_same_time_or_none():
    same = [(u, i, 5.0) for u in range(4) for i in range(5)]
    assert split(data_of(same, [0, 0, 1, 2])) is None
    none = [(u, i, np.nan) for u in range(4) for i in range(5)]
    assert split(data_of(none, [0, 0, 1, 2])) is None


def test_no_more_people_are_asked_than_wanted():
    rows = [(u, i, float(i)) for u in range(30) for i in range(20)]
    found = split(data_of(rows, [1, *[0] * 29]), most=7)
    assert len(found.queries) == found.queries.targets.shape[0] == len(found.known) == 7
    assert (found.queries.targets.getnnz(axis=1) == 2).all()
