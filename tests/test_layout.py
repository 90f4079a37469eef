"""The layout of the package: small modules in packages, and fast imports."""

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "training"
MOST_LINES = 300
MOST_MODULES = 5
"""Modules beside the packages."""


@pytest.mark.parametrize(
    "module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_module_is_longer_than_300_lines(module):
    lines = len(module.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, "split it by idea"


def test_few_modules_stand_beside_the_packages():
    modules = [path.name for path in PACKAGE.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES, modules


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("training.errors", {"pandas", "numpy", "pydantic", "requests", "tensorflow"}),
        ("training.progress", {"pandas", "numpy", "pydantic", "requests", "tensorflow"}),
        ("training.config", {"pandas", "numpy", "requests", "tensorflow"}),
        ("training.harper.client", {"pandas", "tensorflow"}),
    ],
)
def test_a_light_module_loads_no_heavy_library(module, absent):
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) & absent == set()
