"""A published protocol: raw files → its report, apart from the stages."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from training.domains.protocol import Protocol
from training.domains.reading import sha256_of
from training.pipeline.folders import Folders, write_json
from training.pipeline.job import Job
from training.pipeline.stage import Stage
from training.pipeline.stages import QUERY_SETTINGS
from training.progress import Progress


def protocol_stage(protocol: Protocol) -> Stage:
    """Returns the stage that measures by a protocol.

    Its result holds ``report.json`` and ``TABLE.md``, the table to print.
    """
    return Stage(
        f"compare {protocol.name}",
        lambda folders: folders.benchmark(protocol),
        code=lambda domain: (
            "training.evaluation.benchmark",
            domain.code,
        ),
        uses=("clean", "model", "train", "items", *QUERY_SETTINGS),
        inputs=partial(_inputs, protocol),
        work=partial(_measure, protocol),
        summary=lambda job: f"written to {job.folders.benchmark(protocol)}",
        saves_settings=False,
    )


def _inputs(protocol: Protocol, folders: Folders, progress: Progress) -> dict[str, Any]:
    files = folders.domain.find_files(folders.raw)
    progress(0, 1, "reading")
    hashes = {name: sha256_of(path) for name, path in files.items()}
    return {"files": hashes, "protocol": asdict(protocol)}


def _measure(protocol: Protocol, job: Job, folder: Path) -> None:
    from training.evaluation import benchmark

    report = benchmark.run(
        job.folders.domain, job.folders.raw, protocol, job.config, progress=job.progress
    )
    write_json(folder / "report.json", report)
    (folder / "TABLE.md").write_text(benchmark.table(report) + "\n", encoding="utf-8")
