"""The commands that run the pipeline."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import checkerboard
from tests.cli.one_line import one_line
from training.domains import DOMAINS
from training.pipeline.folders import Folders, read_json
from training.pipeline.lock import exclusive
from training.pipeline.result import stamp_of
from training.pipeline.stages import STAGES

SONGS = DOMAINS["songs"]

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data"
SET = [word for setting in checkerboard.SETTINGS for word in ("--set", setting)]


def test_an_unknown_protocol_lists_the_known_ones(call):
    assert "for songs there is msd" in call("compare", "songs", "--protocol", "mds")[2]
    assert "for books there is none" in call("compare", "books", "--protocol", "msd")[2]


def test_a_protocol_that_needs_more_data_than_there_is_fails_in_one_line(call, tmp_path):
    words = ("--data", checkerboard.write(tmp_path / "raw"), "--artifacts", tmp_path / "a")
    code, shown, errors = call("compare", "songs", "--protocol", "msd", *words)
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert "more than 100,000 users" in errors


def options(name: str, board: Folders) -> list[object]:
    return ["--data", board.raw] if name == "prepare" else []


def test_each_stage_says_in_one_line_what_it_did_and_a_second_run_does_nothing(
    call, board, artifacts
):
    rest = ("--artifacts", artifacts, *SET)
    for name in STAGES:
        code, shown, errors = call(name, "songs", *options(name, board), *rest)
        assert (code, errors) == (0, "")
        assert shown.count("\n") == 1
        assert shown.split()[:3] == ["songs", name, "unchanged"]


def test_compare_prints_every_method_with_the_defaults_lead(call, board, artifacts):
    words = ("compare", "songs", "--data", board.raw, "--artifacts", artifacts, *SET)
    code, shown, errors = call(*words)
    assert (code, errors) == (0, "")
    report = read_json(board.report / "report.json")
    table = [line for line in shown.splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(report["rows"])
    for row, line in zip(report["rows"], table[2:], strict=True):
        assert row["method"] in line
        assert f"{row['ndcg@20']:.4f}" in line
    assert "MODEL_CARD.md" in shown


def test_a_stage_killed_in_the_middle_keeps_the_earlier_result(board, artifacts):
    folders = Folders(SONGS, board.raw, artifacts)
    before = {p: p.read_bytes() for p in folders.model.rglob("*") if p.is_file()}
    command = [sys.executable, "-m", "training", "train", "songs", "--artifacts", artifacts, *SET]
    longer = ["--set", "train.max_steps=1000000", "--set", "train.patience=1000000"]
    process = subprocess.Popen([*command, *longer], cwd=ROOT, start_new_session=True)
    try:
        fresh = folders.model.with_name("model.new.tmp")
        while not list(fresh.rglob("events*")):
            assert process.poll() is None
            time.sleep(0.1)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert {p: p.read_bytes() for p in folders.model.rglob("*") if p.is_file()} == before
    assert stamp_of(folders.model) == stamp_of(board.model)


@pytest.mark.parametrize("name", ["songs", "books", "books-dump"])
def test_real_data_is_prepared_and_trained_on(call, tmp_path, name):
    data = REAL / name
    if not data.is_dir():
        pytest.skip(f"no real data at {data}: see datasets/README.md")
    domain = name.partition("-")[0]
    few = ("train.max_steps=300", "evaluate.max_users=300", "items.epochs=2")
    options = ["--artifacts", tmp_path, *(word for setting in few for word in ("--set", setting))]
    code, shown, errors = call("prepare", domain, "--data", data, *options)
    assert (code, errors) == (0, "")
    assert "unchanged" not in shown
    if name == "songs":  # one real training: the others take minutes and run the same code
        code, shown, errors = call("train", domain, *options)
        assert (code, errors) == (0, "")
        best = float(shown.partition("validation NDCG@20 ")[2].partition(")")[0])
        # Popularity reaches .12; much less is a bug, not chance.
        assert best > 0.15


def test_a_wrong_folder_of_real_data_is_refused_with_the_expected_files(call, tmp_path):
    shutil.copy(ROOT / "LICENSE", tmp_path / "train_triplets.txt")
    code, _, errors = call("prepare", "songs", "--data", tmp_path, "--artifacts", tmp_path / "a")
    assert code == 1
    assert one_line(errors)
    assert "unique_tracks.txt" in errors


@pytest.mark.parametrize("name", ["train", "evaluate", "export"])
def test_a_stage_that_reads_no_raw_files_refuses_data_and_names_the_one_that_does(call, name):
    code, shown, errors = call(name, "songs", "--data", "~/my data")
    assert (code, shown) == (2, "")
    assert "run `harperdb-recommender prepare songs --data '~/my data'` first" in errors


def test_without_data_the_folder_of_the_last_run_is_prepared_and_named(call, board, artifacts):
    code, shown, errors = call("prepare", "songs", "--artifacts", artifacts, *SET)
    assert (code, shown.split()[2]) == (0, "unchanged")
    assert errors == f"songs: data from {board.raw} (as before; --data DIR names another folder)\n"
    assert read_json(artifacts / "songs" / "data.json") == {"folder": str(board.raw)}


def test_the_first_run_prepares_and_names_the_demonstration_data(call, tmp_path):
    code, _, errors = call("prepare", "songs", "--artifacts", tmp_path)
    assert code == 0
    assert "datasets/songs/sample (the demonstration data; --data DIR" in errors


def test_data_that_cannot_be_prepared_is_not_remembered(call, board, artifacts, tmp_path):
    (tmp_path / "empty").mkdir()
    words = ("--data", tmp_path / "empty", "--artifacts", artifacts)
    assert call("prepare", "songs", *words)[0] == 1
    assert read_json(artifacts / "songs" / "data.json") == {"folder": str(board.raw)}


@pytest.mark.parametrize("name", [*STAGES, "compare", "run"])
def test_a_command_that_writes_is_refused_while_another_one_writes(call, artifacts, name):
    with exclusive(artifacts / "songs", "harperdb-recommender loop songs"):
        code, shown, errors = call(name, "songs", "--artifacts", artifacts)
    assert (code, shown) == (1, "")
    refusal = errors.splitlines()[-1]
    assert f"error: {artifacts / 'songs'} is in use by process {os.getpid()}" in refusal
    assert "`harperdb-recommender loop songs`" in refusal


def test_outside_the_project_the_projects_own_folders_are_used_and_named(tmp_path):
    command = [sys.executable, "-m", "training", "export", "songs", "--set", "clean.nonsense=1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    first, *_ = done.stderr.splitlines()
    assert first == f"using {ROOT / 'artifacts'}; --artifacts DIR names another folder"
    assert not list(tmp_path.iterdir())


def test_data_at_an_address_are_copied_and_used_again(call, tmp_path):
    raw = checkerboard.write(tmp_path / "raw")
    address, artifacts = raw.as_uri(), ("--artifacts", tmp_path / "a")
    code, shown, errors = call("prepare", "songs", "--data", address, *artifacts, *SET)
    assert (code, errors) == (0, "")
    with (raw / "train_triplets.txt").open("a") as plays:
        plays.write(f"U000\t{checkerboard.song_of(0)}\t1\n")
    code, again, errors = call("prepare", "songs", *artifacts, *SET)
    assert code == 0
    assert f"data from {address} (as before" in errors
    read = [int(text.split()[4].replace(",", "")) for text in (shown, again)]
    assert read[1] == read[0] + 1


def test_data_at_an_unknown_address_fail_in_one_line(call, tmp_path):
    words = ("--data", "nosuch://bucket/x", "--artifacts", tmp_path / "a")
    code, shown, errors = call("prepare", "songs", *words)
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert "Protocol not known: nosuch" in errors
