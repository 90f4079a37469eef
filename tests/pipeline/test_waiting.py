"""How long `loop` waits between two rounds."""

from __future__ import annotations

from training.pipeline.waiting import LONGEST_RETRY_SECONDS, Waits, wait_seconds


def test_failures_are_tried_again_soon_and_then_less_and_less_often() -> None:
    assert wait_seconds(3600, 0) == 3600
    assert [wait_seconds(3600, n) for n in (1, 2, 3)] == [60, 120, 240]
    assert wait_seconds(3600, 50) == wait_seconds(30, 50) == LONGEST_RETRY_SECONDS
    assert wait_seconds(86_400, 50) == 86_400


def test_an_experiment_is_looked_at_more_often_than_there_are_rounds() -> None:
    waits = Waits(3_600, 300)
    assert waits.after(0, in_experiment=False) == 3_600
    assert waits.after(0, in_experiment=True) == 300
    assert Waits(60, 300).after(0, in_experiment=True) == 60
    assert waits.after(1, in_experiment=True) == 60
