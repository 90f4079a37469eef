"""Packing the custom function."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from training.deploy import component
from training.deploy.component import pack
from training.domains import DOMAINS
from training.errors import ConfigError, ExportError

SONGS, BOOKS = DOMAINS["songs"], DOMAINS["books"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files = {
        "dist/config.yaml": "fastifyRoutes:\n  urlPath: __PROJECT__\n",
        "dist/schema.graphql": 'type Items @table(database: "__DATABASE__") { id: ID }\n',
        "dist/package.json": "{}",
        "dist/routes/recommend.js": "exports.x = '__PROJECT__'",
        "web/ui/index.html": "<p>é</p>",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def unpacked(payload: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(payload))) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar.getmembers()}  # type: ignore


def test_templates_and_settings_are_filled_in_for_the_domain(source: Path) -> None:
    files = unpacked(pack(BOOKS, source).payload())
    assert b"urlPath: book-recommender" in files["config.yaml"]
    assert b'database: "book_recommender"' in files["schema.graphql"]
    settings = json.loads(files["settings.json"])
    assert settings["project"] == "book-recommender"
    assert settings["database"] == "book_recommender"
    assert settings["collection"] == "books"
    assert files["web/ui/index.html"].decode() == "<p>é</p>"


def test_only_templates_are_filled_in(source: Path) -> None:
    assert b"__PROJECT__" in unpacked(pack(SONGS, source).payload())["routes/recommend.js"]


def test_the_same_files_give_the_same_bytes_and_code(source: Path) -> None:
    one, other = pack(SONGS, source), pack(SONGS, source)
    assert one.payload() == other.payload()
    assert one.code == other.code == json.loads(one.files["settings.json"])["code"]


@pytest.mark.parametrize(
    "name", ["dist/routes/recommend.js", "dist/schema.graphql", "web/ui/index.html"]
)
def test_the_code_changes_when_any_packed_file_does(source: Path, name: str) -> None:
    before = pack(SONGS, source).code
    (source / name).write_text("something else")
    assert pack(SONGS, source).code != before


def test_two_domains_have_different_code_though_one_source(source: Path) -> None:
    assert pack(SONGS, source).code != pack(BOOKS, source).code


@pytest.mark.parametrize(
    "name", ["dist/config.yaml", "dist/routes/recommend.js", "web/ui/index.html"]
)
def test_what_is_not_built_is_named_with_the_remedy(source: Path, name: str) -> None:
    (source / name).unlink()
    with pytest.raises(ConfigError, match="is not built; run `make build`"):
        pack(SONGS, source)


def test_a_payload_too_large_to_send_is_refused(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(component, "MAX_BYTES", 10)
    with pytest.raises(ExportError, match="more than 10"):
        pack(SONGS, source).payload()
