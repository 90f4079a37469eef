"""The real data sets: checksums, archives, existing files, and the command line."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.file_server import file_server
from training.domains import DOMAINS
from training.domains.download import CHUNK, Patience
from training.domains.fetch import SUMS, fetch
from training.errors import ConfigError, DataError, RecommenderError

ROOT = Path(__file__).parents[2]
AT_ONCE = Patience(attempts=2, pause=0.0)
KEY = {"KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "s3cret"}
SITES = {name: DOMAINS[name].site for name in ("songs", "books")}
TRIPLETS, TRACKS = (f"/{remote.path}" for remote in SITES["songs"].remotes)
BOOKS = f"/{SITES['books'].remotes[0].path}"
RATINGS = b"User-ID,ISBN,Book-Rating\n1,000000278X,7\n" * 500


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("_csv", ".csv").replace("_txt", ".txt"), body)
    return buffer.getvalue()


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def server():
    with file_server() as server:
        server.files[TRIPLETS] = zipped(train_triplets_txt=b"a\tSODEMO\t1\n" * 1000)
        server.files[TRACKS] = b"TR<SEP>SO<SEP>artist<SEP>title\n" * 1000
        server.files[BOOKS] = zipped(
            Ratings_csv=RATINGS, Books_csv=b"ISBN\n", Users_csv=b"User-ID\n", x_csv=b"more"
        )
        yield server


def get(domain, server, into, environment=KEY):
    return list(
        fetch(SITES[domain], into, base_url=server.url, environment=environment, patience=AT_ONCE)
    )


def test_songs_are_downloaded_completely_with_their_checksums_and_no_other_files(server, tmp_path):
    fetched = get("songs", server, tmp_path)
    assert [f.path.name for f in fetched] == ["train_triplets.txt.zip", "unique_tracks.txt"]
    assert all(f.downloaded for f in fetched)
    assert (tmp_path / "unique_tracks.txt").read_bytes() == server.files[TRACKS]
    assert (tmp_path / SUMS).read_text() == (
        f"{sha256(server.files[TRIPLETS])}  train_triplets.txt.zip\n"
        f"{sha256(server.files[TRACKS])}  unique_tracks.txt\n"
    )
    assert {p.name for p in tmp_path.iterdir()} == {
        "train_triplets.txt.zip",
        "unique_tracks.txt",
        SUMS,
    }


def test_sha256sum_itself_can_check_the_sums(server, tmp_path):
    get("songs", server, tmp_path)
    subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=tmp_path, check=True)


def test_a_file_that_is_present_and_matches_is_not_downloaded_again(server, tmp_path):
    get("songs", server, tmp_path)
    server.received.clear()
    assert [f.downloaded for f in get("songs", server, tmp_path)] == [False, False]
    assert server.received == []


def test_only_missing_files_are_downloaded(server, tmp_path):
    get("songs", server, tmp_path)
    (tmp_path / "unique_tracks.txt").unlink()
    server.received.clear()
    assert [f.downloaded for f in get("songs", server, tmp_path)] == [False, True]
    assert [path for path, _ in server.received] == [TRACKS]


def test_a_file_altered_here_is_an_error_with_both_sums_and_the_remedy(server, tmp_path):
    get("songs", server, tmp_path)
    (tmp_path / "unique_tracks.txt").write_bytes(b"truncated")
    with pytest.raises(DataError) as caught:
        get("songs", server, tmp_path)
    text = str(caught.value)
    assert "unique_tracks.txt" in text
    assert sha256(b"truncated") in text
    assert sha256(server.files[TRACKS]) in text
    assert "Delete" in text


def test_a_download_that_does_not_match_is_deleted(server, tmp_path):
    get("songs", server, tmp_path)
    (tmp_path / "unique_tracks.txt").unlink()
    server.files[TRACKS] = b"something else"
    with pytest.raises(DataError, match=sha256(b"something else")):
        get("songs", server, tmp_path)
    assert not list(tmp_path.glob("unique_tracks.txt*"))


def test_the_remedy_works_where_the_source_has_really_changed(server, tmp_path):
    get("songs", server, tmp_path)
    (tmp_path / "unique_tracks.txt").unlink()
    lines = (tmp_path / SUMS).read_text().splitlines(keepends=True)
    (tmp_path / SUMS).write_text(lines[0])
    server.files[TRACKS] = b"a new edition"
    assert get("songs", server, tmp_path)[1].sha256 == sha256(b"a new edition")


def test_a_truncated_line_of_checksums_is_named(server, tmp_path):
    (tmp_path / SUMS).write_text("no sum\n")
    with pytest.raises(DataError, match=r"SHA256SUMS, line 1.*'no sum'"):
        get("songs", server, tmp_path)


def test_an_interrupted_run_is_continued_by_the_next(server, tmp_path):
    server.files[TRACKS] = os.urandom(4 * CHUNK)
    whole = len(server.files[TRIPLETS])
    server.breaks = [whole, 2 * CHUNK, CHUNK]
    with pytest.raises(RecommenderError, match="connection was lost"):
        get("songs", server, tmp_path)
    assert not (tmp_path / "unique_tracks.txt").exists()
    server.received.clear()
    get("songs", server, tmp_path)
    assert server.ranges_asked() == [f"bytes={3 * CHUNK}-"]
    assert (tmp_path / "unique_tracks.txt").read_bytes() == server.files[TRACKS]


def test_a_file_that_is_not_an_archive_is_not_kept(server, tmp_path):
    server.files[TRIPLETS] = b"quota exceeded"
    with pytest.raises(DataError, match="zip"):
        get("songs", server, tmp_path)
    assert not list(tmp_path.glob("train_triplets*"))


@pytest.mark.parametrize("name", ["train_triplets.txt", "train_triplets.txt.gz"])
def test_a_manually_placed_song_file_with_another_packing_is_used(server, tmp_path, name):
    (tmp_path / name).write_bytes(b"a\tb\t1\n")
    fetched = get("songs", server, tmp_path)
    assert [(f.path.name, f.downloaded) for f in fetched] == [
        (name, False),
        ("unique_tracks.txt", True),
    ]


def test_books_are_unpacked_and_the_archive_is_deleted(server, tmp_path):
    get("books", server, tmp_path)
    assert (tmp_path / "Ratings.csv").read_bytes() == RATINGS
    names = {"Ratings.csv", "Books.csv", "Users.csv", SUMS}
    assert {p.name for p in tmp_path.iterdir()} == names
    assert sha256(RATINGS) in (tmp_path / SUMS).read_text()


def test_a_file_from_an_archive_that_does_not_match_is_deleted(server, tmp_path):
    (tmp_path / SUMS).write_text(f"{sha256(b'other')}  Ratings.csv\n")
    with pytest.raises(DataError, match=sha256(RATINGS)):
        get("books", server, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [SUMS]


def test_an_archive_without_a_needed_file_is_an_error(server, tmp_path):
    server.files[BOOKS] = zipped(Books_csv=b"ISBN\n")
    with pytest.raises(DataError, match=r"Ratings\.csv.*Books\.csv"):
        get("books", server, tmp_path)
    assert not list(tmp_path.glob("*.csv"))


def test_a_corrupt_archive_is_an_error_and_leaves_no_file(server, tmp_path):
    body = bytearray(server.files[BOOKS])
    body[60:70] = bytes(10)
    server.files[BOOKS] = bytes(body)
    with pytest.raises(DataError, match="complete zip file"):
        get("books", server, tmp_path)
    assert not (tmp_path / "Ratings.csv").exists()
    assert not list(tmp_path.glob("*.part*"))


def test_manually_placed_books_need_neither_token_nor_users(server, tmp_path):
    for name in ("Ratings.csv", "Books.csv"):
        (tmp_path / name).write_bytes(b"placed manually\n")
    fetched = get("books", server, tmp_path, environment={})
    assert [f.downloaded for f in fetched] == [False, False]
    assert server.received == []


@pytest.mark.parametrize("environment", [{}, {"KAGGLE_USERNAME": "ada"}, {**KEY, "KAGGLE_KEY": ""}])
def test_without_a_token_the_error_says_how_to_get_one_or_where_to_put_the_files(
    server, tmp_path, environment
):
    with pytest.raises(ConfigError) as caught:
        get("books", server, tmp_path, environment=environment)
    text = str(caught.value)
    for word in ("KAGGLE_USERNAME", "KAGGLE_KEY", "kaggle.com/settings", "Ratings.csv", tmp_path):
        assert str(word) in text
    assert server.received == []


def test_a_refused_token_is_reported_without_the_token(server, tmp_path):
    server.statuses = [401]
    with pytest.raises(RecommenderError) as caught:
        get("books", server, tmp_path)
    assert "401" in str(caught.value)
    assert "kaggle.com/settings" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_token_is_not_sent_unencrypted_to_another_machine(tmp_path):
    with pytest.raises(ConfigError, match="https"):
        list(fetch(SITES["books"], tmp_path, base_url="http://example.org", environment=KEY))


@pytest.mark.parametrize("url", ["ftp://example.org", "example.org", "http://ada:key@example.org"])
def test_an_invalid_address_or_one_with_a_key_is_refused(tmp_path, url):
    with pytest.raises(ConfigError) as caught:
        list(fetch(SITES["songs"], tmp_path, base_url=url))
    assert "ada:key" not in str(caught.value)


def test_a_folder_that_is_a_file_is_named(server, tmp_path):
    (tmp_path / "raw").write_text("")
    with pytest.raises(RecommenderError, match="raw"):
        get("songs", server, tmp_path / "raw")


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts/fetch_datasets.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "KAGGLE_USERNAME": "", "KAGGLE_KEY": "", **environment},
    )


def test_the_command_reports_downloads_and_shows_no_progress_without_a_terminal(server, tmp_path):
    first = run("songs", "--into", tmp_path, "--base-url", server.url)
    again = run("songs", "--into", tmp_path, "--base-url", server.url)
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.count(": downloaded (") == 2
    assert again.stdout.count("already present") == 2
    assert first.stderr == again.stderr == ""


def test_the_command_without_a_token_prints_one_line_and_exits_1(tmp_path):
    done = run("books", "--into", tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: KAGGLE_USERNAME")


def test_the_command_unpacks_books_with_a_token_and_never_shows_it(server, tmp_path):
    server.statuses = [503]
    done = run("books", "--into", tmp_path, "--base-url", server.url, **KEY)
    assert done.returncode == 0
    assert "s3cret" not in done.stdout + done.stderr
    assert (tmp_path / "Ratings.csv").exists()
