"""Simulates visitors over HTTP, and measures what the loop learns from them.

Real people act as visitors: they pick three favourites, ask, read down the list with a position
bias, like what the data says that they like, dismiss, search, and leave. Some sessions may be bots
that push one item. Nodes are killed and return. See docs/learning.md::

    python -m scripts.simulate_visitors songs --data DIR --work FOLDER --bots 0.2
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

from scripts.simulation import nodes
from scripts.simulation.bots import RULES
from scripts.simulation.planned import VARIANTS, learn_at_once
from scripts.simulation.run import Plan, full_history, simulate
from training.cli.console import DATASETS
from training.deploy.component import pack
from training.domains import DOMAINS


def main() -> None:
    """Runs the simulation that the command line describes."""
    options = _options()
    signal.signal(signal.SIGTERM, _stop)
    with tempfile.TemporaryDirectory(prefix="visitors-") as temporary:
        work = options.work or Path(temporary)
        domain = DOMAINS[options.domain]
        plan = Plan(
            domain,
            options.data or DATASETS / domain.name / "sample",
            work,
            rounds=options.rounds,
            start=options.start,
            panel=options.panel,
            bots=options.bots,
            rule=options.rule,
            seed=options.seed,
            most=options.most,
            changes=("evaluate.quick=true", *options.set),
        )
        if options.planned:
            found = learn_at_once(plan, options.planned)
            print(f"{options.planned}: {found['ndcg']:.4f}, {found['panel_with_pushed']:.2%}")
            _write(found, options.results)
            return
        found = _run(plan, options)
        print("events: " + ", ".join(f"{what} {count}" for what, count in found["events"].items()))
        if options.full:
            found["full_history"] = full_history(plan)
            print(f"everybody's full history: panel NDCG@20 {found['full_history']['ndcg']:.4f}")
        _write(found, options.results)


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)  # the nodes are stopped on the way


def _write(found: dict[str, Any], path: Path | None) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _run(plan: Plan, options: argparse.Namespace) -> dict[str, Any]:
    ports = (options.port, options.port + 1, options.port + 8)
    members = nodes.two_nodes(plan.work / "nodes", ports)
    with nodes.running(members) as target:
        component = pack(plan.domain)  # once: code that is rebuilt meanwhile must not matter
        return simulate(
            plan, members, target, lambda: component, lambda text: print(text, flush=True)
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("domain", choices=sorted(DOMAINS))
    parser.add_argument("--data", type=Path, help="raw folder; default: demonstration data")
    parser.add_argument("--work", type=Path, help="folder to work in; default: a temporary one")
    parser.add_argument("--results", type=Path, help="write the figures to this JSON file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--start", type=float, default=0.3, help="share of people at the start")
    parser.add_argument("--panel", type=int, default=600, help="people on the panel")
    parser.add_argument("--bots", type=float, default=0.0, help="share of all sessions")
    parser.add_argument("--rule", choices=list(RULES), default="popular", help="of the bots")
    parser.add_argument("--seed", type=int, default=20, help="of all random choices")
    parser.add_argument("--most", type=int, help="most people of the data; default: everybody")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.FIELD=VALUE", help="of the loop"
    )
    parser.add_argument("--full", action="store_true", help="also train on everybody's history")
    parser.add_argument(
        "--planned", choices=list(VARIANTS), help="without nodes: learn what is sent at once"
    )
    parser.add_argument("--port", type=int, default=19_945, help="first port of the nodes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
