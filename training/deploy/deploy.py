"""Deploys a bundle: component, gate, model, catalogue, pointer; verifies on every node, or takes
it back.

The order makes an interruption harmless. Clients are answered by the pointer's model, and the
pointer is written last, when the nodes have already loaded and probed the new one as a *candidate*.
Whatever an interrupted deploy leaves behind is either what the next one of the same bundle goes on
with, or what the next one of any bundle clears away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from training.bundle import Bundle
from training.deploy import catalogue, gate, versions
from training.deploy import lease as turn
from training.deploy import standing as nodes
from training.deploy.component import Component
from training.deploy.install import ensure_turns, install
from training.deploy.standing import Standing
from training.deploy.versions import Models
from training.errors import HarperError, HarperRefused
from training.harper.cluster import Target

log = logging.getLogger(__name__)

STEPS = (
    "turn",
    "component",
    "gate",
    "catalogue",
    "model",
    "candidate",
    "pointer",
    "verify",
    "prune",
)
"""What a deploy does, in order; `Watcher.step` is told each before it begins."""


@dataclass(frozen=True)
class Watcher:
    """Who wants to know how far a deploy is; the default nobody.

    Attributes:
        step: Told the step of `STEPS` that begins.
        rows: Told (rows done, rows to do) while the catalogue travels.
    """

    step: Callable[[str], None] = lambda name: None
    rows: catalogue.Progress = lambda done, all_: None


@dataclass(frozen=True)
class Outcome:
    """What a deploy or a rollback did.

    Attributes:
        version: The version that is current now.
        standings: How each node stands to it.
        unchanged: Whether it was current before, and whole.
        code_deployed: Whether the component travelled.
        rows: Rows of the catalogue.
        rows_sent: Those of them that travelled.
        forced: The objections of the gate that were overridden.
        removed: Versions that were pruned.
    """

    version: str
    standings: list[Standing]
    unchanged: bool = False
    code_deployed: bool = False
    rows: int = 0
    rows_sent: int = 0
    forced: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def is_everywhere(self) -> bool:
        """Whether every node answers with the version."""
        return all(standing.answers for standing in self.standings)


def deploy(
    target: Target,
    database: str,
    bundle: Bundle,
    component: Component,
    *,
    by: str,
    force: bool = False,
    watcher: Watcher | None = None,
) -> Outcome:
    """Makes a bundle's model the one that answers.

    Args:
        target: The nodes.
        database: The domain's database.
        bundle: What to deploy.
        component: The code that shall answer from it.
        by: Who deploys, for people; public.
        force: Override the gate's objections to the report; they are recorded. What a node refuses
            stays refused.
        watcher: Told how far it is.

    Returns:
        What was done; nodes that are down or behind are named in it, and are no error.

    Raises:
        HarperRefused: the gate objects, the target refuses the model, or another deploy is at work.
        HarperUnavailable: the target does not answer.
    """
    watch = watcher or Watcher()
    watch.step("turn")
    ensure_turns(target.client, database)
    with turn.take_turn(target.client, database, by, settle_seconds=_settle(target)) as ours:
        run = _Run(target, database, bundle, component, by, force, watch, ours)
        return run.through()


def _settle(target: Target) -> float:
    return 0.5 if target.is_cluster else 0.1


@dataclass
class _Run:
    """One deploy at work; each method is one step."""

    target: Target
    database: str
    bundle: Bundle
    component: Component
    by: str
    force: bool
    watch: Watcher
    turn: turn.Turn

    def through(self) -> Outcome:
        models = Models(self.target.client, self.database)
        self.watch.step("component")
        code_deployed = install(self.target, self.component, self.turn.renew)
        seen = models.pointer()
        if self._is_deployed(models, seen):
            return self._unchanged(models, code_deployed)
        self.watch.step("gate")
        forced = self._pass_gate(models, seen)
        self.watch.step("catalogue")
        # Before the model: a node reads the catalogue's rows when it loads the candidate.
        pushed = catalogue.push(self.target.client, self.database, self.bundle, self._rows)
        self._try_out(models, forced)
        self.watch.step("pointer")
        self._check_nobody_interfered(models, seen)
        models.make_current(self.bundle.version, self.by, forced=bool(forced))
        self.watch.step("verify")
        standings = self._verify(models, seen)
        self.watch.step("prune")
        removed = self._tidy(models)
        return Outcome(
            self.bundle.version,
            standings,
            code_deployed=code_deployed,
            rows=pushed.rows,
            rows_sent=pushed.sent,
            forced=forced,
            removed=removed,
        )

    def _rows(self, done: int, all_: int) -> None:
        self.turn.renew()
        self.watch.rows(done, all_)

    def _is_deployed(self, models: Models, seen: dict[str, Any] | None) -> bool:
        return (
            seen is not None
            and seen.get("version") == self.bundle.version
            and models.is_whole(self.bundle)
            and nodes.standing(
                self.target.node, self.component.project, self.bundle.version
            ).answers
        )

    def _unchanged(self, models: Models, code_deployed: bool) -> Outcome:
        self.watch.step("catalogue")
        # After a rollback the model is the one asked for, and the rows are those of a later one.
        pushed = catalogue.push(self.target.client, self.database, self.bundle, self._rows)
        self.watch.step("verify")
        standings = nodes.settled(
            self.target, self.component.project, self.bundle.version, self.turn.renew
        )
        standings = self._probed(standings)
        self.watch.step("prune")
        return Outcome(
            self.bundle.version,
            standings,
            unchanged=True,
            code_deployed=code_deployed,
            rows=pushed.rows,
            rows_sent=pushed.sent,
            removed=self._tidy(models),
        )

    def _pass_gate(self, models: Models, seen: dict[str, Any] | None) -> list[str]:
        current = models.manifest(str(seen["version"])) if seen else None
        if current is not None and current.get("version") == self.bundle.version:
            current = None  # the same model again, to mend what is broken: nothing to compare
        found = gate.objections(self.bundle.manifest, current)
        if found and not self.force:
            raise HarperRefused(
                "deploy",
                f"model {self.bundle.version} stays out: {'; '.join(found)} (--force overrides)",
            )
        for objection in found:
            log.warning("overridden: %s", objection)
        return found

    def _try_out(self, models: Models, forced: list[str]) -> None:
        """Lets the nodes load and probe the model; a refused one leaves nothing behind."""
        self.watch.step("model")
        was_there = models.is_whole(self.bundle)
        try:
            if not was_there:
                self._push(models, forced)
            self.watch.step("candidate")
            self._nominate(models)
        except HarperRefused:
            self.turn.check()  # where it is another's turn, the candidate may be another's too
            if not was_there:
                self._tidy(models)
                raise
            # Right lengths are no proof of right bytes: the record may have been spoilt since.
            self._push(models, forced)
            self._nominate(models)

    def _push(self, models: Models, forced: list[str]) -> None:
        self.turn.renew()
        models.push(self.bundle, self.by, forced=bool(forced), gate=forced)

    def _nominate(self, models: Models) -> None:
        self.turn.check()
        models.nominate(self.bundle.version, self.by)
        nodes.try_candidate(
            self.target, self.component.project, self.bundle.version, self.turn.renew
        )

    def _check_nobody_interfered(self, models: Models, seen: dict[str, Any] | None) -> None:
        self.turn.check()
        if (models.pointer() or {}).get("at") != (seen or {}).get("at"):
            raise HarperRefused("deploy", "the pointer was moved meanwhile; look, and run it again")

    def _verify(self, models: Models, seen: dict[str, Any] | None) -> list[Standing]:
        standings = nodes.settled(
            self.target, self.component.project, self.bundle.version, self.turn.renew
        )
        try:
            nodes.require_answering(standings[0])
            standings = self._probed(standings)
        except HarperError as error:
            self.turn.check()
            models.withdraw()
            if seen and seen.get("version") != self.bundle.version:
                models.make_current(str(seen["version"]), f"{self.by} (taken back)")
                raise HarperRefused(
                    "deploy", f"taken back to {seen['version']}: {error}"
                ) from error
            raise
        return standings

    def _probed(self, standings: list[Standing]) -> list[Standing]:
        return nodes.probed(
            standings, self.component.project, self.bundle.version, self.bundle.probes()
        )

    def _tidy(self, models: Models) -> list[str]:
        self.turn.check()
        models.withdraw()
        removed = models.prune()
        kept = {
            str((v.manifest.get("files") or {}).get("items.jsonl", {}).get("sha256"))
            for v in models.listed()
        }
        catalogue.prune(self.target.client, self.database, kept)
        return removed


def rollback(
    target: Target, database: str, project: str, version: str | None, *, by: str
) -> Outcome:
    """Makes an older version current again.

    Args:
        target: The nodes.
        database: The domain's database.
        project: The component's name.
        version: Which one; None: the one that was current before.
        by: Who does it, for people; public.

    Raises:
        HarperRefused: there is no such version, or the target cannot answer from it: then the
            pointer is back where it was.
    """
    models = Models(target.client, database)
    if models.pointer() is None:
        raise HarperRefused("rollback", "no model was ever deployed here")
    with turn.take_turn(target.client, database, by, settle_seconds=_settle(target)) as ours:
        seen = models.pointer()
        chosen = version or _previous(models)
        models.make_current(chosen, by)
        standings = nodes.settled(target, project, chosen, ours.renew)
        try:
            nodes.require_answering(standings[0])
        except HarperError as error:
            ours.check()
            if seen:
                models.make_current(str(seen["version"]), f"{by} (taken back)")
            raise HarperRefused("rollback", f"{chosen} cannot answer: {error}") from error
        return Outcome(chosen, standings)


def _previous(models: versions.Models) -> str:
    older = [v for v in models.listed() if not v.current and v.made_current]
    if not older:
        raise HarperRefused("rollback", "no older version is kept; see `versions`")
    return older[0].version
