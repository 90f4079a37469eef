"""The command that learns from visitors for as long as it runs: loop."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from types import FrameType
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from training.cli.connection import Cluster, connect
from training.cli.console import (
    ARTIFACTS,
    DATASETS,
    Artifacts,
    domain_of,
    err,
    out,
    printable,
)
from training.cli.harper import who_deploys
from training.cli.pull import source_login
from training.cli.stages import Changes
from training.cli.status import BEHIND, round_text
from training.deploy.component import pack
from training.domains import DOMAINS
from training.pipeline import raw_data, settings
from training.pipeline.folders import Folders
from training.pipeline.lock import exclusive
from training.pipeline.loop import FAILED, Loop, wait_seconds
from training.pipeline.rounds import Round

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def mount(app: typer.Typer) -> None:
    """Adds the command to a command line."""
    app.command("loop")(run_loop)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if found is None or not int(found[1]):
        raise typer.BadParameter(f"{text!r}: expected a number and s, m, h or d, such as 30m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def run_loop(
    domains: Annotated[
        list[str], typer.Argument(help=f"{' or '.join(DOMAINS)}, or several", metavar="DOMAIN…")
    ],
    artifacts: Artifacts = ARTIFACTS,
    every: Annotated[
        str, typer.Option("--every", help="Time from one round to the next: 30m, 1h, 1d.")
    ] = "1h",
    least_events: Annotated[
        int,
        typer.Option(
            "--min-new-events", min=1, help="Retrain nothing with fewer new events and rows."
        ),
    ] = 500,
    once: Annotated[
        bool, typer.Option("--once", help="One round of each domain, then end.")
    ] = False,
    changes: Changes = None,
    in_cluster: Cluster = False,
    is_child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """Learn from visitors: collect, prepare, train, evaluate, export, gate, deploy; and again.

    Runs until it is stopped, and may be stopped at any point. A round that fails is recorded in
    ARTIFACTS/DOMAIN/loop.jsonl and tried again, after a minute at first. With --once it ends with 1
    if a round failed, with 3 if a node is down or behind.

    HARPER_COLLECTOR_USERNAME and HARPER_COLLECTOR_PASSWORD: another login for reading events.
    HARPER_SOURCE_USERNAME and HARPER_SOURCE_PASSWORD: another one for reading HarperDB tables,
    which each round pulls.

    Example: harperdb-recommender loop songs books --every 1h
    """
    wait = _seconds(every)
    # By name: twice the same domain is one.
    loops = {
        name: _loop(name, artifacts, changes, least_events, in_cluster)
        for name in dict.fromkeys(domains)
    }
    signal.signal(signal.SIGTERM, _stop)
    if is_child:  # of a loop that holds the lock, and says itself that it was stopped
        with contextlib.suppress(KeyboardInterrupt):
            _end([_round(loop) for loop in loops.values()])
        return
    for loop in loops.values():
        err.print(printable(f"{loop.folders.domain.name}: data from {loop.folders.raw}"))
    with exclusive(artifacts, shlex.join(["harperdb-recommender", *sys.argv[1:]])):
        if once:
            _end([_round(loop) for loop in loops.values()])
            return
        options = ["--artifacts", str(artifacts), "--min-new-events", str(least_events)]
        options += [word for change in changes or () for word in ("--set", change)]
        _forever(loops, wait, [*options, *(["--cluster"] if in_cluster else [])])


def _stop(number: int, frame: FrameType | None) -> None:
    # As Ctrl-C: what runs cleans up, and the command line says in one line that it was stopped.
    raise KeyboardInterrupt


def _loop(
    name: str, artifacts: Artifacts, changes: Changes, least_events: int, in_cluster: bool
) -> Loop:
    named = domain_of(name)
    config = settings.initial(named).with_settings(changes or ())
    domain = settings.domain_with(named, config)
    demonstration = DATASETS / domain.name / "sample"
    chosen = raw_data.choose(domain, artifacts, named=None, demonstration=demonstration)
    return Loop(
        Folders(domain, chosen.folder, artifacts),
        connect=lambda: connect(in_cluster),
        component=lambda: pack(domain),
        by=who_deploys(),
        least_events=least_events,
        collector=_collector(),
        source=source_login(),
        changes=tuple(changes or ()),
    )


def _collector() -> tuple[str, str] | None:
    name = os.environ.get("HARPER_COLLECTOR_USERNAME")
    return (name, os.environ.get("HARPER_COLLECTOR_PASSWORD", "")) if name else None


def _forever(loops: dict[str, Loop], wait: float, options: list[str]) -> None:
    failures = dict.fromkeys(loops, 0)
    due = dict.fromkeys(loops, time.monotonic())
    while True:
        name = min(due, key=lambda one: due[one])
        time.sleep(max(0.0, due[name] - time.monotonic()))
        began = time.monotonic()
        failed = _child_round(loops[name], options) not in (0, BEHIND)
        failures[name] = failures[name] + 1 if failed else 0
        due[name] = max(began + wait_seconds(wait, failures[name]), time.monotonic())


def _child_round(loop: Loop, options: list[str]) -> int:
    """Runs a round in a process of its own, which returns its memory; returns the exit code.

    TensorFlow keeps some megabytes of every model that it has trained or loaded.
    """
    name = loop.folders.domain.name
    command = [sys.executable, "-m", "training", "loop", name, "--once", "--child", *options]
    # A session of its own: Ctrl-C reaches only us, and we end it.
    with subprocess.Popen(command, start_new_session=True) as child:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            child.terminate()
            child.wait()  # leaving the block does not wait after Ctrl-C
            raise
    if code < 0:
        _print_round(loop, loop.killed(f"the process of the round was killed by signal {-code}"))
    return code


def _round(loop: Loop) -> Round:
    name = loop.folders.domain.name
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(f"{name} loop")

        def step(what: str) -> None:
            bar.update(task, description=f"{name} loop: {what}")

        done = loop.with_step(step).run()
    _print_round(loop, done)
    return done


def _print_round(loop: Loop, done: Round) -> None:
    name = loop.folders.domain.name
    out.print(printable(f"{name:5}  loop      {round_text(done)}"))


def _end(done: list[Round]) -> None:
    if any(one["outcome"] == FAILED for one in done):
        raise typer.Exit(1)
    if any(one.get("behind") or one.get("unread") for one in done):
        raise typer.Exit(BEHIND)
