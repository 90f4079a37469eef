"""The line of stages: each reads one folder and writes another, and only when something changed."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from training import config as settings
from training import dataset, stage
from training.config import Config
from training.dataset import Counts
from training.domain import Domain
from training.errors import ConfigError, DataError
from training.protocol import Protocol
from training.reading import find_all, sha256_of
from training.stage import Progress

TRAINED_BY = (
    *("train", "fitting", "model", "item_tower", "item_table", "item_strategy", "pairs"),
    *("pair_network", "features", "examples", "metrics", "baselines", "text", "dataset"),
    *("cooccurrence", "tensorflow_import"),
)
"""Modules that decide what a model is and answers; a change of one of them trains anew."""

WATCHED = ("evaluate.seed", "evaluate.favourites", "evaluate.max_users")
"""What a held-out user is asked. Training stops and chooses by validation users asked the same."""
USES = {
    "prepare": ("clean", "split"),
    "train": ("model", "train", "items", *WATCHED),
    # Weights are measured as they will be rounded, so that what ships is what was measured.
    "evaluate": ("evaluate", "export.dtype"),
    "export": ("export",),
    "benchmark": ("clean", "model", "train", "items", *WATCHED),
}
"""Settings that a stage uses beside those of its forerunners: sections, or single fields.

A change redoes the first stage that uses it and those after it; to a later one it comes too late.
"""


@dataclass(frozen=True)
class Folders:
    """Where a domain's stages write.

    Attributes:
        domain: What it is about.
        raw: The sources' files.
        artifacts: Parent of all that is made.
    """

    domain: Domain
    raw: Path
    artifacts: Path

    @property
    def prepared(self) -> Path:
        """Cleaned, indexed, split data."""
        return self.artifacts / self.domain.name / "prepared"

    @property
    def model(self) -> Path:
        """What training learned."""
        return self.artifacts / self.domain.name / "model"

    @property
    def report(self) -> Path:
        """What evaluation found."""
        return self.artifacts / self.domain.name / "report"

    @property
    def bundle(self) -> Path:
        """What is deployed."""
        return self.artifacts / self.domain.name / "bundle"

    def benchmark(self, protocol: Protocol) -> Path:
        """What a published protocol found."""
        return self.artifacts / self.domain.name / f"protocol-{protocol.name}"


@dataclass(frozen=True)
class Done:
    """What a stage did, for people.

    Attributes:
        stage: Its name.
        text: One line.
        seconds: How long it took; 0 where nothing had changed.
        fresh: Whether it did anything.
    """

    stage: str
    text: str
    seconds: float
    fresh: bool


def prepare(folders: Folders, changes: Iterable[str], *, progress: Progress) -> Done:
    """Raw files → cleaned, indexed and split.

    Raises:
        DataError: a source is missing or torn, or too little is left.
        ConfigError: a setting is unknown or does not fit.
    """
    domain = folders.domain
    config, hashes = _given(folders, changes, progress)
    source = _source(domain, folders.raw) | {"files": hashes}
    mark = stage.fingerprint(
        ("config", "domain", domain.name, "reading", "dataset", "text"),
        config=_used(config, "prepare"),
        source=source,
    )

    def work(folder: Path) -> None:
        data, counts = dataset.build(domain, folders.raw, config.clean, config.split)
        dataset.save(data, folder)
        _write(folder / "counts.json", counts.lines)
        _write(folder / "source.json", source)

    told = partial(_told, folders.prepared)
    return _run("prepare", folders.prepared, mark, work, told, config)


def _given(
    folders: Folders, changes: Iterable[str], progress: Progress
) -> tuple[Config, dict[str, str]]:
    """Returns the settings of what begins with raw files, and each file's SHA-256 by name."""
    config = replace(Config(), clean=folders.domain.clean).with_settings(changes)
    files = find_all(folders.raw, folders.domain.sources)
    progress(0, 1, "reading")
    return config, {path.name: sha256_of(path) for path in files.values()}


def _source(domain: Domain, raw: Path) -> dict[str, Any]:
    """Returns what the raw folder says of itself in ``source.json``, else what the domain says."""
    own = raw / "source.json"
    described: dict[str, Any] = {
        "name": domain.data_name,
        "synthetic": False,
        "terms": domain.terms,
    }
    if own.is_file():
        told = read_json(own)
        if not isinstance(told, dict):
            raise DataError(own, expected='an object such as {"name": "…"}', found=repr(told)[:80])
        described |= told
    return described


def _told(folder: Path) -> str:
    counts = read_json(folder / "counts.json")
    return ", ".join(f"{count:,} {what}" for what, count in counts if count)


