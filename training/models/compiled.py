"""Compiles loops over arrays to machine code, and runs blocks of them on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numba

Function = TypeVar("Function", bound=Callable)
Block = TypeVar("Block")
Result = TypeVar("Result")


def compiled(function: Function) -> Function:
    """Returns a function over numbers and arrays as machine code; other threads run beside it.

    The machine code is kept on disk for the next process, if there is a place for it.
    """
    try:
        return numba.njit(function, nogil=True, cache=True)
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return numba.njit(function, nogil=True)


def cores() -> int:
    """Returns how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(work: Callable[[Block], Result], blocks: Sequence[Block]) -> Iterator[Result]:
    """Yields the result of each block in their order; as many at a time as there are cores.

    Args:
        work: Called in another thread; it runs in parallel where it is compiled or in numpy.
        blocks: What it is called with.
    """
    if len(blocks) < 2 or cores() < 2:
        yield from map(work, blocks)
        return
    with ThreadPoolExecutor(cores()) as pool:
        yield from pool.map(work, blocks)
