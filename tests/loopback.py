"""Worker processes on loopback that train the checkerboard together."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import checkerboard
from training.pipeline.folders import Folders

PATIENCE = 900
"""Seconds after which a process is taken to hang; far more than they take on a busy machine."""


def free_addresses(count: int) -> list[str]:
    """Returns addresses on loopback whose ports are free now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


def prepared_copy(board: Folders, folder: Path) -> Folders:
    """Returns folders with the prepared checkerboard and nothing else, shared by all workers."""
    folders = Folders(board.domain, board.raw, folder / "artifacts")
    shutil.copytree(board.prepared, folders.prepared)
    return folders


@contextmanager
def training(folders: Folders, count: int, *more: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Yields processes that run the same ``train``; those that still run are killed at the end."""
    addresses = free_addresses(count)
    changes = [word for one in (*checkerboard.SETTINGS, *more) for word in ("--set", one)]
    command = [sys.executable, "-m", "training", "train", folders.domain.name, *changes]
    started = []
    try:
        for index in range(count):
            config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            process = subprocess.Popen(
                [*command, "--artifacts", str(folders.artifacts)],
                env=os.environ | {"TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            started.append(process)
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Returns a process's exit code, output and errors, once it has ended."""
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err
