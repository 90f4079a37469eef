"""The demonstration data: the script generates what was committed, and models can learn from it."""

import csv
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "scripts" / "make_sample.py"
FILES = (
    "songs/sample/train_triplets.txt",
    "songs/sample/unique_tracks.txt",
    "books/sample/Ratings.csv",
    "books/sample/Books.csv",
)


@dataclass(frozen=True)
class Sample:
    """A domain's sample as matrices, and its items.

    Attributes:
        strengths: [people, items] plays or ratings; 0 where there is none.
        tastes: The tastes of each item, the main one first.
        names: (title, creator) of each item, as in the list.
    """

    strengths: np.ndarray
    tastes: list[tuple[str, ...]]
    names: list[tuple[str, str]]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def triplets() -> list[tuple[str, str, int]]:
    text = (ROOT / "datasets" / FILES[0]).read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    return [(user, song, int(plays)) for user, song, plays in rows]


def tracks() -> list[list[str]]:
    text = (ROOT / "datasets" / FILES[1]).read_text(encoding="utf-8")
    return [line.split("<SEP>") for line in text.splitlines()]


def ratings() -> list[tuple[str, str, int]]:
    rows = rows_of(ROOT / "datasets" / FILES[2])
    return [(row["User-ID"], row["ISBN"], int(row["Book-Rating"])) for row in rows]


def books() -> list[dict[str, str]]:
    return rows_of(ROOT / "datasets" / FILES[3])


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def sample_of(domain: str) -> Sample:
    listed = rows_of(ROOT / "scripts" / "sample" / f"{domain}.csv")
    creator = "artist" if domain == "songs" else "author"
    names = [(row["title"], row[creator]) for row in listed]
    place = {(plain(title), plain(maker)): i for i, (title, maker) in enumerate(names)}
    if domain == "songs":
        item_of = {song: place[plain(title), plain(maker)] for _, song, maker, title in tracks()}
        rows = triplets()
    else:
        item_of = {
            row["ISBN"]: place[plain(row["Book-Title"]), plain(row["Book-Author"])]
            for row in books()
        }
        rows = ratings()
    people = {user: i for i, user in enumerate(sorted({user for user, _, _ in rows}))}
    strengths = np.zeros((len(people), len(names)))
    for user, item, strength in rows:
        strengths[people[user], item_of[item]] = strength
    return Sample(strengths, [tuple(row["tastes"].split(";")) for row in listed], names)


def likeness(liked: np.ndarray) -> np.ndarray:
    """Returns [items, items] cosines of the columns, 0 on the diagonal."""
    lengths = np.maximum(np.linalg.norm(liked, axis=0), 1e-9)
    cosines = (liked.T @ liked) / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, 0)
    return cosines


def ndcg20(scores: np.ndarray, favourites: np.ndarray, targets: np.ndarray) -> float:
    ranked = np.argsort(-np.where(favourites > 0, -np.inf, scores), axis=1, kind="stable")[:, :20]
    discounts = 1 / np.log2(np.arange(20) + 2)
    gains = np.take_along_axis(targets, ranked, axis=1) @ discounts
    ideals = [discounts[: int(min(20, count))].sum() for count in targets.sum(axis=1)]
    return float(np.mean(gains / ideals))


@pytest.fixture(scope="module", params=["songs", "books"])
def sample(request) -> Sample:
    return sample_of(request.param)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("datasets")
    make(out)
    return out


def make(out: Path, *options: str) -> None:
    command = [sys.executable, str(SCRIPT), "--out", str(out), *options]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("name", FILES)
def test_the_committed_sample_is_byte_for_byte_what_the_script_makes(made, name):
    assert (made / name).read_bytes() == (ROOT / "datasets" / name).read_bytes()


def test_another_seed_makes_other_people_of_the_same_items(made, tmp_path):
    make(tmp_path, "--seed", "21")
    for name in FILES:
        same = (tmp_path / name).read_bytes() == (made / name).read_bytes()
        assert same == name.endswith(("unique_tracks.txt", "Books.csv"))


@pytest.mark.parametrize("domain", ["songs", "books"])
def test_a_domain_weighs_less_than_one_and_a_half_megabytes(domain):
    size = sum((ROOT / "datasets" / name).stat().st_size for name in FILES if domain in name)
    assert size < 1_500_000


@pytest.mark.parametrize("domain", ["songs", "books"])
def test_ten_tastes_have_twenty_items_of_their_own(domain):
    sample = sample_of(domain)
    main = Counter(tastes[0] for tastes in sample.tastes)
    assert len(sample.names) >= 320
    assert sum(count >= 20 for count in main.values()) >= 10
    assert {taste for tastes in sample.tastes for taste in tastes} == set(main)


@pytest.mark.parametrize("rows_of_domain", [triplets, ratings])
def test_each_of_1500_people_has_five_to_forty_items(rows_of_domain):
    rows = rows_of_domain()
    counts = Counter(user for user, _, _ in rows)
    assert len(counts) == 1500
    assert min(counts.values()) >= 5
    assert max(counts.values()) <= 40
    assert len({(user, item) for user, item, _ in rows}) == len(rows)


