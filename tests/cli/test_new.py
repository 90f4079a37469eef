"""`new` describes files that nobody described, and says what it found."""

import json
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.terminal import terminal
from tests.domains.descriptions import likes
from training.domains.description import read_description
from training.domains.domain import STRENGTH


@pytest.fixture
def new(call, tmp_path, monkeypatch):
    """Returns a function that runs `new` in a folder, and what it wrote, if anything."""
    monkeypatch.setenv("RECOMMENDER_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.chdir(tmp_path)

    def run(name, *words):
        code, _, errors = call("new", name, *words)
        path = tmp_path / "datasets" / name / "domain.toml"
        return code, errors, read_description(path) if path.exists() else None

    return run


def rows_of(domain):
    return domain.read_interactions(domain.folder, 0.0).rows


def test_films_are_described_by_two_files_alone(new, tmp_path):
    rows = "".join(f"{u},{i},{w / 2},9\n" for u, i, w in likes())
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + rows + "x,y,5,9\n")
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n" + "thing 1,One,Crime\n" * 3)
    code, errors, films = new(
        "films", "--interactions", "ratings.csv", "--items", "movies.csv", "--yes"
    )
    assert code == 0, errors
    assert "user: userId, item: movieId, strength: rating" in errors
    assert "liked: rating from 3.5" in errors
    assert "time: timestamp" not in errors  # 9 is no time
    assert "id: movieId, title: title, group: genres" in errors
    assert films.groups == ("genres",)
    assert (films.clean.liked_from, films.labels.item) == (3.5, "film")
    assert len(rows_of(films)) == len(list(likes())) + 1
    assert films.read_items(films.folder, 0.0).rows["title"].tolist() == ["One"]
    code, errors, _ = new("films", "--interactions", "ratings.csv", "--yes")
    assert code == 1
    assert "films exists already: edit" in errors


def test_json_parquet_and_a_file_without_a_header_are_described(new, tmp_path):
    triples = list(likes())
    lines = [json.dumps({"session": {"id": u}, "page": i}) for u, i, _ in triples]
    (tmp_path / "views.jsonl").write_text("\n".join(lines))
    code, errors, views = new("views", "--interactions", "views.jsonl", "--yes")
    assert code == 0, errors
    assert rows_of(views)[STRENGTH].tolist() == [1.0] * len(triples)

    pd.DataFrame(triples, columns=["customer", "sku", "qty"]).to_parquet(tmp_path / "orders")
    code, errors, orders = new("orders", "--interactions", "orders", "--strength", "qty", "--yes")
    assert code == 0, errors
    assert rows_of(orders)[STRENGTH].tolist() == [w for _, _, w in triples]

    (tmp_path / "ratings.dat").write_text("".join(f"{u}::{i}::{w}\n" for u, i, w in triples))
    code, errors, dat = new("dat", "--interactions", "ratings.dat", "--yes")
    assert code == 0, errors
    assert rows_of(dat)[STRENGTH].tolist() == [w for _, _, w in triples]


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "with header, UTF-8)"),
        ("utf-8-sig", "UTF-8 with a byte order mark)"),
        ("utf-16", "UTF-16-LE with a byte order mark)"),
        ("utf-16-be", "UTF-16-BE)"),
        ("cp1252", "Windows-1252 where it is not UTF-8)"),
    ],
)
def test_separator_header_encoding_columns_and_rows_are_shown(new, tmp_path, encoding, shown):
    rows = "user;item;note\nzoë;café;a\nu2;i2;b\nu3;i3;c\nu4;i4;d\n"
    (tmp_path / "rows.csv").write_bytes(rows.encode(encoding))
    code, errors, _ = new("things", "--interactions", "rows.csv", "--yes")
    assert code == 0, errors
    assert "csv, separator ';'" in errors
    assert shown in errors
    assert "user | item | note" in errors
    assert "zoë | café | a" in errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a b", "--interactions", "rows.csv"], "the name 'a b' must have"),
        (["songs", "--interactions", "rows.csv"], "songs exists already"),
        (["x", "--interactions", "none.csv"], "found none. Set --interactions"),
        (["x", "--interactions", "rows.csv", "--user", "who"], "the columns are user, item"),
        (["x", "--interactions", "rows.csv", "--project", "A B"], "project = 'A B'"),
        (["x", "--interactions", "one.csv"], "expected two or more columns, found 'user'"),
    ],
)
def test_what_cannot_be_described_is_explained_and_nothing_written(new, tmp_path, words, message):
    (tmp_path / "rows.csv").write_text("user,item\nu,i\nv,j\n")
    (tmp_path / "one.csv").write_text("user\nu\nv\n")
    code, errors, found = new(*words, "--yes")
    assert (code, found) == (1, None)
    assert message in errors
    assert errors.splitlines()[-1].startswith("error: ")


def test_a_script_must_say_yes_and_a_person_is_asked(new, tmp_path, monkeypatch):
    (tmp_path / "rows.csv").write_text("user,item\nu,i\nv,j\n")
    words = ("--interactions", "rows.csv")
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        code, errors, found = new("things", *words)
    assert (code, found) == (1, None)
    assert "add --yes" in errors
    for answer, written in ((b"n\n", False), (b"y\n", True)):
        with terminal(answer) as opened:
            monkeypatch.setattr(sys, "stdin", opened)
            code, errors, found = new("things", *words)
        assert "Write " in errors
        assert (code, found is not None) == (0 if written else 1, written)
