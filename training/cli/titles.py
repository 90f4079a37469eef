"""Finding an item of a bundle by its title."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from training.data.text import normalise


@dataclass(frozen=True)
class Item:
    """An item of the catalogue.

    Attributes:
        id: Its id.
        texts: Its shown fields, the title first; fields without a value are left out.
    """

    id: str
    texts: tuple[str, ...]

    def __str__(self) -> str:
        """Returns title and further fields, then the id."""
        return " · ".join(self.texts) + f" ({self.id})" if self.texts else self.id


def items_of(rows: Iterable[Mapping[str, Any]], shown: Iterable[str]) -> list[Item]:
    """Returns the items of a catalogue.

    Args:
        rows: The catalogue's rows, each with ``id`` and the shown fields that have a value.
        shown: Names of the shown fields, the title first.
    """
    names = list(shown)
    return [
        Item(str(row["id"]), tuple(str(row[name]) for name in names if row.get(name)))
        for row in rows
    ]


def find(text: str, items: Iterable[Item]) -> list[Item]:
    """Finds items by title; accents, case and punctuation are ignored.

    Args:
        text: The title, or beginnings of words of the title and other shown fields.
        items: The catalogue, most popular first.

    Returns:
        The items with exactly this title; if there are none, those in which every word is found.
    """
    wanted = normalise(text)
    if not wanted:
        return []
    exact, partial = [], []
    for item in items:
        if item.texts and normalise(item.texts[0]) == wanted:
            exact.append(item)
        elif all(f" {word}" in f" {normalise(' '.join(item.texts))}" for word in wanted.split()):
            partial.append(item)
    return exact or partial
