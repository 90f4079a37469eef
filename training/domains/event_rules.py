"""What a domain records of its visitors, and what it learns from it. See docs/events.md."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Need = Literal["required", "optional", "none"]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventType(_Rules):
    """One type of event."""

    answer: Need = "optional"
    """Whether it names the answer that it is about."""
    item: Need = "required"
    position: Need = "optional"
    weight: Annotated[float, Field(ge=-10, le=10)] = 0.0
    """What it adds to how much the session likes the item; below 0: takes away."""
    success: bool = False
    """Whether it says that the answer was of use."""


def _default_types() -> dict[str, EventType]:
    return {
        "view": EventType(answer="required", item="none", position="required"),
        "click": EventType(answer="required", weight=0.3, success=True),
        "like": EventType(weight=1.0, success=True),
        "dislike": EventType(answer="required", weight=-1.0),
    }


class MachineRules(_Rules):
    """When a session is taken for a machine's, and not learned from."""

    events_per_minute: Annotated[int, Field(ge=1)] = 60
    """More events than this in any minute, by the client's clock."""
    answers: Annotated[int, Field(ge=1)] = 200
    """Events about more answers than this."""
    regular_events: Annotated[int, Field(ge=3)] = 20
    """From this many moments on, their regularity counts."""
    regular_variation: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Standard deviation of the pauses between moments, over their mean, below which they are
    regular."""


class EventRules(_Rules):
    """What is recorded, for how long, and what is learned from it."""

    enabled: bool = True
    """Off: nodes record nothing and sign no answers, from the next deploy on."""
    consent: Literal["none", "ask"] = "none"
    """``ask``: a page must ask before it sends anything; nodes do not check it."""
    types: dict[str, EventType] = Field(default_factory=_default_types, min_length=1)
    answer_hours: Annotated[float, Field(ge=1, le=720)] = 24
    """How long an answer can be referred to."""
    max_rows: Annotated[int, Field(ge=1)] = 2_000_000
    """Stored events at which a node refuses more."""
    session_per_minute: Annotated[int, Field(ge=1)] = 120
    client_per_minute: Annotated[int, Field(ge=1)] = 6_000
    node_per_minute: Annotated[int, Field(ge=1)] = 30_000
    """Most events of a session, of a network address, and of a node."""
    keep_days: Annotated[int, Field(ge=1)] = 180
    """How long collected events are kept by the trainer; nodes keep theirs for 90 days."""
    half_life_days: Annotated[float, Field(gt=0)] = 90
    """After this time an event weighs half."""
    liked_from: Annotated[float, Field(gt=0)] = 0.25
    """Least weight, after its half-lives, that counts as liking: a click for three weeks, a like
    for half a year."""
    session_cap: Annotated[int, Field(ge=1)] = 50
    """Most likes taken of one session, its strongest first."""
    least_sessions: Annotated[int, Field(ge=1)] = 2
    """A like is taken only if the session likes another item beside it that at least so many
    sessions like together with it."""
    machines: MachineRules = MachineRules()

    def for_nodes(self) -> dict[str, Any]:
        """Returns what a node must know, for its ``settings.json``: no weights, so that changing
        one needs no new code there.
        """
        of_trainer = {
            "keep_days",
            "half_life_days",
            "liked_from",
            "session_cap",
            "least_sessions",
            "machines",
        }
        settings = self.model_dump(exclude=of_trainer)
        for kind in settings["types"].values():
            del kind["weight"], kind["success"]
        return settings
