"""The keys that sign answers (docs/events.md): created at deploy, rotated, and removed when no
valid answer needs them. No function here reads a secret.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timezone

from training.harper.client import HarperClient, Row

TABLE = "event_keys"
LASTS_DAYS = 30
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000
SPREAD_MS = 300_000
"""Time for a new key to reach every node before it is used."""
SKEW_MS = 2 * _HOUR_MS
"""Largest difference allowed between the clocks of two nodes."""


def ensure_event_key(
    client: HarperClient,
    database: str,
    *,
    answer_hours: float,
    clock: Callable[[], float] = time.time,
) -> str | None:
    """Creates a key if there is none or the latest is `LASTS_DAYS` old, and removes keys that no
    valid answer was signed with.

    Args:
        client: With a user who may write the table.
        database: The domain's.
        answer_hours: How long an answer is valid.
        clock: Seconds since 1970.

    Returns:
        The id of the key that was created; None: the latest is still in use.

    Raises:
        HarperError: the table cannot be read or written.
    """
    now = clock() * 1000
    rows = client.every_row(database, TABLE, "id", ["id", "signs_from"])
    rows.sort(key=lambda row: float(row["signs_from"]))
    made = None
    if not rows:
        made = _new_key(now, now)
    elif now - float(rows[-1]["signs_from"]) > LASTS_DAYS * _DAY_MS:
        made = _new_key(now, now + SPREAD_MS)
    if made is not None:
        client.upsert(database, TABLE, [made])
        rows.append(made)
    over = now - answer_hours * _HOUR_MS - 2 * SKEW_MS
    # A key is used until the next one is.
    ended = [
        str(row["id"])
        for row, following in itertools.pairwise(rows)
        if float(following["signs_from"]) < over
    ]
    client.delete(database, TABLE, ended)
    return str(made["id"]) if made else None


def _new_key(now: float, signs_from: float) -> Row:
    secret = secrets.token_bytes(32)
    return {
        "id": hashlib.sha256(secret).digest()[:4].hex(),
        "secret": base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii"),
        "made": datetime.fromtimestamp(now / 1000, timezone.utc).isoformat(timespec="seconds"),
        "signs_from": float(round(signs_from)),
    }
