"""Visitors' likes beside the raw files: collected events as one more table of interactions."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.domains.domain import STRENGTH, USER_ID, Table
from training.events.likes import learn_likes
from training.events.store import EventStore
from training.pipeline.folders import Folders

_PREFIX = "visitor "
"""Prefix of a session's token, so that it cannot be mistaken for a user of the raw files."""


def described(folders: Folders) -> dict[str, Any]:
    """Returns what `prepare` depends on; {} if there are no events."""
    store = _store(folders)
    if store is None:
        return {}
    # A file's name is never reused, and only forgetting a session makes a file shorter.
    rows = {f"{p.parent.name}/{p.name}": pq.read_metadata(p).num_rows for p in store.files()}
    digest = hashlib.sha256(repr(sorted(rows.items())).encode()).hexdigest()[:16]
    # Asking visitors first changes what nodes record from then on, not what their events mean.
    rules = folders.domain.events.model_dump(mode="json", exclude={"consent"})
    return {"events": {"rows": sum(rows.values()), "files": digest, "rules": rules}}


def read(folders: Folders) -> Table | None:
    """Returns the likes of visitors; None where there are no events.

    Strengths are the domain's event weights, at least ``events.liked_from``. An event's age counts
    from the latest event, not from today, so that the same events always give the same likes.
    """
    store = _store(folders)
    if store is None:
        return None
    rules = folders.domain.events
    learned = learn_likes(store, rules, now=_latest(store))
    likes = learned.likes[learned.likes[STRENGTH] >= rules.liked_from]
    likes = likes.assign(**{USER_ID: _PREFIX + likes[USER_ID].astype(str)})
    aside = {f"sessions set aside: {why}": count for why, count in learned.machines.items()}
    notes = {
        "sessions": learned.sessions,
        "likes beyond a session's cap": learned.beyond_cap,
        "likes of explored items": learned.explored,
        "likes that have faded": len(learned.likes) - len(likes),
        "likes": len(likes),
    }
    return Table(likes.reset_index(drop=True), learned.events, {}, aside | notes)


def _store(folders: Folders) -> EventStore | None:
    store = EventStore(folders.events)
    return store if folders.domain.events.enabled and store.files() else None


def _latest(store: EventStore) -> datetime:
    now = datetime.now(timezone.utc)
    latest = [pc.max(batch.column("arrived")).as_py() for batch in store.batches(["arrived"])]
    # A node whose clock is years ahead must not make all other events old.
    return min(now, max(latest, default=now))
