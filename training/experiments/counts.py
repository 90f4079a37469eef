"""What a node counted about an experiment, as its ``GET …/metrics`` says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

_ANSWERS = "recommender_experiment_answers_total"
_FAILURES = "recommender_experiment_failures_total"
_BUCKETS = "recommender_experiment_duration_seconds_bucket"
_STARTED = "recommender_worker_start_timestamp_seconds"


@dataclass(frozen=True)
class NodeCounts:
    """Counts of all workers of a node together, or of several nodes.

    Attributes:
        answers: Signed answers, by variant.
        failures: Computations that failed, by variant.
        durations: Answers that took at most so many seconds, by variant and bound; cumulative.
        worker_started: When the worker that started last did, in seconds since 1970; 0: unknown.
    """

    answers: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    durations: dict[str, Counter[float]] = field(default_factory=dict)
    worker_started: float = 0.0

    def restarted_since(self, moment: str | None) -> bool:
        """Returns whether a worker began later, so that its counters do not cover all since then.

        Args:
            moment: ISO 8601; None: no moment, so no.
        """
        if moment is None:
            return False
        return (
            self.worker_started > datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
        )

    def quantile(self, variant: str, part: float) -> float | None:
        """Returns the bound of seconds below which a part of a variant's answers took; None: it
        has no answers.
        """
        buckets = sorted(self.durations.get(variant, Counter()).items())
        count = buckets[-1][1] if buckets else 0
        return next((bound for bound, n in buckets if count and n >= part * count), None)

    def timed(self, variant: str) -> int:
        """Returns how many of a variant's answers were timed."""
        return int(max(self.durations.get(variant, Counter()).values(), default=0))


def read_counts(text: str, project: str, id_: str) -> NodeCounts:
    """Returns what a node counted.

    Args:
        text: The answer of ``GET …/metrics``.
        project: The recommender.
        id_: The experiment.
    """
    found = NodeCounts()
    latest = 0.0
    for name, labels, value in _samples(text, project):
        if name == _STARTED:
            latest = max(latest, value)
        if labels.get("experiment") != id_:
            continue
        variant = labels.get("variant", "")
        if name == _ANSWERS:
            found.answers[variant] += int(value)
        elif name == _FAILURES:
            found.failures[variant] += int(value)
        elif name == _BUCKETS:
            found.durations.setdefault(variant, Counter())[float(labels["le"])] += int(value)
    return NodeCounts(found.answers, found.failures, found.durations, latest)


def together(counts: Iterable[NodeCounts]) -> NodeCounts:
    """Adds up what several nodes counted."""
    total = NodeCounts()
    latest = 0.0
    for one in counts:
        total.answers.update(one.answers)
        total.failures.update(one.failures)
        for variant, buckets in one.durations.items():
            total.durations.setdefault(variant, Counter()).update(buckets)
        latest = max(latest, one.worker_started)
    return NodeCounts(total.answers, total.failures, total.durations, latest)


def _samples(text: str, project: str) -> Iterable[tuple[str, dict[str, str], float]]:
    families: Iterable[Any] = text_string_to_metric_families(text)
    for family in families:
        for sample in family.samples:
            if sample.labels.get("project") == project:
                yield sample.name, sample.labels, sample.value
