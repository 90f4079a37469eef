"""The commands about experiments on live visitors: start, status, stop, list."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer

from training.cli.challenger import divided, exported, pass_gate, variant
from training.cli.connection import Cluster, collector, connect
from training.cli.console import (
    ARTIFACTS,
    DATASETS,
    Artifacts,
    DomainName,
    domain_of,
    err,
    out,
    printable,
)
from training.cli.harper import who_deploys
from training.cli.status import BEHIND, table_of
from training.config import Config
from training.deploy.component import pack
from training.domains import DOMAINS
from training.errors import ConfigError, HarperRefused
from training.events.store import EventStore
from training.experiments.analysis import DISCARDED, PROMOTED, Look
from training.experiments.power import estimate
from training.experiments.row import Experiment
from training.pipeline.collecting import collect_all
from training.pipeline.experiment.end import Place, discard_row, end, settled
from training.pipeline.experiment.looking import take_look
from training.pipeline.experiment.start import Request, start
from training.pipeline.experiment.stories import Story, stories, story_of
from training.pipeline.folders import Folders

app = typer.Typer(
    no_args_is_help=True, help="Compare two configurations on live visitors; docs/experiments.md."
)

Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="The challenger's diversity=0..1 or novelty=0..1; or a setting such as "
        "experiment.margin=0.01; repeatable.",
    ),
]


def mount(root: typer.Typer) -> None:
    """Adds the commands to a command line."""
    root.add_typer(app, name="experiment")


@app.command("start")
def start_experiment(
    domain: DomainName,
    artifacts: Artifacts = ARTIFACTS,
    challenger: Annotated[
        str | None,
        typer.Option(
            "--challenger", help="A version exported here or in HarperDB; default: the current."
        ),
    ] = None,
    strategy: Annotated[str | None, typer.Option(help="The challenger's strategy.")] = None,
    changes: Changes = None,
    share: Annotated[
        float | None, typer.Option(help="Of the sessions: those that see the challenger.")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="split, or interleave: one list of both.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Override the gate's objections to an exported model.")
    ] = False,
    in_cluster: Cluster = False,
) -> None:
    """Start an experiment: a share of the sessions sees the challenger, once every worker is ready.

    Ends with 3 where a node is down; it takes part when it is back.

    Example: harperdb-recommender experiment start songs --strategy voters --share 0.2
    """
    place = _place(domain, artifacts, in_cluster)
    own, settings = divided(changes or ())
    named = {"share": share, "mode": mode}
    settings += [f"experiment.{name}={value}" for name, value in named.items() if value is not None]
    config = Config().with_settings(settings).experiment
    bundle = exported(place.folders, challenger)
    forced = pass_gate(bundle, force=force)
    version = challenger or str((place.models.pointer() or {}).get("version") or "none")
    store = EventStore(place.folders.events)
    needed = estimate(
        store, place.folders.domain.events, config, mode=config.mode, share=config.share
    )
    request = Request(
        variant(version, strategy, own),
        config.mode,
        config.share,
        config,
        bundle,
        lambda: pack(place.folders.domain),
        forced=forced,
        needed=needed.sessions,
    )
    done = start(place, request)
    _say(domain, f"{done.experiment.id} runs: {done.experiment.text()}")
    basis = f"the last {needed.known:,} sessions" if needed.known else "no events, so at most"
    _say(
        domain,
        f"about {needed.sessions:,} sessions for a difference of {needed.margin:g} ({basis})",
    )
    if done.down:
        err.print(f"Not on all nodes: {', '.join(done.down)}; they take part when they are back")
        raise typer.Exit(BEHIND)


@app.command("status")
def show_status(
    domain: DomainName,
    artifacts: Artifacts = ARTIFACTS,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    in_cluster: Cluster = False,
) -> None:
    """Collect the latest events, and say what the running experiment shows so far.

    It decides nothing: `loop --experiment` and `experiment stop` do.

    Example: harperdb-recommender experiment status songs
    """
    place = _place(domain, artifacts, in_cluster)
    experiment = settled(place)
    if experiment is None or experiment.started is None:
        _print_json({"running": None}) if as_json else _say(domain, "no experiment is running")
        return
    store = EventStore(place.folders.events)
    with store.lock():
        unread = collect_all(place.target, place.folders.domain, store, collector())
        seen = take_look(place, experiment, store)
    if as_json:
        _print_json({"running": experiment.model_dump(), "look": seen.recorded(), "unread": unread})
    else:
        _say(domain, f"{experiment.id} since {experiment.started}: {experiment.text()}")
        _print_look(domain, seen)
        needed = story_of(place.folders.home, experiment.id).began.get("needed")
        if needed:
            _say(domain, f"estimated at its start: about {needed:,} sessions")
    if unread:
        err.print(f"not read to the end: {', '.join(unread)}")
        raise typer.Exit(BEHIND)


@app.command("stop")
def stop_experiment(
    domain: DomainName,
    artifacts: Artifacts = ARTIFACTS,
    promote: Annotated[
        bool, typer.Option("--promote", help="The challenger answers everybody from now on.")
    ] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="The champion does; also without this option.")
    ] = False,
    in_cluster: Cluster = False,
) -> None:
    """End the running experiment, on all nodes.

    Ends with 3 where a node is down or behind.

    Example: harperdb-recommender experiment stop songs --discard
    """
    if promote and discard:
        raise typer.BadParameter("--promote or --discard, not both")
    place = _place(domain, artifacts, in_cluster)
    try:
        experiment = settled(place)
    except ConfigError as malformed:
        if not discard:
            raise
        discard_row(place)
        _say(domain, f"discarded: {malformed}")
        return
    if experiment is None:
        raise HarperRefused("experiment", f"none is running for {domain}; see `experiment list`")
    outcome = PROMOTED if promote else DISCARDED
    behind = end(place, experiment, outcome, f"{place.by} ended it")
    _say(domain, f"{experiment.id} {outcome}")
    if behind:
        err.print(f"Not on all nodes: {', '.join(behind)}")
        raise typer.Exit(BEHIND)


@app.command("list")
def list_experiments(
    domain: Annotated[
        str | None, typer.Argument(help="Without it, of all domains.", metavar="[DOMAIN]")
    ] = None,
    artifacts: Artifacts = ARTIFACTS,
) -> None:
    """List the experiments that this machine has started, the newest first.

    Example: harperdb-recommender experiment list songs
    """
    table = table_of("domain", "id", "started", "mode", "share", "challenger", "outcome", "reason")
    for name in [domain_of(domain).name] if domain else list(DOMAINS):
        for story in reversed(stories(artifacts / name)):
            if story.began:
                table.add_row(name, *_row(story))
    out.print(table)


def _place(name: str, artifacts: Path, in_cluster: bool) -> Place:
    folders = Folders(domain_of(name), DATASETS, artifacts)
    return Place(folders, connect(in_cluster), who_deploys())


def _say(domain: str, text: str) -> None:
    out.print(printable(f"{domain:5}  experiment {text}"))


def _print_json(content: object) -> None:
    out.print(json.dumps(content, indent=1))


def _print_look(domain: str, seen: Look) -> None:
    names = sorted({name for rates in seen.rates.values() for name in rates})
    table = table_of("variant", "sessions", *names)
    for group, rates in seen.rates.items():
        figures = (rates.get(name) for name in names)
        shown = ("–" if value is None else f"{value:.4f}" for value in figures)
        table.add_row(group, f"{seen.sessions[group]:,}", *shown)
    out.print(table)
    found = seen.interval
    text = f"{found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f}): " if found else ""
    note = f": {seen.note}" if seen.note else ""
    _say(domain, f"difference {text}{seen.verdict}{note}" if text else f"{seen.verdict}{note}")
    if seen.machines:
        _say(domain, f"{seen.machines:,} automated sessions left out")


def _row(story: Story) -> list[str]:
    experiment = Experiment.model_validate(story.began["experiment"])
    began = datetime.fromisoformat(story.began["at"].replace("Z", "+00:00"))
    return [
        experiment.id,
        began.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M"),
        experiment.mode,
        f"{experiment.share:g}",
        printable(experiment.challenger.text()),
        story.ended.get("outcome", "running"),
        printable(str(story.ended.get("reason", ""))),
    ]
