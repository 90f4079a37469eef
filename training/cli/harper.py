"""The commands that speak to HarperDB: deploy, status, versions, rollback, users, and a local
server.

They print; the modules that they call do not. `mount` adds them to the command line.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from training.bundle import open_bundle
from training.cli.console import ARTIFACTS, Artifacts, DomainName, domain_of, err, out
from training.deploy import roles
from training.deploy.component import pack
from training.deploy.deploy import STEPS, Outcome, Watcher
from training.deploy.deploy import deploy as deploy_bundle
from training.deploy.deploy import rollback as roll_back
from training.deploy.standing import Standing, hear_workers
from training.deploy.versions import Models
from training.domains import DOMAINS
from training.domains.domain import Domain
from training.errors import ConfigError
from training.harper import cluster
from training.harper.client import HarperClient
from training.harper.cluster import Target
from training.harper.config import HarperConfig
from training.harper.local import cluster as local_cluster
from training.harper.local import server as local_harper
from training.harper.local.server import PROJECT_ROOT, LocalNode
from training.harper.node import Health, require_page, until

BEHIND = 3
"""Exit code of a deploy or rollback that is done, but not on every node."""

READY_SECONDS = 30.0
"""How long a HarperDB that was just started elsewhere is waited for."""
HARPER_FOLDER = PROJECT_ROOT / "harper-local"
CLUSTER_FOLDER = HARPER_FOLDER / "cluster"

harper = typer.Typer(no_args_is_help=True, help="A HarperDB on this machine: start and stop it.")

Cluster = Annotated[
    bool, typer.Option("--cluster", help="Insist on a cluster; the local one without HARPER_URL.")
]


def mount(app: typer.Typer) -> None:
    """Adds the commands to a command line."""
    for command in (deploy, status, versions, rollback, users):
        app.command()(command)
    app.add_typer(harper, name="harper")


def connect(in_cluster: bool = False) -> Target:
    """Finds the nodes to work with, as the environment says.

    Without ``HARPER_URL`` the local server, or with ``--cluster`` the local cluster.
    ``HARPER_NODES`` names the other nodes for users who may not ask for them.

    Raises:
        ConfigError: nothing is named and nothing runs here, or a cluster was asked for and there
            is none.
    """
    hosts = [host.strip() for host in os.environ.get("HARPER_NODES", "").split(",") if host.strip()]
    target = cluster.target(_config(in_cluster), hosts=hosts or None)
    if in_cluster and not target.is_cluster:
        raise ConfigError(
            f"{target.node.url} knows no other nodes: join them (see docs/cluster.md), "
            "or name them with HARPER_NODES"
        )
    return target


def require_ready(domain: Domain, in_cluster: bool) -> None:
    """Makes sure before a long run that its end can deploy: code, address, login.

    Raises:
        ConfigError: the component is not built, or no HarperDB is named or known.
        HarperError: it does not answer, or refuses us.
    """
    pack(domain)
    wait_until_ready(connect(in_cluster).client)


def wait_until_ready(client: HarperClient) -> None:
    """Waits until HarperDB is healthy, and makes sure that it takes our login.

    Raises:
        HarperUnavailable: it does not answer in time.
        HarperRefused: it refuses us.
    """
    until(client.is_healthy, READY_SECONDS, pause_seconds=1.0)
    client.operation("user_info")


def _config(in_cluster: bool) -> HarperConfig:
    if in_cluster and not os.environ.get("HARPER_URL"):
        node = local_cluster.first_running(local_cluster.nodes(CLUSTER_FOLDER))
        if node is None:
            raise ConfigError("no local cluster runs: `make cluster-up`, or name one by HARPER_URL")
        return node.config()
    return local_harper.connection(HARPER_FOLDER)


def deploy(
    domain: DomainName,
    artifacts: Artifacts = ARTIFACTS,
    force: Annotated[
        bool, typer.Option("--force", help="Override the gate's objections; recorded.")
    ] = False,
    in_cluster: Cluster = False,
) -> None:
    """Push the bundle into HarperDB and make it answer, on every node.

    Ends with 3 where a node is down or behind.

    Example: harperdb-recommender deploy songs
    """
    outcome = deploy_domain(domain_of(domain), artifacts, force=force, in_cluster=in_cluster)
    exit_if_behind(outcome)


def deploy_domain(
    domain: Domain, artifacts: Path, *, force: bool = False, in_cluster: bool = False
) -> Outcome:
    """Deploys a domain's bundle under a progress bar, and prints what was done."""
    bundle = open_bundle(artifacts / domain.name / "bundle", domain.name)
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
            by=_me(),
            force=force,
            watcher=Watcher(step, sent),
        )
    _print_outcome(domain, outcome)
    for standing in outcome.standings:
        if standing.answers:
            require_page(standing.node, domain.project)
    return outcome


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


