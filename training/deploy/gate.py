"""Whether a new model may become current, judging by its report.

Two questions, both about its default strategy's NDCG@20 on held-out users: does it beat popularity,
and is it no worse than the model that answers now, as far as the two were measured on the same
users and beyond what chance explains. (Whether the nodes compute what Python computed is a third
question, which probes answer.)
"""

from __future__ import annotations

from typing import Any

METRIC = "ndcg@20"
_POPULARITY = "popularity"


def objections(new: dict[str, Any], current: dict[str, Any] | None) -> list[str]:
    """Returns the objections to a model, one sentence each; empty if there are none.

    Args:
        new: Its manifest.
        current: The current model's manifest; None where there is none.
    """
    found = []
    ours, popularity = _ours(new), _row(new, _POPULARITY)
    if ours is None:
        return ["its manifest has no metrics for its default strategy: run evaluate, then export"]
    if popularity is None:
        found.append("its report has no popularity baseline to compare with")
    elif ours[METRIC] <= popularity[METRIC]:
        found.append(
            f"its {METRIC} {ours[METRIC]:.4f} does not beat popularity's {popularity[METRIC]:.4f}"
        )
    if current is not None and same_split(new, current):
        found += _worse(ours, _ours(current))
    return found


def same_split(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Returns whether two models were measured on the same held-out users: same data, seed
    and queries.
    """
    return _split(one) == _split(other)


def _split(manifest: dict[str, Any]) -> tuple[Any, ...]:
    metrics, data = manifest.get("metrics") or {}, manifest.get("data") or {}
    return (
        data.get("files"),
        data.get("events"),
        metrics.get("split", manifest.get("seed")),
        metrics.get("users"),
        metrics.get("favourites"),
    )


def _worse(ours: dict[str, Any], current: dict[str, Any] | None) -> list[str]:
    if current is None:
        return []
    # The current model's own interval: what it might have scored on other users of the same kind.
    least = current.get(f"{METRIC}_low", current[METRIC])
    if ours[METRIC] >= least:
        return []
    return [
        f"its {METRIC} {ours[METRIC]:.4f} lies below the current model's {current[METRIC]:.4f} "
        f"and its interval, which begins at {least:.4f}"
    ]


def _ours(manifest: dict[str, Any]) -> dict[str, Any] | None:
    return _row(manifest, str(manifest.get("default_strategy")))


def _row(manifest: dict[str, Any], method: str) -> dict[str, Any] | None:
    rows = (manifest.get("metrics") or {}).get("rows") or []
    return next((row for row in rows if row.get("method") == method and METRIC in row), None)
