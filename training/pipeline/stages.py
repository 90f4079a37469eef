"""The four stages before ``deploy``: prepare, train, evaluate, export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from training.data import cleaning, dataset
from training.data.dataset import PARTS, Counts
from training.data.everyone import of_everyone
from training.data.features import features_of
from training.domains.domain import TIME, Domain
from training.domains.reading import sha256_of
from training.errors import ConfigError, DataError
from training.models import device, workers
from training.pipeline import pull, raw_data, settings, visitors, warm
from training.pipeline.folders import Folders, read_json, write_json
from training.pipeline.job import Job
from training.pipeline.stage import Done, Stage
from training.progress import Progress

__all__ = ["HELP_TRAIN", "STAGES", "Done", "Folders"]

QUERY_SETTINGS = ("evaluate.seed", "evaluate.favourites", "evaluate.max_users")
"""How a held-out user is queried. Training stops and chooses by validation users queried so."""


def raw_files(folders: Folders, progress: Progress) -> dict[str, Any]:
    """Returns the description of the raw folder, the SHA-256 of each of its files, and which
    events of visitors there are.
    """
    files = folders.domain.find_files(folders.raw)
    progress(0, 1, "reading")
    hashes = {name: sha256_of(path) for name, path in files.items()}
    described = _described(folders.domain, folders.raw) | {"files": hashes}
    if folders.domain.tables:
        described["changes"] = pull.changes(folders)
    return described | visitors.described(folders)


def _described(domain: Domain, raw: Path) -> dict[str, Any]:
    """Returns name and terms of the data: ``source.json`` of the raw folder, else the domain's."""
    own = raw / "source.json"
    described: dict[str, Any] = {
        "name": domain.data_name,
        "synthetic": False,
        "terms": domain.terms,
    }
    if own.is_file():
        stated = read_json(own)
        if not isinstance(stated, dict):
            expected = 'an object such as {"name": "…"}'
            raise DataError(own, expected=expected, found=repr(stated)[:80])
        described |= stated
    return described


def _prepare(job: Job, folder: Path) -> None:
    config = job.config
    folders = job.folders
    data, counts = cleaning.build(
        folders.domain, folders.raw, config.clean, config.split, visitors=visitors.read(folders)
    )
    dataset.save(data, folder)
    write_json(folder / "counts.json", counts.lines)
    write_json(folder / "source.json", job.inputs)


def _prepared(job: Job) -> str:
    counts = read_json(job.folders.prepared / "counts.json")
    return ", ".join(f"{count:,} {what}" for what, count in counts if count)


def _train(job: Job, folder: Path) -> None:
    device.use(job.config.train.device)
    from training.models import distribution, train

    folders, config, start = job.folders, job.config, job.start
    every = workers.named()
    if every and not every.is_chief:
        raise ConfigError(
            f"{workers.VARIABLE} makes this process {every.text(every.index)}: only worker 0 runs "
            f"other commands, here it is `{TRAIN.command(folders)}`"
        )
    data = dataset.load(folders.prepared)
    weights = warm.load(folders, start)
    with distribution.together(every, job.progress):
        train.train(folders.domain, data, config, folder, progress=job.progress, start=weights)
    warm.note(folders, config, start, folder)


def _trained(job: Job) -> str:
    history = read_json(job.folders.model / "history.json")
    parts = [
        f"{name} best after {part['best_step']:,} steps "
        f"(validation NDCG@20 {max(score for _, _, score in part['measurements']):.3f})"
        for name, part in history["towers"].items()
    ]
    parts += [f"{name} {seconds:.0f} s" for name, seconds in history["seconds"].items()]
    parts += filter(None, [warm.text(TRAIN.started_from(job.folders))])
    return ", ".join(parts)


def _help_train(job: Job, folder: Path) -> None:
    device.use(job.config.train.device)
    from training.models import distribution, helping

    data, weights = dataset.load(job.folders.prepared), warm.load(job.folders, job.start)
    with distribution.together(workers.named(), job.progress):
        helping.fit(job.folders.domain, data, job.config, progress=job.progress, start=weights)


def _helped(job: Job) -> str:
    every = workers.named()
    chief = f"; {every.text(0)} writes the model" if every else ""
    return f"the towers are fitted{chief}"


def _evaluate(job: Job, folder: Path) -> None:
    from training.evaluation import card

    report = _report(job)
    write_json(folder / "report.json", report)
    source = read_json(job.folders.prepared / "source.json")
    card.write(job.folders.domain, report, source, folder)


