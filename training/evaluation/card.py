"""The report for people: a table, a model card and pictures, drawn from ``report.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")  # no window, wherever this runs

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from training.domains.domain import Domain
from training.evaluation import markdown

OURS, OTHERS = "#0b6e4f", "#8a8f98"


def table(report: dict[str, Any]) -> str:
    """Returns the table of all methods as Markdown; the default strategy is bold."""
    metrics = ("ndcg@20", "ndcg@100", "recall@10", "recall@20", "hit@10", "coverage@20")
    rows = []
    for row in report["rows"]:
        name, minus = row["method"], row.get("ndcg@20_minus")
        bold = "**" if name == report["default_strategy"] else ""
        cells = {"method": f"{bold}{name}{bold}"} | {m: f"{row[m]:.4f}" for m in metrics}
        lead = f"{minus['mean']:+.4f} ({minus['low']:+.4f} … {minus['high']:+.4f})" if minus else ""
        rows.append(cells | {"default leads NDCG@20 by (95 %)": lead})
    return markdown.table(rows)


def write(domain: Domain, report: dict[str, Any], source: dict[str, Any], folder: Path) -> None:
    """Writes ``MODEL_CARD.md`` and its pictures into a folder.

    Args:
        domain: What is recommended.
        report: What `evaluate` found.
        source: The data's name, terms and files.
        folder: Where to write.
    """
    (folder / "MODEL_CARD.md").write_text(_card(domain, report, source), encoding="utf-8")
    _picture(folder / "quality.png", lambda axes: _quality(axes, report))
    _picture(folder / "favourites.png", lambda axes: _by_favourites(axes, report))
    _picture(folder / "learning.png", lambda axes: _learning(axes, report))
    _picture(folder / "popularity.png", lambda axes: _popularity(axes, report))


def _card(domain: Domain, report: dict[str, Any], source: dict[str, Any]) -> str:
    summary, config = report["summary"], report["config"]
    items, people = domain.labels.items, domain.labels.people
    synthetic = "**These are synthetic demonstration data.** " if source["synthetic"] else ""
    files = "\n".join(f"- `{name}` SHA-256 `{sha}`" for name, sha in source["files"].items())
    counts = ", ".join(f"{count:,} {what}" for what, count in report["data"].items() if count)
    return f"""# Model card: {domain.name}

Recommends {items} from one to ten favourites. Default strategy: **{report["default_strategy"]}**,
chosen by {report["chosen_by"]}.

## Data

{synthetic}{source["name"]}. {source["terms"]}

{files}

{counts}.

## Split

{people.capitalize()} are held out as a whole: {config["split"]["validation_share"]:.0%} of those with
{config["split"]["min_liked"]} or more liked {items} for validation, {config["split"]["test_share"]:.0%} for test, seed
{config["split"]["seed"]}. The figures are those of a model that learned from the other {report["learned_from"]["measured"]:,} {people} alone; every choice
was made on validation {people}. What ships is its sibling: fitted with the same choices on all {report["learned_from"]["shipped"]:,} {people}, and not
measured, because nobody is left on whom it could be. {_measurements(report, people)}

## Quality

{summary["users"]:,} test {people} show {summary["favourites"]} favourites; the targets are all other {items} they liked.{_sampled(report, people)}

{table(report)}
{_left_out(report)}
![Quality](quality.png)

### By number of favourites, NDCG@20

{_favourites_table(report)}

![By number of favourites](favourites.png)

### Variety, of the default strategy's first ten

{_variety_table(report)}

`similarity@10` is the mean cosine of the likers of two {items} of a list, `one_creator@10` the share of a list that its most frequent
{domain.creator or "creator"} has.

### By time
{_by_time(report, people)}
### New {items}

{_new_items(report, domain)}

### How it was fitted

{", ".join(f"{name} {seconds:.0f} s" for name, seconds in report["fit"]["seconds"].items())}. {_als(report)}

![Learning curve](learning.png)
![Popularity of what is recommended](popularity.png)

## Limits, and what it is not for

- It knows what the {people} of this data set liked, in their time and place, and nothing about anybody else. For favourites that few
  {people} share it falls back on {" and ".join(filter(None, (domain.creator, "popularity")))}.
- Offline figures measure whether the model finds what people liked anyway. They do not measure whether a recommendation is welcome, and
  they favour popular {items}.
