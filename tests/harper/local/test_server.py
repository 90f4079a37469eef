"""A HarperDB on this machine: started, found again, stopped; other processes are not touched."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.harper_places import free_ports, wait_for
from training.errors import ConfigError, HarperUnavailable
from training.harper.local import ports
from training.harper.local.launch import USERNAME
from training.harper.local.node import LocalNode
from training.harper.local.processes import Process, is_alive, started_at
from training.harper.local.server import connection, running_process, start, stop


@pytest.fixture
def node(tmp_path: Path) -> Iterator[LocalNode]:
    node = LocalNode(tmp_path / "harper", "127.0.0.1", *free_ports("127.0.0.1", 3))
    yield node
    stop(node)


def test_a_port_used_by_another_process_is_refused_and_the_process_named(node: LocalNode) -> None:
    with socket.socket() as holder:
        holder.bind((node.host, node.routes_port))
        holder.listen()
        with pytest.raises(ConfigError, match=f"{node.routes_port}.*HARPER_ROUTES_PORT") as caught:
            start(node)
    assert f"pid {os.getpid()}" in str(caught.value)
    assert running_process(node) is None


def test_a_port_used_on_every_address_is_detected_too(node: LocalNode) -> None:
    with socket.socket() as holder:
        holder.bind(("0.0.0.0", node.operations_port))
        holder.listen()
        assert ports.is_taken("127.0.0.1", node.operations_port)
    assert not ports.is_taken("127.0.0.1", node.operations_port)


def test_an_address_that_is_not_this_machines_is_refused(node: LocalNode) -> None:
    with pytest.raises(ConfigError, match="no address of this machine"):
        start(dataclasses.replace(node, host="203.0.113.1"))


def test_stopping_does_not_touch_another_process_with_the_same_pid(node: LocalNode) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        node.folder.mkdir()
        stale = Process(other.pid, "another beginning", node.operations_port, node.routes_port)
        (node.folder / "process.json").write_text(json.dumps(dataclasses.asdict(stale)))
        assert running_process(node) is None
        assert stop(node) is False
        assert other.poll() is None
        assert not (node.folder / "process.json").exists()
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}'])
def test_a_corrupt_pid_file_counts_as_missing(node: LocalNode, text: str) -> None:
    node.folder.mkdir()
    (node.folder / "process.json").write_text(text)
    assert running_process(node) is None
    assert stop(node) is False


def test_stopping_what_was_never_started_is_harmless(node: LocalNode) -> None:
    assert stop(node) is False
    assert not node.folder.exists()


def test_a_process_that_ended_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    process = Process(child.pid, started_at(child.pid) or "", 1, 2)
    wait_for(lambda: not is_alive(process))


@pytest.mark.parametrize("port", ["http", "80", "70000", "-1"])
def test_an_invalid_port_is_named(tmp_path: Path, port: str) -> None:
    with pytest.raises(ConfigError, match="HARPER_ROUTES_PORT"):
        LocalNode.from_environment(tmp_path, {"HARPER_ROUTES_PORT": port})


def test_without_harper_url_and_a_local_server_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make harper-up"):
        connection(tmp_path, {})


def test_the_local_server_is_reached_where_it_listens_whatever_the_settings_say(
    tmp_path: Path,
) -> None:
    (tmp_path / "credentials.json").write_text('{"username": "u", "password": "p"}')
    us = Process(os.getpid(), started_at(os.getpid()) or "", 9945, 9946)
    (tmp_path / "process.json").write_text(json.dumps(dataclasses.asdict(us)))
    config = connection(tmp_path, {"HARPER_OPERATIONS_PORT": "9925"})
    assert (config.url, config.routes_url) == ("http://127.0.0.1:9945", "http://127.0.0.1:9946")


def test_harper_url_takes_precedence_over_the_local_server(tmp_path: Path) -> None:
    env = {"HARPER_URL": "https://db:9925", "HARPER_USERNAME": "u", "HARPER_PASSWORD": "p"}
    assert connection(tmp_path, env).url == "https://db:9925"


def listening(pid: int) -> set[tuple[str, int]]:
    """Returns where a process and its children listen."""
    process = psutil.Process(pid)
    return {
        (connection.laddr.ip, connection.laddr.port)
        for each in (process, *process.children(recursive=True))
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def test_a_stopped_local_server_is_named_with_the_command_that_starts_it(node: LocalNode) -> None:
    node.folder.mkdir()
    (node.folder / "credentials.json").write_text('{"username": "u", "password": "p"}')
    ports = {
        "HARPER_OPERATIONS_PORT": str(node.operations_port),
        "HARPER_ROUTES_PORT": str(node.routes_port),
    }
    with pytest.raises(ConfigError, match="is stopped: run `make harper-up`"):
        connection(node.folder, ports)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads a copy of /proc")
@pytest.mark.parametrize("days", [-1, 1])
def test_a_process_is_still_ours_after_the_clock_was_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    us = Process(os.getpid(), started_at(os.getpid()) or "", 1, 2)
    lines = Path("/proc/stat").read_text().splitlines()
    # Setting the clock changes the reported start time of the machine.
    moved = [
        f"btime {int(psutil.boot_time()) + days * 86_400}" if line.startswith("btime") else line
        for line in lines
    ]
    (tmp_path / "stat").write_text("\n".join(moved))
    (tmp_path / str(os.getpid())).symlink_to(f"/proc/{os.getpid()}")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    assert is_alive(us)


@pytest.mark.e2e
def test_a_node_starts_stays_the_same_when_started_again_and_survives_a_crash(
    node: LocalNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy, which must not be used for loopback.
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(HarperUnavailable, match="is not healthy after 0 s"):
        start(dataclasses.replace(node, startup_seconds=0.0))
    first = start(node)
    assert (node.folder / "installed").exists(), "the next start would begin from nothing"
    config = node.config()
    assert start(node) == first
    assert stat.S_IMODE((node.folder / "credentials.json").stat().st_mode) == 0o600
    assert config.password not in (node.folder / "output.log").read_text()
    assert config.password not in repr(config)
    command = Path(f"/proc/{first.pid}/cmdline")
    assert not command.exists() or config.password.encode() not in command.read_bytes()

    os.kill(first.pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(first))
    # As after a crash of the machine: another process has the pid.
    (node.folder / "root" / "hdb.pid").write_text(str(os.getpid()))
    second = start(node)
    assert second.pid != first.pid
    assert node.config() == config
    body = {"operation": "user_info"}
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (config.username, config.password)
        answer = session.post(config.url, json=body)
    assert answer.json()["username"] == USERNAME

    assert {host for host, _ in listening(second.pid)} == {node.host}
    named = {node.operations_port, node.routes_port, node.replication_port}
    assert named <= {port for _, port in listening(second.pid)}

    other = dataclasses.replace(node, folder=node.folder.parent / "other")
    with pytest.raises(ConfigError, match="is held by node"):
        start(other)
    with pytest.raises(ConfigError, match="make harper-down"):
        start(dataclasses.replace(node, routes_port=node.routes_port + 1))

    assert stop(node) is True
    assert not ports.is_taken(node.host, node.operations_port)
    assert (node.folder / "root" / "database").is_dir()
    assert stop(node) is False