def _report(job: Job) -> dict[str, Any]:
    from training.evaluation import by_time, evaluate, measurements, new_items
    from training.evaluation.sampling import brief
    from training.models import strategies

    folders, config, progress = job.folders, job.config, job.progress
    domain, data = folders.domain, dataset.load(folders.prepared)
    lines = read_json(folders.prepared / "counts.json")
    counts = Counts([(what, count) for what, count in lines])
    served = strategies.served(folders.model, config)
    fit = read_json(folders.model / "history.json")
    fitted = fit["strategies"]
    report = evaluate.evaluate(domain, data, counts, served, fitted, config, progress=progress)
    report |= {"fit": fit, "config": settings.used(config, PREPARE.uses + TRAIN.uses + _MEASURED)}
    quick = brief(config, data).evaluate.quick
    if not quick and features_of(domain, data.items).describe:
        chosen = fitted["items"]["settings"]
        blends = chosen["blend"], chosen.get("new_blend")
        report["new_items"] = new_items.measure(domain, data, *blends, config, progress=progress)
    if TIME in data.interactions and quick:
        reason = "every method is fitted again (evaluate.quick)"
        report["left_out"].append({"what": "the split by time", "reason": reason})
    elif TIME in data.interactions:
        report["by_time"] = by_time.measure(domain, data, report, config, progress=progress)
    report["learned_from"] = {
        "measured": int((data.parts == PARTS.index("train")).sum()),
        "shipped": len(data.parts),
    }
    report["test_measurements"] = measurements.count_measurement(
        folders.prepared.parent, data.liked("test")
    )
    return report


def _evaluated(job: Job) -> str:
    report = read_json(job.folders.report / "report.json")
    scores = ", ".join(f"{row['method']} {row['ndcg@20']:.3f}" for row in report["rows"])
    text = f"default {report['default_strategy']}; test NDCG@20: {scores}"
    if report.get("by_time", {}).get("disagreements"):
        text += "; the split by time disagrees, see MODEL_CARD.md"
    return text


def _export(job: Job, folder: Path) -> None:
    job.progress(0, 1, "converting")
    from training.export import export
    from training.models import shipped, strategies

    folders, config = job.folders, job.config
    served = strategies.served(folders.model / shipped.FOLDER, config)
    export.export(
        folders.domain,
        of_everyone(dataset.load(folders.prepared)),
        strategies.shipped(served, config.export.strategies),
        folders.report,
        read_json(folders.prepared / "source.json"),
        config,
        folder,
    )


def _exported(job: Job) -> str:
    manifest = read_json(job.folders.bundle / "manifest.json")
    size = sum(
        file["bytes"]
        for name, file in manifest["files"].items()
        if name == "model.json" or name.endswith(".bin")
    )
    text = f"version {manifest['version']}, model {size / 1e6:.1f} MB"
    if manifest["left_out"]:
        limit = f"{job.config.export.max_megabytes:g} MB (export.max_megabytes)"
        text += f"; left out to stay within {limit}: {', '.join(manifest['left_out'])}"
    return text


PREPARE = Stage(
    "prepare",
    lambda folders: folders.prepared,
    code=lambda domain: (
        "training.data.cleaning",
        "training.data.dataset",
        "training.pipeline.visitors",
        domain.code,
    ),
    uses=("clean", "split"),
    inputs=raw_files,
    work=_prepare,
    summary=_prepared,
    accepted=raw_data.remember,
    large=True,
)
TRAIN = Stage(
    "train",
    lambda folders: folders.model,
    code=lambda _: warm.CODE,
    uses=("model", "train", "items", *QUERY_SETTINGS),
    work=_train,
    summary=_trained,
    before=PREPARE,
    choosing=warm.CHOOSING,
    start=warm.start_of,
    keeps=warm.keeps,
    large=True,
)
HELP_TRAIN = replace(TRAIN, work=_help_train, summary=_helped, writes=False)
"""What `train` is for a worker that is not the chief."""
# Weights are measured as they will be rounded, so that what ships is what was measured.
_MEASURED = ("evaluate", "export.dtype")
EVALUATE = Stage(
    "evaluate",
    lambda folders: folders.report,
    code=lambda _: (
        "training.evaluation.evaluate",
        "training.evaluation.measurements",
        "training.evaluation.new_items",
        "training.evaluation.by_time",
        "training.evaluation.card",
    ),
    uses=_MEASURED,
    work=_evaluate,
    summary=_evaluated,
    before=TRAIN,
)
EXPORT = Stage(
    "export",
    lambda folders: folders.bundle,
    code=lambda _: (
        "training.export.export",
        "training.models.strategies",
        "training.data.everyone",
    ),
    uses=("export", "explore"),
    work=_export,
    summary=_exported,
    before=EVALUATE,
    saves_settings=False,
)
STAGES = {stage.name: stage for stage in (PREPARE, TRAIN, EVALUATE, EXPORT)}
"""The stages before ``deploy``, by name and in order."""
