"""The commands about visitors' events: collect them from the nodes, and forget a session."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from training.cli.connection import Cluster, connect
from training.cli.console import ARTIFACTS, Artifacts, DomainName, domain_of, err, out
from training.cli.status import BEHIND
from training.domains.domain import Domain
from training.errors import DataError, HarperError
from training.events.collect import Pulled, clients_of, collect, forget_on_node
from training.events.files import read_events
from training.events.store import EventStore


def mount(app: typer.Typer) -> None:
    """Adds the commands to a command line."""
    app.command("collect")(collect_events)
    app.command("forget")(forget_session)


def store_of(domain: Domain, artifacts: Path) -> EventStore:
    """Returns a domain's collected events."""
    return EventStore(artifacts / domain.name / "events")


def collect_events(
    domain: DomainName,
    artifacts: Artifacts = ARTIFACTS,
    file: Annotated[
        Path | None,
        typer.Option("--from", help="JSON Lines or Parquet of another tracker, not the nodes."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read all stored events again, not only new ones.")
    ] = False,
    in_cluster: Cluster = False,
) -> None:
    """Collect the visitors' new events from every node; docs/events.md says what they hold.

    The user needs to read the table events only: recommender_collector, which `users` makes. Ends
    with 3 if a node could not be read.

    Example: harperdb-recommender collect songs
    """
    chosen = domain_of(domain)
    store = store_of(chosen, artifacts)
    now = datetime.now(timezone.utc)
    if file is not None:
        with store.lock():
            _print_total(chosen, store, _from_file(store, file, now))
        return
    target = connect(in_cluster)
    with store.lock():
        with _bar() as bar:
            task = bar.add_task(f"{chosen.name} collect", total=None)

            def progress(node: str, rows: int) -> None:
                bar.update(task, description=f"{chosen.name} collect: {node}, {rows:,} events")

            clients = clients_of(target)
            pulled = collect(clients, chosen.database, store, full=full, progress=progress)
        store.expire(chosen.events.keep_days, now.date())
        _print_pulled(chosen, pulled)
        _print_total(chosen, store, sum(one.new for one in pulled))
    if any(one.error for one in pulled):
        raise typer.Exit(BEHIND)


def forget_session(
    domain: DomainName,
    session: Annotated[str, typer.Option("--session", help="The visitor's session token.")],
    artifacts: Artifacts = ARTIFACTS,
    in_cluster: Cluster = False,
) -> None:
    """Delete a session's events on every node and in the collected files.

    Needs a user that may delete rows. Ends with 3 if a node could not be reached: run it again when
    the node is back. docs/privacy.md says what else is kept.

    Example: harperdb-recommender forget songs --session vN3rTq0c7pWm2Lx9
    """
    chosen = domain_of(domain)
    target = connect(in_cluster)
    store = store_of(chosen, artifacts)
    with store.lock():
        # First in the files: from now on no event of the session is collected.
        out.print(f"{chosen.name:5}  {store.folder}: {store.forget(session):,} events deleted")
    failed = False
    for name, client in clients_of(target):
        try:
            deleted = forget_on_node(client, chosen.database, session)
            out.print(f"{chosen.name:5}  {name}: {deleted:,} events deleted")
        except HarperError as error:
            failed = True
            err.print(f"{name}: {error}")
    if failed:
        raise typer.Exit(BEHIND)


def _bar() -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _from_file(store: EventStore, file: Path, now: datetime) -> int:
    try:
        return sum(store.append(events) for events in read_events(file, now=now))
    except UnicodeDecodeError as error:
        raise DataError(file, expected="UTF-8", found=str(error)) from error


def _print_pulled(domain: Domain, pulled: list[Pulled]) -> None:
    for one in pulled:
        text = f"{domain.name:5}  {one.node}: {one.read:,} events read, {one.new:,} new"
        if one.malformed:
            text += f", {one.malformed:,} malformed"
        out.print(text)
        if one.error:
            err.print(f"{domain.name:5}  {one.node} was not read to the end: {one.error}")


def _print_total(domain: Domain, store: EventStore, new: int) -> None:
    out.print(f"{domain.name:5}  collect   {new:,} new events; {store.count():,} in {store.folder}")
