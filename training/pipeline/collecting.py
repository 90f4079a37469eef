"""Collects events from all nodes, with the login that may read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from training.domains.domain import Domain
from training.errors import HarperUnavailable
from training.events.collect import clients_of, collect
from training.events.store import EventStore
from training.harper.cluster import Target

Login = tuple[str, str]
"""User name and password."""


class NoNodeRead(HarperUnavailable):
    """No node could be read.

    Args:
        unread: The reasons, by node.
    """

    def __init__(self, unread: dict[str, str]) -> None:
        super().__init__("collect", f"no node could be read: {next(iter(unread.values()))}")
        self.unread = unread


def collect_all(
    target: Target, domain: Domain, store: EventStore, login: Login | None
) -> dict[str, str]:
    """Collects the new events of all nodes, and drops those that are too old.

    Args:
        target: The nodes.
        domain: Whose events.
        store: Where they are stored; the caller holds its lock.
        login: Of a user who may read events; None: the target's.

    Returns:
        The nodes that could not be read to the end, with the reason.

    Raises:
        NoNodeRead: no node could be read.
    """
    config = target.client.config
    if login is not None:
        config = replace(config, username=login[0], password=login[1])
    pulled = collect(clients_of(target, config), domain.database, store)
    store.expire(domain.events.keep_days, datetime.now(timezone.utc).date())
    unread = {one.node: one.error for one in pulled if one.error}
    if len(unread) == len(pulled):
        raise NoNodeRead(unread)
    return unread
