"""Measures time and memory of each stage on a synthetic Taste Profile, of a share of its listeners.

    python -m scripts.measure_scale FOLDER [--shares 0.0625 0.25 1] [--stages prepare train]

Each stage runs by its own command, and all of them by `run`; `deploy` and `run` on a HarperDB of
their own. What was measured is written into docs/scale/ after every stage, so that a run that ends
early loses nothing; ``python -m scripts.make_scale_report`` makes docs/scale.md of it.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import requests

from scripts.make_taste_profile import write
from training.harper.local import server
from training.harper.local.node import LocalNode
from training.harper.node import until

LISTENERS, SONGS, MEAN, TAIL, SEED = 1_019_318, 384_546, 57.7, 2.4, 20
"""The whole Taste Profile: 48.4 million plays; half the songs have fewer than ten listeners."""
RESULTS = {
    "prepare": "prepared",
    "train": "model",
    "evaluate": "report",
    "export": "bundle",
    "deploy": None,
    "run": "",
}
"""By command, the folder of its results below the artifacts of a domain; "" is all of them."""
SHARES = (1 / 16, 1 / 4, 1.0)
STAGES = tuple(RESULTS)
READING_SECONDS = 300.0
"""Longest wait for the workers to read the catalogue."""
FIGURES = Path(__file__).parents[1] / "docs" / "scale"
COMMAND = Path(sys.executable).with_name("harperdb-recommender")


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="for the data and the stages' results: 12 GB")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--figures", type=Path, default=FIGURES)
    options = parser.parse_args()
    options.figures.mkdir(parents=True, exist_ok=True)
    for share in options.shares:
        measure(share, options.folder, options.stages, options.figures)


def measure(share: float, folder: Path, stages: list[str], figures: Path) -> None:
    """Runs the stages on a share of the listeners and writes what each took.

    Args:
        share: Of the listeners, 0..1.
        folder: For data and results.
        stages: What to run, in their order; earlier ones must have run.
        figures: Folder for the figures.
    """
    raw, artifacts = folder / f"raw-{share:g}", folder / f"artifacts-{share:g}"
    path = figures / f"songs-{share:g}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if not raw.is_dir():
        made = folder / f"raw-{share:g}.part"
        shutil.rmtree(made, ignore_errors=True)
        write(made, round(LISTENERS * share), SONGS, MEAN, SEED, TAIL)
        made.rename(raw)
    for stage in stages:
        # What is there already would be unchanged, and take no time.
        if (results := RESULTS[stage]) is not None:
            shutil.rmtree(artifacts / "songs" / results, ignore_errors=True)
        words = [stage, "songs", "--artifacts", str(artifacts)]
        words += ["--data", str(raw)] if stage in ("prepare", "run") else []
        # With more than ten million likes an evaluation is brief anyway: so all shares do the same.
        words += ["--set", "evaluate.quick=true"] if stage in ("evaluate", "run") else []
        found |= {"share": share, "machine": machine(), "measured": dt.date.today().isoformat()}
        found.setdefault("stages", {})
        if stage in ("deploy", "run"):
            with harper(folder / "harper") as (node, pid):
                found["stages"][stage] = timed(words, environment_of(node))
                found["node"] = {"gigabytes": memory_of(node, pid), "workers": node.threads}
        else:
            found["stages"][stage] = timed(words)
        path.write_text(json.dumps(found | shape(artifacts), indent=1) + "\n", encoding="utf-8")
        print(f"{share:g} {stage}: {found['stages'][stage]}", flush=True)


@contextlib.contextmanager
def harper(folder: Path) -> Iterator[tuple[LocalNode, int]]:
    """Yields a running HarperDB without data and its process id; removes it in the end."""
    shutil.rmtree(folder, ignore_errors=True)
    node = LocalNode(folder, operations_port=24_225, routes_port=24_226, replication_port=24_233)
    try:
        yield node, server.start(node).pid
    finally:
        server.stop(node)
        shutil.rmtree(folder)


def environment_of(node: LocalNode) -> dict[str, str]:
    """Returns the environment variables that name the node to a command."""
    config = node.config()
    return {
        "HARPER_URL": node.url,
        "HARPER_ROUTES_URL": node.routes_url,
        "HARPER_USERNAME": config.username,
        "HARPER_PASSWORD": config.password,
    }


def memory_of(node: LocalNode, pid: int) -> float:
    """Returns how many GB a node holds once each of its workers has read the catalogue."""
    url = f"{node.routes_url}/song-recommender/health"

    def is_read() -> bool:
        # Chance decides which worker answers; of two, one is missed once in a million times.
        asked = (requests.get(url, timeout=60) for _ in range(20))
        return all(answer.ok and answer.json()["search"]["status"] == "ready" for answer in asked)

    if not until(is_read, READING_SECONDS):
        raise TimeoutError(f"{node.routes_url}: the catalogue was not read")
    return round(psutil.Process(pid).memory_info().rss / 1e9, 2)


def timed(words: list[str], environment: Mapping[str, str] | None = None) -> dict[str, float]:
    """Runs a command and returns what it took.

    Args:
        words: The command.
        environment: Variables besides those of this process.

    Returns:
        ``seconds`` by the clock, ``processor`` seconds of all cores, most ``gigabytes`` that it and
        its processes held at a time, and how many ``others`` wanted a core meanwhile, on average.

    Raises:
        CalledProcessError: the command has failed.
    """
    began, load, together = time.monotonic(), [], 0
    process = subprocess.Popen([COMMAND, *words], env={**os.environ, **(environment or {})})
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        load.append(os.getloadavg()[0])
        together = max(together, _held(process.pid))
        time.sleep(1)
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    seconds, processor = time.monotonic() - began, used.ru_utime + used.ru_stime
    return {
        "seconds": round(seconds, 1),
        "processor": round(processor, 1),
        "gigabytes": round(max(together, _bytes(used)) / 1e9, 2),
        "others": round(max(0.0, sum(load) / len(load) - processor / seconds), 1),
    }


def _held(pid: int) -> int:
    """Returns how many bytes a process and those that it has started hold now."""
    held = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                held += process.memory_info().rss
    return held


def _bytes(used: resource.struct_rusage) -> int:
    return used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def shape(artifacts: Path) -> dict[str, Any]:
    """Returns what was prepared and how long the parts of training took, as far as it is there."""
    found: dict[str, Any] = {}
    counts = artifacts / "songs" / "prepared" / "counts.json"
    if counts.is_file():
        found["counts"] = dict(json.loads(counts.read_text("utf-8")))
    history = artifacts / "songs" / "model" / "history.json"
    if history.is_file():
        found["train"] = json.loads(history.read_text("utf-8"))["seconds"]
    return found


def machine() -> str:
    """Returns what it was measured on, in words."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{len(psutil.Process().cpu_affinity())} cores, {memory:.0f} GB of memory"


if __name__ == "__main__":
    main()
