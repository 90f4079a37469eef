"""The command that takes a recommender off the nodes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from training.cli.connection import Cluster, connect
from training.cli.console import ARTIFACTS, Artifacts, err, out
from training.cli.harper import who_deploys
from training.deploy import remove as removal
from training.deploy.remove import Deployed
from training.domains import DOMAINS
from training.domains.description import FILE, check_name
from training.domains.registry import datasets_folder
from training.errors import ConfigError
from training.harper.cluster import Target


def mount(app: typer.Typer) -> None:
    """Adds the command to a command line."""
    app.command()(remove)


def remove(
    name: Annotated[str, typer.Argument(help="Its name, such as shop.", metavar="NAME")],
    artifacts: Artifacts = ARTIFACTS,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; needed in scripts.")] = False,
    in_cluster: Cluster = False,
) -> None:
    """Take a recommender off every node: component, database, and the users' rights to it.

    Events of visitors that were not collected are lost. What is on this machine stays: the
    description and the artifacts. Needs a super user, and every node of a cluster. An interrupted
    removal is continued by the same command.

    Example: harperdb-recommender remove shop
    """
    check_name(name, "remove")
    domain = DOMAINS.get(name)
    # A domain whose description was deleted first can be removed too.
    project = domain.project if domain else f"{name}-recommender"
    database = project.replace("-", "_")
    target = connect(in_cluster)
    found = removal.find(target, project, database)
    if not found:
        raise ConfigError(f"{name}: {project} is not deployed on {_nodes(target)}")
    err.print(f"{project} on {_nodes(target)}: {_text(found, database)}")
    if not yes:
        _ask(project)
    removal.remove(
        target,
        project,
        database,
        by=who_deploys(),
        step=lambda step: err.print(f"{project}: removing the {step}"),
    )
    out.print(f"{name:5}  remove    {project} is no longer on {_nodes(target)}")
    kept = [artifacts / name, *([datasets_folder() / name / FILE] if domain else [])]
    there = [str(path) for path in kept if path.exists()]
    if there:
        out.print(f"{name:5}  remove    kept: {', '.join(there)}; delete them if you want")


def _nodes(target: Target) -> str:
    return ", ".join(node.name or node.url for node in target.nodes)


def _text(found: Deployed, database: str) -> str:
    parts = ["the component"] if found.components or found.routes else []
    if found.databases:
        parts.append(
            f"the database {database} with its models, catalogue and events of visitors, also "
            "those that were not collected"
        )
    if found.roles:
        parts.append(f"the rights of {', '.join(found.roles)}")
    return "; ".join(parts)


def _ask(project: str) -> None:
    if not sys.stdin.isatty():
        raise ConfigError("this is no terminal to ask on: check the above, and add --yes")
    if not typer.confirm(f"Remove {project}?", default=False, err=True):
        err.print("Nothing removed.")
        raise typer.Exit(1)
