"""Measures how many sessions experiments need on three nodes, with simulated visitors over HTTP.

Writes docs/experiments.md, "Measured": how soon a better ranking is promoted and a worse one
withdrawn, and how soon interleaving and splitting give the same verdict::

    python -m tests.bench.experiments [--repeats 5]
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from types import FrameType

import numpy as np

from scripts.simulation.nodes import wait_until_signing
from tests.harper_places import built_component, three_nodes
from tests.tried_rankings import CONFIG, Trying, bundle_of
from training.bundle import open_bundle
from training.deploy.component import Component
from training.deploy.deploy import deploy
from training.domains import DOMAINS
from training.experiments.analysis import BETTER, WORSE, Look
from training.experiments.row import Variant
from training.harper import cluster
from training.pipeline.experiment.end import Place, end
from training.pipeline.experiment.start import Request, start
from training.pipeline.folders import Folders

DOMAIN = DOMAINS["songs"]
PAGE = Path(__file__).parents[2] / "docs" / "experiments.md"
RESULTS = Path(__file__).parents[2] / "test-results" / "experiments.json"
HEAD = "## Measured\n"
MISPLACED = 6
MOST = 6_000
BATCH = 50


def main() -> None:
    """Measures, and writes the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    signal.signal(signal.SIGTERM, _stop)  # the nodes are stopped on the way
    with tempfile.TemporaryDirectory(prefix="experiments-") as temporary:
        found = _measure(Path(temporary), repeats)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1), encoding="utf-8")
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(HEAD)
    PAGE.write_text(head.rstrip() + f"\n\n{HEAD}\n{page(found, repeats)}", encoding="utf-8")


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _measure(folder: Path, repeats: int) -> dict[str, list[int]]:
    with three_nodes(folder) as members:
        target, component = cluster.target(members[0].config()), built_component()
        better, worse = (bundle_of(folder / f"b{n}", misplaced=n) for n in (0, MISPLACED))
        for bundle in (better, worse):
            opened = open_bundle(bundle, DOMAIN.name)
            deploy(target, DOMAIN.database, opened, component, by="bench", force=True)
        wait_until_signing(members, DOMAIN.project)
        place = Place(Folders(DOMAIN, folder, folder / "artifacts"), target, "bench")
        addresses = [node.routes_url for node in target.nodes]
        trying = Trying(place, addresses, np.random.default_rng(20), batch=BATCH)
        found: dict[str, list[int]] = {}
        for number in range(repeats):
            for mode, share in (("split", 0.5), ("interleave", 1.0)):
                for name, bundle, champion in (
                    ("promoted", better, worse),
                    ("withdrawn", worse, better),
                ):
                    _current(place, champion, component)
                    sessions = _sessions(trying, bundle, mode, share, component)
                    found.setdefault(f"{mode}, {name}", []).append(sessions)
                    print(f"{number + 1}: {mode}, {name} after {sessions:,} sessions", flush=True)
        return found


def _current(place: Place, bundle: Path, component: Component) -> None:
    opened = open_bundle(bundle, DOMAIN.name)
    deploy(place.target, DOMAIN.database, opened, component, by="bench", force=True)


def _sessions(trying: Trying, bundle: Path, mode: str, share: float, component: Component) -> int:
    """Returns after how many sessions the right verdict was given."""
    opened = open_bundle(bundle, DOMAIN.name)
    variant, code = Variant(version=opened.version), _packed(component)
    # No more sessions than the verdict needs: what is measured is the interval.
    config = replace(CONFIG, least_sessions=100)
    request = Request(variant, mode, share, config, bundle=opened, component=code)
    experiment = start(trying.place, request).experiment
    seen, sessions = trying.until(
        experiment, lambda look: look.verdict in ("better", "worse"), MOST
    )
    end(trying.place, experiment, "discarded", f"measured: {seen.verdict}")
    return sessions


def _is_decided(seen: Look) -> bool:
    return seen.verdict in (BETTER, WORSE)


def _packed(component: Component) -> Callable[[], Component]:
    return lambda: component


def page(found: dict[str, list[int]], repeats: int) -> str:
    """Returns the section of the page, without its heading."""
    rows = "\n".join(
        f"| {mode} | {_cell(found[f'{mode}, promoted'])} | {_cell(found[f'{mode}, withdrawn'])} |"
        for mode in ("split", "interleave")
    )
    ratios = [
        median(found[f"interleave, {name}"]) / median(found[f"split, {name}"])
        for name in ("promoted", "withdrawn")
    ]
    return (
        f"`make bench-experiments` wrote this: sessions until the interval excludes 0, median of "
        f"{repeats} (least–most), looked at every {BATCH}.\n\n"
        "| mode | the better ranking as challenger: `better` | the worse one: `worse` |\n"
        "| --- | --- | --- |\n"
        f"{rows}\n\n"
        "Three nodes, simulated visitors over HTTP, who like several of 60 items; the worse "
        f"ranking has the {MISPLACED} best of them after the first 40. Splitting gives half of the "
        "sessions to each variant, interleaving takes all of them. Interleaving needed "
        f"{ratios[0]:.2f} and {ratios[1]:.2f} of the sessions. It gains where most lists have some "
        "success, whichever variant made them; where hardly any has, both need about as many.\n"
    )


def _cell(sessions: list[int]) -> str:
    return f"{median(sessions):,.0f} ({min(sessions):,}–{max(sessions):,})"


if __name__ == "__main__":
    main()
