"""The command that pulls HarperDB tables, and what other commands share of it."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from training.cli.connection import Cluster, connect
from training.cli.console import ARTIFACTS, DATASETS, Artifacts, DomainName, domain_of, err, out
from training.domains.domain import Domain
from training.errors import ConfigError
from training.harper.client import HarperClient
from training.harper.cluster import Target
from training.pipeline.folders import Folders
from training.pipeline.lock import exclusive
from training.pipeline.pull import pull_tables
from training.sources.pull import Pulled


def mount(app: typer.Typer) -> None:
    """Adds the command to a command line."""
    app.command("pull")(pull)


def pull(
    domain: DomainName,
    artifacts: Artifacts = ARTIFACTS,
    full: Annotated[
        bool,
        typer.Option("--full", help="Read everything again: finds changed and deleted rows."),
    ] = False,
    in_cluster: Cluster = False,
) -> None:
    """Pull the HarperDB tables that a domain reads; `run` and `loop` do it too.

    Where the description names a column of times, only rows from a day before the last pull on are
    read. A pull that is interrupted goes on where it was.

    HARPER_SOURCE_USERNAME and HARPER_SOURCE_PASSWORD: another login for reading the tables, such as
    recommender_source, which `users` makes.

    Example: harperdb-recommender pull shop
    """
    chosen = domain_of(domain)
    if not chosen.tables:
        raise ConfigError(f"{domain} reads files, and no HarperDB table")
    folders = Folders(chosen, DATASETS, artifacts)
    with exclusive(folders.home, f"pull {domain}"):
        pull_domain(folders, connect(in_cluster), full=full)


def pull_domain(folders: Folders, target: Target, *, full: bool = False) -> None:
    """Pulls a domain's tables, and says in one line of each what was found."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(f"{folders.domain.name} pull", total=None)

        def progress(table: str, rows: int) -> None:
            bar.update(task, description=f"{folders.domain.name} pull: {table}, {rows:,} rows")

        began = time.monotonic()
        for done in pull_tables(folders, source_client(target), full=full, progress=progress):
            _print_pulled(folders.domain, done, time.monotonic() - began)
            began = time.monotonic()


def source_login() -> tuple[str, str] | None:
    """Returns another login for reading tables, user name and password; None: none is named."""
    name = os.environ.get("HARPER_SOURCE_USERNAME")
    return (name, os.environ.get("HARPER_SOURCE_PASSWORD", "")) if name else None


def source_client(target: Target) -> HarperClient:
    """Returns the client that reads tables."""
    login = source_login()
    if login is None:
        return target.client
    username, password = login
    return HarperClient(replace(target.client.config, username=username, password=password))


def _print_pulled(domain: Domain, done: Pulled, seconds: float) -> None:
    text = f"{done.table}: {done.rows:,} rows"
    text += f", {done.changed:,} new, changed or removed" if done.changed else ", no change"
    if done.since is not None:
        text += f"; read from {done.table.time} {done.since} on"
    out.print(f"{domain.name:5}  {'pull':8}  {seconds:>7.1f} s  {text}")
