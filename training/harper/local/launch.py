"""Starts the process of a local HarperDB: program, environment, administrator's credentials.

The program is the one that `make setup` installs from npm, or the one that ``HARPER_PROGRAM``
names: a path or a command, which is started with the argument ``run``. Harper 5's is ``harper``. It
keeps its configuration in ``harper-config.yaml``, HarperDB 4 in ``harperdb-config.yaml``; nothing
here reads either, because all settings are environment variables.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from training.errors import ConfigError
from training.harper.local.node import PROJECT_ROOT, LocalNode
from training.harper.local.processes import Process, started_at

USERNAME = "admin"
LOOPBACK_ONLY = Path(__file__).with_name("loopback.cjs")


def launch(node: LocalNode) -> Process:
    """Starts the process; it is not healthy yet.

    Raises:
        ConfigError: HarperDB or Node.js is not installed, or ``HARPER_PROGRAM`` names no program.
    """
    program = program_of(os.environ)
    with (node.folder / "output.log").open("wb") as output:
        child = subprocess.Popen(
            [program, "run"],
            env=_environment(node),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt of our process must not reach the server
        )
    return Process(child.pid, started_at(child.pid) or "", node.operations_port, node.routes_port)


def program_of(environment: Mapping[str, str]) -> str:
    """Returns the path of the program to start.

    Raises:
        ConfigError: it is not installed, or ``HARPER_PROGRAM`` names no program.
    """
    named = environment.get("HARPER_PROGRAM")
    if named:
        path = str(Path(named).expanduser().absolute()) if "/" in named else named
        found = shutil.which(path)
        if found is None:
            raise ConfigError(f"HARPER_PROGRAM={named}: no such program, or not executable")
        return str(Path(found).absolute())
    installed = PROJECT_ROOT / "node_modules" / ".bin" / "harperdb"
    if not installed.exists() or shutil.which("node") is None:
        raise ConfigError(
            f"{installed} is missing: install Node.js 20 or newer and run `make setup`"
        )
    return str(installed)


def _environment(node: LocalNode) -> dict[str, str]:
    installed = (node.folder / "installed").exists()
    if not installed:
        # An interrupted installation may lack its user; it contains no data yet.
        shutil.rmtree(node.folder / "root", ignore_errors=True)
    username, password = _credentials(node.folder)
    env = {
        "PATH": os.environ.get("PATH", ""),
        "NODE_OPTIONS": " ".join(
            f"--require {json.dumps(str(path))}" for path in (LOOPBACK_ONLY, *node.preload)
        ),
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
        # With a domain socket every worker but the first serves the operations API on a random
        # port of all interfaces as well.
        "OPERATIONSAPI_NETWORK_DOMAINSOCKET": "null",
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
        # Only the installation needs it; later starts pass no password.
        env |= {"HDB_ADMIN_USERNAME": username, "HDB_ADMIN_PASSWORD": password}
    return env


def _secure(node: LocalNode, port: int | None) -> str:
    return "null" if port is None else f"{node.host}:{port}"


def _credentials(folder: Path) -> tuple[str, str]:
    path = folder / "credentials.json"
    if not path.exists():
        made = {"username": USERNAME, "password": secrets.token_urlsafe(24)}
        write_private(path, json.dumps(made))
    kept = json.loads(path.read_text("utf-8"))
    return kept["username"], kept["password"]


def share_credentials(folders: list[Path]) -> None:
    """Copies the first node's credentials to all: a cluster replicates its users."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    username, password = _credentials(folders[0])
    for folder in folders[1:]:
        if not (folder / "credentials.json").exists():
            shared = {"username": username, "password": password}
            write_private(folder / "credentials.json", json.dumps(shared))


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, completely or not at all."""
    part = path.with_suffix(".tmp")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.replace(path)
