"""How many sessions an experiment is likely to need, estimated before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np

from training.config import ExperimentConfig
from training.domains.event_rules import EventRules
from training.events.store import EventStore
from training.experiments.outcomes import read_baseline
from training.experiments.row import SPLIT
from training.experiments.sequential import FEWEST, sessions_needed

DAYS = 28
"""Days of events that the estimate rests on."""
_WORST = 0.5
"""Standard deviation of a share of 0..1 that is 0 or 1, half of the time each: the largest."""


@dataclass(frozen=True)
class Estimate:
    """The sessions that an experiment needs to show that its challenger is not worse.

    Attributes:
        sessions: In all, with a chance of 80 %, if there is no difference at all.
        margin: By how much worse is excluded.
        known: Sessions of the last days that the estimate rests on; 0: none, so that it assumes
            the worst.
    """

    sessions: int
    margin: float
    known: int


def estimate(
    store: EventStore,
    rules: EventRules,
    config: ExperimentConfig,
    *,
    mode: str,
    share: float,
    now: datetime | None = None,
) -> Estimate:
    """Estimates the sessions that an experiment needs, from those of the last days.

    Args:
        store: The collected events.
        rules: The domain's.
        config: Metric, margins and level.
        mode: ``split`` or ``interleave``.
        share: Of the sessions; with ``interleave``, those with another list are not counted.
        now: The present; None: the clock's.
    """
    since = ((now or datetime.now(timezone.utc)) - timedelta(days=DAYS)).date()
    figures = read_baseline(store, rules, config.metric, since)
    is_known = len(figures) >= FEWEST
    if mode == SPLIT:
        deviation = float(np.std(figures)) if is_known else _WORST
        margin, part = config.margin, share
    else:
        # At most: each session with a success prefers one side wholly.
        has_success = float(np.mean(figures > 0)) if is_known else 1.0
        deviation, margin, part = float(np.sqrt(has_success)), config.preference_margin, 1.0
    needed = sessions_needed(deviation, margin, level=config.level, share=part)
    return Estimate(needed, margin, len(figures) if is_known else 0)
