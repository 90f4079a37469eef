"""Small matrices of likes, for tests that count."""

import numpy as np
import scipy.sparse as sp
from hypothesis import strategies as st

LIKED = sp.csr_matrix(
    np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 0]], np.float32)
)


@st.composite
def likes(draw) -> sp.csr_matrix:
    """Draws [users, items], up to 12 and 9."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    users, items = draw(st.integers(1, 12)), draw(st.integers(1, 9))
    return sp.csr_matrix((rng.random((users, items)) < 0.4).astype(np.float32))


def features_at(group, name: str, f: np.ndarray, i: np.ndarray) -> dict[str, np.ndarray]:
    """Returns a group's features of pairs."""
    return group.features(name, f, i, group.both(f, i))


def record_at(group, name: str, f: np.ndarray, i: np.ndarray) -> dict[str, np.ndarray]:
    """Returns what a group knows of the items of pairs."""
    return group.record(name, f, i, group.both(f, i))
