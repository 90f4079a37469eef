"""A HarperDB on this machine, for trying things out and for tests: start it, stop it, keep its
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
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from training.errors import ConfigError, HarperUnavailable
from training.harper.client import session_for
from training.harper.config import HarperConfig
from training.harper.local import ports
from training.harper.local.processes import Process, is_alive, started_at

PROJECT_ROOT = Path(__file__).resolve().parents[3]
USERNAME = "admin"
LET_GO_SECONDS = 3.0


@dataclass(frozen=True)
class LocalNode:
    """Where a local node lives and where it listens.

    Attributes:
        folder: Everything that the node owns.
        host: A loopback address.
        operations_port: Port of the operations API.
        routes_port: Port of the custom functions.
        replication_port: Port that other nodes connect to.
        secure_operations_port: Port of the operations API over HTTPS; none by default.
        secure_routes_port: Port of the custom functions over HTTPS; none by default.
        threads: HTTP worker threads.
        startup_seconds: Longest wait for the first healthy answer.
    """

    folder: Path
    host: str = "127.0.0.1"
    operations_port: int = 9925
    routes_port: int = 9926
    replication_port: int = 9933
    secure_operations_port: int | None = None
    secure_routes_port: int | None = None
    threads: int = 2
    startup_seconds: float = 90.0

    @classmethod
    def from_environment(
        cls, folder: Path, environment: Mapping[str, str] | None = None
    ) -> LocalNode:
        """Reads the ports from the environment; the replication port lies 7 above the routes' one.

        Raises:
            ConfigError: a port that is no number of 1024..65000.
        """
        env = os.environ if environment is None else environment
        operations = _port(env, "HARPER_OPERATIONS_PORT", cls.operations_port)
        routes = _port(env, "HARPER_ROUTES_PORT", cls.routes_port)
        return cls(folder, "127.0.0.1", operations, routes, routes + 7)

    @property
    def url(self) -> str:
        """Address of the operations API."""
        return f"http://{self.host}:{self.operations_port}"

    @property
    def routes_url(self) -> str:
        """Address of the custom functions."""
        return f"http://{self.host}:{self.routes_port}"

    def config(self) -> HarperConfig:
        """Returns how to reach the node as its administrator.

        Raises:
            ConfigError: the node was never started.
        """
        path = self.folder / "credentials.json"
        if not path.is_file():
            raise ConfigError(
                f"no HarperDB was ever started under {self.folder}: run `make harper-up`, "
                "or name one with HARPER_URL, HARPER_USERNAME and HARPER_PASSWORD"
            )
        told = json.loads(path.read_text("utf-8"))
        return HarperConfig(self.url, self.routes_url, told["username"], told["password"])


def connection(folder: Path, environment: Mapping[str, str] | None = None) -> HarperConfig:
    """Returns how to reach the HarperDB to work with: what ``HARPER_URL`` names, else the local
    one.

    Args:
        folder: Where the local one lives.
        environment: Instead of the process's.

    Raises:
        ConfigError: incomplete settings, or neither is there.
    """
    env = os.environ if environment is None else environment
    if env.get("HARPER_URL"):
        return HarperConfig.from_environment(env)
    node = LocalNode.from_environment(folder, env)
    running = running_process(node)
    if running is not None:  # where it listens is what counts, whatever the settings say by now
        node = dataclasses.replace(
            node, operations_port=running.operations_port, routes_port=running.routes_port
        )
    return node.config()


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 1024 <= int(text) <= 65000:
        raise ConfigError(f"{name}={text}: expected a port, 1024..65000")
    return int(text)


def start(node: LocalNode) -> Process:
    """Starts the node and waits until it is healthy; harmless where it runs already.

    Raises:
        ConfigError: HarperDB is not installed, could not serve pages from there, a port is held by
            something else, or the node runs on other ports than asked for.
        HarperUnavailable: it ended or was not healthy in time; the text names its log.
    """
    _refuse_hidden(node.folder)
    node.folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(node.folder):
        process = running_process(node)
        if process is not None:
            _check_same_ports(node, process)
        else:
            _refuse_taken_ports(node)
            _forget_what_ended(node)
            process = _launch(node)
            write_private(node.folder / "process.json", json.dumps(dataclasses.asdict(process)))
        _wait_until_healthy(node, process)
        # Whoever sees it healthy first says so, even where the one who started it gave up.
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
    """Returns the process we started, unless it ended; a pid that someone else has by now is not
    it.
    """
    path = node.folder / "process.json"
    try:
        process = Process(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None  # never started, or torn by a crash: either way there is none that we know of
    return process if is_alive(process) else None


def _check_same_ports(node: LocalNode, running: Process) -> None:
    asked = (node.operations_port, node.routes_port)
    if (running.operations_port, running.routes_port) != asked:
        raise ConfigError(
            f"HarperDB already runs on ports {running.operations_port} and {running.routes_port}, "
            f"not {asked[0]} and {asked[1]}: run `make harper-down` first"
        )


def _refuse_hidden(folder: Path) -> None:
    # HarperDB 4.7 hands whole paths to its file server, which takes such a part for a secret.
    hidden = [part for part in folder.resolve().parts if part.startswith(".")]
    if hidden:
        raise ConfigError(
            f"{folder}: HarperDB serves no pages from under a folder whose name begins with a dot, "
            f"as {hidden[0]} does: move the project elsewhere"
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
    """Returns who holds a port, for people; None: nobody."""
    deadline = time.monotonic() + LET_GO_SECONDS
    try:
        while ports.is_taken(host, port):
            known = ports.holder_of(port)
            # A killed process holds its ports for a moment although it is gone.
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
    # killed and is being cleared away, or after a crash whoever has got that number since.
    (node.folder / "root" / "hdb.pid").unlink(missing_ok=True)


def _launch(node: LocalNode) -> Process:
    program = PROJECT_ROOT / "node_modules" / ".bin" / "harperdb"
    if not program.exists() or shutil.which("node") is None:
        raise ConfigError(f"{program} is missing: install Node.js 20 or newer and run `make setup`")
    with (node.folder / "output.log").open("wb") as output:
        child = subprocess.Popen(
            [str(program), "run"],
            env=_environment(node),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt meant for us is not meant for the server
        )
    return Process(child.pid, started_at(child.pid) or "", node.operations_port, node.routes_port)


def _environment(node: LocalNode) -> dict[str, str]:
    installed = (node.folder / "installed").exists()
    if not installed:
        # An installation that was cut off may lack its user; nothing can be in it yet.
        shutil.rmtree(node.folder / "root", ignore_errors=True)
    username, password = _credentials(node.folder)
    env = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(node.folder / "home"),
        "ROOTPATH": str(node.folder / "root"),
        "TC_AGREEMENT": "yes",
        "DEFAULTS_MODE": "prod",
        "NODE_HOSTNAME": node.host,
        "REPLICATION_HOSTNAME": node.host,
        "REPLICATION_SECUREPORT": f"{node.host}:{node.replication_port}",
        "OPERATIONSAPI_NETWORK_PORT": f"{node.host}:{node.operations_port}",
        "OPERATIONSAPI_NETWORK_SECUREPORT": _secure(node, node.secure_operations_port),
        "OPERATIONSAPI_NETWORK_CORS": "false",
        "HTTP_PORT": f"{node.host}:{node.routes_port}",
        "HTTP_SECUREPORT": _secure(node, node.secure_routes_port),
        "MQTT_NETWORK_PORT": "null",
        "MQTT_NETWORK_SECUREPORT": "null",
        "THREADS_COUNT": str(node.threads),
        "LOCALSTUDIO_ENABLED": "false",
        "LOGGING_LEVEL": "warn",
    }
    for folder in ("home", "root"):
        (node.folder / folder).mkdir(exist_ok=True)
    if not installed:
        # Needed by the installation only; later starts carry no password at all.
        env |= {"HDB_ADMIN_USERNAME": username, "HDB_ADMIN_PASSWORD": password}
    return env


def _secure(node: LocalNode, port: int | None) -> str:
    return "null" if port is None else f"{node.host}:{port}"


def _credentials(folder: Path) -> tuple[str, str]:
    path = folder / "credentials.json"
    if not path.exists():
        told = {"username": USERNAME, "password": secrets.token_urlsafe(24)}
        write_private(path, json.dumps(told))
    told = json.loads(path.read_text("utf-8"))
    return told["username"], told["password"]


def share_credentials(folders: list[Path]) -> None:
    """Gives all nodes of a cluster the credentials of the first: users are replicated among
    them.
    """
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    username, password = _credentials(folders[0])
    for folder in folders[1:]:
        if not (folder / "credentials.json").exists():
            told = {"username": username, "password": password}
            write_private(folder / "credentials.json", json.dumps(told))


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    part = path.with_suffix(".tmp")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.replace(path)


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
        f"{node.url} is not healthy after {node.startup_seconds:.0f} s; "
        f"see {node.folder}/output.log",
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
    """Two `make harper-up` at once start one server; the lock ends with its holder."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
