"""The command that learns from visitors for as long as it runs: loop."""

from __future__ import annotations

import contextlib
import logging
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

from training.cli.connection import Cluster, collector, connect
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
from training.errors import RecommenderError
from training.pipeline import raw_data, settings
from training.pipeline.experiment.end import Place
from training.pipeline.experiment.looking import guard
from training.pipeline.folders import Folders
from training.pipeline.lock import exclusive
from training.pipeline.loop import BEGUN, FAILED, RUNNING, WITHDRAWN, Loop
from training.pipeline.rounds import Round, rounds
from training.pipeline.waiting import Waits

log = logging.getLogger(__name__)

GUARD_SECONDS = 5.0
"""Between two checks of a running experiment's failures and latencies."""
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
    in_experiment: Annotated[
        bool,
        typer.Option("--experiment", help="Try each new model on a share of the visitors first."),
    ] = False,
    look_every: Annotated[
        str, typer.Option("--look-every", help="Time between two looks at an experiment.")
    ] = "5m",
    changes: Changes = None,
    in_cluster: Cluster = False,
    is_child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """Learn from visitors: collect, prepare, train, evaluate, export, gate, deploy; and again.

    Runs until it is stopped, and may be stopped at any point. A round that fails is recorded in
    ARTIFACTS/DOMAIN/loop.jsonl and tried again, after a minute at first. With --once it ends with 1
    if a round failed, with 3 if a node is down or behind.

    With --experiment a new model that passes the gate begins as the challenger of an experiment
    (docs/experiments.md); while it runs, nothing is trained, and it is promoted or withdrawn by
    what visitors do.

    HARPER_COLLECTOR_USERNAME and HARPER_COLLECTOR_PASSWORD: another login for reading events.
    HARPER_SOURCE_USERNAME and HARPER_SOURCE_PASSWORD: another one for reading HarperDB tables,
    which each round pulls.

    Example: harperdb-recommender loop songs books --every 1h
    """
    waits = Waits(_seconds(every), _seconds(look_every))
    # By name: twice the same domain is one.
    loops = {
        name: _loop(name, artifacts, changes, least_events, in_cluster, in_experiment)
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
        options += ["--experiment"] if in_experiment else []
        Forever(loops, waits, [*options, *(["--cluster"] if in_cluster else [])]).run()


def _stop(number: int, frame: FrameType | None) -> None:
    # As Ctrl-C: what runs cleans up, and the command line says in one line that it was stopped.
    raise KeyboardInterrupt


def _loop(
    name: str,
    artifacts: Artifacts,
    changes: Changes,
    least_events: int,
    in_cluster: bool,
    in_experiment: bool,
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
        collector=collector(),
        source=source_login(),
        changes=tuple(changes or ()),
        experiment=config.experiment if in_experiment else None,
        apart=True,
    )


class Forever:
    """Rounds of all domains, one at a time; meanwhile, running experiments are guarded."""

    def __init__(self, loops: dict[str, Loop], waits: Waits, options: list[str]) -> None:
        self.loops, self.waits, self.options = loops, waits, options
        self.failures = dict.fromkeys(loops, 0)
        self.due = dict.fromkeys(loops, time.monotonic())

    def run(self) -> None:
        """Runs until it is stopped."""
        while True:
            name = min(self.due, key=lambda one: self.due[one])
            while (left := self.due[name] - time.monotonic()) > 0:
                time.sleep(min(left, GUARD_SECONDS))
                self.guard()
            began = time.monotonic()
            failed = self._child_round(self.loops[name]) not in (0, BEHIND)
            self.failures[name] = self.failures[name] + 1 if failed else 0
            wait = self.waits.after(self.failures[name], in_experiment=self._is_trying(name))
            self.due[name] = max(began + wait, time.monotonic())

    def _is_trying(self, name: str) -> bool:
        """Whether the domain's last round left an experiment running."""
        done = rounds(self.loops[name].folders.home)
        return bool(done) and done[-1]["outcome"] in (BEGUN, RUNNING)

    def guard(self) -> None:
        """Withdraws challengers that fail or are slow; a round of their domains is due then."""
        for name, loop in self.loops.items():
            if loop.experiment is None or not self._is_trying(name):
                continue
            try:
                found = guard(Place(loop.folders, loop.connect(), loop.by))
            except RecommenderError as error:
                log.info("%s: %s", name, error)  # the next round says what is wrong
                continue
            if found is not None:
                out.print(printable(f"{name:5}  loop      {WITHDRAWN} {found[0]}: {found[1]}"))
                self.due[name] = time.monotonic()

    def _child_round(self, loop: Loop) -> int:
        """Runs a round in a process of its own, which returns its memory; returns the exit code.

        TensorFlow keeps some megabytes of every model that it has trained or loaded.
        """
        name = loop.folders.domain.name
        command = [sys.executable, "-m", "training", "loop", name, "--once", "--child"]
        # A session of its own: Ctrl-C reaches only us, and we end it.
        with subprocess.Popen([*command, *self.options], start_new_session=True) as child:
            try:
                code = self._wait_for(child)
            except KeyboardInterrupt:
                child.terminate()
                child.wait()  # leaving the block does not wait after Ctrl-C
                raise
        if code < 0:
            reason = f"the process of the round was killed by signal {-code}"
            _print_round(loop, loop.killed(reason))
        return code

    def _wait_for(self, child: subprocess.Popen[bytes]) -> int:
        while True:
            try:
                return child.wait(GUARD_SECONDS)
            except subprocess.TimeoutExpired:
                self.guard()


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
