"""The registry: every description of a folder, and those that the package brings."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.domains.descriptions import describe
from training.domains import DOMAINS
from training.errors import ConfigError

ROOT = Path(__file__).parents[2]
DOMAIN_FILES = ("datasets/songs/domain.toml", "datasets/books/domain.toml")
ROWS = '[interactions]\nfiles = "rows.csv"\nuser = "u"\nitem = "i"\n'


@pytest.fixture(autouse=True)
def datasets(tmp_path, monkeypatch):
    monkeypatch.setenv("RECOMMENDER_DATASETS", str(tmp_path))
    return tmp_path


def test_a_description_is_a_domain_beside_the_shipped_ones(datasets):
    describe(datasets, ROWS)
    assert list(DOMAINS) == ["books", "songs", "things"]
    assert len(DOMAINS) == 3
    assert DOMAINS["things"].project == "things-recommender"


def test_a_broken_description_hides_no_other_domain(datasets):
    (datasets / "broken").mkdir()
    (datasets / "broken" / "domain.toml").write_text("?")
    describe(datasets, ROWS)
    assert DOMAINS["things"].name == "things"
    assert "broken" in DOMAINS
    with pytest.raises(ConfigError, match="broken"):
        DOMAINS["broken"]


def test_a_name_leads_to_no_other_folder(datasets):
    describe(datasets / "inner", ROWS)
    assert "inner/things" not in DOMAINS
    with pytest.raises(KeyError):
        DOMAINS["inner/things"]


def test_a_description_of_ones_own_comes_before_a_shipped_one(datasets):
    assert DOMAINS["songs"].project == "song-recommender"
    describe(datasets, ROWS, name="songs")
    assert DOMAINS["songs"].project == "songs-recommender"
    assert list(DOMAINS) == ["books", "songs"]


@pytest.mark.slow
def test_a_wheel_brings_songs_and_books(tmp_path):
    source, installed = tmp_path / "source", tmp_path / "installed"
    for name in ("training", "harperdb_recommender"):
        shutil.copytree(ROOT / name, source / name, symlinks=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", *DOMAIN_FILES):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    build = "import sys, setuptools.build_meta as b; b.build_wheel(sys.argv[1])"
    run(build, str(tmp_path), cwd=source)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    code = "from training.domains import DOMAINS; print([d.project for d in DOMAINS.values()])"
    environment = {"PYTHONPATH": str(installed), "RECOMMENDER_DATASETS": ""}
    said = run(code, cwd=tmp_path, **environment)
    assert said.strip() == "['book-recommender', 'song-recommender']"


def run(code, *words, cwd, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env=os.environ | environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
