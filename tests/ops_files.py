"""What `ops/` asks Prometheus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

OPS = Path(__file__).resolve().parents[1] / "ops"
ALERTS = OPS / "alerts.yml"
DASHBOARD = OPS / "dashboard.json"


def expressions() -> Iterator[str]:
    """Yields every expression of the alert rules and of the dashboard."""
    for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]
    board = json.loads(DASHBOARD.read_text("utf-8"))
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]
    for annotation in board["annotations"]["list"]:
        yield annotation["expr"]


def metric_names(expression: str) -> set[str]:
    """Returns the names of our metrics in an expression; what stands in quotes is none."""
    bare = re.sub(r'"[^"]*"', "", expression)
    return set(re.findall(r"\b(?:recommender|process)_\w+", bare))
