"""What the tests of a cluster share: three workers, and small examples that are sent to them."""

import pytest

from tests.parallel.clusters import workers
from training.models import co_likes, products
from training.ranking import scoring


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with workers(3, tmp_path_factory.mktemp("dask")) as three:
        yield three


@pytest.fixture
def everything_is_sent(monkeypatch):
    """Lets small examples be sent to the workers, too."""
    monkeypatch.setattr(products, "LEAST_WORK", 0)
    monkeypatch.setattr(co_likes, "LEAST_WORK", 0)
    monkeypatch.setattr(scoring, "LEAST_BLOCKS", 0)
