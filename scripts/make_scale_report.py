"""Writes docs/scale.md and its plot from the figures of `scripts.measure_scale`.

``make bench-scale`` makes the figures and runs this on them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import textwrap
from pathlib import Path
from typing import Any

from scripts.measure_scale import FIGURES, SHARES, STAGES

DOCS = Path(__file__).parents[1] / "docs"
AIM = "The aim is all stages on the whole in 45 minutes and 16 GB on two cores."
TEMPLATE = Path(__file__).with_name("scale.txt")
Figures = dict[str, Any]


def main() -> None:
    """Writes the page and the plot."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--docs", type=Path, default=DOCS)
    options = parser.parse_args()
    runs = [json.loads(path.read_text("utf-8")) for path in options.figures.glob("*.json")]
    runs.sort(key=lambda run: run["share"])
    (options.docs / "scale.md").write_text(page(runs), encoding="utf-8")
    plot(runs, options.docs / "images" / "scale.svg")


def page(runs: list[Figures]) -> str:
    """Returns the page."""
    return TEMPLATE.read_text(encoding="utf-8").format(
        machine="; ".join(sorted({run["machine"] for run in runs})),
        data=table(
            ["Share of the listeners", "Plays", "Listeners", "Songs", "Measured"], map(_data, runs)
        ),
        stages=table(
            ["Share", "Stage", "Minutes", "Minutes of processor", "GB", "Others on the cores"],
            (_stage(run, name) for run in runs for name in STAGES if name in run["stages"]),
        ),
        parts=table(
            ["Share", "Part of `train`", "Minutes"], (row for run in runs for row in _parts(run))
        ),
        growth=growth(runs),
        missing=missing(runs),
        node="\n".join(_node(run) for run in runs if "node" in run),
    )


def table(head: list[str], rows: Any) -> str:
    """Returns a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _share(run: Figures) -> str:
    return _text(run["share"])


def _text(share: float) -> str:
    return "1" if share == 1 else f"1/{1 / share:.0f}"


def _data(run: Figures) -> list[str]:
    counts = run["counts"]
    shown = (counts[name] for name in ("pairs liked and kept", "listeners", "songs"))
    return [_share(run), *(f"{count:,}" for count in shown), run["measured"]]


def _stage(run: Figures, name: str) -> list[str]:
    took = run["stages"][name]
    minutes = (f"{took[kind] / 60:.1f}" for kind in ("seconds", "processor"))
    return [_share(run), name, *minutes, f"{took['gigabytes']:.1f}", f"{took['others']:.1f}"]


def _parts(run: Figures) -> list[list[str]]:
    laps = run.get("train", {}) if "train" in run["stages"] else {}
    return [[_share(run), part, f"{seconds / 60:.1f}"] for part, seconds in laps.items()]


def _node(run: Figures) -> str:
    node, songs = run["node"], run["counts"]["songs"]
    return (
        f"- A node with {node['workers']} workers held {node['gigabytes']:.2f} GB after the "
        f"deploy of {songs:,} songs,\n  once its workers had read the catalogue."
    )


def growth(runs: list[Figures]) -> str:
    """Returns by how much more each stage takes where there are more plays."""
    rows = []
    for less, more in itertools.pairwise(runs):
        plays = _plays(more) / _plays(less)
        for name in STAGES:
            if name in less["stages"] and name in more["stages"]:
                one, other = less["stages"][name], more["stages"][name]
                time = other["processor"] / one["processor"]
                memory = other["gigabytes"] / one["gigabytes"]
                shares = f"{_share(less)} → {_share(more)}"
                rows.append([shares, name, f"{plays:.1f}", f"{time:.1f}", f"{memory:.1f}"])
    return table(["Shares", "Stage", "Plays", "Processor time", "Memory"], rows)


def _plays(run: Figures) -> int:
    return int(run["counts"]["pairs liked and kept"])


def missing(runs: list[Figures]) -> str:
    """Returns what there are no figures of, and notes on those there are."""
    measured = {run["share"]: run["stages"] for run in runs}
    absent = [
        f"`{name}` at {_text(share)}"
        for share in SHARES
        for name in STAGES
        if name not in measured.get(share, {})
    ]
    notes = sorted({run["note"] for run in runs if "note" in run})
    missed = [f"Not measured: {', '.join(absent)}."] if absent else []
    return textwrap.fill(" ".join([*missed, AIM, *notes]), 120)


def plot(runs: list[Figures], path: Path) -> None:
    """Draws processor time and memory of each stage over the plays, and lines that grow as fast."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "scale"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for axis, kind, label in zip(
        axes, ("processor", "gigabytes"), ("processor seconds", "GB of memory"), strict=True
    ):
        for name in STAGES:
            some = [run for run in runs if name in run["stages"]]
            plays = [_plays(run) for run in some]
            values = [run["stages"][name][kind] for run in some]
            (line,) = axis.plot(plays, values, "o-", label=name)
            if some:
                grown = [values[0] * count / plays[0] for count in plays]
                axis.plot(plays, grown, ":", color=line.get_color(), linewidth=1)
        axis.set(xscale="log", yscale="log", xlabel="plays", ylabel=label)
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
