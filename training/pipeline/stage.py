"""What all stages share: settings, fingerprint, skipping unchanged stages, and the order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from training.config import Config
from training.domains.domain import Domain
from training.errors import ConfigError, DataError
from training.pipeline import settings
from training.pipeline.folders import Folders
from training.pipeline.job import Job, Work, in_this_process
from training.pipeline.own_process import in_own_process
from training.pipeline.result import is_current, stamp_of, writing
from training.pipeline.staleness import fingerprint
from training.progress import Progress


@dataclass(frozen=True)
class Done:
    """What a stage did, for people.

    Attributes:
        stage: Its name.
        text: One line.
        seconds: How long it took; 0 if nothing had changed.
        fresh: Whether it did anything.
    """

    stage: str
    text: str
    seconds: float
    fresh: bool


def _no_inputs(folders: Folders, progress: Progress) -> dict[str, Any]:
    return {}


def _no_start(folders: Folders, config: Config) -> dict[str, Any]:
    return {}


def _nothing(folders: Folders) -> None:
    pass


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline; call it to run it.

    Attributes:
        name: For the command line.
        folder: Where its result is written.
        code: Dotted names of the modules that do the work, which are part of the fingerprint.
        uses: Settings that it uses, by section or single name, besides those of the stages before.
        work: Writes the result into an empty folder.
        summary: Describes the result in one line.
        before: The stage that must have run before; None: it begins with raw files.
        inputs: Returns what else the result depends on, as JSON can express it.
        choosing: Those of `uses` by which the start is chosen; only the start affects the result.
        start: Returns what the work begins with, as JSON can express it: ``from`` and more, if it
            begins with an earlier result. A result is not stale because it would begin with
            another one today: what it began with is noted in its stamp.
        keeps: Whether a result that began with something may be kept with these settings.
        accepted: Called when the result is complete or unchanged, before it takes its place.
        saves_settings: Whether later stages continue with its settings.
        writes: Whether there is a result; without, nothing at all is written.
        large: Whether it needs so much memory that what it leaves behind would be missed later.
    """

    name: str
    folder: Callable[[Folders], Path]
    code: Callable[[Domain], tuple[str, ...]]
    uses: tuple[str, ...]
    work: Work = field(repr=False)
    summary: Callable[[Job], str] = field(repr=False)
    before: Stage | None = None
    inputs: Callable[[Folders, Progress], dict[str, Any]] = _no_inputs
    choosing: tuple[str, ...] = ()
    start: Callable[[Folders, Config], dict[str, Any]] = _no_start
    keeps: Callable[[Config, dict[str, Any]], bool] = lambda config, start: True
    accepted: Callable[[Folders], None] = _nothing
    saves_settings: bool = True
    writes: bool = True
    large: bool = False

    def __call__(
        self,
        folders: Folders,
        changes: Iterable[str],
        *,
        progress: Progress,
        apart: bool = False,
    ) -> Done:
        """Runs the stage if its result is missing or stale.

        Args:
            folders: Where to read and write.
            changes: Settings, each ``section.field=value``.
            progress: Called with the progress.
            apart: Whether the work of a stage that is `large` gets a process of its own.

        Raises:
            ConfigError: a setting is unknown, out of range, or used by an earlier stage.
            ClusterError: the cluster that `scale.scheduler` names cannot do the work.
            DataError: a source or the result of an earlier stage is missing, corrupt or stale.
        """
        config = self._settings(folders, changes)
        domain = folders.domain.with_tables(folders.tables)
        folders = replace(folders, domain=settings.domain_with(domain, config))
        before = self.before.fingerprint_of(folders) if self.before else ""
        inputs = self.inputs(folders, progress)
        job = Job(folders, config, inputs, progress)

        def mark(start: dict[str, Any]) -> str:
            inputs_of_start: dict[str, Any] = {"start": start} if "from" in start else {}
            return fingerprint(
                self.code(folders.domain),
                before=before,
                config=settings.used(config, self.uses, but=self.choosing),
                inputs=inputs,
                **inputs_of_start,
            )

        folder, noted = self.folder(folders), self.started_from(folders)
        if self.keeps(config, noted) and is_current(folder, mark(noted)):
            self._accept(job, folder)
            return Done(self.name, self.summary(job), 0.0, False)
        began = time.monotonic()
        start = self.start(folders, config)
        job = replace(job, start=start)
        if not self.writes:
            self.work(job, folder)
            return Done(self.name, self.summary(job), time.monotonic() - began, True)
        with writing(folder, mark(start), before=before, start=start) as fresh:
            perform = in_own_process if apart and self.large else in_this_process
            perform(self.work, job, fresh)
            self._accept(job, fresh)
        return Done(self.name, self.summary(job), time.monotonic() - began, True)

    def started_from(self, folders: Folders) -> dict[str, Any]:
        """Returns what `start` returned for the result there is; {} if there is none."""
        try:
            start = stamp_of(self.folder(folders)).get("start")
        except DataError:
            return {}
        return start if isinstance(start, dict) else {}

    def chain(self) -> Iterator[Stage]:
        """Yields the stages before this one in order, then this one."""
        if self.before:
            yield from self.before.chain()
        yield self

    def fingerprint_of(self, folders: Folders) -> str:
        """Returns the fingerprint of the result, which must be made from the stages' results now.

        Raises:
            DataError: a result is missing or corrupt, or was made from an earlier one.
        """
        last = ""
        for stage in self.chain():
            stamp = stage._stamp(folders, wanted=self)
            if stamp.get("before", last) != last:  # an older stamp does not say
                raise DataError(
                    stage.folder(folders),
                    expected=f"the {stage.name} result of the current {stage.before_name}",
                    found="that of an earlier run",
                    remedy=f"Run `{stage.command(folders)}` first.",
                )
            last = stamp["fingerprint"]
        return last

    @property
    def before_name(self) -> str:
        """Name of the stage before; "" for the first."""
        return self.before.name if self.before else ""

    def command(self, folders: Folders) -> str:
        """Returns the command that runs this stage."""
        return f"harperdb-recommender {self.name} {folders.domain.name}"

    def require(self, folders: Folders) -> None:
        """Makes sure that the result is there.

        Raises:
            DataError: it is missing or corrupt.
        """
        self._stamp(folders, wanted=self)

    def config_of(self, folders: Folders) -> Config:
        """Returns the settings that the finished stage used.

        Raises:
            DataError: the result is missing or corrupt.
        """
        self.require(folders)
        return settings.load(self.folder(folders))

    def _stamp(self, folders: Folders, wanted: Stage) -> dict[str, Any]:
        try:
            return stamp_of(self.folder(folders))
        except DataError as error:
            raise DataError(
                self.folder(folders),
                expected=f"the result of {self.name}",
                found=error.found,
                remedy=f"Run `{wanted._commands(folders)}` first.",
            ) from error

    def _commands(self, folders: Folders) -> str:
        """Returns the commands that make the result, including earlier stages, to be pasted."""
        missing = [s for s in self.chain() if not is_result(s.folder(folders))]
        return " && ".join(stage.command(folders) for stage in missing or [self])

    def _settings(self, folders: Folders, changes: Iterable[str]) -> Config:
        if self.before is None:
            return settings.initial(folders.domain).with_settings(changes)
        before = self.before.config_of(folders)
        after = before.with_settings(changes)
        for stage in self.before.chain():
            difference = settings.first_difference(before, after, stage.uses)
            if difference is not None:
                name, old, new = difference
                raise ConfigError(
                    f"--set {name}={new}: {stage.name} has used {old}. "
                    f"Run `{stage.command(folders)} --set {name}={new}` first"
                )
        return after

    def _accept(self, job: Job, folder: Path) -> None:
        if not self.writes:
            return
        if self.saves_settings:
            settings.save(job.config, folder)
        self.accepted(job.folders)


def is_result(folder: Path) -> bool:
    """Whether the folder holds the result of a stage."""
    try:
        stamp_of(folder)
    except DataError:
        return False
    return True
