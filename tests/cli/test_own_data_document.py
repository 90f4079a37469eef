"""docs/your-own-data.md: its commands work, and no key of a description is missing from it."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from tests.domains.descriptions import likes
from training.domains.description import read_description
from training.domains.description_files import FileDescription
from training.domains.description_reader import ReaderDescription

DOCUMENT = (Path(__file__).parents[2] / "docs" / "your-own-data.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line)[1:]
    for block in re.findall(r"^```sh\n(.*?)^```", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if line.startswith("harperdb-recommender new") and "--yes" in line
]
FILES = [words for words in COMMANDS if "harperdb:shop.orders" not in words]
"""The others need a HarperDB: see tests/e2e/test_own_tables.py."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files of the document's examples."""
    monkeypatch.setenv("RECOMMENDER_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.chdir(tmp_path)
    triples = list(likes())
    rows = "".join(f"{user},{item},{weight / 2},1147880044\n" for user, item, weight in triples)
    Path("ratings.csv").write_text("userId,movieId,rating,timestamp\n" + rows)
    Path("movies.csv").write_text("movieId,title,genres\nthing 1,Pulp Fiction (1994),Crime\n")
    lines = [
        json.dumps({"visit": {"id": u}, "page": i, "at": "2026-11-24T10:00:00Z"})
        for u, i, _ in triples
    ]
    Path("views").mkdir()
    for place in (0, 1):
        part = "\n".join(lines[place::2]).encode()
        Path(f"views/{place}.jsonl.gz").write_bytes(gzip.compress(part))
    orders = pd.DataFrame(triples, columns=["customer", "sku", "quantity"])
    orders.to_parquet("orders.parquet")
    Path("products.tsv").write_text("sku\tname\tbrand\nthing 1\tChair\tAcme\n")
    return tmp_path


def test_there_are_four_examples():
    names = ("films", "pages", "store", "shop")
    assert [words[:2] for words in COMMANDS] == [["new", name] for name in names]


@pytest.mark.parametrize("words", FILES, ids=lambda words: words[1])
def test_an_example_describes_files_that_can_be_read(folder, call, words):
    code, _, errors = call(*words)
    assert code == 0, errors
    domain = read_description(folder / "datasets" / words[1] / "domain.toml")
    table = domain.read_interactions(domain.folder, 0.0)
    assert len(table.rows) == len(list(likes()))
    assert ("time" in table.rows) == (words[1] in ("films", "pages"))
    items = domain.read_items(domain.folder, 0.0).rows
    shown = {"films": "Pulp Fiction (1994)", "store": "Chair"}.get(words[1])
    assert items["title"].tolist() == ([shown] if shown else [])
    assert domain.clean.liked_from == (3.5 if words[1] == "films" else 0)


@pytest.mark.parametrize("description", [FileDescription, ReaderDescription])
def test_every_key_is_explained(description):
    for name, field in description.model_fields.items():
        assert f"`{name}" in DOCUMENT
        for key in getattr(field.annotation, "model_fields", ()):
            if name != "events":
                assert re.search(rf"[`.]{key}`", DOCUMENT), f"{name}.{key}"
