"""The commands that change what is deployed in HarperDB: deploy, rollback.

They print; the modules that they call do not. `mount` adds every command that uses HarperDB.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from training.bundle import open_bundle
from training.cli import local_server
from training.cli.connection import Cluster as Cluster
from training.cli.connection import connect, wait_until_ready
from training.cli.console import ARTIFACTS, DATASETS, Artifacts, DomainName, domain_of, err, out
from training.cli.status import BEHIND, status, table_of, versions
from training.cli.users import users
from training.deploy.component import pack
from training.deploy.deploy import deploy as deploy_bundle
from training.deploy.node_state import NodeState
from training.deploy.outcome import STEPS, Outcome, Watcher
from training.deploy.rollback import rollback as roll_back
from training.domains.domain import Domain
from training.errors import ConfigError
from training.harper.node import require_page
from training.pipeline import settings
from training.pipeline.folders import Folders

EventChanges = Annotated[
    list[str] | None,
    typer.Option("--set", help="events.setting=value, such as events.enabled=false; repeatable."),
]


def mount(app: typer.Typer) -> None:
    """Adds the commands to a command line."""
    for command in (deploy, status, versions, rollback, users):
        app.command()(command)
    app.add_typer(local_server.app, name="harper")


def require_ready(domain: Domain, in_cluster: bool) -> None:
    """Checks before a long run that it will be able to deploy: code, address, login.

    Raises:
        ConfigError: the component is not built, or no HarperDB is named or known.
        HarperError: it does not answer, or refuses us.
    """
    pack(domain)
    wait_until_ready(connect(in_cluster).client)


def deploy(
    domain: DomainName,
    artifacts: Artifacts = ARTIFACTS,
    force: Annotated[
        bool, typer.Option("--force", help="Override the gate's objections; recorded.")
    ] = False,
    in_cluster: Cluster = False,
    changes: EventChanges = None,
) -> None:
    """Push the bundle into HarperDB and make it answer, on every node.

    Ends with 3 where a node is down or behind.

    Example: harperdb-recommender deploy songs
    """
    for change in changes or ():
        if not change.strip().startswith("events."):
            raise ConfigError(f"--set {change}: deploy uses only settings of the section events")
    folders = Folders(domain_of(domain), DATASETS, artifacts)
    outcome = deploy_domain(folders, changes, force=force, in_cluster=in_cluster)
    exit_if_behind(outcome)


def deploy_domain(
    folders: Folders,
    changes: Iterable[str] | None,
    *,
    force: bool = False,
    in_cluster: bool = False,
) -> Outcome:
    """Deploys a domain's bundle under a progress bar, and prints what was done.

    Args:
        folders: Where the bundle is.
        changes: Settings, each ``section.field=value``; only those of ``events`` matter here.
        force: Override the gate's objections.
        in_cluster: Deploy to the local cluster.
    """
    config = settings.of_deploy(folders, changes or ())
    domain = settings.domain_with(folders.domain, config)
    bundle = open_bundle(folders.bundle, domain.name)
    component = pack(domain)
    target = connect(in_cluster)
    with _bar() as bar:
        task = bar.add_task(f"{domain.name} deploy", total=len(STEPS))
        rows = bar.add_task(f"{domain.name} catalogue", total=None, visible=False)

        def step(name: str) -> None:
            bar.update(task, completed=STEPS.index(name), description=f"{domain.name} {name}")

        def sent(done: int, all_: int) -> None:
            bar.update(rows, completed=done, total=all_, visible=True)

        outcome = deploy_bundle(
            target,
            domain.database,
            bundle,
            component,
            by=who_deploys(),
            force=force,
            watcher=Watcher(step, sent),
        )
    _print_outcome(domain, outcome)
    for state in outcome.states:
        if state.answers:
            require_page(state.node, domain.project)
    return outcome


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _print_outcome(domain: Domain, outcome: Outcome) -> None:
    parts = [f"model {outcome.version}" + (" was current already" if outcome.unchanged else "")]
    parts.append(f"{outcome.rows_sent:,} of {outcome.rows:,} catalogue rows sent")
    parts.append("new code" if outcome.code_deployed else "code unchanged")
    if not domain.events.enabled:
        parts.append("events are not recorded")
    elif domain.events.consent == "ask":
        parts.append("pages ask before they record events")
    parts += [f"forced: {objection}" for objection in outcome.forced]
    out.print(f"{domain.name:5}  deploy    {'; '.join(parts)}")
    _print_states(outcome.states)


def _print_states(states: list[NodeState]) -> None:
    if len(states) == 1 and states[0].answers:
        return
    table = table_of("node", "state", "model", "why")
    for s in states:
        table.add_row(s.node.name or s.node.url, s.state, s.health.model or "–", s.reason or "")
    out.print(table)


def exit_if_behind(outcome: Outcome) -> None:
    """Ends with `BEHIND` where a node does not answer from the new model.

    Raises:
        typer.Exit: one does not.
    """
    if not outcome.is_on_all_nodes:
        names = ", ".join(s.node.name or s.node.url for s in outcome.states if not s.answers)
        err.print(f"Not deployed on all nodes: {names}; offline nodes will sync")
        raise typer.Exit(BEHIND)


def rollback(
    domain: DomainName,
    version: Annotated[
        str | None, typer.Argument(help="Without it the one that was current before.")
    ] = None,
    in_cluster: Cluster = False,
) -> None:
    """Make an older model current again.

    Example: harperdb-recommender rollback songs
    """
    chosen = domain_of(domain)
    outcome = roll_back(
        connect(in_cluster), chosen.database, chosen.project, version, by=who_deploys()
    )
    out.print(f"{chosen.name:5}  rollback  model {outcome.version} answers")
    _print_states(outcome.states)
    exit_if_behind(outcome)


def who_deploys() -> str:
    """Returns the name under which a deploy is recorded."""
    # Public (GET …/model): a name for people, not the HarperDB login.
    try:
        return os.environ.get("HARPER_DEPLOYED_BY") or getpass.getuser()
    except (KeyError, OSError):
        return "somebody"  # a container's user need not have a name
