"""The count of measurements: one more each time, separately for each set of test users."""

import numpy as np
import pytest
import scipy.sparse as sp

from training.errors import DataError
from training.evaluation.measurements import FILE, count_measurement

TEST = sp.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], np.float32))
OTHER = sp.csr_matrix(np.array([[1, 1, 0], [1, 0, 1]], np.float32))


def test_every_measurement_counts(tmp_path):
    assert [count_measurement(tmp_path, TEST) for _ in range(3)] == [1, 2, 3]


def test_other_test_users_are_counted_separately(tmp_path):
    count_measurement(tmp_path, TEST)
    assert count_measurement(tmp_path, OTHER) == 1
    assert count_measurement(tmp_path, TEST) == 2


def test_the_order_in_which_likes_are_stored_does_not_matter(tmp_path):
    count_measurement(tmp_path, TEST)
    turned = sp.csr_matrix((TEST.data, TEST.indices[[1, 0, 3, 2]], TEST.indptr), shape=(2, 3))
    assert count_measurement(tmp_path, turned) == 2


@pytest.mark.parametrize("content", ["", "[1]", '{"a": "many"}', "null"])
def test_a_corrupt_count_is_refused_with_the_remedy(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(DataError, match=rf"{FILE}.*Delete the file"):
        count_measurement(tmp_path, TEST)
