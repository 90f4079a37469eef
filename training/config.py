"""Settings: frozen dataclasses with a unit and a default a field.

A setting is changed on the command line with ``--set section.field=value``; an unknown name or a
value of the wrong type is a `ConfigError`. What a stage used is saved beside what it made. Secrets
come from the environment only (`HarperConfig.from_environment`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from training.errors import ConfigError


@dataclass(frozen=True)
class CleanConfig:
    """What counts as liking, and what is too little to learn from."""

    liked_from: float = 1.0
    """Least strength that counts as liked, in the domain's unit (plays, rating points)."""
    liked_above_mean: bool = False
    """Also ask that the strength is at or above the user's own mean (the original's song rule)."""
    min_liked_per_user: int = 2
    """Users with fewer liked items teach nothing: no (favourites, target) pair can be made."""
    min_likers_per_item: int = 1
    """Items with fewer likers are not recommended by what people liked."""
    max_bad_rows: float = 0.01
    """Share of unreadable rows, 0..1, above which reading stops."""
    max_untitled: float = 0.9
    """Share of items without a title, 0..1, above which reading stops."""


@dataclass(frozen=True)
class SplitConfig:
    """Which whole users are held out."""

    seed: int = 20
    validation_share: float = 0.1
    """Share, 0..1, of the users with enough liked items; they choose every hyper-parameter."""
    test_share: float = 0.1
    """Share, 0..1, of the same users; looked at by `evaluate` alone."""
    min_liked: int = 5
    """Least liked items of a held-out user: three favourites and at least two targets."""


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the towers and of what is exported with them."""

    dim: int = 32
    """Embedding dimension."""
    favourites: int = 10
    """Most favourites a query may hold."""
    user_items: int = 200
    """Most items kept of a user in the index, his strongest first."""


@dataclass(frozen=True)
class TrainConfig:
    """The fit loop."""

    seed: int = 20
    batch: int = 512
    """Queries a step; in-batch softmax costs batch², so twice the batch is not twice the speed."""
    learning_rate: float = 0.1
    """Adagrad's."""
    max_steps: int = 1800
    eval_every: int = 150
    """Steps between two looks at the validation users' held-out items."""
    patience: int = 4
    """Looks without a gain before training stops."""


@dataclass(frozen=True)
class ItemsConfig:
    """The strategy that scores items: a network that weighs pairs, and a tower for the rest."""

    seed: int = 20
    neighbours: int = 100
    """Most neighbours kept of an item in the table."""
    new_neighbours: int = 30
    """Most of them that nobody likes yet."""
    max_pairs: int = 1_700_000
    """Most pairs of the whole table, 6 bytes each in the bundle; beyond, rows get shorter."""
    cap: int = 400
    """Most likes counted of one user."""
    calibration: float = 0.25
    """Share, 0..1, of the train users whom the network learns from; the others are counted."""
    max_calibration: int = 1500
    """Most such users."""
    draws: int = 2
    """Queries made of each of them."""
    negatives: int = 400
    """Most candidates of a query that are no target."""
    hidden: int = 24
    """Units of the network's hidden layer."""
    epochs: int = 12
    batch: int = 32
    """Queries a step."""
    learning_rate: float = 0.003
    """Adam's, at the start; it falls to a tenth."""
    ridge: float = 1e-4
    """Weight of the squared parameters in the loss."""
    dropped: float = 0.3
    """Share, 0..1, of items' own embeddings that the towers leave out of a step."""


@dataclass(frozen=True)
class EvaluateConfig:
    """How quality is measured."""

    seed: int = 20
    favourites: int = 3
    """Favourites shown of each held-out user; the rest of his liked items is the target."""
    max_users: int = 10_000
    """Most users a measurement takes, drawn with the seed."""
    quick: bool = False
    """Leave out what takes minutes: the slow baselines, and new items."""


@dataclass(frozen=True)
class ExportConfig:
    """What the bundle holds."""

    dtype: str = "float16"
    """Type of the exported weights: float16 or float32."""
    strategies: str = ""
    """Names of the strategies that ship, between commas; empty: all that `max_megabytes` allows."""
    max_megabytes: float = 20.0
    """Most that model and weights may take, in millions of bytes; 0: no bound. The best strategy on
    validation users ships whatever it weighs."""
    max_exclude: int = 1000
    """Most exclusions a request may carry."""
    max_limit: int = 100
    """Most recommendations a request may ask for."""
    shard_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True)
