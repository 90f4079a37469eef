"""Which code and packages a process runs: workers with others could compute other results."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("numpy", "scipy", "numba", "pandas", "pyarrow", "duckdb")
"""Those that blocks compute with."""


def versions() -> dict[str, str]:
    """Returns the versions of Python, of the packages and of our own code by name."""
    found = {name: version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **found, "harperdb-recommender": _own_code()}


@cache
def _own_code() -> str:
    """Returns a hash of our modules: a version number does not change with every edit.

    It is computed once: a process that was started before an update goes on with the old code.
    """
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def difference(ours: dict[str, str], theirs: dict[str, str]) -> str:
    """Returns for people what differs; "" where nothing does."""
    different = [name for name in ours if ours[name] != theirs.get(name)]
    return ", ".join(f"{name} {theirs.get(name)} instead of {ours[name]}" for name in different)
