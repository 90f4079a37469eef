import time
from email.utils import formatdate

import pytest

from harperdb_recommender import Retries
from harperdb_recommender.retries import seconds_of


def test_waits_grow_and_differ():
    retries = Retries(most=5, backoff=1.0, longest_wait=6.0)
    for retry, longest in enumerate([1, 2, 4, 6, 6]):
        waits = [retries.wait(retry, None) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
    assert retries.wait(5, None) is None


def test_the_server_is_given_the_time_that_it_asks_for():
    assert Retries().wait(0, 7.0) == 7.0
    assert Retries(longest_wait=6.0).wait(0, 7.0) is None
    assert Retries(most=0).wait(0, 0.0) is None


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, None), ("7", 7), ("-1", 0), ("soon", None), ("", None)]
)
def test_seconds_are_read(header, seconds):
    assert seconds_of(header) == seconds


def test_a_date_is_read_as_the_seconds_until_then():
    wait = seconds_of(formatdate(time.time() + 3600, usegmt=True))
    assert 3500 < wait <= 3600
    assert seconds_of(formatdate(time.time() - 60, usegmt=True)) == 0
