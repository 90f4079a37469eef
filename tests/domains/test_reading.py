"""Finding and opening raw files."""

import gzip
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domains.domain import Source
from training.domains.reading import WINDOWS_1252, as_utf8, find, find_all, opened, sha256_of
from training.errors import DataError

SOURCE = Source(("new.csv", "old.csv"), "the data", "a, b")
OTHER = Source(("people.csv",), "the people", "c", required=False)
TEXT = b"".join(b"%d,%d\n" % (i, i * 7919 % 1009) for i in range(20_000))


def size_of(content: object) -> str | None:
    """Returns the name of a case: packed content holds the time, so every process has another."""
    return f"{len(content)} bytes" if isinstance(content, bytes) else None


def zipped(*names: str, method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name in names:
            archive.writestr(name, b"" if name.endswith("/") else TEXT)
    return bytearray(file.getvalue())


def encrypted() -> bytearray:
    """Returns an archive whose headers say that a password is needed."""
    content = zipped("new.csv")
    content[6] |= 1
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    return content


def packed_strangely() -> bytearray:
    content = zipped("new.csv")
    content[8] = content[content.rfind(b"PK\x01\x02") + 10] = 97
    return content


def damaged(content: bytes) -> bytes:
    """Returns the content with 64 bytes of its middle overwritten."""
    middle = len(content) // 2
    return content[:middle] + b"\xff" * 64 + content[middle + 64 :]


def content_of(path) -> bytes:
    with opened(path) as file:
        return file.read()


@pytest.mark.parametrize("name", ["new.csv", "old.csv", "new.csv.gz", "old.csv.zip"])
def test_a_file_is_found_by_any_of_its_names_plain_or_packed(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    assert find(tmp_path, SOURCE) == tmp_path / name


def test_the_first_name_is_preferred_and_the_plain_file_to_the_packed(tmp_path):
    for name in ("old.csv", "new.csv.zip", "new.csv.gz", "new.csv"):
        (tmp_path / name).write_bytes(b"x")
    assert find(tmp_path, SOURCE).name == "new.csv"


def test_a_missing_file_error_names_the_expected_file_the_folder_and_its_contents(tmp_path):
    (tmp_path / "else.txt").write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        find(tmp_path, SOURCE)
    for part in (str(tmp_path), "new.csv or old.csv", "the data", "a, b", "else.txt"):
        assert part in str(caught.value)


def test_an_empty_folder_and_a_missing_folder_are_distinguished(tmp_path):
    with pytest.raises(DataError, match="an empty folder"):
        find(tmp_path, SOURCE)
    with pytest.raises(DataError, match="expected a folder"):
        find(tmp_path / "nowhere", SOURCE)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "new.csv").touch()
    with pytest.raises(DataError, match=r"new\.csv: expected the data, found an empty file"):
        find(tmp_path, SOURCE)


def test_a_folder_with_a_files_name_is_not_a_file(tmp_path):
    (tmp_path / "new.csv").mkdir()
    (tmp_path / "old.csv").write_bytes(b"x")
    assert find(tmp_path, SOURCE).name == "old.csv"


def test_an_optional_file_may_be_missing_and_a_required_one_may_not(tmp_path):
    with pytest.raises(DataError):
        find_all(tmp_path, (SOURCE, OTHER))
    (tmp_path / "old.csv").write_bytes(b"x")
    assert find_all(tmp_path, (SOURCE, OTHER)) == {"new.csv": tmp_path / "old.csv"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("new.csv", TEXT),
        ("new.csv.gz", gzip.compress(TEXT)),
        ("new.csv.zip", bytes(zipped("new.csv"))),
        ("new.csv.zip", bytes(zipped("folder/", "folder/new.csv", "__MACOSX/._new.csv"))),
    ],
    ids=size_of,
)
def test_a_compressed_file_is_decompressed_while_it_is_read(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert content_of(tmp_path / name) == TEXT


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("truncated.gz", gzip.compress(TEXT)[:-5000]),
        ("damaged.gz", damaged(gzip.compress(TEXT))),
        ("plain.gz", TEXT),
        ("truncated.zip", bytes(zipped("new.csv"))[:-5000]),
        ("damaged.zip", damaged(bytes(zipped("new.csv")))),
        ("stored.zip", damaged(bytes(zipped("new.csv", method=zipfile.ZIP_STORED)))),
        ("plain.zip", TEXT),
        ("empty.zip", bytes(zipped())),
        ("two.zip", bytes(zipped("new.csv", "old.csv"))),
        ("locked.zip", bytes(encrypted())),
        ("strange.zip", bytes(packed_strangely())),
    ],
    ids=size_of,
)
def test_a_corrupt_or_unsupported_archive_is_a_data_error_that_names_it(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        content_of(tmp_path / name)


def test_our_own_bugs_while_reading_keep_their_type(tmp_path):
    (tmp_path / "new.zip").write_bytes(zipped("new.csv"))
    with pytest.raises(RuntimeError, match="ours"), opened(tmp_path / "new.zip"):
        raise RuntimeError("ours")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.integers(1, 50))
def test_utf8_is_read_unchanged_in_pieces_of_any_size(text, size):
    file = as_utf8(io.BytesIO(text.encode()))
    pieces = list(iter(lambda: file.read(size), b""))
    assert b"".join(pieces) == text.encode()
    assert all(len(piece) <= size for piece in pieces)


@given(st.binary(), st.integers(1, 50))
def test_any_bytes_are_converted_to_utf8(content, size):
    file = as_utf8(io.BytesIO(content))
    passed = b"".join(iter(lambda: file.read(size), b""))
    assert passed.decode() == content.decode("utf-8", WINDOWS_1252)


def test_a_files_hash_is_that_of_its_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    # The test vector of FIPS 180-2.
    assert sha256_of(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223b00361a3")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Motörhead – Jóga €".encode(), "Motörhead – Jóga €"),
        ("Motörhead – Jóga €".encode("cp1252"), "Motörhead – Jóga €"),
        (b"\xc3\xb6 and \xf6", "ö and ö"),
        (b"\x81", "\x81"),
    ],
)
def test_bytes_that_are_not_utf8_are_read_as_windows_1252(content, text):
    assert content.decode("utf-8", WINDOWS_1252) == text
