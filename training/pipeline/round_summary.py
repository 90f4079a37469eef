"""The latest rounds of the loop, as nodes show them: a row beside the pointer (docs/tables.md)."""

from __future__ import annotations

from typing import Any

from training.deploy.versions import Models, pointer_row
from training.pipeline.folders import Folders
from training.pipeline.rounds import Round, rounds

ROW = "rounds"
MOST = 20
"""Rounds in the row, the newest first."""
LONGEST = 300
"""Most characters of a reason."""


def publish(models: Models, folders: Folders, by: str) -> None:
    """Writes the latest rounds of the journal to the node; the last writer wins.

    Args:
        models: Where to.
        folders: The domain whose journal it is.
        by: Who runs the loop, for people.

    Raises:
        HarperError: it could not be written.
    """
    latest = rounds(folders.home)[: -MOST - 1 : -1]
    models.write(pointer_row(ROW, by, rounds=[summary(done) for done in latest]))


def summary(done: Round) -> dict[str, Any]:
    """Returns what is shown of a round; all keys are there, None where there is nothing to say.

    ``ndcg@20`` and ``ndcg@20_before`` are the new and the current model's on the same held-out
    people, ``people`` of them; where these were not compared, the first is the new model's on its
    test users.
    """
    gate = done.get("gate")
    compared = gate if isinstance(gate, dict) else {}
    reason = done.get("error") or "; ".join(done.get("objections") or [])
    return {
        "at": done.get("at"),
        "outcome": done["outcome"],
        "stage": done.get("stage"),
        "reason": _shortened(reason) or None,
        "new_events": done.get("new_events"),
        "events": done.get("events"),
        "before": done.get("before"),
        "after": done.get("after"),
        "ndcg@20": compared.get("new", done.get("test_ndcg@20")),
        "ndcg@20_before": compared.get("current"),
        "people": compared.get("people"),
        "seconds": (done.get("seconds") or {}).get("all"),
    }


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
