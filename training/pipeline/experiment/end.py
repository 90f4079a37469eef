"""How experiments end: promoted, withdrawn or discarded; also those whose end was interrupted.

The journal has the decision before the nodes do, and the end after them. A promotion moves the
pointer before it removes the row: a process that is killed in between leaves an experiment that
every worker suspends, and the next command completes it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from training.deploy.lease import Lease, acquire
from training.deploy.migration import ensure_lock_table, refuse_old_deploy
from training.deploy.node_state import require_answering, settled_states
from training.deploy.trials import await_end
from training.deploy.versions import Models
from training.errors import HarperError, HarperRefused
from training.experiments.analysis import DISCARDED, PROMOTED
from training.experiments.row import TRIAL, Experiment, from_row
from training.harper.client import Row
from training.harper.cluster import Target
from training.pipeline.experiment.publish import publish
from training.pipeline.experiment.stories import Story, note_decision, note_end, stories
from training.pipeline.folders import Folders

STEPS = ("lock", "decide", "pointer", "row", "nodes", "journal", "publish", "prune")
"""What an end does, in order; `step` is called with each before it begins."""


@dataclass(frozen=True)
class Place:
    """Where an experiment takes place.

    Attributes:
        folders: The domain and its journal.
        target: The nodes.
        by: Who acts, for people; public.
        step: Called with the name of each step before it begins.
    """

    folders: Folders
    target: Target
    by: str
    step: Callable[[str], None] = lambda name: None

    @property
    def models(self) -> Models:
        """The domain's models and pointer rows."""
        return Models(self.target.client, self.folders.domain.database)

    def running(self) -> Experiment | None:
        """Returns the experiment whose row is there, in whatever state.

        Raises:
            ConfigError: the row is malformed.
        """
        row = self.models.experiment()
        return from_row(row.get("experiment")) if row else None


def end(place: Place, experiment: Experiment, outcome: str, reason: str) -> list[str]:
    """Ends an experiment on all nodes.

    Args:
        place: Where.
        experiment: The one that is decided about.
        outcome: `PROMOTED`, or one that leaves the champion.
        reason: Why, in one sentence; public.

    Returns:
        The nodes that are down or behind.

    Raises:
        HarperRefused: it has ended meanwhile; or it is to be promoted, and the champion is no
            longer current or the challenger cannot answer.
    """
    place.step("lock")
    with hold(place) as lease:
        found = place.running()
        if found is None or found.id != experiment.id:
            raise HarperRefused("experiment", f"{experiment.id} has ended meanwhile")
        place.step("decide")
        if outcome == PROMOTED:
            _require_champion(place, experiment)
        note_decision(place.folders, experiment.id, outcome, reason, place.by)
        place.step("pointer")
        behind = _promote(place, experiment, lease) if outcome == PROMOTED else []
        place.step("row")
        return sorted({*behind, *_finish(place, experiment.id, outcome, reason, lease)})


def hold(place: Place) -> AbstractContextManager[Lease]:
    """Returns the domain's lock, which deploys hold too; to be entered."""
    client, database = place.target.client, place.folders.domain.database
    ensure_lock_table(client, database)
    refuse_old_deploy(client, database)
    return acquire(client, database, place.by, settle_seconds=place.target.settle_seconds)


def settled(place: Place) -> Experiment | None:
    """Returns the experiment that runs, once what was interrupted is completed.

    Raises:
        HarperRefused: something was interrupted, and a deploy holds the lock: try again.
        ConfigError: the row is malformed.
    """
    here = place.running()
    others = [one for one in stories(place.folders.home) if here is None or one.id != here.id]
    is_left = here is not None and _is_left(here, place.models.pointer() or {})
    if is_left or not all(story.ended for story in others):
        with hold(place) as lease:
            complete(place, lease)
        here = place.running()
    return here


def complete(place: Place, lease: Lease) -> None:
    """Completes what was interrupted; the caller holds the lock, so nobody else is at it.

    A trial is removed, a promotion that has moved the pointer is completed, and the journal learns
    of experiments whose row is gone.
    """
    lease.check()
    here, pointer = place.running(), place.models.pointer() or {}
    if here is not None and not _is_left(here, pointer):
        open_ones = [one for one in stories(place.folders.home) if one.id != here.id]
    else:
        open_ones = stories(place.folders.home)
    for story in open_ones:
        if not story.ended:
            _finish(place, story.id, *_interrupted(story, pointer), lease)
    if here is not None and _is_left(here, pointer):
        place.models.end_experiment()  # its start was interrupted before the journal had it


def discard_row(place: Place) -> None:
    """Removes the row of an experiment whatever it holds, and notes the end of those that ran."""
    with hold(place) as lease:
        lease.check()
        place.models.end_experiment()
        complete(place, lease)


def _is_left(experiment: Experiment, pointer: Row) -> bool:
    """Whether a row is what an interrupted start or promotion left."""
    return experiment.state == TRIAL or _answers(experiment, pointer)


def _interrupted(story: Story, pointer: Row) -> tuple[str, str]:
    """Returns outcome and reason of an experiment whose end the journal does not have."""
    outcome, reason = story.decision.get("outcome"), str(story.decision.get("reason"))
    if outcome == PROMOTED and not _answers(from_row(story.began.get("experiment")), pointer):
        return DISCARDED, "its promotion was interrupted"
    if outcome is not None:
        return str(outcome), reason
    return DISCARDED, "it was interrupted, or ended elsewhere"


def _answers(experiment: Experiment, pointer: Row) -> bool:
    challenger = experiment.challenger
    return (
        pointer.get("version") == challenger.version
        and (pointer.get("defaults") or None) == challenger.defaults
    )


def _require_champion(place: Place, experiment: Experiment) -> None:
    current = (place.models.pointer() or {}).get("version")
    if current != experiment.champion.version:
        raise HarperRefused(
            "experiment",
            f"{current} is current, and no longer the champion {experiment.champion.version}: "
            f"`harperdb-recommender experiment stop {place.folders.domain.name} --discard` ends it",
        )


def _promote(place: Place, experiment: Experiment, lease: Lease) -> list[str]:
    """Makes the challenger current; returns the nodes that do not answer from it yet."""
    lease.check()
    champion, challenger = place.models.pointer() or {}, experiment.challenger
    place.models.make_current(challenger.version, place.by, defaults=challenger.defaults)
    project = place.folders.domain.project
    states = settled_states(place.target, project, challenger.version, lease.renew)
    try:
        require_answering(states[0])
    except HarperError as error:
        lease.check()
        place.models.make_current(
            str(champion["version"]),
            f"{place.by} (taken back)",
            defaults=champion.get("defaults"),
        )
        raise HarperRefused("experiment", f"{challenger.version} cannot answer: {error}") from error
    return [state.node.name or state.node.url for state in states if not state.answers]


def _finish(place: Place, id_: str, outcome: str, reason: str, lease: Lease) -> list[str]:
    lease.check()
    found = place.running()
    if found is not None and found.id == id_:
        place.models.end_experiment()
    place.step("nodes")
    behind = await_end(place.target, place.folders.domain.project, id_, lease.renew)
    place.step("journal")
    note_end(place.folders, id_, outcome, reason)
    place.step("publish")
    publish(place.models, place.folders, place.by)
    place.step("prune")
    lease.check()
    place.models.prune()
    return behind
