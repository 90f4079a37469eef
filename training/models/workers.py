"""The workers that fit the towers together, as TensorFlow's variable ``TF_CONFIG`` names them.

Source:
    https://www.tensorflow.org/guide/distributed_training#setting_up_the_tf_config_environment_variable
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from training.errors import ConfigError

VARIABLE = "TF_CONFIG"
_EXAMPLE = (
    '{"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}'
)


@dataclass(frozen=True)
class Workers:
    """The workers, and which of them this process is.

    Attributes:
        addresses: ``host:port`` of each, two or more; the first is the chief.
        index: This one's place among them.
    """

    addresses: tuple[str, ...]
    index: int

    @property
    def is_chief(self) -> bool:
        """Whether this one writes the model."""
        return self.index == 0

    def text(self, index: int) -> str:
        """Returns one of them for people."""
        return f"worker {index} ({self.addresses[index]})"


def named(environment: Mapping[str, str] = os.environ) -> Workers | None:
    """Returns the workers that ``TF_CONFIG`` names; None where this process fits alone.

    Raises:
        ConfigError: it is not what TensorFlow expects.
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return None
    try:
        described = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{VARIABLE} is not JSON: {error}. Expected {_EXAMPLE}") from error
    if not isinstance(described, dict):
        _refuse("", described, "an object")
    if not described.get("cluster"):
        return None
    addresses = _addresses(described["cluster"])
    index = _index(described.get("task"), len(addresses))
    return Workers(addresses, index) if len(addresses) > 1 else None


def _addresses(cluster: Any) -> tuple[str, ...]:
    if not isinstance(cluster, dict):
        _refuse("cluster", cluster, "an object")
    if others := sorted(set(cluster) - {"worker"}):
        _refuse(f"cluster.{others[0]}", cluster[others[0]], "workers only; the first is the chief")
    addresses = cluster["worker"]
    if not isinstance(addresses, list) or not addresses:
        _refuse("cluster.worker", addresses, "a list of addresses")
    for place, address in enumerate(addresses):
        host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
        if not (host and port.isdecimal() and 0 < int(port) < 2**16):
            _refuse(f"cluster.worker[{place}]", address, "host:port")
        if addresses.index(address) < place:
            _refuse(f"cluster.worker[{place}]", address, "each address once")
    return tuple(addresses)


def _index(task: Any, workers: int) -> int:
    if not isinstance(task, dict):
        _refuse("task", task, "an object with type and index")
    if task.get("type") != "worker":
        _refuse("task.type", task.get("type"), '"worker"')
    index = task.get("index")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < workers:
        wanted = f"0 to {workers - 1}, for cluster.worker has {workers} addresses"
        _refuse("task.index", index, wanted)
    return index


def _refuse(name: str, found: Any, expected: str) -> NoReturn:
    where = f"{VARIABLE}: {name}" if name else VARIABLE
    shown = "missing" if found is None else json.dumps(found)
    raise ConfigError(f"{where} is {shown}, expected {expected}. An example: {_EXAMPLE}")
