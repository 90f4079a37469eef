"""Runs blocks on the workers of a Dask cluster.

What is shared is sent to every worker once; of the blocks, a bounded number is under way. A block
whose worker is lost is computed again by another one: Dask sees to that.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from training.errors import ClusterError
from training.parallel.engine import Shared, Work
from training.parallel.versions import difference, versions

if TYPE_CHECKING:
    from distributed import Client, Future

_log = logging.getLogger(__name__)
PATIENCE = 10
"""Seconds to wait for the scheduler, for its first worker, and between two looks at a cluster that
does not answer."""
LOST = 30
"""Looks without any worker after which the cluster is given up: five minutes."""
ATTEMPTS = 4
"""How often a block is sent whose shared value was lost, because no worker had it any more."""
AHEAD = 3
"""Blocks under way for each thread of the workers: enough that none waits for the next one."""
INSTALL = 'pip install "harperdb-recommender[scale]"'


class Cluster:
    """The workers of a scheduler; see `training.parallel.engine.Engine`.

    Args:
        client: Connected to the scheduler.
        address: The scheduler's, for people.
    """

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        self._sent: WeakKeyDictionary[Shared, Future] = WeakKeyDictionary()
        self._sending = threading.Lock()

    @classmethod
    @contextlib.contextmanager
    def at(cls, address: str) -> Iterator[Cluster]:
        """Connects to a scheduler for a while.

        Args:
            address: Such as ``tcp://10.0.0.5:8786``; Dask's own configuration has certificates
                for ``tls://``.

        Raises:
            ClusterError: nobody answers in time, there are no workers, or they run other code.
        """
        client = _connected(address)
        with client:
            cluster = cls(client, address)
            cluster._require_workers()
            yield cluster

    def width(self) -> int:
        """As `Engine.width`."""
        return max(1, sum(self._threads().values()))

    def results(
        self, work: Work, shared: Shared, blocks: Sequence[Any], most_here: int | None
    ) -> Iterator[Any]:
        """As `Engine.results`; what is under way is cancelled if nobody wants the rest."""
        most = AHEAD * self.width()
        waiting: deque[tuple[Any, Future]] = deque()
        try:
            for block in blocks:
                waiting.append((block, self._submitted(work, shared, block)))
                if len(waiting) >= most:
                    yield self._awaited(work, shared, *waiting.popleft())
            while waiting:
                yield self._awaited(work, shared, *waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()

    def result(self, work: Work, shared: Shared, block: Any) -> Any:
        """As `Engine.result`."""
        return self._awaited(work, shared, block, self._submitted(work, shared, block))

    def same_everywhere(self, function: Callable[[Any], Any], value: Any) -> bool:
        """As `Engine.same_everywhere`."""
        here = function(value)
        return all(there == here for there in self._client.run(function, value).values())

    def _threads(self) -> dict[str, int]:
        return dict(self._client.nthreads())

    def _require_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise ClusterError(
                f"the Dask scheduler at {self._address} has no workers: start some with "
                f"`dask worker {self._address}`"
            ) from error
        try:
            found = self._client.run(versions)
        except ModuleNotFoundError as error:
            raise ClusterError(
                f"a worker of {self._address} has no {error.name}: install the same release of "
                "harperdb-recommender there"
            ) from error
        for worker, theirs in found.items():
            if other := difference(versions(), theirs):
                raise ClusterError(
                    f"the worker {worker} of {self._address} has {other}: results could differ. "
                    "Install the same release and packages there"
                )

    def _submitted(self, work: Work, shared: Shared, block: Any) -> Future:
        # Not by a hash of the arguments: each block is computed once, and hashing takes time.
        return self._client.submit(work, self._shared(shared), block, pure=False)

    def _shared(self, shared: Shared) -> Future:
        with self._sending:
            future = self._sent.get(shared)
            if future is None or future.status in ("cancelled", "lost"):
                try:
                    (future,) = self._client.scatter([shared.value], broadcast=True, hash=False)
                except (TimeoutError, OSError) as error:
                    raise self._gone("cannot be sent what the blocks share") from error
                self._sent[shared] = future
            return future

    def _awaited(self, work: Work, shared: Shared, block: Any, future: Future) -> Any:
        """Waits for a block; sends it again if what it needs was lost with the last worker."""
        from distributed.scheduler import KilledWorker

        for _ in range(ATTEMPTS):
            try:
                return self._result(future)
            except KilledWorker as error:
                raise self._dying() from error
            except CancelledError as error:
                if self._client.status != "running":
                    raise self._gone("has gone") from error
                _log.warning("a block is sent again: the workers that it needed were lost")
                future = self._submitted(work, shared, block)
        raise self._dying()

    def _result(self, future: Future) -> Any:
        looks = 0
        while True:
            try:
                return future.result(timeout=PATIENCE)
            except TimeoutError:
                if future.status != "pending":  # the work itself raised it
                    raise
                looks = 0 if self._client.status == "running" and self._threads() else looks + 1
                if looks >= LOST:
                    raise self._gone("has no workers any more") from None

    def _dying(self) -> ClusterError:
        return ClusterError(
            f"workers of {self._address} have died again and again at the same work: probably they "
            "have too little memory. Start them with more, or with fewer threads"
        )

    def _gone(self, what: str) -> ClusterError:
        return ClusterError(
            f"the Dask cluster at {self._address} {what}: see its logs, then run the command "
            "again; finished stages are kept"
        )


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"{address}: {error.name} is not installed, which is needed for a Dask scheduler. "
            f"Run {INSTALL}"
        ) from error
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False, direct_to_workers=True)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address}: start one with `dask scheduler`, or leave "
            "scale.scheduler and DASK_SCHEDULER_ADDRESS empty to work on this machine"
        ) from error
