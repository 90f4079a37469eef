"""What ends an experiment at once: a challenger that fails, or is slow, where the champion is not.

Both are read from what the nodes count, so that nobody waits for events to be collected.
"""

from __future__ import annotations

from training.experiments.checks import more_often
from training.experiments.counts import NodeCounts
from training.experiments.row import CHALLENGER, CHAMPION, INTERLEAVED

LEVEL = 1e-4
"""Chance of an alarm without a cause, at one check; there are many."""
LEAST_FAILURES = 5
LEAST_TIMED = 200
QUANTILE = 0.95
SLOWER_SECONDS = 0.02
"""A difference that no visitor notices is none, whatever its ratio."""


def objections(counts: NodeCounts, *, slower: float) -> list[str]:
    """Returns what speaks against going on, one sentence each.

    Args:
        counts: Of all nodes.
        slower: How many times as long as the champion's the challenger's answers may take.
    """
    return [*_failures(counts), *_slow(counts, slower)]


def _failures(counts: NodeCounts) -> list[str]:
    ours = sum(counts.failures[name] for name in (CHALLENGER, INTERLEAVED))
    answered = sum(counts.answers[name] for name in (CHALLENGER, INTERLEAVED))
    theirs, good = counts.failures[CHAMPION], counts.answers[CHAMPION]
    if ours < LEAST_FAILURES or more_often((ours, answered), (theirs, good)) >= LEVEL:
        return []
    return [
        f"{ours:,} of {ours + answered:,} computations with the challenger failed "
        f"(champion: {theirs:,} of {theirs + good:,})"
    ]


def _slow(counts: NodeCounts, slower: float) -> list[str]:
    found = []
    theirs = counts.quantile(CHAMPION, QUANTILE)
    # An interleaved answer is computed by both, so the champion's time is part of it.
    for name, most in ((CHALLENGER, slower), (INTERLEAVED, slower + 1)):
        ours = counts.quantile(name, QUANTILE)
        if ours is None or theirs is None:
            continue
        if min(counts.timed(name), counts.timed(CHAMPION)) < LEAST_TIMED:
            continue
        if ours > max(most * theirs, theirs + SLOWER_SECONDS):
            found.append(
                f"95 % of the answers that are {name} take up to {ours * 1000:g} ms "
                f"(champion: {theirs * 1000:g} ms)"
            )
    return found
