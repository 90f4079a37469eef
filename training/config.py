"""Settings: each with its default, its range and its meaning; docs/settings.md is made of them.

``--set section.field=value`` changes one. An unknown name, a value of the wrong type and one out of
range are a `ConfigError` that says what is expected. Secrets come from the environment only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass
from pydantic.fields import FieldInfo

from training.errors import ConfigError
from training.parallel.config import ScaleConfig

_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)
_MANY = 2**31 - 1


@dataclass(frozen=True, config=_STRICT)
class CleanConfig:
    """What counts as liking, and how little is too little to learn from."""

    liked_from: Annotated[float, Field(ge=0, le=1e9)] = 1.0
    """Least strength that counts as liked, in the domain's unit (plays, rating points)."""
    liked_above_mean: bool = False
    """Also require at least the user's own mean strength (the original demo's rule for songs)."""
    min_liked_per_user: Annotated[int, Field(ge=2, le=_MANY)] = 2
    """Users with fewer liked items are dropped: a (favourites, target) pair needs two."""
    min_likers_per_item: Annotated[int, Field(ge=0, le=_MANY)] = 1
    """Items with fewer likers are dropped from what is learned and recommended. With 1, an item
    that only people with too few likes like is kept, and recommended by its creator and title."""
    max_bad_rows: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of unreadable rows, 0..1, above which reading stops."""
    max_untitled: Annotated[float, Field(ge=0, le=1)] = 0.9
    """Share of items without a title, 0..1, above which reading stops."""


@dataclass(frozen=True, config=_STRICT)
class SplitConfig:
    """Which users are held out; a user is held out as a whole."""

    seed: Annotated[int, Field(ge=0, le=_MANY)] = 20
    """Seed of the random choice of users."""
    validation_share: Annotated[float, Field(ge=0.001, le=0.45)] = 0.1
    """Share, 0..1, of the users with enough liked items on whom every choice is made."""
    test_share: Annotated[float, Field(ge=0.001, le=0.45)] = 0.1
    """Share, 0..1, of the same users whom only `evaluate` uses, to measure."""
    min_liked: Annotated[int, Field(ge=2, le=_MANY)] = 5
    """Least number of liked items of a held-out user: three favourites and two targets."""


@dataclass(frozen=True, config=_STRICT)
class ModelConfig:
    """Sizes of the towers and of the user index."""

    dim: Annotated[int, Field(ge=1, le=4096)] = 32
    """Embedding dimension."""
    favourites: Annotated[int, Field(ge=1, le=10)] = 10
    """Most favourites in one request."""
    user_items: Annotated[int, Field(ge=1, le=_MANY)] = 200
    """Most items kept of each user in the user index, strongest first."""


@dataclass(frozen=True, config=_STRICT)
class TrainConfig:
    """How the towers are trained."""

    seed: Annotated[int, Field(ge=0, le=_MANY)] = 20
    """Seed of the initial weights and of the batches."""
    batch: Annotated[int, Field(ge=1, le=_MANY)] = 512
    """Queries per step; in-batch softmax costs batch², so twice the batch is not twice as fast."""
    learning_rate: Annotated[float, Field(ge=1e-9, le=1e3)] = 0.1
    """Learning rate of Adagrad."""
    max_steps: Annotated[int, Field(ge=1, le=_MANY)] = 1800
    """Most training steps."""
    eval_every: Annotated[int, Field(ge=1, le=_MANY)] = 150
    """Steps between two measurements on validation users."""
    patience: Annotated[int, Field(ge=1, le=_MANY)] = 4
    """Measurements without improvement after which training stops."""
    warm_start: bool = False
    """Start from the last model deployed or trained: vectors, networks, choices. `loop` sets it."""
    fresh_every: Annotated[int, Field(ge=1, le=_MANY)] = 10
    """With `warm_start`, one fit in so many is a fresh one; 1: all are."""
    device: Literal["cpu", "gpu"] = "cpu"
    """Where TensorFlow fits. `gpu` takes the first GPU, and is an error where there is none."""


@dataclass(frozen=True, config=_STRICT)
class ItemsConfig:
    """The strategy `items`: a table of weighted pairs of items, and towers for the rest."""

    seed: Annotated[int, Field(ge=0, le=_MANY)] = 20
    """Seed of the users to learn from and of the network's initial weights."""
    neighbours: Annotated[int, Field(ge=1, le=_MANY)] = 100
    """Most neighbours of an item in the table."""
    new_neighbours: Annotated[int, Field(ge=0, le=_MANY)] = 30
    """Most of them that nobody likes yet."""
    max_pairs: Annotated[int, Field(ge=1, le=_MANY)] = 1_700_000
    """Most pairs in the whole table, 6 bytes each in the bundle; beyond it, rows get shorter."""
    cap: Annotated[int, Field(ge=2, le=_MANY)] = 400
    """Most likes counted of one user."""
    calibration: Annotated[float, Field(ge=0.001, le=0.9)] = 0.25
    """Share, 0..1, of training users to learn from at a time; pairs are counted of the others."""
    max_calibration: Annotated[int, Field(ge=1, le=_MANY)] = 1500
    """Most users to learn from at a time."""
    draws: Annotated[int, Field(ge=1, le=_MANY)] = 2
    """Queries made from each of them."""
    negatives: Annotated[int, Field(ge=1, le=_MANY)] = 400
    """Most candidates of a query that are not targets."""
    hidden: Annotated[int, Field(ge=2, le=_MANY)] = 24
    """Units of the network's hidden layer."""
    epochs: Annotated[int, Field(ge=1, le=_MANY)] = 12
    """Passes of the network over its queries."""
    batch: Annotated[int, Field(ge=1, le=_MANY)] = 32
    """Queries per step of the network."""
    learning_rate: Annotated[float, Field(ge=1e-9, le=1e3)] = 0.003
    """Initial learning rate of Adam; it falls to a tenth."""
    ridge: Annotated[float, Field(ge=0, le=1e3)] = 1e-4
    """Weight of the squared parameters in the network's loss."""
    dropped: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share, 0..1, of the items' own embeddings that the towers leave out of a step."""


