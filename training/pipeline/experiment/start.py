"""Starts an experiment: every worker proves the challenger before the first visitor sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from training.bundle import Bundle
from training.config import ExperimentConfig
from training.deploy import catalogue
from training.deploy.code import bring_code
from training.deploy.component import Component
from training.deploy.lease import Lease
from training.deploy.trials import try_experiment
from training.deploy.versions import now
from training.errors import ConfigError, HarperError, HarperRefused
from training.experiments.analysis import require_metric
from training.experiments.row import SPLIT, Experiment, Variant, new_experiment
from training.pipeline.experiment.end import Place, complete, hold
from training.pipeline.experiment.publish import publish
from training.pipeline.experiment.stories import note_start

STEPS = ("lock", "clean", "bring", "trial", "prove", "journal", "run", "confirm", "publish")
"""What a start does, in order; `Place.step` is called with each before it begins."""


@dataclass(frozen=True)
class Request:
    """What is to be compared.

    Attributes:
        challenger: Its version may be that of `bundle`, which the nodes need not have yet.
        mode: ``split`` or ``interleave``.
        share: Of the sessions, above 0 and at most 1.
        config: How it is decided.
        bundle: The challenger's bundle, if it is at hand.
        component: The code that answers; called if the bundle is brought.
        forced: Objections of the gate that were overridden.
        needed: Sessions that a difference as large as the margin is estimated to need.
    """

    challenger: Variant
    mode: str = SPLIT
    share: float = 0.1
    config: ExperimentConfig = field(default_factory=ExperimentConfig)
    bundle: Bundle | None = None
    component: Callable[[], Component] | None = None
    forced: tuple[str, ...] = ()
    needed: int | None = None


@dataclass(frozen=True)
class Started:
    """What was started.

    Attributes:
        experiment: It runs.
        down: The nodes that are down; they take part when they are back.
    """

    experiment: Experiment
    down: list[str]


def start(place: Place, request: Request) -> Started:
    """Starts an experiment on all nodes; a challenger that a node refuses is removed.

    Args:
        place: Where.
        request: What is compared with the current model.

    Raises:
        ConfigError: the request is not possible; the message names the value.
        HarperRefused: an experiment or a deploy is running, or a node refuses the challenger.
        HarperUnavailable: the target does not answer.
    """
    require_metric(request.config.metric, place.folders.domain.events)
    if not place.folders.domain.events.enabled:
        raise ConfigError(
            "events.enabled=false: without events there is nothing to compare; see docs/events.md"
        )
    place.step("lock")
    with hold(place) as lease:
        place.step("clean")
        complete(place, lease)
        champion = _champion(place)
        place.step("bring")
        _bring(place, request, lease)
        _require_known(place, request.challenger)
        experiment = new_experiment(
            champion, request.challenger, mode=request.mode, share=request.share
        )
        return _run(place, experiment, request, lease)


def _champion(place: Place) -> str:
    running = place.running()
    if running is not None:
        raise HarperRefused(
            "experiment",
            f"{running.id} is running since {running.started}: one at a time. End it with "
            f"`harperdb-recommender experiment stop {place.folders.domain.name} --discard`",
        )
    pointer = place.models.pointer()
    if pointer is None:
        raise HarperRefused(
            "experiment", "no model is deployed yet, so there is no champion: deploy one first"
        )
    return str(pointer["version"])


def _bring(place: Place, request: Request, lease: Lease) -> None:
    if request.bundle is None or request.component is None:
        return
    database, bundle, models = place.folders.domain.database, request.bundle, place.models
    bring_code(place.target, database, request.component(), lease, by=place.by)
    catalogue.push(place.target.client, database, bundle, lambda *_: lease.renew())
    if not models.is_complete(bundle):
        lease.check()
        models.push(bundle, place.by, forced=bool(request.forced), gate=list(request.forced))


def _require_known(place: Place, challenger: Variant) -> None:
    manifest = place.models.manifest(challenger.version)
    if manifest is None:
        kept = ", ".join(version.version for version in place.models.listed())
        raise ConfigError(
            f"--challenger {challenger.version}: it is neither exported here nor in HarperDB, "
            f"which has {kept}"
        )
    names = [strategy["name"] for strategy in manifest.get("strategies", [])]
    if challenger.strategy not in (None, *names):
        raise ConfigError(
            f"--strategy {challenger.strategy}: model {challenger.version} has {', '.join(names)}"
        )


def _run(place: Place, experiment: Experiment, request: Request, lease: Lease) -> Started:
    project = place.folders.domain.project
    place.step("trial")
    lease.check()
    at = place.models.propose(experiment.model_dump(), place.by)
    place.step("prove")
    try:
        try_experiment(place.target, project, experiment.id, at, lease.renew)
    except HarperError:
        lease.check()
        place.models.end_experiment()
        place.models.prune()
        raise
    running = experiment.running(now())
    place.step("journal")
    note_start(place.folders, running, request.config, by=place.by, needed=request.needed)
    place.step("run")
    lease.check()
    at = place.models.propose(running.model_dump(), place.by)
    place.step("confirm")
    down = try_experiment(place.target, project, running.id, at, lease.renew)
    place.step("publish")
    publish(place.models, place.folders, place.by)
    return Started(running, down)
