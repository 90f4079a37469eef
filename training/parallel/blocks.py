"""Runs blocks of independent work on the cores of this machine, or on the workers of a cluster.

Blocks are the same in both places, and each result depends on its block and on what is shared only.
So results are equal to the bit, wherever and however often a block is computed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from training.parallel import engine
from training.parallel.engine import Engine, Shared, Threads, cores

ADDRESS = "DASK_SCHEDULER_ADDRESS"
"""The environment variable that Dask itself reads."""
MOST_THREADS = 64
"""Most threads here that wait for a cluster: each holds a block."""
Value = TypeVar("Value")
Block = TypeVar("Block")
Result = TypeVar("Result")

_HERE = Threads()
_engine: Engine = _HERE


@contextlib.contextmanager
def running_on(address: str) -> Iterator[None]:
    """Runs blocks on a cluster for a while.

    Args:
        address: Of a Dask scheduler; "": the one that `ADDRESS` names, or else this machine.

    Raises:
        ClusterError: there is no such scheduler, it has no workers, or they run other code.
    """
    global _engine
    address = address or os.environ.get(ADDRESS, "")
    if not address:
        yield
        return
    from training.parallel.cluster import Cluster

    before = _engine
    with Cluster.at(address) as cluster:
        _engine = cluster
        try:
            yield
        finally:
            _engine = before


def width() -> int:
    """Returns how many blocks can run at a time."""
    return _engine.width()


def in_blocks(
    work: Callable[[Value, Block], Result],
    shared: Shared[Value],
    blocks: Sequence[Block],
    *,
    here: bool = False,
    most_here: int | None = None,
) -> Iterator[Result]:
    """Yields the result of each block in their order, as soon as it is there.

    Args:
        work: A function of a module, which depends on its arguments only. It runs in parallel
            where it is compiled, in numpy or in other code that lets threads run.
        shared: What all blocks need.
        blocks: What each needs besides; small, because it is sent each time.
        here: Whether it is so little that sending it to a cluster would take longer.
        most_here: Most blocks at a time on this machine, where each needs much memory.
    """
    return (_HERE if here else _engine).results(work, shared, blocks, most_here)


def in_block(
    work: Callable[[Value, Block], Result],
    shared: Shared[Value],
    block: Block,
    *,
    here: bool = False,
) -> Result:
    """Returns the result of one block, see `in_blocks`; several threads may call it at a time."""
    result: Result = (_HERE if here else _engine).result(work, shared, block)
    return result


def same_everywhere(function: Callable[[Value], Result], value: Value) -> bool:
    """Whether a function of a module returns here what it returns in each process of a cluster."""
    return _engine.same_everywhere(function, value)


def in_threads(work: Callable[[Block], Result], blocks: Sequence[Block]) -> Iterator[Result]:
    """Yields the result of each block in their order; all are computed on this machine.

    Args:
        work: Called in another thread. Parts of it may run elsewhere by `in_block`: there are as
            many threads as keep all workers busy.
        blocks: What it is called with.
    """
    count = cores() if _engine is _HERE else min(MOST_THREADS, cores() + 2 * _engine.width())
    return engine.in_threads(work, blocks, count)
