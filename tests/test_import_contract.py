"""The import contract: it holds, and it fails on every kind of violation."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@pytest.fixture
def copy(tmp_path):
    """A copy of the packages and their contract."""
    for package in ("harperdb_recommender", "training"):
        shutil.copytree(ROOT / package, tmp_path / package)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path / "training"


def add_import(module: Path, imported: str) -> None:
    module.write_text(f"{module.read_text()}\nimport {imported}  # noqa\n")


def lint(package: Path) -> tuple[int, str]:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"],
        cwd=package.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def broken(output: str) -> set[str]:
    """Returns the first words of each broken contract."""
    return set(re.findall(r"^(\w+ \w+ \w+).* BROKEN$", output, flags=re.MULTILINE))


LAYERS, CYCLES, TENSORFLOW = "Packages are imported", "No two modules", "What only deploys"


def test_the_contract_holds(copy):
    status, output = lint(copy)
    assert status == 0, output


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("ranking/metrics.py", "training.models.ops"),
        ("harper/client.py", "training.deploy.lease"),
        ("data/dataset.py", "training.pipeline.stages"),
        ("evaluation/card.py", "training.export.serving"),
        ("export/export.py", "training.evaluation.card"),
        ("errors.py", "training.config"),
    ],
)
def test_an_import_against_the_order_of_the_packages_is_found(copy, module, imported):
    add_import(copy / module, imported)
    status, output = lint(copy)
    assert status == 1
    assert LAYERS in broken(output)
    name = module.removesuffix(".py").replace("/", ".")
    assert f"training.{name} -> {imported}" in output


def test_a_cycle_between_packages_of_one_layer_is_found(copy):
    add_import(copy / "domains" / "reading.py", "training.harper.client")
    add_import(copy / "harper" / "client.py", "training.domains.reading")
    status, output = lint(copy)
    assert status == 1
    assert CYCLES in broken(output)


def test_a_cycle_within_a_package_is_found(copy):
    add_import(copy / "models" / "ops.py", "training.models.strategy")
    status, output = lint(copy)
    assert status == 1
    assert broken(output) == {CYCLES}


def test_a_module_outside_the_packages_is_found(copy):
    (copy / "helpers.py").write_text('"""Belongs nowhere."""\n')
    status, output = lint(copy)
    assert status == 1
    assert "helpers" in output


def test_a_package_outside_the_contract_is_found(copy):
    (copy / "extras").mkdir()
    (copy / "extras" / "__init__.py").write_text('"""Belongs nowhere."""\n')
    status, output = lint(copy)
    assert status == 1
    assert "extras" in output


def test_an_import_between_the_client_and_the_trainer_is_found(copy):
    add_import(copy.parent / "harperdb_recommender" / "client.py", "training.errors")
    status, output = lint(copy)
    assert status == 1
    assert broken(output) == {"The client and"}


def test_tensorflow_in_what_only_deploys_is_found(copy):
    add_import(copy / "deploy" / "lease.py", "tensorflow")
    status, output = lint(copy)
    assert status == 1
    assert broken(output) == {TENSORFLOW}
