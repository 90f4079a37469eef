"""A look at an experiment: what its sessions say so far, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from training.config import ExperimentConfig
from training.domains.event_rules import EventRules
from training.errors import ConfigError
from training.experiments.outcomes import POSITION, PREFERENCE, SUCCESS, Outcomes
from training.experiments.row import CHALLENGER, CHAMPION, INTERLEAVED, SPLIT, Experiment
from training.experiments.sequential import FEWEST, Interval, compare, prefer, sums_of

UNDECIDED, BETTER, WORSE = "undecided", "better", "worse"
NOT_WORSE, NOT_VALID = "not worse", "not valid"
PROMOTED, WITHDRAWN, DISCARDED = "promoted", "withdrawn", "discarded"

_NOT_FIGURES = ("variant", "node", "answers", PREFERENCE)


@dataclass(frozen=True)
class Look:
    """What is known at a moment.

    Attributes:
        at: The moment, ISO 8601.
        sessions: Number of sessions, by variant.
        interval: The difference of the metric, or the mean preference; None: too early.
        champion: The champion's metric; None for interleaving, or without sessions.
        challenger: The challenger's.
        verdict: `UNDECIDED`, `BETTER`, `WORSE`, `NOT_WORSE` or `NOT_VALID`.
        note: Why, where that needs saying.
        rates: Every figure's mean, by variant and name.
        machines: Sessions left out as automated.
    """

    at: str
    sessions: dict[str, int]
    interval: Interval | None
    champion: float | None
    challenger: float | None
    verdict: str
    note: str
    rates: dict[str, dict[str, float | None]]
    machines: int

    def shown(self) -> dict[str, Any]:
        """Returns what nodes show of it; see docs/experiments.md."""
        found = self.interval
        numbers = (found.difference, found.low, found.high) if found else (None, None, None)
        named = zip(("difference", "low", "high"), numbers, strict=True)
        return {
            "at": self.at,
            "sessions": self.sessions,
            "champion": _rounded(self.champion),
            "challenger": _rounded(self.challenger),
            **{name: _rounded(number) for name, number in named},
            "verdict": self.verdict,
            "note": self.note,
        }

    def recorded(self) -> dict[str, Any]:
        """Returns all of it, for the journal."""
        return self.shown() | {"rates": self.rates, "machines": self.machines}


def require_metric(metric: str, rules: EventRules) -> None:
    """Checks that a metric can be compared.

    Raises:
        ConfigError: it is neither `SUCCESS` nor a type of event that counts as one.
    """
    known = [SUCCESS, *(name for name, kind in rules.types.items() if kind.success)]
    if metric not in known:
        raise ConfigError(f"experiment.metric={metric}: there are {', '.join(known)}")


def look(
    experiment: Experiment,
    outcomes: Outcomes,
    problems: Sequence[str],
    rules: ExperimentConfig,
    *,
    at: str,
) -> Look:
    """Compares the variants as far as their sessions allow.

    Args:
        experiment: The experiment.
        outcomes: Its sessions.
        problems: Why they cannot be compared; see `training.experiments.checks`.
        rules: Level, metric and margin.
        at: Now, ISO 8601.
    """
    is_split = experiment.mode == SPLIT
    names = (CHAMPION, CHALLENGER) if is_split else (INTERLEAVED,)
    groups = {name: outcomes.of(name) for name in names}
    interval = _interval(experiment, groups, rules)
    verdict, note = _verdict(interval, margin_of(experiment, rules))
    if problems:
        verdict, note = NOT_VALID, "; ".join(problems)
    metrics = [_mean(_figures(groups[name], rules.metric)) if is_split else None for name in names]
    return Look(
        at,
        {name: len(rows) for name, rows in groups.items()},
        interval,
        metrics[0],
        metrics[-1],
        verdict,
        note,
        {name: _rates(rows) for name, rows in groups.items()},
        sum(outcomes.machines.values()),
    )


def decide(seen: Look, experiment: Experiment, rules: ExperimentConfig) -> tuple[str, str] | None:
    """Decides whether an experiment ends.

    Args:
        seen: The latest look.
        experiment: It runs.
        rules: Least sessions and longest duration.

    Returns:
        (`PROMOTED` or `WITHDRAWN`, the reason in one sentence); None: it goes on.
    """
    if seen.verdict == WORSE:
        return WITHDRAWN, f"it is worse: {_figures_text(seen, rules)}"
    is_enough = min(seen.sessions.values()) >= rules.least_sessions
    if seen.verdict in (BETTER, NOT_WORSE) and is_enough:
        by = "" if seen.verdict == BETTER else f" by {margin_of(experiment, rules):g} or more"
        return PROMOTED, f"it is {seen.verdict}{by}: {_figures_text(seen, rules)}"
    if _age(experiment, seen.at) > timedelta(days=rules.longest_days):
        why = seen.note if seen.verdict == NOT_VALID else _figures_text(seen, rules)
        return WITHDRAWN, f"{seen.verdict} after {rules.longest_days:g} days: {why}"
    return None


def margin_of(experiment: Experiment, rules: ExperimentConfig) -> float:
    """Returns by how much worse is still not worse, in the unit of what is compared."""
    return rules.margin if experiment.mode == SPLIT else rules.preference_margin


def metric_of(experiment: Experiment, rules: ExperimentConfig) -> str:
    """Returns the name of what is compared."""
    return rules.metric if experiment.mode == SPLIT else PREFERENCE


def _interval(
    experiment: Experiment, groups: dict[str, pd.DataFrame], rules: ExperimentConfig
) -> Interval | None:
    if min(map(len, groups.values())) < FEWEST:
        return None
    if experiment.mode != SPLIT:
        preferences = sums_of(groups[INTERLEAVED][PREFERENCE].to_numpy(float), least=-1.0)
        return prefer(preferences, level=rules.level, best_at=rules.least_sessions)
    champion, challenger = (
        sums_of(_figures(groups[name], rules.metric)) for name in (CHAMPION, CHALLENGER)
    )
    # The smaller variant has its least sessions when there are so many of both.
    best_at = rules.least_sessions / min(experiment.share, max(1 - experiment.share, 0.01))
    return compare(champion, challenger, level=rules.level, best_at=best_at)


def _figures(rows: pd.DataFrame, metric: str) -> np.ndarray:
    # Without an event of that type so far there is no such column.
    return rows[metric].to_numpy(float) if metric in rows else np.zeros(len(rows))


def _verdict(found: Interval | None, margin: float) -> tuple[str, str]:
    if found is None:
        return UNDECIDED, "too few sessions"
    if found.high < 0:
        return WORSE, ""
    if found.low > 0:
        return BETTER, ""
    return (NOT_WORSE, "") if found.low > -margin else (UNDECIDED, "")


def _rates(rows: pd.DataFrame) -> dict[str, float | None]:
    figures = [str(name) for name in rows.columns if name not in _NOT_FIGURES]
    found = {name: _mean(rows[name].to_numpy(float)) for name in figures}
    return {name: _rounded(value) for name, value in found.items() if name != POSITION} | {
        POSITION: _rounded(found.get(POSITION))
    }


def _mean(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _figures_text(seen: Look, rules: ExperimentConfig) -> str:
    sessions = " and ".join(f"{n:,} {name}" for name, n in seen.sessions.items())
    if seen.interval is None:
        return f"{sessions} sessions are too few"
    found = seen.interval
    what = PREFERENCE if INTERLEAVED in seen.sessions else f"difference in {rules.metric}"
    return (
        f"{what} {found.difference:+.4f} ({found.low:+.4f} to {found.high:+.4f}) "
        f"after {sessions} sessions"
    )


def _age(experiment: Experiment, at: str) -> timedelta:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))

    return moment(at) - moment(experiment.started or at)
