"""Writes a synthetic Taste Profile with the size of the real one, to measure time and memory.

    python scripts/make_taste_profile.py FOLDER [--users 571355] [--songs 41140] [--mean 70]
    python scripts/make_taste_profile.py FOLDER --users 1019318 --songs 384546 --tail 2.4

Listeners have a few genres each and play what is popular in these, and what is popular overall.
By default the songs are those that are left when songs with few listeners are dropped; with
``--tail 2.4`` half of them have fewer than ten listeners, as in the whole Taste Profile.
Results on it say nothing about quality for real listeners.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

GENRES, SONGS_AN_ARTIST = 300, 7
GENRES_A_LISTENER = 3
ANYWHERE = 0.2
"""Share of plays that follow what is popular in all genres together."""
LEAST = 24
"""Least plays of a listener; several can be of one song, and the protocol requires 20 songs."""
GREATEST = 3_000.0
"""Greatest weight of a song with ``--tail``, in that of the median song."""
AT_ONCE = 20_000
"""Listeners generated at a time."""
TEXT = pyarrow.csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")


class Catalogue:
    """Songs, each with a genre and a weight.

    Args:
        songs: Number of songs.
        rng: Draws genres and weights.
        tail: Standard deviation of the logarithms of the weights; None: 1, and no weight is small.
    """

    def __init__(self, songs: int, rng: np.random.Generator, tail: float | None = None) -> None:
        share = rng.dirichlet(np.full(GENRES, 2.0))
        self.genre = np.sort(rng.choice(GENRES, songs, p=share))
        if tail is None:
            weights = 0.15 + rng.lognormal(0, 1.0, songs)
        else:
            weights = np.minimum(rng.lognormal(0, tail, songs), GREATEST)
        self.sums = np.cumsum(weights)
        first = np.searchsorted(self.genre, np.arange(GENRES + 1))
        self.bounds = np.append(0, self.sums)[first]
        self.ids = pa.array([f"SO{song:016X}" for song in rng.permutation(songs)])

    def draw(self, genre: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Returns songs of the given genres, by weight; of any where the genre is -1."""
        low = np.where(genre < 0, 0, self.bounds[genre])
        high = np.where(genre < 0, self.bounds[-1], self.bounds[genre + 1])
        at = low + rng.random(len(genre)) * (high - low)
        return np.minimum(np.searchsorted(self.sums, at, side="right"), len(self.sums) - 1)


def triplets(users: int, mean: float, catalogue: Catalogue, seed: int) -> Iterator[pa.Table]:
    """Yields user, song and plays, some listeners at a time; each pair occurs once."""
    rng = np.random.default_rng([seed, 1])
    for start in range(0, users, AT_ONCE):
        count = min(AT_ONCE, users - start)
        extra = rng.lognormal(np.log(max(1, mean - LEAST)) - 0.6, 1.1, count)
        listener = np.repeat(np.arange(count), np.minimum(LEAST + extra, 2000).astype(int))
        own = rng.choice(GENRES, (count, GENRES_A_LISTENER), p=_chances(catalogue))
        kind = rng.choice(GENRES_A_LISTENER, len(listener), p=[0.6, 0.3, 0.1])
        genre = np.where(rng.random(len(listener)) < ANYWHERE, -1, own[listener, kind])
        songs = len(catalogue.genre)
        pairs = np.unique(listener * songs + catalogue.draw(genre, rng))
        names = pa.array([f"{start + u:040x}" for u in range(count)])
        yield pa.table(
            {
                "user": names.take(pa.array(pairs // songs)),
                "song": catalogue.ids.take(pa.array(pairs % songs)),
                "plays": pa.array(rng.geometric(0.35, len(pairs))),
            }
        )


def _chances(catalogue: Catalogue) -> np.ndarray:
    widths = np.diff(catalogue.bounds)
    return widths / widths.sum()


def write(
    folder: Path, users: int, songs: int, mean: float, seed: int, tail: float | None = None
) -> int:
    """Writes ``train_triplets.txt`` and ``unique_tracks.txt``; returns the number of triplets."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = Catalogue(songs, np.random.default_rng(seed), tail)
    with (folder / "unique_tracks.txt").open("w", encoding="utf-8") as file:
        for song, id_ in enumerate(catalogue.ids.to_pylist()):
            artist = f"Artist {song // SONGS_AN_ARTIST} of genre {catalogue.genre[song]}"
            file.write(f"TR{song:016X}<SEP>{id_}<SEP>{artist}<SEP>Song number {song}\n")
    written = 0
    with pa.OSFile(str(folder / "train_triplets.txt"), "wb") as file:
        for table in triplets(users, mean, catalogue, seed):
            pyarrow.csv.write_csv(table, file, TEXT)
            written += len(table)
    return written


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--users", type=int, default=571_355)
    parser.add_argument("--songs", type=int, default=41_140)
    parser.add_argument("--mean", type=float, default=70, help="songs drawn a listener, about")
    parser.add_argument("--tail", type=float, help="how unequal songs are; 2.4: as in the whole")
    parser.add_argument("--seed", type=int, default=20)
    given = parser.parse_args()
    written = write(given.folder, given.users, given.songs, given.mean, given.seed, given.tail)
    print(f"{written:,} triplets in {given.folder}")


if __name__ == "__main__":
    main()
