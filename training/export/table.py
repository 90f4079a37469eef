"""Finds a strategy's table among the weights of a converted graph; nodes answer from it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from training.models.strategy import PairTable
from training.models.tensorflow_import import quiet


def table_entry(folder: Path, table: PairTable | None) -> dict[str, Any]:
    """Returns what the manifest says of a strategy's table.

    The converter keeps no names, and it may compute with a constant and store the result only. So
    each array of the table is looked for by its values.

    Args:
        folder: Folder with ``model.json`` and its shards.
        table: The strategy's; None where it has none.

    Returns:
        ``{"table": {…}}`` with the name of each array's weight and the table's numbers; empty if
        an array is not among the weights, so that nodes ask the graph.
    """
    if table is None:
        return {}
    weights = _read_weights(folder)
    entry: dict[str, Any] = {}
    for field in fields(table):
        value = getattr(table, field.name)
        if isinstance(value, np.ndarray):
            name = next((name for name, one in weights if _same(one, value)), None)
            if name is None:
                return {}
            entry[field.name] = name
        elif value is not None:
            entry[field.name] = value
    return {"table": entry}


def _read_weights(folder: Path) -> list[tuple[str, np.ndarray]]:
    with quiet():
        from tensorflowjs.read_weights import read_weights

    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    groups = read_weights(model["weightsManifest"], str(folder))
    return [(weight["name"], weight["data"]) for group in groups for weight in group]


def _same(weight: np.ndarray, array: np.ndarray) -> bool:
    # What is multiplied by a batch of one has an axis of length 1 more.
    if weight.dtype != array.dtype or weight.squeeze().shape != array.squeeze().shape:
        return False
    return bool(np.array_equal(weight.squeeze(), array.squeeze()))
