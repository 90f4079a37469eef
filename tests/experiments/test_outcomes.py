"""What the sessions of an experiment did."""

from __future__ import annotations

import math

import pytest

from tests.events.rows import NOW_MS, event_row
from tests.experiments.made import made, sessions_of, store_of
from training.domains.event_rules import EventRules
from training.experiments.assignment import variant_of
from training.experiments.outcomes import POSITION, PREFERENCE, SUCCESS, read_outcomes

RULES = EventRules()


def a_session(experiment, variant):
    return next(s for i in range(1000) if variant_of(experiment, s := f"session-{i:08}") == variant)


def event(experiment, session, answer, side, **more):
    variant = f"{experiment.id}/{side}"
    return event_row(session=session, answer=answer, variant=variant, shown_by="node-1", **more)


def test_rates_are_shares_of_a_sessions_answers(tmp_path):
    experiment = made()
    session = a_session(experiment, "challenger")

    def of(answer, type_, **more):
        return event(experiment, session, answer, "challenger", type=type_, **more)

    rows = [
        of("a", "view", item=None, position=9),
        of("a", "click", position=7),
        of("a", "like", position=3),
        of("b", "view", item=None, position=5),
        of("b", "dislike", position=1),
        of("c", "click", position=5),
        of("d", "view", item=None, position=5),
        event_row(session=session, type="like"),  # searched for: about no answer
        event_row(session="somebody-else-of-another", answer="z", variant="00000000/champion"),
    ]
    found = read_outcomes(store_of(tmp_path, rows), experiment, RULES)
    [row] = found.sessions.to_dict("records")
    assert found.sessions.index.tolist() == [session]
    assert (row["variant"], row["node"], row["answers"]) == ("challenger", "node-1", 4)
    assert (row[SUCCESS], row["like"], row["click"], row["dislike"]) == (0.5, 0.25, 0.5, 0.25)
    assert row[POSITION] == 4.0
    assert found.answers == {"node-1": 4}


def test_a_session_prefers_who_added_what_it_liked(tmp_path):
    experiment = made("interleave", 1.0)
    sides = ("challenger", "challenger", "champion", "challenger")
    rows = [
        event(experiment, "a-session-of-four-likes", "a", side, position=i + 1, item=f"i{i}")
        for i, side in enumerate(sides)
    ]
    # Clicked and then liked is one find.
    rows.append(rows[2] | {"type": "click", "id": "again"})
    rows.append(event(experiment, "a-session-of-no-like", "b", "interleaved", type="view"))
    sessions = read_outcomes(store_of(tmp_path, rows), experiment, RULES).sessions
    assert set(sessions["variant"]) == {"interleaved"}
    assert sessions[PREFERENCE].to_dict() == {
        "a-session-of-four-likes": 0.5,
        "a-session-of-no-like": 0.0,
    }
    assert math.isnan(sessions.loc["a-session-of-no-like", POSITION])


def test_machines_and_sessions_of_another_variant_are_left_out_and_counted(tmp_path):
    experiment = made()
    wrong = a_session(experiment, "champion")
    rows = sessions_of(experiment, 20, {"champion": 0.5})
    rows.append(event(experiment, wrong, "w", "challenger"))
    at = [NOW_MS + 1_000 * i for i in range(30)]
    rows += [
        event(experiment, a_session(experiment, "challenger"), f"m{i}", "challenger", arrived=t)
        for i, t in enumerate(at)
    ]
    found = read_outcomes(store_of(tmp_path, rows), experiment, RULES)
    assert len(found.sessions) == 20
    assert found.misplaced == 1
    assert sum(found.machines.values()) == 1
    assert found.answers["node-1"] == 40 + 30 + 1


@pytest.mark.parametrize("mode", ["split", "interleave"])
def test_without_events_there_are_no_sessions(tmp_path, mode):
    found = read_outcomes(store_of(tmp_path, []), made(mode), RULES)
    assert len(found.of("challenger")) == len(found.sessions) == 0
    assert found.answers == {}
