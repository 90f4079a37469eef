"""Sends visitors' requests to nodes that may be killed, and records which events they accepted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from scripts.simulation.visitor import Event, Visit

MOST_EVENTS = 50
"""Of one batch."""
PATIENCE_SECONDS = 180.0
"""How long a visitor tries to send a batch."""


@dataclass
class Ledger:
    """What the nodes answered.

    Attributes:
        accepted: Ids of the stored rows that a 202 accepted, ``<session>:<id>``.
        refused: Number of refused events.
        answers: Number of recommendations answered.
        with_item: How many of those contained the item that is followed.
        resent: Number of batches that had to be sent again.
    """

    accepted: set[str] = field(default_factory=set)
    refused: int = 0
    answers: int = 0
    with_item: int = 0
    resent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stored(self, session: str, batch: Sequence[Event], refused: set[int]) -> None:
        """Notes a 202."""
        kept = [f"{session}:{event['id']}" for i, event in enumerate(batch) if i not in refused]
        with self._lock:
            self.accepted.update(kept)
            self.refused += len(refused)

    def answered(self, *, with_item: bool) -> None:
        """Notes an answer to a person."""
        with self._lock:
            self.answers += 1
            self.with_item += with_item

    def again(self) -> None:
        """Notes a batch that is sent again."""
        with self._lock:
            self.resent += 1


@dataclass(frozen=True)
class Crowd:
    """Visitors of some nodes.

    Attributes:
        routes: Addresses of the nodes' routes.
        project: The recommender.
        ledger: Where to note what happened.
        followed: An item of which is counted in how many people's answers it is.
        threads: Visitors at a time.
    """

    routes: Sequence[str]
    project: str
    ledger: Ledger
    followed: str | None = None
    threads: int = 4

    def visit(
        self,
        visits: Sequence[tuple[Visit, bool]],
        meanwhile: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Makes all visits.

        Args:
            visits: Each with whether it is a person's, whose answers are counted.
            meanwhile: What else happens, one after the other, at even distances; a visitor whose
                node is down tries another.
        """
        with ThreadPoolExecutor(self.threads) as pool:
            running = [pool.submit(self._one, i, *one) for i, one in enumerate(visits)]
            for number, happen in enumerate(meanwhile, start=1):
                _wait(running, len(running) * number // (len(meanwhile) + 1))
                happen()
            for one in running:
                one.result()

    def _one(self, number: int, visit: Visit, is_person: bool) -> None:
        with _from_own_address(number) as client:
            question = {
                "favourites": list(visit.favourites),
                "limit": visit.limit,
                "session": visit.session,
            }
            answer = self._post(client, number, "recommend", question).json()
            items = [row["id"] for row in answer["recommendations"]]
            if is_person:
                self.ledger.answered(with_item=self.followed in items)
            events = visit.events(items, answer.get("answer"), time.time() * 1000)
            for first in range(0, len(events), MOST_EVENTS):
                batch = events[first : first + MOST_EVENTS]
                body = {"session": visit.session, "events": batch}
                done = self._post(client, number, "events", body).json()
                self.ledger.stored(visit.session, batch, {one["index"] for one in done["refused"]})

    def _post(
        self, client: requests.Session, number: int, route: str, body: dict[str, Any]
    ) -> requests.Response:
        """Sends the same body until a node takes it, to another node after each failure."""
        deadline, turn = time.monotonic() + PATIENCE_SECONDS, number
        while True:
            url = f"{self.routes[turn % len(self.routes)]}/{self.project}/{route}"
            wait = 0.2
            try:
                answer = client.post(url, json=body, timeout=30)
                if answer.ok:
                    return answer
                if answer.status_code not in (404, 429, 500, 503):
                    answer.raise_for_status()
                wait = float(answer.headers.get("retry-after", wait))
            except (requests.ConnectionError, requests.Timeout):
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url}: no node took it for {PATIENCE_SECONDS:.0f} s")
            self.ledger.again()
            turn += 1
            time.sleep(wait)


def _wait(running: Sequence[Future[None]], count: int) -> None:
    while sum(one.done() for one in running) < count:
        time.sleep(0.05)


class _Bound(HTTPAdapter):
    """Connects from one of the addresses of this machine."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, source_address=(self.address, 0), **options)


def _from_own_address(number: int) -> requests.Session:
    """Returns a client with an address of its own, as visitors have: Linux has all of 127/8.

    The nodes limit how many events an address may send a minute.
    """
    session = requests.Session()
    session.trust_env = False
    address = f"127.{1 + number // 62_500 % 250}.{number // 250 % 250}.{1 + number % 250}"
    session.mount("http://", _Bound(address))
    return session
