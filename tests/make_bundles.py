"""Makes real bundles of the demonstration data for the tests in JavaScript and on HarperDB.

``artifacts/test/bundles/<domain>`` is the first model, ``<domain>-second`` another one of the same
catalogue, and `BLENDED` are bundles whose strategy `items` uses the towers, which is not chosen on
the demonstration data. ``answers.json`` beside a bundle's files contains Python's answers to
`QUESTIONS` requests per strategy, computed with TensorFlow from the bundle itself.

    python -m tests.make_bundles
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.config import Config
from training.data import dataset
from training.data.everyone import of_everyone
from training.domains import DOMAINS
from training.pipeline.folders import Folders, read_json
from training.pipeline.stages import STAGES

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "artifacts" / "test"
BUNDLES = TARGET / "bundles"
QUESTIONS = 240
ANSWERS = 20
BLENDED = {
    "-blended": (1.0, None, "float32"),
    "-new": (0.0, 1.0, "float16"),
    "-both": (0.5, 2.0, "float32"),
}
"""By variant the blend, that of new items, and the type of the weights."""
EVERY_NEW = 3
"""Each third item counts as one that nobody likes yet: the demonstration data have none."""
# Without exploration: pages ask in a session, and tests compare what they show.
QUICK = ["evaluate.quick=true", "train.max_steps=300", "explore.share=0"]
VARIANTS = {"": QUICK, "-second": [*QUICK, "train.seed=21", "items.seed=21"]}


def make(name: str, variant: str) -> Path:
    """Returns the folder of a domain's bundle, which is made again only if something changed."""
    folders = Folders(DOMAINS[name], ROOT / "datasets" / name / "sample", TARGET / f"work{variant}")
    fresh = False
    for stage in STAGES.values():
        done = stage(folders, VARIANTS[variant], progress=lambda *_: None)
        fresh |= done.fresh
    bundle = BUNDLES / f"{name}{variant}"
    if fresh or not (bundle / "answers.json").exists():
        shutil.rmtree(bundle, ignore_errors=True)
        shutil.copytree(folders.bundle, bundle)
        (bundle / "answers.json").write_text(json.dumps(answers(bundle)))
    return bundle


def make_blended(domain: str, variant: str) -> Path:
    """Returns the folder of a domain's bundle with a blend, made again with the first model."""
    first, bundle = BUNDLES / domain, BUNDLES / f"{domain}{variant}"
    made = bundle / "answers.json"
    if made.exists() and made.stat().st_mtime >= (first / "manifest.json").stat().st_mtime:
        return bundle
    from training.export.export import export
    from training.models import shipped
    from training.models.item_strategy import ITEMS, ItemStrategy
    from training.models.saved import load
    from training.models.strategy import Served

    shutil.rmtree(bundle, ignore_errors=True)
    bundle.mkdir()
    folders = Folders(DOMAINS[domain], ROOT / "datasets" / domain / "sample", TARGET / "work")
    _, _, items = load(folders.model / shipped.FOLDER)
    blend, new_blend, dtype = BLENDED[variant]
    config = Config().with_settings([f"export.dtype={dtype}"])
    items = replace(items, blend=np.array(blend, np.float32))
    if new_blend is not None:
        new = np.arange(0, len(items.item_factor), EVERY_NEW, dtype=np.int32)
        items = replace(items, new=new, new_blend=np.array(new_blend, np.float32))
    pairs = ItemStrategy(items, config.export.dtype)
    export(
        folders.domain,
        of_everyone(dataset.load(folders.prepared)),
        [Served(ITEMS, pairs.items, pairs.table)],
        folders.report,
        read_json(folders.prepared / "source.json"),
        config,
        bundle,
    )
    made.write_text(json.dumps(answers(bundle)))
    return bundle


def answers(bundle: Path) -> list[dict[str, object]]:
    """Returns requests and Python's answers: strategy, favourites, items and scores, by id."""
    from training.export.serving import BundleGraph

    graph = BundleGraph(bundle)
    rng = np.random.default_rng(7)
    found = []
    for strategy in (s["name"] for s in graph.manifest["strategies"]):
        for n in range(QUESTIONS):
            chosen = rng.choice(len(graph.item_ids), size=n % 10 + 1, replace=False)
            ids = [graph.item_ids[i] for i in chosen]
            ranked = graph.answer(ids, ANSWERS, strategy).recommendations
            found.append(
                {
                    "strategy": strategy,
                    "favourites": ids,
                    "items": [id_ for id_, _ in ranked],
                    "scores": [score for _, score in ranked],
                }
            )
    return found


if __name__ == "__main__":
    for domain in DOMAINS:
        for variant in VARIANTS:
            sys.stdout.write(f"{make(domain, variant)}\n")
    for variant in BLENDED:
        sys.stdout.write(f"{make_blended('songs', variant)}\n")
