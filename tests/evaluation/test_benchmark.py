"""A published protocol on the checkerboard: known answers, and the table that shows them."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from tests import checkerboard
from training.domains import DOMAINS
from training.domains.songs import MSD
from training.errors import DataError
from training.evaluation import benchmark
from training.evaluation.baselines import popularity
from training.pipeline.folders import Folders
from training.pipeline.protocol import protocol_stage
from training.pipeline.stage import Done

SONGS = DOMAINS["songs"]

pytestmark = pytest.mark.slow

SMALL = replace(MSD, min_likers=4, min_liked=6, held_out=40)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Folders:
    folder = tmp_path_factory.mktemp("protocol")
    return Folders(SONGS, checkerboard.write(folder / "raw"), folder / "artifacts")


def measured(folders: Folders) -> Done:
    settings = checkerboard.SETTINGS
    return protocol_stage(SMALL)(folders, settings, progress=lambda *_: None)


@pytest.fixture(scope="module")
def report(folders) -> dict:
    assert measured(folders).fresh
    return json.loads((folders.benchmark(SMALL) / "report.json").read_text())


def test_all_methods_but_popularity_learn_the_checkerboard(report):
    scores = {row["method"]: row["recall@20"] for row in report["rows"]}
    found = {row["method"]: row["ndcg@100"] for row in report["rows"]}
    assert list(scores) == [
        *("popularity", "item-kNN", "EASE", "MRF", "SANSA"),
        *("items", "items, 41 pairs an item"),
    ]
    assert all(found[name] > 1.2 * found["popularity"] for name in list(scores)[1:])
    for row in report["rows"]:
        for metric in benchmark.METRICS:
            assert 0 <= row[f"{metric}_low"] <= row[metric] <= row[f"{metric}_high"] <= 1


def test_ours_with_few_pairs_has_no_more_than_the_sparse_peers(report):
    found = {row["method"]: row["settings"] for row in report["rows"]}
    few = found[f"items, {benchmark.FEW} pairs an item"]["pairs"]
    assert few <= benchmark.FEW * report["items"]
    assert few <= found["items"]["pairs"]
    assert found["MRF"]["neighbours"] == found["SANSA"]["neighbours"] == benchmark.FEW


def test_the_report_says_if_the_data_differ_from_the_published_data(report):
    assert (report["users"], report["items"]) == (checkerboard.USERS, checkerboard.ITEMS)
    assert not report["whole"]
    assert report["test_users"] == SMALL.held_out
    assert "other data: not comparable" in benchmark.table(report)
    assert "the same data" in benchmark.table(report | {"whole": True})


def test_the_table_shows_every_row_and_each_published_one_with_its_source(report):
    table = re.sub(" +", " ", benchmark.table(report))
    for row in report["rows"] + report["published"]:
        assert f"| {row['method']} | " in table
    for row in MSD.published:
        assert row.source in table
    assert "| – | – | 0.3846 |" in table


def test_a_second_run_does_nothing_and_the_table_is_beside_the_report(folders, report):
    assert not measured(folders).fresh
    text = (folders.benchmark(SMALL) / "TABLE.md").read_text()
    assert text.strip() == benchmark.table(report)


def test_too_little_data_leaves_nothing_behind(folders):
    with pytest.raises(DataError, match="for the protocol msd"):
        protocol_stage(MSD)(folders, [], progress=lambda *_: None)
    assert not list(folders.artifacts.glob("**/*.tmp"))


def test_every_item_of_a_long_list_is_a_favourite_and_none_is_recommended():
    rng = np.random.default_rng(1)
    shown = sp.csr_matrix((rng.random((600, 300)) < 0.2).astype(np.float32))
    favourites = benchmark.padded(shown)
    assert [sorted(row[row >= 0]) for row in favourites] == [sorted(row.indices) for row in shown]
    counts: list[int] = []

    def scorer(favourites: np.ndarray) -> np.ndarray:
        counts.append(len(favourites))
        return popularity(benchmark.Training(shown, None, 1))(favourites)

    ranked = benchmark.ranking(scorer, shown)
    assert sum(counts) == 600
    assert max(counts) <= benchmark.CHUNK
    for row, liked in zip(ranked, shown, strict=True):
        assert not set(row) & set(liked.indices)
        assert len(set(row)) == benchmark.RESULTS
