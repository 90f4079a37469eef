"""A bundle on disk, opened for deploying: complete, of a known format and of the right domain. See
docs/bundle.md.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.errors import DataError, ExportError

FORMAT = 1
"""The format of bundles that we write and deploy; a node refuses one that it does not know."""

PROBE_ANSWERS = 10
"""Answers of a probe; one with fewer holds all that the strategy has."""
SCORE_TOLERANCE = 1e-3
"""Largest difference of scores that is allowed: weights are float16, and sums differ in order."""
TIE_TOLERANCE = 1e-5
"""Items tie if their expected scores differ by no more than this."""


@dataclass(frozen=True)
class Bundle:
    """What `open_bundle` found.

    Attributes:
        folder: Its folder.
        manifest: ``manifest.json``, decoded.
        manifest_text: ``manifest.json``, unchanged.
    """

    folder: Path
    manifest: dict[str, Any]
    manifest_text: str

    @property
    def version(self) -> str:
        """The model's version: 16 hex digits, a hash of everything in the bundle."""
        return str(self.manifest["version"])

    def read(self, name: str) -> bytes:
        """Returns a file's bytes."""
        return (self.folder / name).read_bytes()

    def weights(self) -> bytes:
        """Returns the shards, one after the other in the order that ``model.json`` names them."""
        groups = json.loads(self.read("model.json"))["weightsManifest"]
        return b"".join(self.read(path) for group in groups for path in group["paths"])

    def probes(self) -> list[dict[str, Any]]:
        """Returns the probes: requests with the answers that Python computed."""
        probes: list[dict[str, Any]] = json.loads(self.read("probes.json"))["probes"]
        return probes

    def catalogue(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields each row of the catalogue: its line unchanged, and the line decoded.

        Raises:
            DataError: a line is not a JSON object with an id.
        """
        path = self.folder / "items.jsonl"
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                yield line, _row(path, number, line)

    def catalogue_digest(self) -> str:
        """Returns a digest of the catalogue."""
        return str(self.manifest["files"]["items.jsonl"]["sha256"])


def _row(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(path, line=number, expected="a JSON object", found=line[:60]) from error
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise DataError(path, line=number, expected='an object with a text "id"', found=line[:60])
    return row


def open_bundle(folder: Path, domain: str) -> Bundle:
    """Opens a bundle and checks each file's size and SHA-256 against the manifest.

    Args:
        folder: The bundle.
        domain: The domain that it must belong to.

    Raises:
        ExportError: no bundle, another format, another domain, or files that are not what the
            manifest says.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise ExportError(f"{folder} holds no bundle: run `harperdb-recommender export {domain}`")
    text = path.read_text(encoding="utf-8")
    try:
        manifest = json.loads(text)
        form, of, files = manifest["format"], manifest["domain"], manifest["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path} is no manifest ({error}): export again") from error
    if form != FORMAT:
        raise ExportError(f"{path}: format {form!r}, but this program pushes format {FORMAT}")
    if of != domain:
        raise ExportError(f"{path} is of the domain {of!r}, not {domain!r}")
    for name, described in files.items():
        _check_file(folder / name, described["bytes"], described["sha256"])
    return Bundle(folder, manifest, text)


def _check_file(path: Path, size: int, sha256: str) -> None:
    if not path.is_file():
        raise ExportError(f"{path} is missing: export again")
    content = path.read_bytes()
    if len(content) != size:
        raise ExportError(f"{path} has {len(content)} bytes, not {size}: export again")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ExportError(f"{path} is not what was exported (SHA-256 differs): export again")


def probe_difference(
    items: list[str], scores: list[float], got: list[tuple[str, float]]
) -> str | None:
    """Returns how an answer to a probe differs from the expected one; None: it is the same.

    The rule is that of docs/bundle.md, and `tests/cases/probes.json` holds cases of it; the nodes
    follow it too.

    Args:
        items: Expected ids, best first.
        scores: Their scores.
        got: (id, score) of the answer.
    """
    if len(got) != len(items):
        return f"{len(got)} answers instead of {len(items)}"
    if len({key for key, _ in got}) < len(got):
        return "an item is answered twice"
    score_of = dict(zip(items, scores, strict=True))
    # A full list is truncated: an item beyond its end may tie with the last.
    of_others = scores[-1] if len(items) >= PROBE_ANSWERS else math.nan
    for place, (key, score) in enumerate(got):
        if not abs(score - scores[place]) <= SCORE_TOLERANCE:
            return f"score {score} instead of {scores[place]} in place {place + 1}"
        own = score_of.get(key, of_others)
        if key != items[place] and not abs(own - scores[place]) <= TIE_TOLERANCE:
            return f"item {key} instead of {items[place]} in place {place + 1}"
    return None
