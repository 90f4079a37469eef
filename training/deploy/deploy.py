"""Deploys a bundle: component, gate, model, catalogue, pointer; verifies it on every node, or
restores the previous model.

The order makes an interruption harmless. Clients are answered by the pointer's model, and the
pointer is written last, when the nodes have already loaded and probed the new one as a *candidate*.
What an interrupted deploy leaves behind is used by the next one of the same bundle, or removed by
the next one of any other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from training.bundle import Bundle
from training.deploy import catalogue, gate
from training.deploy.code import bring_code
from training.deploy.component import Component
from training.deploy.lease import Lease, acquire
from training.deploy.migration import ensure_lock_table, refuse_old_deploy
from training.deploy.node_state import (
    NodeState,
    check_probes,
    node_state,
    require_answering,
    settled_states,
)
from training.deploy.outcome import Outcome, Watcher
from training.deploy.trials import try_candidate
from training.deploy.versions import Models
from training.errors import HarperError, HarperRefused
from training.harper.cluster import Target

log = logging.getLogger(__name__)

Objections = Callable[[dict[str, Any], dict[str, Any] | None], list[str]]
"""(the new manifest, the current one or None) -> what speaks against the new model."""


def deploy(
    target: Target,
    database: str,
    bundle: Bundle,
    component: Component,
    *,
    by: str,
    force: bool = False,
    watcher: Watcher | None = None,
    objections: Objections = gate.objections,
) -> Outcome:
    """Makes a bundle's model the one that answers.

    Args:
        target: The nodes.
        database: The domain's database.
        bundle: What to deploy.
        component: The code that answers from it.
        by: Who deploys, for people; public.
        force: Override the gate's objections to the report; they are recorded. A refusal by a
            node is final.
        watcher: Is notified of the progress.
        objections: The gate.

    Returns:
        What was done; it names nodes that are down or behind, which are not an error.

    Raises:
        HarperRefused: the gate objects, the target refuses the model, or another deploy is running.
        HarperUnavailable: the target does not answer.
    """
    watch = watcher or Watcher()
    watch.step("lock")
    ensure_lock_table(target.client, database)
    refuse_old_deploy(target.client, database)
    with acquire(target.client, database, by, settle_seconds=target.settle_seconds) as lease:
        run = _Run(target, database, bundle, component, by, force, watch, lease, objections)
        return run.through()


@dataclass
class _Run:
    """One running deploy; each method is one step."""

    target: Target
    database: str
    bundle: Bundle
    component: Component
    by: str
    force: bool
    watch: Watcher
    lease: Lease
    objections: Objections

    def through(self) -> Outcome:
        models = Models(self.target.client, self.database)
        self._refuse_during_experiment(models)
        self.watch.step("component")
        code_deployed = bring_code(
            self.target, self.database, self.component, self.lease, by=self.by
        )
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
        self._check_pointer_unchanged(models, seen)
        models.make_current(self.bundle.version, self.by, forced=bool(forced))
        self.watch.step("verify")
        states = self._verify(models, seen)
        self.watch.step("prune")
        removed = self._tidy(models)
        return Outcome(
            self.bundle.version,
            states,
            code_deployed=code_deployed,
            rows=pushed.rows,
            rows_sent=pushed.sent,
            forced=forced,
            removed=removed,
        )

    def _refuse_during_experiment(self, models: Models) -> None:
        """Lets only the current model through, as a repair, while an experiment runs."""
        row = models.experiment()
        if row is None:
            return
        content = row.get("experiment") or {}
        if content.get("state") == "trial":
            models.end_experiment()  # its start was interrupted: we hold the lock
        elif (models.pointer() or {}).get("version") != self.bundle.version:
            domain = self.bundle.manifest["domain"]
            raise HarperRefused(
                "deploy",
                f"experiment {content.get('id')} has been running since {content.get('started')}: "
                f"end it with `harperdb-recommender experiment stop {domain} --discard` or "
                "--promote, then deploy",
            )

    def _rows(self, done: int, all_: int) -> None:
        self.lease.renew()
        self.watch.rows(done, all_)

    def _is_deployed(self, models: Models, seen: dict[str, Any] | None) -> bool:
        return (
            seen is not None
            and seen.get("version") == self.bundle.version
            and models.is_complete(self.bundle)
            and node_state(self.target.node, self.component.project, self.bundle.version).answers
        )

    def _unchanged(self, models: Models, code_deployed: bool) -> Outcome:
        self.watch.step("catalogue")
        # After a rollback the model is the requested one, and the rows are those of a later one.
        pushed = catalogue.push(self.target.client, self.database, self.bundle, self._rows)
        self.watch.step("verify")
        states = settled_states(
            self.target, self.component.project, self.bundle.version, self.lease.renew
        )
        states = self._probed(states)
        self.watch.step("prune")
        return Outcome(
            self.bundle.version,
            states,
            unchanged=True,
            code_deployed=code_deployed,
            rows=pushed.rows,
            rows_sent=pushed.sent,
            removed=self._tidy(models),
        )

    def _pass_gate(self, models: Models, seen: dict[str, Any] | None) -> list[str]:
        current = models.manifest(str(seen["version"])) if seen else None
        if current is not None and current.get("version") == self.bundle.version:
            current = None  # the same model again, as a repair: there is nothing to compare
        found = self.objections(self.bundle.manifest, current)
        if found and not self.force:
            raise HarperRefused(
                "deploy",
                f"model {self.bundle.version} stays out: {'; '.join(found)} (--force overrides)",
            )
        for objection in found:
            log.warning("overridden: %s", objection)
        return found

    def _try_out(self, models: Models, forced: list[str]) -> None:
        """Makes the nodes load and probe the model; a refused one is removed completely."""
        self.watch.step("model")
        was_there = models.is_complete(self.bundle)
        try:
            if not was_there:
                self._push(models, forced)
            self.watch.step("candidate")
            self._nominate(models)
        except HarperRefused:
            self.lease.check()  # if another deploy holds the lock, the candidate may belong to it
            if not was_there:
                self._tidy(models)
                raise
            # Correct lengths do not prove correct content: the record may have been damaged since.
            self._push(models, forced)
            self._nominate(models)

    def _push(self, models: Models, forced: list[str]) -> None:
        self.lease.renew()
        models.push(self.bundle, self.by, forced=bool(forced), gate=forced)

    def _nominate(self, models: Models) -> None:
        self.lease.check()
        at = models.nominate(self.bundle.version, self.by)
        try_candidate(
            self.target, self.component.project, self.bundle.version, at, self.lease.renew
        )

    def _check_pointer_unchanged(self, models: Models, seen: dict[str, Any] | None) -> None:
        self.lease.check()
        if (models.pointer() or {}).get("at") != (seen or {}).get("at"):
            raise HarperRefused(
                "deploy", "the pointer was moved meanwhile; see `versions`, then run it again"
            )

    def _verify(self, models: Models, seen: dict[str, Any] | None) -> list[NodeState]:
        states = settled_states(
            self.target, self.component.project, self.bundle.version, self.lease.renew
        )
        try:
            require_answering(states[0])
            states = self._probed(states)
        except HarperError as error:
            self.lease.check()
            models.withdraw()
            if seen and seen.get("version") != self.bundle.version:
                models.make_current(str(seen["version"]), f"{self.by} (taken back)")
                raise HarperRefused(
                    "deploy", f"taken back to {seen['version']}: {error}"
                ) from error
            raise
        return states

    def _probed(self, states: list[NodeState]) -> list[NodeState]:
        return check_probes(
            states, self.component.project, self.bundle.version, self.bundle.probes()
        )

    def _tidy(self, models: Models) -> list[str]:
        self.lease.check()
        models.withdraw()
        removed = models.prune()
        kept = {
            str((v.manifest.get("files") or {}).get("items.jsonl", {}).get("sha256"))
            for v in models.listed()
        }
        catalogue.prune(self.target.client, self.database, kept)
        return removed
