"""The configuration of a local HarperDB: its folder, address, ports and credentials."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.errors import ConfigError
from training.harper.config import HarperConfig

PROJECT_ROOT = Path(__file__).resolve().parents[3]


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
        preload: CommonJS modules that Node.js loads before HarperDB, in every thread.
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
    preload: tuple[Path, ...] = ()

    @classmethod
    def from_environment(
        cls, folder: Path, environment: Mapping[str, str] | None = None
    ) -> LocalNode:
        """Reads the ports from the environment; the replication port is the routes' port plus 7.

        Raises:
            ConfigError: a port is not a number of 1024..65000.
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
        kept = json.loads(path.read_text("utf-8"))
        return HarperConfig(self.url, self.routes_url, kept["username"], kept["password"])


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 1024 <= int(text) <= 65000:
        raise ConfigError(f"{name}={text}: expected a port, 1024..65000")
    return int(text)
