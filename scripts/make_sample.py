"""Makes the demonstration data: invented listeners and readers of real songs and books.

The titles, creators and tastes are listed in `scripts/sample/songs.csv` and
`scripts/sample/books.csv`. Ids are derived from title and creator; people, plays and ratings are
random, from the seed. All is written in the formats of the real sources. The same seed writes the
same bytes: to change a list, edit it, run this script and commit its output.

    python scripts/make_sample.py
    python scripts/make_sample.py --seed 7 --out /tmp/datasets
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Annotated, TextIO

import typer

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = 1500
LEAST_ITEMS, MEAN_MORE, MOST_ITEMS = 5, 9.0, 40
NOISE = 0.1
"""Share of a person's items drawn without regard to taste."""
SECOND_TASTE = 0.4
"""Weight of an item in its second taste; 1 in its main one."""
LOYALTY = 3.0
"""How many times likelier an item is after another item of its creator was drawn."""
UNRATED = 0.15
"""Share of the ratings that are 0: the reader has the book and gave no rating."""
MOST_PLAYS = 200
EVERY = 25
"""Each EVERYth song has a second track; each EVERYth suitable book has a second edition."""
BOOK_COLUMNS = (
    *("ISBN", "Book-Title", "Book-Author", "Year-Of-Publication", "Publisher"),
    *("Image-URL-S", "Image-URL-M", "Image-URL-L"),
)


@dataclass(frozen=True)
class Item:
    """A song or a book of the lists; ``publisher`` is empty for songs."""

    title: str
    creator: str
    year: str
    publisher: str
    tastes: tuple[str, ...]


@dataclass(frozen=True)
class Draw:
    """One item drawn for one person, and whether it matches their taste."""

    item: int
    fits: bool


def read_items(path: Path, creator: str) -> list[Item]:
    """Reads a list, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Item(
                row["title"],
                row[creator],
                row["year"],
                row.get("publisher", ""),
                tuple(row["tastes"].split(";")),
            )
            for row in csv.DictReader(file)
        ]


class Crowd:
    """Draws people's items from their tastes, by popularity, with a little noise.

    Only `Random.random`, `choices` and `shuffle` are used: each has the same sequence on every
    Python we support.
    """

    def __init__(self, items: Sequence[Item], random: Random) -> None:
        self._items, self._random = items, random
        self._all = range(len(items))
        self._popularity = _zipf(random, len(items), 0.8)
        self._tastes = sorted({taste for item in items for taste in item.tastes})
        self._taste_weights = _zipf(random, len(self._tastes), 0.5)
        self._members = {
            taste: [i for i in self._all if taste in items[i].tastes] for taste in self._tastes
        }

    def person(self) -> list[Draw]:
        """Returns a person's LEAST_ITEMS..MOST_ITEMS items, distinct, in the order of the list."""
        mixture = self._mixture()
        wanted = min(MOST_ITEMS, LEAST_ITEMS + int(MEAN_MORE * self._exponential()))
        drawn: dict[int, bool] = {}
        while len(drawn) < wanted:
            item = self._draw(mixture, set(drawn))
            drawn[item] = any(taste in mixture for taste in self._items[item].tastes)
        return [Draw(item, drawn[item]) for item in sorted(drawn)]

    def _mixture(self) -> dict[str, float]:
        """One to three tastes; their shares are a flat Dirichlet draw once normalised."""
        wanted = self._random.choices((1, 2, 3), (5, 3, 2))[0]
        mixture: dict[str, float] = {}
        while len(mixture) < wanted:
            taste = self._random.choices(self._tastes, self._taste_weights)[0]
            mixture.setdefault(taste, self._exponential())
        return mixture

    def _draw(self, mixture: dict[str, float], drawn: set[int]) -> int:
        taste = self._random.choices(list(mixture), list(mixture.values()))[0]
        noise = self._random.random() < NOISE
        left = [i for i in (self._all if noise else self._members[taste]) if i not in drawn]
        # A person may already have every item of the taste.
        pool = left or [i for i in self._all if i not in drawn]
        creators = {self._items[i].creator for i in drawn}
        weights = [
            self._popularity[i]
            * (1.0 if noise or self._items[i].tastes[0] == taste else SECOND_TASTE)
            * (LOYALTY if self._items[i].creator in creators else 1.0)
            for i in pool
        ]
        return self._random.choices(pool, weights)[0]

    def _exponential(self) -> float:
        return -math.log(1.0 - self._random.random())


def _zipf(random: Random, size: int, exponent: float) -> list[float]:
    ranks = list(range(size))
    random.shuffle(ranks)
    return [1.0 / (rank + 3) ** exponent for rank in ranks]


