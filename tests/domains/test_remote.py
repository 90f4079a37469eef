"""Raw files at an address: copied once, again where they have changed, complete or absent."""

import fsspec
import pytest

from training.domains import remote
from training.errors import DataError

ADDRESS = "memory://bucket/songs"


@pytest.fixture
def bucket():
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pipe(f"{ADDRESS}/plays.txt", b"a\n" * 100)
    system.pipe(f"{ADDRESS}/views/day=1/part-0.csv", b"1,2\n")
    system.pipe(f"{ADDRESS}/views/_SUCCESS", b"")
    system.pipe("memory://bucket/other/secret.txt", b"no")
    yield system
    system.store.clear()


@pytest.fixture
def copied(tmp_path):
    """Copies the address; returns the names of the files that were there to copy."""
    folder = remote.folder_of(ADDRESS, tmp_path)

    def copy(address=ADDRESS):
        remote.copy(address, folder, progress=lambda *_: None)
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())

    copy.folder = folder
    return copy


def test_a_path_is_no_address():
    assert remote.is_address("s3://bucket/x")
    assert remote.is_address("file:///data")
    assert not any(map(remote.is_address, ("/data", "data/x", "C:/data", "~/x", "s3:/x", "")))


def test_all_files_below_an_address_are_copied(bucket, copied):
    assert copied() == ["plays.txt", "views/day=1/part-0.csv"]
    assert (copied.folder / "plays.txt").read_bytes() == b"a\n" * 100
    assert remote.address_of(copied.folder) == ADDRESS


def test_a_file_that_has_not_changed_is_not_copied_again(bucket, copied):
    copied()
    before = (copied.folder / "plays.txt").stat().st_ino
    bucket.pipe(f"{ADDRESS}/views/day=1/part-0.csv", b"3,4\n")
    copied()
    assert (copied.folder / "plays.txt").stat().st_ino == before
    assert (copied.folder / "views/day=1/part-0.csv").read_bytes() == b"3,4\n"


def test_a_file_that_is_gone_there_is_removed_here(bucket, copied):
    copied()
    bucket.rm(f"{ADDRESS}/views", recursive=True)
    assert copied() == ["plays.txt"]


def test_a_copy_that_was_stopped_continues_with_the_next_file(bucket, copied, monkeypatch):
    broken, whole = [], type(bucket).open

    def breaking(self, path, *args, **options):
        if path.endswith("part-0.csv") and not broken:
            broken.append(path)
            raise ConnectionError("cable")
        return whole(self, path, *args, **options)

    monkeypatch.setattr(type(bucket), "open", breaking)
    with pytest.raises(ConnectionError):
        copied()
    before = (copied.folder / "plays.txt").stat().st_ino
    assert not (copied.folder / "views/day=1/part-0.csv").exists()
    assert copied() == ["plays.txt", "views/day=1/part-0.csv"]
    assert (copied.folder / "plays.txt").stat().st_ino == before


def test_what_a_killed_copy_left_is_removed(bucket, copied):
    copied.folder.mkdir(parents=True)
    (copied.folder / ".plays.txt.partial").write_bytes(b"a")
    assert copied() == ["plays.txt", "views/day=1/part-0.csv"]


def test_a_local_file_system_is_an_address_too(tmp_path, copied):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x.csv").write_text("1\n")
    assert copied((tmp_path / "there").as_uri()) == ["x.csv"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nosuch://bucket/x", "Protocol not known"),
        ("memory://empty/x", "a folder with files, found none"),
        ("s3://bucket/x", "s3fs"),
        ("file:///nowhere/at/all", "a folder with files, found none"),
        ("memory://bucket/songs/plays.txt", "a folder with files, found none"),
    ],
)
def test_what_cannot_be_read_is_an_error_in_one_line(bucket, copied, address, said):
    with pytest.raises(DataError, match=said) as error:
        copied(address)
    assert "\n" not in str(error.value)
    assert address in str(error.value)
