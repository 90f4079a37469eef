"""What the sessions of an experiment did: one row of figures a session, from collected events.

The session is the unit: a visitor's answers depend on each other. A session belongs to the variant
that the assignment rule gives it, whatever it requested itself (intention to treat). Its answers
are those that an event names; the pages send a ``view`` for each list that was on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from training.domains.event_rules import EventRules
from training.events.encoded import NO_POSITION, read_encoded
from training.events.machines import machine_sessions
from training.events.store import EventStore
from training.experiments.assignment import variant_of
from training.experiments.row import CHALLENGER, CHAMPION, INTERLEAVED, Experiment

SUCCESS = "success"
"""Share of a session's answers with an event that counts as a success, 0..1."""
POSITION = "first success"
"""Mean place of the first success, from 1, of those answers that have one."""
PREFERENCE = "preference"
"""Of the successes with interleaved answers: (challenger's - champion's) / both, -1..1; 0: none."""
_TEXTS = ("session", "type", "item", "answer", "variant", "shown_by")


@dataclass(frozen=True)
class Outcomes:
    """What the sessions of an experiment did.

    Attributes:
        sessions: One row a session: ``variant``, ``node`` (that answered first), ``answers`` (their
            number), `SUCCESS`, `POSITION` (NaN: no success), `PREFERENCE`, and for each type of
            event with an item the share of the answers with one, under the type's name.
        machines: Number of sessions left out as automated, by reason.
        misplaced: Number of sessions left out because an answer was of a variant that is not
            theirs.
        answers: Number of answers with an event, by node, automated sessions included.
    """

    sessions: pd.DataFrame
    machines: dict[str, int]
    misplaced: int
    answers: dict[str, int]

    def of(self, variant: str) -> pd.DataFrame:
        """Returns the sessions of a variant."""
        return self.sessions[self.sessions["variant"] == variant]


def read_outcomes(store: EventStore, experiment: Experiment, rules: EventRules) -> Outcomes:
    """Reads an experiment's sessions from the collected events.

    Args:
        store: The events.
        experiment: It runs, or has run.
        rules: The domain's: what is a success, and which sessions are automated.
    """
    read = read_encoded(store, _TEXTS, since=_first_day(experiment))
    events, texts = read.events, read.texts
    sides = _sides(texts["variant"], experiment.id)
    events["side"] = np.append(sides, "")[events["variant"]]
    ours = events[events["side"] != ""]
    own = _assigned(ours, texts["session"], experiment)
    wrong = _misplaced(ours, own)
    everything = events[events["session"].isin(own.index)]
    machines = machine_sessions(everything, rules.machines)
    aside = np.concatenate([wrong, *machines.values()]).astype(np.int64)
    kept = ours[~ours["session"].isin(aside)]
    sessions = _by_session(_by_answer(kept, texts, rules))
    sessions["variant"] = own.reindex(sessions.index)
    sessions["node"] = texts["shown_by"][sessions["node"].astype(int)]
    sessions.index = pd.Index(texts["session"][sessions.index.astype(int)], name="session")
    shown = ours.drop_duplicates("answer")["shown_by"].value_counts()
    return Outcomes(
        sessions,
        {reason: len(found) for reason, found in machines.items()},
        len(wrong),
        {str(texts["shown_by"][int(code)]): int(count) for code, count in shown.items()},
    )


def read_baseline(
    store: EventStore, rules: EventRules, metric: str, since: date | None
) -> np.ndarray:
    """Returns [sessions] a metric of all sessions with an answer, whatever variant they saw.

    Args:
        store: The events.
        rules: The domain's: what is a success.
        metric: `SUCCESS`, or a type of event.
        since: The first day of arrival; None: all.
    """
    read = read_encoded(store, _TEXTS, since=since)
    answered = read.events[read.events["answer"] >= 0].assign(side="")
    sessions = _by_session(_by_answer(answered, read.texts, rules))
    return sessions[metric].to_numpy(float) if metric in sessions else np.zeros(len(sessions))


def _first_day(experiment: Experiment) -> date | None:
    if experiment.started is None:
        return None
    # A node's clock may be behind by hours.
    return date.fromisoformat(experiment.started[:10]) - timedelta(days=1)


def _sides(variants: np.ndarray, id_: str) -> np.ndarray:
    """Returns for each stored variant who is credited, "" where it is another experiment's."""
    known = {f"{id_}/{name}": name for name in (CHAMPION, CHALLENGER, INTERLEAVED)}
    return np.array([known.get(name, "") for name in variants] or [""], object)[: len(variants)]


def _assigned(ours: pd.DataFrame, names: np.ndarray, experiment: Experiment) -> pd.Series:
    codes = ours["session"].unique()
    variants = [variant_of(experiment, names[code]) for code in codes]
    return pd.Series(variants, index=codes, dtype=object)


def _misplaced(ours: pd.DataFrame, own: pd.Series) -> np.ndarray:
    expected = own.reindex(ours["session"]).to_numpy()
    # Of an interleaved answer, an event names the side that added the item.
    is_right = (ours["side"] == expected) | (expected == INTERLEAVED)
    return ours.loc[~is_right, "session"].unique()


def _by_answer(
    ours: pd.DataFrame, texts: Mapping[str, np.ndarray], rules: EventRules
) -> pd.DataFrame:
    """Returns a row for each answer: what became of it."""
    kinds = list(texts["type"])
    successes = [i for i, name in enumerate(kinds) if _is_success(rules, name)]
    marked = ours.assign(success=ours["type"].isin(successes))
    for code, name in enumerate(kinds):
        if _has_item(rules, name):
            marked[name] = marked["type"] == code
    flags = ["success", *(name for name in kinds if _has_item(rules, name))]
    answers = marked.groupby(["session", "answer"])[flags].max()
    answers[["at", "node"]] = marked.groupby(["session", "answer"]).agg(
        at=("at", "min"), node=("shown_by", "first")
    )
    placed = marked[marked["success"] & (marked["position"] != NO_POSITION)]
    answers[POSITION] = placed.groupby(["session", "answer"])["position"].min()
    # An item that was clicked and then liked was found once.
    found = marked[marked["success"]].drop_duplicates(["session", "answer", "item"])
    for side in (CHAMPION, CHALLENGER):
        credited = found[found["side"] == side]
        answers[f"by {side}"] = credited.groupby(["session", "answer"]).size()
    return answers.fillna({f"by {CHAMPION}": 0, f"by {CHALLENGER}": 0})


def _is_success(rules: EventRules, name: str) -> bool:
    return name in rules.types and rules.types[name].success


def _has_item(rules: EventRules, name: str) -> bool:
    return name in rules.types and rules.types[name].item != "none"


def _by_session(answers: pd.DataFrame) -> pd.DataFrame:
    credits = [f"by {CHAMPION}", f"by {CHALLENGER}"]
    by_session = answers.drop(columns=["at", "node", *credits]).groupby("session")
    sessions = by_session.mean().astype(float)
    sessions["answers"] = by_session.size()
    first = answers.reset_index().sort_values("at").drop_duplicates("session")
    sessions["node"] = first.set_index("session")["node"]
    champion, challenger = (answers[name].groupby("session").sum() for name in credits)
    both = (champion + challenger).clip(lower=1)
    sessions[PREFERENCE] = (challenger - champion) / both
    return sessions
