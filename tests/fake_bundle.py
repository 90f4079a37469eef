"""Small bundles, made without TensorFlow: real enough for a node to load, check, probe and answer
from.

The graph's answers are constants: a version recommends all its items in its own order, whatever the
favourites. So the ids of an answer identify the version.
"""

from __future__ import annotations

import hashlib
import json
import random
import struct
from pathlib import Path
from typing import Any

FAVOURITES = 10
FIELDS = {"songs": ("title", "artist"), "books": ("title", "author")}


def make_bundle(
    folder: Path,
    *,
    domain: str = "songs",
    seed: int = 1,
    order: list[int] | None = None,
    items: int = 60,
    results: int | None = None,
    quality: float = 0.30,
    popularity: float = 0.10,
    title: str = "Song",
    editions: dict[str, int] | None = None,
    ballast: int = 0,
    **manifest: Any,
) -> Path:
    """Writes a bundle.

    Args:
        folder: Where to write; created if missing.
        domain: The domain.
        seed: Another one makes another version: other items, in another order.
        order: Indices of the items in the order in which they are recommended; None: random.
        items: Number of items.
        results: Length of an answer before favourites are dropped; all items by default.
        quality: NDCG@20 of the default strategy.
        popularity: NDCG@20 of popularity.
        title: Beginning of the titles.
        editions: Indices of works by the ids of their other editions.
        ballast: Numbers (4 bytes each) in the graph that no answer needs, to make it as large as
            a model of the full data.
        manifest: Keys of the manifest to replace.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ids = item_ids(seed, items)
    if order is None:
        order = list(range(items))
        random.Random(seed).shuffle(order)
    order = order[:results]
    scores = [1.0 - place / items for place in range(len(order))]
    creator = FIELDS[domain][1]
    rows = [
        {"id": key, "title": f"{title} {i}", creator: f"Maker {i // 4}", "popularity": items - i}
        for i, key in enumerate(ids)
    ]
    _write(folder, "item_ids.json", json.dumps(ids))
    if editions:
        _write(folder, "editions.json", json.dumps(editions))
    _write(folder, "items.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    _write(folder, "probes.json", json.dumps({"probes": _probes(ids, order, scores)}))
    _write(folder, "report.json", json.dumps({"made": "for tests"}))
    _write_graph(folder, order, scores, random.Random(seed).randbytes(4 * ballast))
    complete = _manifest(domain, items, quality, popularity) | manifest
    complete["sizes"]["results"] = len(order)
    sign(folder, complete)
    return folder


def item_ids(seed: int, items: int = 60) -> list[str]:
    """The ids of a version; half of them are shared by all versions, half are its own."""
    return [f"S{i:06d}" if i < items // 2 else f"S{seed:03d}-{i:06d}" for i in range(items)]


def sign(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Writes the manifest with the files' hashes and the version derived from them."""
    files = sorted(p for p in folder.iterdir() if p.name != "manifest.json")
    signed = {k: v for k, v in manifest.items() if k not in ("version", "created", "files")}
    signed["files"] = {
        p.name: {"bytes": p.stat().st_size, "sha256": hashlib.sha256(p.read_bytes()).hexdigest()}
        for p in files
    }
    digest = hashlib.sha256(json.dumps(signed, sort_keys=True).encode()).hexdigest()[:16]
    signed |= {"version": digest, "created": "2026-11-24T03:00:00Z"}
    _write(folder, "manifest.json", json.dumps(signed, indent=1))
    return signed


