"""The rules that turn what visitors did into what they like.

A session is a user. Of each session and item, every type of event counts once, with the domain's
weight for that type; their sum, halved with each half-life since the last of them, is how strongly
the session likes the item. Sums of 0 and less are not likes: a dismissal cancels a click.

Left out: sessions that behave like machines; all but the ``session_cap`` strongest likes of a
session. Which of the others are used beside the raw files is decided where those are known:
`training.data.visitors`.

A like of an explored item, which has a propensity, weighs as much as any other: it says as much
about its session. Divided by its propensity it would outweigh hundreds of likes, and those who saw
the item by chance would decide for everybody. Its evidence reaches the model because the item was
shown at all; the propensities stay in the stored events for estimates of what answers achieve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from training.domains.domain import ITEM_ID, STRENGTH, USER_ID
from training.domains.event_rules import EventRules
from training.events.encoded import read_encoded
from training.events.machines import machine_sessions
from training.events.store import EventStore

_DAY_MS = 86_400_000
_TEXTS = ["session", "type", "item", "answer"]


@dataclass(frozen=True)
class Learned:
    """The likes found in the collected events, and counts.

    Attributes:
        likes: `USER_ID` (the session), `ITEM_ID`, `STRENGTH` (weight units, above 0).
        events: Number of events read.
        sessions: Number of sessions with any.
        machines: Number of sessions ignored as automated, by reason.
        dismissed: Pairs of session and item whose weights are 0 or less.
        beyond_cap: Likes left out by ``session_cap``.
        explored: Likes of items that the session was shown in an explored place.
    """

    likes: pd.DataFrame
    events: int
    sessions: int
    machines: dict[str, int]
    dismissed: int
    beyond_cap: int
    explored: int


def learn_likes(store: EventStore, rules: EventRules, *, now: datetime) -> Learned:
    """Turns collected events into likes.

    Args:
        store: The events.
        rules: The domain's.
        now: The time from which an event's age is counted.

    Returns:
        The likes, ordered by session and item, and what was left out.
    """
    read = read_encoded(store, _TEXTS)
    events, sessions, items = read.events, read.texts["session"], read.texts["item"]
    machines = machine_sessions(events, rules.machines)
    aside = np.concatenate([np.empty(0, np.int64), *machines.values()]).astype(np.int64)
    people = events[~events["session"].isin(aside)]
    kinds = [rules.types.get(name) for name in read.texts["type"]]
    weighed = _weigh(people, kinds, rules, now)
    liked = weighed[weighed["strength"] > 0]
    capped = _cap(liked, rules.session_cap)
    kept = capped.sort_values(["session", "item"])
    likes = pd.DataFrame(
        {
            USER_ID: sessions[kept["session"].to_numpy()],
            ITEM_ID: items[kept["item"].to_numpy()],
            STRENGTH: kept["strength"].to_numpy(np.float64),
        }
    )
    return Learned(
        likes,
        events=len(events),
        sessions=len(sessions),
        machines={reason: len(found) for reason, found in machines.items()},
        dismissed=len(weighed) - len(liked),
        beyond_cap=len(liked) - len(capped),
        explored=int(kept["explored"].sum()),
    )


def _weigh(
    events: pd.DataFrame, types: Sequence[object], rules: EventRules, now: datetime
) -> pd.DataFrame:
    weights = np.array([getattr(kind, "weight", 0.0) for kind in types] or [0.0])
    speaking = events[(events["item"] >= 0) & (weights[events["type"]] != 0)]
    once = speaking.groupby(["session", "item", "type"], as_index=False)[["at", "explored"]].max()
    once["strength"] = weights[once["type"]]
    weighed = once.groupby(["session", "item"], as_index=False).agg(
        strength=("strength", "sum"), at=("at", "max"), explored=("explored", "max")
    )
    days = (now.timestamp() * 1000 - weighed["at"]).clip(lower=0) / _DAY_MS
    weighed["strength"] *= 0.5 ** (days / rules.half_life_days)
    # A sum such as 1 - 1 + 0.3 - 0.3 may not be exactly 0.
    weighed.loc[weighed["strength"].abs() < 1e-9, "strength"] = 0.0
    return weighed


def _cap(liked: pd.DataFrame, most: int) -> pd.DataFrame:
    """Keeps each session's strongest likes, the latest of equals."""
    ordered = liked.sort_values(["session", "strength", "at"], ascending=[True, False, False])
    return ordered[ordered.groupby("session").cumcount() < most]
