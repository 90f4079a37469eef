"""Brings the component to the nodes, with what it needs: current tables, and a key that signs."""

from __future__ import annotations

import logging

from training.deploy.component import Component
from training.deploy.event_keys import ensure_event_key
from training.deploy.install import install
from training.deploy.lease import Lease
from training.deploy.migration import move_old_tables
from training.errors import HarperError
from training.harper.client import HarperClient
from training.harper.cluster import Target

log = logging.getLogger(__name__)


def bring_code(
    target: Target, database: str, component: Component, lease: Lease, *, by: str
) -> bool:
    """Deploys the component where it is new, moves old tables, and renews the key.

    Args:
        target: The nodes.
        database: The domain's database.
        component: The code.
        lease: The deploy's lock, held.
        by: Who deploys, for people.

    Returns:
        Whether the code was new.

    Raises:
        HarperError: the target refuses it, or does not answer.
    """
    is_new = install(target, component, lease.renew, by=by, settle_seconds=target.settle_seconds)
    # Not earlier: a worker with an earlier release's code would create the old tables again.
    move_old_tables(target.client, database, replicated=target.is_cluster)
    if component.answer_hours is not None:
        _renew_key(target.client, database, component.answer_hours)
    return is_new


def _renew_key(client: HarperClient, database: str, answer_hours: float) -> None:
    try:
        ensure_event_key(client, database, answer_hours=answer_hours)
    except HarperError as error:
        # Not fatal: nodes sign with the keys that they have.
        log.warning(
            "the key that signs answers was not renewed: %s; if %r was created by an earlier "
            "release, run `make harper-users` as a super user",
            error,
            client.config.username,
        )
