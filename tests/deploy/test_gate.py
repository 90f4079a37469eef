"""The gate: which reports let a model become current."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fake_bundle import make_bundle
from training.deploy.gate import objections, same_split


@pytest.fixture
def manifest(tmp_path: Path) -> dict[str, Any]:
    return json.loads((make_bundle(tmp_path, quality=0.30) / "manifest.json").read_text())


def scored(manifest: dict[str, Any], value: float, method: str = "voters") -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    for row in changed["metrics"]["rows"]:
        if row["method"] == method:
            row["ndcg@20"] = value
    return changed


def test_a_model_that_beats_popularity_passes_where_there_is_no_other(
    manifest: dict[str, Any],
) -> None:
    assert objections(manifest, None) == []


@pytest.mark.parametrize("value", [0.0999, 0.1])
def test_not_beating_popularity_is_an_objection(manifest: dict[str, Any], value: float) -> None:
    [objection] = objections(scored(manifest, value), None)
    assert "popularity's 0.1000" in objection


def test_a_model_within_the_current_models_interval_is_not_worse(manifest: dict[str, Any]) -> None:
    assert objections(scored(manifest, 0.281), manifest) == []
    [objection] = objections(scored(manifest, 0.279), manifest)
    assert "0.2790 lies below the current model's 0.3000" in objection


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 21},
        {"data": {"files": {"a": "c"}}},
        {"data": {"files": {"a": "b"}, "events": {"rows": 3}}},
    ],
)
def test_other_data_or_another_seed_is_not_compared(
    manifest: dict[str, Any], change: dict[str, Any]
) -> None:
    other = manifest | change
    assert not same_split(manifest, other)
    assert objections(scored(manifest, 0.15), other) == []


def test_a_named_split_counts_more_than_the_models_own_seed(manifest: dict[str, Any]) -> None:
    manifest["metrics"]["split"] = "abc"
    assert same_split(manifest, manifest | {"seed": 99})


def test_a_model_without_metrics_is_an_objection_and_not_a_crash(manifest: dict[str, Any]) -> None:
    for broken in ({}, {"rows": []}, None):
        [objection] = objections(manifest | {"metrics": broken}, None)
        assert "no metrics" in objection


def test_a_report_without_the_baseline_is_an_objection(manifest: dict[str, Any]) -> None:
    manifest["metrics"]["rows"] = manifest["metrics"]["rows"][:1]
    [objection] = objections(manifest, None)
    assert "no popularity baseline" in objection
