"""Sessions that behave like machines: counted, and ignored before anything is learned."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training.domains.event_rules import MachineRules

RATE, ANSWERS, REGULAR = "rate", "answers", "regularity"
_MINUTE_MS = 60_000


def machine_sessions(events: pd.DataFrame, rules: MachineRules) -> dict[str, np.ndarray]:
    """Finds sessions that cannot be a person's.

    Args:
        events: Columns ``session`` (any key), ``at`` (ms since 1970, int64) and ``answer`` (any
            key; -1 or missing: none).
        rules: The limits.

    Returns:
        Session keys by reason; each session under the first reason that holds: more than
        ``events_per_minute`` in a minute, more than ``answers`` answers, or pauses of one length.
    """
    ordered = events.sort_values(["session", "at"], kind="stable")
    found = {
        RATE: _fast(ordered, rules.events_per_minute),
        ANSWERS: _curious(ordered, rules.answers),
        REGULAR: _regular(ordered, rules.regular_events, rules.regular_variation),
    }
    seen: set[object] = set()
    result = {}
    for reason, sessions in found.items():
        result[reason] = np.array([one for one in sessions if one not in seen])
        seen |= set(sessions)
    return result


def _fast(ordered: pd.DataFrame, most: int) -> np.ndarray:
    # Sorted: events i and i + most lie within a minute only if most + 1 events do.
    later = ordered["at"].shift(-most)
    same = ordered["session"].eq(ordered["session"].shift(-most))
    fast = same & (later - ordered["at"] < _MINUTE_MS)
    return ordered.loc[fast, "session"].unique()


def _curious(ordered: pd.DataFrame, most: int) -> np.ndarray:
    asked = ordered[ordered["answer"].notna() & ordered["answer"].ne(-1)]
    counts = asked.groupby("session", observed=True)["answer"].nunique()
    return counts.index[counts > most].to_numpy()


def _regular(ordered: pd.DataFrame, least: int, variation: float) -> np.ndarray:
    moments = ordered[["session", "at"]].drop_duplicates()
    pauses = moments["at"].diff()
    pauses = pauses[moments["session"].eq(moments["session"].shift())]
    grouped = pauses.groupby(moments["session"].loc[pauses.index], observed=True)
    figures = grouped.agg(["size", "mean", "std"])
    is_regular = (figures["size"] >= least - 1) & (figures["std"] < variation * figures["mean"])
    return figures.index[is_regular].to_numpy()
