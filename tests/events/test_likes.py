from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.events.rows import NOW_MS, event_row
from training.domains.event_rules import EventRules, EventType, MachineRules
from training.events.likes import Learned, learn_likes
from training.events.machines import machine_sessions
from training.events.schema import table_of
from training.events.store import EventStore

NOW = datetime.fromtimestamp(NOW_MS / 1000, timezone.utc)
DAY_MS = 86_400_000
RULES = EventRules()


def learned(folder: Path, rows: list[dict[str, object]], rules: EventRules = RULES) -> Learned:
    store = EventStore(folder / "events")
    store.append(table_of(rows)[0])
    return learn_likes(store, rules, now=NOW)


def acts(session: str, *acts: tuple[str, str], at: int = NOW_MS) -> list[dict[str, object]]:
    return [
        event_row(session=session, type=type_, item=item, arrived=at + 5_000 * n, at=at + 5_000 * n)
        for n, (type_, item) in enumerate(acts)
    ]


def strengths(result: Learned) -> dict[tuple[str, str], float]:
    rows = result.likes.itertuples(index=False)
    return {(row.user_id, row.item_id): round(row.strength, 6) for row in rows}


def test_each_type_counts_once_for_a_session_and_item(tmp_path):
    rows = acts("s1", ("click", "a"), ("click", "a"), ("like", "a"), ("like", "a"), ("like", "b"))
    assert strengths(learned(tmp_path, rows)) == {("s1", "a"): 1.3, ("s1", "b"): 1.0}


def test_a_dismissal_takes_back_and_is_counted(tmp_path):
    rows = acts("s1", ("like", "a"), ("dislike", "a"), ("click", "b"), ("dislike", "b"))
    rows += acts("s1", ("like", "c"), ("click", "d"))
    result = learned(tmp_path, rows)
    assert strengths(result) == {("s1", "c"): 1.0, ("s1", "d"): 0.3}
    assert result.dismissed == 2


def test_a_like_halves_with_its_half_life(tmp_path):
    rows = acts("s1", ("like", "a"), at=NOW_MS - 90 * DAY_MS)
    rows += acts("s1", ("like", "b"), at=NOW_MS + DAY_MS)
    assert strengths(learned(tmp_path, rows)) == {("s1", "a"): 0.5, ("s1", "b"): 1.0}


def test_a_clock_that_is_ahead_does_not_keep_a_like_young(tmp_path):
    arrived = NOW_MS - 90 * DAY_MS
    rows = [event_row("n", arrived, session="s1", item=i, at=NOW_MS + DAY_MS) for i in "ab"]
    assert set(strengths(learned(tmp_path, rows)).values()) == {0.5}


def test_views_and_types_that_the_domain_no_longer_has_weigh_nothing(tmp_path):
    rows = [event_row(session="s1", type="view", item=None)]
    rows += acts("s1", ("like", "a"), ("like", "b"), ("wish", "c"))
    assert set(strengths(learned(tmp_path, rows))) == {("s1", "a"), ("s1", "b")}


def test_a_shop_can_add_purchase(tmp_path):
    types = EventRules().types | {"purchase": EventType(weight=3, success=True)}
    rows = acts("s1", ("purchase", "a"), ("like", "b"))
    result = learned(tmp_path, rows, RULES.model_copy(update={"types": types}))
    assert strengths(result)["s1", "a"] == 3


def test_a_session_gives_its_strongest_likes_up_to_the_cap(tmp_path):
    rows = acts("s1", *[("click", f"c{n}") for n in range(5)], ("like", "a"), ("like", "b"))
    result = learned(tmp_path, rows, RULES.model_copy(update={"session_cap": 3}))
    assert {item for _, item in strengths(result)} == {"a", "b", "c4"}
    assert result.beyond_cap == 4


