"""What speaks against a new model: its measured sibling, or the bundle beside its sibling."""

from dataclasses import replace

import pytest

from training.pipeline.comparison import MARGIN, Compared

EQUAL = Compared(
    people=400,
    new=0.3,
    current=0.3,
    difference=0.0,
    low=-0.01,
    high=0.01,
    shipped=0.32,
    shipped_high=0.04,
)


def test_nothing_speaks_against_an_equal_model_whose_bundle_answers_better_than_its_sibling():
    assert EQUAL.objections() == []


@pytest.mark.parametrize(("high", "refused"), [(-MARGIN * 0.3 - 1e-6, True), (-1e-6, False)])
def test_a_model_that_is_surely_worse_by_more_than_the_margin_is_refused(high, refused):
    found = replace(EQUAL, low=-0.1, high=high).objections()
    assert [("400 held-out people" in text) for text in found] == [True] * refused


@pytest.mark.parametrize(("high", "refused"), [(-MARGIN * 0.3 - 1e-6, True), (-1e-6, False)])
def test_a_bundle_that_is_surely_worse_than_its_sibling_is_refused(high, refused):
    found = replace(EQUAL, shipped=0.1, shipped_high=high).objections()
    assert [("not made as measured" in text) for text in found] == [True] * refused


def test_both_can_be_objected_to_at_once_and_all_figures_are_noted():
    worse = replace(EQUAL, high=-0.1, shipped_high=-0.1)
    assert len(worse.objections()) == 2
    assert worse.figures()["shipped_high"] == -0.1
