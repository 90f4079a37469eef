"""The people of a simulation: a panel that is used for nothing else, those in the data from the
start, and those who arrive as visitors, round after round.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from training.config import Config
from training.data import cleaning
from training.data.dataset import Dataset
from training.domains.domain import ITEM_ID, LIKED, STRENGTH, USER_ID, Domain
from training.domains.reading import find, find_all, opened

FAVOURITES = 3
"""Items that each person picks first."""
PANEL_LEAST = 5
"""Least likes of a person on the panel: the favourites, and two to find."""
_SEPARATORS = (b"\t", b";", b",")


@dataclass(frozen=True)
class Person:
    """Somebody of the data.

    Attributes:
        id: As in the raw files.
        likes: Ids of the liked items, in random order; the first are the favourites.
    """

    id: str
    likes: tuple[str, ...]

    @property
    def favourites(self) -> tuple[str, ...]:
        """The items that the person picks first."""
        return self.likes[:FAVOURITES]

    @property
    def others(self) -> frozenset[str]:
        """The items that are to be found."""
        return frozenset(self.likes[FAVOURITES:])


@dataclass(frozen=True)
class People:
    """Everybody, each once.

    Attributes:
        panel: Never in the data, never visitors.
        start: In the data from the start.
        arriving: The visitors of each round.
        data: Everybody's data, by which items are identified.
    """

    panel: list[Person]
    start: list[Person]
    arriving: list[list[Person]]
    data: Dataset

    def canonical(self, id_: str) -> str:
        """Returns the id of an item's work, the same for each of its editions."""
        index = self.data.index_of.get(id_)
        return id_ if index is None else str(self.data.items[ITEM_ID].iat[index])


def divide(
    domain: Domain,
    raw: Path,
    *,
    rounds: int,
    start: float,
    panel: int,
    seed: int,
    most: int | None = None,
) -> People:
    """Divides the people of a raw folder at random.

    People with fewer than two likes are in nobody's share: nothing is learned from them.

    Args:
        domain: What the folder is about.
        raw: Folder with everybody's data.
        rounds: How many rounds of visitors.
        start: Share, 0..1, of the people outside the panel who are in the data from the start.
        panel: Number of people on the panel, at most a fifth of those who have enough likes.
        seed: Of all random choices.
        most: Most people that are taken at all; None: everybody.
    """
    data, _ = cleaning.build(domain, raw, domain.clean, Config().split)
    rng = np.random.default_rng([seed, 1])
    people = [one for one in _people(domain, raw, data, rng) if len(one.likes) > 1]
    order = [people[i] for i in rng.permutation(len(people))[:most]]
    able = [one for one in order if len(one.likes) >= PANEL_LEAST]
    chosen = able[: min(panel, len(able) // 5)]
    names = {one.id for one in chosen}
    rest = [one for one in order if one.id not in names]
    first = round(start * len(rest))
    arriving = [rest[first:][number::rounds] for number in range(rounds)]
    return People(chosen, rest[:first], arriving, data)


def _people(domain: Domain, raw: Path, data: Dataset, rng: np.random.Generator) -> list[Person]:
    rows = domain.read_interactions(raw, domain.clean.max_bad_rows).rows
    works = data.items[ITEM_ID].to_numpy()
    index = rows[ITEM_ID].astype(str).map(data.index_of)
    known = rows.assign(index=index)[index.notna().to_numpy()]
    liked = known[known[STRENGTH] >= max(domain.clean.liked_from, 1e-9)]
    once = pd.DataFrame(
        {USER_ID: liked[USER_ID].astype(str), LIKED: works[liked["index"].astype(int)]}
    ).drop_duplicates()
    return [
        Person(str(id_), tuple(rng.permutation(sorted(likes)).tolist()))
        for id_, likes in sorted(once.groupby(USER_ID)[LIKED])
    ]


def write_raw(domain: Domain, raw: Path, people: list[Person], folder: Path) -> Path:
    """Writes a raw folder in which only these people are, and returns it.

    The lines are copied as they are, so that a reader finds what it finds in the source.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {one.id for one in people}
    interactions = find(raw, domain.sources[0])
    for path in find_all(raw, domain.sources[1:]).values():
        shutil.copyfile(path, folder / path.name)
    for path in raw.glob("source.json"):
        shutil.copyfile(path, folder / path.name)
    kept = folder / domain.sources[0].names[0]
    with opened(interactions) as lines, kept.open("wb") as file:
        for number, line in enumerate(lines):
            user = _user_of(line)
            is_header = number == 0 and user.lower().startswith("user")
            if is_header or user in names:
                file.write(line)
    return folder


def _user_of(line: bytes) -> str:
    """Returns the first field, which is the user's id in every source."""
    places = [place for place in (line.find(mark) for mark in _SEPARATORS) if place >= 0]
    return line[: min(places, default=len(line))].strip(b'"\r\n ').decode("utf-8", "replace")