def test_a_like_of_an_explored_item_counts_like_any_other_and_is_counted(tmp_path):
    rows = acts("s1", ("like", "a"), ("click", "b"), ("like", "b"), ("like", "c"), ("dislike", "d"))
    explored = [
        row | ({"propensity": 0.0025} if row["item"] in "abd" and row["type"] != "click" else {})
        for row in rows
    ]
    other, result = learned(tmp_path / "1", rows), learned(tmp_path / "2", explored)
    assert strengths(result) == strengths(other)
    assert (other.explored, result.explored) == (0, 2)


def test_no_events_teach_nothing(tmp_path):
    result = learned(tmp_path, [])
    assert (len(result.likes), result.events, result.sessions) == (0, 0, 0)
    assert list(result.likes.columns) == ["user_id", "item_id", "strength"]


def test_what_was_read_is_counted_and_the_order_does_not_matter(tmp_path):
    rows = [row for n in range(5) for row in acts(f"s{n}", ("like", "a"), ("like", "b"))]
    one = learned(tmp_path / "1", rows)
    other = learned(tmp_path / "2", rows[::-1])
    assert (one.events, one.sessions) == (10, 5)
    pd.testing.assert_frame_equal(one.likes, other.likes)


def test_machines_are_set_aside_and_counted(tmp_path):
    rows = acts("person", ("like", "a"), ("like", "b"))
    rows += [
        event_row(session="clock", type="like", item=f"i{n}", arrived=NOW_MS + n * 10_000)
        for n in range(30)
    ]
    rows += [
        event_row(session="rush", type="like", item=f"i{n}", arrived=NOW_MS + n * 500 + n % 7)
        for n in range(70)
    ]
    result = learned(tmp_path, rows)
    assert {session for session, _ in strengths(result)} == {"person"}
    assert result.machines == {"rate": 1, "answers": 0, "regularity": 1}


def frame(session: int, at: np.ndarray, answer: np.ndarray | int = -1) -> pd.DataFrame:
    return pd.DataFrame({"session": session, "at": at.astype(np.int64), "answer": answer})


def reasons(*frames: pd.DataFrame) -> dict[str, list[int]]:
    found = machine_sessions(pd.concat(frames, ignore_index=True), MachineRules())
    return {reason: sorted(sessions) for reason, sessions in found.items()}


@pytest.mark.parametrize(("events", "reason"), [(60, []), (61, [1])])
def test_more_events_in_a_minute_than_people_make(events, reason):
    rng = np.random.default_rng(1)
    moments = np.sort(rng.choice(59_000, events, replace=False)) + NOW_MS
    assert reasons(frame(1, moments))["rate"] == reason


def test_two_sessions_in_one_minute_are_not_one():
    rng = np.random.default_rng(1)
    two = [frame(n, np.sort(rng.choice(59_000, 40, replace=False)) + NOW_MS) for n in (1, 2)]
    assert reasons(*two) == {"rate": [], "answers": [], "regularity": []}


@pytest.mark.parametrize(("answers", "reason"), [(200, []), (201, [1])])
def test_more_answers_than_people_ask_for(answers, reason):
    rng = np.random.default_rng(1)
    moments = NOW_MS + np.cumsum(rng.exponential(60_000, answers))
    assert reasons(frame(1, moments, np.arange(answers)))["answers"] == reason


@pytest.mark.parametrize(("spread", "reason"), [(0.0, [1]), (0.05, [1]), (0.5, [])])
def test_pauses_of_one_length_are_a_machine_s(spread, reason):
    rng = np.random.default_rng(1)
    pauses = 10_000 * (1 + spread * rng.standard_normal(100))
    assert reasons(frame(1, NOW_MS + np.cumsum(pauses)))["regularity"] == reason


def test_few_events_say_nothing_of_regularity():
    assert reasons(frame(1, NOW_MS + np.arange(19) * 10_000))["regularity"] == []


def test_a_batch_of_one_moment_is_not_regular():
    assert reasons(frame(1, np.full(30, NOW_MS)))["regularity"] == []
