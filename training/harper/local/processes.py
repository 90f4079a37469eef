"""Whether a process is still the one we started: a pid alone may have gone to someone else."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process that we started.

    Attributes:
        pid: Its number.
        began: When it began, as the system tells it; the same pid with another beginning is
            another process.
        operations_port: Where its operations API listens.
        routes_port: Where its routes listen.
    """

    pid: int
    began: str
    operations_port: int
    routes_port: int


def started_at(pid: int) -> str | None:
    """Returns when the process began, in the system's own words; None where there is no such
    process.
    """
    if Path("/proc/self/stat").exists():
        return _started_in_proc(pid)
    done = subprocess.run(
        ["ps", "-p", str(pid), "-o", "stat=,lstart="], capture_output=True, text=True, check=False
    )
    state, _, began = done.stdout.strip().partition(" ")
    return None if not began or state.startswith("Z") else began.strip()


def _started_in_proc(pid: int) -> str | None:
    try:
        # The name in brackets may hold anything, blanks and brackets too: count from its end.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return None
    state, ticks_since_boot = fields[0], fields[19]
    # The first thread of a killed process may have ended before the others.
    return None if state == "Z" and threads < 2 else ticks_since_boot


def is_alive(process: Process) -> bool:
    """Returns whether the very process still runs."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(process.pid, os.WNOHANG)  # our own ended child would stay a zombie
    return started_at(process.pid) == process.began
