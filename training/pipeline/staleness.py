"""What makes a stage's result stale: its settings, its inputs, and the code that makes it.

The code is found by following imports from the module that does the stage's work, so there is no
list to maintain: a new import counts automatically.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_WITHOUT_EFFECT = frozenset({"training.config", "training.errors", "training.progress"})
"""Modules that change no result: the values of settings count separately."""


def fingerprint(modules: Iterable[str], *, root: Path = ROOT, **inputs: Any) -> str:
    """Returns a hash of what a stage's result depends on.

    Args:
        modules: Dotted names of the modules that do the work; what they import counts as well.
        root: Folder that holds the package ``training``.
        **inputs: Settings and the fingerprints of earlier stages; anything JSON can express.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for name in sorted(code_of(modules, root=root)):
        digest.update(_path_of(root, name).read_bytes())
    digest.update(json.dumps(inputs, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def code_of(modules: Iterable[str], *, root: Path = ROOT) -> set[str]:
    """Returns the dotted names of the modules of this package that these modules run.

    Args:
        modules: Dotted names to start from; they are part of the result.
        root: Folder that holds the package ``training``.

    Raises:
        ModuleNotFoundError: one of them does not exist.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in _WITHOUT_EFFECT:
            found.add(name)
            waiting.extend(_imports(root, name))
    return found


def _imports(root: Path, name: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_path_of(root, name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            # What is imported from a package may be a module of it or a name in it.
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                yield submodule if _file_of(root, submodule) else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _is_ours(alias.name))


def _is_ours(name: str) -> bool:
    return name == "training" or name.startswith("training.")


def _file_of(root: Path, name: str) -> Path | None:
    base = root.joinpath(*name.split("."))
    files = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in files if path.is_file()), None)


def _path_of(root: Path, name: str) -> Path:
    path = _file_of(root, name)
    if path is None:
        raise ModuleNotFoundError(f"no module {name}", name=name)
    return path
