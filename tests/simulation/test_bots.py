import numpy as np
import pytest

from scripts.simulation.bots import PUSHED, RULES, bots_of, popular_items
from scripts.simulation.people import Person
from scripts.simulation.visitor import Habits

NOW = 1_800_000_000_000.0
PEOPLE = [
    Person(f"u{n}", tuple(f"i{item:03}" for item in range(n % 250, -1, -7))) for n in range(500)
]


def test_items_are_ordered_by_the_people_who_like_them():
    people = [Person("u1", ("a", "b")), Person("u2", ("b",)), Person("u3", ("c", "b", "a"))]
    assert popular_items(people) == ["b", "a", "c"]


@pytest.mark.parametrize("rule", RULES)
def test_bots_push_one_item_and_differ_in_what_they_like_besides(rule):
    bots, rng = bots_of(rule, PEOPLE), np.random.default_rng(3)
    assert bots.pushed == popular_items(PEOPLE)[PUSHED - 1]
    visits = [bots.visit(Habits(), rng) for _ in range(50)]
    likes = [[event["item"] for event in visit.events([], None, NOW)] for visit in visits]
    assert all(one[-1] == bots.pushed and one.count(bots.pushed) == 1 for one in likes)
    assert all(2 <= len(one) - 1 <= 7 for one in likes)
    assert len({tuple(one) for one in likes}) > 40
    assert len({visit.session for visit in visits}) == 50


def test_the_rule_popular_likes_only_popular_items():
    bots, rng = bots_of("popular", PEOPLE), np.random.default_rng(3)
    popular = set(popular_items(PEOPLE)[:100])
    for _ in range(50):
        likes = bots.visit(Habits(), rng).events([], None, NOW)
        assert {event["item"] for event in likes[:-1]} <= popular


def test_the_rule_copied_likes_what_one_person_likes():
    bots, rng = bots_of("copied", PEOPLE), np.random.default_rng(3)
    for _ in range(50):
        likes = {event["item"] for event in bots.visit(Habits(), rng).events([], None, NOW)[:-1]}
        assert any(likes <= set(person.likes) for person in PEOPLE)
