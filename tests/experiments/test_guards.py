"""A challenger that fails, or is slow, is noticed from what nodes count."""

from __future__ import annotations

import pytest

from training.experiments.counts import NodeCounts, read_counts, together
from training.experiments.guards import objections

PROJECT, ID = "song-recommender", "4f1c9a02"
BOUNDS = (0.001, 0.01, 0.05, 0.1, 1.0)


def text(answers, failures=(), times=(), *, worker="0", started=1e9) -> str:
    """What a node answers: counts by variant; `times` of (variant, seconds, answers)."""
    labels = f'project="{PROJECT}",worker="{worker}",experiment="{ID}"'
    lines = []
    for name, counts in (("answers", answers), ("failures", failures)):
        metric = f"recommender_experiment_{name}_total"
        lines += [f"# HELP {metric} .", f"# TYPE {metric} counter"]
        lines += [f'{metric}{{{labels},variant="{v}"}} {n}' for v, n in dict(counts).items()]
    metric = "recommender_experiment_duration_seconds"
    lines += [f"# HELP {metric} .", f"# TYPE {metric} histogram"]
    for variant, seconds, n in times:
        own = f'{labels},variant="{variant}"'
        lines += [
            f'{metric}_bucket{{{own},le="{bound}"}} {n if seconds <= bound else 0}'
            for bound in BOUNDS
        ]
        lines += [f'{metric}_bucket{{{own},le="+Inf"}} {n}', f"{metric}_count{{{own}}} {n}"]
    name = "recommender_worker_start_timestamp_seconds"
    lines += [f"# TYPE {name} gauge", f'{name}{{project="{PROJECT}",worker="{worker}"}} {started}']
    return "\n".join(lines) + "\n"


def counts(*texts: str) -> NodeCounts:
    return together(read_counts(one, PROJECT, ID) for one in texts)


def test_what_workers_and_nodes_count_is_added_up():
    one = text({"champion": 90, "challenger": 10}, {"challenger": 1}, started=5.0)
    other = text({"champion": 80}, times=[("champion", 0.005, 80)], worker="1", started=7.0)
    found = counts(one, other)
    assert found.answers == {"champion": 170, "challenger": 10}
    assert found.failures == {"challenger": 1}
    assert found.worker_started == 7.0
    assert found.quantile("champion", 0.95) == 0.01
    assert found.quantile("challenger", 0.95) is None
    assert read_counts(one, "another", ID) == NodeCounts()
    assert not read_counts(one, PROJECT, "00000000").answers


@pytest.mark.parametrize(
    ("challenger", "champion", "is_found"),
    [((8, 200), (0, 2_000), True), ((4, 20), (0, 2_000), False), ((8, 200), (80, 2_000), False)],
)
def test_more_failures_than_the_champions_are_objected_to(challenger, champion, is_found):
    (ours, answered), (theirs, good) = challenger, champion
    found = counts(
        text({"challenger": answered, "champion": good}, {"challenger": ours, "champion": theirs})
    )
    assert bool(objections(found, slower=2.0)) == is_found


@pytest.mark.parametrize(
    ("name", "seconds", "answers", "is_found"),
    [
        ("challenger", 0.1, 300, True),
        ("challenger", 0.01, 300, False),
        ("challenger", 0.1, 30, False),
        ("interleaved", 0.1, 300, True),
    ],
)
def test_slower_answers_are_objected_to(name, seconds, answers, is_found):
    times = [("champion", 0.01, 900), (name, seconds, answers)]
    found = objections(counts(text({}, times=times)), slower=2.0)
    assert bool(found) == is_found
    if found:
        assert found == [f"95 % of the answers that are {name} take up to 100 ms (champion: 10 ms)"]


def test_an_interleaved_answer_may_take_the_time_of_both():
    times = [("champion", 0.05, 900), ("interleaved", 0.1, 300)]
    assert objections(counts(text({}, times=times)), slower=1.0) == []
