"""The challenger as the command line names it: a version, a strategy, settings."""

from __future__ import annotations

from collections.abc import Sequence

from training.bundle import Bundle, open_bundle
from training.deploy import gate
from training.errors import ConfigError, DataError
from training.experiments.row import SETTINGS, Variant
from training.pipeline.folders import Folders, read_json


def variant(version: str, strategy: str | None, settings: dict[str, float]) -> Variant:
    """Returns a challenger."""
    content = {"version": version, "strategy": strategy, "settings": settings}
    return Variant.model_validate(content)


def divided(changes: Sequence[str]) -> tuple[dict[str, float], list[str]]:
    """Returns the challenger's settings, and the experiment's.

    Args:
        changes: Each ``name=0..1``, or ``experiment.setting=value``.

    Raises:
        ConfigError: one is neither.
    """
    variant: dict[str, float] = {}
    settings = []
    for change in changes:
        name, _, text = change.partition("=")
        if "." in name:
            settings.append(change)
        elif name.strip() in SETTINGS:
            variant[name.strip()] = _part(change, text)
        else:
            raise ConfigError(
                f"--set {change}: a challenger may set {' and '.join(SETTINGS)}, each 0 to 1; an "
                "experiment, settings such as experiment.margin"
            )
    foreign = [one for one in settings if not one.strip().startswith("experiment.")]
    if foreign:
        raise ConfigError(f"--set {foreign[0]}: only settings of the section experiment count here")
    return variant, settings


def _part(change: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ConfigError(f"--set {change}: expected a number from 0 to 1")
    return value


def exported(folders: Folders, version: str | None) -> Bundle | None:
    """Returns the exported bundle if the challenger is its model."""
    try:
        exported = read_json(folders.bundle / "manifest.json").get("version")
    except DataError:
        return None  # nothing is exported here: the version may still be in HarperDB
    return open_bundle(folders.bundle, folders.domain.name) if exported == version else None


def pass_gate(bundle: Bundle | None, *, force: bool) -> tuple[str, ...]:
    """Returns the gate's objections to an exported challenger, overridden by `force`.

    Raises:
        ConfigError: there are some, and they are not overridden.
    """
    found = gate.objections(bundle.manifest, None) if bundle else []
    if found and not force:
        raise ConfigError(f"the model stays out: {'; '.join(found)} (--force overrides)")
    return tuple(found)
