"""The blend of new items: chosen by hiding items, on validation users, and harmless to the rest."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.config import Config
from training.data.dataset import PARTS, Dataset
from training.data.features import features_of
from training.domains import DOMAINS
from training.models import item_networks, new_blend
from training.models.choices import BLENDS

pytestmark = pytest.mark.slow

SONGS = DOMAINS["songs"]
ARTISTS, EACH, USERS, NEW = 12, 8, 400, 6
ITEMS = ARTISTS * EACH
CONFIG = Config().with_settings(
    ["train.batch=64", "model.dim=8", "items.epochs=4", "items.new_neighbours=0"]
)
STEPS = 60


def quiet(*_) -> None:
    """Ignores the progress."""


def even(_: float) -> float:
    """A quality that no blend changes."""
    return 0.5


def catalogue(artists: np.ndarray) -> pd.DataFrame:
    ids = [f"S{i:03}" for i in range(ITEMS)]
    return pd.DataFrame({"item_id": ids, "title": [""] * ITEMS, "artist": artists})


def data_of(artists: np.ndarray, *, new: int = NEW, test_likes: bool = True) -> Dataset:
    """Every user likes most items of two artists; nobody likes the last `new` items."""
    rng = np.random.default_rng(5)
    users, items = [], []
    parts = np.arange(USERS) % 5 // 3 * (1 + np.arange(USERS) % 2)
    for user in range(USERS):
        for artist in rng.choice(ARTISTS, 2, replace=False):
            liked = rng.choice(np.arange(artist, ITEMS, ARTISTS), EACH - 2, replace=False)
            liked = liked[liked < ITEMS - new]
            if test_likes or PARTS[parts[user]] != "test":
                users += [user] * len(liked)
                items += liked.tolist()
    rows = pd.DataFrame(
        {"user": users, "item": np.array(items, np.int32), "strength": np.float32(1), "liked": True}
    )
    return Dataset(catalogue(artists), rows, parts.astype(np.int8))


ARTIST_OF = np.array([f"Artist {i % ARTISTS}" for i in range(ITEMS)])


@pytest.fixture(scope="module")
def networks():
    data = data_of(ARTIST_OF)
    features = features_of(SONGS, data.items)
    return item_networks.fit(data.liked("train"), features, CONFIG.items, progress=quiet)


def chosen(data: Dataset, networks, quality=even, blends=BLENDS) -> float | None:
    features = features_of(SONGS, data.items)
    return new_blend.choose(
        data, features, networks, STEPS, blends, quality, CONFIG, progress=quiet
    )


def test_where_the_artist_tells_the_towers_find_hidden_items(networks):
    # Without reserved places in the table, hidden items are found by their factors alone.
    assert chosen(data_of(ARTIST_OF), networks) > 0


def test_a_blend_that_costs_quality_is_left_out(networks):
    data = data_of(ARTIST_OF)
    assert chosen(data, networks, quality=lambda blend: 0.5 - 0.01 * (blend > 0)) == 0
    small = chosen(data, networks, quality=lambda blend: 0.5 - new_blend.COST / 4 * (blend > 0))
    assert small > 0


def test_the_choice_is_the_same_again_and_does_not_look_at_test_users(networks):
    one, again, unseen = (
        chosen(data_of(ARTIST_OF, test_likes=likes), networks) for likes in (True, True, False)
    )
    assert one == again == unseen


def test_without_new_items_or_anything_known_of_them_nothing_is_chosen(networks):
    assert chosen(data_of(ARTIST_OF, new=0), networks) is None
    assert chosen(data_of(np.array([""] * ITEMS)), networks) is None


def test_without_a_validation_user_who_likes_a_hidden_item_nothing_is_chosen(networks):
    data = data_of(ARTIST_OF)
    nobody = replace(data, parts=np.where(data.parts == PARTS.index("validation"), 2, data.parts))
    assert chosen(nobody, networks) is None
