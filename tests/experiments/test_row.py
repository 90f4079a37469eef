"""The row of an experiment: what is accepted, and what the message says of the rest."""

from __future__ import annotations

import pytest

from training.errors import ConfigError
from training.experiments.row import Experiment, Variant, from_row, new_experiment


def test_a_row_is_read_as_it_was_written():
    made = new_experiment("old", Variant(version="new", settings={"diversity": 0.2}), share=0.3)
    assert from_row(made.model_dump()) == made
    running = made.running("2026-11-24T10:00:00.000Z")
    assert (running.state, made.state) == ("running", "trial")
    assert running.id == made.id


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"share": 0.0}, "share: Input should be greater than 0, found 0.0"),
        ({"share": 1.5}, "share"),
        ({"mode": "both"}, "mode"),
        ({"mode": "interleave", "challenger": {"version": "old"}}, "are the same"),
        ({"challenger": {"version": "new", "settings": {"diversity": 2}}}, "settings.diversity"),
        ({"challenger": {"version": "new", "settings": {"colour": 1}}}, "settings.colour"),
        ({"id": "xyz"}, "id"),
        ({"format": 2}, "format"),
        ({"more": 1}, "more"),
    ],
)
def test_a_malformed_row_is_refused_with_the_place_and_a_remedy(change, message):
    row = new_experiment("old", Variant(version="new")).model_dump() | change
    with pytest.raises(ConfigError, match=message) as refused:
        from_row(row)
    assert "experiment stop DOMAIN --discard" in str(refused.value)


def test_an_experiment_without_a_difference_is_refused():
    with pytest.raises(ConfigError, match="champion and challenger are the same"):
        new_experiment("old", Variant(version="old"))
    assert isinstance(new_experiment("old", Variant(version="old", strategy="items")), Experiment)


def test_a_variant_says_what_the_pointer_keeps_of_it():
    assert Variant(version="new").defaults is None
    kept = Variant(version="new", strategy="voters", settings={"novelty": 0.1}).defaults
    assert kept == {"strategy": "voters", "settings": {"novelty": 0.1}}
    assert Variant(version="new", settings={"novelty": 0.1}).text() == "new novelty=0.1"
