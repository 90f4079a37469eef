"""What strangers can send, and what they read in return: a real node, asked over real sockets."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from tests.fake_bundle import item_ids, make_bundle
from tests.harper_places import built_component, real_node
from training.bundle import open_bundle
from training.deploy.deploy import deploy
from training.domains import DOMAINS
from training.harper import cluster
from training.harper.local.node import LocalNode
from training.harper.local.server import running_process

pytestmark = pytest.mark.e2e

SONGS = "song-recommender"
HOSTILE = {
    # An array of 100 million, and sixteen arrays of 33 million, one in another: a parser that
    # believes the lengths asks for gigabytes.
    "cbor": ("application/cbor", b"\x9a\x05\xf5\xe1\x00"),
    "msgpack": ("application/x-msgpack", b"\xdd\x01\xff\xff\xff" * 16),
}
CONTENT_TYPES = [
    "application/cbor",
    "application/x-msgpack",
    "application/msgpack",
    "APPLICATION/CBOR",
    "application/cbor; charset=utf-8",
    "application/x-msgpack;a=b",
    "text/csv",
    "text/yaml",
    "text/plain",
    "text/event-stream",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json-seq",
    "*/*",
]
SECURITY = {
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=()",
}
MEMORY = 200 * 2**20
"""Most bytes that refusing may cost; parsing one of the hostile bodies asks for more than 1 GB."""


class Site:
    """Both recommenders on a node."""

    def __init__(self, node: LocalNode) -> None:
        self.node = node

    def url(self, path: str = "", project: str = SONGS) -> str:
        return f"{self.node.routes_url}/{project}/{path}"

    def send(self, method: str, path: str, **options: Any) -> requests.Response:
        options = {"timeout": 30, "allow_redirects": False} | options
        return requests.request(method, self.url(path), **options)

    def raw(self, request: bytes) -> bytes:
        """Sends bytes as they are; returns all that comes until the node closes or pauses."""
        host, port = urlsplit(self.node.routes_url).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(request)
            parts = []
            try:
                while part := connection.recv(65536):
                    parts.append(part)
                    if b"\r\n\r\n" in b"".join(parts) and b"connection: close" not in request:
                        break
            except TimeoutError:
                pass
            return b"".join(parts)

    def process(self) -> psutil.Process:
        running = running_process(self.node)
        assert running is not None
        return psutil.Process(running.pid)

    @property
    def login(self) -> tuple[str, str]:
        config = self.node.config()
        return config.username, config.password


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("http")
    with real_node(folder / "node") as node:
        for name, domain in DOMAINS.items():
            bundle = open_bundle(make_bundle(folder / name, domain=name), name)
            component = built_component(name)
            target = cluster.target(node.config())
            assert deploy(target, domain.database, bundle, component, by="ann").is_on_all_nodes
        yield Site(node)


def is_ours(answer: requests.Response, status: int, code: str) -> bool:
    """Whether an answer is an error in the shape that every error has."""
    received = answer.json()
    return (answer.status_code, list(received), received["statusCode"], received["code"]) == (
        status,
        ["statusCode", "code", "message"],
        status,
        code,
    )


ROUTES = [
    "recommend",
    "events",
    "songs",
    "songs/x",
    "model",
    "health",
    "stats",
    "metrics",
    "ui/",
    "nowhere",
    "",
]


@pytest.mark.parametrize("body", list(HOSTILE))
def test_a_hostile_body_is_refused_unread_on_every_route_with_every_method(
    site: Site, body: str
) -> None:
    kind, content = HOSTILE[body]
    process = site.process()
    before = process.memory_info().rss
    for path in ROUTES:
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = site.send(method, path, data=content, headers={"content-type": kind})
            assert answer.status_code < 500, (method, path, answer.text)
            assert answer.elapsed.total_seconds() < 5, (method, path)
    chunked = site.send("POST", "recommend", data=iter([content]), headers={"content-type": kind})
    assert is_ours(chunked, 415, "unsupported_media_type")
    outside = f"{site.node.routes_url}/nowhere"
    assert requests.post(outside, data=content, headers={"content-type": kind}).status_code == 404
    assert site.process() == process
    assert process.memory_info().rss - before < MEMORY


@pytest.mark.parametrize("kind", CONTENT_TYPES)
def test_only_json_is_a_body(site: Site, kind: str) -> None:
    content = json.dumps({"favourites": item_ids(1)[:1]}).encode()
    answer = site.send("POST", "recommend", data=content, headers={"content-type": kind})
    assert is_ours(answer, 415, "unsupported_media_type")


def test_json_is_taken_in_capitals_with_parameters_and_in_chunks(site: Site) -> None:
    content = json.dumps({"favourites": item_ids(1)[:1]}).encode()
    for kind in ("Application/JSON", "application/json; charset=utf-8"):
        answer = site.send("POST", "recommend", data=content, headers={"content-type": kind})
        assert answer.status_code == 200, answer.text
    pieces = iter([content[:5], content[5:]])
    kind = "application/json"
    assert site.send("POST", "recommend", data=pieces, headers={"content-type": kind}).ok


def test_a_compressed_body_is_refused(site: Site) -> None:
    bomb = gzip.compress(b"[" * 50_000_000)
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = site.send("POST", "recommend", data=bomb, headers=headers)
    assert is_ours(answer, 415, "unsupported_encoding")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_body_that_poisons_a_prototype_is_refused(site: Site) -> None:
    for content in (
        b'{"favourites":["x"],"__proto__":{"limit":1}}',
        b'{"favourites":["x"],"\\u005f_proto__":{"limit":1}}',
        b'{"favourites":["x"],"constructor":{"prototype":{"limit":1}}}',
    ):
        headers = {"content-type": "application/json"}
        assert is_ours(
            site.send("POST", "recommend", data=content, headers=headers), 400, "invalid_json"
        )


@pytest.mark.parametrize("accept", ["text/html", "application/*", "text/*", "x", "", "*/*", "q=,;"])
def test_json_is_answered_whatever_is_accepted(site: Site, accept: str) -> None:
    for path in ("health", "songs?q=s", "model", "stats", "nowhere"):
        answer = site.send("GET", path, headers={"accept": accept})
        assert answer.status_code == (404 if path == "nowhere" else 200), answer.text
        assert answer.headers["content-type"].startswith("application/json")
        assert isinstance(answer.json(), dict)


def test_an_address_that_cannot_be_decoded_is_refused_in_our_shape(site: Site) -> None:
    for path in ("songs/%E0%A4%A", "songs/%", "%zz", "ui/%C0%AF"):
        head = f"GET /{SONGS}/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        status, _, rest = site.raw(head.encode()).partition(b"\r\n")
        assert b" 400 " in status, path
        assert json.loads(rest.split(b"\r\n\r\n", 1)[1])["code"] == "bad_address"


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("recommend", "POST"),
        ("events", "POST"),
        ("songs", "GET, HEAD"),
        ("songs/x", "GET, HEAD"),
        ("model", "GET, HEAD"),
        ("health", "GET, HEAD"),
        ("stats", "GET, HEAD"),
        ("metrics", "GET, HEAD"),
        ("openapi.json", "GET, HEAD"),
        ("docs/", "GET, HEAD"),
        ("ui/", "GET, HEAD"),
        ("ui/assets/x.js", "GET, HEAD"),
        ("", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_refused_with_the_right_ones(site: Site, path: str, allow: str) -> None:
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE"}
    for method in sorted(methods - set(allow.split(", "))):
        answer = site.send(method, path)
        assert is_ours(answer, 405, "method_not_allowed"), (method, answer.text)
        assert answer.headers["allow"] == allow


def test_an_unknown_route_is_refused_in_our_shape(site: Site) -> None:
    for method in ("GET", "POST", "PURGE"):
        assert is_ours(site.send(method, "nowhere"), 404, "unknown_route")
    assert is_ours(site.send("GET", f"songs/{'x' * 2000}"), 404, "unknown_route")


@pytest.mark.parametrize(
    "path",
    [
        *("health", "songs?q=s", "model", "stats", "metrics", "openapi.json"),
        *("docs/", "ui/", "ui/status/"),
    ],
)
def test_head_answers_as_get_does_without_a_body(site: Site, path: str) -> None:
    get, head = site.send("GET", path), site.send("HEAD", path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("protocol", ["", "mqtt", "harperdb-replication-v1"])
def test_a_websocket_is_refused_and_its_connection_closed(site: Site, protocol: str) -> None:
    asked_for = f"sec-websocket-protocol: {protocol}\r\n" if protocol else ""
    for path in ("", "recommend", "ui/", "nowhere"):
        answer = site.raw(
            f"GET /{SONGS}/{path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, close\r\n"
            f"upgrade: websocket\r\nsec-websocket-version: 13\r\n{asked_for}"
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["code"] == "no_websocket"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/*", ";;"])
@pytest.mark.parametrize("login", ["Basic bm9ib2R5Ondyb25n", "Basic !!!", "Bearer x.y.z"])
def test_a_failed_login_is_answered_in_our_shape(site: Site, login: str, accept: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"authorization": login, "accept": accept}
        assert is_ours(site.send(method, "health", headers=headers), 401, "login_failed")


@pytest.mark.parametrize(
    "path",
    [
        "health",
        "model",
        "stats",
        "metrics",
        "songs?q=s",
        "songs/none",
        "recommend",
        "ui/",
        "nowhere",
    ],
)
def test_every_answer_carries_the_security_headers(site: Site, path: str) -> None:
    for headers in ({}, {"authorization": "Basic bm9ib2R5Ondyb25n"}):
        answer = site.send("GET", path, headers=headers)
        for name, expected in SECURITY.items():
            assert expected in answer.headers[name], (path, headers, name)
    page = "script-src 'self'" in site.send("GET", path).headers["content-security-policy"]
    assert page == (path == "ui/")


def test_strangers_read_nothing_of_the_node_or_the_deployer(site: Site) -> None:
    version = "v" + node_version()
    for path in ("stats", "model", "health"):
        received = site.send("GET", path).text
        assert version not in received, path
        assert '"node"' not in received, path
        assert '"ann"' not in received, path
    stats = site.send("GET", "stats", auth=site.login).json()
    assert stats["runtime"]["node"] == version
    assert "node" in stats
    assert site.send("GET", "model", auth=site.login).json()["current"]["by"] == "ann"


def node_version() -> str:
    return subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip("v\n")


def test_pages_come_compressed_and_are_not_sent_twice(site: Site) -> None:
    page = site.send("GET", "ui/", headers={"accept-encoding": "br"})
    assert page.headers["content-encoding"] == "br"
    assert int(page.headers["content-length"]) < 1000
    known = {"if-none-match": page.headers["etag"]}
    again = site.send("GET", "ui/", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    plain = site.send("GET", "ui/", headers={"accept-encoding": "identity"}).text
    [script] = [part for part in plain.split('"') if part.startswith("./assets/pick-")][:1]
    sent = site.send("GET", f"ui/{script}", headers={"accept-encoding": "gzip"})
    assert sent.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert sent.headers["content-encoding"] == "gzip"


def test_the_built_page_names_the_favourites_of_its_address(site: Site) -> None:
    [first, second] = item_ids(1)[:2]
    titles = [site.send("GET", f"songs/{key}").json()["title"] for key in (first, second)]
    page = site.send("GET", f"ui/?songs={first},{second}")
    assert page.headers["content-encoding"] == "gzip"
    names = " and ".join(titles)
    assert f"<title>Songs like {names}</title>" in page.text
    assert f'<meta property="og:title" content="Songs like {names}" />' in page.text
    description = f'content="Recommended songs for everyone who likes {names}." />'
    assert page.text.count(description) == 2
    assert "script-src 'self'" in page.headers["content-security-policy"]
    plain = site.send("GET", "ui/")
    assert page.headers["etag"] != plain.headers["etag"]
    unknown = site.send("GET", "ui/?songs=NONE")
    assert unknown.content == plain.content


@pytest.mark.parametrize("path", ["", "ui", "ui/"])
def test_the_project_leads_to_the_page(site: Site, path: str) -> None:
    for address in (site.url(path), site.url(path).rstrip("/")):
        answer = requests.get(address, timeout=30)
        assert answer.status_code == 200
        assert answer.url == site.url("ui/")


def test_the_start_page_links_every_recommender_of_the_node(site: Site) -> None:
    for _ in range(8):  # any of the workers
        page = requests.get(f"{site.node.routes_url}/", timeout=30)
        assert page.status_code == 200
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        for domain in DOMAINS.values():
            assert f'href="./{domain.project}/ui/"' in page.text
    head = requests.head(f"{site.node.routes_url}/", timeout=30)
    assert (head.status_code, head.content) == (200, b"")
