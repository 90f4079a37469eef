"""Whether a process is still the one we started: its pid may have been reused."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Process:
    """A process that we started.

    Attributes:
        pid: Its number.
        began: When it began, see `started_at`; a process with the same pid that began at
            another time is another process.
        operations_port: Where its operations API listens.
        routes_port: Where its routes listen.
    """

    pid: int
    began: str
    operations_port: int
    routes_port: int


def started_at(pid: int) -> str | None:
    """Returns the seconds from the machine's start to the process's; None: no such process.

    Both come from the same clock, so that setting the clock does not change the answer.
    """
    try:
        process = psutil.Process(pid)
        # The first thread of a killed process may have ended before the others.
        if process.status() == psutil.STATUS_ZOMBIE and process.num_threads() < 2:
            return None
        return f"{process.create_time() - psutil.boot_time():.2f}"
    except psutil.NoSuchProcess:
        return None


def is_alive(process: Process) -> bool:
    """Returns whether this very process still runs."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(process.pid, os.WNOHANG)  # otherwise our own child would remain a zombie
    return started_at(process.pid) == process.began
