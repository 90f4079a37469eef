"""The command ``recommend``: answers from an exported bundle, without HarperDB."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.bundle import open_bundle
from training.cli.console import ARTIFACTS, Artifacts, DomainName, domain_of, err, out, printable
from training.cli.titles import Item, find, items_of
from training.pipeline.folders import Folders, read_json
from training.pipeline.stages import STAGES

LISTED = 10
"""Most items listed for an ambiguous title."""


def mount(app: typer.Typer) -> None:
    """Adds the command to a command line."""
    app.command()(recommend)


def recommend(
    domain: DomainName,
    favourites: Annotated[list[str], typer.Argument(help="1 to 10 titles or ids.")],
    artifacts: Artifacts = ARTIFACTS,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    strategy: Annotated[str | None, typer.Option(help="Default: the bundle's own.")] = None,
) -> None:
    """Recommend from the exported bundle, without HarperDB.

    A favourite is an id, a title, or words of title and artist or author.

    Example: harperdb-recommender recommend songs "Enter Sandman"
    """
    folders = Folders(domain_of(domain), Path(), artifacts)
    STAGES["export"].require(folders)
    bundle = open_bundle(folders.bundle, folders.domain.name)
    shown = [field["name"] for field in bundle.manifest["fields"]]
    items = items_of((row for _, row in bundle.catalogue()), shown)
    editions = _editions(folders.bundle)
    chosen = [_id_of(text, items, editions) for text in favourites]
    from training.export.serving import BundleGraph

    answer = BundleGraph(folders.bundle).answer(chosen, limit, strategy)
    by_id = {item.id: item for item in items}
    if answer.unknown:
        err.print(printable(f"not found: {', '.join(answer.unknown)}"))
    for id_ in chosen:
        if id_ not in answer.unknown:
            out.print(printable(f"favourite: {by_id.get(id_, id_)}"))
    out.print(f"model {bundle.version}, strategy {answer.strategy}")
    for place, (id_, score) in enumerate(answer.recommendations, start=1):
        texts = by_id[id_].texts if id_ in by_id else ()
        out.print(f"{place:3}  {id_}  {score:.4f}  {printable(' · '.join(texts))}")


def _editions(bundle: Path) -> set[str]:
    """Returns the ids of other editions, which are accepted like those of the catalogue."""
    path = bundle / "editions.json"
    return set(read_json(path)) if path.is_file() else set()


def _id_of(text: str, items: list[Item], editions: set[str]) -> str:
    """Returns the id of the item that a text names; the text itself if no item matches.

    Raises:
        typer.Exit: several items match; they are listed.
    """
    if text in editions or any(item.id == text for item in items):
        return text
    found = find(text, items)
    if len(found) > 1:
        err.print(printable(f"error: {len(found)} matches for {text!r}; add words, or use an id:"))
        for item in found[:LISTED]:
            err.print(printable(f"  {item.id}  {' · '.join(item.texts)}"))
        if len(found) > LISTED:
            err.print(f"  and {len(found) - LISTED} more")
        raise typer.Exit(1)
    return found[0].id if found else text
