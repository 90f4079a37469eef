"""What a fit leaves for the next one: embeddings by id, networks of pairs, and choices.

Indices change with the data, because items are indexed by popularity. So embeddings are saved with
the ids that they stand for, and taken over by id.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import DataError

FILE = "start.npz"


@dataclass(frozen=True)
class Embedding:
    """Vectors by id.

    Attributes:
        ids: [rows] text or uint64, each once.
        vectors: [rows, D] float32.
    """

    ids: np.ndarray
    vectors: np.ndarray

    def onto(self, ids: np.ndarray, fresh: np.ndarray) -> np.ndarray:
        """Returns [rows, D]: the vectors of ids that this one knows, and `fresh` of the others.

        Args:
            ids: [rows] of the new embedding.
            fresh: [rows, D] its initial vectors.

        Raises:
            ValueError: the vectors have another dimension.
        """
        if fresh.shape[1:] != self.vectors.shape[1:]:
            raise ValueError(f"{self.vectors.shape[1]} dimensions, expected {fresh.shape[1]}")
        row_of = {id_: row for row, id_ in enumerate(self.ids.tolist())}
        rows = np.array([row_of.get(id_, -1) for id_ in ids.tolist()], np.int64)
        found = fresh.copy()
        found[rows >= 0] = self.vectors[rows[rows >= 0]]
        return found


@dataclass(frozen=True)
class NetworkWeights:
    """What a network has learned.

    Attributes:
        mean: [features] of the pairs that it learned from.
        deviation: [features] likewise.
        layers: Its layers' weights, in their order.
    """

    mean: np.ndarray
    deviation: np.ndarray
    layers: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Start:
    """What the next fit may continue from.

    Attributes:
        items: Items by id, of the towers against users.
        users: Users by the hash of their id.
        own: Items by id, of the towers against items: their own embeddings.
        tokens: Tokens by name.
        networks: Of pairs, by name; that of new items is missing if there were none.
        voters: Fields of `VoterSettings`, chosen on validation users.
        blend: Chosen likewise.
        new_blend: That of items which nobody likes yet; None if there were none to choose it for.
    """

    items: Embedding
    users: Embedding
    own: Embedding
    tokens: Embedding
    networks: dict[str, NetworkWeights]
    voters: dict[str, Any]
    blend: float
    new_blend: float | None = None


_EMBEDDINGS = ("items", "users", "own", "tokens")


def save(start: Start, folder: Path) -> None:
    """Writes a start into a folder."""
    choices = {"voters": start.voters, "blend": start.blend, "new_blend": start.new_blend}
    np.savez(folder / FILE, choices=np.array(json.dumps(choices)), **dict(_arrays(start)))


def _arrays(start: Start) -> Iterator[tuple[str, np.ndarray]]:
    for name in _EMBEDDINGS:
        embedding: Embedding = getattr(start, name)
        yield f"{name} ids", embedding.ids
        yield f"{name} vectors", embedding.vectors
    for name, network in start.networks.items():
        yield f"network {name} mean", network.mean
        yield f"network {name} deviation", network.deviation
        for number, layer in enumerate(network.layers):
            yield f"network {name} layer {number}", layer


def load(folder: Path) -> Start:
    """Reads what `save` wrote.

    Raises:
        DataError: the file is missing or corrupt.
    """
    path = folder / FILE
    try:
        with np.load(path) as file:
            return _start({name: file[name] for name in file.files})
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        found = "a corrupt one" if path.is_file() else "none"
        raise DataError(path, expected="the weights of a fit", found=found) from error


def _start(arrays: dict[str, np.ndarray]) -> Start:
    choices = json.loads(str(arrays["choices"]))
    names = {name.split()[1] for name in arrays if name.startswith("network ")}
    new_blend = choices.get("new_blend")  # missing in what an earlier release has left
    return Start(
        **{n: Embedding(arrays[f"{n} ids"], arrays[f"{n} vectors"]) for n in _EMBEDDINGS},
        networks={name: _network(name, arrays) for name in sorted(names)},
        voters=dict(choices["voters"]),
        blend=float(choices["blend"]),
        new_blend=None if new_blend is None else float(new_blend),
    )


def _network(name: str, arrays: dict[str, np.ndarray]) -> NetworkWeights:
    layers = sum(key.startswith(f"network {name} layer") for key in arrays)
    return NetworkWeights(
        arrays[f"network {name} mean"],
        arrays[f"network {name} deviation"],
        tuple(arrays[f"network {name} layer {number}"] for number in range(layers)),
    )
