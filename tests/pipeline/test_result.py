"""A stage's folder is written completely or not at all, and only when needed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from training.errors import DataError
from training.pipeline import result

ROOT = Path(__file__).parents[2]
DIE = """
import os, signal, sys
from pathlib import Path
from training.pipeline import result

moment = int(sys.argv[2])
renames = 0
rename = Path.rename

def rename_or_die(self, target):
    global renames
    if renames == moment:
        os.kill(os.getpid(), signal.SIGKILL)
    renames += 1
    return rename(self, target)

Path.rename = rename_or_die
with result.writing(Path(sys.argv[1]), "new") as folder:
    (folder / "result").write_text("new")
    if moment < 0:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def write(folder: Path, mark: str, text: str) -> None:
    with result.writing(folder, mark) as fresh:
        (fresh / "result").write_text(text)


def die_writing(folder: Path, moment: int) -> None:
    """Writes in a process that is killed: -1: while writing; n: before the n-th rename."""
    done = subprocess.run([sys.executable, "-c", DIE, str(folder), str(moment)], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL


def test_the_new_result_replaces_the_folder_with_its_fingerprint(tmp_path):
    folder = tmp_path / "deep" / "result"
    write(folder, "mark", "text")
    assert (folder / "result").read_text() == "text"
    assert result.is_current(folder, "mark")
    assert result.stamp_of(folder)["fingerprint"] == "mark"


def test_notes_are_in_the_stamp(tmp_path):
    with result.writing(tmp_path / "a", "mark", rows=3):
        pass
    assert result.stamp_of(tmp_path / "a")["rows"] == 3


def test_a_result_that_lost_a_file_is_no_longer_current(tmp_path):
    write(tmp_path / "a", "mark", "text")
    (tmp_path / "a" / "result").unlink()
    assert not result.is_current(tmp_path / "a", "mark")


def test_a_second_result_replaces_the_first_and_leaves_nothing_else(tmp_path):
    write(tmp_path / "a", "one", "one")
    (tmp_path / "a" / "extra").touch()
    write(tmp_path / "a", "two", "two")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["result", result.STAMP]
    assert (tmp_path / "a" / "result").read_text() == "two"


def test_a_stage_that_fails_keeps_the_earlier_result_and_leaves_nothing_else(tmp_path):
    write(tmp_path / "a", "one", "one")
    with (
        pytest.raises(RuntimeError, match="half-way"),
        result.writing(tmp_path / "a", "two") as new,
    ):
        (new / "result").write_text("incomplete")
        raise RuntimeError("half-way")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "result").read_text() == "one"
    assert result.is_current(tmp_path / "a", "one")


def test_a_result_that_cannot_take_its_place_leaves_the_earlier_one(tmp_path, monkeypatch):
    write(tmp_path / "a", "one", "one")
    rename = Path.rename

    def refuse_new(self, target):
        if self.name.endswith(".new.tmp"):
            raise PermissionError("busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(PermissionError):
        write(tmp_path / "a", "two", "two")
    assert (tmp_path / "a" / "result").read_text() == "one"


@pytest.mark.parametrize("moment", [-1, 0])
def test_a_killed_stage_keeps_the_earlier_result(tmp_path, moment):
    write(tmp_path / "a", "one", "one")
    die_writing(tmp_path / "a", moment)
    assert (tmp_path / "a" / "result").read_text() == "one"
    assert result.is_current(tmp_path / "a", "one")
    assert not result.is_current(tmp_path / "a", "new")


def test_killed_between_its_two_renames_a_stage_still_has_the_earlier_result(tmp_path):
    write(tmp_path / "a", "one", "one")
    die_writing(tmp_path / "a", 1)
    with pytest.raises(RuntimeError, match="again"), result.writing(tmp_path / "a", "two"):
        raise RuntimeError("again")
    assert (tmp_path / "a" / "result").read_text() == "one"
    assert result.is_current(tmp_path / "a", "one")


@pytest.mark.parametrize("moment", [-1, 0, 1])
def test_the_next_stage_removes_what_a_killed_one_left(tmp_path, moment):
    write(tmp_path / "a", "one", "one")
    die_writing(tmp_path / "a", moment)
    write(tmp_path / "a", "two", "two")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "result").read_text() == "two"


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "null", '{"fingerprint": null}'])
def test_a_folder_with_a_corrupt_stamp_is_not_a_result(tmp_path, text):
    write(tmp_path / "a", "mark", "text")
    (tmp_path / "a" / result.STAMP).write_text(text)
    assert not result.is_current(tmp_path / "a", "mark")
    with pytest.raises(DataError, match="found a corrupt one"):
        result.stamp_of(tmp_path / "a")


def test_a_missing_result_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere: expected the result of a stage, found none"):
        result.stamp_of(tmp_path / "nowhere")


def test_a_full_disk_is_reported_with_the_folder(tmp_path):
    with (
        pytest.raises(OSError, match="No space") as caught,
        result.writing(tmp_path / "a", "mark"),
        Path("/dev/full").open("wb") as file,
    ):
        file.write(b"more than a buffer" * 10_000)
    assert caught.value.filename == str(tmp_path / "a")


def test_the_stamp_is_readable_by_people(tmp_path):
    write(tmp_path / "a", "mark", "text")
    assert json.loads((tmp_path / "a" / result.STAMP).read_text())["fingerprint"] == "mark"
    assert os.access(tmp_path / "a" / result.STAMP, os.R_OK)
