"""What `loop` asks of experiments: to try a new model, and not the same one twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training.bundle import Bundle
from training.config import ExperimentConfig
from training.deploy.component import Component
from training.events.store import EventStore
from training.experiments.analysis import DISCARDED, WITHDRAWN, Look
from training.experiments.power import estimate
from training.experiments.row import Experiment, Variant
from training.pipeline.experiment.start import Request
from training.pipeline.experiment.stories import stories
from training.pipeline.folders import Folders

_SHOWN = ("sessions", "difference", "low", "high", "verdict")


def request(
    folders: Folders, bundle: Bundle, component: Callable[[], Component], config: ExperimentConfig
) -> Request:
    """Returns what is asked for to try a bundle on the share of the settings.

    Args:
        folders: The domain, and its collected events.
        bundle: The challenger's.
        component: Packs the code that answers.
        config: How the experiment is run and decided.
    """
    store, rules = EventStore(folders.events), folders.domain.events
    needed = estimate(store, rules, config, mode=config.mode, share=config.share)
    return Request(
        Variant(version=bundle.version),
        config.mode,
        config.share,
        config,
        bundle,
        component,
        needed=needed.sessions,
    )


def objections(folders: Folders, version: str) -> list[str]:
    """Returns why a model is no challenger: it was one before, and was not promoted."""
    same = Variant(version=version).model_dump()
    return [
        f"it was {story.ended['outcome']} as challenger of experiment {story.id}"
        for story in stories(folders.home)
        if story.ended.get("outcome") in (WITHDRAWN, DISCARDED)
        and story.began
        and story.began["experiment"]["challenger"] == same
    ]


def figures(experiment: Experiment, seen: Look) -> dict[str, Any]:
    """Returns what a round's entry in the journal says of a look."""
    shown = seen.shown()
    return {"id": experiment.id} | {name: shown[name] for name in _SHOWN}
