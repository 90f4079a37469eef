"""The domains: a ``domain.toml`` describes each, the shipped ones' and the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from training.domains.description import FILE, read_description
from training.domains.domain import Domain

FOLDER = "RECOMMENDER_DATASETS"
"""Environment variable that names another folder than ``datasets``."""
_SHIPPED = Path(__file__).parent / "shipped"
"""Links to the descriptions in ``datasets`` that belong to the project: an installed package has
the files in their place."""


def datasets_folder() -> Path:
    """Returns the folder of the data sets: the project's, or that of the working folder if the
    package is installed elsewhere.
    """
    if named := os.environ.get(FOLDER):
        return Path(named)
    root = Path(__file__).resolve().parents[2]
    if not (root / "pyproject.toml").is_file() or root == Path.cwd():
        return Path("datasets")
    return root / "datasets"


class Domains(Mapping[str, Domain]):
    """Every domain by name; a description is read when it is asked for.

    One of the user's own comes before a shipped one of the same name.
    """

    def __getitem__(self, name: str) -> Domain:
        """Returns a domain.

        Raises:
            KeyError: there is none of that name.
            ConfigError: its description is wrong.
        """
        return read_description(_descriptions()[name])

    def __contains__(self, name: object) -> bool:
        """Whether there is such a domain; its description may be wrong."""
        return name in _descriptions()

    def __iter__(self) -> Iterator[str]:
        """Yields the names."""
        yield from _descriptions()

    def __len__(self) -> int:
        """Returns how many there are."""
        return len(_descriptions())


def _descriptions() -> dict[str, Path]:
    folders = (_SHIPPED, datasets_folder())
    paths = [path for folder in folders for path in sorted(folder.glob(f"*/{FILE}"))]
    return {path.parent.name: path for path in paths}
