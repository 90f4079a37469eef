"""What every command of the command line shares: where it prints, and what it is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from training.domains import DOMAINS
from training.domains.domain import Domain

# No markup and no emoji: what is printed are ids, titles, names and paths, as they stand.
# No terminal, no width to keep to: a script wants its versions whole.
out = Console(
    highlight=False,
    soft_wrap=True,
    markup=False,
    emoji=False,
    width=None if sys.stdout.isatty() else 240,
)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)

DomainName = Annotated[str, typer.Argument(help=" or ".join(DOMAINS), metavar="DOMAIN")]
Artifacts = Annotated[Path, typer.Option("--artifacts", help="Where the stages write.")]
ARTIFACTS = Path("artifacts")


def domain_of(name: str) -> Domain:
    """Returns the domain of a name.

    Raises:
        typer.BadParameter: there is none.
    """
    if name not in DOMAINS:
        raise typer.BadParameter(f"{name!r}: there are {' and '.join(DOMAINS)}")
    return DOMAINS[name]
