"""The stages: each runs only if something changed, and writes all of its result or nothing."""

import json
import shutil
from dataclasses import replace

import pytest

from tests import checkerboard
from training.data import dataset
from training.domains import DOMAINS
from training.errors import ConfigError, DataError
from training.pipeline.folders import Folders
from training.pipeline.stage import Stage
from training.pipeline.stages import EVALUATE, EXPORT, PREPARE, STAGES, TRAIN

SONGS = DOMAINS["songs"]

pytestmark = pytest.mark.slow

ALL = list(STAGES)


def once(name: str, folders: Folders, *more: str):
    changes = [*checkerboard.SETTINGS, *more]
    return STAGES[name](folders, changes, progress=lambda *_: None)


def test_the_stages_are_in_order():
    assert ALL == ["prepare", "train", "evaluate", "export"]


@pytest.mark.parametrize("name", ALL)
def test_an_unchanged_second_run_does_nothing_and_says_the_same(folders, name):
    before = {p: p.stat().st_mtime_ns for p in folders.artifacts.rglob("*")}
    done = once(name, folders)
    assert (done.fresh, done.seconds) == (False, 0)
    assert done.text
    assert {p: p.stat().st_mtime_ns for p in folders.artifacts.rglob("*")} == before


def test_a_change_of_the_data_prepares_again(folders):
    with (folders.raw / "train_triplets.txt").open("a") as file:
        file.write(f"U000\t{checkerboard.song_of(0)}\t9\n")
    assert once("prepare", folders).fresh


def test_a_description_beside_the_data_is_used(folders):
    (folders.raw / "source.json").write_text('{"name": "Board", "synthetic": true}')
    assert once("prepare", folders).fresh
    noted = json.loads((folders.prepared / "source.json").read_text())
    assert (noted["name"], noted["synthetic"], noted["terms"]) == ("Board", True, SONGS.terms)


@pytest.mark.parametrize("content", ["{", "[]", "7"])
def test_a_corrupt_description_beside_the_data_is_refused_by_name(folders, content):
    (folders.raw / "source.json").write_text(content)
    with pytest.raises(DataError, match=r"source\.json"):
        once("prepare", folders)


def test_a_change_of_a_setting_redoes_its_stage_and_those_after_it(folders):
    # The number of validation users changes the training, not the prepared data.
    assert once("train", folders, "train.max_steps=20").fresh
    assert [once(name, folders, "train.max_steps=20").fresh for name in ALL[2:]] == [True, True]
    assert [once(name, folders, "train.max_steps=20").fresh for name in ALL[1:]] == [False] * 3


QUICK = "evaluate.quick=true"
FRESH_FROM = {
    "clean.liked_from=2": "prepare",
    "split.seed=5": "prepare",
    "model.user_items=9": "train",
    "train.max_steps=20": "train",
    "items.neighbours=9": "train",
    # Training stops and chooses by validation users with this number of favourites.
    "evaluate.favourites=2": "train",
    "evaluate.max_users=11": "train",
    QUICK: "evaluate",
    "export.dtype=float32": "evaluate",
    "export.strategies=items": "export",
    "export.max_exclude=5": "export",
}
"""The first stage that uses a setting."""


@pytest.mark.parametrize("setting", FRESH_FROM)
def test_a_changed_setting_does_not_affect_stages_before_the_first_that_uses_it(folders, setting):
    redone: list[str] = []
    for stage in (copying(stage, redone) for stage in STAGES.values()):
        stage(folders, [*checkerboard.SETTINGS, setting], progress=lambda *_: None)
    assert redone == ALL[ALL.index(FRESH_FROM[setting]) :]


def copying(stage: Stage, redone: list[str]) -> Stage:
    """Returns the stage with other work: it records its name and copies the existing result."""

    def work(job, fresh):
        redone.append(stage.name)
        shutil.copytree(stage.folder(job.folders), fresh, dirs_exist_ok=True)

    return replace(stage, work=work, summary=lambda job: "")


def test_a_setting_of_a_later_stage_is_passed_on_by_unchanged_stages(folders):
    once("prepare", folders, "train.max_steps=20", QUICK)
    config = PREPARE.config_of(folders)
    assert (config.train.max_steps, config.evaluate.quick) == (20, True)
    train = STAGES["train"](folders, [], progress=lambda *_: None)
    assert train.fresh
    assert TRAIN.config_of(folders).evaluate.quick
    assert not once("prepare", folders).fresh
    assert PREPARE.config_of(folders) == checkerboard.config()


def test_the_report_lists_the_settings_that_were_used_and_none_of_a_later_stage(board):
    noted = json.loads((board.report / "report.json").read_text(encoding="utf-8"))["config"]
    assert noted["export"] == {"dtype": "float16"}
    for section in ("clean", "split", "model", "train", "items", "evaluate"):
        assert noted[section] == checkerboard.config().as_dict()[section]


