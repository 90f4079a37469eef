"""One file over HTTP, against a real server that misbehaves."""

import base64
import json
import logging

import pytest

from tests.file_server import file_server
from training.domains import download as module
from training.domains.download import CHUNK, Login, Patience, download, forget_part
from training.errors import RecommenderError

BODY = bytes(range(256)) * 4000
"""About a megabyte: several chunks, without repetition within 256 bytes."""
OTHER = bytes(reversed(range(256))) * 4000
AT_ONCE = Patience(pause=0.0)


@pytest.fixture
def server():
    with file_server() as server:
        server.files["/data.bin"] = BODY
        yield server


@pytest.fixture
def target(tmp_path):
    return tmp_path / "data.bin"


def get(server, target, **options):
    return download(f"{server.url}/data.bin", target, patience=AT_ONCE, **options)


def break_off(server, target):
    """Leaves a partial file, as a killed run would."""
    server.breaks = [4 * CHUNK + 100]
    with pytest.raises(RecommenderError, match="connection was lost"):
        download(f"{server.url}/data.bin", target, patience=Patience(attempts=1))
    server.received.clear()
    return target.with_name("data.bin.part").stat().st_size


def test_a_file_is_downloaded_completely_under_a_temporary_name(server, target):
    part = get(server, target)
    assert part.read_bytes() == BODY
    assert part.name == "data.bin.part"
    assert not target.exists()


def test_an_interrupted_download_continues_where_it_stopped(server, target):
    server.breaks = [4 * CHUNK, 3 * CHUNK + 100]
    assert get(server, target).read_bytes() == BODY
    assert server.ranges_asked() == [None, f"bytes={4 * CHUNK}-", f"bytes={7 * CHUNK}-"]


def test_a_later_run_resumes_an_earlier_one(server, target):
    held = break_off(server, target)
    assert held == 4 * CHUNK
    assert get(server, target).read_bytes() == BODY
    assert server.ranges_asked() == [f"bytes={held}-"]


@pytest.mark.parametrize("honours_if_range", [True, False])
def test_a_file_that_has_changed_is_downloaded_from_the_start_and_never_mixed(
    server, target, honours_if_range
):
    break_off(server, target)
    server.files["/data.bin"] = OTHER
    server.honours_if_range = honours_if_range
    assert get(server, target).read_bytes() == OTHER
    # A server that honours If-Range sends the new file at once; another is recognised by its tag.
    assert len(server.received) == (1 if honours_if_range else 2)


@pytest.mark.parametrize("weak", [True, False])
def test_without_a_strong_tag_nothing_is_resumed(server, target, weak):
    server.weak, server.tags = weak, weak
    break_off(server, target)
    server.files["/data.bin"] = OTHER
    assert get(server, target).read_bytes() == OTHER
    assert server.ranges_asked() == [None]


def test_a_server_that_ignores_ranges_sends_the_whole_file_again(server, target):
    break_off(server, target)
    server.ranges = False
    assert get(server, target).read_bytes() == BODY
    assert len(server.received) == 1


def test_a_partial_file_that_is_already_complete_is_not_sent_again(server, target):
    get(server, target)
    server.received.clear()
    part = get(server, target)
    assert part.read_bytes() == BODY
    assert server.ranges_asked() == [f"bytes={len(BODY)}-"]


def test_a_partial_file_longer_than_the_file_is_deleted(server, target):
    part = get(server, target)
    part.write_bytes(BODY + b"more")
    assert get(server, target).read_bytes() == BODY


def test_a_partial_file_of_another_address_is_not_resumed(server, target):
    server.files["/other.bin"] = BODY
    break_off(server, target)
    part = download(f"{server.url}/other.bin", target, patience=AT_ONCE)
    assert part.read_bytes() == BODY
    assert server.ranges_asked() == [None]


def test_with_corrupt_metadata_of_the_partial_file_the_download_starts_again(server, target):
    break_off(server, target)
    target.with_name("data.bin.part.json").write_text("{")
    assert get(server, target).read_bytes() == BODY
    assert server.ranges_asked() == [None]


def test_deleting_a_partial_file_leaves_nothing_behind(server, target):
    break_off(server, target)
    forget_part(target)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_answers_503_is_tried_again(server, target, status):
    server.statuses = [status, status]
    assert get(server, target).read_bytes() == BODY
    assert len(server.received) == 3


def test_tries_are_bounded_and_the_pauses_double(server, target, monkeypatch):
    pauses = []
    monkeypatch.setattr(module.time, "sleep", pauses.append)
    server.statuses = [500] * 10
    with pytest.raises(RecommenderError, match=r"answers 500, after 4 requests"):
        download(f"{server.url}/data.bin", target, patience=Patience(attempts=4, pause=1.0))
    assert pauses == [1.0, 2.0, 4.0]
    assert len(server.received) == 4


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refused"), (403, "refused"), (404, "not found"), (410, "410")]
)
def test_a_refusal_is_reported_at_once_and_leaves_no_file(server, target, status, words):
    server.statuses = [status]
    with pytest.raises(RecommenderError, match=words):
        get(server, target)
    assert len(server.received) == 1
    assert list(target.parent.iterdir()) == []


def test_an_empty_body_is_an_error(server, target):
    server.files["/data.bin"] = b""
    with pytest.raises(RecommenderError, match="empty"):
        get(server, target)
    assert list(target.parent.iterdir()) == []


def test_a_web_page_is_not_accepted_as_the_file(server, target):
    server.content_type = "text/html; charset=utf-8"
    with pytest.raises(RecommenderError, match="web page"):
        get(server, target)


def test_a_server_that_is_down_is_reported_after_the_last_try(server, target):
    with file_server() as stopped:
        url = stopped.url
    with pytest.raises(RecommenderError, match="after 2 requests"):
        download(f"{url}/data.bin", target, patience=Patience(attempts=2, pause=0.0))


def test_progress_counts_from_the_bytes_received_so_far_to_the_total(server, target):
    held = break_off(server, target)
    seen = []
    get(server, target, progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (held, len(BODY))
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_login_is_sent_to_its_own_host_and_not_to_a_redirects_target(server, target):
    with file_server() as front:
        front.redirects["/data.bin"] = f"{server.url}/data.bin?signature=s3cret"
        download(f"{front.url}/data.bin", target, login=Login("ada", "key"), patience=AT_ONCE)
    sent = front.received[0][1]["Authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")) == b"ada:key"
    assert "Authorization" not in server.received[0][1]


def test_an_interrupted_download_continues_behind_a_redirect(server, target):
    with file_server() as front:
        front.redirects["/data.bin"] = f"{server.url}/data.bin"
        server.breaks = [4 * CHUNK]
        part = download(f"{front.url}/data.bin", target, patience=AT_ONCE)
    assert part.read_bytes() == BODY
    assert server.ranges_asked() == [None, f"bytes={4 * CHUNK}-"]


def test_neither_key_nor_signed_address_reaches_errors_logs_or_files(server, target, caplog):
    caplog.set_level(logging.DEBUG, logger="training")
    login = Login("ada", "s3cret-key")
    with file_server() as front:
        front.redirects["/data.bin"] = f"{server.url}/data.bin?signature=s3cret-too"
        server.breaks = [1000, 1000]
        with pytest.raises(RecommenderError) as caught:
            download(
                f"{front.url}/data.bin",
                target,
                login=login,
                patience=Patience(attempts=2, pause=0.0),
            )
    note = json.loads(target.with_name("data.bin.part.json").read_text())
    assert "s3cret" not in f"{caught.value} {login!r} {caplog.text} {note}"
    assert "connection was lost" in caplog.text
