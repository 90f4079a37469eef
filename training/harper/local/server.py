"""A HarperDB on this machine, for experiments and tests: start it, stop it, keep its
data.

Everything it owns lies under one folder that git ignores::

    harper-local/credentials.json          user and generated password, readable by its owner only
    harper-local/process.json              the process we started: pid, when it began, ports
    harper-local/installed                 the installation was seen healthy once
    harper-local/output.log                what it printed; its own log is root/log/hdb.log
    harper-local/home  harper-local/root   HarperDB's home and data

Settings: ``HARPER_OPERATIONS_PORT`` (9925) and ``HARPER_ROUTES_PORT`` (9926), HarperDB's own
    defaults.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import requests

from training.errors import ConfigError, HarperUnavailable
from training.harper.client import session_for
from training.harper.config import HarperConfig
from training.harper.local import ports
from training.harper.local.launch import launch, write_private
from training.harper.local.node import LocalNode
from training.harper.local.processes import Process, is_alive

LET_GO_SECONDS = 3.0


def connection(folder: Path, environment: Mapping[str, str] | None = None) -> HarperConfig:
    """Returns how to reach the HarperDB to work with: what ``HARPER_URL`` names, else the local
    one.

    Args:
        folder: Where the local one lives.
        environment: Instead of the process's.

    Raises:
        ConfigError: incomplete settings, or the local one was never started or is stopped.
    """
    env = os.environ if environment is None else environment
    if env.get("HARPER_URL"):
        return HarperConfig.from_environment(env)
    node = LocalNode.from_environment(folder, env)
    running = running_process(node)
    if running is not None:  # the ports that it listens on, even if the settings have changed
        node = dataclasses.replace(
            node, operations_port=running.operations_port, routes_port=running.routes_port
        )
    config = node.config()
    if running is None and not ports.is_taken(node.host, node.operations_port):
        raise ConfigError(f"the local HarperDB ({node.url}) is stopped: run `make harper-up`")
    return config


def start(node: LocalNode) -> Process:
    """Starts the node and waits until it is healthy; does nothing if it is running.

    Raises:
        ConfigError: HarperDB is not installed, a port is used by something else, or the node is
            running on other ports than requested.
        HarperUnavailable: it ended or was not healthy in time; the text names its log.
    """
    node.folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(node.folder):
        process = running_process(node)
        if process is not None:
            _check_same_ports(node, process)
        else:
            _refuse_taken_ports(node)
            _forget_what_ended(node)
            process = launch(node)
            write_private(node.folder / "process.json", json.dumps(dataclasses.asdict(process)))
        _wait_until_healthy(node, process)
        # The first process that sees it healthy records that, even if the starter timed out.
        (node.folder / "installed").touch()
        return process


def stop(node: LocalNode, *, patience_seconds: float = 20.0) -> bool:
    """Ends the process that `start` started, if it still runs, and keeps the data.

    Returns:
        Whether there was one to end.
    """
    if not node.folder.is_dir():
        return False
    with _one_at_a_time(node.folder):
        process = running_process(node)
        if process is not None:
            _end(process, patience_seconds)
        (node.folder / "process.json").unlink(missing_ok=True)
        return process is not None


def running_process(node: LocalNode) -> Process | None:
    """Returns the process we started, unless it has ended; a reused pid does not
    count.
    """
    path = node.folder / "process.json"
    try:
        process = Process(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # never started, or a crash left an incomplete file
    return process if is_alive(process) else None


def _check_same_ports(node: LocalNode, running: Process) -> None:
    asked = (node.operations_port, node.routes_port)
    if (running.operations_port, running.routes_port) != asked:
        raise ConfigError(
            f"HarperDB already runs on ports {running.operations_port} and {running.routes_port}, "
            f"not {asked[0]} and {asked[1]}: run `make harper-down` first"
        )


def _refuse_taken_ports(node: LocalNode) -> None:
    wanted = {
        "HARPER_OPERATIONS_PORT": node.operations_port,
        "HARPER_ROUTES_PORT": node.routes_port,
        "replication": node.replication_port,
    }
    for name, port in wanted.items():
        holder = _holder(node.host, port)
        if holder is not None:
            raise ConfigError(
                f"port {node.host}:{port} ({name}) is held by {holder}: end it, or choose other "
                "ports with HARPER_OPERATIONS_PORT and HARPER_ROUTES_PORT"
            )


def _holder(host: str, port: int) -> str | None:
    """Returns which process uses a port, for people; None: none."""
    deadline = time.monotonic() + LET_GO_SECONDS
    try:
        while ports.is_taken(host, port):
            known = ports.holder_of(port)
            # A killed process holds its ports for a moment after it has ended.
            if known is not None or time.monotonic() > deadline:
                return known or "another process"
            time.sleep(0.05)
    except OSError as error:
        raise ConfigError(
            f"{host} is no address of this machine ({error.strerror}); on macOS: "
            f"sudo ifconfig lo0 alias {host}"
        ) from error
    return None


def _forget_what_ended(node: LocalNode) -> None:
    # HarperDB does not start while any process has the pid that it noted last: one of ours that was
    # killed and still ends, or after a crash another program with the same number.
    (node.folder / "root" / "hdb.pid").unlink(missing_ok=True)


def _wait_until_healthy(node: LocalNode, process: Process) -> None:
    deadline = time.monotonic() + node.startup_seconds
    while time.monotonic() < deadline:
        if not is_alive(process):
            raise HarperUnavailable(
                "start", f"HarperDB ended while starting; see {node.folder}/output.log"
            )
        if _answers(f"{node.url}/health") and _answers(node.routes_url):
            return
        time.sleep(0.1)
    raise HarperUnavailable(
        "start",
        f"{node.url} is not healthy after {node.startup_seconds:.0f} s and goes on starting; "
        f"see {node.folder}/output.log. `make harper-up` waits again, `make harper-down` stops it",
    )


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException), session_for(url, None) as session:
        return session.get(url, timeout=2).status_code < 500
    return False


def _end(process: Process, patience_seconds: float) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, sign)
        deadline = time.monotonic() + patience_seconds
        while time.monotonic() < deadline:
            if not is_alive(process):
                return
            time.sleep(0.05)


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Two simultaneous `make harper-up` start one server; the lock ends with its holder."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
