"""The command line: examples in its help, one line an error, exit codes 0, 1 and 2."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import checkerboard
from training import __main__ as command_line
from training.domains.songs import SONGS
from training.pipeline import stage
from training.pipeline import stages as pipeline
from training.pipeline.stages import Folders

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared" / "data"
COMMANDS = ["prepare", "train", "evaluate", "export", "compare", "run", "recommend"]


@pytest.fixture
def call(monkeypatch, capsys):
    """Calls the command line in this process; returns exit code, output and errors."""

    def called(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["training", *map(str, words)])
        code = 0
        try:
            command_line.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return (code, *capsys.readouterr())

    return called


@pytest.fixture
def artifacts(board, tmp_path) -> Path:
    shutil.copytree(board.artifacts, tmp_path / "artifacts")
    return tmp_path / "artifacts"


SET = [word for setting in checkerboard.SETTINGS for word in ("--set", setting)]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_of_the_command(call, name):
    code, shown, _ = call(name, "--help")
    assert code == 0
    assert f"Example: python -m training {name} " in shown


def test_help_names_every_command(call):
    code, shown, _ = call("--help")
    assert code == 0
    assert all(name in shown for name in [*COMMANDS, "deploy", "status"])


@pytest.mark.parametrize(
    "words",
    [
        ("prepare",),
        ("prepare", "films"),
        ("prepare", "songs", "--nonsense"),
        ("fly", "songs"),
        ("recommend", "songs"),
        ("recommend", "songs", "SO1", "--limit", "0"),
        ("recommend", "songs", "SO1", "--limit", "101"),
        ("compare", "songs", "--protocol", "mds"),
        ("compare", "books", "--protocol", "msd"),
    ],
)
def test_wrong_usage_exits_2_and_keeps_standard_output_clean(call, words):
    code, shown, errors = call(*words)
    assert (code, shown) == (2, "")
    assert errors
    assert "Traceback" not in errors


def test_an_unknown_domain_is_told_which_there_are(call):
    assert "there are songs and books" in call("prepare", "films")[2]


def test_an_unknown_protocol_is_told_which_there_are(call):
    assert "for songs there is msd" in call("compare", "songs", "--protocol", "mds")[2]
    assert "for books there is none" in call("compare", "books", "--protocol", "msd")[2]


def test_a_protocol_that_asks_for_more_than_there_is_says_so_in_one_line(call, tmp_path):
    words = ("--data", checkerboard.write(tmp_path / "raw"), "--artifacts", tmp_path / "a")
    code, shown, errors = call("compare", "songs", "--protocol", "msd", *words)
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert "more than 100,000 users" in errors


def one_line(errors: str) -> bool:
    return errors.startswith("error: ") and errors.count("\n") == 1 and errors[:-1].isprintable()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("prepare", "songs", "--set", "train.max=1"), "no such field"),
        (("prepare", "songs", "--set", "train.max_steps=many"), "train.max_steps=many"),
        (("prepare", "songs", "--data", "/nowhere/at/all"), "/nowhere/at/all"),
        (("train", "songs"), "python -m training prepare"),
        (("evaluate", "books"), "python -m training train"),
        (("export", "books"), "python -m training evaluate"),
        (("recommend", "songs", "SO1"), "python -m training export"),
    ],
)
def test_an_error_is_one_line_and_exits_1(call, tmp_path, words, told):
    code, shown, errors = call(*words, "--artifacts", tmp_path / "artifacts")
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert told in errors


def test_a_place_that_cannot_be_written_is_named_in_one_line(call, tmp_path):
    (tmp_path / "file").touch()
    code, shown, errors = call("prepare", "songs", "--artifacts", tmp_path / "file")
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert str(tmp_path / "file" / "songs") in errors


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_what_the_machine_refuses_is_one_line_and_leaves_what_was_there(
    call, artifacts, monkeypatch, number
):
    def refused(*_):
        raise OSError(number, os.strerror(number))

    before = (artifacts / "songs" / "prepared" / "stage.json").read_bytes()
    monkeypatch.setattr("training.data.dataset.save", refused)
    code, shown, errors = call("prepare", "songs", "--artifacts", artifacts)
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert os.strerror(number) in errors
    assert (artifacts / "songs" / "prepared" / "stage.json").read_bytes() == before
    assert not list(artifacts.glob("**/*.tmp"))


def test_any_other_refusal_is_our_own_bug(call, tmp_path, monkeypatch):
    def torn(*_):
        raise OSError(errno.EBADF, "our own")

    monkeypatch.setattr("training.data.dataset.save", torn)
    with pytest.raises(OSError, match="our own"):
        call("prepare", "songs", "--artifacts", tmp_path)


def test_an_error_is_one_line_whatever_a_file_holds(call, tmp_path):
    folder = tmp_path / "odd\x1b[31m\nname [red]"
    folder.mkdir()
    code, _, errors = call("prepare", "songs", "--data", folder, "--artifacts", tmp_path / "a")
    assert code == 1
    assert one_line(errors)
    assert "[red]" in errors


def test_our_own_mistake_keeps_its_traceback(call, monkeypatch, tmp_path):
    def broken(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.setitem(pipeline.STAGES, "prepare", broken)
    with pytest.raises(ZeroDivisionError):
        call("prepare", "songs", "--artifacts", tmp_path)


def test_who_stops_a_stage_is_told_so(call, monkeypatch, tmp_path):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setitem(pipeline.STAGES, "prepare", stopped)
    code, _, errors = call("prepare", "songs", "--artifacts", tmp_path)
    assert code == 130
    assert "stopped; what was finished is kept" in errors
    assert "Traceback" not in errors


def test_each_stage_says_in_one_line_what_it_did_and_a_second_run_does_nothing(
    call, board, artifacts
):
    for name in pipeline.STAGES:
        code, shown, errors = call(
            name, "songs", "--data", board.raw, "--artifacts", artifacts, *SET
        )
        assert (code, errors) == (0, "")
        assert shown.count("\n") == 1
        assert shown.split()[:3] == ["songs", name, "unchanged"]


def test_compare_prints_every_method_with_the_defaults_lead(call, board, artifacts):
    words = ("compare", "songs", "--data", board.raw, "--artifacts", artifacts, *SET)
    code, shown, errors = call(*words)
    assert (code, errors) == (0, "")
    report = pipeline.read_json(board.report / "report.json")
    table = [line for line in shown.splitlines() if line.startswith("|")]
    assert len(table) == 2 + len(report["rows"])
    for row, line in zip(report["rows"], table[2:], strict=True):
        assert row["method"] in line
        assert f"{row['ndcg@20']:.4f}" in line
    assert "MODEL_CARD.md" in shown


def test_recommend_answers_from_the_bundle_with_titles(call, board, artifacts):
    ids = pipeline.read_json(board.bundle / "item_ids.json")
    code, shown, errors = call(
        "recommend", "songs", *ids[:3], "--artifacts", artifacts, "--limit", 5
    )
    assert (code, errors) == (0, "")
    first, *rows = shown.splitlines()
    assert first.startswith("model ")
    assert len(rows) == 5
    assert all("Södra" in row for row in rows)
    assert not {row.split()[1] for row in rows} & set(ids[:3])


@pytest.mark.parametrize("unknown", ["SOnobody", "[red]", "[/red]", "a\x1b[31mb"])
def test_recommend_names_what_it_does_not_know_as_it_was_typed(call, artifacts, unknown):
    code, shown, errors = call("recommend", "songs", unknown, "--artifacts", artifacts)
    assert code == 0
    assert "strategy popular" in shown
    assert errors == f"unknown: {unknown}\n".replace("\x1b", "")


def test_recommend_refuses_too_many_favourites_and_an_unknown_strategy(call, artifacts):
    many = [f"S{i}" for i in range(11)]
    code, _, errors = call("recommend", "songs", *many, "--artifacts", artifacts)
    assert (code, one_line(errors)) == (1, True)
    words = ("recommend", "songs", "S1", "--strategy", "magic", "--artifacts", artifacts)
    code, _, errors = call(*words)
    assert (code, one_line(errors)) == (1, True)
    assert "voters" in errors


def test_a_title_cannot_steer_the_terminal():
    assert command_line.printable("a\x1b[31m\x07b\r\nc\x9b") == "a[31mbc"


def test_help_needs_no_tensorflow():
    code = "import sys, training.__main__; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_stage_killed_in_the_middle_leaves_the_earlier_result_whole(board, artifacts):
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
    assert stage.mark_of(folders.model, "train") == stage.mark_of(board.model, "train")


@pytest.mark.parametrize("name", ["songs", "books", "books-dump"])
def test_real_data_is_prepared_and_learned_from(call, tmp_path, name):
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
        # Popularity reaches .12; far less is a fault, not bad luck.
        assert best > 0.15


def test_a_wrong_folder_of_real_data_is_refused_by_what_was_looked_for(call, tmp_path):
    shutil.copy(ROOT / "LICENSE", tmp_path / "train_triplets.txt")
    code, _, errors = call("prepare", "songs", "--data", tmp_path, "--artifacts", tmp_path / "a")
    assert code == 1
    assert one_line(errors)
    assert "unique_tracks.txt" in errors
