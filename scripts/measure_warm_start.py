"""Measures what training from the previous model costs and how well it does, on real people.

    python -m scripts.measure_warm_start songs --data DIR [--shares 0.7 0.8 0.9 1]

A model is fitted on the first share of the people; then people are added, share by share, and each
model starts from the one before. The last one is compared with a fresh fit on the same people:
processor time, and NDCG@20 on the same test people, from whom no model has learned.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from training.config import Config
from training.data import cleaning
from training.data.dataset import Dataset
from training.data.examples import queries_of
from training.domains import DOMAINS
from training.domains.domain import ITEM_ID, STRENGTH, USER_ID, Domain, Table
from training.models import start as starts
from training.models import strategies
from training.models.ops import rank
from training.models.start import Start
from training.models.train import train
from training.pipeline.settings import initial
from training.ranking.bootstrap import interval, resamples
from training.ranking.metrics import ndcg_at

KEY = "people, in order"[:16]


@dataclass(frozen=True)
class Fit:
    """A fit and what it cost.

    Attributes:
        start: What it leaves for the next one.
        seconds: Processor time, all threads.
        ndcg: By strategy: [test people] NDCG@20.
    """

    start: Start
    seconds: float
    ndcg: dict[str, np.ndarray]


def people_in(domain: Domain, raw: Path, share: float, config: Config) -> Dataset:
    """Returns the prepared data of a share of the people, the first by a hash of their ids.

    Who is held out follows from the id, as in data with visitors' events.
    """

    def read(folder: Path, bad: float) -> Table:
        table = domain.read_interactions(folder, bad)
        ids = table.rows[USER_ID].astype(str).to_numpy(object)
        place = pd.util.hash_array(ids, hash_key=KEY, categorize=True) / 2.0**64
        return replace(table, rows=table.rows[place < share].reset_index(drop=True))

    nobody = Table(pd.DataFrame({USER_ID: [], ITEM_ID: [], STRENGTH: []}).astype(str), 0, {}, {})
    nobody.rows[STRENGTH] = nobody.rows[STRENGTH].astype("float32")
    some = replace(domain, read_interactions=read)
    return cleaning.build(some, raw, config.clean, config.split, visitors=nobody)[0]


def fit(domain: Domain, data: Dataset, config: Config, start: Start | None) -> Fit:
    """Trains and measures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.process_time()
        train(domain, data, config, folder, progress=lambda *_: None, start=start)
        seconds = time.process_time() - began
        queries = queries_of(data, "test", config.evaluate.favourites, config)
        ndcg = {}
        for one in strategies.served(folder, config):
            ranked = rank(one.answer, queries.favourites, 20, len(data.items))
            ndcg[one.strategy.name] = ndcg_at(ranked, queries.targets, 20)
        return Fit(starts.load(folder), seconds, ndcg)


def compared(warm: np.ndarray, fresh: np.ndarray, seed: int) -> str:
    """Returns both means, and their difference with its interval (paired bootstrap, 95 %)."""
    low, high = interval(warm - fresh, resamples(len(warm), seed))
    return (
        f"NDCG@20 {warm.mean():.4f} warm, {fresh.mean():.4f} fresh, difference "
        f"{(warm - fresh).mean():+.4f} ({low:+.4f} to {high:+.4f})"
    )


def main() -> None:
    """Fits, measures and prints."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("domain", choices=sorted(DOMAINS))
    parser.add_argument("--data", type=Path, required=True, help="folder of raw files")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.7, 0.8, 0.9, 1.0])
    asked = parser.parse_args()
    domain = DOMAINS[asked.domain]
    config = initial(domain)
    start: Start | None = None
    for share in asked.shares:
        data = people_in(domain, asked.data, share, config)
        done = fit(domain, data, config, start)
        kind, start = "warm" if start else "first", done.start
        means = ", ".join(f"{name} {values.mean():.4f}" for name, values in done.ndcg.items())
        people = f"{len(data.parts):,} people, {len(data.items):,} items"
        print(f"{kind:5} {done.seconds:6.1f} s  {people}  test NDCG@20: {means}", flush=True)
    fresh = fit(domain, data, config, None)
    print(f"fresh {fresh.seconds:6.1f} s")
    print(f"a warm fit takes {done.seconds / fresh.seconds:.2f} of a fresh one")
    for name, values in done.ndcg.items():
        print(f"{name}: {compared(values, fresh.ndcg[name], config.evaluate.seed)}")


if __name__ == "__main__":
    main()
