"""A round of learning from visitors: collect, pull, prepare, train, evaluate, export, gate, deploy.

With experiments, the new model is not deployed but begins as a challenger; and while one runs, a
round collects, looks and decides, and trains nothing.

A round may be killed at any point: stages are written whole, collecting has watermarks, a deploy
can be repeated. The next round finds what is done and goes on from there. That its events are
learned from is noted last.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from training.bundle import Bundle, open_bundle
from training.config import ExperimentConfig
from training.deploy import gate
from training.deploy.component import Component
from training.deploy.deploy import deploy
from training.deploy.versions import Models, now
from training.errors import RecommenderError
from training.events.store import EventStore
from training.experiments import analysis
from training.experiments.row import Experiment
from training.harper.client import HarperClient
from training.harper.cluster import Target
from training.harper.config import HarperConfig
from training.pipeline import deployed, judging, round_summary, rounds, warm
from training.pipeline.collecting import NoNodeRead, collect_all
from training.pipeline.experiment import trying
from training.pipeline.experiment.end import Place, settled
from training.pipeline.experiment.looking import act_on, take_look
from training.pipeline.experiment.start import start
from training.pipeline.folders import Folders
from training.pipeline.lock import exclusive
from training.pipeline.pull import changes as changes_of_tables
from training.pipeline.pull import pull_tables
from training.pipeline.rounds import Round
from training.pipeline.stages import PREPARE, STAGES, TRAIN

log = logging.getLogger(__name__)

STEPS = ("connect", "collect", "pull", *STAGES, "gate", "deploy")
"""What a round does, in order; `Loop.step` is called with each before it begins. With experiments,
`LOOK` follows ``collect`` while one runs, and `START` is in the place of ``deploy``."""
LOOK, START = "look", "experiment"
DEPLOYED, UNCHANGED, REFUSED, FAILED = "deployed", "unchanged", "refused by the gate", "failed"
BEGUN, RUNNING = "experiment started", "experiment running"
PROMOTED, WITHDRAWN = analysis.PROMOTED, analysis.WITHDRAWN
WARM = "train.warm_start=true"
"""What a round adds to the settings; its own come after, so that they can undo it."""


@dataclass(frozen=True)
class Loop:
    """What one domain's rounds need.

    Attributes:
        folders: Where to read and write.
        connect: Finds the nodes; called in each round, because nodes come and go.
        component: Packs the code that answers.
        by: Who deploys, for people; public.
        least_events: Nothing is retrained with fewer new events, changed rows of HarperDB tables
            included.
        collector: Login, user name and password, that may read events; None: the one of `connect`.
        source: Login that may read the domain's HarperDB tables; None: the one of `connect`.
        changes: Settings, each ``section.field=value``.
        experiment: How a new model is tried on live visitors; None: it is deployed at once, and
            nothing is decided about experiments that were started otherwise.
        step: Called with the step of `STEPS` that begins.
        apart: Whether large stages get a process of their own.
    """

    folders: Folders
    connect: Callable[[], Target]
    component: Callable[[], Component]
    by: str
    least_events: int = 500
    collector: tuple[str, str] | None = None
    source: tuple[str, str] | None = None
    changes: tuple[str, ...] = ()
    experiment: ExperimentConfig | None = None
    step: Callable[[str], None] = lambda name: None
    apart: bool = False

    def with_step(self, step: Callable[[str], None]) -> Loop:
        """Returns the same with another `step`."""
        return replace(self, step=step)

    def run(self) -> Round:
        """Runs a round, and adds it to the journal, whatever became of it.

        Returns:
            What the journal says: ``outcome`` is one of `DEPLOYED`, `UNCHANGED`, `REFUSED`,
            `FAILED`; with experiments also `BEGUN`, `RUNNING`, `PROMOTED`, `WITHDRAWN`.
        """
        at = _Round(self)
        began = time.monotonic()
        try:
            with exclusive(self.folders.home, f"loop {self.folders.domain.name}"):
                outcome = at.through()
        except (RecommenderError, OSError) as error:
            outcome = at.failed(str(error))
        except Exception as error:
            log.exception("%s: %s", self.folders.domain.name, at.stage)  # a bug, but not the end
            outcome = at.failed(f"{type(error).__name__}: {error}")
        at.done["outcome"] = outcome
        at.seconds["all"] = round(time.monotonic() - began, 3)
        rounds.append_round(self.folders, at.done)
        at.publish()
        return at.done

    def killed(self, message: str) -> Round:
        """Adds to the journal a round that could not do so itself."""
        at = _Round(self)
        at.stage = "round"
        at.failed(message)
        at.seconds["all"] = 0.0
        rounds.append_round(self.folders, at.done)
        return at.done


class _Round:
    """One round at work."""

    def __init__(self, loop: Loop) -> None:
        self.loop, self.folders = loop, loop.folders
        self.store = EventStore(self.folders.events)
        self.stage = "lock"
        self.models: Models | None = None
        self.seconds: dict[str, float] = {}
        self.done: Round = {
            "at": now(),
            "outcome": FAILED,
            "new_events": None,
            "events": None,
            "before": None,
            "after": None,
            "seconds": self.seconds,
        }

    def failed(self, message: str) -> str:
        """Notes which stage failed, and why, in one line."""
        self.done |= {"stage": self.stage, "error": " ".join(message.split())}
        return FAILED

    def publish(self) -> None:
        """Shows the latest rounds on the nodes, if it can: the journal has them all."""
        if self.models is None or self.done["after"] is None:
            return  # no node was found, or there is no table yet
        try:
            round_summary.publish(self.models, self.folders, self.loop.by)
        except (RecommenderError, OSError) as error:
            log.warning("%s: the rounds are not shown: %s", self.folders.domain.name, error)

    def through(self) -> str:
        """Runs the steps, and returns the outcome."""
        domain = self.folders.domain
        with self._step("connect"):
            target = self.loop.connect()
            models = self.models = Models(target.client, domain.database)
            current = (models.pointer() or {}).get("version")
        self.done |= {"before": current, "after": current}
        if current is not None:
            deployed.keep(self.folders, current)  # before anything that it was made from changes
            running = settled(self._place(target))
            if running is not None:
                return self._look(target, running)
        with self.store.lock():
            if domain.events.enabled and current is not None:
                with self._step("collect"):
                    self._collect(target)
            learned = rounds.file_names(self.store)
            new = rounds.events_not_learned(self.folders, self.store)
            self.done |= {"new_events": new, "events": self.store.count()}
        rows, changed = self._pull(target)
        if current is not None and new + rows < self.loop.least_events:
            return UNCHANGED
        for stage in STAGES.values():
            changes = self.loop.changes if stage is PREPARE else (WARM, *self.loop.changes)
            with self._step(stage.name):
                stage(self.folders, changes, progress=lambda *_: None, apart=self.loop.apart)
        self.done["start"] = warm.text(TRAIN.started_from(self.folders))
        outcome = self._gate_and_deploy(target, models, current)
        rounds.mark_learned(self.folders, learned)
        rounds.mark_rows_learned(self.folders, changed)
        return outcome

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self.stage = name
        self.loop.step(name)
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(time.monotonic() - began, 3)

    def _pull(self, target: Target) -> tuple[int, dict[str, int]]:
        """Pulls the domain's tables; returns how many rows are new, and what is to be noted."""
        with self._step("pull"):
            client = HarperClient(_as(target, self.loop.source))
            for _ in pull_tables(self.folders, client):
                pass
        rows = rounds.rows_not_learned(self.folders)
        if self.folders.domain.tables:
            self.done["new_rows"] = rows
        return rows, changes_of_tables(self.folders)

    def _place(self, target: Target) -> Place:
        return Place(self.folders, target, self.loop.by)

    def _look(self, target: Target, experiment: Experiment) -> str:
        """Collects, looks at a running experiment, and ends it if that decides it."""
        place = self._place(target)
        with self.store.lock():
            with self._step("collect"):
                self._collect(target)
            self.done |= {"events": self.store.count()}
            with self._step(LOOK):
                seen = take_look(place, experiment, self.store)
        self.done["new_events"] = rounds.events_not_learned(self.folders, self.store)
        self.done["experiment"] = trying.figures(experiment, seen)
        ended = act_on(place, experiment, seen) if self.loop.experiment else None
        if ended is None:
            return RUNNING
        outcome, self.done["reason"], behind = ended
        self.done |= {"behind": behind} if behind else {}
        if outcome == PROMOTED:
            self.done["after"] = experiment.challenger.version
            deployed.keep(self.folders, experiment.challenger.version)
        return outcome

    def _collect(self, target: Target) -> None:
        try:
            unread = collect_all(target, self.folders.domain, self.store, self.loop.collector)
        except NoNodeRead as error:
            self.done["unread"] = error.unread
            raise
        if unread:
            self.done["unread"] = unread

    def _gate_and_deploy(self, target: Target, models: Models, current: str | None) -> str:
        domain = self.folders.domain
        bundle = open_bundle(self.folders.bundle, domain.name)
        self.done |= judging.figures(self.folders, bundle.manifest)
        if bundle.version != current:
            with self._step("gate"):
                found, compared = judging.objections(self.folders, bundle.manifest, models, current)
                self.done |= {"gate": compared} if compared else {}
                if self.loop.experiment is not None:
                    found += trying.objections(self.folders, bundle.version)
            if found:
                self.done["objections"] = found
                return REFUSED
            if self.loop.experiment is not None and current is not None:
                return self._start(target, bundle, self.loop.experiment)

        def objections(new: dict[str, Any], other: dict[str, Any] | None) -> list[str]:
            # What was compared was compared; another model, made current meanwhile, was not.
            is_same = (other or {}).get("version") == current
            return [] if is_same else gate.objections(new, other)

        with self._step("deploy"):
            outcome = deploy(
                target,
                domain.database,
                bundle,
                self.loop.component(),
                by=self.loop.by,
                objections=objections,
            )
        self.done["after"] = outcome.version
        behind = [s.node.name or s.node.url for s in outcome.states if not s.answers]
        if behind:
            self.done["behind"] = behind
        deployed.keep(self.folders, outcome.version)
        return UNCHANGED if outcome.unchanged else DEPLOYED

    def _start(self, target: Target, bundle: Bundle, config: ExperimentConfig) -> str:
        """Starts an experiment with a model that has passed the gate."""
        with self._step(START):
            request = trying.request(self.folders, bundle, self.loop.component, config)
            started = start(self._place(target), request)
        self.done["experiment"] = {"id": started.experiment.id, "needed": request.needed}
        self.done |= {"behind": started.down} if started.down else {}
        return BEGUN


def _as(target: Target, login: tuple[str, str] | None) -> HarperConfig:
    config = target.client.config
    if login is None:
        return config
    username, password = login
    return replace(config, username=username, password=password)
