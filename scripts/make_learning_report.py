"""Writes docs/learning.md and its plot from the figures of `scripts.simulate_visitors`.

``make bench-learning`` runs the simulations and then this.
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

from scripts.simulation.people import FAVOURITES
from scripts.simulation.run import POPULAR
from scripts.simulation.visitor import Habits

DOCS = Path(__file__).parents[1] / "docs"
Figures = dict[str, Any]

TEMPLATE = Path(__file__).parent / "simulation" / "learning.txt"


def main() -> None:
    """Writes the page and the plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("people", type=Path, help="figures of the run over HTTP, with --full")
    parser.add_argument("planned", type=Path, nargs="+", help="figures of the runs without nodes")
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args()
    people, *planned = (
        json.loads(path.read_text("utf-8")) for path in (options.people, *options.planned)
    )
    (options.docs / "learning.md").write_text(page(people, planned), encoding="utf-8")
    plot(people, options.docs / "images" / "learning.svg")


def page(people: Figures, planned: list[Figures]) -> str:
    """Returns the page; of `planned` the first is the run without bots."""
    rounds, full = people["rounds"], people["full_history"]["ndcg"]
    counts = people["people"]
    habits = Habits()
    return TEMPLATE.read_text(encoding="utf-8").format(
        **counts,
        **{name: getattr(habits, name) for name in habits.__dataclass_fields__},
        domain=people["domain"],
        data=people["data"],
        favourites=FAVOURITES,
        popular=POPULAR,
        start_share=counts["start"] / (counts["start"] + counts["arriving"]),
        rounds=len(rounds) - 1,
        rounds_table=rounds_table(rounds, full),
        error=max(one["standard_error"] for one in rounds),
        full=full,
        before=rounds[0]["ndcg"] / full,
        reached=rounds[-1]["ndcg"] / full,
        rises=rises([one["ndcg"] for one in rounds]),
        note=f" {people['note']}" if "note" in people else "",
        bots_table=bots_table(planned),
        place=people["pushed_place"],
        start_with_pushed=rounds[0]["panel_with_pushed"],
        one_answer=1 / counts["panel"],
        kill_rounds=", ".join(str(i) for i, one in enumerate(rounds) if one.get("kills")),
        events_rows=events_row(people["events"]),
    )


def rises(ndcg: list[float]) -> str:
    """Returns in how many rounds a figure has risen, for people."""
    steps = [later > earlier for earlier, later in itertools.pairwise(ndcg)]
    if all(steps):
        return "rose in every round"
    return f"rose in {sum(steps)} of {len(steps)} rounds"


def rounds_table(rounds: list[Figures], full: float) -> str:
    """Returns the table of the run without bots."""
    lines = ["| after round | visitors | events | likes learned | gate | NDCG@20 | of full |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for number, one in enumerate(rounds):
        learned = one["counts"].get("events: likes learned", 0)
        lines.append(
            f"| {number or 'none'} | {one.get('people', 0):,} | {one['new_events']:,} "
            f"| {learned:,} | {one['outcome']} | {one['ndcg']:.4f} | {one['ndcg'] / full:.0%} |"
        )
    return "\n".join(lines)


def bots_table(planned: list[Figures]) -> str:
    """Returns the table that compares what is learned with and without bots."""
    lines = [
        "| sessions | likes learned | left out by the limit | NDCG@20 | pushed item is in |",
        "| --- | --- | --- | --- | --- |",
    ]
    alone = planned[0]["ndcg"]
    for one in planned:
        counts = one["counts"]
        limited = counts["events dropped: more likes of an item than expected"]
        learned = counts["events: likes learned"]
        change = "" if one is planned[0] else f" ({one['ndcg'] / alone - 1:+.1%})"
        lines.append(
            f"| {one['variant']} | {learned:,} | {limited:,} | {one['ndcg']:.4f}{change} "
            f"| {one['panel_with_pushed']:.2%} of the answers |"
        )
    return "\n".join(lines)


def events_row(events: Figures) -> str:
    """Returns the line of the table of events."""
    names = ("accepted", "collected", "lost", "twice", "refused", "resent")
    return "| " + " | ".join(f"{events[one]:,}" for one in names) + " |"


def plot(people: Figures, path: Path) -> None:
    """Draws NDCG@20 after each round."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "learning"  # the same figures, the same file
    from matplotlib import pyplot

    full = people["full_history"]["ndcg"]
    figure, axes = pyplot.subplots(figsize=(7, 3.6), layout="constrained")
    axes.axhline(full, color="black", linewidth=1, label="everybody's full history")
    axes.axhline(0.9 * full, color="black", linewidth=1, linestyle=":", label="90 % of it")
    axes.plot([line["ndcg"] for line in people["rounds"]], "o-", label="after each round")
    axes.set(xlabel="rounds of visitors", ylabel="NDCG@20 of the panel")
    axes.set_xticks(range(len(people["rounds"])))
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
