"""Features of items: groups by normalised name, title words by rarity, years, tokens."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.data.features import features_of
from training.domains import DOMAINS

SONGS = DOMAINS["songs"]

DOMAIN = replace(SONGS, groups=("artist", "label"), year="year")


def items(titles, artists=None, labels=None, years=None) -> pd.DataFrame:
    count = len(titles)
    return pd.DataFrame(
        {
            "title": titles,
            "artist": artists or [""] * count,
            "label": labels or [""] * count,
            "year": years or [""] * count,
        }
    )


def test_names_that_compare_equal_are_one_value_and_an_empty_name_is_none():
    found = features_of(DOMAIN, items([""] * 4, ["Björk", "BJORK!", "", "Can"]))
    values = found.groups["artist"].toarray()
    assert (values[0] == values[1]).all()
    assert values.sum(axis=1).tolist() == [1, 1, 0, 1]
    assert values[0] @ values[3] == 0
    assert found.groups["label"].toarray().sum() == 0


def test_a_list_has_a_value_for_each_of_its_parts():
    domain = replace(DOMAIN, lists=("label",))
    found = features_of(
        domain, items([""] * 4, labels=["Jazz, Soul", "", "soul", "Soul, JAZZ, Pop"])
    )
    assert found.names["label"].tolist() == ["jazz", "soul", "pop"]
    assert found.groups["label"].toarray().tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 0], [1, 1, 1]]
    nothing = features_of(domain, items([""] * 2)).groups["label"]
    assert (nothing.shape, nothing.nnz) == ((2, 1), 0)
    bags, tokens = found.bags()
    assert tokens == len(found.token_names())
    assert np.count_nonzero(bags[3]) == 2  # "pop" is of a single item, and uninformative


def test_the_similarity_of_two_titles_is_that_of_their_shared_words_weighted_by_rarity():
    titles = ["Red Fish", "red bird", "Blue bird", "fish", "Red"]
    likeness = features_of(DOMAIN, items(titles)).title
    likeness = (likeness @ likeness.T).toarray()
    # "blue" is in one title only and is ignored.
    red, fish = np.log(5 / 3), np.log(5 / 2)
    lengths = np.array([np.hypot(red, fish), np.hypot(red, fish), fish, fish, red]) + 3
    assert likeness[0, 1] == pytest.approx(red**2 / lengths[0] / lengths[1], rel=1e-5)
    assert likeness[0, 3] == pytest.approx(fish**2 / lengths[0] / lengths[3], rel=1e-5)
    assert likeness[1, 2] == pytest.approx(fish**2 / lengths[1] / lengths[2], rel=1e-5)
    assert likeness[2, 4] == 0


def test_a_word_in_every_other_title_is_ignored():
    titles = [f"the {i // 2}" for i in range(200)]
    likeness = features_of(DOMAIN, items(titles)).title
    assert (np.diff(likeness.indptr) == 1).all()
    assert (likeness[0] @ likeness[2].T).toarray()[0, 0] == 0
    assert (likeness[0] @ likeness[1].T).toarray()[0, 0] > 0


@pytest.mark.parametrize("titles", [["", ""], ["one", "two"], ["!", "…"]])
def test_titles_without_a_shared_word_have_similarity_0(titles):
    found = features_of(DOMAIN, items(titles))
    assert found.title.shape[0] == 2
    assert found.title.nnz == 0
    bags, tokens = found.bags()
    assert (bags == 0).all()
    assert tokens >= 1


def test_an_impossible_year_is_unknown():
    years = ["1999", "0", "", "abc", "2101", "1000"]
    found = features_of(DOMAIN, items([""] * 6, years=years)).years
    assert found[0] == 1999
    assert np.isnan(found[1:]).all()


def test_a_domain_without_years_has_none():
    found = features_of(SONGS, items(["a"], years=["1999"]))
    assert np.isnan(found.years).all()
    assert list(found.groups) == ["artist"]


def test_tokens_are_shared_features_the_rarest_first():
    titles = ["sea", "sea", "sea", "sun"]
    found = features_of(DOMAIN, items(titles, ["A", "A", "B", "B"], ["x", "y", "z", ""]))
    bags, tokens = found.bags()
    assert bags.shape == (4, 12)
    assert bags.max() < tokens
    # The artist, of two items, comes first; the word, in three titles, second; a label or word of a
    # single item is left out.
    assert bags[0].tolist() == bags[1].tolist()
    assert (bags > 0).sum(axis=1).tolist() == [2, 2, 2, 1]
    assert bags[2, 0] == bags[3, 0] != bags[0, 0]
    assert bags[2, 1] == bags[0, 1] != 0


def test_the_years_of_a_decade_are_one_token_and_an_unknown_year_is_none():
    years = ["1990", "1999", "2000", "2009", "", "1985"]
    bags, tokens = features_of(DOMAIN, items([""] * 6, years=years)).bags()
    assert (bags > 0).sum(axis=1).tolist() == [
        1,
        1,
        1,
        1,
        0,
        0,
    ]  # only one item is from the eighties
    assert bags[0, 0] == bags[1, 0] != bags[2, 0] == bags[3, 0]
    assert bags.max() < tokens


def test_if_no_item_has_a_year_there_is_no_token_for_years():
    found = features_of(DOMAIN, items(["sea", "sea"], ["A", "A"]))
    groups = sum(values.shape[1] for values in found.groups.values())
    assert found.bags()[1] == groups + found.title.shape[1] + 1


def test_no_more_tokens_are_kept_than_requested_and_they_are_the_rarest():
    titles = ["one two three"] * 2 + ["three"]
    found = features_of(DOMAIN, items(titles, ["A", "A", ""]))
    all_bags, _ = found.bags()
    bags, _ = found.bags(most=2)
    assert (bags == all_bags[:, :2]).all()
    assert all_bags[2, 0] not in bags[0]


def test_a_token_has_the_same_name_whatever_the_order_of_the_items():
    columns = (
        ["Red Fish", "Red bird", "Blue"],
        ["Can", "Can", "Björk"],
        None,
        ["1990", "2001", ""],
    )

    def tokens(order):
        found = features_of(DOMAIN, items(*(c and [c[i] for i in order] for c in columns)))
        bags, count = found.bags()
        names = found.token_names()
        assert len(names) == count
        assert len(set(names)) == count
        assert names[0] == ""
        return [{names[token] for token in bags[order.index(i)] if token} for i in range(3)]

    assert tokens([0, 1, 2]) == tokens([2, 0, 1])
    assert "artist\tcan" in tokens([0, 1, 2])[0]
    assert "title\tred" in tokens([2, 1, 0])[1]