def test_song_ids_have_the_echo_nest_format_and_are_visibly_invented():
    assert all(re.fullmatch(r"[0-9a-f]{40}", user) for user, _, _ in triplets())
    for track, song, _, _ in tracks():
        assert re.fullmatch(r"SO[A-Z0-9]{16}", song)
        assert re.fullmatch(r"TR[A-Z0-9]{16}", track)
        assert song.startswith("SODEMO")
        assert track.startswith("TRDEMO")


def test_every_played_song_has_a_title_and_some_have_two_tracks():
    counts = Counter(song for _, song, _, _ in tracks())
    assert {song for _, song, _ in triplets()} == set(counts)
    assert sum(count == 2 for count in counts.values()) >= 5
    assert len({track for track, *_ in tracks()}) == len(tracks())


def test_isbns_have_ten_characters_a_correct_check_digit_and_leading_zeros():
    isbns = [row["ISBN"] for row in books()]
    for isbn in isbns:
        assert re.fullmatch(r"0000\d{5}[\dX]", isbn)
        digits = [10 if c == "X" else int(c) for c in isbn]
        assert sum((10 - i) * digit for i, digit in enumerate(digits)) % 11 == 0
    assert len(set(isbns)) == len(isbns)
    assert sum(isbn.endswith("X") for isbn in isbns) >= 10
    assert {isbn for _, isbn, _ in ratings()} <= set(isbns)


def test_some_books_have_two_editions_under_unequal_titles_and_both_are_rated():
    rated = {isbn for _, isbn, _ in ratings()}
    editions: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in books():
        key = plain(row["Book-Title"]), plain(row["Book-Author"])
        editions.setdefault(key, []).append(row)
    pairs = [rows for rows in editions.values() if len(rows) == 2]
    assert len(pairs) >= 5
    for one, other in pairs:
        assert one["Book-Title"] != other["Book-Title"]
        assert {one["ISBN"], other["ISBN"]} <= rated


def test_titles_contain_accents_apostrophes_commas_and_quotes():
    titles = "\n".join(row["Book-Title"] for row in books())
    assert all(mark in titles for mark in ("é", "ı", "'", ",", '"', ";"))
    assert '"""Surely You\'re Joking, Mr. Feynman!""' in (ROOT / "datasets" / FILES[3]).read_text(
        encoding="utf-8"
    )


def test_plays_are_skewed_and_ratings_are_high_with_a_share_of_none():
    plays = np.array([count for _, _, count in triplets()])
    assert plays.min() == 1
    assert np.median(plays) < plays.mean() < plays.max() / 10
    values = np.array([value for _, _, value in ratings()])
    assert set(values) == set(range(11))
    assert 0.1 < np.mean(values == 0) < 0.2
    assert np.median(values[values > 0]) == 8


def test_readers_rate_books_outside_their_tastes_lower():
    sample = sample_of("books")
    horror = np.array([tastes[0] == "horror" for tastes in sample.tastes])
    rated = sample.strengths > 0
    shares = rated[:, horror].sum(axis=1) / rated.sum(axis=1)
    inside = sample.strengths[shares > 0.6][:, horror]
    outside = sample.strengths[(shares > 0) & (shares < 0.1)][:, horror]
    assert inside[inside > 0].mean() > outside[outside > 0].mean() + 0.8


@pytest.mark.parametrize(
    ("domain", "taste", "favourites"),
    [
        ("songs", "metal", ("Master of Puppets", "The Trooper", "Raining Blood")),
        ("songs", "jazz", ("Take Five", "So What", "Giant Steps")),
        ("songs", "chanson", ("La Vie en rose", "Ne me quitte pas", "La Javanaise")),
        ("books", "fantasy", ("The Two Towers", "A Game of Thrones", "Mort")),
        ("books", "science", ("Cosmos", "The Selfish Gene", "A Brief History of Time")),
    ],
)
def test_three_favourites_of_one_taste_lead_to_that_taste(domain, taste, favourites):
    sample = sample_of(domain)
    titles = [title for title, _ in sample.names]
    picked = [titles.index(title) for title in favourites]
    scores = likeness((sample.strengths > 0).astype(float))[picked].sum(axis=0)
    scores[picked] = -np.inf
    best = np.argsort(-scores)[:10]
    assert sum(taste in sample.tastes[i] for i in best) >= 9


def test_item_similarity_is_1_5_times_as_good_as_popularity(sample):
    random = np.random.default_rng(20)
    liked = (sample.strengths >= (5 if sample.strengths.max() == 10 else 1)).astype(float)
    liked = random.permutation(liked[liked.sum(axis=1) >= 5])
    train, test = liked[150:], liked[:150]
    favourites = np.zeros_like(test)
    for row, person in zip(favourites, test, strict=True):
        row[random.choice(np.flatnonzero(person), 3, replace=False)] = 1
    targets = test - favourites
    popular = ndcg20(np.tile(train.sum(axis=0), (len(test), 1)), favourites, targets)
    shared = ndcg20(favourites @ likeness(train), favourites, targets)
    print(f"NDCG@20: item-kNN {shared:.3f}, popularity {popular:.3f}")
    assert shared > 1.5 * popular > 0
