"""Measures a real node of its own under load, and prints ratios of our routes to each other.

``make bench`` runs it; ``RECOMMENDER_BENCH_BUNDLE`` names another bundle than the demonstration's
songs. Everything runs on one machine, so the clients take their share of it: compare the figures
of one run, never those of two machines. Processor time is measured besides, because it changes
least with what else runs there.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import requests

from tests.harper_places import Place, built_component, real_node
from training.harper.local.node import PROJECT_ROOT
from training.harper.local.server import running_process

SECONDS = 5
CONNECTIONS = 32
FLOOD = 128
HEAD_START = 2
PAIRS = 6
FLOODER, VISITOR = "127.0.0.5", "127.0.0.9"
"""Two clients are two addresses; on Linux all of 127.0.0.0/8 is loopback."""


def main() -> None:
    default = PROJECT_ROOT / "artifacts" / "test" / "bundles" / "songs"
    bundle = Path(os.environ.get("RECOMMENDER_BENCH_BUNDLE", default))
    ids = json.loads((bundle / "item_ids.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder, real_node(Path(folder) / "node") as node:
        place = Place(node.config(), built_component(), Path(folder))
        place.deploy(bundle, force=True)
        base = f"{place.config.routes_url}/{place.domain.project}"
        print(f"{len(ids)} songs, two workers")
        running = running_process(node)
        assert running is not None
        server = psutil.Process(running.pid)
        compare_with_empty(base, ids, server)
        compare_with_events(base, ids, server)
        compare_beside_flood(base, ids)


def compare_with_empty(base: str, ids: list[str], server: psutil.Process) -> None:
    # JavaScript is compiled as it runs: the first thousand answers take several times as long.
    for asked in (health(base), items(base, ids)):
        finish(start(asked, CONNECTIONS, VISITOR, 3 * SECONDS))
    for connections in (1, CONNECTIONS):
        empty, empty_cpu = measured(health(base), connections, server)
        ours, ours_cpu = measured(items(base, ids), connections, server)
        slower = np.median(ours) / np.median(empty)
        print(
            f"items at {connections} connections: {len(ours) / len(empty):.2f} of the throughput "
            f"of GET health, {slower:.1f} times its median, {ours_cpu / empty_cpu:.1f} times the "
            "server's processor time"
        )


def compare_with_events(base: str, ids: list[str], server: psutil.Process) -> None:
    """Compares answers that are signed, and explored, with those without a session."""
    plain = items(base, ids)
    recorded = plain | {"bodies": [body | {"session": session()} for body in plain["bodies"]]}
    wait_until_signed(recorded)
    finish(start(recorded, CONNECTIONS, VISITOR, SECONDS))
    # On one connection they alternate request by request: what else runs here slows both.
    bodies = [body for two in zip(plain["bodies"], recorded["bodies"], strict=True) for body in two]
    times = answered(finish(start(plain | {"bodies": bodies}, 1, VISITOR, PAIRS * SECONDS)))
    without, with_events = times[0::2], times[1::2]
    print(
        f"items with events at 1 connection: {np.median(with_events) / np.median(without):.3f} "
        f"times the median without ({len(times)} answers)"
    )
    ratios = np.array([pair_of(plain, recorded, server, turn) for turn in range(PAIRS)])
    throughput, median, cpu = np.median(ratios, axis=0)
    print(
        f"items with events at {CONNECTIONS} connections: {throughput:.3f} of the throughput "
        f"without, {median:.3f} times its median, {cpu:.3f} times the server's processor time "
        f"(medians of {PAIRS} pairs; throughput {ratios[:, 0].min():.2f} to "
        f"{ratios[:, 0].max():.2f})"
    )


def pair_of(
    plain: dict[str, Any], recorded: dict[str, Any], server: psutil.Process, turn: int
) -> tuple[float, float, float]:
    """Returns how throughput, median and processor time with events compare to those without."""
    order = (plain, recorded) if turn % 2 else (recorded, plain)
    found = {id(asked): measured(asked, CONNECTIONS, server) for asked in order}
    (off, off_cpu), (on, on_cpu) = found[id(plain)], found[id(recorded)]
    return len(on) / len(off), float(np.median(on) / np.median(off)), on_cpu / off_cpu


def session() -> str:
    return secrets.token_urlsafe(12)


def wait_until_signed(recorded: dict[str, Any]) -> None:
    """Waits until every worker has read the key that `deploy` made: ten seconds at most."""
    signed = 0
    while signed < 20:
        found = requests.post(recorded["url"], json=recorded["bodies"][0], timeout=10).json()
        signed = signed + 1 if "answer" in found else 0
        time.sleep(0.05)


def measured(
    asked: dict[str, Any], connections: int, server: psutil.Process
) -> tuple[list[float], float]:
    """Returns how long each answer took (ms), and the processor time of one (s)."""
    before = server.cpu_times()
    times = answered(drive(asked, connections))
    after = server.cpu_times()
    return times, (after.user + after.system - before.user - before.system) / len(times)


def compare_beside_flood(base: str, ids: list[str]) -> None:
    asked = items(base, ids)
    quiet = p99(drive(asked, 1, VISITOR))
    for what, flood in (("the same", asked), ("the dearest", dearest(base, ids))):
        with start(flood, FLOOD, FLOODER, SECONDS + 3 * HEAD_START) as flooding:
            # The visitor begins when the flood has begun, and ends before it ends.
            time.sleep(HEAD_START)
            beside = p99(drive(asked, 1, VISITOR))
            flooded = finish(flooding)
        print(
            f"a second client's p99 beside {FLOOD} connections that ask {what}: "
            f"{beside / quiet:.1f} times its quiet one; the flood: {len(flooded['answered'])} "
            f"answered, {len(flooded['shed'])} refused"
        )


def health(base: str) -> dict[str, Any]:
    return {"url": f"{base}/health", "method": "GET"}


def items(base: str, ids: list[str]) -> dict[str, Any]:
    rng = random.Random(20)
    bodies = [{"favourites": rng.sample(ids[:500], 3)} for _ in range(500)]
    return {"url": f"{base}/recommend", "method": "POST", "bodies": bodies}


def dearest(base: str, ids: list[str]) -> dict[str, Any]:
    """The request that takes longest of all valid ones."""
    rng = random.Random(20)
    options = {"strategy": "voters", "limit": 100, "explain": True, "diversity": 0.5}
    bodies = [
        {
            "favourites": rng.sample(ids[:500], min(10, len(ids))),
            "exclude": rng.choices(ids, k=1000),
            **options,
        }
        for _ in range(50)
    ]
    return {"url": f"{base}/recommend", "method": "POST", "bodies": bodies}


def drive(asked: dict[str, Any], connections: int, address: str = "127.0.0.1") -> dict[str, Any]:
    with start(asked, connections, address, SECONDS) as process:
        return finish(process)


def start(
    asked: dict[str, Any], connections: int, address: str, seconds: int
) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        ["node", str(Path(__file__).with_name("drive.mjs"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    task = asked | {"connections": connections, "address": address, "seconds": seconds}
    assert process.stdin is not None
    process.stdin.write(json.dumps(task))
    process.stdin.close()
    return process


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    figures: dict[str, Any] = json.loads(process.stdout.read())
    if figures["failed"]:
        raise SystemExit(f"{figures['failed']} requests failed")
    return figures


def answered(figures: dict[str, Any]) -> list[float]:
    times: list[float] = figures["answered"]
    return times


def p99(figures: dict[str, Any]) -> float:
    return float(np.percentile(answered(figures), 99))


if __name__ == "__main__":
    main()
