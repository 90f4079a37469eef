"""What thousands of odd requests and a flood of good ones do to a node: nothing.

Bounded in count and time, on loopback only. `make attack` runs the full size; without these
variables the tests run a small one:

    ATTACK_REQUESTS         generated requests, over all routes, methods and content types
    ATTACK_RECOMMENDATIONS  recommendations over 32 connections
    ATTACK_SEED             another seed, other requests
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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

REQUESTS = int(os.environ.get("ATTACK_REQUESTS", "2000"))
RECOMMENDATIONS = int(os.environ.get("ATTACK_RECOMMENDATIONS", "2000"))
SEED = int(os.environ.get("ATTACK_SEED", "1"))
CONNECTIONS = 32
WARM_UP = 1000
"""Requests of each kind before memory counts: the engine compiles what runs often, once."""
GROWTH = 1.10
"""Most that memory may be, of what it was after the first tenth."""
SECONDS = 1800
DOMAIN = DOMAINS["songs"]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    folder = tmp_path_factory.mktemp("attack")
    with real_node(folder / "node") as node:
        bundle = open_bundle(make_bundle(folder / "bundle"), DOMAIN.name)
        component, target = built_component(DOMAIN.name), cluster.target(node.config())
        assert deploy(target, DOMAIN.database, bundle, component, by="tests").is_on_all_nodes
        yield node


def process_of(node: LocalNode) -> psutil.Process:
    running = running_process(node)
    assert running is not None, "the server ended"
    return psutil.Process(running.pid)


def workers_of(node: LocalNode) -> set[tuple[int, str]]:
    """Returns each worker with the time at which it started; which one answers is chance."""
    url = f"{node.routes_url}/{DOMAIN.project}/health"
    found: set[tuple[int, str]] = set()
    for _ in range(60):
        health = requests.get(url, timeout=30).json()
        found.add((health["worker"], health["since"]))
        if len({worker for worker, _ in found}) == health["workers"]:
            break
    return found


def attack(node: LocalNode, **sizes: int) -> dict[str, Any]:
    task = {
        "url": f"{node.routes_url}/{DOMAIN.project}/",
        "collection": DOMAIN.name,
        "ids": item_ids(1),
        "pid": process_of(node).pid,
        "seed": SEED,
        "connections": CONNECTIONS,
        **sizes,
    }
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("attack.mjs"))],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_odd_requests_and_a_flood_of_good_ones_leave_a_node_as_it_was(node: LocalNode) -> None:
    attack(node, requests=WARM_UP, recommendations=WARM_UP)
    process, workers = process_of(node), workers_of(node)
    found = attack(node, requests=REQUESTS, recommendations=RECOMMENDATIONS)
    for part in ("generated", "recommended"):
        result = found[part]
        print(part, result["statuses"], f"{result['seconds']:.1f} s", result["memory"])
        assert result["faults"] == [], json.dumps(result["faults"][:5], indent=1)
        after_a_tenth, end = result["memory"][1], result["memory"][-1]
        assert end <= after_a_tenth * GROWTH, [round(m / 2**20) for m in result["memory"]]
    assert found["generated"]["sent"] == REQUESTS
    assert found["recommended"]["statuses"]["200"] > 0
    assert process_of(node) == process
    assert workers_of(node) == workers


MALFORMED = {
    "no HTTP at all": b"\x00\x01\x02\x03\r\n\r\n",
    "a request line without an end": b"GET /" + b"x" * 100_000,
    "two lengths": b"POST /{p}/recommend HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n"
    b"content-length: 2\r\n\r\n{}",
    "a length and chunks": b"POST /{p}/recommend HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk that is no number": b"POST /{p}/recommend HTTP/1.1\r\nhost: x\r\n"
    b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a body that ends too soon": b"POST /{p}/recommend HTTP/1.1\r\nhost: x\r\n"
    b"content-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
    "a header of 100 kB": b"GET /{p}/health HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 100_000,
    "ten thousand headers": b"GET /{p}/health HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 10_000,
    "a tunnel": b"CONNECT example.org:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    "an absolute address": b"GET http://example.org/ HTTP/1.1\r\nhost: x\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
    "no host": b"GET /{p}/health HTTP/1.1\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an upgrade to HTTP/2": b"GET /{p}/health HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n"
    b"upgrade: h2c\r\n\r\n",
    "a websocket without a key": b"GET /{p}/x HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n"
    b"upgrade: websocket\r\n\r\n",
}


@pytest.mark.parametrize("what", list(MALFORMED))
def test_a_connection_that_speaks_no_proper_http_harms_nobody(node: LocalNode, what: str) -> None:
    process = process_of(node)
    content = MALFORMED[what].replace(b"{p}", DOMAIN.project.encode())
    for _ in range(3):
        # Closed, reset or silent: each is an answer.
        with (
            contextlib.suppress(OSError),
            socket.create_connection((node.host, node.routes_port), timeout=0.5) as connection,
        ):
            connection.sendall(content)
            connection.recv(65536)
    health = requests.get(f"{node.routes_url}/{DOMAIN.project}/health", timeout=30)
    assert health.status_code == 200
    assert process_of(node) == process