def letters(*parts: str, length: int) -> str:
    """Returns ``length`` of A-Z and 2-7 that depend only on the parts."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return b32encode(digest).decode()[:length]


def song_id(song: Item) -> str:
    """Returns SODEMO and 12 letters: the format of an Echo Nest song id, but visibly invented."""
    return "SODEMO" + letters("song", song.title, song.creator, length=12)


def isbn_of(nine: str) -> str:
    """Returns nine digits with the check digit of ISO 2108: weights 10..2, modulo 11, X for ten."""
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), nine, strict=True))
    return nine + "0123456789X"[-total % 11]


def isbns(books: Sequence[Item], taken: set[str]) -> list[str]:
    """Returns an invented ISBN per book: 0000, five digits from title and author, check digit."""
    made = []
    for book in books:
        for attempt in count():
            digest = hashlib.sha256(f"{book.title}\x1f{book.creator}\x1f{attempt}".encode())
            isbn = isbn_of(f"0000{int(digest.hexdigest(), 16) % 100_000:05d}")
            if isbn not in taken:
                break
        taken.add(isbn)
        made.append(isbn)
    return made


def second_editions(books: Sequence[Item]) -> dict[int, Item]:
    """Returns other editions by the book's place: the same work with its title spelt differently.

    Only titles of letters, commas and colons have one: merging editions by case and
    punctuation finds all of these, however apostrophes and accents are treated.
    """
    plain = [i for i, book in enumerate(books) if re.fullmatch(r"[A-Za-z ,:]+", book.title)]
    return {
        place: Item(_retitled(books[place].title, n), *_rest(books[place]))
        for n, place in enumerate(plain[::EVERY])
    }


def _retitled(title: str, n: int) -> str:
    return title.upper() if n % 2 == 0 else re.sub("[,:]", "", title).lower()


def _rest(book: Item) -> tuple[str, str, str, tuple[str, ...]]:
    return book.creator, book.year, book.publisher, book.tastes


def plays(random: Random, fits: bool) -> int:
    """Returns a play count, 1..MOST_PLAYS: mostly 1, now and then many for a matching taste."""
    pareto = (1.0 - random.random()) ** (-1.0 / (1.3 if fits else 2.5))
    return min(MOST_PLAYS, int(pareto))


def rating(random: Random, fits: bool) -> int:
    """Returns a rating, 1..10, or 0 for none given: high inside a person's tastes, less outside."""
    if random.random() < UNRATED:
        return 0
    # A sum of twelve uniform numbers is nearly normal, and unlike gauss() the same everywhere.
    bell = math.fsum(random.random() for _ in range(12)) - 6.0
    return max(1, min(10, round(8.2 + 1.3 * bell if fits else 4.8 + 2.0 * bell)))


def write_songs(songs: Sequence[Item], random: Random, seed: int, folder: Path) -> None:
    """Writes ``train_triplets.txt`` (user, song, plays; tabs) and ``unique_tracks.txt`` (<SEP>)."""
    ids = [song_id(song) for song in songs]
    crowd = Crowd(songs, random)
    rows = []
    for n in range(PEOPLE):
        listener = hashlib.sha1(f"listener {seed} {n}".encode(), usedforsecurity=False).hexdigest()
        rows += [(listener, ids[d.item], str(plays(random, d.fits))) for d in crowd.person()]
    _write(folder / "train_triplets.txt", ("\t".join(row) for row in sorted(rows)))
    tracks = sorted(_tracks(songs, ids))
    _write(folder / "unique_tracks.txt", ("<SEP>".join(track[1:]) for track in tracks))


def _tracks(songs: Sequence[Item], ids: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Yields (sort key, track, song, artist, title); some songs were released on two tracks."""
    for place, (song, id_) in enumerate(zip(songs, ids, strict=True)):
        for n in range(2 if place % EVERY == 0 else 1):
            track = "TRDEMO" + letters(f"track {n}", song.title, song.creator, length=12)
            yield id_ + track, track, id_, song.creator, song.title


def write_books(books: Sequence[Item], random: Random, folder: Path) -> None:
    """Writes ``Ratings.csv`` and ``Books.csv`` as on Kaggle: commas, UTF-8, quotes where needed."""
    taken: set[str] = set()
    first = isbns(books, taken)
    others = second_editions(books)
    second = dict(zip(others, isbns(list(others.values()), taken), strict=True))
    crowd = Crowd(books, random)
    rows = []
    # Numbers above the real data set's 278,858 readers, so that they cannot be confused.
    for reader in range(900_001, 900_001 + PEOPLE):
        for draw in crowd.person():
            old = draw.item in second and random.random() < 0.3
            isbn = second[draw.item] if old else first[draw.item]
            rows.append((str(reader), isbn, str(rating(random, draw.fits))))
    _write_csv(folder / "Ratings.csv", ("User-ID", "ISBN", "Book-Rating"), rows)
    known = [
        *zip(first, books, strict=True),
        *((second[place], edition) for place, edition in others.items()),
    ]
    _write_csv(
        folder / "Books.csv",
        BOOK_COLUMNS,
        # The three addresses of cover images are empty: our books have none.
        sorted((isbn, b.title, b.creator, b.year, b.publisher, "", "", "") for isbn, b in known),
    )


def _open(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w", encoding="utf-8", newline="")


def _write(path: Path, lines: Iterable[str]) -> None:
    with _open(path) as file:
        file.writelines(line + "\n" for line in lines)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with _open(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(
    seed: Annotated[int, typer.Option(help="Everything drawn follows from it.")] = 20,
    out: Annotated[Path, typer.Option(help="Folder of the domains' folders.")] = ROOT / "datasets",
) -> None:
    """Write <out>/songs/sample and <out>/books/sample, the demonstration data.

    Example: python scripts/make_sample.py --out datasets
    """
    draw_songs, draw_books = Random(f"songs {seed}"), Random(f"books {seed}")  # noqa: S311 (no secrets)
    songs = read_items(ROOT / "scripts/sample/songs.csv", "artist")
    books = read_items(ROOT / "scripts/sample/books.csv", "author")
    write_songs(songs, draw_songs, seed, out / "songs/sample")
    write_books(books, draw_books, out / "books/sample")
    print(f"{len(songs)} songs, {len(books)} books, {PEOPLE} people each -> {out}")


if __name__ == "__main__":
    typer.run(main)
