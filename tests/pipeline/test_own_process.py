"""The work of a stage in a process of its own: its progress, its errors, and its end."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.harper_places import wait_for
from training.config import Config
from training.domains import DOMAINS
from training.errors import DataError, RecommenderError
from training.harper.local.node import PROJECT_ROOT
from training.pipeline.folders import Folders
from training.pipeline.job import Job
from training.pipeline.own_process import in_own_process

NOTE = "note"


def job_in(folder: Path, progress=lambda *_: None) -> Job:
    return Job(Folders(DOMAINS["songs"], folder, folder), Config(), {}, progress)


def write_pid(job: Job, folder: Path) -> None:
    job.progress(1, 2, "half")
    (folder / NOTE).write_text(str(os.getpid()))
    job.progress(2, 2, "all")


def find_nothing(job: Job, folder: Path) -> None:
    raise DataError(folder, line=7, expected="a table", found="nothing", remedy="Write one.")


def fill_the_disk(job: Job, folder: Path) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def divide_by_zero(job: Job, folder: Path) -> None:
    print(1 / 0)


def kill_itself(job: Job, folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def exit_early(job: Job, folder: Path) -> None:
    os._exit(3)


def wait_for_the_end(job: Job, folder: Path) -> None:
    (folder / f"{NOTE}.new").write_text(str(os.getpid()))
    (folder / f"{NOTE}.new").rename(folder / NOTE)
    time.sleep(600)


def test_the_work_is_done_elsewhere_and_its_progress_arrives(tmp_path):
    seen = []
    in_own_process(write_pid, job_in(tmp_path, lambda *some: seen.append(some)), tmp_path)
    assert seen == [(1, 2, "half"), (2, 2, "all")]
    pid = int((tmp_path / NOTE).read_text())
    assert pid != os.getpid()
    assert not psutil.pid_exists(pid)


def test_an_error_for_the_user_arrives_as_it_is(tmp_path):
    with pytest.raises(DataError) as raised:
        in_own_process(find_nothing, job_in(tmp_path), tmp_path)
    assert str(raised.value) == f"{tmp_path}, line 7: expected a table, found nothing. Write one."


def test_a_full_disk_arrives_with_its_number_and_path(tmp_path):
    with pytest.raises(OSError, match="No space left") as raised:
        in_own_process(fill_the_disk, job_in(tmp_path), tmp_path)
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(tmp_path))


def test_a_bug_arrives_with_its_traceback(tmp_path):
    with pytest.raises(RuntimeError, match="ZeroDivisionError: division by zero") as raised:
        in_own_process(divide_by_zero, job_in(tmp_path), tmp_path)
    assert "in divide_by_zero" in str(raised.value.__cause__)


@pytest.mark.parametrize(
    ("work", "reason"),
    [(kill_itself, "killed by signal 9, as the system does when memory"), (exit_early, "code 3")],
)
def test_a_process_that_ends_too_early_is_an_error_that_says_how(tmp_path, work, reason):
    with pytest.raises(RecommenderError, match=reason):
        in_own_process(work, job_in(tmp_path), tmp_path)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_with_the_one_that_waits_for_it(tmp_path, number):
    script = (
        "from pathlib import Path\n"
        "from tests.pipeline.test_own_process import *\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "in_own_process(wait_for_the_end, job_in(folder), folder)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=PROJECT_ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_for((tmp_path / NOTE).is_file, 60)
        pid = int((tmp_path / NOTE).read_text())
        # Ctrl-C reaches both.
        os.killpg(parent.pid, number) if number == signal.SIGINT else parent.send_signal(number)
        _, errors = parent.communicate(timeout=60)
    finally:
        parent.kill()
    wait_for(lambda: not psutil.pid_exists(pid), 60)
    assert errors.count("KeyboardInterrupt") == (number == signal.SIGINT)