def test_settings_are_saved_beside_what_was_made_with_them(folders):
    once("prepare", folders, "evaluate.favourites=2")
    assert PREPARE.config_of(folders).evaluate.favourites == 2
    assert PREPARE.config_of(folders).model.dim == 8


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("train", "clean.liked_from=3"),
        ("train", "split.seed=5"),
        ("evaluate", "train.max_steps=5"),
        ("evaluate", "model.dim=4"),
        ("evaluate", "items.neighbours=50"),
        ("evaluate", "evaluate.favourites=1"),
        ("evaluate", "evaluate.seed=1"),
        ("evaluate", "evaluate.max_users=7"),
        ("export", "items.neighbours=50"),
        ("export", "export.dtype=float32"),
        ("export", "clean.liked_from=3"),
        ("export", "evaluate.favourites=1"),
    ],
)
def test_a_setting_of_an_earlier_stage_is_refused_and_the_stage_named(folders, name, setting):
    # If it were accepted it would change nothing, but the report would list it.
    with pytest.raises(ConfigError, match=setting.partition("=")[0]):
        once(name, folders, setting)


@pytest.mark.parametrize(
    ("name", "missing"), [("train", "prepare"), ("evaluate", "train"), ("export", "evaluate")]
)
def test_a_stage_without_the_previous_stages_result_names_it(tmp_path, name, missing):
    folders = Folders(SONGS, tmp_path, tmp_path / "artifacts")
    with pytest.raises(DataError, match=f"harperdb-recommender {missing} songs"):
        once(name, folders)


def test_a_missing_result_names_one_line_that_runs_every_missing_stage_in_order(folders):
    with pytest.raises(DataError, match=r"Run `harperdb-recommender export songs` first"):
        EXPORT.require(without(folders, "bundle"))
    every = " && ".join(f"harperdb-recommender {name} songs" for name in ALL)
    with pytest.raises(DataError, match=f"Run `{every}` first"):
        EXPORT.require(without(folders, "prepared", "model", "report"))


def without(folders: Folders, *names: str) -> Folders:
    for name in names:
        shutil.rmtree(folders.home / name)
    return folders


@pytest.mark.parametrize("name", ["evaluate", "export"])
def test_a_model_of_earlier_data_is_neither_measured_nor_shipped(folders, name):
    with (folders.raw / "train_triplets.txt").open("a") as file:
        file.write(f"U000\t{checkerboard.song_of(0)}\t9\n")
    once("prepare", folders)
    with pytest.raises(DataError, match=r"earlier run.*harperdb-recommender train songs"):
        once(name, folders)


@pytest.mark.parametrize("name", ALL)
def test_an_unknown_setting_is_refused_before_anything_is_written(folders, name):
    before = sorted(folders.artifacts.rglob("*"))
    with pytest.raises(ConfigError, match="no such field"):
        once(name, folders, "train.maximum=1")
    assert sorted(folders.artifacts.rglob("*")) == before


def test_a_stage_that_fails_half_way_keeps_the_earlier_result(folders, monkeypatch):
    before = {p: p.read_bytes() for p in folders.prepared.iterdir()}

    def full(data, folder):
        (folder / "items.parquet").write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(dataset, "save", full)
    with pytest.raises(OSError, match="No space"):
        once("prepare", folders, "split.seed=3")
    assert {p: p.read_bytes() for p in folders.prepared.iterdir()} == before
    assert sorted(p.name for p in folders.prepared.parent.iterdir()) == [
        "bundle",
        "data.json",
        "model",
        "prepared",
        "report",
        "test-measurements.json",
    ]


def test_a_result_that_lost_a_file_is_made_again(folders):
    (folders.prepared / "items.parquet").unlink()
    assert once("prepare", folders).fresh
    assert (folders.prepared / "items.parquet").is_file()


def test_prepare_reports_what_was_read_kept_and_dropped_and_why(folders):
    with (folders.raw / "train_triplets.txt").open("a") as file:
        file.write("corrupt\n")
    text = once("prepare", folders).text
    assert "interactions read" in text
    assert "1 interactions dropped: wrong number of fields" in text
    assert f"{checkerboard.ITEMS} songs" in text
    assert f"{checkerboard.USERS} listeners" in text


def test_train_evaluate_and_export_report_quality_and_size(folders):
    assert "validation NDCG@20" in once("train", folders).text
    assert "voters" in once("evaluate", folders).text
    assert "popularity" in once("evaluate", folders).text
    version = json.loads((folders.bundle / "manifest.json").read_text(encoding="utf-8"))["version"]
    assert version in once("export", folders).text


def test_every_stage_saves_the_settings_it_used(board):
    for stage in (PREPARE, TRAIN, EVALUATE):
        assert stage.config_of(board) == checkerboard.config()