def change_manifest(folder: Path, **changes: Any) -> str:
    """Changes keys of the manifest, signs it again and returns the new version."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return str(sign(folder, manifest | changes)["version"])


def version_of(folder: Path) -> str:
    return str(json.loads((folder / "manifest.json").read_text())["version"])


def _write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def _probes(ids: list[str], order: list[int], scores: list[float]) -> list[dict[str, Any]]:
    probes = []
    for favourites in ([0, 1, 2], [3], [5, 8, 13, 21, 34]):
        left = [(i, s) for i, s in zip(order, scores, strict=True) if i not in favourites][:10]
        probes.append(
            {
                "strategy": "voters",
                "favourites": [ids[i] for i in favourites],
                "items": [ids[i] for i, _ in left],
                "scores": [s for _, s in left],
            }
        )
    return probes


def _write_graph(folder: Path, order: list[int], scores: list[float], ballast: bytes) -> None:
    n, more = len(order), len(ballast) // 4
    (folder / "group1-shard1of1.bin").write_bytes(
        struct.pack(f"<{n}i", *order) + struct.pack(f"<{n}f", *scores) + ballast
    )
    shape = {"shape": {"dim": [{"size": "1"}, {"size": str(FAVOURITES)}]}}
    nodes = [
        {
            "name": "favourites",
            "op": "Placeholder",
            "attr": {"dtype": {"type": "DT_INT32"}, **{"shape": shape}},
        },
        _constant("items", "DT_INT32", n),
        _constant("scores", "DT_FLOAT", n),
        *([_constant("ballast", "DT_FLOAT", more)] if more else []),
        {"name": "voters_items", "op": "Identity", "input": ["items"], "attr": _type("DT_INT32")},
        {"name": "voters_scores", "op": "Identity", "input": ["scores"], "attr": _type("DT_FLOAT")},
    ]
    weights = [
        {"name": "items", "shape": [n], "dtype": "int32"},
        {"name": "scores", "shape": [n], "dtype": "float32"},
        *([{"name": "ballast", "shape": [more], "dtype": "float32"}] if more else []),
    ]
    model = {
        "format": "graph-model",
        "generatedBy": "tests",
        "convertedBy": None,
        "signature": {
            "inputs": {"favourites": {"name": "favourites:0", "dtype": "DT_INT32"}},
            "outputs": {
                "voters_items": {"name": "voters_items:0", "dtype": "DT_INT32"},
                "voters_scores": {"name": "voters_scores:0", "dtype": "DT_FLOAT"},
            },
        },
        "modelTopology": {"node": nodes, "library": {}, "versions": {"producer": 1}},
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}],
    }
    _write(folder, "model.json", json.dumps(model))


def _constant(name: str, kind: str, n: int) -> dict[str, Any]:
    value = {"tensor": {"dtype": kind, "tensorShape": {"dim": [{"size": str(n)}]}}}
    return {"name": name, "op": "Const", "attr": {**_type(kind, "dtype"), "value": value}}


def _type(kind: str, name: str = "T") -> dict[str, Any]:
    return {name: {"type": kind}}


def _manifest(domain: str, items: int, quality: float, popularity: float) -> dict[str, Any]:
    def row(method: str, kind: str, value: float) -> dict[str, Any]:
        interval = {"ndcg@20_low": value - 0.02, "ndcg@20_high": value + 0.02}
        return {"method": method, "kind": kind, "ndcg@20": value} | interval

    return {
        "format": 1,
        "domain": domain,
        "project": f"{domain[:-1]}-recommender",
        "labels": {"item": domain[:-1], "items": domain, "person": "listener"},
        "fields": [{"name": name, "label": name.title()} for name in FIELDS[domain]],
        "creator": FIELDS[domain][1],
        "sizes": {
            "users": 9,
            "items": items,
            "favourites": FAVOURITES,
            "dim": 2,
            "results": items,
        },
        "strategies": [
            {
                "name": "voters",
                "title": "Voters",
                "description": "For tests.",
                "outputs": {"items": "voters_items", "scores": "voters_scores"},
            }
        ],
        "default_strategy": "voters",
        "metrics": {
            "users": 50,
            "favourites": 3,
            "measured": "2026-11-23",
            "rows": [row("voters", "ours", quality), row("popularity", "baseline", popularity)],
        },
        "data": {"name": "tests", "synthetic": True, "terms": "none", "files": {"a": "b"}},
        "seed": 20,
    }
