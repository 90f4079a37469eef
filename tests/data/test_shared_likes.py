import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data import shared_likes as module
from training.data.shared_likes import shared_likes
from training.domains.domain import ITEM_ID, USER_ID


def likes(**sessions: str) -> pd.DataFrame:
    """Each session's items, one character each."""
    rows = [(session, item) for session, items in sessions.items() for item in items]
    return pd.DataFrame(rows, columns=[USER_ID, ITEM_ID])


def pairs(found: pd.DataFrame) -> set[tuple[str, str]]:
    return set(zip(found[USER_ID], found[ITEM_ID], strict=True))


def test_a_pair_that_one_session_alone_likes_is_left_out():
    found = shared_likes(likes(s1="abo", s2="ab", s3="a"), likes(), 2)
    assert pairs(found) == {("s1", "a"), ("s1", "b"), ("s2", "a"), ("s2", "b")}


def test_a_person_of_the_raw_files_who_likes_both_counts_as_a_session():
    raw = likes(p1="ab", p2="a", p3="c")
    assert pairs(shared_likes(likes(s1="abc"), raw, 2)) == {("s1", "a"), ("s1", "b")}
    assert shared_likes(likes(s1="abc"), raw, 3).empty


def test_a_like_that_the_raw_files_repeat_is_one():
    assert shared_likes(likes(s1="ab"), likes(p1="aabbb"), 3).empty


def test_a_session_with_one_item_has_no_pair():
    assert shared_likes(likes(s1="a", s2="a"), likes(p1="ab"), 2).empty


def test_with_a_minimum_of_one_every_pair_counts():
    assert pairs(shared_likes(likes(s1="ab", s2="c"), likes(), 1)) == {("s1", "a"), ("s1", "b")}


def test_no_likes_stay_no_likes():
    assert shared_likes(likes(), likes(p1="ab"), 2).empty


some = st.dictionaries(st.sampled_from("stuvwxyz"), st.text("abcde", max_size=5), max_size=8)


@pytest.mark.slow
@given(some, some, st.integers(1, 4))
def test_it_is_what_counting_pair_by_pair_finds(sessions, people, least):
    everybody = [set(items) for items in [*sessions.values(), *people.values()]]
    expected = {
        (session, item)
        for session, items in sessions.items()
        for item in items
        for other in items
        if item != other and sum({item, other} <= one for one in everybody) >= least
    }
    visitors = likes(**sessions).drop_duplicates()
    assert pairs(shared_likes(visitors, likes(**people), least)) == expected


def test_how_much_is_compared_at_a_time_does_not_matter(monkeypatch):
    rng = np.random.default_rng(1)
    sessions = {f"s{n}": "".join(set(rng.choice(list("abcdefghijklmn"), 4))) for n in range(200)}
    people = {f"p{n}": "".join(set(rng.choice(list("abcdefghijklmn"), 3))) for n in range(30)}
    visitors, raw = likes(**sessions), likes(**people)
    expected = pairs(shared_likes(visitors, raw, 12))
    assert 0 < len(expected) < len(visitors)
    monkeypatch.setattr(module, "MOST_CELLS", 10)
    monkeypatch.setattr(module, "CHUNK", 7)
    assert pairs(shared_likes(visitors, raw, 12)) == expected
