"""Blocks run on this machine: in their order, with what they share, as many as are allowed."""

import pickle
import threading

import pytest

from tests.parallel.clusters import added, failing
from training.errors import ClusterError, DataError
from training.parallel import blocks
from training.parallel.engine import Shared, cores


def test_results_come_in_the_order_of_the_blocks():
    assert list(blocks.in_blocks(added, Shared(100), range(50))) == list(range(100, 150))
    assert blocks.in_block(added, Shared(100), 7) == 107


def test_no_more_blocks_run_at_a_time_than_are_allowed():
    running, most = threading.Semaphore(1), []

    def work(shared, block):
        most.append(running.acquire(blocking=False))
        running.release()

    list(blocks.in_blocks(work, Shared(None), range(20), most_here=1))
    assert all(most)


def test_an_error_in_a_block_is_the_callers():
    with pytest.raises(ValueError, match="block 0"):
        list(blocks.in_blocks(failing, Shared(None), range(3)))


def test_an_error_about_data_comes_back_from_another_process_as_it_was():
    error = DataError("plays.txt", line=3, expected="a user", found="''", remedy="Correct it.")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.line, again.remedy) == (str(error), 3, "Correct it.")


def test_without_an_address_blocks_run_on_this_machine(monkeypatch):
    monkeypatch.delenv(blocks.ADDRESS, raising=False)
    with blocks.running_on(""):
        assert blocks.width() == cores()


def test_a_scheduler_that_does_not_answer_is_an_error_with_a_remedy(monkeypatch):
    nobody = "tcp://127.0.0.1:9"
    monkeypatch.setenv(blocks.ADDRESS, nobody)
    said = f"no Dask scheduler answers at {nobody}"
    with pytest.raises(ClusterError, match=said) as error, blocks.running_on(""):
        pass
    assert "dask scheduler" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_address_that_makes_no_sense_is_an_error_too():
    said = "no Dask scheduler answers at nonsense://x"
    with pytest.raises(ClusterError, match=said), blocks.running_on("nonsense://x"):
        pass
