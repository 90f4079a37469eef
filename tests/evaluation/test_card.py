"""The model card: the report's numbers for people, and what the data are."""

import json
import re

import pytest

from training.domains import DOMAINS
from training.evaluation import card

SONGS = DOMAINS["songs"]

pytestmark = pytest.mark.slow


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report(board):
    return read(board.report / "report.json")


@pytest.fixture(scope="module")
def source(board):
    return read(board.prepared / "source.json")


@pytest.fixture(scope="module")
def text(board):
    return (board.report / "MODEL_CARD.md").read_text(encoding="utf-8")


def rows_of(table: str) -> dict[str, list[str]]:
    """Returns the cells of each row of a Markdown table by its first cell."""
    lines = [line[1:-1].split("|") for line in table.splitlines() if line.startswith("|")]
    return {cells[0].strip(" *"): [cell.strip() for cell in cells[1:]] for cells in lines}


def part(text: str, heading: str) -> str:
    """Returns the text under a heading."""
    return re.split(r"\n#+ ", text.split(f"# {heading}", 1)[1])[0]


def test_the_table_lists_every_method_and_the_default_is_bold(report):
    table = card.table(report)
    found = rows_of(table)
    assert {row["method"] for row in report["rows"]} <= set(found)
    assert table.count("**") == 2
    assert re.search(rf"\| \*\*{report['default_strategy']}\*\* +\|", table)
    assert len({line.count("|") for line in table.splitlines()}) == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_card_says_how_often_the_test_users_were_measured(report, source, tmp_path, count):
    card.write(SONGS, {**report, "test_measurements": count}, source, tmp_path)
    text = " ".join((tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8").split())
    assert ("measured once, at" in text) == (count == 1)
    assert ("measured 3 times, last at" in text) == (count == 3)
    assert report["test_users_measured_at"] in text


def test_the_card_says_of_how_many_users_the_measured_ones_are_a_sample(report, source, tmp_path):
    whole = report["sampling"]["test"]["of"]
    for sample in (whole, whole - 1):
        sampling = {"test": {"users": sample, "of": whole}}
        card.write(SONGS, {**report, "sampling": sampling}, source, tmp_path)
        text = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
        assert ("random sample" in text) == (sample < whole)
        assert (f"of {whole:,} listeners" in text) == (sample < whole)


def test_the_card_lists_what_was_left_out_with_the_reason(report, source, text, tmp_path):
    assert "Not measured:" not in text
    left_out = [{"what": "EASE", "reason": "it takes minutes"}]
    card.write(SONGS, {**report, "left_out": left_out}, source, tmp_path)
    text = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "- EASE: it takes minutes\n" in part(text, "Quality")


def test_the_numbers_of_the_report_are_in_the_card(report, text):
    found = rows_of(part(text, "Quality"))
    for row in report["rows"]:
        cells = found[row["method"]]
        assert cells[0] == f"{row['ndcg@20']:.4f}"
        assert cells[5] == f"{row['coverage@20']:.4f}"
        if "ndcg@20_minus" in row:
            minus = row["ndcg@20_minus"]
            difference = (minus["mean"], minus["low"], minus["high"])
            assert cells[6] == "{:+.4f} ({:+.4f} … {:+.4f})".format(*difference)
        else:
            assert cells[6] == ""


def test_quality_by_number_of_favourites_is_in_the_card(report, text):
    found = rows_of(part(text, "By number of favourites"))
    for row in report["by_favourites"]:
        assert f"{row['ndcg@20']:.4f}" in found[row["method"]]


def test_quality_and_variety_by_diversity_are_in_the_card(report, text):
    found = rows_of(part(text, "Variety"))
    for row in report["variety"]:
        weight, quality = found[f"{row['diversity']:.4g}"][:2]
        assert (weight, quality) == (f"{row['weight']:.4g}", f"{row['ndcg@10']:.4g}")


def test_new_items_are_in_the_card(report, text):
    new_items = report["new_items"]
    recall = f"recall@{new_items['cut']}"
    found = rows_of(part(text, "New songs"))
    assert found["method"][0] == recall
    for name, row in new_items["methods"].items():
        assert found[name][0] == f"{row[recall]:.4f}"


def test_the_card_says_what_the_data_are_how_they_were_split_and_when_they_were_measured(
    report, source, text
):
    assert source["name"] in text
    assert source["terms"] in text
    for name, sha256 in source["files"].items():
        assert f"`{name}` SHA-256 `{sha256}`" in text
    assert f"seed\n{report['config']['split']['seed']}" in text
    assert f"learned from the other {report['learned_from']['measured']} listeners alone" in text
    assert f"on all {report['learned_from']['shipped']} listeners" in text
    assert report["learned_from"]["measured"] < report["learned_from"]["shipped"] == 240
    assert report["test_users_measured_at"] in text
    assert "not for" in text


@pytest.mark.parametrize("synthetic", [True, False])
def test_invented_data_are_said_to_be_invented_and_no_others(report, source, tmp_path, synthetic):
    card.write(SONGS, report, {**source, "synthetic": synthetic}, tmp_path)
    text = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert ("synthetic" in text) == synthetic


def test_the_fitting_times_and_als_are_reported_with_the_stages_in_which_they_were_measured(
    report, text
):
    section = part(text, "How it was fitted")
    als = next(row for row in report["rows"] if row["method"] == "ALS")
    total = sum(report["fit"]["seconds"].values())
    assert f"Together {total:.0f} s in the stage `train`" in section
    assert f"{als['fit_seconds']:.1f} s that ALS" in section
    assert "`evaluate`" in section
    assert "same run" not in section


def test_every_picture_that_the_card_shows_is_there(board, text):
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert len(pictures) == 4
    for name in pictures:
        assert (board.report / name).read_bytes().startswith(b"\x89PNG")


def test_what_was_not_measured_is_marked_as_such(report, source, tmp_path):
    hurried = {k: v for k, v in report.items() if k != "new_items"}
    hurried["rows"] = [row for row in report["rows"] if row["method"] != "ALS"]
    card.write(SONGS, hurried, source, tmp_path)
    text = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Not measured" in part(text, "New songs")
    assert "ALS" not in part(text, "How it was fitted")


def test_hidden_items_without_a_query_are_reported(report, source, tmp_path):
    nobody = {"users": 0, "hidden": 2, "cut": 0, "methods": {}}
    card.write(SONGS, {**report, "new_items": nobody}, source, tmp_path)
    text = (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "No test user likes one of the 2 hidden songs" in text
