"""The bundle's graph: the answers of a node, and the guarantees of the contract."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import checkerboard
from training.errors import ConfigError
from training.export.serving import BundleGraph

pytestmark = pytest.mark.slow

STRATEGIES = ("items", "nearest-user", "voters")


@pytest.fixture(scope="module")
def graph(board) -> BundleGraph:
    return BundleGraph(board.bundle)


FAVOURITES = st.lists(st.integers(0, checkerboard.ITEMS - 1), min_size=1, max_size=10, unique=True)


def named(graph) -> list[str]:
    return [strategy["name"] for strategy in graph.manifest["strategies"]]


def test_the_strategies_promised_are_served(graph):
    assert set(STRATEGIES) <= set(named(graph))
    assert graph.manifest["default_strategy"] in named(graph)


@settings(deadline=None, max_examples=25)
@given(favourites=FAVOURITES)
def test_items_are_distinct_scores_descend_and_missing_items_come_last(graph, favourites):
    results = graph.manifest["sizes"]["results"]
    for name in named(graph):
        answer = graph.ask(name, favourites)
        items, scores = answer["items"], answer["scores"]
        assert (items.dtype, items.shape) == (np.int32, (results,))
        assert (scores.dtype, scores.shape) == (np.float32, (results,))
        real = items[items >= 0]
        assert len(set(real.tolist())) == len(real) > 0
        assert (items[: len(real)] >= 0).all()
        assert (items < len(graph.item_ids)).all()
        assert (np.diff(scores[: len(real)]) <= 0).all()
        assert np.isfinite(scores).all()


@settings(deadline=None, max_examples=25)
@given(favourites=FAVOURITES)
def test_shares_sum_to_one_and_vectors_have_length_one(graph, favourites):
    for name in named(graph):
        answer = graph.ask(name, favourites)
        if "shares" in answer:
            shares = answer["shares"]
            assert ((shares >= -1e-6) & (shares <= 1 + 1e-3)).all()
            sums = shares.sum(axis=1)
            assert np.isclose(sums, 1, atol=5e-3)[sums > 5e-3].all()
            assert (np.abs(shares[:, len(favourites) :]) < 1e-6).all()
        if "vectors" in answer:
            lengths = np.linalg.norm(answer["vectors"], axis=1)
            real = answer["items"] >= 0
            assert np.isclose(lengths[real], 1, atol=1e-2).all()
            assert (lengths[~real] < 1e-6).all()


@settings(deadline=None, max_examples=25)
@given(favourites=FAVOURITES, random=st.randoms())
def test_the_order_of_favourites_does_not_matter(graph, favourites, random):
    mixed = list(favourites)
    random.shuffle(mixed)
    for name in named(graph):
        one, other = graph.ask(name, favourites), graph.ask(name, mixed)
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-5)
        # Items of nearly equal scores may change places.
        clear = np.abs(np.diff(one["scores"], append=-1)) > 1e-5
        clear &= np.abs(np.diff(one["scores"], prepend=9)) > 1e-5
        assert (one["items"] == other["items"])[clear].all()


@settings(deadline=None, max_examples=25)
@given(favourites=FAVOURITES, limit=st.integers(1, 100))
def test_favourites_are_never_recommended_and_answers_are_distinct_and_in_order(
    graph, favourites, limit
):
    ids = [graph.item_ids[i] for i in favourites]
    for name in named(graph):
        answer = graph.answer(ids, limit, name)
        found = [id_ for id_, _ in answer.recommendations]
        scores = [score for _, score in answer.recommendations]
        assert not set(found) & set(ids)
        assert len(set(found)) == len(found) <= limit
        assert scores == sorted(scores, reverse=True)
        assert (answer.strategy, answer.unknown) == (name, [])


@pytest.mark.parametrize("colour", [0, 1])
def test_an_even_users_two_missing_even_items_come_first_and_an_odd_users_odd_ones(graph, colour):
    own = np.flatnonzero(checkerboard.colours(graph.item_ids) == colour).tolist()
    for first, second in zip(own, own[1:] + own[:1], strict=True):
        favourites = [graph.item_ids[i] for i in own if i not in (first, second)]
        answer = graph.answer(favourites, 2)
        assert {id_ for id_, _ in answer.recommendations} == {
            graph.item_ids[first],
            graph.item_ids[second],
        }


@pytest.mark.parametrize("count", [1, 3, 5, 10])
def test_every_strategy_predicts_the_colour_from_any_number_of_favourites(graph, count):
    colours = checkerboard.colours(graph.item_ids)
    for name in named(graph):
        for colour in (0, 1):
            favourites = np.flatnonzero(colours == colour)[:count]
            answer = graph.answer([graph.item_ids[i] for i in favourites], 1, name)
            # The nearest user may like nothing but the favourites.
            for best, _ in answer.recommendations:
                assert checkerboard.colour_of(best) == colour
            assert answer.recommendations or count == 10


def test_unknown_favourites_are_reported_and_the_known_ones_answered(graph):
    known = graph.item_ids[3]
    answer = graph.answer(["nobody", known, "knows"], 5)
    assert answer.unknown == ["nobody", "knows"]
    assert answer.recommendations == graph.answer([known], 5).recommendations


def test_if_no_favourite_is_known_the_popular_items_are_the_answer(graph):
    answer = graph.answer(["nobody"], 4)
    assert (answer.strategy, answer.unknown) == ("popular", ["nobody"])
    items = len(graph.item_ids)
    assert (
        answer.recommendations == [(id_, 1 - i / items) for i, id_ in enumerate(graph.item_ids)][:4]
    )


def test_a_favourite_named_twice_counts_once(graph):
    one, two = graph.item_ids[3], graph.item_ids[4]
    assert graph.answer([one, two, one], 5) == graph.answer([one, two], 5)


def test_two_editions_of_one_work_count_once(graph, monkeypatch):
    one, two = graph.item_ids[3], graph.item_ids[4]
    monkeypatch.setitem(graph.index_of, "another edition", 3)
    answer = graph.answer([one, "another edition", two], 5)
    assert answer == graph.answer([one, two], 5)
    assert answer == graph.answer(["another edition", two], 5)


@pytest.mark.parametrize("count", [0, 11])
def test_too_few_or_too_many_favourites_are_refused(graph, count):
    with pytest.raises(ConfigError, match="give 1 to 10"):
        graph.answer([f"S{i}" for i in range(count)], 5)


def test_an_unknown_strategy_is_refused_and_the_known_ones_named(graph):
    with pytest.raises(ConfigError, match=r"'magic'.*voters"):
        graph.answer([graph.item_ids[0]], 5, "magic")
