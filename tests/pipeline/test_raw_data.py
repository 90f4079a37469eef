"""Which raw files are prepared: demonstration data never replaces real data by default."""

import json

import pytest

from tests.domains.descriptions import describe
from training.domains import DOMAINS
from training.errors import ConfigError, DataError
from training.pipeline import raw_data
from training.pipeline.folders import Folders

SONGS = DOMAINS["songs"]


@pytest.fixture
def chosen(tmp_path):
    def choose(named=None):
        return raw_data.choose(
            SONGS, tmp_path / "artifacts", named=named, demonstration=tmp_path / "sample"
        )

    return choose


def remember(tmp_path, name: str) -> None:
    folders = Folders(SONGS, tmp_path / name, tmp_path / "artifacts")
    folders.home.mkdir(parents=True, exist_ok=True)
    raw_data.remember(folders)


def test_the_first_run_uses_the_demonstration_data(chosen, tmp_path):
    assert chosen().folder == tmp_path / "sample"
    assert "demonstration data" in chosen().origin


def test_the_folder_that_was_used_last_is_used_again(chosen, tmp_path):
    remember(tmp_path, "mine")
    assert chosen().folder == tmp_path / "mine"
    assert "as before" in chosen().origin
    assert "demonstration" not in chosen().origin


def test_a_named_folder_is_used_whatever_was_used_before(chosen, tmp_path):
    remember(tmp_path, "mine")
    assert chosen(tmp_path / "other") == raw_data.RawData(tmp_path / "other", "")


def test_the_demonstration_data_is_remembered_as_such(chosen, tmp_path):
    remember(tmp_path, "mine")
    remember(tmp_path, "sample")
    assert chosen().folder == tmp_path / "sample"
    assert "demonstration data" in chosen().origin


def test_a_relative_folder_is_remembered_wherever_the_next_command_runs(
    chosen, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folders = Folders(SONGS, type(tmp_path)("mine"), tmp_path / "artifacts")
    folders.home.mkdir(parents=True)
    raw_data.remember(folders)
    monkeypatch.chdir("/")
    assert chosen().folder == tmp_path / "mine"


def prepared(tmp_path, **source) -> None:
    folder = tmp_path / "artifacts" / "songs" / "prepared"
    folder.mkdir(parents=True)
    (folder / "source.json").write_text(json.dumps(source))


def test_real_data_from_an_unknown_folder_is_not_replaced(chosen, tmp_path):
    prepared(tmp_path, name="Taste Profile", synthetic=False)
    with pytest.raises(ConfigError, match=r"Taste Profile.*--data DIR"):
        chosen()
    assert chosen(tmp_path / "mine").folder == tmp_path / "mine"


def test_synthetic_data_from_an_unknown_folder_is_replaced(chosen, tmp_path):
    prepared(tmp_path, name="Demonstration", synthetic=True)
    assert chosen().folder == tmp_path / "sample"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"folder": 7}'])
def test_a_corrupt_note_is_named(chosen, tmp_path, text):
    folder = tmp_path / "artifacts" / "songs"
    folder.mkdir(parents=True)
    (folder / "data.json").write_text(text)
    with pytest.raises(DataError, match=r"data\.json"):
        chosen()


def test_a_description_is_read_where_it_is_unless_a_folder_is_named(tmp_path):
    text = '[interactions]\nfiles = "rows.csv"\nuser = "u"\nitem = "i"\n'
    things = describe(tmp_path / "datasets", text)

    def chosen(named=None):
        return raw_data.choose(
            things, tmp_path / "artifacts", named=named, demonstration=tmp_path / "sample"
        )

    assert chosen() == raw_data.RawData(things.folder, "as its domain.toml says")
    folders = Folders(things, tmp_path / "other", tmp_path / "artifacts")
    folders.home.mkdir(parents=True)
    raw_data.remember(folders)
    assert chosen().folder == tmp_path / "other"
    assert "as before" in chosen().origin
    assert chosen(tmp_path) == raw_data.RawData(tmp_path, "")
