"""Runs the work of a stage in a process of its own, whose end returns all of its memory.

Allocators keep much of what a stage has freed, and TensorFlow some of every model: on 48 million
plays, 6.6 GB were still held after `train`, on top of which `evaluate` needed its own.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from training.errors import RecommenderError
from training.pipeline.job import Job, Work, in_this_process

PROGRESS, FAILED, FINISHED = "progress", "failed", "finished"
"""What the process reports; each comes with its arguments."""


class WorkFailed(Exception):
    """The traceback of the process, as the cause of the error that is raised again here."""


def in_own_process(work: Work, job: Job, folder: Path) -> None:
    """Does the work of a stage in a process that ends with it, or with this process.

    Args:
        work: A function of a module.
        job: What it is called with; the progress arrives here.
        folder: Where it writes.

    Raises:
        RecommenderError: the work raised it, or the process was killed.
        OSError: the work raised it.
        RuntimeError: the work raised something else, which is a bug.
    """
    context = multiprocessing.get_context("spawn")  # threads of TensorFlow do not survive a fork
    reports, sender = context.Pipe(duplex=False)
    level = logging.getLogger().level
    silent = replace(job, progress=_no_progress)
    child = context.Process(
        target=_work, args=(sender, level, work, silent, folder), name="stage", daemon=True
    )
    with _without_interrupts():
        child.start()
    sender.close()  # so that the end of the process is the end of the pipe
    try:
        _follow(reports, job)
    except EOFError:
        child.join()
        raise RecommenderError(_how_it_ended(child.exitcode)) from None
    except BaseException:  # Ctrl-C, too
        child.terminate()
        raise
    finally:
        child.join()
        reports.close()


def _follow(reports: Connection, job: Job) -> None:
    """Passes on the progress until the work is finished.

    Raises:
        EOFError: the process has ended before.
        Exception: what the process has sent.
    """
    while True:
        kind, *values = reports.recv()
        if kind == PROGRESS:
            job.progress(*values)
        elif kind == FAILED:
            error, text = values
            raise error from WorkFailed(f"\n{text}")
        else:
            return


def _how_it_ended(code: int | None) -> str:
    again = "Run the command again: finished stages are kept"
    if code is None or code >= 0:
        return f"the process of the stage ended with exit code {code}. {again}"
    killed = f"the process of the stage was killed by signal {-code}"
    if -code == signal.SIGKILL:
        return f"{killed}, as the system does when memory runs out. Free some memory. {again}"
    return f"{killed}. {again}"


def _no_progress(done: int, total: int, text: str) -> None:
    pass


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Blocks SIGINT for this thread and for the process that it starts.

    Ctrl-C reaches every process of the terminal: this one ends the other.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(sender: Connection, level: int, work: Work, job: Job, folder: Path) -> None:
    """Does the work, in the process, and reports to the one that waits for it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    lock = threading.Lock()  # threads may report progress, too

    def send(*report: object) -> None:
        with lock:
            sender.send(report)

    def progress(done: int, total: int, text: str) -> None:
        send(PROGRESS, done, total, text)

    try:
        in_this_process(work, replace(job, progress=progress), folder)
    except (RecommenderError, OSError) as error:
        send(FAILED, error, traceback.format_exc())
    except Exception as error:  # its type may be one that cannot be sent
        send(FAILED, RuntimeError(f"{type(error).__name__}: {error}"), traceback.format_exc())
    else:
        send(FINISHED)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # nobody is left to tell
