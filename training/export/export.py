"""Model → TensorFlow.js graph, manifest, probes: the bundle (see docs/bundle.md)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from training.bundle import FORMAT, PROBE_ANSWERS, probe_difference
from training.config import Config
from training.data.dataset import EDITIONS, Dataset
from training.domains.domain import ITEM_ID, POPULARITY, TITLE, Domain
from training.domains.reading import sha256_of
from training.errors import ExportError
from training.export.conversion import convert_within
from training.export.serving import BundleGraph, Graph, padded
from training.export.table import table_entry
from training.models.strategy import Served

REPORT_FILES = ("report.json", "MODEL_CARD.md")
PROBES = 8
TOLERANCE = 1e-3
"""Most that another output than items and scores may differ, of the greatest."""
SWAPPED = 0.98
"""Share of such an output, 0..1, that must be the same: what stands beside two items that tie
changes places with them.
"""
_OWN_FILES = ("manifest.json", "stage.json")
_NOT_FIGURES = ("measured", "measurements")


def export(
    domain: Domain,
    data: Dataset,
    strategies: list[Served],
    report: Path,
    source: dict[str, Any],
    config: Config,
    folder: Path,
) -> dict[str, Any]:
    """Writes a bundle.

    Args:
        domain: What it recommends.
        data: Prepared data; its items are the model's dictionary and the catalogue.
        strategies: What is served, in the order to offer; see `convert_within` for what is not.
        report: Folder that `evaluate` wrote; report and card travel in the bundle.
        source: The manifest's ``data``: name, synthetic, terms, files.
        config: Settings.
        folder: Empty folder to write into.

    Returns:
        The manifest.

    Raises:
        ExportError: the answers of the converted graph differ from the model's.
    """
    most = config.model.favourites
    wanted = most + config.export.max_exclude + config.export.max_limit
    results = min(len(data.items), wanted)
    found = json.loads((report / "report.json").read_text(encoding="utf-8"))
    best_first = _best_first(strategies, found)
    graph = convert_within(
        strategies, best_first, lambda some: Graph(some, most, results), config.export, folder
    )
    _write_items(domain, data, folder)
    shutil.copy(report / "report.json", folder / "report.json")
    card = (report / "MODEL_CARD.md").read_text(encoding="utf-8")
    (folder / "MODEL_CARD.md").write_text(_without_pictures(card), encoding="utf-8")
    tables = {one.strategy.name: table_entry(folder, one.table) for one in graph.strategies}
    manifest = _manifest(domain, data, graph, tables, best_first, found, source, config)
    # The probes are asked of the bundle itself, which needs a manifest to be one.
    _write(folder / "manifest.json", manifest)
    _write(folder / "probes.json", {"probes": _probes(folder, graph, config)})
    return _sign(manifest, folder)


def _without_pictures(card: str) -> str:
    """Returns the card without its pictures, which stay beside the report: a model is a record."""
    return re.sub(r"^!\[[^]]*\]\([^)]*\)\n+", "", card, flags=re.MULTILINE)


def _write(path: Path, value: Any) -> None:
    path.write_text(_json(value), encoding="utf-8")


def _write_items(domain: Domain, data: Dataset, folder: Path) -> None:
    _write(folder / "item_ids.json", data.items[ITEM_ID].tolist())
    others = [c for c in data.items.columns if c not in (ITEM_ID, POPULARITY, EDITIONS)]
    _write_editions(data, folder)
    with (folder / "items.jsonl").open("w", encoding="utf-8") as file:
        for row in data.items.to_dict("records"):
            # An item without a title is shown, and found, by its id.
            row[TITLE] = row[TITLE] or row[ITEM_ID]
            shown = {name: row[name] for name in others if row[name] != ""}
            line = {"id": row[ITEM_ID], **shown, POPULARITY: row[POPULARITY]}
            if len(row[EDITIONS]):
                line[EDITIONS] = list(row[EDITIONS])
            file.write(_json(line) + "\n")


def _write_editions(data: Dataset, folder: Path) -> None:
    editions = enumerate(data.items[EDITIONS])
    works = {edition: i for i, others in editions for edition in others}
    # A domain without editions has no such file, and a node no such blob to fetch.
    if works:
        _write(folder / "editions.json", works)


def _probes(folder: Path, graph: Graph, config: Config) -> list[dict[str, Any]]:
    """Asks the model and the bundle the same questions, and returns the bundle's answers."""
    bundle = BundleGraph(folder)
    rng = np.random.default_rng(config.train.seed)
    items = len(bundle.item_ids)
    probes = []
    for n in range(PROBES):
        count = n % config.model.favourites + 1
        # Liked items, mostly: those are what visitors ask about.
        favourites = rng.choice(min(items, 500), size=min(count, items - 1), replace=False)
        indices = [int(i) for i in favourites]
        for one in graph.strategies:
            name = one.strategy.name
            _compare(graph, bundle, name, indices)
            answers = bundle.recommend(name, indices, PROBE_ANSWERS)
            probes.append(
                {
                    "strategy": name,
                    "favourites": [bundle.item_ids[i] for i in indices],
                    "items": [bundle.item_ids[i] for i, _ in answers],
                    "scores": [round(score, 6) for _, score in answers],
                }
            )
    return probes


