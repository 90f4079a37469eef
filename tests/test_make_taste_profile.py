"""The synthetic Taste Profile: in the songs' formats, reproducible from a seed, with tastes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from training.domains.domain import ITEM_ID, USER_ID
from training.domains.songs import read_plays, read_tracks

SCRIPT = Path(__file__).parent.parent / "scripts" / "make_taste_profile.py"


def made(folder: Path, seed: int) -> Path:
    words = ["--users", "3000", "--songs", "4000", "--mean", "40", "--seed", str(seed)]
    subprocess.run([sys.executable, SCRIPT, folder, *words], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("taste"), 3)


def test_the_readers_of_the_songs_read_it_without_a_bad_row(folder):
    plays, tracks = read_plays(folder, 0), read_tracks(folder, 0)
    assert not plays.dropped
    assert not tracks.dropped
    assert not plays.rows.duplicated([USER_ID, ITEM_ID]).any()
    assert set(plays.rows[ITEM_ID].cat.categories) <= set(tracks.rows[ITEM_ID])
    assert plays.rows[USER_ID].nunique() == 3000
    assert 20 < len(plays.rows) / 3000 < 60


def test_listeners_keep_to_a_few_genres(folder):
    tracks = read_tracks(folder, 0).rows.set_index(ITEM_ID)["artist"].str.split(" of ").str[1]
    rows = read_plays(folder, 0).rows.astype({USER_ID: str, ITEM_ID: str})
    genres = rows.assign(genre=tracks.loc[rows[ITEM_ID]].to_numpy()).groupby(USER_ID)["genre"]
    top = genres.agg(lambda of: of.value_counts().iloc[:3].sum() / len(of))
    assert np.mean(top) > 0.5


def test_a_seed_always_makes_the_same_file_and_another_seed_another(folder, tmp_path):
    again, other = made(tmp_path / "again", 3), made(tmp_path / "other", 4)
    for name in ("train_triplets.txt", "unique_tracks.txt"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()
    assert (other / "train_triplets.txt").read_bytes() != (
        folder / "train_triplets.txt"
    ).read_bytes()


def test_with_a_tail_most_songs_have_few_listeners_and_some_have_many(tmp_path):
    words = ["--users", "3000", "--songs", "4000", "--mean", "40", "--tail", "2.2"]
    subprocess.run([sys.executable, SCRIPT, tmp_path, *words], check=True, timeout=120)
    played = read_plays(tmp_path, 0).rows[ITEM_ID].value_counts().to_numpy()
    listeners = np.pad(played, (0, 4000 - len(played)))  # some songs nobody plays
    assert np.median(listeners) < 0.25 * listeners.mean()
    assert listeners.max() > 10 * listeners.mean()
