"""Which process uses a TCP port of this machine."""

from __future__ import annotations

import errno
import socket

import psutil


def is_taken(host: str, port: int) -> bool:
    """Returns whether something listens on ``host:port``, by trying to bind it.

    HarperDB shares its ports between threads (SO_REUSEPORT) and so would not notice another holder.

    Raises:
        OSError: the host is no address of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Connections that remain after a server has ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False


def holder_of(port: int) -> str | None:
    """Returns ``"node (pid 4711)"`` for the process that listens on the port; None: unknown."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None  # some systems show other processes' ports to root only
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or connection.pid is None:
            continue
        if connection.laddr and connection.laddr.port == port:
            return f"{_name_of(connection.pid)} (pid {connection.pid})"
    return None


def _name_of(pid: int) -> str:
    try:
        return str(psutil.Process(pid).name())
    except psutil.NoSuchProcess:
        return "a process"
