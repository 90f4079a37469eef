"""How text is compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.text import normalise


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Beyoncé – AC/DC, Don't", "beyonce ac dc dont"),
        ("  Rock’n’Roll\t(Live)\n", "rocknroll live"),
        ("Straße", "strasse"),
        ("ﬁancée", "fiancee"),
        ("snake_case", "snake case"),
        ("Ⅻ", "xii"),
        ("Ночь", "ночь"),
        ("夜に駆ける", "夜に駆ける"),
        ("!!! – ???", ""),
        ("", ""),
    ],
)
def test_normalised_text_is_lower_case_words_separated_by_one_space(text, words):
    assert normalise(text) == words


@given(st.text())
def test_normalise_is_idempotent(text):
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_normalised_text_has_no_capital_no_punctuation_and_no_double_space(text):
    words = normalise(text)
    assert words == words.casefold()
    assert words == " ".join(words.split())
    assert all(word.isalnum() or any(c.isalnum() for c in word) for word in words.split())


@given(st.text(), st.text())
def test_the_words_of_a_whole_are_the_words_of_its_parts(one, other):
    assert normalise(f"{one} {other}") == f"{normalise(one)} {normalise(other)}".strip()
