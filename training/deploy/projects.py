"""Which recommenders are deployed on a node."""

from __future__ import annotations

from typing import Any

from training.deploy.catalogue import ITEMS
from training.deploy.versions import MODELS, POINTERS
from training.errors import HarperRefused
from training.harper.client import HarperClient

_OURS = {"settings.json", "schema.graphql", "routes", "web"}
"""Top-level files of a recommender's folder, as `training.deploy.component` packs it."""


def deployed_projects(client: HarperClient) -> list[str]:
    """Returns the projects that should answer on the node that the client connects to.

    A super user sees the components' folders. Others see the databases of those that were used.

    Raises:
        HarperUnavailable: the node does not answer.
    """
    try:
        entries = client.operation("get_components").get("entries") or []
    except HarperRefused:
        return sorted(_by_database(client))
    return sorted(str(entry["name"]) for entry in entries if _is_recommender(entry))


def _is_recommender(entry: dict[str, Any]) -> bool:
    return {child.get("name") for child in entry.get("entries") or []} >= _OURS


def _by_database(client: HarperClient) -> list[str]:
    databases: dict[str, Any] = client.operation("describe_all")
    # A database is named like its project, with "-" as "_"; see docs/tables.md.
    return [
        name.replace("_", "-")
        for name, tables in databases.items()
        if isinstance(tables, dict) and {ITEMS, MODELS, POINTERS} <= set(tables)
    ]