def _print_outcome(domain: Domain, outcome: Outcome) -> None:
    parts = [f"model {outcome.version}" + (" was current already" if outcome.unchanged else "")]
    parts.append(f"{outcome.rows_sent:,} of {outcome.rows:,} catalogue rows sent")
    parts.append("new code" if outcome.code_deployed else "code unchanged")
    parts += [f"forced: {objection}" for objection in outcome.forced]
    out.print(f"{domain.name:5}  deploy    {'; '.join(parts)}")
    _print_standings(outcome.standings)


def _print_standings(standings: list[Standing]) -> None:
    if len(standings) == 1 and standings[0].answers:
        return
    table = _table("node", "state", "model", "why")
    for s in standings:
        table.add_row(s.node.name or s.node.url, s.state, s.health.model or "–", s.reason or "")
    out.print(table)


def exit_if_behind(outcome: Outcome) -> None:
    """Ends with `BEHIND` where a node does not answer from the new model.

    Raises:
        typer.Exit: one does not.
    """
    if not outcome.is_everywhere:
        names = ", ".join(s.node.name or s.node.url for s in outcome.standings if not s.answers)
        err.print(f"not everywhere: {names}; a node that comes back catches up by itself")
        raise typer.Exit(BEHIND)


def status(domain: DomainName, in_cluster: Cluster = False) -> None:
    """Say what is deployed where: each node's code, model, items, replication.

    Ends with 3 where a node is down, or a worker of it answers from another model than the current.

    Example: harperdb-recommender status songs
    """
    chosen = domain_of(domain)
    target = connect(in_cluster)
    pointer = Models(target.client, chosen.database).pointer() or {}
    current = pointer.get("version")

    def is_well(told: Health) -> bool:
        return told.model == current and not told.refused

    behind = False
    table = _table("node", "reachable", "component", "model", "items", "replication", "remarks")
    for node in target.nodes:
        told = hear_workers(node, chosen.project, is_well)
        behind |= not is_well(told)
        replicated = cluster.replication(node, target.client.config, chosen.database)
        refused = told.refused or {}
        remarks = f"refuses {refused['version']}: {refused['reason']}" if refused else told.reason
        table.add_row(
            node.name or node.url,
            "yes" if told.reachable else "no",
            told.component or "–",
            told.model or "–",
            "–" if told.items is None else f"{told.items:,}",
            replicated,
            remarks or "",
        )
    out.print(table)
    if behind:
        raise typer.Exit(BEHIND)


def versions(domain: DomainName, in_cluster: Cluster = False) -> None:
    """List the models in HarperDB, the current one first.

    Example: harperdb-recommender versions songs
    """
    chosen = domain_of(domain)
    target = connect(in_cluster)
    listed = Models(target.client, chosen.database).listed()
    if not listed:
        out.print(
            f"{target.node.url} has no model of {chosen.name} yet: `make deploy-{chosen.name}`"
        )
        return
    table = _table("", "version", "made", "current since", "by", "ndcg@20", "remarks")
    for v in listed:
        table.add_row(
            "current" if v.current else "",
            v.version,
            _minute(v.created),
            _minute(v.made_current) if v.made_current else "never",
            v.made_current_by or v.pushed_by,
            _quality(v.manifest),
            "forced" if v.forced else "",
        )
    out.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        # What is copied into the next command must not be cut.
        table.add_column(name, no_wrap=name in ("node", "version", "model"), overflow="fold")
    return table


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _quality(manifest: dict[str, object]) -> str:
    metrics = manifest.get("metrics")
    rows = metrics.get("rows", []) if isinstance(metrics, dict) else []
    default = manifest.get("default_strategy")
    found = [r["ndcg@20"] for r in rows if r.get("method") == default and "ndcg@20" in r]
    return f"{found[0]:.4f}" if found else "–"


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
    outcome = roll_back(connect(in_cluster), chosen.database, chosen.project, version, by=_me())
    out.print(f"{chosen.name:5}  rollback  model {outcome.version} answers")
    _print_standings(outcome.standings)
    exit_if_behind(outcome)


