"""The scale of variety: equal steps cost equal quality, in both languages."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from training.evaluation.variety_scale import STEPS, WEIGHTS, equal_steps, varied_lists, weight_of

SCRIPT = Path(__file__).parents[1] / "weights.mjs"
CLIFF = {0.0: 0.416, 0.25: 0.410, 0.5: 0.267, 0.75: 0.170, 1.0: 0.169}


def test_each_step_costs_the_same_share_of_what_full_variety_costs():
    weights, quality = np.array(list(CLIFF)), np.array(list(CLIFF.values()))
    scale = equal_steps(weights, quality)
    assert len(scale) == STEPS + 1
    reached = np.interp(scale, weights, quality)
    steps = -np.diff(reached)
    assert steps == pytest.approx((quality[0] - quality[-1]) / STEPS, rel=0.01)


def test_the_scale_starts_at_0_and_never_falls():
    rng = np.random.default_rng(3)
    for _ in range(200):
        quality = np.sort(rng.random(len(WEIGHTS)))[::-1] + rng.normal(0, 0.05, len(WEIGHTS))
        scale = equal_steps(np.array(WEIGHTS), quality)
        if scale is not None:
            assert scale[0] == 0
            assert (np.diff(scale) >= 0).all()
            assert scale[-1] <= 1


def test_weights_without_a_cost_are_skipped_at_both_ends():
    weights = np.array([0, 0.25, 0.5, 0.75, 1])
    scale = equal_steps(weights, np.array([0.4, 0.4, 0.3, 0.2, 0.2]))
    assert scale[1] == pytest.approx(0.3)
    assert scale[-1] == pytest.approx(0.75)


def test_a_rise_of_the_quality_counts_as_no_change():
    scale = equal_steps(np.array([0, 0.25, 0.5, 1]), np.array([0.4, 0.42, 0.3, 0.2]))
    assert scale[5] == pytest.approx(0.5)
    assert scale[1] == pytest.approx(0.3)


@pytest.mark.parametrize("quality", [[0.4, 0.4, 0.4], [0.4, 0.41, 0.395], [0.0, 0.0, 0.0]])
def test_if_variety_costs_next_to_nothing_there_is_no_scale(quality):
    assert equal_steps(np.array([0, 0.5, 1]), np.array(quality)) is None


def test_javascript_uses_the_same_weights():
    scales = [None, equal_steps(np.array(list(CLIFF)), np.array(list(CLIFF.values()))), [0.0, 1.0]]
    cases = [
        {"diversity": float(diversity), "scale": scale}
        for scale in scales
        for diversity in np.linspace(0, 1, 41)
    ]
    done = subprocess.run(
        ["node", str(SCRIPT)], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == pytest.approx([weight_of(**case) for case in cases])


def test_lists_contain_no_favourite_and_end_with_minus_1():
    answer = {
        "items": np.array([[3, 1, 2, -1], [0, 2, 1, 3]], np.int32),
        "scores": np.array([[3, 2, 1, 0], [4, 3, 2, 1]], np.float32),
    }
    favourites = np.array([[1, -1], [0, 3]], np.int32)
    lists = varied_lists(answer, favourites, np.full(4, -1), 0.0, 3)
    assert lists.tolist() == [[3, 2, -1], [2, 1, -1]]
