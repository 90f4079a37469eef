"""What nodes show of a domain's experiments: the row `experiments` (docs/experiments.md)."""

from __future__ import annotations

import logging
from typing import Any

from training.deploy.versions import Models, pointer_row
from training.errors import HarperError
from training.experiments.analysis import margin_of, metric_of
from training.experiments.row import Experiment
from training.pipeline.experiment.stories import Story, stories
from training.pipeline.folders import Folders

log = logging.getLogger(__name__)

ROW = "experiments"
ENDED, LOOKS = 20, 200
"""Most ended experiments, and looks of each."""
LOOKS_OF_ENDED = 20
LONGEST = 300
"""Most characters of a reason or a note."""
_SHOWN = ("id", "mode", "share", "state", "champion", "challenger", "started")
_OF_LOOK = (
    "at",
    "sessions",
    "champion",
    "challenger",
    "difference",
    "low",
    "high",
    "verdict",
    "note",
)


def publish(models: Models, folders: Folders, by: str) -> None:
    """Writes what the journal knows to the nodes; failing to is only logged.

    Args:
        models: Where to.
        folders: The domain whose journal it is.
        by: Who does it, for people.
    """
    try:
        running = ((models.experiment() or {}).get("experiment") or {}).get("id")
        models.write(pointer_row(ROW, by, experiments=content(stories(folders.home), running)))
    except HarperError as error:
        log.warning("%s: the experiments are not shown: %s", folders.domain.name, error)


def content(stories: list[Story], running: str | None) -> dict[str, Any]:
    """Returns the attribute `experiments`.

    Args:
        stories: The journal's experiments, oldest first.
        running: Id of the one that runs; None: none does.
    """
    known = [story for story in stories if story.began]
    current = next((story for story in known if story.id == running), None)
    ended = [story for story in reversed(known) if story.ended]
    return {
        "running": _summary(current, LOOKS) if current else None,
        "ended": [
            _summary(story, LOOKS_OF_ENDED)
            | {
                "ended": story.ended["at"],
                "outcome": story.ended["outcome"],
                "reason": _shortened(story.ended["reason"]),
            }
            for story in ended[:ENDED]
        ],
    }


def _summary(story: Story, most: int) -> dict[str, Any]:
    experiment = Experiment.model_validate(story.began["experiment"])
    shown = {name: story.began["experiment"][name] for name in _SHOWN}
    looks = [{name: look.get(name) for name in _OF_LOOK} for look in thinned(story.looks, most)]
    return shown | {
        "metric": metric_of(experiment, story.config),
        "margin": margin_of(experiment, story.config),
        "looks": [look | {"note": _shortened(look["note"] or "")} for look in looks],
    }


def thinned(looks: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Returns at most so many looks, spread evenly; the first and the latest always stay."""
    if len(looks) <= most:
        return looks
    step = (len(looks) - 1) / (most - 1)
    return [looks[round(number * step)] for number in range(most)]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
