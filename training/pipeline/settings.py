"""Which settings a stage uses, and how they travel from one stage to the next.

A stage starts with the settings that the stage before it used and adds its own changes. A change of
a setting that an earlier stage has already used is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from training import config as settings
from training.config import Config, EventsConfig
from training.domains.domain import Domain
from training.parallel.config import ScaleConfig
from training.pipeline.folders import Folders, read_json, write_json

FILE = "config.json"


def initial(domain: Domain) -> Config:
    """Returns the settings that a domain starts with."""
    events = EventsConfig(enabled=domain.events.enabled, consent=domain.events.consent)
    return replace(Config(), clean=domain.clean, events=events)


def of_deploy(folders: Folders, changes: Iterable[str]) -> Config:
    """Returns the settings that ``deploy`` uses: those of ``evaluate``, and changes.

    Where ``evaluate`` and the domain differ, the one wins that records less: a domain that disables
    events, or has visitors asked, is obeyed at the next deploy, without running a stage.

    Raises:
        ConfigError: a setting is unknown, or its value is not allowed.
    """
    config = initial(folders.domain)
    if (folders.report / FILE).is_file():
        own, saved = config.events, load(folders.report).events
        events = EventsConfig(
            enabled=own.enabled and saved.enabled,
            consent="ask" if "ask" in (own.consent, saved.consent) else "none",
        )
        config = replace(config, events=events)
    return config.with_settings(changes)


def domain_with(domain: Domain, config: Config) -> Domain:
    """Returns the domain, whose events are recorded as the settings say."""
    events = {"enabled": config.events.enabled, "consent": config.events.consent}
    return replace(domain, events=domain.events.model_copy(update=events))


def used(
    config: Config, uses: Iterable[str], *, but: Iterable[str] = ()
) -> dict[str, dict[str, Any]]:
    """Selects settings.

    Args:
        config: All settings.
        uses: Names of sections, or of single settings such as ``export.dtype``.
        but: Names of single settings to leave out.

    Returns:
        The selected settings by section.
    """
    names, left_out = set(uses), set(but)
    found = {
        section: {
            k: v
            for k, v in part.items()
            if names & {section, f"{section}.{k}"} and f"{section}.{k}" not in left_out
        }
        for section, part in config.as_dict().items()
    }
    return {section: part for section, part in found.items() if part}


def first_difference(
    before: Config, after: Config, uses: Iterable[str]
) -> tuple[str, Any, Any] | None:
    """Returns (name, old value, new value) of the first selected setting that differs, or None."""
    old = used(before, uses)
    for section, part in used(after, uses).items():
        for key, value in part.items():
            if value != old[section][key]:
                return f"{section}.{key}", old[section][key], value
    return None


def save(config: Config, folder: Path) -> None:
    """Saves the settings beside what was made with them, unless they are there already.

    Where the work ran is no part of the result, and tomorrow there may be no such cluster.
    """
    path, config = folder / FILE, replace(config, scale=ScaleConfig())
    if not path.is_file() or read_json(path) != config.as_dict():
        write_json(path, config.as_dict())


def load(folder: Path) -> Config:
    """Returns the settings that `save` wrote.

    Raises:
        DataError: the file is missing or corrupt.
        ConfigError: a setting is unknown to this version.
    """
    return settings.from_dict(read_json(folder / FILE))
