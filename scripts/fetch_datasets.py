"""Downloads the real data sets; datasets/README.md describes them and their terms.

python scripts/fetch_datasets.py songs
KAGGLE_USERNAME=… KAGGLE_KEY=… python scripts/fetch_datasets.py books --into /data/books
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

ROOT = Path(__file__).resolve().parent.parent
# Also works without an installed package.
sys.path.insert(0, str(ROOT))

from training.domains import DOMAINS  # noqa: E402
from training.domains.domain import Site  # noqa: E402
from training.domains.fetch import Fetched, fetch  # noqa: E402
from training.errors import RecommenderError  # noqa: E402

Into = Annotated[
    Path | None, typer.Option(help="Folder for the files; datasets/<domain>/raw if not given.")
]
BaseUrl = Annotated[
    str | None, typer.Option(help="Address of a mirror, in place of the source's own.")
]


def main(
    domain: Annotated[str, typer.Argument(help="Whose data; its reader says where that is.")],
    into: Into = None,
    base_url: BaseUrl = None,
) -> None:
    """Download a domain's real data, or its missing files, and check it.

    Example: python scripts/fetch_datasets.py songs
    """
    logging.basicConfig(format="%(message)s")
    folder = into or ROOT / "datasets" / domain / "raw"
    try:
        _fetch(_site(domain), folder, base_url)
    except RecommenderError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


def _site(name: str) -> Site:
    sites = {one.name: one.site for one in DOMAINS.values() if one.site}
    if name not in sites:
        raise typer.BadParameter(f"{name!r}: expected {' or '.join(sites)}", param_hint="DOMAIN")
    return sites[name]


def _fetch(site: Site, folder: Path, base_url: str | None) -> None:
    with _bar() as bar:
        tasks: dict[str, TaskID] = {}

        def report(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name)
            bar.update(tasks[name], completed=done, total=total)

        for fetched in fetch(site, folder, base_url=base_url, progress=report):
            print(_line(fetched))


def _bar() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _line(fetched: Fetched) -> str:
    state = "downloaded" if fetched.downloaded else "already present, nothing downloaded"
    size = f"{fetched.size / 1e6:,.1f} MB"
    return f"{fetched.path}: {state} ({size}, SHA-256 {fetched.sha256[:12]}… matches SHA256SUMS)"


if __name__ == "__main__":
    typer.run(main)
