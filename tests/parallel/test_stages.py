"""The stages on a cluster of three processes: their results are those of this machine."""

import json
import logging
from dataclasses import replace

import pytest

from tests import checkerboard
from training.domains import parts
from training.errors import ClusterError
from training.pipeline.folders import Folders
from training.pipeline.stages import STAGES

pytestmark = pytest.mark.slow
NAMES = ("prepare", "train", "evaluate")
TIMES = ("seconds", "fit_seconds", "test_users_measured_at", "test_measurements")


def without_times(value):
    """Returns a report without what depends on the clock."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in TIMES}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_results_of_all_stages_are_those_of_this_machine(
    board, cluster, everything_is_sent, tmp_path
):
    there = replace(board, artifacts=tmp_path)
    address = f"scale.scheduler={cluster.scheduler_address}"
    checkerboard.run(there, *NAMES, more=(address,))
    assert files(there.prepared) == files(board.prepared)
    for name in ("users.npz", "items.npz", "voters.json"):
        assert (there.model / name).read_bytes() == (board.model / name).read_bytes()
    one, other = (
        without_times(json.loads((folders.report / "report.json").read_text()))
        for folders in (board, there)
    )
    assert one == other


def test_where_work_runs_makes_nothing_stale_and_is_not_saved(board, tmp_path):
    folders = checkerboard.prepared(tmp_path)
    saved = json.loads((folders.prepared / "config.json").read_text())
    assert saved["scale"] == {"scheduler": ""}
    nowhere = [*checkerboard.SETTINGS, "scale.scheduler=tcp://127.0.0.1:9"]
    done = STAGES["prepare"](folders, nowhere, progress=lambda *_: None)
    assert not done.fresh
    assert json.loads((folders.prepared / "config.json").read_text()) == saved
    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:9"):
        STAGES["train"](folders, nowhere, progress=lambda *_: None)


def test_files_that_workers_do_not_see_are_read_here(cluster, tmp_path, monkeypatch, caplog):
    # Wherever it is asked, a file that only this process sees.
    monkeypatch.setattr("training.parallel.cluster.Cluster.same_everywhere", lambda *_: False)
    folders = Folders(checkerboard.SONGS, checkerboard.write(tmp_path / "raw"), tmp_path / "a")
    with caplog.at_level(logging.WARNING, parts.__name__):
        checkerboard.run(folders, "prepare", more=(f"scale.scheduler={cluster.scheduler_address}",))
    assert "is read on this machine" in caplog.text
    assert (folders.prepared / "config.json").is_file()