def train(folders: Folders, changes: Iterable[str], *, progress: Progress) -> Done:
    """Prepared data → towers and what was chosen on validation users.

    Raises:
        DataError: there is no prepared data.
        ConfigError: a setting is unknown or does not fit.
    """
    config = _changed(config_of(folders.prepared, "prepare"), changes, "train")
    before = _before(folders, "train")
    mark = stage.fingerprint(
        TRAINED_BY,
        before=before,
        config=_used(config, "train"),
    )

    def work(folder: Path) -> None:
        from training import train as trainer

        data = dataset.load(folders.prepared)
        trainer.train(folders.domain, data, config, folder, progress=progress)

    def told() -> str:
        history = read_json(folders.model / "history.json")
        parts = [
            f"{name} best after {part['best_step']:,} steps "
            f"(validation NDCG@20 {max(score for _, _, score in part['looks']):.3f})"
            for name, part in history["towers"].items()
        ]
        seconds = ", ".join(f"{name} {s:.0f} s" for name, s in history["seconds"].items())
        parts.append(seconds)
        return ", ".join(parts)

    return _run("train", folders.model, mark, work, told, config, before)


def evaluate(folders: Folders, changes: Iterable[str], *, progress: Progress) -> Done:
    """Model → report.

    Raises:
        DataError: there is no prepared data or no model.
        ConfigError: a setting is unknown or does not fit.
    """
    config = _changed(config_of(folders.model, "train"), changes, "evaluate")
    before = _before(folders, "evaluate")
    mark = stage.fingerprint(
        (
            *("evaluate", "new_items", "variety", "variety_scale"),
            *("statistics", "card", "serving", *TRAINED_BY),
        ),
        before=before,
        config=_used(config, "evaluate"),
    )

    def work(folder: Path) -> None:
        from training import card

        report = _report(folders, config, progress)
        _write(folder / "report.json", report)
        card.write(folders.domain, report, read_json(folders.prepared / "source.json"), folder)

    def told() -> str:
        report = read_json(folders.report / "report.json")
        scores = {row["method"]: row["ndcg@20"] for row in report["rows"]}
        others = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
        return f"default {report['default_strategy']}; test NDCG@20: {others}"

    return _run("evaluate", folders.report, mark, work, told, config, before)


def _report(folders: Folders, config: Config, progress: Progress) -> dict[str, Any]:
    from training import evaluate as judge
    from training import new_items, serving

    domain, data = folders.domain, dataset.load(folders.prepared)
    counts = Counts([(what, count) for what, count in read_json(folders.prepared / "counts.json")])
    strategies = serving.served(folders.model, config)
    fit = read_json(folders.model / "history.json")
    fitted = fit["strategies"]
    report = judge.evaluate(domain, data, counts, strategies, fitted, config, progress=progress)
    report |= {"fit": fit, "config": _used(config, "prepare", "train", "evaluate")}
    if not config.evaluate.quick:
        blend = fitted["items"]["settings"]["blend"]
        report["new_items"] = new_items.measure(domain, data, blend, config, progress=progress)
    return report


def export(folders: Folders, changes: Iterable[str], *, progress: Progress) -> Done:
    """Model and report → bundle.

    Raises:
        DataError: an earlier stage is missing.
        ExportError: the bundle answers otherwise than the model.
        ConfigError: a setting is unknown or does not fit.
    """
    config = _changed(config_of(folders.report, "evaluate"), changes, "export")
    before = _before(folders, "export")
    mark = stage.fingerprint(
        ("export", "conversion", "bundle", "serving", *TRAINED_BY),
        before=before,
        config=_used(config, "export"),
    )

    def work(folder: Path) -> None:
        progress(0, 1, "converting")
        from training import export as exporter
        from training import serving

        exporter.export(
            folders.domain,
            dataset.load(folders.prepared),
            serving.shipped(serving.served(folders.model, config), config.export.strategies),
            folders.report,
            read_json(folders.prepared / "source.json"),
            config,
            folder,
        )

    told = partial(_exported, folders.bundle, config)
    return _run("export", folders.bundle, mark, work, told, before=before)


def _exported(bundle: Path, config: Config) -> str:
    manifest = read_json(bundle / "manifest.json")
    size = sum(
        file["bytes"]
        for name, file in manifest["files"].items()
        if name == "model.json" or name.endswith(".bin")
    )
    text = f"version {manifest['version']}, model {size / 1e6:.1f} MB"
    if manifest["left_out"]:
        bound = f"{config.export.max_megabytes:g} MB (export.max_megabytes)"
        text += f"; left out to stay within {bound}: {', '.join(manifest['left_out'])}"
    return text


