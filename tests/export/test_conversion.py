"""Which strategies fit into a limit of the model's size."""

import dataclasses

import pytest

from tests import checkerboard
from training.config import ExportConfig
from training.export import conversion
from training.export.conversion import convert, convert_within, megabytes
from training.export.serving import Graph
from training.models.strategies import served as served_by

pytestmark = pytest.mark.slow

BEST_FIRST = ["voters", "items", "nearest-user"]


@pytest.fixture(scope="module")
def strategies(board):
    """In the order to offer them: items, voters, nearest-user."""
    return served_by(board.model, checkerboard.config())


def graph_of(some) -> Graph:
    return Graph(some, 10, checkerboard.ITEMS)


@pytest.fixture
def weights(monkeypatch):
    """Replaces the conversion: each strategy has a fixed size, and none shares weights."""
    sizes = {"items": 5.0, "voters": 4.0, "nearest-user": 1.0}
    converted = []

    def noted(graph, config, folder):
        names = [one.strategy.name for one in graph.strategies]
        converted.append(names)
        (folder / "model.json").write_bytes(b"x" * round(sum(sizes[n] for n in names) * 1e6))

    monkeypatch.setattr(conversion, "convert", noted)
    return converted


@pytest.mark.parametrize(
    ("bound", "kept"),
    [
        (0, ["items", "voters", "nearest-user"]),  # no limit
        (10, ["items", "voters", "nearest-user"]),
        (9.9, ["items", "voters"]),
        # The better one does not fit, the worse one does.
        (8, ["voters", "nearest-user"]),
        (4.5, ["voters"]),
        (1, ["voters"]),  # too large, but the best
    ],
)
def test_the_best_strategy_ships_with_the_better_ones_of_the_others_that_fit(
    strategies, weights, tmp_path, bound, kept
):
    config = ExportConfig(max_megabytes=bound)
    graph = convert_within(strategies, BEST_FIRST, graph_of, config, tmp_path)
    assert [one.strategy.name for one in graph.strategies] == kept == weights[-1]


def test_if_all_fit_no_strategy_is_converted_twice(strategies, weights, tmp_path):
    convert_within(strategies, BEST_FIRST, graph_of, ExportConfig(), tmp_path)
    assert len(weights) == 1


def test_what_is_too_large_by_itself_is_not_converted(strategies, weights, tmp_path):
    some = [dataclasses.replace(one, megabytes=21 * (n > 0)) for n, one in enumerate(strategies)]
    convert_within(some, BEST_FIRST, graph_of, ExportConfig(), tmp_path)
    assert weights == [["items", "voters"]]  # the best ships whatever it takes


def test_no_strategy_takes_less_than_its_arrays(strategies, tmp_path):
    for one in strategies:
        folder = tmp_path / one.strategy.name
        folder.mkdir()
        convert(graph_of([one]), ExportConfig(), folder)
        assert one.megabytes <= megabytes(folder)
    assert {one.megabytes > 0 for one in strategies} == {True, False}


def test_named_strategies_ship_without_a_limit(strategies, weights, tmp_path):
    config = ExportConfig(max_megabytes=1, strategies="items,voters,nearest-user")
    graph = convert_within(strategies, BEST_FIRST, graph_of, config, tmp_path)
    assert len(graph.strategies) == 3


def test_the_size_is_that_of_model_and_weights(strategies, tmp_path):
    convert(graph_of(strategies), ExportConfig(), tmp_path)
    whole = megabytes(tmp_path)
    (tmp_path / "items.jsonl").write_bytes(b"x" * 1000)
    assert whole == megabytes(tmp_path)
    assert round(whole * 1e6) == sum(
        p.stat().st_size for p in tmp_path.iterdir() if p.suffix in (".bin", ".json")
    )


def test_the_size_of_strategies_that_share_weights_is_measured_together(strategies, tmp_path):
    # Alone, `nearest-user` would be too much beside `voters`; but both read the same users.
    sizes = {}
    for names in (("voters",), ("nearest-user",), ("voters", "nearest-user")):
        some = [one for one in strategies if one.strategy.name in names]
        folder = tmp_path / "-".join(names)
        folder.mkdir()
        convert(graph_of(some), ExportConfig(), folder)
        sizes[names] = megabytes(folder)
    both = sizes["voters", "nearest-user"]
    assert both < sizes["voters",] + sizes["nearest-user",]
    config = dataclasses.replace(ExportConfig(), max_megabytes=both)
    graph = convert_within(
        strategies, ["voters", "nearest-user", "items"], graph_of, config, tmp_path
    )
    assert [one.strategy.name for one in graph.strategies] == ["voters", "nearest-user"]
