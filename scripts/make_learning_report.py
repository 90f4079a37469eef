"""Writes docs/learning.md and its plot from the figures of `scripts.simulate_visitors`.

``make bench-learning`` makes the figures, and ``make learning-report`` runs this on them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.simulation.bots import POPULAR, PUSHED
from scripts.simulation.people import FAVOURITES
from scripts.simulation.visitor import Habits

DOCS = Path(__file__).parents[1] / "docs"
DEMONSTRATED = ("songs", "books")
"""What the page is about."""
Figures = dict[str, Any]

TEMPLATE = Path(__file__).parent / "simulation" / "learning.txt"


def main() -> None:
    """Writes the page and the plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("figures", type=Path, nargs="+", help="of all runs, in any order")
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args()
    runs = [json.loads(path.read_text("utf-8")) for path in sorted(options.figures)]
    (options.docs / "learning.md").write_text(page(runs), encoding="utf-8")
    plot(learning(runs), options.docs / "images" / "learning.svg")


def learning(runs: Sequence[Figures]) -> list[Figures]:
    """Returns the runs over HTTP that are compared with everybody's full history."""
    return [one for one in runs if "full_history" in one and not one["bots"]]


def page(runs: Sequence[Figures]) -> str:
    """Returns the page."""
    habits = Habits()
    over_http = [one for one in runs if "rounds" in one]
    planned = [one for one in runs if "variant" in one]
    return TEMPLATE.read_text(encoding="utf-8").format(
        **{name: getattr(habits, name) for name in habits.__dataclass_fields__},
        favourites=FAVOURITES,
        popular=POPULAR,
        place=PUSHED,
        learned="\n\n".join(map(learned, learning(runs))),
        bots="\n\n".join(filter(None, [bots_over_http(over_http), bots_planned(planned)])),
        events=events_table(over_http),
        missing=missing(runs),
    )


def missing(runs: Sequence[Figures]) -> str:
    """Returns a line that names what there are no figures of; "" if nothing is missing."""
    domains = {one["domain"] for one in learning(runs)}
    absent = [f"rounds on {name}" for name in DEMONSTRATED if name not in domains]
    if not any(one["bots"] for one in runs if "rounds" in one):
        absent.append("bots over HTTP")
    text = f"- Not measured yet: {', '.join(absent)}. `make bench-learning` does so."
    return _wrapped(text) + "\n" if absent else ""


