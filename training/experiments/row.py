"""The row by which nodes carry out an experiment: its form, and its validation."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from training.errors import ConfigError

SPLIT, INTERLEAVE = "split", "interleave"
TRIAL, RUNNING = "trial", "running"
CHAMPION, CHALLENGER, INTERLEAVED = "champion", "challenger", "interleaved"
SETTINGS = ("diversity", "novelty")
"""What a variant may set, each 0..1."""

_STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)
_Hex8 = Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
_Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
_Part = Annotated[float, Field(ge=0, le=1)]


class Variant(BaseModel):
    """What answers: a model, and how.

    Attributes:
        version: The model.
        strategy: One of its strategies; None: its default.
        settings: Of `SETTINGS`, each 0..1; a request's own come first.
    """

    model_config = _STRICT
    version: Annotated[str, Field(min_length=1)]
    strategy: Annotated[str, Field(min_length=1)] | None = None
    settings: dict[Literal["diversity", "novelty"], _Part] = Field(default_factory=dict)

    @property
    def defaults(self) -> dict[str, Any] | None:
        """What the pointer holds once it is promoted; None: the model's own defaults."""
        if self.strategy is None and not self.settings:
            return None
        return {"strategy": self.strategy, "settings": dict(self.settings)}

    def text(self) -> str:
        """Returns the variant for people."""
        parts = [self.version, *([self.strategy] if self.strategy else [])]
        return " ".join([*parts, *(f"{name}={value:g}" for name, value in self.settings.items())])


class Experiment(BaseModel):
    """What the attribute ``experiment`` of the row holds.

    Attributes:
        format: Always 1.
        id: 8 hex digits.
        state: ``trial``: nodes load the challenger; ``running``: visitors see it.
        mode: ``split`` or ``interleave``.
        share: Of the sessions, above 0 and at most 1.
        salt: 32 hex digits.
        champion: What answers without the experiment.
        challenger: What is compared with it.
        started: When it began to run, ISO 8601; None during the trial.
    """

    model_config = _STRICT
    format: Literal[1] = 1
    id: _Hex8
    state: Literal["trial", "running"]
    mode: Literal["split", "interleave"]
    share: Annotated[float, Field(gt=0, le=1)]
    salt: _Hex32
    champion: Variant
    challenger: Variant
    started: str | None = None

    @model_validator(mode="after")
    def _differs(self) -> Experiment:
        if self.champion == self.challenger:
            raise ValueError("champion and challenger are the same")
        return self

    def text(self) -> str:
        """Returns what is compared, for people."""
        champion, challenger = self.champion.text(), self.challenger.text()
        return f"{self.mode} at {self.share:.0%}, {champion} against {challenger}"

    def running(self, started: str) -> Experiment:
        """Returns the experiment as it is once it runs."""
        return self.model_copy(update={"state": RUNNING, "started": started})


def new_experiment(
    champion: str, challenger: Variant, *, mode: str = SPLIT, share: float = 0.1
) -> Experiment:
    """Returns an experiment in its trial.

    Args:
        champion: The current version.
        challenger: What is compared with it.
        mode: ``split`` or ``interleave``.
        share: Of the sessions, above 0 and at most 1.

    Raises:
        ConfigError: a value is not allowed; the message names it.
    """
    if mode == SPLIT and share == 1:
        raise ConfigError(
            "experiment.share=1: nobody would see the champion; use less, or mode interleave"
        )
    try:
        return Experiment(
            id=secrets.token_hex(4),
            state="trial",
            mode=mode,  # type: ignore[arg-type]  # pydantic checks it
            share=share,
            salt=secrets.token_hex(16),
            champion=Variant(version=champion),
            challenger=challenger,
        )
    except ValidationError as error:
        raise ConfigError(f"experiment: {_problem(error)}") from error


def from_row(content: Any) -> Experiment:
    """Returns the experiment that a row describes.

    Raises:
        ConfigError: it is not as docs/experiments.md describes.
    """
    try:
        return Experiment.model_validate(content)
    except ValidationError as error:
        raise ConfigError(
            f"the row experiment is malformed: {_problem(error)}. "
            "`harperdb-recommender experiment stop DOMAIN --discard` removes it"
        ) from error


def _problem(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if not name:
        return first["msg"].removeprefix("Value error, ")
    return f"{name}: {first['msg']}, found {first['input']!r}"
