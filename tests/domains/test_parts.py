"""Parts of a file: every line is in one of them, and what is read does not depend on the parts."""

import gzip

import pytest

from training.domains import parts, songs
from training.domains.parts import opened_part, parts_of


def read(path, size):
    found = []
    for part in parts_of(path, size):
        with opened_part(path, part) as file:
            found.append(file.read())
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10, 1000])
@pytest.mark.parametrize("text", [b"a\nbb\n\nccc\ndddd", b"\n\n\n", b"one\r\ntwo\r\n", b"x"])
def test_every_line_is_in_one_part(tmp_path, text, size):
    path = tmp_path / "rows.txt"
    path.write_bytes(text)
    found = read(path, size)
    assert b"".join(found) == text
    assert all(part.endswith(b"\n") for part in found[:-1])
    assert all(found)


def test_a_packed_file_is_one_part(tmp_path):
    path = tmp_path / "rows.txt.gz"
    path.write_bytes(gzip.compress(b"a\nb\nc\n"))
    assert read(path, 1) == [b"a\nb\nc\n"]


def plays(tmp_path, monkeypatch, size):
    monkeypatch.setattr(songs, "parts_of", lambda path: parts.parts_of(path, size))
    return songs.read_plays(tmp_path, 0.9)


def test_plays_are_the_same_in_parts_of_any_size(tmp_path, monkeypatch):
    lines = [f"u{n % 7}\ts{n * 5 % 11}\t{n % 4 + 1}" for n in range(60)]
    lines[3], lines[20], lines[41], lines[50] = "too few", "u\ts\tmany", "", "\ts\t1"
    (tmp_path / "train_triplets.txt").write_bytes("\n".join(lines).encode() + b"\nS\xf6dra\ts\t2\n")
    whole = plays(tmp_path, monkeypatch, 1 << 20)
    for size in (1, 40, 200):
        some = plays(tmp_path, monkeypatch, size)
        assert (some.read, some.dropped) == (whole.read, whole.dropped)
        assert some.rows.equals(whole.rows)
        for name in ("user_id", "item_id"):
            assert list(some.rows[name].cat.categories) == list(whole.rows[name].cat.categories)


def test_a_bad_row_is_named_by_its_line_in_the_file(tmp_path, monkeypatch):
    lines = ["u\ts\t1"] * 30 + ["too few"] + ["u\ts\tmany"] * 3
    (tmp_path / "train_triplets.txt").write_text("\n".join(lines))
    monkeypatch.setattr(songs, "parts_of", lambda path: parts.parts_of(path, 20))
    with pytest.raises(songs.DataError, match="line 31") as error:
        songs.read_plays(tmp_path, 0.01)
    assert "4 of 34 rows" in str(error.value)
