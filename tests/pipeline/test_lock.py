"""Only one command at a time writes a domain's artifacts."""

import subprocess
import sys
from pathlib import Path

import pytest

from training.errors import ConfigError, RecommenderError
from training.pipeline.lock import exclusive

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from training.pipeline.lock import exclusive

with exclusive(Path(sys.argv[1]), "harperdb-recommender train songs"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock until it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "songs")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_with_the_name_of_the_holder(holder, tmp_path):
    folder = tmp_path / "songs"
    for _ in range(2):  # the refusal leaves the holder's note as it is
        with pytest.raises(RecommenderError) as caught, exclusive(folder, "second"):
            pass
        text = str(caught.value)
        assert text.startswith(f"{folder} is in use by process {holder.pid} since 20")
        assert "`harperdb-recommender train songs`" in text
        assert "--artifacts" in text


def test_another_folder_is_free(holder, tmp_path):
    with exclusive(tmp_path / "books", "second"):
        assert holder.poll() is None


def test_a_lock_ends_with_its_process_however_that_ends(holder, tmp_path):
    holder.kill()
    holder.wait()
    with exclusive(tmp_path / "songs", "second"):
        pass


def test_a_lock_can_be_acquired_again_after_it_was_released(tmp_path):
    for _ in range(2):
        with exclusive(tmp_path, "once"):
            pass


def test_an_unreadable_note_does_not_hide_that_the_folder_is_in_use(holder, tmp_path):
    (tmp_path / "songs" / ".lock").write_text("")
    with (
        pytest.raises(RecommenderError, match="in use by another process"),
        exclusive(tmp_path / "songs", "second"),
    ):
        pass


def test_a_folder_that_cannot_be_created_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ConfigError, match="file/songs cannot be created"),
        exclusive(tmp_path / "file/songs", "once"),
    ):
        pass
