"""The commands that run the pipeline: prepare, train, evaluate, export, compare, run."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as ProgressBar

from training.cli import harper
from training.cli.connection import connect
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
from training.cli.pull import pull_domain
from training.domains import remote
from training.domains.protocol import Protocol
from training.models import workers
from training.pipeline import raw_data
from training.pipeline.folders import Folders, read_json
from training.pipeline.lock import exclusive
from training.pipeline.outer import outer_stage, scores_of
from training.pipeline.protocol import protocol_stage
from training.pipeline.stage import Done, Stage
from training.pipeline.stages import HELP_TRAIN, STAGES
from training.progress import Progress

Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="Folder of raw files, or an address such as s3://bucket/folder. Default: the one used "
        "before, at first the demonstration data.",
    ),
]
RefusedData = Annotated[str | None, typer.Option("--data", hidden=True)]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="section.setting=value, such as clean.liked_from=10; repeatable. "
        "`harperdb-recommender config list` names them all.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Override the gate's objections; recorded.")]
PublishedProtocol = Annotated[
    str | None,
    typer.Option("--protocol", help="A published split of the whole data, such as msd."),
]

Seeds = Annotated[
    int | None,
    typer.Option("--seeds", min=1, max=100, help="Compare on so many splits made before prepare."),
]


def mount(app: typer.Typer) -> None:
    """Adds the commands to a command line."""
    app.command()(prepare)
    for name, what in (
        ("train", "Fit the models on prepared data."),
        ("evaluate", "Measure every strategy and baseline on held-out users."),
        ("export", "Convert the model to TensorFlow.js and write the bundle."),
    ):
        app.command(name)(_later_stage(name, what))
    app.command()(compare)
    app.command()(run)


def prepare(
    domain: DomainName,
    data: Data = None,
    artifacts: Artifacts = ARTIFACTS,
    changes: Changes = None,
) -> None:
    """Read, clean, index and split a folder of raw files.

    Example: harperdb-recommender prepare songs --data ~/taste-profile
    """
    with _folders(domain, data, artifacts) as folders:
        run_stage(STAGES["prepare"], folders, changes)


def _later_stage(name: str, what: str) -> Callable[..., None]:
    """Makes the command of a stage that does not read raw files."""

    def command(
        domain: DomainName,
        data: RefusedData = None,
        artifacts: Artifacts = ARTIFACTS,
        changes: Changes = None,
    ) -> None:
        if data is not None:
            raise typer.BadParameter(
                f"{name} uses what was prepared: run `harperdb-recommender prepare {domain} "
                f"--data {shlex.quote(data)}` first, then {name} without --data",
                param_hint="--data",
            )
        folders = Folders(domain_of(domain), DATASETS, artifacts)
        worker = workers.named() if name == "train" else None
        if worker and not worker.is_chief:  # the chief may hold the lock of the same folders
            run_stage(HELP_TRAIN, folders, changes)
            return
        with _locked(folders):
            run_stage(STAGES[name], folders, changes)

    command.__doc__ = f"{what}\n\nExample: harperdb-recommender {name} songs"
    return command


def compare(
    domain: DomainName,
    data: Data = None,
    artifacts: Artifacts = ARTIFACTS,
    changes: Changes = None,
    protocol: PublishedProtocol = None,
    seeds: Seeds = None,
) -> None:
    """Measure our strategies and every baseline on the same split, and print the whole table.

    Runs prepare, train and evaluate. With --seeds, people are taken away before prepare instead,
    once for each seed, and the model that would ship is compared with peers fitted on everyone.

    Example: harperdb-recommender compare songs --data ~/taste-profile
    """
    chosen = protocol_of(domain, protocol) if protocol else None
    if chosen and seeds:
        raise typer.BadParameter("a protocol has a split of its own", param_hint="--seeds")
    with _folders(domain, data, artifacts) as folders:
        if seeds:
            for seed in range(seeds):
                run_stage(outer_stage(seed), folders, changes)
            from training.evaluation import outer_table

            out.print(f"\n{outer_table.text(scores_of(folders, range(seeds)))}\n")
            return
        if chosen:
            run_stage(protocol_stage(chosen), folders, changes)
            table = folders.benchmark(chosen) / "TABLE.md"
            out.print(f"\n{table.read_text(encoding='utf-8')}")
            return
        for name in ("prepare", "train", "evaluate"):
            run_stage(STAGES[name], folders, changes, apart=True)
        from training.evaluation import card

        report = read_json(folders.report / "report.json")
        out.print(f"\n{card.table(report)}\n")
        out.print(f"The full report: {folders.report}/MODEL_CARD.md")


def run(
    domain: DomainName,
    data: Data = None,
    artifacts: Artifacts = ARTIFACTS,
    changes: Changes = None,
    force: Force = False,
    in_cluster: harper.Cluster = False,
) -> None:
    """Run every stage: prepare, train, evaluate, export, deploy; then query the deployed routes.

    HarperDB tables that the domain reads are pulled first.

    Example: harperdb-recommender run books --data ~/book-crossing
    """
    with _folders(domain, data, artifacts) as folders:
        harper.require_ready(folders.domain, in_cluster)
        if folders.domain.tables:
            pull_domain(folders, connect(in_cluster))
        for stage in STAGES.values():
            run_stage(stage, folders, changes, apart=True)
        outcome = harper.deploy_domain(folders, changes, force=force, in_cluster=in_cluster)
        _print_addresses(folders, outcome.states[0].node.routes_url)
    harper.exit_if_behind(outcome)


@contextlib.contextmanager
def _folders(name: str, data: str | None, artifacts: Path) -> Iterator[Folders]:
    """Yields a domain's folders, locked; says which raw files are used unless they were named.

    What an address names is copied first, as far as it has changed.

    Raises:
        typer.BadParameter: there is no such domain.
        RecommenderError: another command uses the folders.
    """
    domain = domain_of(name)
    demonstration = DATASETS / domain.name / "sample"
    address = data if data is not None and remote.is_address(data) else None
    if address is not None:
        data = str(remote.folder_of(address, artifacts / domain.name))
    named = Path(data) if data is not None else None
    chosen = raw_data.choose(domain, artifacts, named=named, demonstration=demonstration)
    if address is None and named is None:
        address = remote.address_of(chosen.folder)
    if chosen.origin:
        place = address or chosen.folder
        err.print(printable(f"{domain.name}: data from {place} ({chosen.origin})"))
    with _locked(Folders(domain, chosen.folder, artifacts)) as folders:
        if address is not None:
            with _bar(f"{domain.name} data") as progress:
                remote.copy(address, chosen.folder, progress=progress)
        yield folders


@contextlib.contextmanager
def _locked(folders: Folders) -> Iterator[Folders]:
    words = [Path(sys.argv[0]).name, *sys.argv[1:]]
    with exclusive(folders.home, shlex.join(words)):
        yield folders


def protocol_of(domain: str, name: str) -> Protocol:
    """Returns a domain's published protocol.

    Raises:
        typer.BadParameter: there is no such domain, or it has no protocol of that name.
    """
    known = {protocol.name: protocol for protocol in domain_of(domain).protocols}
    if name not in known:
        there = f"there is {' and '.join(known)}" if known else "there is none"
        raise typer.BadParameter(f"--protocol {name}: for {domain} {there}")
    return known[name]


def run_stage(
    stage: Stage,
    folders: Folders,
    changes: list[str] | None,
    *,
    apart: bool = False,
) -> Done:
    """Runs a stage under a progress bar, and says in one line what it did."""
    with _bar(f"{folders.domain.name} {stage.name}") as progress:
        done = stage(folders, changes or [], progress=progress, apart=apart)
    took = f"{done.seconds:.1f} s" if done.fresh else "unchanged"
    out.print(f"{folders.domain.name:5}  {done.stage:8}  {took:>9}  {done.text}")
    return done


@contextlib.contextmanager
def _bar(label: str) -> Iterator[Progress]:
    """Yields what draws a progress bar."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with ProgressBar(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(label, total=None)

        def progress(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{label}: {text}")

        yield progress


def _print_addresses(folders: Folders, routes: str) -> None:
    base = f"{routes}/{folders.domain.project}"
    three = read_json(folders.bundle / "item_ids.json")[:3]
    body = json.dumps({"favourites": three})
    out.print(f"\n  {base}/ui/")
    out.print(f"  curl -s {base}/recommend -H 'content-type: application/json' -d '{body}'\n")
