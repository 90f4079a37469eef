"""Graph → TensorFlow.js files, with as many strategies as the bound on their size allows."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from training.config import ExportConfig
from training.errors import ExportError
from training.export.serving import Graph
from training.models.strategy import Served
from training.models.tensorflow_import import quiet

Make = Callable[[list[Served]], Graph]
"""Strategies, in the order to offer them -> the graph that serves them."""


def convert_within(
    strategies: list[Served],
    best_first: list[str],
    make: Make,
    config: ExportConfig,
    folder: Path,
) -> Graph:
    """Converts the strategies that keep the model within `ExportConfig.max_megabytes`.

    The best strategy ships whatever it weighs; of the others, better ones come first. Strategies
    may share weights, so what one of them adds is known only by converting it with the others.

    Args:
        strategies: In the order to offer them.
        best_first: Their names.
        make: Makes the graph of some of them.
        config: Settings; no bound holds where it names the strategies itself.
        folder: Where the files go.

    Returns:
        The graph that was converted.

    Raises:
        ExportError: the converter made other outputs than the graph has.
    """
    bound = 0.0 if config.strategies else config.max_megabytes
    if bound:
        # Converting what cannot fit would take minutes and gigabytes for a million users.
        strategies = [
            one
            for one in strategies
            if one.megabytes <= bound or one.strategy.name == best_first[0]
        ]
    graph = make(strategies)
    convert(graph, config, folder)
    if not bound or megabytes(folder) <= bound:
        return graph
    graph = make(_kept(strategies, best_first, bound, lambda some: _weight(make(some), config)))
    for path in _files(folder):
        path.unlink()
    convert(graph, config, folder)
    return graph


def _kept(
    strategies: list[Served],
    best_first: list[str],
    bound: float,
    weight: Callable[[list[Served]], float],
) -> list[Served]:
    def named(names: list[str]) -> list[Served]:
        return [one for one in strategies if one.strategy.name in names]

    names = best_first[:1]
    for name in best_first[1:]:
        if weight(named([*names, name])) <= bound:
            names.append(name)
    return named(names)


def _weight(graph: Graph, config: ExportConfig) -> float:
    with tempfile.TemporaryDirectory() as folder:
        convert(graph, config, Path(folder))
        return megabytes(Path(folder))


def megabytes(folder: Path) -> float:
    """Returns the size of the model's files in a folder, in millions of bytes."""
    return sum(path.stat().st_size for path in _files(folder)) / 1e6


def _files(folder: Path) -> list[Path]:
    return [folder / "model.json", *folder.glob("*.bin")]


def convert(graph: Graph, config: ExportConfig, folder: Path) -> None:
    """Writes ``model.json`` and its shards into a folder.

    Raises:
        ExportError: the converter made other outputs than the graph has.
    """
    half = {"float16": "*"} if config.dtype == "float16" else None
    with tempfile.TemporaryDirectory() as saved, quiet():
        from tensorflowjs.converters import tf_saved_model_conversion_v2 as converter

        graph.save(Path(saved))
        converter.convert_tf_saved_model(
            saved,
            str(folder),
            quantization_dtype_map=half,
            use_structured_outputs_names=True,
            weight_shard_size_bytes=config.shard_bytes,
        )
    _name_outputs(folder / "model.json")


def _name_outputs(path: Path) -> None:
    """Gives the graph's outputs their names in the signature.

    The converter tells outputs apart by type and shape, and calls them ``Identity_1:0`` where that
    does not suffice; it does keep their sorted names, whose order is that of the nodes.
    """
    model = json.loads(path.read_text(encoding="utf-8"))
    names = model.pop("userDefinedMetadata")["structuredOutputKeys"]
    by_node = {value["name"]: value for value in model["signature"]["outputs"].values()}
    nodes = ["Identity:0"] + [f"Identity_{i}:0" for i in range(1, len(names))]
    if set(nodes) != set(by_node):
        raise ExportError(f"the converter made the outputs {sorted(by_node)} of {sorted(names)}")
    model["signature"]["outputs"] = {n: by_node[node] for n, node in zip(names, nodes, strict=True)}
    # The converter's order of keys is another each time, and the version is a hash.
    path.write_text(json.dumps(model, sort_keys=True, separators=(",", ":")), encoding="utf-8")
