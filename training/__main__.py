"""Command line: ``python -m training <stage> <domain> [options]``.

Exit codes: 0, 1 for an error told in one line, 2 for wrong usage. A traceback is our own bug.
"""

from __future__ import annotations

import errno
import json
import logging
import sys
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from training.cli import harper as harper_commands
from training.cli.console import ARTIFACTS, Artifacts, DomainName, domain_of, err, out
from training.domains.protocol import Protocol
from training.errors import RecommenderError
from training.pipeline import stage
from training.pipeline import stages as pipeline
from training.pipeline.stages import Done, Folders

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of raw files; without it the demonstration data."),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="section.field=value, such as clean.liked_from=10; repeatable."),
]
REFUSED = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
"""What a machine may refuse without a fault of ours: room, and permission."""
INTERRUPTED = 130
"""What Typer ends with after Ctrl-C."""


def folders_of(name: str, data: Path | None, artifacts: Path) -> Folders:
    """Returns a domain's folders.

    Raises:
        typer.BadParameter: there is no such domain.
    """
    return Folders(domain_of(name), data or Path("datasets") / name / "sample", artifacts)


def protocol_of(folders: Folders, name: str) -> Protocol:
    """Returns a domain's published protocol.

    Raises:
        typer.BadParameter: the domain has none of that name.
    """
    known = {protocol.name: protocol for protocol in folders.domain.protocols}
    if name not in known:
        there = f"there is {' and '.join(known)}" if known else "there is none"
        raise typer.BadParameter(f"--protocol {name}: for {folders.domain.name} {there}")
    return known[name]


def run_stage(name: str, folders: Folders, changes: list[str] | None) -> Done:
    """Runs one stage under a progress bar, and says in one line what it did."""
    return run_step(name, folders, partial(pipeline.STAGES[name], folders, changes or []))


def run_step(name: str, folders: Folders, step: Callable[..., Done]) -> Done:
    """Runs something that reports its progress, likewise."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        label = f"{folders.domain.name} {name}"
        task = bar.add_task(label, total=None)

        def progress(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total, description=f"{label}: {text}")

        done = step(progress=progress)
    took = f"{done.seconds:.1f} s" if done.fresh else "unchanged"
    out.print(f"{folders.domain.name:5}  {done.stage:8}  {took:>9}  {done.text}")
    return done


def stage_command(name: str, what: str) -> Callable[..., None]:
    """Makes the command of one stage."""

    def command(
        domain: DomainName,
        data: Data = None,
        artifacts: Artifacts = ARTIFACTS,
        changes: Changes = None,
    ) -> None:
        run_stage(name, folders_of(domain, data, artifacts), changes)

    example = f"python -m training {name} songs"
    example += " --data ~/taste-profile" if name == "prepare" else ""
    command.__doc__ = f"{what}\n\nExample: {example}"
    return command


for _name, _what in (
    ("prepare", "Read, clean, index and split a folder of raw files."),
    ("train", "Fit the towers on prepared data."),
    ("evaluate", "Measure every strategy and baseline on held-out users."),
    ("export", "Convert the model to TensorFlow.js and write the bundle."),
):
    app.command(_name)(stage_command(_name, _what))


@app.command()
def compare(
    domain: DomainName,
    data: Data = None,
    artifacts: Artifacts = ARTIFACTS,
    changes: Changes = None,
    protocol: Annotated[
        str | None,
        typer.Option("--protocol", help="A published split of the whole data, such as msd."),
    ] = None,
) -> None:
    """Measure ours and every baseline on the same split, and print the whole table.

    Example: python -m training compare songs --data ~/taste-profile
    """
    folders = folders_of(domain, data, artifacts)
    if protocol is not None:
        chosen = protocol_of(folders, protocol)
        step = partial(pipeline.benchmark, folders, chosen, changes or [])
        run_step(f"compare {protocol}", folders, step)
        table = folders.benchmark(chosen) / "TABLE.md"
        out.print(f"\n{table.read_text(encoding='utf-8')}")
        return
    for name in ("prepare", "train", "evaluate"):
        run_stage(name, folders, changes)
    from training.evaluation import card

    report = pipeline.read_json(folders.report / "report.json")
    out.print(f"\n{card.table(report)}\n", markup=False)
    out.print(f"{folders.report}/MODEL_CARD.md tells the rest", markup=False)


@app.command()
def run(
    domain: DomainName,
    data: Data = None,
    artifacts: Artifacts = ARTIFACTS,
    changes: Changes = None,
    force: Annotated[
        bool, typer.Option("--force", help="Override the gate's objections; recorded.")
    ] = False,
    in_cluster: harper_commands.Cluster = False,
) -> None:
    """Do all of it: prepare, train, evaluate, export, deploy, and ask the deployed routes.

    Example: python -m training run books --data ~/book-crossing
    """
    folders = folders_of(domain, data, artifacts)
    harper_commands.require_ready(folders.domain, in_cluster)
    for name in pipeline.STAGES:
        run_stage(name, folders, changes)
    outcome = harper_commands.deploy_domain(
        folders.domain, artifacts, force=force, in_cluster=in_cluster
    )
    _print_addresses(folders, outcome.states[0].node.routes_url)
    harper_commands.exit_if_behind(outcome)


def _print_addresses(folders: Folders, routes: str) -> None:
    base = f"{routes}/{folders.domain.project}"
    three = pipeline.read_json(folders.bundle / "item_ids.json")[:3]
    body = json.dumps({"favourites": three})
    out.print(f"\n  {base}/ui/", markup=False)
    out.print(
        f"  curl -s {base}/recommend -H 'content-type: application/json' -d '{body}'\n",
        markup=False,
    )


@app.command()
def recommend(
    domain: DomainName,
    favourites: Annotated[list[str], typer.Argument(help="Ids of 1 to 10 favourites.")],
    artifacts: Artifacts = ARTIFACTS,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    strategy: Annotated[str | None, typer.Option(help="Without it the bundle's default.")] = None,
) -> None:
    """Answer from the exported bundle, without HarperDB.

    Example: python -m training recommend songs SOxxx SOyyy SOzzz
    """
    folder = folders_of(domain, None, artifacts).bundle
    stage.mark_of(folder, "export")
    from training.export.serving import BundleGraph, catalogue

    bundle = BundleGraph(folder)
    answer = bundle.answer(favourites, limit, strategy)
    if answer.unknown:
        err.print(printable(f"unknown: {', '.join(answer.unknown)}"))
    out.print(f"model {bundle.manifest['version']}, strategy {answer.strategy}")
    rows = catalogue(folder)
    shown = [field["name"] for field in bundle.manifest["fields"]]
    for place, (id_, score) in enumerate(answer.recommendations, start=1):
        told = [rows[id_].get(name, "") for name in shown] if id_ in rows else []
        text = " · ".join(value for value in told if value)
        out.print(f"{place:3}  {id_}  {score:.4f}  {printable(text)}")


harper_commands.mount(app)


def printable(text: str) -> str:
    """Returns the text without control characters: a title shall not steer a terminal."""
    return "".join(c for c in text if unicodedata.category(c) != "Cc")


def main() -> None:
    """Runs the command line."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except RecommenderError as error:
        err.print(printable(f"error: {error}"), style="red")
        sys.exit(1)
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        err.print(printable(f"error: {error}; what was finished is kept"), style="red")
        sys.exit(1)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            err.print("stopped; what was finished is kept")
        raise


if __name__ == "__main__":
    main()
