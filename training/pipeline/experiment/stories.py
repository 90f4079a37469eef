"""The journal of a domain's experiments: how each began, every look, and how it ended."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from training.config import ExperimentConfig
from training.deploy.versions import now
from training.experiments.row import Experiment
from training.pipeline import journal
from training.pipeline.folders import Folders

JOURNAL = "experiments.jsonl"
STARTED, LOOKED, DECIDED, ENDED = "started", "looked", "decided", "ended"


@dataclass
class Story:
    """What the journal says of one experiment.

    Attributes:
        id: The experiment's.
        began: The entry of its start, or {}.
        looks: Its looks, oldest first.
        decision: The last decision about it, or {}.
        ended: The entry of its end, or {}.
    """

    id: str
    began: dict[str, Any] = field(default_factory=dict)
    looks: list[dict[str, Any]] = field(default_factory=list)
    decision: dict[str, Any] = field(default_factory=dict)
    ended: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> ExperimentConfig:
        """The settings that it began with; the defaults where they are not known here."""
        try:
            return ExperimentConfig(**self.began.get("settings", {}))
        except ValidationError:
            return ExperimentConfig()  # begun by another release


def stories(home: Path) -> list[Story]:
    """Returns a domain's experiments, oldest first.

    Args:
        home: The domain's artifacts, `Folders.home`.
    """
    found: dict[str, Story] = {}
    for entry in journal.read(home / JOURNAL, "id"):
        story = found.setdefault(str(entry["id"]), Story(str(entry["id"])))
        if entry.get("event") == STARTED:
            story.began = entry
        elif entry.get("event") == LOOKED:
            story.looks.append(entry["look"])
        elif entry.get("event") == DECIDED:
            story.decision = entry
        elif entry.get("event") == ENDED:
            story.ended = entry
    return list(found.values())


def story_of(home: Path, id_: str) -> Story:
    """Returns what the journal says of an experiment; one that it does not know has an empty
    story.
    """
    return next((story for story in stories(home) if story.id == id_), Story(id_))


def note_start(
    folders: Folders, experiment: Experiment, config: ExperimentConfig, **more: Any
) -> None:
    """Notes that an experiment begins, with the settings that decide it."""
    more |= {"experiment": experiment.model_dump(), "settings": dataclasses.asdict(config)}
    _note(folders, experiment.id, STARTED, **more)


def note_look(folders: Folders, id_: str, look: dict[str, Any]) -> None:
    """Notes a look."""
    _note(folders, id_, LOOKED, look=look)


def note_decision(folders: Folders, id_: str, outcome: str, reason: str, by: str) -> None:
    """Notes a decision before it is carried out."""
    _note(folders, id_, DECIDED, outcome=outcome, reason=reason, by=by)


def note_end(folders: Folders, id_: str, outcome: str, reason: str) -> None:
    """Notes that an experiment has ended on the nodes."""
    _note(folders, id_, ENDED, outcome=outcome, reason=reason)


def _note(folders: Folders, id_: str, event: str, **more: Any) -> None:
    journal.append(folders.home / JOURNAL, {"at": now(), "id": id_, "event": event, **more})
