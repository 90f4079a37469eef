"""What the server answers. Fields that it adds in later versions are kept where there is room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

Variant = Literal["champion", "challenger", "interleaved"]
"""Who answers a session in an experiment on live visitors."""


@dataclass(frozen=True)
class Item:
    """An item of the catalogue.

    Attributes:
        id: Its id.
        fields: Everything else that is shown of it, such as its title.
        known: Whether the current model knows it; None in a list.
    """

    id: str
    fields: Mapping[str, Any]
    known: bool | None = None

    @staticmethod
    def of(answer: Mapping[str, Any]) -> Item:
        """Reads an item of an answer."""
        fields = {name: value for name, value in answer.items() if name not in ("id", "known")}
        return Item(answer["id"], fields, answer.get("known"))


@dataclass(frozen=True)
class Reason:
    """A favourite that led to a recommendation; `share` is its part, 0 to 1."""

    id: str
    share: float


@dataclass(frozen=True)
class Recommendation:
    """A recommended item.

    Attributes:
        id: The item's id.
        score: Comparable within one answer only.
        fields: Everything else that is shown of the item, such as its title.
        because: With ``explain``: the favourites that led here.
        explored: Whether it is shown to find out whether visitors like it.
    """

    id: str
    score: float
    fields: Mapping[str, Any]
    because: tuple[Reason, ...] = ()
    explored: bool = False

    @staticmethod
    def of(answer: Mapping[str, Any]) -> Recommendation:
        """Reads a recommendation of an answer."""
        named = ("id", "score", "because", "explored")
        fields = {name: value for name, value in answer.items() if name not in named}
        because = tuple(Reason(one["id"], one["share"]) for one in answer.get("because", ()))
        explored = bool(answer.get("explored"))
        return Recommendation(answer["id"], answer["score"], fields, because, explored)


@dataclass(frozen=True)
class Recommendations:
    """An answer of ``recommend``.

    Attributes:
        model: Version of the model that answered.
        strategy: The strategy that answered; ``popular`` if no favourite is known.
        unknown: Favourites that the model does not know.
        recommendations: Distinct items, the best first, and never a favourite.
        answer: With a session: the signed token that events refer to.
        variant: With a session, while an experiment runs: who answered.
        fields: Everything else.
    """

    model: str
    strategy: str
    unknown: tuple[str, ...]
    recommendations: tuple[Recommendation, ...]
    answer: str | None
    variant: Variant | None
    fields: Mapping[str, Any]

    @staticmethod
    def of(answer: Mapping[str, Any]) -> Recommendations:
        """Reads the whole answer."""
        named = ("model", "strategy", "unknown", "recommendations", "answer", "variant")
        return Recommendations(
            model=answer["model"],
            strategy=answer["strategy"],
            unknown=tuple(answer["unknown"]),
            recommendations=tuple(map(Recommendation.of, answer["recommendations"])),
            answer=answer.get("answer"),
            variant=answer.get("variant"),
            fields={name: value for name, value in answer.items() if name not in named},
        )


class _EventAlways(TypedDict):
    id: str
    type: str
    at: str


class Event(_EventAlways, total=False):
    """An event of a batch; `harperdb_recommender.new_event` makes one."""

    answer: str
    item: str
    position: int


class Refusal(TypedDict):
    """An event that was refused; `index` is its place in the batch, from 0."""

    index: int
    field: str
    message: str


class _EventsAlways(TypedDict):
    accepted: int
    duplicates: int
    refused: list[Refusal]


class EventsAnswer(_EventsAlways, total=False):
    """An answer of ``events``; `ignored` names the header that asked for nothing to be stored."""

    ignored: str


class _ModelAlways(TypedDict):
    version: str
    current: dict[str, Any]
    fields: list[dict[str, Any]]
    requests: dict[str, int]
    strategies: list[dict[str, Any]]
    default_strategy: str
    events: dict[str, Any]


class Model(_ModelAlways, total=False):
    """The current model."""

    created: str | None
    domain: str | None
    project: str | None
    labels: dict[str, str]
    metrics: dict[str, Any]
    data: dict[str, Any]
    rounds: list[dict[str, Any]]
    experiment: dict[str, Any]
    experiments: dict[str, Any]


class _HealthAlways(TypedDict):
    status: str
    model: str | None
    project: str
    worker: int
    since: str


class Health(_HealthAlways, total=False):
    """State of the worker that answered; `status` is ``ok``, ``degraded`` or ``no model``."""

    reason: str
    items: int
    strategy: str
    search: dict[str, Any]
    backend: str | None
    node: str
    workers: int
    component: str
    events: dict[str, Any]
    experiment: dict[str, Any]


class _StatsAlways(TypedDict):
    project: str
    worker: int
    since: str
    uptime: int
    routes: dict[str, dict[str, float]]
    model: str | None
    items: int | None
    versions: list[dict[str, Any]]


class Stats(_StatsAlways, total=False):
    """Counts since the worker that answered started."""

    node: str
    workers: int
    component: str
    runtime: dict[str, Any]
