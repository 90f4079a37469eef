"""Blocks run on a cluster of three processes: equal to the bit, also if one of them is killed."""

import os

import numpy as np
import pytest

from tests.parallel.clusters import (
    added,
    failing,
    fatal,
    kill,
    likes,
    process_of,
    processes_of,
    workers,
)
from training.errors import ClusterError
from training.models.co_likes import CoLikes
from training.models.products import Ranking
from training.parallel.blocks import in_block, in_blocks, running_on, width
from training.parallel.engine import Shared
from training.ranking import scoring

pytestmark = pytest.mark.slow


RANKINGS = [Ranking(20, column=np.linspace(1, 2, 800, dtype=np.float32)), Ranking(7)]


def counted(liked, progress=None):
    return CoLikes(liked, (0.0, 0.5)).greatest(0.5, RANKINGS, progress=progress)


def same(some, others) -> bool:
    return all(
        np.array_equal(getattr(one, part), getattr(other, part))
        for one, other in zip(some, others, strict=True)
        for part in ("indptr", "indices", "data")
    )


def test_blocks_run_on_all_workers_in_their_order(cluster):
    with running_on(cluster.scheduler_address):
        assert width() == 3
        assert list(in_blocks(added, Shared(100), range(40))) == list(range(100, 140))
        assert in_block(added, Shared(1), 2) == 3
        found = set(in_blocks(process_of, Shared(None), range(40)))
    assert len(found) == 3
    assert os.getpid() not in found


def test_the_address_may_be_in_the_environment(cluster, monkeypatch):
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.scheduler_address)
    with running_on(""):
        assert os.getpid() not in set(in_blocks(process_of, Shared(None), range(5)))
    assert set(in_blocks(process_of, Shared(None), range(5))) == {os.getpid()}


def test_an_error_in_a_block_is_the_callers(cluster):
    with running_on(cluster.scheduler_address), pytest.raises(ValueError, match="block 0"):
        list(in_blocks(failing, Shared(None), range(3)))


def test_pairs_are_counted_as_here(cluster, everything_is_sent):
    liked, rng = likes(3000, 800, seed=1), np.random.default_rng(2)
    here, pairs = counted(liked), rng.integers(0, 800, (2, 5000))
    counts_here = CoLikes(liked, (0.0, 0.5)).at(*pairs)
    with running_on(cluster.scheduler_address):
        there, counts_there = counted(liked), CoLikes(liked, (0.0, 0.5)).at(*pairs)
    assert same(here, there)
    assert all(np.array_equal(counts_here[power], counts_there[power]) for power in (0.0, 0.5))


def test_users_are_ranked_as_here(cluster, everything_is_sent):
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(900, 16)).astype(np.float32)

    def scorer(favourites):
        return np.asarray(scoring.one_hot(favourites, 900) @ vectors) @ vectors.T

    favourites = rng.integers(-1, 900, (1000, 5)).astype(np.int32)
    here = scoring.rank_scores(scorer, favourites, 20, batch=64)
    with running_on(cluster.scheduler_address):
        there = scoring.rank_scores(scorer, favourites, 20, batch=64)
    assert np.array_equal(here, there)


def test_the_result_is_the_same_if_a_worker_is_killed(tmp_path, everything_is_sent):
    liked = likes(6000, 800, seed=4)
    here, killed = counted(liked), []
    with workers(3, tmp_path) as three, running_on(three.scheduler_address):

        def progress(done, total, _):
            if done == 5:
                killed.append(processes_of(three)[0])
                kill(killed[0])

        there = counted(liked, progress)
        assert killed[0] not in processes_of(three)
    assert same(here, there)


def test_the_result_is_the_same_if_the_only_worker_is_killed(tmp_path):
    # What was shared is lost with it, and is sent again to the one that is started in its place.
    with workers(1, tmp_path) as one, running_on(one.scheduler_address):
        found = in_blocks(added, Shared(100), range(30))
        first = next(found)
        kill(processes_of(one)[0])
        assert [first, *found] == list(range(100, 130))


def test_work_that_kills_its_workers_is_an_error_with_a_remedy(tmp_path):
    with (
        workers(2, tmp_path) as two,
        running_on(two.scheduler_address),
        pytest.raises(ClusterError, match="too little memory"),
    ):
        list(in_blocks(fatal, Shared(None), range(1)))


def test_a_scheduler_without_workers_is_an_error_with_a_remedy(tmp_path):
    with (
        workers(0, tmp_path) as none,
        pytest.raises(ClusterError, match="dask worker tcp://"),
        running_on(none.scheduler_address),
    ):
        pass
