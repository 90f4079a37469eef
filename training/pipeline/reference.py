"""All settings with the stages that use them: what ``config list`` and docs/settings.md show."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace

from training.config import Config, fields_of, range_of, type_of
from training.pipeline.stages import STAGES

_OTHERS = {
    "prepare": ("events.enabled", "scale"),
    "train": ("scale",),
    "evaluate": ("scale",),
    "deploy": ("events",),
    "experiment": ("experiment",),
}
"""Settings that are no part of a stage's fingerprint: `prepare` is only stale by the events that it
reads, where work runs changes no result, and ``deploy`` and ``experiment`` are no stages."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting, for people.

    Attributes:
        name: ``section.field``.
        type: ``number``, ``whole number``, ``true or false``, ``text``, or the choices.
        default: Its default.
        range: Such as ``0 to 1`` or ``1 or more``; empty where there is none.
        description: What it means, with its unit.
        stages: Names of the stages that use it, where that was asked for.
    """

    name: str
    type: str
    default: bool | int | float | str
    range: str
    description: str
    stages: tuple[str, ...] = ()


def settings_of(config: Config | None = None) -> Iterator[Setting]:
    """Yields every setting.

    Args:
        config: Where the defaults are taken from; a domain may have its own.
    """
    config = config or Config()
    for section in dataclasses.fields(config):
        part = getattr(config, section.name)
        for key, info in fields_of(type(part)).items():
            yield Setting(
                name=f"{section.name}.{key}",
                type=type_of(info),
                default=getattr(part, key),
                range=range_of(info),
                description=" ".join((info.description or "").split()),
            )


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
    return {name: stages.get(name, ()) + _OTHERS.get(name, ()) for name in {**stages, **_OTHERS}}
