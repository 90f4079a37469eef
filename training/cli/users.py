"""The command that creates the project's HarperDB users."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from training.cli import connection
from training.cli.connection import Cluster, connect
from training.cli.console import out
from training.deploy import roles
from training.domains import DOMAINS
from training.harper.client import HarperClient
from training.harper.local.launch import write_private


def users(in_cluster: Cluster = False) -> None:
    """Make the users that the project needs beside a super user, with random passwords.

    ``recommender_pusher`` deploys models, ``recommender_reader`` reads their state,
    ``recommender_collector`` reads visitors' events, and ``recommender_source`` reads the HarperDB
    tables that domains learn from, if there are any. Deploying code needs a super user. The
    passwords are taken from HARPER_PUSHER_PASSWORD, HARPER_READER_PASSWORD,
    HARPER_COLLECTOR_PASSWORD and HARPER_SOURCE_PASSWORD, or made; they are kept in
    harper-local/users.json, readable by you alone, and never printed.

    Example: harperdb-recommender users
    """
    target = connect(in_cluster)
    path = connection.HARPER_FOLDER / "users.json"
    passwords = _passwords(path, target.client)
    databases = [domain.database for domain in DOMAINS.values()]
    tables = [(t.database, t.table) for domain in DOMAINS.values() for t in domain.tables]
    for made in roles.make_users(target.client, databases, passwords, sources=tables):
        verb = "made" if made.is_new else "renewed"
        out.print(f"{made.username} {verb}: {', '.join(made.databases)}")
    out.print(f"passwords of {target.client.config.url} in {path}")


def _passwords(path: Path, client: HarperClient) -> dict[str, str]:
    """Returns the users' passwords, from the environment, the file, or made now; kept there."""
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    here = kept.setdefault(client.config.url, {})
    for username, variable in (
        (roles.PUSHER, "HARPER_PUSHER_PASSWORD"),
        (roles.READER, "HARPER_READER_PASSWORD"),
        (roles.COLLECTOR, "HARPER_COLLECTOR_PASSWORD"),
        (roles.SOURCE, "HARPER_SOURCE_PASSWORD"),
    ):
        made = here.get(username) or secrets.token_urlsafe(24)
        here[username] = os.environ.get(variable) or made
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, json.dumps(kept, indent=1))
    return dict(here)