def users(in_cluster: Cluster = False) -> None:
    """Make the two users that the project needs beside a super user, with random passwords.

    ``recommender_pusher`` deploys models, ``recommender_reader`` looks. Deploying code needs a
    super user. The passwords are taken from HARPER_PUSHER_PASSWORD and HARPER_READER_PASSWORD, or
    made; they are kept in harper-local/users.json, readable by you alone, and never printed.

    Example: harperdb-recommender users
    """
    target = connect(in_cluster)
    passwords = _passwords(HARPER_FOLDER / "users.json", target.client)
    databases = [domain.database for domain in DOMAINS.values()]
    for made in roles.make_users(target.client, databases, passwords):
        verb = "made" if made.is_new else "renewed"
        out.print(f"{made.username} {verb}: {', '.join(made.databases)}")
    out.print(f"passwords of {target.client.config.url} in {HARPER_FOLDER / 'users.json'}")


def _passwords(path: Path, client: HarperClient) -> dict[str, str]:
    """Returns the users' passwords, from the environment, the file, or made now; kept there."""
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    here = kept.setdefault(client.config.url, {})
    for username, variable in (
        (roles.PUSHER, "HARPER_PUSHER_PASSWORD"),
        (roles.READER, "HARPER_READER_PASSWORD"),
    ):
        made = here.get(username) or secrets.token_urlsafe(24)
        here[username] = os.environ.get(variable) or made
    path.parent.mkdir(parents=True, exist_ok=True)
    local_harper.write_private(path, json.dumps(kept, indent=1))
    return dict(here)


def _me() -> str:
    # Public (GET …/model): a name for people, and not the login at HarperDB.
    try:
        return os.environ.get("HARPER_DEPLOYED_BY") or getpass.getuser()
    except (KeyError, OSError):
        return "somebody"  # a container's user need not have a name


@harper.command("up")
def up() -> None:
    """Start a local HarperDB on loopback, unless HARPER_URL names one.

    Example: harperdb-recommender harper up
    """
    if os.environ.get("HARPER_URL"):
        config = local_harper.connection(HARPER_FOLDER)
        wait_until_ready(HarperClient(config))
        out.print(f"HarperDB  {config.url} answers, as HARPER_URL says; none started here")
        return
    node = LocalNode.from_environment(HARPER_FOLDER)
    ran = local_harper.running_process(node) is not None
    local_harper.start(node)
    out.print(
        f"HarperDB  {node.url} {'runs already' if ran else 'started'}; routes {node.routes_url}"
    )


@harper.command("down")
def down() -> None:
    """Stop the local HarperDB that `up` started; its data stays.

    Example: harperdb-recommender harper down
    """
    ended = local_harper.stop(LocalNode.from_environment(HARPER_FOLDER))
    out.print(f"HarperDB  {'stopped; its data stays' if ended else 'does not run'}")


@harper.command("cluster-up")
def cluster_up() -> None:
    """Start three local nodes that replicate, on 127.0.0.2, 127.0.0.3 and 127.0.0.4.

    Example: harperdb-recommender harper cluster-up
    """
    members = local_cluster.nodes(CLUSTER_FOLDER)
    local_cluster.start_all(members)
    for node in members:
        out.print(f"HarperDB  {node.url}; routes {node.routes_url}")


@harper.command("cluster-down")
def cluster_down() -> None:
    """Stop the local cluster; its data stays.

    Example: harperdb-recommender harper cluster-down
    """
    ended = local_cluster.stop_all(local_cluster.nodes(CLUSTER_FOLDER))
    out.print(f"HarperDB  {ended} nodes stopped; their data stays")
