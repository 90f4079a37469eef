"""Packs the custom function for one domain: built code, pages, config.yaml, schema and settings.

One source serves every domain. What differs is written into the copy that is packed: the project
and database in the two templates, and ``settings.json`` with a hash of everything packed, by which
a node's ``/health`` identifies the code that it runs.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from training.domains.domain import Domain
from training.errors import ConfigError, ExportError

SOURCE = Path(__file__).resolve().parents[2] / "custom_functions" / "recommender"
MAX_BYTES = 6 * 1024 * 1024
"""Most bytes of a packed component: it is sent to every node, base64 in a JSON body."""

_TEMPLATES = ("config.yaml", "schema.graphql")
_NEEDED = ("config.yaml", "schema.graphql", "package.json", "routes", "web/ui/index.html")


@dataclass(frozen=True)
class Component:
    """The custom function for one domain.

    Attributes:
        project: Its name on a node, and the URL prefix.
        code: 16 hex digits that change when any packed file does.
        files: Content by path inside the project.
        answer_hours: How long its signed answers are valid; None: it does not sign.
    """

    project: str
    code: str
    files: dict[str, bytes]
    answer_hours: float | None = None

    def payload(self) -> bytes:
        """Returns the files as a ``.tar.gz``; the same files give the same bytes.

        Raises:
            ExportError: more than `MAX_BYTES`.
        """
        packed = io.BytesIO()
        # mtime: the time of packing would make equal components differ.
        with (
            gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
            tarfile.open(fileobj=zipped, mode="w") as tar,
        ):
            for path, content in sorted(self.files.items()):
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(content), 0o644
                tar.addfile(entry, io.BytesIO(content))
        size = len(packed.getvalue())
        if size > MAX_BYTES:
            raise ExportError(f"{self.project}: {size:,} bytes packed, more than {MAX_BYTES:,}")
        return packed.getvalue()


def pack(domain: Domain, source: Path = SOURCE) -> Component:
    """Collects the built component and fills it in for a domain.

    Args:
        domain: What it serves.
        source: Folder with ``dist/`` (built code and templates) and ``web/`` (built pages).

    Raises:
        ConfigError: code or pages are not built.
    """
    files = _read_tree(source / "dist") | {
        f"web/{path}": content for path, content in _read_tree(source / "web").items()
    }
    for needed in _NEEDED:
        if not any(path == needed or path.startswith(f"{needed}/") for path in files):
            raise ConfigError(f"{source}: {needed} is not built; run `make build`")
    for name in _TEMPLATES:
        files[name] = _filled_in(files[name], domain)
    settings = {
        "project": domain.project,
        "database": domain.database,
        "collection": domain.name,
        "events": domain.events.for_nodes(),
    }
    code = _digest(files | {"settings.json": json.dumps(settings, sort_keys=True).encode()})
    files["settings.json"] = json.dumps(settings | {"code": code}, indent=2).encode()
    rules = domain.events
    answer_hours = rules.answer_hours if rules.enabled else None
    return Component(domain.project, code, files, answer_hours)


def _read_tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _filled_in(template: bytes, domain: Domain) -> bytes:
    text = template.decode("utf-8")
    text = text.replace("__PROJECT__", domain.project).replace("__DATABASE__", domain.database)
    return text.encode("utf-8")


def _digest(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for path, content in sorted(files.items()):
        whole.update(f"{path}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()[:16]
