"""Opening a bundle for deploying."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fake_bundle import change_manifest, make_bundle
from training.bundle import open_bundle
from training.errors import DataError, ExportError


def test_a_complete_bundle_opens_and_its_weights_are_the_shards_in_order(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    bundle = open_bundle(folder, "songs")
    assert bundle.weights() == (folder / "group1-shard1of1.bin").read_bytes()
    assert len(list(bundle.catalogue())) == bundle.manifest["sizes"]["items"]
    assert len(bundle.version) == 16


def test_a_folder_without_a_bundle_names_the_stage_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="export songs"):
        open_bundle(tmp_path, "songs")


def test_another_domains_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="'books', not 'songs'"):
        open_bundle(make_bundle(tmp_path, domain="books"), "songs")


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    change_manifest(folder, format=2)
    with pytest.raises(ExportError, match="format 2, but this program pushes format 1"):
        open_bundle(folder, "songs")


def test_a_file_of_another_length_is_refused(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    path = folder / "group1-shard1of1.bin"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ExportError, match="has 476 bytes, not 480"):
        open_bundle(folder, "songs")


def test_a_file_with_another_content_is_refused(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    path = folder / "group1-shard1of1.bin"
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(ExportError, match="SHA-256 differs"):
        open_bundle(folder, "songs")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    (folder / "probes.json").unlink()
    with pytest.raises(ExportError, match=r"probes\.json is missing"):
        open_bundle(folder, "songs")


def test_a_corrupt_manifest_is_reported_in_one_line(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path)
    (folder / "manifest.json").write_text('{"format": 1')
    with pytest.raises(ExportError, match="is no manifest"):
        open_bundle(folder, "songs")


@pytest.mark.parametrize("line", ["{truncated", "[]", '{"title": "no id"}', '{"id": 7}'])
def test_a_bad_catalogue_line_is_reported_with_its_number(tmp_path: Path, line: str) -> None:
    folder = make_bundle(tmp_path)
    lines = (folder / "items.jsonl").read_text().splitlines()
    (folder / "items.jsonl").write_text("\n".join([*lines[:3], line]) + "\n")
    manifest = json.loads((folder / "manifest.json").read_text())
    change_manifest(folder, **{k: manifest[k] for k in ("seed",)})
    with pytest.raises(DataError, match="line 4"):
        list(open_bundle(folder, "songs").catalogue())
