"""A round of the loop that ends itself with SIGKILL when a step begins: nothing gets to clean up.

Reads ``{"config", "raw", "artifacts", "component", "changes", "step"}`` from its standard input.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from pathlib import Path

from training.domains import DOMAINS
from training.harper import cluster
from training.harper.config import HarperConfig
from training.pipeline.folders import Folders
from training.pipeline.loop import Loop


def main() -> None:
    request = json.load(sys.stdin)

    def die(step: str) -> None:
        if step == request["step"]:
            os.kill(os.getpid(), signal.SIGKILL)

    Loop(
        Folders(DOMAINS["songs"], Path(request["raw"]), Path(request["artifacts"])),
        connect=lambda: cluster.target(HarperConfig(**request["config"]), hosts=[]),
        component=lambda: pickle.loads(Path(request["component"]).read_bytes()),
        by="tests",
        changes=tuple(request["changes"]),
        step=die,
    ).run()


if __name__ == "__main__":
    main()
