"""The graph that ships: every strategy's outputs by name, over one input."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import ConfigError
from training.models.strategy import Served
from training.models.tensorflow_import import quiet, tf


class Graph(tf.Module):  # type: ignore[misc]
    """One function from favourites to every strategy's outputs.

    Args:
        strategies: What is served.
        favourites: Most favourites a query holds, F.
        results: Length of the answers.
    """

    def __init__(self, strategies: list[Served], favourites: int, results: int) -> None:
        super().__init__()
        self.strategies, self.results = strategies, results
        self._outputs: dict[str, dict[str, str]] = {}
        spec = tf.TensorSpec([1, favourites], tf.int32, name="favourites")
        self.recommend = tf.function(self._recommend, input_signature=[spec])

    def _recommend(self, favourites: tf.Tensor) -> dict[str, tf.Tensor]:
        named: dict[str, tf.Tensor] = {}
        for one in self.strategies:
            outputs = one.answer(favourites, self.results)
            self._outputs[one.strategy.name] = {name: one.output(name) for name in outputs}
            named |= {one.output(name): value[0] for name, value in outputs.items()}
        return named

    def outputs(self, strategy: str) -> dict[str, str]:
        """Returns the graph's name of each output of a strategy, by the contract's name."""
        self.recommend.get_concrete_function()
        # A tf.Module wraps the dictionaries it holds; a plain one can be written as JSON.
        return dict(self._outputs[strategy].items())

    def save(self, folder: Path) -> None:
        """Writes a SavedModel."""
        signature = self.recommend.get_concrete_function()
        tf.saved_model.save(self, str(folder), signatures=signature)


def padded(indices: list[int], favourites: int) -> np.ndarray:
    """Returns [1, favourites] int32, filled up with -1."""
    row = np.full((1, favourites), -1, np.int32)
    row[0, : len(indices)] = indices
    return row


def catalogue(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns a bundle's catalogue rows by id."""
    with (folder / "items.jsonl").open(encoding="utf-8") as file:
        return {row["id"]: row for row in map(json.loads, file)}


@dataclass(frozen=True)
class Answered:
    """An answer of `BundleGraph.answer`; recommendations are (id, score), best first."""

    strategy: str
    unknown: list[str]
    recommendations: list[tuple[str, float]]


class BundleGraph:
    """A bundle's own graph and dictionary, run by TensorFlow: what a node would answer.

    The graph is rebuilt from ``model.json`` and its shards, so weights and outputs are the
    shipped ones, not those of the model that they were made from.

    Args:
        folder: Folder that `export` wrote.
    """

    def __init__(self, folder: Path) -> None:
        self.manifest = _read(folder / "manifest.json")
        self.item_ids: list[str] = _read(folder / "item_ids.json")
        self.index_of = {id_: i for i, id_ in enumerate(self.item_ids)}
        editions = folder / "editions.json"
        if editions.exists():
            self.index_of |= _read(editions)
        self._graph = _read_graph(folder)

    def ask(self, strategy: str, indices: list[int]) -> dict[str, np.ndarray]:
        """Returns a strategy's outputs by their contract's names, favourites not yet dropped."""
        outputs = next(s["outputs"] for s in self.manifest["strategies"] if s["name"] == strategy)
        query = padded(indices, self.manifest["sizes"]["favourites"])
        answers = self._graph(tf.constant(query))
        return {name: answers[output].numpy() for name, output in outputs.items()}

    def answer(self, ids: list[str], limit: int, strategy: str | None = None) -> Answered:
        """Answers as the route does.

        Args:
            ids: Favourites.
            limit: Most recommendations.
            strategy: Its name; None for the bundle's default.

        Returns:
            The answer; popular items where no favourite is known.

        Raises:
            ConfigError: too few or too many favourites, or no such strategy.
        """
        most = self.manifest["sizes"]["favourites"]
        distinct = list(dict.fromkeys(ids))
        if not 1 <= len(distinct) <= most:
            raise ConfigError(f"{len(distinct)} favourites: give 1 to {most}")
        names = [s["name"] for s in self.manifest["strategies"]]
        name = strategy or self.manifest["default_strategy"]
        if name not in names:
            raise ConfigError(f"strategy {name!r}: there are {', '.join(names)}")
        # Two editions of one work are one favourite.
        known = dict.fromkeys(self.index_of[id_] for id_ in distinct if id_ in self.index_of)
        indices = list(known)
        unknown = [id_ for id_ in distinct if id_ not in self.index_of]
        if not indices:
            popular = [(id_, 1 - i / len(self.item_ids)) for i, id_ in enumerate(self.item_ids)]
            return Answered("popular", unknown, popular[:limit])
        ranked = self.recommend(name, indices, limit)
        return Answered(name, unknown, [(self.item_ids[i], score) for i, score in ranked])

    def recommend(self, strategy: str, indices: list[int], limit: int) -> list[tuple[int, float]]:
        """Returns (index, score) of the best items other than the favourites."""
        answer = self.ask(strategy, indices)
        pairs = zip(answer["items"].tolist(), answer["scores"].tolist(), strict=True)
        known = set(indices)
        return [(i, s) for i, s in pairs if i >= 0 and i not in known][:limit]


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _read_graph(folder: Path):  # type: ignore[no-untyped-def]
    from google.protobuf import json_format

    with quiet():
        from tensorflowjs.read_weights import read_weights

    model = _read(folder / "model.json")
    graph = tf.compat.v1.GraphDef()
    json_format.ParseDict(model["modelTopology"], graph, ignore_unknown_fields=True)
    weights = {
        w["name"]: w["data"]
        for group in read_weights(model["weightsManifest"], str(folder))
        for w in group
    }
    for node in graph.node:
        if node.name in weights:
            dtype = tf.dtypes.as_dtype(node.attr["dtype"].type)
            values = weights[node.name].astype(dtype.as_numpy_dtype)
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values, dtype))
    names = {key: value["name"] for key, value in model["signature"]["outputs"].items()}
    source = next(iter(model["signature"]["inputs"].values()))["name"]
    imported = tf.compat.v1.wrap_function(
        lambda: tf.graph_util.import_graph_def(graph, name=""), []
    )
    return imported.prune(source, names)
