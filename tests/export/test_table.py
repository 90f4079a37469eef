"""The manifest names the weights of a strategy's table, and they are what the strategy uses."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from training.config import Config
from training.export.serving import BundleGraph
from training.export.table import table_entry
from training.models import shipped
from training.models.strategies import served
from training.models.strategy import PairTable
from training.models.tensorflow_import import quiet

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def table(board) -> PairTable:
    found = served(board.model / shipped.FOLDER, Config())[0].table
    assert found is not None
    return found


@pytest.fixture(scope="module")
def entry(board) -> dict:
    manifest = json.loads((board.bundle / "manifest.json").read_text(encoding="utf-8"))
    return next(s["table"] for s in manifest["strategies"] if s["name"] == "items")


def weights_of(bundle: Path) -> dict[str, np.ndarray]:
    with quiet():
        from tensorflowjs.read_weights import read_weights

    model = json.loads((bundle / "model.json").read_text(encoding="utf-8"))
    groups = read_weights(model["weightsManifest"], str(bundle))
    return {weight["name"]: weight["data"] for group in groups for weight in group}


def test_the_named_weights_hold_the_values_that_the_strategy_computes_with(board, table, entry):
    weights = weights_of(board.bundle)
    assert entry.keys() == {f.name for f in fields(table) if getattr(table, f.name) is not None}
    for name, value in entry.items():
        expected = getattr(table, name)
        if isinstance(expected, np.ndarray):
            assert np.array_equal(weights[value].ravel(), expected.ravel()), name
        else:
            assert value == expected, name


def test_the_documented_formula_over_these_weights_gives_the_scores_of_the_graph(board, entry):
    weights = weights_of(board.bundle)
    named = {k: weights[v].squeeze() for k, v in entry.items() if v in weights}
    vectors, offsets = named["vectors"], named["offsets"]
    for favourites in ([0], [3, 1, 7], list(range(10))):
        likeness = entry["blend"] * vectors[favourites].mean(axis=0) @ vectors.T
        rest = named["item_factor"] * np.exp(np.minimum(likeness, entry["max_exponent"]))
        scores = named["query_factor"][favourites].mean() * rest
        for favourite in favourites:
            pairs = slice(offsets[favourite], offsets[favourite + 1])
            np.add.at(scores, named["neighbours"][pairs], named["weights"][pairs])
        answer = BundleGraph(board.bundle).ask("items", favourites)
        found = answer["items"][answer["items"] >= 0]
        expected = scores[found] / entry["divisor"]
        assert answer["scores"][: len(found)] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["offsets", "neighbours", "weights", "item_factor", "vectors"])
def test_a_table_of_which_an_array_is_not_among_the_weights_is_left_out(board, table, name):
    values = getattr(table, name).copy()
    values.flat[-2] += 1
    assert table_entry(board.bundle, table)
    assert table_entry(board.bundle, replace(table, **{name: values})) == {}


def test_an_array_of_another_type_is_another_array(board, table):
    wide = table.offsets.astype(np.float32)
    assert table_entry(board.bundle, replace(table, offsets=wide)) == {}


def test_a_strategy_without_a_table_has_no_entry(board):
    assert table_entry(board.bundle, None) == {}
    manifest = json.loads((board.bundle / "manifest.json").read_text(encoding="utf-8"))
    assert [s["name"] for s in manifest["strategies"] if "table" in s] == ["items"]