@dataclass(frozen=True, config=_STRICT)
class EvaluateConfig:
    """How quality is measured."""

    seed: Annotated[int, Field(ge=0, le=_MANY)] = 20
    """Seed of the favourites shown, of sampled users and of the bootstrap."""
    favourites: Annotated[int, Field(ge=1, le=1000)] = 3
    """Favourites shown of each held-out user; all other items the user liked are the targets."""
    max_users: Annotated[int, Field(ge=1, le=_MANY)] = 10_000
    """Most users in one measurement; more are sampled."""
    quick: bool = False
    """Take about as long as `train` at most; the report lists all that is left out."""


@dataclass(frozen=True, config=_STRICT)
class ExportConfig:
    """What the bundle holds."""

    dtype: Literal["float16", "float32"] = "float16"
    """Type of the exported weights."""
    strategies: str = ""
    """Strategies to ship, separated by commas; empty: all that `max_megabytes` allows."""
    max_megabytes: Annotated[float, Field(ge=0, le=1e6)] = 20.0
    """Most millions of bytes of the model; 0: no limit. What is best on validation users ships."""
    max_exclude: Annotated[int, Field(ge=0, le=_MANY)] = 1000
    """Most exclusions in one request."""
    max_limit: Annotated[int, Field(ge=1, le=_MANY)] = 100
    """Most recommendations in one answer."""
    shard_bytes: Annotated[int, Field(ge=1024, le=_MANY)] = 4 * 1024 * 1024
    """Size of a weight file, in bytes."""


@dataclass(frozen=True, config=_STRICT)
class ExploreConfig:
    """How often recorded visitors are shown items that the model knows little about."""

    share: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """Share, 0..1, of the places from the fourth on; 0: never. See docs/events.md."""
    known_from: Annotated[int, Field(ge=1, le=_MANY)] = 50
    """Least number of likers of a well-known item. With 50, the standard error of how often an item
    is liked is a seventh; only items with fewer are explored."""


@dataclass(frozen=True, config=_STRICT)
class EventsConfig:
    """Whether what visitors do is recorded and learned from. See docs/events.md."""

    enabled: bool = True
    """False: nodes record nothing, pages send nothing, and collected events are not used."""
    consent: Literal["none", "ask"] = "none"
    """`ask`: pages ask each visitor first, and send nothing before a yes."""