def benchmark(
    folders: Folders, protocol: Protocol, changes: Iterable[str], *, progress: Progress
) -> Done:
    """Raw files → the report of a published protocol, apart from the line of stages.

    Raises:
        DataError: a source is missing or torn, or there are too few users for the protocol.
        ConfigError: a setting is unknown or does not fit.
    """
    domain = folders.domain
    config, hashes = _given(folders, changes, progress)
    mark = stage.fingerprint(
        ("benchmark", "fold_in", "protocol", "statistics", domain.name, "reading", *TRAINED_BY),
        config=_used(config, "benchmark"),
        files=hashes,
        protocol=asdict(protocol),
    )

    def work(folder: Path) -> None:
        from training import benchmark as bench

        report = bench.run(domain, folders.raw, protocol, config, progress=progress)
        _write(folder / "report.json", report)
        (folder / "TABLE.md").write_text(bench.table(report) + "\n", encoding="utf-8")

    folder = folders.benchmark(protocol)
    return _run(f"compare {protocol.name}", folder, mark, work, lambda: f"written to {folder}")


STAGES = {"prepare": prepare, "train": train, "evaluate": evaluate, "export": export}
"""The stages before `deploy`, in order."""


def _changed(before: Config, changes: Iterable[str], name: str) -> Config:
    """Returns a stage's settings: those of the stage before it, and its own changes.

    Raises:
        ConfigError: a change is unknown, does not fit or comes too late.
    """
    after = before.with_settings(changes)
    for owner in itertools.takewhile(lambda one: one != name, STAGES):
        old = _used(before, owner)
        for section, part in _used(after, owner).items():
            for key, value in part.items():
                if value != old[section][key]:
                    raise _too_late(f"{section}.{key}={value}", owner, old[section][key])
    return after


def _too_late(change: str, owner: str, used: Any) -> ConfigError:
    return ConfigError(
        f"--set {change}: {owner} has used {used}. "
        f"Run `python -m training {owner} <domain> --set {change}` first"
    )


def _used(config: Config, *stages: str) -> dict[str, dict[str, Any]]:
    """Returns the settings that stages use, by section."""
    uses = {name for one in stages for name in USES[one]}
    found = {
        section: {k: v for k, v in part.items() if uses & {section, f"{section}.{k}"}}
        for section, part in config.as_dict().items()
    }
    return {section: part for section, part in found.items() if part}


def _run(
    name: str,
    folder: Path,
    mark: str,
    work: Callable[[Path], None],
    told: Callable[[], str],
    config: Config | None = None,
    before: str = "",
) -> Done:
    """Does a stage's work if need be, and notes the settings that the next one goes on with."""
    if stage.is_current(folder, mark):
        _note(folder, config)
        return Done(name, told(), 0.0, False)
    began = time.monotonic()
    with stage.writing(folder, mark, before=before) as fresh:
        work(fresh)
        _note(fresh, config)
    return Done(name, told(), time.monotonic() - began, True)


def _before(folders: Folders, name: str) -> str:
    """Returns the mark of the stage before, which must rest on what its own forerunners are now.

    Raises:
        DataError: a forerunner is missing, or one before it was made anew since.
    """
    made = {"prepare": folders.prepared, "train": folders.model, "evaluate": folders.report}
    last = ""
    for one, folder in itertools.takewhile(lambda made: made[0] != name, made.items()):
        stamp = stage.stamp_of(folder, one)
        if stamp.get("before", last) != last:  # an older stamp does not say
            raise DataError(
                folder,
                expected=f"the result of {one!r} for what it is given now",
                found="that of an earlier run",
                remedy=f"Run `python -m training {one} {folders.domain.name}` first.",
            )
        last = stamp["fingerprint"]
    return last


def _note(folder: Path, config: Config | None) -> None:
    """Writes the settings down: an unchanged stage may stand before one that is to change."""
    path = folder / "config.json"
    if config is None or (path.is_file() and read_json(path) == config.as_dict()):
        return
    fresh = path.with_name("config.json.tmp")
    _write(fresh, config.as_dict())
    fresh.replace(path)


def config_of(folder: Path, made_by: str) -> Config:
    """Returns the settings that a finished stage used; the next stage goes on with them.

    Raises:
        DataError: the stage has not been run.
    """
    stage.mark_of(folder, made_by)
    return settings.from_dict(read_json(folder / "config.json"))


def read_json(path: Path) -> Any:
    """Returns what a JSON file says.

    Raises:
        DataError: the file is missing or torn.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(path, expected="a JSON file", found=str(error)) from error


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")
