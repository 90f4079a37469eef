"""Which fits start from the previous model, and that the choice makes no result stale."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests import checkerboard
from training.data import dataset
from training.models import start as starts
from training.pipeline import deployed, warm
from training.pipeline.folders import read_json, write_json
from training.pipeline.stages import PREPARE, TRAIN

pytestmark = pytest.mark.slow

WARM = "train.warm_start=true"
CONFIG = checkerboard.config(WARM)


@pytest.fixture
def current(folders) -> str:
    """The version of the checkerboard's model, noted and kept as the current one."""
    version = read_json(folders.bundle / "manifest.json")["version"]
    deployed.keep(folders, version)
    return version


def once(stage, folders, *more):
    return stage(folders, [*checkerboard.SETTINGS, *more], progress=lambda *_: None)


def with_one_more_like(folders) -> None:
    """Changes the raw data by one like that nobody had, and prepares it."""
    liked = (folders.raw / "train_triplets.txt").read_text()
    song = next(s for s in map(checkerboard.song_of, range(24)) if f"U000\t{s}\t" not in liked)
    (folders.raw / "train_triplets.txt").write_text(f"{liked}U000\t{song}\t9\n")
    assert once(PREPARE, folders).fresh


def change_note(folders, version, **changes) -> None:
    path = folders.deployed / version / warm.NOTE
    write_json(path, read_json(path) | changes)


def test_without_the_setting_nothing_is_asked(folders, current):
    assert warm.start_of(folders, checkerboard.config()) == {}
    assert warm.text({}) == ""


def test_a_fit_starts_from_the_current_model_and_leaves_its_own_weights(folders, current):
    with_one_more_like(folders)
    before = starts.load(folders.model)
    done = once(TRAIN, folders, WARM)
    assert done.fresh
    assert f"warm from {current}" in done.text
    assert TRAIN.started_from(folders)["from"] == current
    steps = read_json(folders.model / "history.json")["towers"]["user towers"]["measurements"]
    assert steps[0][0] == 0
    note = read_json(folders.model / warm.NOTE)
    assert (note["fits"], note["likes"]) == (
        1,
        read_json(folders.deployed / current / warm.NOTE)["likes"],
    )
    after = starts.load(folders.model)
    assert (after.voters, after.blend) == (before.voters, before.blend)
    assert not np.array_equal(after.items.vectors, before.items.vectors)
    # What it would start from now is no reason to repeat it: a loop may be killed after a deploy.
    warm.note_current(folders, "00000000deadbeef")
    assert not once(TRAIN, folders, WARM).fresh
    # Without the setting a warm model does not count.
    assert once(TRAIN, folders).fresh
    assert TRAIN.started_from(folders) == {}
    assert read_json(folders.model / warm.NOTE)["fits"] == 0


def test_a_fresh_model_is_not_stale_because_a_warm_start_is_allowed(folders, current):
    stamp = (folders.model / "stage.json").stat().st_mtime_ns
    assert not once(TRAIN, folders, WARM).fresh
    assert not once(TRAIN, folders, "train.fresh_every=3").fresh
    assert (folders.model / "stage.json").stat().st_mtime_ns == stamp


def test_where_no_loop_ran_the_model_that_was_trained_last_is_the_previous_one(folders):
    found = warm.start_of(folders, CONFIG)
    assert found["from"] == json.loads((folders.model / "stage.json").read_text())["fingerprint"]


def why(folders, *more) -> str:
    """Returns why a fit would be fresh."""
    found = warm.start_of(folders, checkerboard.config(WARM, *more))
    assert list(found) == ["fresh"], found
    assert warm.text(found) == f"fresh fit: {found['fresh']}"
    return found["fresh"]


def test_without_an_earlier_model_a_fit_is_fresh(folders):
    shutil.rmtree(folders.model)
    assert why(folders) == "there is no earlier model"


def test_a_current_model_that_was_trained_elsewhere_is_no_start(folders, current):
    deployed.keep(folders, "00000000deadbeef")
    assert "00000000deadbeef was not trained here" in why(folders)
    deployed.keep(folders, current)  # as after a rollback
    assert warm.start_of(folders, CONFIG)["from"] == current


@pytest.mark.parametrize("name", warm.FILES)
def test_a_missing_or_corrupt_file_makes_a_fresh_fit_that_says_so(folders, current, name):
    path = folders.deployed / current / name
    os.truncate(path, path.stat().st_size // 2)
    assert name in why(folders)
    path.unlink()
    assert name in why(folders)


def test_a_note_without_what_the_rules_need_makes_a_fresh_fit(folders, current):
    write_json(folders.deployed / current / warm.NOTE, ["nothing"])
    assert warm.NOTE in why(folders)


def test_another_release_and_other_settings_make_a_fresh_fit(folders, current):
    assert "other settings: model.dim, items.epochs" in why(
        folders, "model.dim=4", "items.epochs=3"
    )
    change_note(folders, current, code="0123")
    assert "another release" in why(folders)


def test_one_fit_in_so_many_is_fresh(folders, current):
    change_note(folders, current, fits=8)
    assert warm.start_of(folders, CONFIG)["from"] == current
    change_note(folders, current, fits=9)
    assert "9 warm fits since the last fresh one" in why(folders)
    change_note(folders, current, fits=0)
    assert "fresh_every=1" in why(folders, "train.fresh_every=1")


def test_twice_the_likes_make_a_fresh_fit(folders, current):
    likes = checkerboard.data_of(folders).liked("train").nnz
    change_note(folders, current, likes=likes // 2 + 1)
    assert warm.start_of(folders, CONFIG)["from"] == current
    change_note(folders, current, likes=likes // 2)
    assert "2 times the likes" in why(folders)


def test_a_start_that_learned_from_those_who_are_held_out_now_is_refused(folders, current):
    data = checkerboard.data_of(folders)
    other = np.roll(data.parts, 1)
    dataset.save(replace(data, parts=other), folders.prepared)
    assert "of the people who are held out now" in why(folders)


def test_a_start_that_knows_few_of_the_items_is_refused(folders, current):
    data = checkerboard.data_of(folders)
    items = data.items.copy()
    items.loc[: len(items) // 2, "item_id"] = [f"SOX{i}" for i in range(len(items) // 2 + 1)]
    dataset.save(replace(data, items=items), folders.prepared)
    assert f"{current} knows 46% of the items" in why(folders)
