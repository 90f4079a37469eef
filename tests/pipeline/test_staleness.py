"""A stage is stale when its inputs or the code that makes it have changed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.pipeline.staleness import code_of, fingerprint


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package with a module that imports two others, one of them inside a function."""
    package = tmp_path / "training"
    (package / "models").mkdir(parents=True)
    (package / "models" / "__init__.py").write_text("NAME = 1\n")
    (package / "errors.py").write_text("")
    (package / "fit.py").write_text(
        "from training.models import NAME, towers\n"
        "from training.errors import Bad\n"
        "def late():\n    import training.score\n"
    )
    (package / "score.py").write_text("A = 1\n")
    (package / "other.py").write_text("A = 1\n")
    (package / "models" / "towers.py").write_text("import training.score\n")
    return tmp_path


def test_code_is_found_through_imports_of_imports_and_inside_functions(root):
    expected = {"training.fit", "training.models", "training.models.towers", "training.score"}
    assert code_of(["training.fit"], root=root) == expected


def test_a_fingerprint_changes_with_every_input():
    marks = [
        fingerprint(["training.data.text"], a=1, b=2),
        fingerprint(["training.data.text"], a=1, b=3),
        fingerprint(["training.data.text"], a=1),
        fingerprint(["training.data.dataset"], a=1, b=2),
    ]
    assert len(set(marks)) == len(marks)
    assert fingerprint(["training.data.text"], b=2, a=1) == marks[0]


@pytest.mark.parametrize("changed", ["fit", "score", "models/towers", "models/__init__"])
def test_a_change_of_imported_code_changes_the_fingerprint(root, changed):
    before = fingerprint(["training.fit"], root=root)
    path = root / "training" / f"{changed}.py"
    path.write_text(path.read_text() + "B = 2\n")
    assert fingerprint(["training.fit"], root=root) != before


@pytest.mark.parametrize("changed", ["other", "errors"])
def test_a_change_of_other_code_does_not(root, changed):
    before = fingerprint(["training.fit"], root=root)
    path = root / "training" / f"{changed}.py"
    path.write_text("B = 2\n")
    assert fingerprint(["training.fit"], root=root) == before


def test_a_change_of_a_peer_measures_again_and_trains_nothing():
    assert "training.evaluation.baselines" in code_of(["training.evaluation.evaluate"])
    assert not any("evaluation" in name for name in code_of(["training.models.train"]))


def test_a_module_that_does_not_exist_is_an_error():
    with pytest.raises(ModuleNotFoundError, match=r"training\.nowhere"):
        code_of(["training.nowhere"])
