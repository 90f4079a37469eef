"""What a domain records about its visitors, and what it learns from that. See docs/events.md."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Need = Literal["required", "optional", "none"]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventType(_Rules):
    """One type of event."""

    answer: Need = "optional"
    """Whether an event names the answer that it is about."""
    item: Need = "required"
    position: Need = "optional"
    weight: Annotated[float, Field(ge=-10, le=10)] = 0.0
    """What an event adds to how much the session likes the item; may be negative."""
    success: bool = False
    """Whether an event shows that the answer was useful."""


def _default_types() -> dict[str, EventType]:
    return {
        "view": EventType(answer="required", item="none", position="required"),
        "click": EventType(answer="required", weight=0.3, success=True),
        "like": EventType(weight=1.0, success=True),
        "dislike": EventType(answer="required", weight=-1.0),
    }


class MachineRules(_Rules):
    """When a session is considered automated and ignored."""

    events_per_minute: Annotated[int, Field(ge=1)] = 60
    """More events than this in any minute, by the client's clock."""
    answers: Annotated[int, Field(ge=1)] = 200
    """Events about more answers than this."""
    regular_events: Annotated[int, Field(ge=3)] = 20
    """Number of moments from which their regularity is checked."""
    regular_variation: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Standard deviation of the pauses between moments, over their mean, below which they are
    regular."""


class EventRules(_Rules):
    """Which events are recorded, for how long, and what is learned from them."""

    enabled: bool = True
    """False: from the next deploy on, nodes record nothing and sign no answers."""
    consent: Literal["none", "ask"] = "none"
    """``ask``: a page must ask before it sends anything; nodes do not check it."""
    types: dict[str, EventType] = Field(default_factory=_default_types, min_length=1)
    answer_hours: Annotated[float, Field(ge=1, le=720)] = 24
    """How long events may refer to an answer, in hours."""
    max_rows: Annotated[int, Field(ge=1)] = 2_000_000
    """Number of stored events from which a node refuses more."""
    session_per_minute: Annotated[int, Field(ge=1)] = 120
    client_per_minute: Annotated[int, Field(ge=1)] = 6_000
    node_per_minute: Annotated[int, Field(ge=1)] = 30_000
    """Most events of a session, of a network address, and of a node."""
    keep_days: Annotated[int, Field(ge=1)] = 180
    """How long collected events are kept by the trainer; nodes keep theirs for 90 days."""
    half_life_days: Annotated[float, Field(gt=0)] = 90
    """Days after which an event counts half."""
    liked_from: Annotated[float, Field(gt=0)] = 0.25
    """Least decayed weight that counts as liking: a click counts for three weeks, a like for half
    a year."""
    session_cap: Annotated[int, Field(ge=1)] = 50
    """Most likes used of one session, the strongest first."""
    least_sessions: Annotated[int, Field(ge=1)] = 1
    """A like is used only if the session likes another item that at least this many sessions, or
    people of the raw files, like together with it. With 1, two liked items of the session itself
    are enough: where two people rarely like the same two items, as with books, 2 loses half of the
    likes."""
    most_growth: Annotated[float, Field(ge=1)] = 2.0
    """Most of an item's likes that are used, as a multiple of those that it would have if visitors'
    likes were spread over the items as those of the raw files are."""
    new_item_share: Annotated[float, Field(gt=0, le=1)] = 0.005
    """But at least those of this share of the sessions, for items that nobody likes yet."""
    machines: MachineRules = MachineRules()

    def for_nodes(self) -> dict[str, Any]:
        """Returns the settings for a node's ``settings.json``. Weights are left out, so that
        changing one needs no new code there.
        """
        of_trainer = {
            "keep_days",
            "half_life_days",
            "liked_from",
            "session_cap",
            "least_sessions",
            "most_growth",
            "new_item_share",
            "machines",
        }
        settings = self.model_dump(exclude=of_trainer)
        for kind in settings["types"].values():
            del kind["weight"], kind["success"]
        return settings
