"""Looks at a running experiment: at its collected events, and at what its nodes count."""

from __future__ import annotations

import logging

from training.deploy.versions import now
from training.errors import HarperError
from training.events.store import EventStore
from training.experiments import guards
from training.experiments.analysis import WITHDRAWN, Look, decide, look
from training.experiments.checks import problems
from training.experiments.counts import NodeCounts, read_counts, together
from training.experiments.outcomes import read_outcomes
from training.experiments.row import Experiment
from training.harper.cluster import Target
from training.harper.node import metrics
from training.pipeline.experiment.end import Place, end
from training.pipeline.experiment.publish import publish
from training.pipeline.experiment.stories import note_look, story_of

log = logging.getLogger(__name__)


def counts_of(target: Target, project: str, id_: str) -> dict[str, NodeCounts]:
    """Returns what each node counted about an experiment, by the node's name.

    A node that does not answer is left out.
    """
    found = {}
    for node in target.nodes:
        try:
            found[node.name or node.url] = read_counts(metrics(node, project), project, id_)
        except HarperError as error:
            log.info("%s: %s", node.name or node.url, error)
    return found


def take_look(place: Place, experiment: Experiment, store: EventStore) -> Look:
    """Looks at an experiment, notes what is seen, and shows it on the nodes.

    Args:
        place: Where.
        experiment: It runs.
        store: Its collected events; the caller holds its lock.
    """
    domain = place.folders.domain
    config = story_of(place.folders.home, experiment.id).config
    outcomes = read_outcomes(store, experiment, domain.events)
    counts = counts_of(place.target, domain.project, experiment.id)
    wrong = problems(experiment, outcomes, counts)
    seen = look(experiment, outcomes, wrong, config, at=now())
    note_look(place.folders, experiment.id, seen.recorded())
    publish(place.models, place.folders, place.by)
    return seen


def act_on(place: Place, experiment: Experiment, seen: Look) -> tuple[str, str, list[str]] | None:
    """Ends the experiment if a look decides it.

    Returns:
        (outcome, reason, nodes that are down or behind); None: it goes on.

    Raises:
        HarperError: it could not be ended; the next look tries again.
    """
    config = story_of(place.folders.home, experiment.id).config
    decision = decide(seen, experiment, config)
    if decision is None:
        return None
    outcome, reason = decision
    return outcome, reason, end(place, experiment, outcome, reason)


def guard(place: Place) -> tuple[str, str] | None:
    """Withdraws a running challenger that fails or is slow where the champion is not.

    It reads what the nodes count and collects nothing, so that it can be called every few seconds.

    Returns:
        (the experiment, the reason) if it was withdrawn; None: there is none, or nothing speaks
        against it.

    Raises:
        HarperError: the nodes do not answer, or a deploy holds the lock: try again.
        ConfigError: the row is malformed.
    """
    experiment = place.running()
    if experiment is None or experiment.started is None:
        return None
    config = story_of(place.folders.home, experiment.id).config
    counts = counts_of(place.target, place.folders.domain.project, experiment.id)
    found = guards.objections(together(counts.values()), slower=config.slower)
    if not found:
        return None
    reason = "; ".join(found)
    end(place, experiment, WITHDRAWN, reason)
    return experiment.id, reason
