"""What speaks against a new model of `loop`: compared with the current one, on the same people."""

from __future__ import annotations

from typing import Any

from training.deploy import gate
from training.deploy.versions import Models
from training.pipeline import deployed
from training.pipeline.folders import Folders, read_json
from training.pipeline.stages import STAGES

Compared = dict[str, Any] | str | None
"""Figures of the comparison, or why there are none; None: there is nothing to compare with."""


def figures(folders: Folders, manifest: dict[str, Any]) -> dict[str, float]:
    """Returns what the report says of a new model's default strategy."""
    report = read_json(folders.report / "report.json")
    default = manifest["default_strategy"]
    row = next(row for row in report["rows"] if row["method"] == default)
    return {"validation_ndcg@20": row["validation_ndcg@20"], "test_ndcg@20": row["ndcg@20"]}


def objections(
    folders: Folders, manifest: dict[str, Any], models: Models, current: str | None
) -> tuple[list[str], Compared]:
    """Returns the objections to the exported model, one sentence each, and what was compared.

    Args:
        folders: Where the bundle is.
        manifest: The bundle's.
        models: The deployed ones.
        current: The current version; None: there is none.
    """
    if current is None:
        return gate.objections(manifest, None), None
    compared = _compared(folders, current)
    if compared is None:
        why = "figures of the reports: the two cannot be compared now"
        return gate.objections(manifest, models.manifest(current)), why
    return gate.objections(manifest, None) + compared.objections(), compared.figures()


def _compared(folders: Folders, current: str) -> Any:
    from training.data import dataset
    from training.pipeline import measured
    from training.pipeline.comparison import compare

    kept = deployed.find(folders, current)
    was = measured.load(kept.measured) if kept else None
    if kept is None or was is None:
        return None
    config = STAGES["evaluate"].config_of(folders)
    data = dataset.load(folders.prepared)
    new = measured.latest(folders)
    return compare(folders.bundle, new, was, data, kept.learned_from, config)