class Config:
    """All settings of a run."""

    clean: CleanConfig = field(default_factory=CleanConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    items: ItemsConfig = field(default_factory=ItemsConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    export: ExportConfig = field(default_factory=ExportConfig)

    def with_settings(self, settings: Iterable[str]) -> Config:
        """Returns a copy with ``section.field=value`` applied.

        Raises:
            ConfigError: an unknown section or field, or a value that does not fit its type or
                lies out of range.
        """
        config = self
        for setting in settings:
            name, equals, text = setting.partition("=")
            section, dot, key = name.strip().partition(".")
            if not (equals and dot):
                raise ConfigError(
                    f"--set {setting!r}: write section.field=value, as in clean.liked_from=10"
                )
            config = config._with(section, key, text.strip())
        return config

    def _with(self, section: str, key: str, text: str) -> Config:
        names = [f.name for f in dataclasses.fields(self)]
        if section not in names:
            raise ConfigError(
                f"--set {section}.{key}: no such section; there are {', '.join(names)}"
            )
        part = getattr(self, section)
        known = {f.name: getattr(part, f.name) for f in dataclasses.fields(part)}
        if key not in known:
            raise ConfigError(
                f"--set {section}.{key}: no such field; {section} has {', '.join(known)}"
            )
        value = _parse(f"{section}.{key}", text, type(known[key]))
        _check(f"{section}.{key}", value)
        return dataclasses.replace(self, **{section: dataclasses.replace(part, **{key: value})})

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Returns the settings as plain dictionaries, one a section."""
        return dataclasses.asdict(self)


def from_dict(sections: Mapping[str, Mapping[str, Any]]) -> Config:
    """Returns the settings that `Config.as_dict` told.

    Raises:
        ConfigError: an unknown section or field.
    """
    kinds = {f.name: f.default_factory for f in dataclasses.fields(Config)}
    try:
        return Config(**{name: kinds[name](**part) for name, part in sections.items()})  # type: ignore
    except (KeyError, TypeError) as error:
        raise ConfigError(f"saved settings do not fit this version: {error}") from error


def _parse(name: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() in ("true", "yes", "on", "1"):
            return True
        if text.lower() in ("false", "no", "off", "0"):
            return False
        raise ConfigError(f"--set {name}={text}: expected true or false")
    try:
        return kind(text)
    except ValueError as error:
        raise ConfigError(
            f"--set {name}={text}: expected a value of type {kind.__name__}"
        ) from error


def _check(name: str, value: Any) -> None:
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ConfigError(f"--set {name}={value}: expected {' or '.join(_CHOICES[name])}")
    least, most = _RANGES.get(name, (value, value))
    if not least <= value <= most:  # which no NaN passes
        raise ConfigError(f"--set {name}={value}: expected {least:g} to {most:g}")


_CHOICES = {"export.dtype": ("float16", "float32")}
_MANY = 2**31 - 1
_RANGES: dict[str, tuple[float, float]] = {
    "clean.liked_from": (0, 1e9),
    "clean.min_liked_per_user": (2, _MANY),
    "clean.min_likers_per_item": (0, _MANY),
    "clean.max_bad_rows": (0, 1),
    "clean.max_untitled": (0, 1),
    "split.seed": (0, _MANY),
    "split.validation_share": (0.001, 0.45),
    "split.test_share": (0.001, 0.45),
    "split.min_liked": (2, _MANY),
    "model.dim": (1, 4096),
    "model.favourites": (1, 10),  # the route takes no more
    "model.user_items": (1, _MANY),
    "train.seed": (0, _MANY),
    "train.batch": (1, _MANY),
    "train.learning_rate": (1e-9, 1e3),
    "train.max_steps": (1, _MANY),
    "train.eval_every": (1, _MANY),
    "train.patience": (1, _MANY),
    "items.seed": (0, _MANY),
    "items.neighbours": (1, _MANY),
    "items.new_neighbours": (0, _MANY),
    "items.max_pairs": (1, _MANY),
    "items.cap": (2, _MANY),
    "items.calibration": (0.001, 0.9),
    "items.max_calibration": (1, _MANY),
    "items.draws": (1, _MANY),
    "items.negatives": (1, _MANY),
    "items.hidden": (2, _MANY),
    "items.epochs": (1, _MANY),
    "items.batch": (1, _MANY),
    "items.learning_rate": (1e-9, 1e3),
    "items.ridge": (0, 1e3),
    "items.dropped": (0, 1),
    "evaluate.seed": (0, _MANY),
    "evaluate.favourites": (1, 1000),
    "evaluate.max_users": (1, _MANY),
    "export.max_megabytes": (0, 1e6),
    "export.max_exclude": (0, _MANY),
    "export.max_limit": (1, _MANY),
    "export.shard_bytes": (1024, _MANY),
}
"""Least and most of a setting that has bounds; what is not named has none."""
