"""A Dask cluster of worker processes on this machine, and what tests let it compute."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from distributed import Client, LocalCluster


@contextlib.contextmanager
def workers(count: int, folder: Path) -> Iterator[LocalCluster]:
    """Starts a scheduler and worker processes on loopback, and ends all of them."""
    with LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        local_directory=str(folder),
        silence_logs=50,
    ) as cluster:
        yield cluster


def processes_of(cluster: LocalCluster) -> list[int]:
    """Returns the process ids of the workers."""
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def kill(process: int) -> None:
    """Kills a worker: it has no chance to hand over anything."""
    os.kill(process, signal.SIGKILL)


def likes(users: int, items: int, seed: int) -> sp.csr_matrix:
    """Returns [users, items] 0/1 with a long tail; sums of their weights depend on their order."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 60, users)
    rows = np.repeat(np.arange(users), lengths)
    columns = (items * rng.random(lengths.sum()) ** 3).astype(int)
    table = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(users, items))
    table.data[:] = 1
    return table


def added(shared: int, block: int) -> int:
    """Adds two numbers."""
    return shared + block


def process_of(shared: None, block: int) -> int:
    """Returns where it runs."""
    return os.getpid()


def failing(shared: None, block: int) -> int:
    """Raises an error that says which block it is."""
    raise ValueError(f"block {block}")


def fatal(shared: None, block: int) -> int:
    """Ends the process, as the kernel does where memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)
    return block
