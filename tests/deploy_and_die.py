"""A deploy that kills itself with SIGKILL when a step begins, without any cleanup.

Reads ``{"config", "bundle", "step", "component"}`` from its standard input.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
from pathlib import Path

from tests.harper_places import Place
from training.deploy.outcome import Watcher
from training.harper.config import HarperConfig


def main() -> None:
    request = json.load(sys.stdin)
    component = pickle.loads(Path(request["component"]).read_bytes())
    bundle = Path(request["bundle"])
    place = Place(HarperConfig(**request["config"]), component, bundle.parent)

    def die(step: str) -> None:
        if step == request["step"]:
            os.kill(os.getpid(), signal.SIGKILL)

    def die_among_rows(done: int, all_: int) -> None:
        if request["step"] == "rows":
            os.kill(os.getpid(), signal.SIGKILL)

    place.deploy(bundle, watcher=Watcher(die, die_among_rows))


if __name__ == "__main__":
    main()
