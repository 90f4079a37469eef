"""The client against a server that answers as a node, a proxy or nothing at all would."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from harperdb_recommender import (
    ApiError,
    Client,
    Recommendation,
    Retries,
    Unreachable,
    new_event,
    new_session,
)

QUICK = Retries(most=3, backoff=0.001)
FULL = {
    "model": "v1",
    "strategy": "items",
    "unknown": ["x"],
    "recommendations": [
        {"id": "b", "title": "B", "score": 0.5, "because": [{"id": "a", "share": 1}]},
        {"id": "c", "title": "C", "score": 0.25},
    ],
    "answer": "token",
    "variant": "interleaved",
    "later": "addition",
}
REFUSED = {"statusCode": 400, "code": "invalid_request", "message": "limit: expected"}
BUSY = {"statusCode": 503, "code": "overloaded", "message": "busy"}


@dataclass
class Server:
    """Answers with what it is given, in order, and keeps what it was sent."""

    port: int = 0
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)

    def will(self, status: int, body: Any, **headers: str) -> None:
        self.answers.append((status, body, {k.replace("_", "-"): v for k, v in headers.items()}))

    def client(self, **options: Any) -> Client:
        options = {"retries": QUICK, "collection": "songs"} | options
        return Client(f"http://127.0.0.1:{self.port}/song-recommender/", **options)


@pytest.fixture
def server() -> Iterator[Server]:
    kept = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            kept.requests.append((self.command, self.path, json.loads(body) if body else None))
            status, answer, headers = kept.answers.pop(0)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield kept
    http.shutdown()
    http.server_close()


def test_only_what_is_given_is_sent(server: Server) -> None:
    server.will(200, FULL)
    server.will(200, FULL)
    with server.client() as client:
        client.recommend(["a"])
        client.recommend(iter(["a"]), limit=2, exclude=(), explain=False, diversity=0.0)
    assert server.requests == [
        ("POST", "/song-recommender/recommend", {"favourites": ["a"]}),
        (
            "POST",
            "/song-recommender/recommend",
            {"favourites": ["a"], "limit": 2, "exclude": [], "explain": False, "diversity": 0.0},
        ),
    ]


def test_an_answer_is_typed_and_keeps_what_was_added(server: Server) -> None:
    server.will(200, FULL)
    with server.client() as client:
        answer = client.recommend(["a"])
    assert (answer.model, answer.strategy, answer.unknown) == ("v1", "items", ("x",))
    assert (answer.answer, answer.variant) == ("token", "interleaved")
    assert answer.fields == {"later": "addition"}
    first, second = answer.recommendations
    assert (first.id, first.score, first.fields) == ("b", 0.5, {"title": "B"})
    assert [(one.id, one.share) for one in first.because] == [("a", 1)]
    assert second == Recommendation("c", 0.25, {"title": "C"})


def test_ids_and_words_are_encoded(server: Server) -> None:
    server.will(200, {"id": "a/b?", "title": "A", "known": True})
    server.will(200, {"songs": [{"id": "a"}]})
    with server.client() as client:
        item = client.item("a/b?")
        assert (item.id, item.fields, item.known) == ("a/b?", {"title": "A"}, True)
        assert [one.id for one in client.search("a & b", limit=1)] == ["a"]
    paths = [path for _, path, _ in server.requests]
    assert paths == [
        "/song-recommender/songs/a%2Fb%3F",
        "/song-recommender/songs?q=a+%26+b&limit=1",
    ]


def test_the_model_names_the_collection_once(server: Server) -> None:
    server.will(200, {"domain": "books"})
    for _ in range(2):
        server.will(200, {"books": []})
    with server.client(collection=None) as client:
        assert client.search() == client.search() == []
    assert [path.split("?")[0] for _, path, _ in server.requests] == [
        "/song-recommender/model",
        "/song-recommender/books",
        "/song-recommender/books",
    ]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    server.will(status, BUSY, retry_after="0")
    server.will(status, b"<html>gateway</html>")
    server.will(200, FULL)
    with server.client() as client:
        assert client.recommend(["a"]).model == "v1"
    assert len(server.requests) == 3


def test_the_same_events_are_sent_again(server: Server) -> None:
    server.will(503, BUSY)
    server.will(202, {"accepted": 1, "duplicates": 0, "refused": []})
    with server.client() as client:
        answer = client.events(new_session(), [new_event("like", item="a")])
    assert answer["accepted"] == 1
    [first, second] = [body for _, _, body in server.requests]
    assert first == second


def test_retries_end(server: Server) -> None:
    for _ in range(4):
        server.will(503, BUSY, retry_after="0")
    with server.client() as client, pytest.raises(ApiError, match="503 overloaded: busy") as caught:
        client.model()
    assert (caught.value.retry_after, len(server.requests)) == (0, 4)


@pytest.mark.parametrize(
    ("status", "retry_after"), [(429, "3600"), (503, "Fri, 31 Dec 2100 23:59:59 GMT")]
)
def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for(
    server: Server, status: int, retry_after: str
) -> None:
    server.will(status, BUSY, retry_after=retry_after)
    with server.client() as client, pytest.raises(ApiError) as caught:
        client.model()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 3600
    assert len(server.requests) == 1


def test_a_refused_request_is_not_sent_again(server: Server) -> None:
    server.will(400, REFUSED)
    with server.client() as client, pytest.raises(ApiError) as caught:
        client.recommend(["a"], limit=0)
    error = caught.value
    assert (error.status, error.code, error.message) == (400, "invalid_request", "limit: expected")
    assert len(server.requests) == 1


def test_what_is_not_json_is_an_error(server: Server) -> None:
    server.will(200, b"<html>a captive portal</html>")
    server.will(500, b"oops")
    with server.client() as client:
        for status in (200, 500):
            with pytest.raises(ApiError) as caught:
                client.stats()
            assert (caught.value.status, caught.value.code) == (status, "not_json")


def test_health_says_why_there_is_no_model(server: Server) -> None:
    server.will(503, {"status": "no model", "model": None}, retry_after="1")
    with server.client() as client:
        assert client.health()["status"] == "no model"


def test_no_connection_and_a_timeout_are_unreachable(server: Server) -> None:
    client = Client("http://127.0.0.1:9/p", retries=Retries(most=0))
    with client, pytest.raises(Unreachable, match=re.escape("http://127.0.0.1:9/p")):
        client.health()
    # Nobody accepts on this socket: connections wait in its backlog.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        slow = Client(f"http://127.0.0.1:{port}/p", retries=Retries(most=0), timeout=0.05)
        with slow as client, pytest.raises(Unreachable):
            client.health()


def test_events_have_ids_of_their_own_and_a_time_in_utc() -> None:
    first, second = (new_event("click", item="a", answer="t", position=2) for _ in range(2))
    assert first["id"] != second["id"]
    for one in (first, second):
        assert re.fullmatch(r"[A-Za-z0-9_-]{8,64}", one["id"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["at"])
    assert set(new_event("view", answer="t")) == {"id", "type", "at", "answer"}
    assert re.fullmatch(r"[A-Za-z0-9_-]{16,64}", new_session())