def _compare(graph: Graph, bundle: BundleGraph, name: str, indices: list[int]) -> None:
    """Makes sure that the bundle answers what the model answers.

    Raises:
        ExportError: it does not.
    """
    query = padded(indices, bundle.manifest["sizes"]["favourites"])
    model, found, outputs = graph.recommend(query), bundle.ask(name, indices), graph.outputs(name)
    expected = {output: model[key].numpy() for output, key in outputs.items()}
    theirs, ours = _best(expected, indices), _best(found, indices)
    wrong = probe_difference([i for i, _ in theirs], [s for _, s in theirs], ours)
    for output in set(expected) - {"items", "scores"}:
        near = TOLERANCE * max(1.0, float(expected[output].max()))
        if (np.abs(expected[output] - found[output]) <= near).mean() < SWAPPED:
            wrong = wrong or f"its {output} differ"
    if wrong:
        raise ExportError(
            f"strategy {name!r}, favourites {indices}: the bundle's answers are not the model's "
            f"({wrong}). Evaluate and export again with --set export.dtype=float32."
        )


def _best(answer: dict[str, np.ndarray], favourites: list[int]) -> list[tuple[str, float]]:
    """Returns the first answers that are no favourites: index, as a probe's text, and score."""
    pairs = zip(answer["items"].ravel().tolist(), answer["scores"].ravel().tolist(), strict=True)
    left = [(str(i), s) for i, s in pairs if i >= 0 and i not in favourites]
    return left[:PROBE_ANSWERS]


def _manifest(
    domain: Domain,
    data: Dataset,
    graph: Graph,
    tables: dict[str, dict[str, Any]],
    best_first: list[str],
    report: dict[str, Any],
    source: dict[str, Any],
    config: Config,
) -> dict[str, Any]:
    shipped = {one.strategy.name for one in graph.strategies}
    return {
        "format": FORMAT,
        "domain": domain.name,
        "project": domain.project,
        "labels": vars(domain.labels),
        "fields": [_field(domain, name, label) for name, label in domain.shown],
        "creator": domain.creator or None,
        "link": _link(domain, synthetic=source["synthetic"]),
        "sizes": {
            "users": int((data.parts == 0).sum()),
            "items": len(data.items),
            "favourites": config.model.favourites,
            "dim": next(
                (one.table.vectors.shape[1] for one in graph.strategies if one.table),
                config.model.dim,
            ),
            "results": graph.results,
        },
        "requests": {"limit": config.export.max_limit, "exclude": config.export.max_exclude},
        "explore": {
            "share": config.explore.share,
            # Items are ordered by popularity, so an index says where the little-known ones begin.
            "from": int((data.items[POPULARITY] >= config.explore.known_from).sum()),
        },
        "strategies": [
            {**vars(one.strategy), "outputs": graph.outputs(one.strategy.name)}
            | _variety_scale(report, one.strategy.name)
            | tables[one.strategy.name]
            for one in graph.strategies
        ],
        "default_strategy": best_first[0],
        "compare_with": next((name for name in best_first[1:] if name in shipped), None),
        "left_out": [name for name in best_first if name not in shipped],
        "metrics": report["summary"]
        | {
            "measured": report["test_users_measured_at"][:10],
            "measurements": report["test_measurements"],
        },
        "data": source,
        "seed": config.train.seed,
    } | _picture(domain)


def _variety_scale(report: dict[str, Any], strategy: str) -> dict[str, Any]:
    scale = report.get("variety_scales", {}).get(strategy)
    return {} if scale is None else {"variety": scale}


def _best_first(strategies: list[Served], report: dict[str, Any]) -> list[str]:
    """Returns the strategies' names, the best on validation users first."""
    scores = {row["method"]: row["validation_ndcg@20"] for row in report["rows"]}
    names = [one.strategy.name for one in strategies]
    return sorted(names, key=lambda name: -scores[name])


def _field(domain: Domain, name: str, label: str) -> dict[str, Any]:
    field = {"name": name, "label": label}
    # Whoever types 1984 wants the novel, not the books of that year.
    return field | {"searched": False} if name == domain.year else field


def _link(domain: Domain, *, synthetic: bool) -> dict[str, str] | None:
    link = domain.link
    if link is None:
        return None
    return {"label": link.label, "url": (synthetic and link.synthetic_url) or link.url}


def _picture(domain: Domain) -> dict[str, Any]:
    return {"picture": {"url": domain.picture.url}} if domain.picture else {}


def _sign(manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    files = sorted(p for p in folder.iterdir() if p.name not in _OWN_FILES)
    manifest["files"] = {p.name: {"bytes": p.stat().st_size, "sha256": sha256_of(p)} for p in files}
    # The same model has the same version whenever, and however often, it was measured. The report
    # holds times; its figures are in the manifest.
    made = {name: file for name, file in manifest["files"].items() if name not in REPORT_FILES}
    figures = {
        name: value for name, value in manifest["metrics"].items() if name not in _NOT_FIGURES
    }
    hashed = {**manifest, "files": made, "metrics": figures}
    digest = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode())
    now = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    manifest = {**manifest, "version": digest.hexdigest()[:16], "created": now}
    readable = json.dumps(manifest, indent=1, ensure_ascii=False)
    (folder / "manifest.json").write_text(readable, encoding="utf-8")
    return manifest


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
