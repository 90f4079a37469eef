"""The protocol's split: equal to a slow reference implementation, and its invariants."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.data.fold_in import FoldIn, split
from training.domains.domain import ITEM_ID, USER_ID
from training.domains.songs import MSD
from training.errors import DataError

SMALL = replace(MSD, min_likers=4, min_liked=6, held_out=20)
RAW = Path("raw")


def plays(seed: int, users: int = 120, items: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    names = rng.permutation([f"u{n:03}" for n in range(users)])
    rows = [
        (user, f"s{item:02}")
        for user in names
        for item in np.unique((rng.random(rng.integers(3, 25)) ** 2 * items).astype(int))
    ]
    frame = pd.DataFrame(rows, columns=[USER_ID, ITEM_ID]).sample(frac=1, random_state=seed)
    # Categories as a reader makes them: in order of appearance.
    return pd.DataFrame(
        {name: pd.Categorical(values, values.unique()) for name, values in frame.items()}
    )


def sets_of(matrix, item_ids) -> list[frozenset[str]]:
    return [
        frozenset(item_ids[matrix.indices[a:b]])
        for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    ]


def the_slow_way(rows: pd.DataFrame) -> dict[str, list]:
    """Splits with pandas' groups, one user after the other, as the paper's authors did."""
    rows = rows.astype(str)
    by_item = rows.groupby(ITEM_ID).size()
    rows = rows[rows[ITEM_ID].isin(by_item.index[by_item >= SMALL.min_likers])]
    by_user = rows.groupby(USER_ID).size()
    rows = rows[rows[USER_ID].isin(by_user.index[by_user >= SMALL.min_liked])]
    users = rows.groupby(USER_ID).size().index
    users = users[np.random.RandomState(SMALL.seed).permutation(users.size)]
    held = SMALL.held_out
    parts = users[: -2 * held], users[-2 * held : -held], users[-held:]
    train = rows[rows[USER_ID].isin(parts[0])]
    found: dict[str, list] = {"train": [frozenset(g[ITEM_ID]) for _, g in train.groupby(USER_ID)]}
    for name, part in zip(("validation", "test"), parts[1:], strict=True):
        mine = rows[rows[USER_ID].isin(part) & rows[ITEM_ID].isin(train[ITEM_ID])]
        rng = np.random.RandomState(SMALL.seed)
        found[name] = []
        for _, group in mine.groupby(USER_ID):
            back = np.zeros(len(group), bool)
            if len(group) >= 5:
                chosen = rng.choice(len(group), int(0.2 * len(group)), replace=False)
                back[chosen] = True
                found[name].append(
                    (frozenset(group[ITEM_ID][~back]), frozenset(group[ITEM_ID][back]))
                )
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_split_is_the_one_of_the_papers_procedure(seed):
    rows = plays(seed)
    found, wanted = split(rows, SMALL, RAW), the_slow_way(rows)
    assert sets_of(found.train, found.item_ids) == wanted["train"]
    for name in ("validation", "test"):
        part: FoldIn = getattr(found, name)
        shown, targets = (sets_of(m, found.item_ids) for m in (part.shown, part.targets))
        assert list(zip(shown, targets, strict=True)) == wanted[name]


def test_items_are_ordered_by_popularity_among_train_users_and_each_is_liked_by_one():
    found = split(plays(5), SMALL, RAW)
    likers = np.asarray(found.train.sum(axis=0)).ravel()
    assert (np.diff(likers) <= 0).all()
    assert likers.min() >= 1
    assert len(found.item_ids) == found.train.shape[1] == found.test.shown.shape[1]


def test_no_shown_item_is_a_target_and_every_measured_user_has_a_target():
    found = split(plays(6), SMALL, RAW)
    for part in (found.validation, found.test):
        assert part.shown.multiply(part.targets).nnz == 0
        assert (np.diff(part.targets.indptr) >= 1).all()
        assert (np.diff(part.shown.indptr) >= 1).all()


def test_a_duplicate_pair_counts_once():
    rows = plays(7)
    twice = pd.concat([rows, rows.iloc[:50]])
    assert set(split(twice, SMALL, RAW).train.data) == {1.0}


def test_too_few_users_are_an_error_that_names_the_number_the_protocol_needs():
    with pytest.raises(DataError, match=r"more than 100,000 users with 20 or more .* found 0"):
        split(plays(8), MSD, RAW)
    with pytest.raises(DataError, match="leave --protocol out"):
        split(plays(8), replace(SMALL, held_out=60), RAW)
