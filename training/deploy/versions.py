"""The models in HarperDB: one record per version, and the pointer row that makes one current.

A record is written once and never changed. Swapping and rolling back is writing the pointer; see
docs/tables.md for the columns.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from training.bundle import Bundle
from training.errors import HarperRefused
from training.harper.client import HarperClient, Row

MODELS, POINTERS = "models", "current"
CURRENT, CANDIDATE, EXPERIMENT = "current", "candidate", "experiment"
KEPT = 5
"""Versions kept: enough for a few rollbacks, few enough for a disk."""
_HISTORY = 50
"""Versions in the history of the pointer row; each once, at its last time as the current one."""

_DESCRIBED = re.compile(r"\[blob: .*, (\d+) bytes\]")
_LISTED = ["version", "created", "pushed_by", "pushed_at", "forced", "gate", "manifest"]


@dataclass(frozen=True)
class Version:
    """One model in the database.

    Attributes:
        version: Its name.
        created: When it was exported.
        pushed_by: Who pushed it.
        pushed_at: When.
        forced: Whether the gate was overridden for it.
        current: Whether it answers now.
        made_current: When it last became current; None: never.
        made_current_by: Who did that; None: nobody.
        manifest: What it is.
    """

    version: str
    created: str
    pushed_by: str
    pushed_at: str
    forced: bool
    current: bool
    made_current: str | None
    made_current_by: str | None
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Models:
    """The models of one domain.

    Attributes:
        client: The node to connect to.
        database: The domain's database.
    """

    client: HarperClient
    database: str

    def pointer(self) -> Row | None:
        """Returns the pointer row; None before the first deploy."""
        rows = _or_none(lambda: self.client.rows(self.database, POINTERS, [CURRENT]))
        return rows[0] if rows else None

    def listed(self) -> list[Version]:
        """Returns all versions: the current one first, then by when they were last current, then
        by age.
        """
        rows = _or_none(lambda: self.client.every_row(self.database, MODELS, "version", _LISTED))
        pointer = self.pointer() or {}
        since = _last_current(pointer)
        versions = [_version(row, pointer.get("version"), since) for row in rows]
        # By their place in the history, not by its times: a clock may have been set back.
        place = {version: -i for i, version in enumerate(since)}
        return sorted(
            versions,
            key=lambda v: (place.get(v.version, -len(place)), v.pushed_at, v.version),
            reverse=True,
        )

    def manifest(self, version: str) -> dict[str, Any] | None:
        """Returns what a version is; None where there is no such version."""
        rows = self.client.rows(self.database, MODELS, [version], ["version", "manifest"])
        return _manifest(rows[0]) if rows else None

    def is_complete(self, bundle: Bundle) -> bool:
        """Returns whether the bundle's record is there with blobs of the right lengths.

        Their content is checked by the nodes, against the hashes in the manifest, before they
        answer from it.
        """
        rows = self.client.rows(self.database, MODELS, [bundle.version])
        if not rows or rows[0].get("manifest") != bundle.manifest_text:
            return False
        return all(_may_be(rows[0].get(name), blob) for name, blob in _blobs(bundle).items())

    def push(self, bundle: Bundle, by: str, *, forced: bool, gate: list[str]) -> None:
        """Writes the bundle's record and reads back that it is complete.

        Raises:
            HarperRefused: the stored record is not what was sent (a full disk, for example).
        """
        row: Row = {
            "version": bundle.version,
            "created": bundle.manifest.get("created", ""),
            "manifest": bundle.manifest_text,
            "pushed_by": by,
            "pushed_at": now(),
            "forced": forced,
            "gate": gate,
            "editions": None,
        }
        self.client.upsert(self.database, MODELS, [row | _blobs(bundle)])
        if not self.is_complete(bundle):
            raise HarperRefused(
                "upsert",
                f"model {bundle.version} is incomplete after it was written: the disk of "
                f"{self.client.config.url} is probably full. Free space under its ROOTPATH, then "
                "run it again",
            )

    def nominate(self, version: str, by: str) -> str:
        """Makes a version the candidate: nodes load and probe it without answering from it.

        Returns:
            The time that was written.
        """
        return self.write(pointer_row(CANDIDATE, by, version=version))

    def write(self, row: Row) -> str:
        """Writes a row of the table `current`, made by `pointer_row`; returns its time."""
        self.client.upsert(self.database, POINTERS, [row])
        return str(row["at"])

    def withdraw(self) -> None:
        """Removes the candidate, whatever its state."""
        self.client.delete(self.database, POINTERS, [CANDIDATE])

    def experiment(self) -> Row | None:
        """Returns the row of an experiment on live visitors; None: there is none."""
        rows = _or_none(lambda: self.client.rows(self.database, POINTERS, [EXPERIMENT]))
        return rows[0] if rows else None

    def propose(self, content: Row, by: str) -> str:
        """Writes the row of an experiment: nodes try its challenger, or answer from it.

        Args:
            content: What docs/experiments.md describes.
            by: Who does it, for people; public.

        Returns:
            The time that was written.
        """
        version = str(content["challenger"]["version"])
        return self.write(pointer_row(EXPERIMENT, by, version=version, experiment=content))

    def end_experiment(self) -> None:
        """Removes the row of an experiment, whatever its state."""
        self.client.delete(self.database, POINTERS, [EXPERIMENT])

    def make_current(
        self, version: str, by: str, *, forced: bool = False, defaults: Row | None = None
    ) -> str:
        """Writes the pointer; every node that sees it switches to the version.

        Args:
            version: The version.
            by: Who does it, for people; public.
            forced: Whether the gate was overridden.
            defaults: Strategy and settings that answer by default (docs/experiments.md); None: the
                model's own.

        Returns:
            The time that was written.

        Raises:
            HarperRefused: there is no such version.
        """
        if self.manifest(version) is None:
            raise HarperRefused("upsert", f"there is no model {version} to make current")
        old = self.pointer()
        history = list((old or {}).get("history") or [])
        if old is not None:
            before = {key: old.get(key) for key in ("version", "at", "by", "forced", "defaults")}
            history = [before, *(h for h in history if h.get("version") != before["version"])]
        values: Row = {"forced": forced, "history": history[:_HISTORY], "defaults": defaults}
        return self.write(pointer_row(CURRENT, by, version=version, **values))

    def prune(self) -> list[str]:
        """Removes versions beyond those that a rollback could need.

        Versions that never became current are removed (leftovers of interrupted deploys), and all
        but the `KEPT` that were current last. The current one always stays, and so does the
        challenger of an experiment.

        Returns:
            The versions that were removed.
        """
        listed = self.listed()
        kept = [v.version for v in listed if v.current or v.made_current][:KEPT]
        kept.append(str((self.experiment() or {}).get("version")))
        removed = [v.version for v in listed if v.version not in kept]
        self.client.delete(self.database, MODELS, removed)
        return removed


def pointer_row(id_: str, by: str, *, version: str | None = None, **values: Any) -> Row:
    """Returns a row of the table `current` with every attribute; those not named are null."""
    attributes = ("forced", "history", "defaults", "rounds", "experiment", "experiments")
    row: Row = {"id": id_, "version": version, "at": now(), "by": by}
    return row | dict.fromkeys(attributes) | values


def _or_none(ask: Callable[[], list[Row]]) -> list[Row]:
    """Returns no rows if there is no such database or table, because nothing was ever deployed."""
    try:
        return ask()
    except HarperRefused as error:
        if error.status != 404:
            raise
        return []


def now() -> str:
    """Returns the current time, UTC, as ISO 8601 with milliseconds."""
    moment = datetime.datetime.now(datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _blobs(bundle: Bundle) -> dict[str, bytes]:
    blobs = {
        "topology": bundle.read("model.json"),
        "weights": bundle.weights(),
        "item_ids": bundle.read("item_ids.json"),
        "probes": bundle.read("probes.json"),
        "report": bundle.read("report.json"),
    }
    if "editions.json" in bundle.manifest["files"]:
        blobs["editions"] = bundle.read("editions.json")
    return blobs


def _may_be(shown: Any, blob: bytes) -> bool:
    """Returns whether what HarperDB's JSON shows of a blob fits it.

    A large one is shown by its length, ``[blob: text/plain, 19000000 bytes]``; a small one is shown
    as text, which is no measure of bytes.
    """
    if not isinstance(shown, str):
        return False
    described = _DESCRIBED.fullmatch(shown)
    return described is None or int(described[1]) == len(blob)


def _last_current(pointer: Row) -> dict[str, Row]:
    """Returns when, and by whom, each version of the history was made current for the last time."""
    since: dict[str, Row] = {}
    for entry in [pointer, *(pointer.get("history") or [])]:
        if entry.get("version"):
            since.setdefault(entry["version"], entry)
    return since


def _version(row: Row, current: str | None, since: dict[str, Row]) -> Version:
    version = str(row["version"])
    entry = since.get(version)
    return Version(
        version,
        str(row.get("created") or ""),
        str(row.get("pushed_by") or ""),
        str(row.get("pushed_at") or ""),
        bool(row.get("forced")),
        version == current,
        str(entry.get("at") or "") if entry else None,
        str(entry.get("by") or "") if entry else None,
        _manifest(row),
    )


def _manifest(row: Row) -> dict[str, Any]:
    try:
        manifest = json.loads(row.get("manifest") or "")
    except ValueError:
        return {}  # not written by deploy: nodes refuse it, but it can be listed
    return manifest if isinstance(manifest, dict) else {}
