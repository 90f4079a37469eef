"""Whether an experiment's sessions can be compared at all.

Where sessions or events of one variant, or of one node, are missing, those that are left differ
from those that are not, and a difference says nothing about the variants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.stats import binomtest, chisquare, fisher_exact

from training.experiments.counts import NodeCounts
from training.experiments.outcomes import Outcomes
from training.experiments.row import CHALLENGER, INTERLEAVED, SPLIT, Experiment

LEVEL = 0.001
"""Chance that a check fails by accident: it is made at every look, and a failure costs a verdict.

Source: Fabijan et al., "Diagnosing sample ratio mismatch in online controlled experiments", KDD
2019.
"""
_LEAST_EXPECTED = 5
_FEWER = 0.8
"""A node's share of answers with an event, over the other nodes': below, events are missing. Nodes
have different visitors, so that a smaller difference may be theirs."""
_MISPLACED = 0.001
_FEW = 5


def problems(
    experiment: Experiment, outcomes: Outcomes, counts: Mapping[str, NodeCounts]
) -> list[str]:
    """Returns why there can be no verdict, one sentence each; empty: the checks pass.

    Args:
        experiment: The experiment.
        outcomes: Its sessions.
        counts: What the nodes counted, by name; nodes that did not answer are missing.
    """
    return [
        *_misplaced(experiment, outcomes),
        *_ratios(experiment, outcomes),
        *_missing_events(experiment, outcomes, counts),
    ]


def _misplaced(experiment: Experiment, outcomes: Outcomes) -> Iterator[str]:
    wrong, right = outcomes.misplaced, len(outcomes.sessions)
    if wrong >= _FEW and wrong > _MISPLACED * (wrong + right):
        yield (
            f"{wrong:,} of {wrong + right:,} sessions got answers of another variant than their "
            f"own in experiment {experiment.id}: do all nodes run the same code?"
        )


def _ratios(experiment: Experiment, outcomes: Outcomes) -> Iterator[str]:
    other = CHALLENGER if experiment.mode == SPLIT else INTERLEAVED
    sessions = outcomes.sessions
    nodes = sorted(sessions["node"].unique())
    parts = [("", sessions)]
    if len(nodes) > 1:
        parts += [(f"{node}: ", sessions[sessions["node"] == node]) for node in nodes]
    for place, rows in parts:
        seen = int((rows["variant"] == other).sum())
        # Over all nodes together, one check; over each, one for each.
        level = LEVEL if not place else LEVEL / len(nodes)
        if ratio_probability(seen, len(rows), experiment.share) < level:
            yield (
                f"{place}{seen:,} of {len(rows):,} sessions are {other}, where "
                f"{experiment.share:.0%} were to be: sessions or events of a variant are missing"
            )


def ratio_probability(seen: int, sessions: int, share: float) -> float:
    """Returns how likely so uneven a division of the sessions is (chi-square test).

    Args:
        seen: Sessions of the variant that has the share.
        sessions: All.
        share: The share, 0..1.

    Returns:
        The p-value; 1 where fewer than five sessions of a variant are expected.
    """
    expected = [sessions * share, sessions * (1 - share)]
    if min(expected) < _LEAST_EXPECTED:
        return 1.0
    return float(chisquare([seen, sessions - seen], expected).pvalue)


def _missing_events(
    experiment: Experiment, outcomes: Outcomes, counts: Mapping[str, NodeCounts]
) -> Iterator[str]:
    if len(counts) < 2:
        return
    for name, own in counts.items():
        signed = int(sum(own.answers.values()))
        others = [
            other
            for other in counts
            # A counter begins again with its worker: such a node's answers seem to be fewer.
            if other != name and not counts[other].restarted_since(experiment.started)
        ]
        expected = _answered(others, outcomes, counts)
        if expected is None or not signed:
            continue
        arrived = min(outcomes.answers.get(name, 0), signed)
        if arrived >= _FEWER * expected * signed:
            continue
        if binomtest(arrived, signed, expected, "less").pvalue < LEVEL / len(counts):
            yield (
                f"{name} signed {signed:,} answers, and {arrived:,} of them "
                f"({arrived / signed:.0%}) have an event, where the other nodes have "
                f"{expected:.0%}: it loses events"
            )


def _answered(
    nodes: list[str], outcomes: Outcomes, counts: Mapping[str, NodeCounts]
) -> float | None:
    """Returns the share of these nodes' signed answers that have an event; None: unknown."""
    signed = {name: int(sum(counts[name].answers.values())) for name in nodes}
    if not sum(signed.values()):
        return None
    arrived = sum(min(outcomes.answers.get(name, 0), most) for name, most in signed.items())
    return arrived / sum(signed.values())


def more_often(ours: tuple[int, int], theirs: tuple[int, int]) -> float:
    """Returns how likely it is that the first fails so much more often by chance (Fisher's exact
    test, one-sided).

    Args:
        ours: (failures, others) of the first.
        theirs: Of the second.
    """
    return float(fisher_exact(np.array([ours, theirs]), alternative="greater").pvalue)