@dataclass(frozen=True, config=_STRICT)
class ExperimentConfig:
    """How experiments on live visitors are run and decided. See docs/experiments.md."""

    mode: Literal["split", "interleave"] = "split"
    """`split`: a session sees one of both; `interleave`: one list of both."""
    share: Annotated[float, Field(ge=0.001, le=1)] = 0.1
    """Share, 0..1, of the sessions that see the challenger, or an interleaved list."""
    metric: str = "success"
    """What is compared: the share of a session's answers with a `success`, or with such a type."""
    level: Annotated[float, Field(ge=1e-6, le=0.5)] = 0.05
    """Chance that an experiment without a difference ever claims one."""
    margin: Annotated[float, Field(ge=0, le=1)] = 0.02
    """By how much lower the metric of a challenger may be that counts as not worse."""
    preference_margin: Annotated[float, Field(ge=0, le=1)] = 0.05
    """The same for interleaving, in the mean preference of a session, -1 to 1."""
    least_sessions: Annotated[int, Field(ge=100, le=_MANY)] = 500
    """Least sessions of each variant, or with interleaved answers, before a promotion."""
    longest_days: Annotated[float, Field(ge=0.01, le=365)] = 14.0
    """Days after which an undecided challenger is withdrawn."""
    slower: Annotated[float, Field(ge=1, le=1000)] = 2.0
    """Most that the 95th percentile of its answers' time may be, in those of the champion's."""


@dataclass(frozen=True, config=_STRICT)
class Config:
    """All settings of a run."""

    clean: CleanConfig = field(default_factory=CleanConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    items: ItemsConfig = field(default_factory=ItemsConfig)
    evaluate: EvaluateConfig = field(default_factory=EvaluateConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    explore: ExploreConfig = field(default_factory=ExploreConfig)
    events: EventsConfig = field(default_factory=EventsConfig)
    experiment: ExperimentConfig = field(default_factory=ExperimentConfig)
    scale: ScaleConfig = field(default_factory=ScaleConfig)

    def with_settings(self, settings: Iterable[str]) -> Config:
        """Returns a copy with ``section.field=value`` applied.

        Raises:
            ConfigError: a setting is unknown, or its value has the wrong type or is out of range.
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
        name, sections = f"{section}.{key}", [f.name for f in dataclasses.fields(self)]
        if section not in sections:
            raise ConfigError(f"--set {name}: no such section; there are {', '.join(sections)}")
        known = fields_of(type(part := getattr(self, section)))
        if key not in known:
            raise ConfigError(f"--set {name}: no such field; {section} has {', '.join(known)}")
        try:
            changed = dataclasses.replace(part, **{key: text})
        except ValidationError as error:
            raise ConfigError(f"--set {name}={text}: expected {_expected(known[key])}") from error
        return dataclasses.replace(self, **{section: changed})

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Returns the settings as plain dictionaries, one per section."""
        return dataclasses.asdict(self)


def from_dict(sections: Mapping[str, Mapping[str, Any]]) -> Config:
    """Returns the settings that `Config.as_dict` returned.

    Raises:
        ConfigError: an unknown section or field, or a value that is not allowed.
    """
    try:
        return Config(**sections)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        is_unknown = first["type"] == "unexpected_keyword_argument"
        problem = "there is no such setting" if is_unknown else first["msg"]
        raise ConfigError(
            f"saved settings do not fit this version: {name}={first['input']!r}: {problem}. "
            "Run the stage that saved them again"
        ) from error


def fields_of(section: Any) -> dict[str, FieldInfo]:
    """Returns the fields of a section by name."""
    return dict(section.__pydantic_fields__)


def type_of(info: FieldInfo) -> str:
    """Returns the type of a setting, for people."""
    if get_origin(info.annotation) is Literal:
        return " or ".join(get_args(info.annotation))
    names = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    return names[info.annotation]  # type: ignore[index]


def range_of(info: FieldInfo) -> str:
    """Returns the range of a setting, for people; or nothing."""
    if not (limits := {type(limit).__name__: limit for limit in info.metadata}):
        return ""
    least, most = limits["Ge"].ge, limits["Le"].le
    return f"{least:g} or more" if most == _MANY else f"{least:g} to {most:,.10g}"


def _expected(info: FieldInfo) -> str:
    limits, kind = range_of(info), type_of(info)
    return f"a {kind} {'of' if limits.endswith('more') else 'from'} {limits}" if limits else kind
