"""Finding an item by its title."""

from training.cli.titles import Item, find, items_of

ROWS = [
    {"id": "1", "title": "Enter Sandman", "artist": "Metallica"},
    {"id": "2", "title": "Mr. Sandman", "artist": "The Chordettes"},
    {"id": "3", "title": "Hurt", "artist": "Johnny Cash"},
    {"id": "4", "title": "Hurt", "artist": "Nine Inch Nails"},
    {"id": "5", "title": "Hurt Feelings", "artist": "Mac Miller"},
    {"id": "6"},
    {"id": "7", "title": "Jóga", "artist": "Björk"},
]
ITEMS = items_of(ROWS, ["title", "artist"])


def ids(text: str) -> list[str]:
    return [item.id for item in find(text, ITEMS)]


def test_the_exact_title_comes_before_titles_that_contain_it():
    assert ids("Hurt") == ["3", "4"]
    assert ids("enter sandman") == ["1"]


def test_words_of_title_and_creator_narrow_the_matches():
    assert ids("sandman") == ["1", "2"]
    assert ids("sandman metallica") == ["1"]
    assert ids("hurt nine") == ["4"]
    assert ids("hurt fee") == ["5"]


def test_accents_case_and_punctuation_do_not_matter():
    assert ids("JOGA!") == ["7"]


def test_a_word_is_found_from_its_beginning_only():
    assert ids("andman") == []


def test_nothing_matches_a_text_without_words():
    assert ids("?!") == []


def test_an_item_without_a_title_is_its_id():
    assert [str(item) for item in ITEMS if item.id in "16"] == [
        "Enter Sandman · Metallica (1)",
        "6",
    ]
    assert find("", [Item("6", ())]) == []
