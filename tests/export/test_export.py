"""The bundle: complete according to the contract, with the model's answers."""

import copy
import dataclasses
import hashlib
import itertools
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests import checkerboard
from training.data import dataset
from training.domains.domain import Link
from training.domains.reading import sha256_of
from training.domains.registry import datasets_folder
from training.errors import ConfigError, ExportError
from training.export.serving import BundleGraph, padded
from training.models import shipped
from training.models.strategies import served as served_by
from training.pipeline.folders import Folders
from training.pipeline.stages import STAGES

pytestmark = pytest.mark.slow


def read(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifest(board):
    return read(board.bundle / "manifest.json")


@pytest.fixture(scope="module")
def rows(board):
    with (board.bundle / "items.jsonl").open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def copied(board: Folders, target: Path) -> Folders:
    shutil.copytree(board.artifacts, target / "artifacts")
    return Folders(board.domain, board.raw, target / "artifacts")


def test_the_manifest_describes_the_bundle(manifest, board):
    assert manifest["format"] == 1
    assert (manifest["domain"], manifest["project"]) == ("songs", "song-recommender")
    assert manifest["fields"] == [
        {"name": "title", "label": "Title"},
        {"name": "artist", "label": "Artist"},
    ]
    assert manifest["creator"] == "artist"
    assert manifest["labels"]["items"] == "songs"
    sizes = manifest["sizes"]
    assert (sizes["items"], sizes["favourites"], sizes["dim"]) == (checkerboard.ITEMS, 10, 8)
    assert sizes["users"] == checkerboard.USERS
    assert sizes["results"] == checkerboard.ITEMS
    assert manifest["seed"] == 20
    assert manifest["data"]["synthetic"] is False
    names = ("train_triplets.txt", "unique_tracks.txt")
    description = {"domain.toml": sha256_of(datasets_folder() / "songs" / "domain.toml")}
    assert manifest["data"]["files"] == description | {
        name: sha256_of(board.raw / name) for name in names
    }


def test_the_manifest_says_which_items_are_explored_and_how_often(manifest, board):
    likers = checkerboard.everyone_of(board).items["popularity"].to_numpy()
    assert likers.sum() == checkerboard.data_of(board).interactions["liked"].sum()
    assert (np.diff(likers) <= 0).all()
    assert manifest["explore"] == {"share": 0.05, "from": int((likers >= 50).sum())}


def test_a_year_is_shown_and_not_searched(board, tmp_path):
    folders = copied(board, tmp_path)
    shown = (*board.domain.shown, ("released", "Released"))
    domain = dataclasses.replace(board.domain, shown=shown, year="released")
    (folders.bundle / "stage.json").unlink()
    checkerboard.run(dataclasses.replace(folders, domain=domain), "export")
    assert read(folders.bundle / "manifest.json")["fields"] == [
        {"name": "title", "label": "Title"},
        {"name": "artist", "label": "Artist"},
        {"name": "released", "label": "Released", "searched": False},
    ]


def test_a_link_to_each_item_is_in_the_manifest(manifest, board):
    link = board.domain.link
    assert manifest["link"] == {"label": link.label, "url": link.url}


def test_demonstration_data_links_to_an_address_that_needs_no_real_id(board, tmp_path):
    folders = copied(board, tmp_path)
    link = Link("Site", "https://site.example/{id}", "https://site.example/?q={title}")
    domain = dataclasses.replace(board.domain, link=link)
    described = folders.prepared / "source.json"
    described.write_text(json.dumps(read(described) | {"synthetic": True}))
    (folders.bundle / "stage.json").unlink()
    checkerboard.run(dataclasses.replace(folders, domain=domain), "export")
    assert read(folders.bundle / "manifest.json")["link"] == {
        "label": "Site",
        "url": "https://site.example/?q={title}",
    }


def test_the_second_best_strategy_is_what_pages_compare_with(manifest, board):
    rows = read(board.report / "report.json")["rows"]
    scores = {row["method"]: row["validation_ndcg@20"] for row in rows if row["kind"] == "ours"}
    names = [s["name"] for s in manifest["strategies"]]
    assert manifest["compare_with"] == sorted(names, key=lambda name: -scores[name])[1]


def test_every_file_is_listed_with_its_size_and_hash(manifest, board):
    found = {p.name for p in board.bundle.iterdir()} - {
        "manifest.json",
        "stage.json",
        "config.json",
    }
    assert found <= set(manifest["files"])
    assert {"model.json", "item_ids.json", "items.jsonl", "probes.json", "report.json"} <= found
    for name, entry in manifest["files"].items():
        path = board.bundle / name
        assert entry == {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    shards = [
        p for group in read(board.bundle / "model.json")["weightsManifest"] for p in group["paths"]
    ]
    assert set(shards) <= set(manifest["files"])


def test_the_version_is_the_hash_of_the_rest(manifest):
    rest = {k: v for k, v in copy.deepcopy(manifest).items() if k not in ("version", "created")}
    del rest["metrics"]["measured"], rest["metrics"]["measurements"]
    # The report holds times: with it, the same model would have another version each time.
    for name in ("report.json", "MODEL_CARD.md"):
        del rest["files"][name]
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    assert manifest["version"] == digest[:16]


def test_strategies_name_outputs_that_the_graph_has(manifest, board):
    outputs = set(read(board.bundle / "model.json")["signature"]["outputs"])
    for strategy in manifest["strategies"]:
        assert (
            {"items", "scores"}
            <= set(strategy["outputs"])
            <= {
                "items",
                "scores",
                "shares",
                "vectors",
            }
        )
        assert set(strategy["outputs"].values()) <= outputs
        assert strategy["title"]
        assert strategy["description"].endswith(".")
    assert manifest["default_strategy"] in [s["name"] for s in manifest["strategies"]]


def test_the_same_model_has_the_same_version_whenever_it_was_measured(board, manifest, tmp_path):
    folders = copied(board, tmp_path)
    path = folders.report / "report.json"
    report = read(path)
    report["test_users_measured_at"] = "2001-01-01T00:00:00Z"
    report["test_measurements"] = 7
    path.write_text(json.dumps(report), encoding="utf-8")
    (folders.bundle / "stage.json").unlink()
    checkerboard.run(folders, "export")
    again = read(folders.bundle / "manifest.json")
    assert again["files"]["report.json"] != manifest["files"]["report.json"]
    assert again["metrics"]["measured"] == "2001-01-01" != manifest["metrics"]["measured"]
    assert (again["metrics"]["measurements"], manifest["metrics"]["measurements"]) == (7, 1)
    assert again["version"] == manifest["version"]


def test_the_manifest_contains_the_bounds_of_requests(board, manifest, tmp_path):
    assert manifest["requests"] == {"limit": 100, "exclude": 1000}
    folders = copied(board, tmp_path)
    checkerboard.run(folders, "export", more=("export.max_limit=5", "export.max_exclude=3"))
    again = read(folders.bundle / "manifest.json")
    assert again["requests"] == {"limit": 5, "exclude": 3}
    assert again["sizes"]["results"] == again["sizes"]["favourites"] + 3 + 5


def test_the_day_of_the_measurement_is_in_the_manifest(board, manifest):
    measured_at = read(board.report / "report.json")["test_users_measured_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", manifest["metrics"]["measured"])
    assert measured_at.startswith(manifest["metrics"]["measured"])


def test_the_card_is_part_of_the_bundle_and_refers_to_no_missing_picture(board):
    card = (board.bundle / "MODEL_CARD.md").read_text(encoding="utf-8").splitlines()
    whole = (board.report / "MODEL_CARD.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in card if line] == [
        line for line in whole if line and not line.startswith("![")
    ]
    assert not list(board.bundle.glob("*.png"))
    assert ("", "") not in itertools.pairwise(card)


def test_a_bundle_whose_items_are_not_the_models_is_refused(board, monkeypatch, tmp_path):
    folders = copied(board, tmp_path)
    (folders.bundle / "stage.json").unlink()
    ask = BundleGraph.ask

    def exchanged(self, strategy, indices):
        answer = ask(self, strategy, indices)
        items = answer["items"].copy()
        items[:4] = items[[1, 0, 3, 2]]
        return {**answer, "items": items}

    monkeypatch.setattr(BundleGraph, "ask", exchanged)
    with pytest.raises(ExportError, match="the bundle's answers are not the model's"):
        checkerboard.run(folders, "export")


def test_metrics_are_listed_beside_the_baselines(manifest):
    metrics = manifest["metrics"]
    assert metrics["favourites"] == 3
    assert metrics["users"] > 0
    kinds = {row["method"]: row["kind"] for row in metrics["rows"]}
    assert kinds["voters"] == "ours"
    assert kinds["popularity"] == "baseline"
    for row in metrics["rows"]:
        assert 0 <= row["ndcg@20_low"] <= row["ndcg@20"] <= row["ndcg@20_high"] <= 1


def test_the_dictionary_and_the_catalogue_are_in_the_order_of_popularity(board, rows):
    ids = read(board.bundle / "item_ids.json")
    assert ids == [row["id"] for row in rows]
    assert ids == checkerboard.everyone_of(board).items["item_id"].tolist()
    assert len(set(ids)) == checkerboard.ITEMS
    popularity = [row["popularity"] for row in rows]
    assert popularity == sorted(popularity, reverse=True)


def test_catalogue_rows_hold_the_shown_fields_as_utf8(board, rows):
    assert all(row["title"].startswith("Södra ") and row["artist"] for row in rows)
    assert "Södra" in (board.bundle / "items.jsonl").read_bytes().decode("utf-8")


def test_editions_lead_to_their_works_and_without_any_there_is_no_such_file(board, tmp_path):
    assert not (board.bundle / "editions.json").exists()
    folders = copied(board, tmp_path)
    data = dataset.load(folders.prepared)
    for work, others in ((3, ["0000000019", "000000001X"]), (7, ["paperback"])):
        data.items.at[work, "editions"] = others
    dataset.save(data, folders.prepared)
    (folders.bundle / "stage.json").unlink()
    checkerboard.run(folders, "export")
    ids = read(folders.bundle / "item_ids.json")
    three, seven = (ids.index(data.items.at[work, "item_id"]) for work in (3, 7))
    works = {"0000000019": three, "000000001X": three, "paperback": seven}
    assert read(folders.bundle / "editions.json") == works
    assert "editions.json" in read(folders.bundle / "manifest.json")["files"]
    bundle = BundleGraph(folders.bundle)
    assert bundle.answer(list(works), 5) == bundle.answer(
        [bundle.item_ids[three], bundle.item_ids[seven]], 5
    )


def test_the_bundle_answers_as_the_model_it_was_made_of(board, manifest):
    bundle = BundleGraph(board.bundle)
    rng = np.random.default_rng(5)
    config = checkerboard.config()
    for one in served_by(board.model / shipped.FOLDER, config):
        for n in range(30):
            chosen = rng.permutation(checkerboard.ITEMS)[: n % 10 + 1].tolist()
            ours = one.answer(padded(chosen, 10), manifest["sizes"]["results"])
            theirs = bundle.ask(one.strategy.name, chosen)
            scores = ours["scores"].numpy()[0]
            assert theirs["scores"] == pytest.approx(scores, abs=1e-3)
            # Items at different places differ little in score.
            by_item = dict(zip(ours["items"].numpy()[0].tolist(), scores.tolist(), strict=True))
            for item, score in zip(theirs["items"].tolist(), theirs["scores"], strict=True):
                assert by_item.get(item, 0.0) == pytest.approx(score, abs=1e-3)


def test_probes_query_every_strategy_and_the_bundle_returns_their_answers(board, manifest):
    probes = read(board.bundle / "probes.json")["probes"]
    bundle = BundleGraph(board.bundle)
    assert {p["strategy"] for p in probes} == {s["name"] for s in manifest["strategies"]}
    assert {len(p["favourites"]) for p in probes} >= {1, 2, 3, 5, 8}
    for probe in probes:
        assert not set(probe["items"]) & set(probe["favourites"])
        assert len(probe["items"]) == len(probe["scores"]) <= 10
        answer = bundle.answer(probe["favourites"], 10, probe["strategy"]).recommendations
        assert [id_ for id_, _ in answer] == probe["items"]
        assert [score for _, score in answer] == pytest.approx(probe["scores"], abs=1e-5)


def test_float32_answers_the_same_and_is_larger(board, manifest, tmp_path):
    folders = copied(board, tmp_path)
    more = ("export.dtype=float32", "evaluate.quick=true")
    checkerboard.run(folders, "evaluate", "export", more=more)
    half, full = BundleGraph(board.bundle), BundleGraph(folders.bundle)

    def weight(of: dict) -> int:
        return sum(f["bytes"] for name, f in of["files"].items() if name.endswith(".bin"))

    assert weight(full.manifest) > weight(manifest)
    assert full.manifest["version"] != manifest["version"]
    # Of two users who are nearly as near, rounding may choose the other.
    smooth = {s["name"] for s in manifest["strategies"]} - {"nearest-user"}
    for strategy in smooth:
        for n in range(10):
            chosen = np.random.default_rng(n).permutation(checkerboard.ITEMS)[: n + 1].tolist()
            one, other = half.ask(strategy, chosen), full.ask(strategy, chosen)
            # float16 keeps three digits of the greatest; a small score is a difference of such.
            near = 0.02 * float(other["scores"].max())
            assert one["scores"] == pytest.approx(other["scores"], abs=near)


def test_weights_are_split_into_shards_of_the_requested_size(board, tmp_path):
    folders = copied(board, tmp_path)
    checkerboard.run(folders, "export", more=("export.shard_bytes=2048",))
    shards = sorted(folders.bundle.glob("*.bin"))
    assert len(shards) > 1
    assert all(p.stat().st_size <= 2048 for p in shards)
    ids = read(folders.bundle / "item_ids.json")
    one, other = BundleGraph(board.bundle), BundleGraph(folders.bundle)
    assert one.answer(ids[:3], 10) == other.answer(ids[:3], 10)


def test_no_more_results_are_kept_than_a_request_may_need(board, tmp_path):
    folders = copied(board, tmp_path)
    checkerboard.run(folders, "export", more=("export.max_exclude=2", "export.max_limit=3"))
    bundle = BundleGraph(folders.bundle)
    assert bundle.manifest["sizes"]["results"] == 10 + 2 + 3
    assert bundle.ask("voters", [1, 2])["items"].shape == (15,)


def test_a_bundle_may_contain_only_some_strategies_and_its_default_is_the_best_of_them(
    board, tmp_path
):
    folders = copied(board, tmp_path)
    checkerboard.run(folders, "export", more=("export.strategies=nearest-user, voters",))
    bundle = BundleGraph(folders.bundle)
    assert [s["name"] for s in bundle.manifest["strategies"]] == ["voters", "nearest-user"]
    rows = {row["method"]: row for row in read(folders.bundle / "report.json")["rows"]}
    shown = {name: rows[name]["validation_ndcg@20"] for name in ("voters", "nearest-user")}
    assert bundle.manifest["default_strategy"] == max(shown, key=shown.get)
    probed = {p["strategy"] for p in read(folders.bundle / "probes.json")["probes"]}
    assert probed == {"voters", "nearest-user"}


def test_a_small_limit_leaves_out_all_but_the_best_strategy_and_the_manifest_says_so(
    board, tmp_path
):
    folders = copied(board, tmp_path)
    small = [*checkerboard.SETTINGS, "export.max_megabytes=0.0001"]
    done = STAGES["export"](folders, small, progress=lambda *_: None)
    bundle = BundleGraph(folders.bundle)
    rows = {row["method"]: row for row in read(folders.bundle / "report.json")["rows"]}
    ours = [name for name, row in rows.items() if row["kind"] == "ours"]
    best_first = sorted(ours, key=lambda name: -rows[name]["validation_ndcg@20"])
    assert [s["name"] for s in bundle.manifest["strategies"]] == best_first[:1]
    assert bundle.manifest["default_strategy"] == best_first[0]
    assert bundle.manifest["left_out"] == best_first[1:]
    assert f"left out to stay within 0.0001 MB (export.max_megabytes): {best_first[1]}" in done.text
    # What was converted before the choice was removed.
    listed = {name for name in bundle.manifest["files"] if name.endswith(".bin")}
    shards = read(folders.bundle / "model.json")["weightsManifest"]
    assert listed == {path for group in shards for path in group["paths"]}


def test_by_default_nothing_is_left_out_of_a_small_model(manifest):
    assert manifest["left_out"] == []
    assert len(manifest["strategies"]) == 3


def test_strategies_that_are_named_ship_whatever_their_size(board, tmp_path):
    folders = copied(board, tmp_path)
    more = ("export.max_megabytes=0.0001", "export.strategies=voters,items")
    checkerboard.run(folders, "export", more=more)
    manifest = read(folders.bundle / "manifest.json")
    assert [s["name"] for s in manifest["strategies"]] == ["items", "voters"]
    assert manifest["left_out"] == []


def test_an_unknown_strategy_is_refused_with_the_known_ones(board, tmp_path):
    folders = copied(board, tmp_path)
    with pytest.raises(ConfigError, match=r"no 'voter'; there are items, voters, nearest-user"):
        checkerboard.run(folders, "export", more=("export.strategies=voter",))
    assert (folders.bundle / "manifest.json").is_file()
