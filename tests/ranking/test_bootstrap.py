"""Bootstrap intervals of a mean."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.ranking.bootstrap import interval, resamples


def test_a_resample_draws_as_many_users_as_there_are():
    weights = resamples(50, 1)
    assert weights.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert weights * 50 == pytest.approx(np.round(weights * 50), abs=1e-4)
    assert (resamples(50, 1) == weights).all()
    assert (resamples(50, 2) != weights).any()


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=60, max_size=60))
def test_an_interval_surrounds_the_mean_and_stays_within_the_values(values):
    values = np.array(values)
    low, high = interval(values, resamples(60, 1))
    assert values.min() - 1e-5 <= low <= values.mean() + 1e-5
    assert values.mean() - 1e-5 <= high <= values.max() + 1e-5


def test_an_interval_is_as_wide_as_the_normal_distribution_says():
    values = np.random.default_rng(4).normal(0.5, 0.1, 400)
    low, high = interval(values, resamples(400, 1))
    expected = 2 * 1.96 * values.std() / np.sqrt(400)
    assert high - low == pytest.approx(expected, rel=0.1)


def test_an_interval_shrinks_with_the_number_of_users():
    values = np.random.default_rng(4).random(1600)
    widths = []
    for users in (25, 100, 400, 1600):
        low, high = interval(values[:users], resamples(users, 1))
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    # Sixteen times the users, a quarter of the width.
    assert widths[1] / widths[3] == pytest.approx(4, rel=0.2)


def test_equal_values_have_an_interval_of_width_0():
    assert interval(np.full(30, 0.25), resamples(30, 1)) == pytest.approx((0.25, 0.25), abs=1e-5)


def test_the_same_draw_makes_differences_paired():
    rng = np.random.default_rng(4)
    hard = rng.random(200)  # differences between users that both methods share
    one, other = hard + 0.02 + rng.normal(0, 0.01, 200), hard
    weights = resamples(200, 1)
    low, high = interval(one - other, weights)
    assert 0 < low < high < 0.03
    apart_low, apart_high = interval(one, weights)
    assert apart_high - apart_low > 10 * (high - low)


def test_a_significant_difference_is_distinguished_from_an_insignificant_one():
    rng = np.random.default_rng(4)
    weights = resamples(300, 1)
    low, _ = interval(rng.normal(0.05, 0.1, 300), weights)
    assert low > 0
    low, high = interval(rng.normal(0.0, 0.1, 300), weights)
    assert low < 0 < high
