"""One run of a stage, and doing its work in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.config import Config
from training.parallel import memory
from training.parallel.blocks import running_on
from training.pipeline.folders import Folders
from training.progress import Progress


@dataclass(frozen=True)
class Job:
    """One run of a stage.

    Attributes:
        folders: Where to read and write.
        config: The settings.
        inputs: What `Stage.inputs` returned.
        start: What `Stage.start` returned.
        progress: Called with the progress.
    """

    folders: Folders
    config: Config
    inputs: dict[str, Any]
    progress: Progress
    start: dict[str, Any] = field(default_factory=dict)


Work = Callable[[Job, Path], None]
"""Writes a stage's result into an empty folder."""


def in_this_process(work: Work, job: Job, folder: Path) -> None:
    """Does the work of a stage, and returns the memory that it has freed."""
    with running_on(job.config.scale.scheduler):
        work(job, folder)
    memory.release()