- It is not meant for decisions about people, or for inferring anything about them from what they like.
"""


def _sampled(report: dict[str, Any], people: str) -> str:
    """Returns a sentence about the sample of test users; empty if all were measured."""
    test = report["sampling"]["test"]
    if test["users"] == test["of"]:
        return ""
    return f" They are a random sample of {test['of']:,} {people}, because the catalogue is large."


def _left_out(report: dict[str, Any]) -> str:
    if not report["left_out"]:
        return ""
    lines = [f"- {one['what']}: {one['reason']}" for one in report["left_out"]]
    return "\nNot measured:\n\n" + "\n".join(lines) + "\n"


def _measurements(report: dict[str, Any], people: str) -> str:
    count, last = report["test_measurements"], report["test_users_measured_at"]
    if count == 1:
        return f"The test {people} were measured once, at {last}."
    return (
        f"The test {people} have been measured {count} times, last at {last}: if settings were changed because of an earlier\n"
        "measurement, these figures are too good."
    )


def _favourites_table(report: dict[str, Any]) -> str:
    rows: dict[str, dict[str, str]] = {}
    for row in report["by_favourites"]:
        cells = rows.setdefault(row["method"], {"method": row["method"]})
        cells[f"{row['favourites']} ({row['users']} users)"] = f"{row['ndcg@20']:.4f}"
    return markdown.table(list(rows.values()))


def _variety_table(report: dict[str, Any]) -> str:
    names = ("diversity", "weight", "ndcg@10", "similarity@10", "one_creator@10", "coverage@10")
    return markdown.table([{n: f"{row[n]:.4g}" for n in names} for row in report["variety"]])


def _new_items(report: dict[str, Any], domain: Domain) -> str:
    found = report.get("new_items")
    if found is None:
        return "Not measured: `evaluate.quick`, or nothing is known of an item but who likes it."
    if not found["methods"]:
        return f"No test user likes one of the {found['hidden']} hidden {domain.labels.items}."
    recall = f"recall@{found['cut']}"
    rows = [
        {
            "method": name,
            recall: f"{row[recall]:.4f}",
            "95 %": f"{row['low']:.4f} … {row['high']:.4f}",
        }
        for name, row in found["methods"].items()
    ]
    return (
        f"All likes of {found['hidden']} {domain.labels.items} were hidden, everything was fitted again, and the hidden ones were ranked "
        f"among themselves for the {found['users']} test {domain.labels.people} who like some of them.\n\n{markdown.table(rows)}"
    )


def _by_time(report: dict[str, Any], people: str) -> str:
    found = report.get("by_time")
    if found is None:
        return "\nNot measured, because the data have no times or `evaluate.quick` is set.\n"
    if not found["users"]:
        return f"\nToo few {people} liked something before and after the last tenth of the likes began.\n"
    rows = []
    for of_people, row in zip(report["rows"], found["rows"], strict=True):
        cells = {"method": row["method"], "NDCG@20 by people": f"{of_people['ndcg@20']:.4f}"}
        cells["by time"] = f"{row['ndcg@20']:.4f}"
        lead = row.get("ndcg@20_minus")
        interval = f"{lead['mean']:+.4f} ({lead['low']:+.4f} … {lead['high']:+.4f})" if lead else ""
        rows.append(cells | {"default leads by time by (95 %)": interval})
    disagreements = "".join(f"- {one}\n" for one in found["disagreements"])
    verdict = (
        f"**The two splits disagree:**\n\n{disagreements}"
        if disagreements
        else "Both splits agree.\n"
    )
    return f"""
Every method was fitted again to what was liked before {found["moment"]}, and asked about the last tenth of the likes, made from
then on by {found["users"]:,} {people}: they show their last {report["summary"]["favourites"]} likes before it, or else their first after it.
{found["new_targets"]:.0%} of the targets had not been liked by anybody before.

{markdown.table(rows)}

{verdict}"""


def _als(report: dict[str, Any]) -> str:
    als = [row["fit_seconds"] for row in report["rows"] if row["method"] == "ALS"]
    total = sum(report["fit"]["seconds"].values())
    if not als:
        return ""
    return (
        f"Together {total:.0f} s in the stage `train`, {total / max(als[0], 1e-9):.1f} times the {als[0]:.1f} s that ALS "
        "(64 factors, 15 iterations) took in a later stage, `evaluate`, on the same machine."
    )


def _picture(path: Path, draw: Any) -> None:
    figure, axes = plt.subplots(figsize=(7, 4), dpi=120, layout="constrained")
    draw(axes)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
    plt.close(figure)


def _quality(axes: Axes, report: dict[str, Any]) -> None:
    rows = sorted(report["rows"], key=lambda row: row["ndcg@20"])
    for place, row in enumerate(rows):
        color = OURS if row["kind"] == "ours" else OTHERS
        axes.plot([row["ndcg@20_low"], row["ndcg@20_high"]], [place, place], color=color, lw=2)
        axes.plot(row["ndcg@20"], place, "o", color=color)
    axes.set_yticks(range(len(rows)), [row["method"] for row in rows])
    axes.set_xlabel(f"NDCG@20, {report['summary']['users']} test users, 95 % intervals; ours green")


def _by_favourites(axes: Axes, report: dict[str, Any]) -> None:
    rows = report["by_favourites"]
    for method in dict.fromkeys(row["method"] for row in rows):
        mine = [row for row in rows if row["method"] == method]
        ours = method == report["default_strategy"]
        axes.plot(
            [row["favourites"] for row in mine],
            [row["ndcg@20"] for row in mine],
            "o-",
            color=OURS if ours else OTHERS,
            lw=2.5 if ours else 1,
            alpha=1 if ours else 0.6,
        )
        axes.annotate(method, (mine[-1]["favourites"], mine[-1]["ndcg@20"]), fontsize=7)
    axes.set_xlabel("favourites")
    axes.set_ylabel("NDCG@20")


def _learning(axes: Axes, report: dict[str, Any]) -> None:
    for name, history in report["fit"]["towers"].items():
        steps, _, scores = zip(*history["measurements"], strict=True)
        axes.plot(steps, scores, "o-", label=name)
        axes.axvline(history["best_step"], color=OTHERS, lw=0.8, ls=":")
    axes.set_xlabel("step")
    axes.set_ylabel("NDCG@20 of validation users' held-out items")
    axes.legend(frameon=False)


def _popularity(axes: Axes, report: dict[str, Any]) -> None:
    rows = sorted(report["rows"], key=lambda row: row["popularity@10"])
    colors = [OURS if row["kind"] == "ours" else OTHERS for row in rows]
    axes.barh([row["method"] for row in rows], [row["popularity@10"] for row in rows], color=colors)
    axes.set_xlim(min(row["popularity@10"] for row in rows) * 0.95, 1)
    axes.set_xlabel("mean place in popularity of the first ten; 1 is the most liked item")
