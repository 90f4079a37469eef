"""The commands that say what is deployed where: status and versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer
from rich.table import Table

from training.cli.connection import Cluster, connect
from training.cli.console import ARTIFACTS, Artifacts, DomainName, domain_of, err, out, printable
from training.deploy import catalogue
from training.deploy.projects import deployed_projects
from training.deploy.versions import Models
from training.domains.domain import Domain
from training.errors import ConfigError, HarperError, HarperRefused
from training.experiments.row import Experiment, from_row
from training.harper import cluster
from training.harper.client import HarperClient, Patience
from training.harper.cluster import Target, client_of
from training.harper.node import Health, Node
from training.harper.workers import Worker, Workers, ask_workers
from training.pipeline.experiment.stories import story_of
from training.pipeline.rounds import Round, rounds

ROUNDS = 5
"""Rounds of `loop` that `status` shows."""
BEHIND = 3
"""Exit code where something is not as deployed: of a deploy or rollback that is done, but not on
every node, and of a status that finds one.
"""


def status(
    domain: DomainName, artifacts: Artifacts = ARTIFACTS, in_cluster: Cluster = False
) -> None:
    """Say what is deployed where: code, model and items of each worker, replication, catalogue;
    and what the last rounds of `loop` did, if there were any here.

    Ends with 3 where nothing is deployed, a node is down, a worker lacks the routes or answers from
    another model than the current, or catalogue rows are missing.

    Example: harperdb-recommender status songs
    """
    chosen = domain_of(domain)
    target = connect(in_cluster)
    current = (Models(target.client, chosen.database).pointer() or {}).get("version")
    table = table_of(
        "node", "worker", "reachable", "component", "model", "items", "replication", "remarks"
    )
    is_well = True
    for node in target.nodes:
        projects = _projects(client_of(node, target.client.config), chosen)
        found = ask_workers(node, projects)
        replicated = cluster.replication(node, target.client.config, chosen.database)
        remarks = list(_node_remarks(target, node, chosen, found))
        is_well &= not remarks
        for worker in found.answered:
            health = worker.answers[chosen.project]
            wrong = list(_worker_remarks(chosen, health, current))
            is_well &= not wrong
            _add_row(table, worker, health, replicated, wrong + remarks)
            remarks = []
    out.print(table)
    _print_experiment(target, chosen, artifacts)
    _print_rounds(chosen, artifacts)
    if current is None:
        err.print(f"{target.node.url} has no model of {chosen.name}: `make deploy-{chosen.name}`")
    if current is None or not is_well:
        raise typer.Exit(BEHIND)


def _print_experiment(target: Target, domain: Domain, artifacts: Path) -> None:
    row = Models(target.client, domain.database).experiment()
    if row is None:
        return
    try:
        text = running_text(artifacts / domain.name, from_row(row.get("experiment")))
    except ConfigError as error:
        text = str(error)
    out.print(printable(text))


def running_text(home: Path, experiment: Experiment) -> str:
    """Returns a running experiment with its latest look, in one line."""
    looks = story_of(home, experiment.id).looks
    latest = f"; {looks[-1]['verdict']} at {_minute(looks[-1]['at'])}" if looks else ""
    return f"experiment {experiment.id} {experiment.state}: {experiment.text()}{latest}"


def _print_rounds(domain: Domain, artifacts: Path) -> None:
    latest = rounds(artifacts / domain.name)[: -ROUNDS - 1 : -1]
    if latest:
        out.print("last rounds of loop, the newest first:")
    for done in latest:
        out.print(printable(f"  {_minute(str(done['at']))}  {round_text(done)}"))


def round_text(done: Round) -> str:
    """Returns in one line what a round of `loop` did."""
    text = str(done["outcome"])
    if "error" in done:
        text = f"{text} in {done['stage']}: {done['error']}"
    text += f"; {'; '.join(done['objections'])}" if done.get("objections") else ""
    text += f" {_experiment_text(done)}" if "experiment" in done else ""
    if done["before"] != done["after"]:
        text += f" {done['before'] or 'nothing'} → {done['after']}"
    if done["events"] is not None:
        text += f"; {done['new_events']:,} new events of {done['events']:,}"
    if done.get("new_rows") is not None:
        text += f"; {done['new_rows']:,} new rows"
    if "test_ndcg@20" in done:
        text += f"; test NDCG@20 {done['test_ndcg@20']:.4f}"
    text += f"; {done['start']}" if done.get("start") else ""
    for what, nodes in (("not read", done.get("unread")), ("behind", done.get("behind"))):
        text += f"; {what}: {', '.join(nodes)}" if nodes else ""
    return f"{text}; {done['seconds']['all']:.1f} s"


def _experiment_text(done: Round) -> str:
    found = done["experiment"]
    if done.get("reason"):
        return f"{found['id']}: {done['reason']}"
    if "verdict" not in found:
        return str(found["id"])
    sessions = " and ".join(f"{count:,} {name}" for name, count in found["sessions"].items())
    return f"{found['id']}: {found['verdict']} after {sessions} sessions"


def _projects(client: HarperClient, domain: Domain) -> list[str]:
    try:
        return sorted({domain.project, *deployed_projects(client)})
    except HarperError:
        return [domain.project]  # the node may be down, and its routes say so


def _worker_remarks(domain: Domain, health: Health, current: str | None) -> Iterator[str]:
    """Yields the problems of one worker."""
    if not health.reachable:
        yield health.reason or "does not answer"
        return
    if health.component is None:
        yield f"no routes of {domain.project}: deploy again"
        return
    if health.refused:
        yield f"refuses {health.refused['version']}: {health.refused['reason']}"
    elif health.model != current:
        yield health.reason or f"answers from {health.model}, not from {current}"
    if health.missing:
        yield f"{health.missing:,} items have no catalogue row: deploy again"


def _node_remarks(target: Target, node: Node, domain: Domain, found: Workers) -> Iterator[str]:
    """Yields the problems of a node as a whole."""
    if not all(worker.is_reachable for worker in found.answered):
        return
    if not found.is_complete:
        yield f"{len(found.answered)} of {found.expected or '?'} workers answer"
    try:
        # Not with the short time-outs for a node that may be down: a large catalogue takes seconds.
        client = client_of(node, target.client.config, patience=Patience(attempts=1))
        damage = catalogue.damage(client, domain.database)
    except HarperRefused:
        return  # there is no catalogue yet
    except HarperError as error:
        yield error.message
        return
    if damage:
        yield f"{damage}: deploy again"


def _add_row(
    table: Table, worker: Worker, health: Health, replicated: str, remarks: list[str]
) -> None:
    table.add_row(
        health.node.name or health.node.url,
        "–" if worker.number is None else f"{worker.number}",
        "yes" if health.reachable else "no",
        health.component or "–",
        health.model or "–",
        "–" if health.items is None else f"{health.items:,}",
        replicated,
        "; ".join(remarks),
    )


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
    table = table_of("", "version", "made", "current since", "by", "ndcg@20", "remarks")
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


def table_of(*columns: str) -> Table:
    """Returns an empty table in the style of all commands."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        # A version must be complete, so that it can be copied into the next command.
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
