import pandas as pd

from training.data.visitors import without_surges
from training.domains.domain import ITEM_ID, USER_ID
from training.domains.event_rules import EventRules

RULES = EventRules(most_growth=2, new_item_share=0.005)
RAW = pd.Series(["hit"] * 400 + ["known"] * 40 + ["rare"] * 4 + [f"i{n % 80}" for n in range(556)])
"""A thousand likes."""


def likes(prefix: str = "s", **counts: int) -> pd.DataFrame:
    """A number of likes of each item, each like of a session of its own."""
    rows = [(f"{prefix}-{item}-{n}", item) for item, count in counts.items() for n in range(count)]
    return pd.DataFrame(rows, columns=[USER_ID, ITEM_ID])


def bots(count: int) -> pd.DataFrame:
    """Sessions that like a rare item, and one that is known."""
    rows = [(f"bot{n}", item) for n in range(count) for item in ("rare", f"i{n % 80}")]
    return pd.DataFrame(rows, columns=[USER_ID, ITEM_ID])


def kept(found: pd.DataFrame) -> dict[str, int]:
    return found[ITEM_ID].value_counts().to_dict()


def test_likes_that_are_spread_as_in_the_raw_files_are_all_kept():
    spread = likes(hit=400, known=40, rare=4, **{f"i{n}": 7 for n in range(80)})
    assert len(without_surges(spread, RAW, RULES)) == len(spread)


def test_an_item_that_many_sessions_push_keeps_what_is_expected():
    # Of some 1,000 likes that are left, as many as in the raw files, 4 and one assumed are of it;
    # of all 1,200 likes they would be 6.
    pushed = likes(hit=400, known=40, rare=200, **{f"i{n}": 7 for n in range(80)})
    assert kept(without_surges(pushed, RAW, RULES))["rare"] == 6
    assert kept(without_surges(pushed, RAW, RULES))["hit"] == 400


def test_ten_times_the_bots_achieve_little_more():
    honest = {f"i{n}": 20 for n in range(80)}
    some = kept(without_surges(likes(rare=100, **honest), RAW, RULES))["rare"]
    many = kept(without_surges(likes(rare=1_000, **honest), RAW, RULES))["rare"]
    assert many <= 1.6 * some


def test_bots_do_not_raise_their_own_limit():
    people = likes(rare=7, **{f"i{n}": 20 for n in range(80)})
    assert kept(without_surges(people, RAW, RULES))["rare"] == 7
    all_ = pd.concat([people, bots(4_000)], ignore_index=True)
    # Twice what some 1,600 likes of people lead one to expect, not what 9,600 do.
    assert kept(without_surges(all_, RAW, RULES))["rare"] <= 20


def test_sessions_that_push_an_item_are_left_out_with_all_that_they_like():
    honest = likes(hit=400, known=40, rare=4, **{f"i{n}": 7 for n in range(80)})
    found = without_surges(pd.concat([honest, bots(250)], ignore_index=True), RAW, RULES)
    left = found[USER_ID].str.startswith("bot")
    assert found[USER_ID][left].nunique() <= 16
    assert (~left).sum() >= len(honest) - 4


def test_of_an_item_that_is_somewhat_beyond_its_limit_only_likes_are_left_out():
    honest = likes(hit=400, known=40, **{f"i{n}": 7 for n in range(80)})
    found = without_surges(pd.concat([honest, bots(20)], ignore_index=True), RAW, RULES)
    of_bots = found[found[USER_ID].str.startswith("bot")]
    assert kept(of_bots)["rare"] < 20
    assert (of_bots[ITEM_ID] != "rare").sum() == 20


def test_a_new_item_becomes_known_up_to_its_share_of_the_sessions():
    sessions = likes(hit=4_000, new=500)
    assert (
        kept(without_surges(sessions, RAW, RULES))["new"] == 21
    )  # 0.5 % of the 4,021 that are left


def test_the_share_that_makes_a_new_item_known_is_no_gift_to_one_that_is_pushed():
    rules = RULES.model_copy(update={"new_item_share": 0.05})
    honest = likes(hit=400, known=40, **{f"i{n}": 7 for n in range(80)})
    for item, most in (("rare", 10), ("new", 60)):
        pushed = pd.concat([honest, bots(250).replace({ITEM_ID: {"rare": item}})])
        left = kept(without_surges(pushed.reset_index(drop=True), RAW, rules))[item]
        assert most / 3 < left <= most


def test_which_likes_are_kept_does_not_depend_on_their_order():
    pushed = likes(hit=100, rare=50)
    one = without_surges(pushed, RAW, RULES)
    other = without_surges(pushed.iloc[::-1], RAW, RULES)
    assert set(one[USER_ID][one[ITEM_ID] == "rare"]) == set(
        other[USER_ID][other[ITEM_ID] == "rare"]
    )
    assert len(one) == len(other)


def test_no_likes_stay_no_likes():
    assert without_surges(likes(), RAW, RULES).empty
