"""The domains: those that are code, and every ``domain.toml`` of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from training.domains.description import FILE, read_description
from training.domains.domain import Domain
from training.errors import ConfigError

FOLDER = "RECOMMENDER_DATASETS"
"""Environment variable that names another folder than ``datasets``."""


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

    Args:
        built_in: The domains that are code.
    """

    def __init__(self, *built_in: Domain) -> None:
        self._built_in = {domain.name: domain for domain in built_in}

    def __getitem__(self, name: str) -> Domain:
        """Returns a domain.

        Raises:
            KeyError: there is none of that name.
            ConfigError: its description is wrong.
        """
        path = datasets_folder() / name / FILE
        described = path.is_file() and Path(name).name == name
        if name in self._built_in:
            if described:
                raise ConfigError(f"{path}: {name} is built in; give the folder another name")
            return self._built_in[name]
        if not described:
            raise KeyError(name)
        return read_description(path)

    def __contains__(self, name: object) -> bool:
        """Whether there is such a domain; its description may be wrong."""
        return any(name == one for one in self)

    def __iter__(self) -> Iterator[str]:
        """Yields the names."""
        yield from self._built_in
        found = (path.parent.name for path in sorted(datasets_folder().glob(f"*/{FILE}")))
        yield from (name for name in found if name not in self._built_in)

    def __len__(self) -> int:
        """Returns how many there are."""
        return sum(1 for _ in self)
