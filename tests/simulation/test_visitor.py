from dataclasses import replace
from datetime import datetime

import numpy as np

from scripts.simulation.people import Person
from scripts.simulation.visitor import Habits, bot_visit, person_visit

NOW = 1_800_000_000_000.0
PERSON = Person("u1", tuple(f"own{n}" for n in range(12)))
LIST = [f"own{n}" if n % 2 else f"other{n}" for n in range(3, 13)]
ALWAYS = Habits(stay=1 - 1e-9, like=1.0, search=1.0, mistake=0.0, click=0.0, dismiss=0.0)


def visited(habits=ALWAYS, seed=1, answer="signed", items=LIST):
    visit = person_visit(PERSON, habits, np.random.default_rng(seed), canonical=lambda id_: id_)
    return visit, visit.events(items, answer, NOW)


def test_a_person_likes_the_favourites_what_is_theirs_and_what_they_search_for():
    visit, events = visited()
    assert visit.favourites == PERSON.likes[:3]
    likes = {event["item"]: event.get("answer") for event in events if event["type"] == "like"}
    assert set(likes) == set(PERSON.likes)
    shown = {item for item, answer in likes.items() if answer}
    assert shown == {item for item in LIST if item in PERSON.likes}
    assert [e["position"] for e in events if e["type"] == "view"] == [len(LIST)]


def test_a_person_searches_for_no_more_items_than_habits_allow():
    _, events = visited(replace(ALWAYS, searches=2), items=[])
    likes = [event["item"] for event in events if event["type"] == "like"]
    assert likes == [*PERSON.likes[:3], *PERSON.likes[3:5]]


def test_nothing_below_the_place_that_was_reached_is_reacted_to():
    for seed in range(40):
        _, events = visited(Habits(stay=0.7, mistake=0.3, dismiss=0.3), seed)
        [depth] = [event["position"] for event in events if event["type"] == "view"]
        seen = LIST[:depth]
        assert all(e["item"] in seen for e in events if e.get("answer") and e["type"] != "view")


def test_without_a_signed_answer_nothing_is_said_about_it():
    _, events = visited(answer=None)
    assert {event["type"] for event in events} == {"like"}
    assert not any("answer" in event for event in events)


def test_events_have_own_ids_and_times_in_order_that_have_passed():
    _, events = visited()
    assert len({event["id"] for event in events}) == len(events)
    moments = [datetime.fromisoformat(event["at"].replace("Z", "+00:00")) for event in events]
    assert moments == sorted(moments)
    assert moments[-1].timestamp() * 1000 <= NOW


def test_people_make_mistakes_about_as_often_as_their_habits_say():
    habits = Habits(stay=1 - 1e-9, mistake=0.1, click=0.2, dismiss=0.3)
    types = [e["type"] for seed in range(200) for e in visited(habits, seed, items=["x"] * 10)[1]]
    share = {kind: types.count(kind) / 2000 for kind in ("click", "dislike")}
    assert 0.17 < share["click"] < 0.23
    assert 0.26 < share["dislike"] < 0.34


def test_a_bot_likes_its_item_as_if_it_had_searched_for_it_where_it_is_not_shown():
    visit = bot_visit("pushed", ["a", "b", "c", "d"], Habits(), np.random.default_rng(3))
    assert visit.favourites == ("a", "b", "c")
    events = visit.events(["x"], "signed", NOW)
    assert [event["item"] for event in events] == ["a", "b", "c", "d", "pushed"]
    assert not any("answer" in event for event in events)


def test_a_bot_refers_to_the_answer_that_shows_its_item():
    visit = bot_visit("pushed", ["a", "b", "c"], Habits(), np.random.default_rng(3))
    events = visit.events(["a", "pushed"], "signed", NOW)
    about = [(e["type"], e.get("item"), e.get("position")) for e in events if "answer" in e]
    assert about == [("view", None, 2), ("like", "pushed", None)]
