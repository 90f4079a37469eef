"""All settings with the stages that use them: what ``config list`` and docs/settings.md show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from training.config import Config, Setting, settings_of
from training.pipeline.stages import STAGES

_OTHERS = {"prepare": ("events.enabled",), "deploy": ("events",)}
"""Settings that are no part of a stage's fingerprint: `prepare` is only stale by the events that it
reads, and ``deploy`` is no stage."""


def settings_reference(config: Config | None = None) -> Iterator[Setting]:
    """Yields every setting, in the order of the sections.

    Args:
        config: Where the defaults are taken from, such as `settings.initial` of a domain.
    """
    for setting in settings_of(config):
        names = {setting.name, setting.name.partition(".")[0]}
        stages = tuple(name for name, uses in _uses().items() if names & set(uses))
        yield replace(setting, stages=stages)


def _uses() -> dict[str, tuple[str, ...]]:
    stages = {name: stage.uses for name, stage in STAGES.items()}
    return {name: stages.get(name, ()) + _OTHERS.get(name, ()) for name in (*stages, "deploy")}
