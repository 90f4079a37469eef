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
    parser.add_argument("people", type=Path, help="figures without bots, with --full")
    parser.add_argument("bots", type=Path, help="figures with bots")
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args()
    people, bots = (json.loads(path.read_text("utf-8")) for path in (options.people, options.bots))
    (options.docs / "learning.md").write_text(page(people, bots), encoding="utf-8")
    plot(people, bots, options.docs / "images" / "learning.svg")


def page(people: Figures, bots: Figures) -> str:
    """Returns the page."""
    rounds, full = people["rounds"], people["full_history"]["ndcg"]
    last = min(len(rounds), len(bots["rounds"])) - 1
    ours, theirs = rounds[last], bots["rounds"][last]
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
        bots_table=bots_table(rounds, bots["rounds"]),
        bot_share=sum(one.get("bots", 0) for one in bots["rounds"])
        / sum(one.get("bots", 0) + one.get("people", 0) for one in bots["rounds"]),
        place=bots["pushed_place"],
        bot_round=last,
        with_bots=theirs["panel_with_pushed"],
        without_bots=ours["panel_with_pushed"],
        bot_ndcg=theirs["ndcg"],
        people_ndcg=ours["ndcg"],
        loss=theirs["ndcg"] / ours["ndcg"] - 1,
        bot_note=bots.get("note", ""),
        kill_rounds=", ".join(str(i) for i, one in enumerate(rounds) if one.get("kills")),
        events_rows="\n".join(
            events_row(name, one["events"]) for name, one in (("people", people), ("bots", bots))
        ),
        domain_limit=f"Measured on {people['domain']} only.",
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


def bots_table(people: list[Figures], bots: list[Figures]) -> str:
    """Returns the table that compares the runs with and without bots."""
    lines = [
        "| after round | bots | NDCG@20 with | without | pushed item in answers to visitors, with "
        "| without | to the panel, with | without |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number, (ours, theirs) in enumerate(zip(people, bots, strict=False)):
        shown = [
            f"{one['answers_with_pushed'] / one['answers']:.2%}" if one.get("answers") else "–"
            for one in (theirs, ours)
        ]
        lines.append(
            f"| {number or 'none'} | {theirs.get('bots', 0):,} | {theirs['ndcg']:.4f} "
            f"| {ours['ndcg']:.4f} | {' | '.join(shown)} | {theirs['panel_with_pushed']:.2%} "
            f"| {ours['panel_with_pushed']:.2%} |"
        )
    return "\n".join(lines)


def events_row(name: str, events: Figures) -> str:
    """Returns a run's line of the table of events."""
    names = ("accepted", "collected", "lost", "twice", "refused", "resent")
    return f"| {name} | " + " | ".join(f"{events[one]:,}" for one in names) + " |"


def plot(people: Figures, bots: Figures, path: Path) -> None:
    """Draws NDCG@20 after each round."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "learning"  # the same figures, the same file
    from matplotlib import pyplot

    full = people["full_history"]["ndcg"]
    figure, axes = pyplot.subplots(figsize=(7, 3.6), layout="constrained")
    axes.axhline(full, color="black", linewidth=1, label="everybody's full history")
    axes.axhline(0.9 * full, color="black", linewidth=1, linestyle=":", label="90 % of it")
    for name, one, style in (("people", people, "o-"), ("people and bots", bots, "s--")):
        axes.plot([line["ndcg"] for line in one["rounds"]], style, label=name)
    axes.set(xlabel="rounds of visitors", ylabel="NDCG@20 of the panel")
    axes.set_xticks(range(len(people["rounds"])))
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
