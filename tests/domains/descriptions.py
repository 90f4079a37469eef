"""Writes descriptions and files in formats that no other test uses."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from training.domains.description import read_description
from training.domains.domain import Domain

ITEMS = 24


def describe(folder: Path, text: str, name: str = "things") -> Domain:
    """Writes a description and returns its domain."""
    home = folder / name
    home.mkdir(parents=True, exist_ok=True)
    (home / "domain.toml").write_text('[data]\nname = "Things"\n' + text, encoding="utf-8")
    return read_description(home / "domain.toml")


def likes(people: int = 240) -> Iterator[tuple[str, str, int]]:
    """Yields (user, item, weight): even users like even items, odd ones odd items."""
    draw = random.Random(7)
    for user in range(people):
        for item in draw.sample(range(user % 2, ITEMS, 2), draw.randint(7, 11)):
            yield f"u{user}", f"thing {item}", draw.randint(1, 9)
