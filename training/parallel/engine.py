"""What runs blocks of work: the threads of this machine here, a cluster in `cluster`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

Value = TypeVar("Value")
Block = TypeVar("Block")
Result = TypeVar("Result")


class Shared(Generic[Value]):
    """A value that many blocks need.

    A cluster gets it once, keeps it on every worker, and forgets it with this object.

    Args:
        value: Is never changed.
    """

    def __init__(self, value: Value) -> None:
        self.value = value


Work = Callable[[Any, Any], Any]
"""(shared value, block) -> result, a function of a module; it depends on nothing else."""


class Engine(Protocol):
    """Runs blocks of work."""

    def width(self) -> int:
        """Returns how many blocks it can run at a time."""

    def results(
        self, work: Work, shared: Shared, blocks: Sequence[Any], most_here: int | None
    ) -> Iterator[Any]:
        """Yields the result of each block in their order.

        Args:
            work: What computes a result.
            shared: Its first argument.
            blocks: Its second arguments.
            most_here: Most blocks at a time on this machine; None: as many as there are cores.
        """

    def result(self, work: Work, shared: Shared, block: Any) -> Any:
        """Returns the result of one block; several threads may call it at a time."""

    def same_everywhere(self, function: Callable[[Any], Any], value: Any) -> bool:
        """Whether each process returns for a value what this one returns."""


def cores() -> int:
    """Returns how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Threads:
    """Runs blocks on the cores of this machine."""

    def width(self) -> int:
        """As `Engine.width`."""
        return cores()

    def results(
        self, work: Work, shared: Shared, blocks: Sequence[Any], most_here: int | None
    ) -> Iterator[Any]:
        """As `Engine.results`."""
        count = min(len(blocks), cores(), most_here or cores())
        yield from in_threads(partial(work, shared.value), blocks, count)

    def result(self, work: Work, shared: Shared, block: Any) -> Any:
        """As `Engine.result`."""
        return work(shared.value, block)

    def same_everywhere(self, function: Callable[[Any], Any], value: Any) -> bool:
        """As `Engine.same_everywhere`."""
        return True


def in_threads(
    work: Callable[[Block], Result], blocks: Sequence[Block], count: int
) -> Iterator[Result]:
    """Yields the result of each block in their order, computed by so many threads."""
    if count < 2 or len(blocks) < 2:
        yield from map(work, blocks)
        return
    with ThreadPoolExecutor(count) as pool:
        yield from pool.map(work, blocks)
