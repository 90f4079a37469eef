"""The client of the operations API: requests, retries, and what it never shows."""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.fake_harper import PASSWORD
from tests.harper_places import Place
from training.errors import HarperRefused, HarperUnavailable
from training.harper.client import HarperClient, Patience
from training.harper.config import HarperConfig


def client(place: Place, **changes: object) -> HarperClient:
    config = dataclasses.replace(place.config, **changes)
    return HarperClient(config, sleep=lambda seconds: None)


def make_table(place: Place) -> None:
    place.fake.tables["db", "things"] = {}


def test_bytes_and_text_ids_arrive_unchanged(fake: Place) -> None:
    make_table(fake)
    client(fake).upsert("db", "things", [{"id": "007", "blob": b"\x00\xff" * 5000}])
    row = fake.fake.tables["db", "things"]["007"]
    assert row["blob"] == b"\x00\xff" * 5000
    assert client(fake).rows("db", "things", ["007", "7"])[0]["id"] == "007"


def test_a_wrong_password_is_refused_with_harperdbs_words_and_not_tried_again(place: Place) -> None:
    with pytest.raises(HarperRefused, match=r"user_info \(401\): Login failed") as caught:
        client(place, password="wrong-secret").operation("user_info")
    assert "HARPER_PASSWORD" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_harperdbs_own_message_reaches_the_user(place: Place) -> None:
    with pytest.raises(HarperRefused, match="Operation 'make_coffee' not found"):
        client(place).operation("make_coffee")


def test_a_503_is_tried_again_until_it_succeeds(fake: Place) -> None:
    make_table(fake)
    fake.fake.answers = [(503, "starting"), (502, "restarting")]
    client(fake).upsert("db", "things", [{"id": "a"}])
    assert fake.fake.count()["upsert"] == 3


def test_a_refusal_is_never_tried_again(fake: Place) -> None:
    fake.fake.answers = [(500, "disk is full"), (500, "disk is full")]
    with pytest.raises(HarperRefused, match="disk is full"):
        client(fake).upsert("db", "things", [{"id": "a"}])
    assert fake.fake.count()["upsert"] == 1


def test_an_insert_is_never_repeated_because_it_would_conflict_with_itself(fake: Place) -> None:
    make_table(fake)
    fake.fake.answers = [(503, "not now")]
    with pytest.raises(HarperUnavailable):
        client(fake).insert("db", "things", {"id": "a"})
    assert fake.fake.count()["insert"] == 1


def test_a_line_cut_in_the_middle_is_tried_again(fake: Place) -> None:
    make_table(fake)
    cuts = iter([True, False])

    def cut(body: dict[str, object]) -> None:
        if next(cuts):
            raise ConnectionAbortedError

    fake.fake.before = cut
    client(fake).upsert("db", "things", [{"id": "a"}])
    assert "a" in fake.fake.tables["db", "things"]


def test_pauses_grow_and_the_last_error_is_reported(fake: Place) -> None:
    fake.fake.answers = [(503, "not now")] * 9
    pauses: list[float] = []
    patient = HarperClient(
        fake.config, patience=Patience(attempts=4, first_pause_seconds=1), sleep=pauses.append
    )
    with pytest.raises(HarperUnavailable, match="not now"):
        patient.operation("user_info")
    assert pauses == [1, 2, 4]


def test_a_server_that_is_down_is_unavailable_and_named() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        config = HarperConfig(url, url, "admin", PASSWORD)
        with pytest.raises(HarperUnavailable, match=f"{url} does not answer"):
            HarperClient(config, sleep=lambda seconds: None).operation("user_info")
        assert not HarperClient(config).is_healthy()


def test_fewer_rows_written_than_sent_is_an_error(fake: Place) -> None:
    make_table(fake)
    fake.fake._upsert = lambda body: (200, {"upserted_hashes": []})  # type: ignore[method-assign]
    with pytest.raises(HarperRefused, match="took 0 of 1 rows"):
        client(fake).upsert("db", "things", [{"id": "a"}])


@pytest.mark.parametrize("secret", [PASSWORD, "another secret"])
def test_no_password_is_ever_in_a_message_a_repr_or_a_log(
    fake: Place, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.fake.answers = [(503, f"retry {secret}"), (400, f"bad request: {{password: {secret}}}")]
    logged_in = client(fake)
    with pytest.raises(HarperRefused) as caught:
        logged_in.operation("list_users", authorization={"password": secret})
    shown = (
        str(caught.value)
        + repr(caught.value)
        + repr(logged_in)
        + repr(logged_in.config)
        + caplog.text
    )
    assert "***" in shown
    assert secret not in shown


def test_a_page_instead_of_json_is_not_accepted_as_the_operations_api() -> None:
    with some_web_server() as url, pytest.raises(HarperRefused, match="is no operations API"):
        HarperClient(HarperConfig(url, url, "u", "p")).operation("describe_all")


@contextlib.contextmanager
def some_web_server() -> Iterator[str]:
    """Yields the address of a server that answers everything with a page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<h1>welcome</h1>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_answer_that_is_not_json_is_shown_unchanged(fake: Place) -> None:
    # For example a proxy's page: the routes' port has no operations.
    wrong = dataclasses.replace(fake.config, url=fake.config.routes_url + "/elsewhere")
    with pytest.raises((HarperRefused, HarperUnavailable)):
        HarperClient(wrong, sleep=lambda seconds: None).operation("user_info")


@pytest.mark.parametrize("words", ["Commit failed (see commitError for details)", "ENOSPC: write"])
def test_a_node_that_cannot_write_says_that_its_disk_is_full_and_what_to_do(
    fake: Place, words: str
) -> None:
    fake.fake.answers = [(500, words)]
    with pytest.raises(HarperRefused, match=r"disk is probably full.*Free space") as caught:
        fake.target.client.operation("describe_all")
    assert fake.config.url in str(caught.value)


def test_https_to_a_plain_port_is_named(fake: Place) -> None:
    config = dataclasses.replace(fake.config, url=fake.config.url.replace("http:", "https:"))
    with pytest.raises(HarperRefused, match=f"speaks plain HTTP: use {fake.config.url}"):
        HarperClient(config).operation("describe_all")
