"""The stages of `compare --seeds`: one for each outer split, so that none is repeated."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from training.pipeline.folders import Folders
from training.pipeline.job import Job
from training.pipeline.stage import Stage
from training.pipeline.stages import raw_files

FILE = "scores.parquet"


def outer_stage(seed: int) -> Stage:
    """Returns the stage that measures on one outer split; its result is `FILE`."""

    def work(job: Job, folder: Path) -> None:
        from training.evaluation import outer
        from training.evaluation.baselines import BASELINES

        scores = outer.measure(
            job.folders.domain, job.folders.raw, job.config, BASELINES, seed, progress=job.progress
        )
        scores.to_parquet(folder / FILE)

    return Stage(
        f"compare seed {seed}",
        lambda folders: _folder(folders, seed),
        code=lambda domain: ("training.evaluation.outer", domain.code),
        uses=("clean", "split", "model", "train", "items", "evaluate", "export.dtype"),
        inputs=raw_files,
        work=work,
        summary=lambda job: f"written to {_folder(job.folders, seed)}",
        saves_settings=False,
    )


def scores_of(folders: Folders, seeds: range) -> pd.DataFrame:
    """Returns the scores of finished stages, with the ``seed`` of each row."""
    found = [pd.read_parquet(_folder(folders, seed) / FILE).assign(seed=seed) for seed in seeds]
    return pd.concat(found, ignore_index=True)


def _folder(folders: Folders, seed: int) -> Path:
    return folders.home / "outer" / f"seed-{seed}"