def learned(run: Figures) -> str:
    """Returns what a run without bots has learned: a paragraph and a table."""
    rounds, full, people = run["rounds"], run["full_history"]["ndcg"], run["people"]
    count, first, last = len(rounds) - 1, rounds[0]["ndcg"] / full, rounds[-1]["ndcg"] / full
    error = max(one["standard_error"] for one in rounds)
    return "\n".join(
        [
            f"### {run['domain'].capitalize()}",
            "",
            _wrapped(
                f"From {run['data']}: a panel of {people['panel']:,}, {people['start']:,} people "
                f"at the start, {people['arriving']:,} visitors in {count} rounds"
                f"{_settings(run)}. Measured on {run['measured']}.{_note(run)}"
            ),
            "",
            rounds_table(rounds, full),
            "",
            _wrapped(
                f"With full history the model reaches {full:.4f}. After {count} rounds the loop "
                f"reaches {last:.0%} of that, from {first:.0%} before the first; NDCG@20 "
                f"{rises([one['ndcg'] for one in rounds])}. Standard error: {error:.3f}."
            ),
        ]
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def _settings(run: Figures) -> str:
    changes = ", ".join(f"`{one}`" for one in run["changes"])
    return f", with {changes}" if changes else ""


def _note(run: Figures) -> str:
    return f" {run['note']}" if "note" in run else ""


def rises(ndcg: list[float]) -> str:
    """Returns in how many rounds a figure has risen, for people."""
    steps = [later > earlier for earlier, later in itertools.pairwise(ndcg)]
    if all(steps):
        return "rose in every round"
    return f"rose in {sum(steps)} of {len(steps)} rounds"


def rounds_table(rounds: list[Figures], full: float) -> str:
    """Returns the table of a run without bots."""
    lines = [
        "| after round | visitors | events | likes learned | gate | NDCG@20 | of full |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for number, one in enumerate(rounds):
        likes = one["counts"].get("events: likes learned", 0)
        lines.append(
            f"| {number or 'none'} | {one.get('people', 0):,} | {one['new_events']:,} "
            f"| {likes:,} | {one['outcome']} | {one['ndcg']:.4f} | {one['ndcg'] / full:.0%} |"
        )
    return "\n".join(lines)


def bots_over_http(runs: Sequence[Figures]) -> str:
    """Returns the table that compares runs with bots to the same runs without; "" if none."""
    rows = [
        _compared(run, control)
        for run in runs
        for control in runs
        if run["bots"] and not control["bots"] and _conditions(run) == _conditions(control)
    ]
    if not rows:
        return ""
    return "\n".join(
        [
            "Over HTTP, after the last round; in brackets the same run without bots:",
            "",
            "| data | rule | seed | people | bots | rounds | pushed item in the panel's answers "
            "| in visitors' answers after round 1 | NDCG@20 |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            *_notes([run for run in runs if run["bots"]]),
        ]
    )


def _conditions(run: Figures) -> Any:
    return [run["domain"], run["seed"], run["people"], run["changes"], len(run["rounds"])]


def _compared(run: Figures, control: Figures) -> str:
    last, usual = run["rounds"][-1], control["rounds"][-1]
    bots = sum(one.get("bots", 0) for one in run["rounds"])
    return (
        f"| {run['domain']} | {run['rule']} | {run['seed']} | {run['people']['arriving']:,} "
        f"| {bots:,} | {len(run['rounds']) - 1} "
        f"| {last['panel_with_pushed']:.2%} ({usual['panel_with_pushed']:.2%}) "
        f"| {_shown(run)} ({_shown(control)}) "
        f"| {last['ndcg']:.4f} ({usual['ndcg']:.4f}, {last['ndcg'] / usual['ndcg'] - 1:+.1%}) |"
    )


def _shown(run: Figures) -> str:
    later = run["rounds"][2:]  # what the first round was shown, no bot had influenced
    answers = sum(one["answers"] for one in later)
    return f"{sum(one['answers_with_pushed'] for one in later) / answers:.2%}" if answers else "–"


def bots_planned(runs: Sequence[Figures]) -> str:
    """Returns the table of what is learned at once, without nodes; "" if there is none.

    In each group of the same data, seed and settings the run `people` is what others are compared
    with.
    """
    if not runs:
        return ""
    lines = [
        _wrapped(
            "Without nodes, what the visitors of all rounds would send without an answer, "
            "favourites and searches, is learned at once beside the same raw data:"
        ),
        "",
        "| data | sessions | rule | seed | likes learned | left out by the limit | NDCG@20 "
        "| pushed item is in |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    alone = {_group(one): one["ndcg"] for one in runs if one["variant"] == "people"}
    for one in sorted(runs, key=lambda one: (_group(one), one["variant"] != "people")):
        lines.append(_planned(one, alone[_group(one)]))
    return "\n".join([*lines, *_notes(runs)])


def _notes(runs: Sequence[Figures]) -> list[str]:
    """Returns what the runs' figures say about themselves, each note once."""
    notes = dict.fromkeys(one["note"] for one in runs if "note" in one)
    return [f"\n{_wrapped(note)}" for note in notes]


def _planned(run: Figures, alone: float) -> str:
    bots = run["variant"] != "people"
    change = f" ({run['ndcg'] / alone - 1:+.1%})" if bots else ""
    limited = run["counts"]["events dropped: more likes of an item than expected"]
    return (
        f"| {run['domain']} | {run['variant']} | {run['rule'] if bots else '–'} | {run['seed']} "
        f"| {run['counts']['events: likes learned']:,} | {limited:,} "
        f"| {run['ndcg']:.4f}{change} | {run['panel_with_pushed']:.2%} of the answers |"
    )


def _group(run: Figures) -> tuple[str, int, str]:
    return run["domain"], run["seed"], json.dumps([run["people"], run["changes"], run["measured"]])


def events_table(runs: Sequence[Figures]) -> str:
    """Returns the table of what became of the events of the runs over HTTP."""
    names = ("accepted", "collected", "lost", "twice", "refused", "resent")
    lines = [
        "| run | accepted (202) | collected | lost | counted twice | refused "
        "| requests sent again |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for run in runs:
        what = f"{run['domain']}{', bots: ' + run['rule'] if run['bots'] else ''}"
        figures = " | ".join(f"{run['events'][name]:,}" for name in names)
        lines.append(f"| {what} | {figures} |")
    return "\n".join(lines)


def plot(runs: Sequence[Figures], path: Path) -> None:
    """Draws NDCG@20 after each round, a panel for each run."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "learning"  # the same figures, the same file
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(
        1, len(runs), figsize=(4.5 * len(runs), 3.6), layout="constrained", squeeze=False
    )
    for axes, run in zip(panels[0], runs, strict=True):
        full = run["full_history"]["ndcg"]
        axes.axhline(full, color="black", linewidth=1, label="everybody's full history")
        axes.axhline(0.9 * full, color="black", linewidth=1, linestyle=":", label="90 % of it")
        axes.plot([line["ndcg"] for line in run["rounds"]], "o-", label="after each round")
        axes.set(title=run["domain"], xlabel="rounds of visitors", ylabel="NDCG@20 of the panel")
        axes.set_xticks(range(len(run["rounds"])))
        axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
