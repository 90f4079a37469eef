"""A round of learning from visitors: collect, pull, prepare, train, evaluate, export, gate, deploy.

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
from datetime import datetime, timezone
from typing import Any

from training.bundle import open_bundle
from training.deploy import gate
from training.deploy.component import Component
from training.deploy.deploy import deploy
from training.deploy.versions import Models, now
from training.errors import HarperUnavailable, RecommenderError
from training.events.collect import clients_of, collect
from training.events.store import EventStore
from training.harper.client import HarperClient
from training.harper.cluster import Target
from training.harper.config import HarperConfig
from training.pipeline import deployed, round_summary, rounds, warm
from training.pipeline.folders import Folders, read_json
from training.pipeline.lock import exclusive
from training.pipeline.pull import changes as changes_of_tables
from training.pipeline.pull import pull_tables
from training.pipeline.rounds import Round
from training.pipeline.stages import PREPARE, STAGES, TRAIN

log = logging.getLogger(__name__)

STEPS = ("connect", "collect", "pull", *STAGES, "gate", "deploy")
"""What a round does, in order; `Loop.step` is called with each before it begins."""
DEPLOYED, UNCHANGED, REFUSED, FAILED = "deployed", "unchanged", "refused by the gate", "failed"
WARM = "train.warm_start=true"
"""What a round adds to the settings; its own come after, so that they can undo it."""
FIRST_RETRY_SECONDS = 60.0
LONGEST_RETRY_SECONDS = 3_600.0


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
        step: Called with the step of `STEPS` that begins.
    """

    folders: Folders
    connect: Callable[[], Target]
    component: Callable[[], Component]
    by: str
    least_events: int = 500
    collector: tuple[str, str] | None = None
    source: tuple[str, str] | None = None
    changes: tuple[str, ...] = ()
    step: Callable[[str], None] = lambda name: None

    def with_step(self, step: Callable[[str], None]) -> Loop:
        """Returns the same with another `step`."""
        return replace(self, step=step)

    def run(self) -> Round:
        """Runs a round, and adds it to the journal, whatever became of it.

        Returns:
            What the journal says: ``outcome`` is one of `DEPLOYED`, `UNCHANGED`, `REFUSED`,
            `FAILED`.
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
        self.store = EventStore(self.folders.home / "events")
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
                stage(self.folders, changes, progress=lambda *_: None)
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

    def _collect(self, target: Target) -> None:
        domain, config = self.folders.domain, _as(target, self.loop.collector)
        pulled = collect(clients_of(target, config), domain.database, self.store)
        self.store.expire(domain.events.keep_days, datetime.now(timezone.utc).date())
        unread = {one.node: one.error for one in pulled if one.error}
        if unread:
            self.done["unread"] = unread
        if len(unread) == len(pulled):
            raise HarperUnavailable("collect", f"no node could be read: {pulled[0].error}")

    def _gate_and_deploy(self, target: Target, models: Models, current: str | None) -> str:
        domain = self.folders.domain
        bundle = open_bundle(self.folders.bundle, domain.name)
        self.done |= self._figures(bundle.manifest)
        if bundle.version != current:
            with self._step("gate"):
                found = self._objections(bundle.manifest, models, current)
            if found:
                self.done["objections"] = found
                return REFUSED

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

    def _figures(self, manifest: dict[str, Any]) -> dict[str, float]:
        report = read_json(self.folders.report / "report.json")
        default = manifest["default_strategy"]
        row = next(row for row in report["rows"] if row["method"] == default)
        return {"validation_ndcg@20": row["validation_ndcg@20"], "test_ndcg@20": row["ndcg@20"]}

    def _objections(
        self, manifest: dict[str, Any], models: Models, current: str | None
    ) -> list[str]:
        if current is None:
            return gate.objections(manifest, None)
        compared = self._compared(current)
        if compared is None:
            self.done["gate"] = "figures of the reports: the two cannot be compared now"
            return gate.objections(manifest, models.manifest(current))
        self.done["gate"] = compared.figures()
        return gate.objections(manifest, None) + compared.objections()

    def _compared(self, current: str) -> Any:
        kept = deployed.find(self.folders, current)
        if kept is None:
            return None
        from training.data import dataset
        from training.pipeline.comparison import compare

        config = STAGES["evaluate"].config_of(self.folders)
        data = dataset.load(self.folders.prepared)
        return compare(self.folders.bundle, kept.folder, data, kept.learned_from, config)


def _as(target: Target, login: tuple[str, str] | None) -> HarperConfig:
    config = target.client.config
    if login is None:
        return config
    username, password = login
    return replace(config, username=username, password=password)


def wait_seconds(every: float, failures: int) -> float:
    """Returns how long to wait for a domain's next round.

    Args:
        every: The usual time between two rounds.
        failures: How many of its last rounds have failed in a row: the wait begins at a minute and
            doubles with each.
    """
    if not failures:
        return every
    longest = max(every, LONGEST_RETRY_SECONDS)
    return min(FIRST_RETRY_SECONDS * 2.0 ** min(failures - 1, 20), longest)
