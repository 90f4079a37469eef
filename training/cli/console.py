"""What every command shares: where it prints, and the options that name a domain and folders."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from training.domains import DOMAINS
from training.domains.domain import Domain
from training.domains.registry import datasets_folder

# No markup and no emoji: ids, titles, names and paths are printed as they are.
# Without a terminal there is no width to respect: scripts need complete versions.
out = Console(
    highlight=False,
    soft_wrap=True,
    markup=False,
    emoji=False,
    width=None if sys.stdout.isatty() else 240,
)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def _project_root() -> Path:
    """Returns the project's folder; the working folder if the package is installed elsewhere."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


ROOT = _project_root()
IN_ROOT = Path.cwd() == ROOT
"""Whether the command runs in the project's folder; default folders are then shown as relative."""
ARTIFACTS = Path("artifacts") if IN_ROOT else ROOT / "artifacts"
DATASETS = datasets_folder()


def _name_default(artifacts: Path) -> Path:
    if artifacts == ARTIFACTS and not IN_ROOT:
        err.print(f"using {artifacts}; --artifacts DIR names another folder")
    return artifacts


DomainName = Annotated[str, typer.Argument(help=" or ".join(DOMAINS), metavar="DOMAIN")]
Artifacts = Annotated[
    Path,
    typer.Option("--artifacts", help="Folder of all results.", callback=_name_default),
]


def domain_of(name: str) -> Domain:
    """Returns the domain of a name.

    Raises:
        typer.BadParameter: there is none.
    """
    if name not in DOMAINS:
        there = " and ".join(", ".join(DOMAINS).rsplit(", ", 1)) or "none"
        raise typer.BadParameter(
            f"{name!r}: there are {there}. "
            "`harperdb-recommender new NAME --interactions FILE` describes another one"
        )
    return DOMAINS[name]


def printable(text: str) -> str:
    """Returns the text without control characters: a title must not control a terminal."""
    return "".join(c for c in text if unicodedata.category(c) != "Cc")
