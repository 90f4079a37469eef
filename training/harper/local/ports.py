"""Who holds a TCP port of this machine."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path

_LISTENING = "0A"


def is_taken(host: str, port: int) -> bool:
    """Returns whether something listens on ``host:port``, asked by binding it ourselves.

    HarperDB shares its ports between threads (SO_REUSEPORT) and so would not notice another holder.

    Raises:
        OSError: the host is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Connections that linger after a server's end are no holder.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (98, 48):  # EADDRINUSE on Linux and macOS
                return True
            raise
    return False


def holder_of(port: int) -> str | None:
    """Returns ``"node (pid 4711)"`` for the process that listens on the port, where we may know
    it.
    """
    pid = _pid_from_proc(port) if Path("/proc/net/tcp").exists() else _pid_from_lsof(port)
    return None if pid is None else f"{_name_of(pid)} (pid {pid})"


def _pid_from_proc(port: int) -> int | None:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{columns[9]}]")
    if not inodes:
        return None
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        # Other people's processes cannot be looked into, and processes end while we look.
        with contextlib.suppress(OSError):
            if str(link.readlink()) in inodes:
                return int(link.parts[2])
    return None


def _pid_from_lsof(port: int) -> int | None:
    if shutil.which("lsof") is None:
        return None
    done = subprocess.run(
        ["lsof", "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN"],
        capture_output=True,
        text=True,
        check=False,
    )
    return int(done.stdout.split()[0]) if done.stdout.split() else None


def _name_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    done = subprocess.run(
        ["ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "a process"
