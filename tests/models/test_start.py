"""What a fit leaves for the next one: saved completely, and taken over by id."""

import json

import numpy as np
import pytest

from training.errors import DataError
from training.models import start as starts
from training.models.start import Embedding, NetworkWeights, Start

NETWORK = NetworkWeights(
    np.array([1.0, 2.0]), np.array([0.5, 1.5]), (np.ones((2, 4)), np.zeros(4), np.ones((4, 1)))
)


def rows(*ids, dtype=str) -> Embedding:
    """Returns vectors that differ from each other."""
    return Embedding(np.array(ids, dtype), np.arange(2 * len(ids), dtype=np.float32).reshape(-1, 2))


def start() -> Start:
    return Start(
        items=rows("b", "a"),
        users=rows(2**63 + 1, 5, dtype=np.uint64),
        own=rows("b", "a"),
        tokens=rows("", "artist\tbjörk"),
        networks={"pairs": NETWORK},
        voters={"voters": 50, "temperature": 2.0, "length_power": 0.0},
        blend=0.5,
        new_blend=2.0,
    )


def test_vectors_are_taken_over_by_id_and_new_ids_keep_their_initial_ones():
    fresh = np.full((4, 2), -1, np.float32)
    found = rows("a", "b", "c").onto(np.array(["c", "new", "a", "newer"]), fresh)
    assert found.tolist() == [[4, 5], [-1, -1], [0, 1], [-1, -1]]
    assert (fresh == -1).all()


def test_hashes_beyond_the_signed_numbers_are_not_confused():
    old = rows(2**64 - 1, 2**63, dtype=np.uint64)
    found = old.onto(np.array([2**63, 2**64 - 2], np.uint64), np.zeros((2, 2), np.float32))
    assert found.tolist() == [[2, 3], [0, 0]]


def test_vectors_of_another_dimension_are_refused():
    with pytest.raises(ValueError, match="2 dimensions, expected 3"):
        rows("a").onto(np.array(["a"]), np.zeros((1, 3), np.float32))


def test_load_returns_what_save_wrote(tmp_path):
    one = start()
    starts.save(one, tmp_path)
    again = starts.load(tmp_path)
    for name in ("items", "users", "own", "tokens"):
        old, new = getattr(one, name), getattr(again, name)
        assert old.ids.tolist() == new.ids.tolist()
        assert (old.vectors == new.vectors).all()
    assert (again.voters, again.blend, again.new_blend) == (one.voters, one.blend, 2.0)
    assert list(again.networks) == ["pairs"]
    found = again.networks["pairs"]
    assert (found.mean == NETWORK.mean).all()
    assert (found.deviation == NETWORK.deviation).all()
    assert all((a == b).all() for a, b in zip(found.layers, NETWORK.layers, strict=True))


def test_a_start_of_an_earlier_release_has_no_blend_of_new_items(tmp_path):
    starts.save(start(), tmp_path)
    path = tmp_path / starts.FILE
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    choices = json.loads(str(arrays["choices"]))
    del choices["new_blend"]
    np.savez(path, **arrays | {"choices": np.array(json.dumps(choices))})
    assert starts.load(tmp_path).new_blend is None


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_was_cut_off_is_corrupt(tmp_path, share):
    starts.save(start(), tmp_path)
    path = tmp_path / starts.FILE
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match="a corrupt one"):
        starts.load(tmp_path)


def test_a_changed_byte_is_noticed(tmp_path):
    starts.save(start(), tmp_path)
    path = tmp_path / starts.FILE
    content = bytearray(path.read_bytes())
    place = content.index(rows("b", "a").vectors.tobytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match="a corrupt one"):
        starts.load(tmp_path)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(DataError, match="none"):
        starts.load(tmp_path)
