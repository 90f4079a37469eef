"""The command ``recommend``: answers from the bundle, with favourites by id or by title."""

import json
from pathlib import Path

import pytest

from tests.cli.one_line import one_line
from training.pipeline.folders import read_json

pytestmark = pytest.mark.slow


def test_recommend_answers_from_the_bundle_with_titles(call, board, artifacts):
    ids = read_json(board.bundle / "item_ids.json")
    code, shown, errors = call(
        "recommend", "songs", *ids[:3], "--artifacts", artifacts, "--limit", 5
    )
    assert (code, errors) == (0, "")
    lines = shown.splitlines()
    assert all(line.startswith("favourite: Södra ") for line in lines[:3])
    assert lines[3].startswith("model ")
    rows = lines[4:]
    assert len(rows) == 5
    assert all("Södra" in row for row in rows)
    assert not {row.split()[1] for row in rows} & set(ids[:3])


@pytest.mark.parametrize("unknown", ["SOnobody", "[red]", "[/red]", "a\x1b[31mb"])
def test_recommend_names_unknown_favourites_as_they_were_typed(call, artifacts, unknown):
    code, shown, errors = call("recommend", "songs", unknown, "--artifacts", artifacts)
    assert code == 0
    assert "strategy popular" in shown
    assert errors == f"not found: {unknown}\n".replace("\x1b", "")


def test_recommend_refuses_too_many_favourites_and_an_unknown_strategy(call, artifacts):
    many = [f"S{i}" for i in range(11)]
    code, _, errors = call("recommend", "songs", *many, "--artifacts", artifacts)
    assert (code, one_line(errors)) == (1, True)
    words = ("recommend", "songs", "S1", "--strategy", "magic", "--artifacts", artifacts)
    code, _, errors = call(*words)
    assert (code, one_line(errors)) == (1, True)
    assert "voters" in errors


def test_a_favourite_is_found_by_its_title_and_named(call, board, artifacts):
    row = next(row for row in rows_of(board.bundle) if row["title"] == "Södra 7")
    code, shown, errors = call("recommend", "songs", "sodra 7", "--artifacts", artifacts)
    assert (code, errors) == (0, "")
    assert shown.splitlines()[0] == f"favourite: Södra 7 · {row['artist']} ({row['id']})"
    by_id = call("recommend", "songs", row["id"], "--artifacts", artifacts)
    assert by_id == (code, shown, errors)


def test_a_title_that_several_items_have_lists_them(call, artifacts):
    code, shown, errors = call("recommend", "songs", "södra", "--artifacts", artifacts)
    assert (code, shown) == (1, "")
    first, *listed, last = errors.splitlines()
    assert first.startswith("error: 24 matches for 'södra'")
    assert len(listed) == 10
    assert all("Södra" in line for line in listed)
    assert last == "  and 14 more"


@pytest.mark.parametrize("name", ["model.json", "manifest.json", "item_ids.json", "items.jsonl"])
def test_a_truncated_file_of_the_bundle_is_named_in_one_line(call, artifacts, name):
    path = artifacts / "songs" / "bundle" / name
    path.write_bytes(path.read_bytes()[:-20])
    code, shown, errors = call("recommend", "songs", "sodra 7", "--artifacts", artifacts)
    assert (code, shown) == (1, "")
    assert one_line(errors)
    assert str(path) in errors


def rows_of(bundle: Path) -> list[dict]:
    lines = (bundle / "items.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
