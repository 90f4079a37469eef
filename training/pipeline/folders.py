"""The folders of a domain's stages, and reading and writing JSON files in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.domains.domain import Domain
from training.domains.protocol import Protocol
from training.errors import DataError


@dataclass(frozen=True)
class Folders:
    """The folders of one domain.

    Attributes:
        domain: The domain.
        raw: Folder with the sources' files.
        artifacts: Parent of every domain's results.
    """

    domain: Domain
    raw: Path
    artifacts: Path

    @property
    def home(self) -> Path:
        """Everything that is made for the domain."""
        return self.artifacts / self.domain.name

    @property
    def tables(self) -> Path:
        """Rows that were pulled from HarperDB tables, a folder each."""
        return self.home / "tables"

    @property
    def prepared(self) -> Path:
        """Result of ``prepare``: cleaned, indexed and split data."""
        return self.home / "prepared"

    @property
    def model(self) -> Path:
        """Result of ``train``."""
        return self.home / "model"

    @property
    def report(self) -> Path:
        """Result of ``evaluate``."""
        return self.home / "report"

    @property
    def bundle(self) -> Path:
        """Result of ``export``; this is deployed."""
        return self.home / "bundle"

    @property
    def deployed(self) -> Path:
        """Bundles that were deployed, each in a folder named after its version."""
        return self.home / "deployed"

    @property
    def events(self) -> Path:
        """Collected events of visitors."""
        return self.home / "events"

    def benchmark(self, protocol: Protocol) -> Path:
        """Result of a published protocol."""
        return self.home / f"protocol-{protocol.name}"


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        DataError: the file is missing or corrupt.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(path, expected="a JSON file", found=str(error)) from error


def write_json(path: Path, value: Any) -> None:
    """Writes a JSON file; readers see the old content or the new, never a mixture."""
    fresh = path.with_name(f"{path.name}.tmp")
    fresh.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)
