"""domain.toml: what it says becomes a domain, and what is wrong in it is named."""

import pytest

from tests.domains.descriptions import describe
from training.config import CleanConfig
from training.domains.description import check_name
from training.domains.domain import Labels, Link, Picture
from training.errors import ConfigError

ROWS = '[interactions]\nfiles = "rows.csv"\nuser = "u"\nitem = "i"\n'
READER = '[source]\nreader = "books"\n'


def test_the_shortest_description_has_ids_as_titles_and_presence_as_liking(tmp_path):
    things = describe(tmp_path, ROWS)
    assert (things.name, things.project) == ("things", "things-recommender")
    assert things.database == "things_recommender"
    assert things.labels == Labels("item", "items", "user", "users", "liked")
    assert things.shown == (("title", "Title"),)
    assert (things.creator, things.groups, things.year, things.link) == ("", (), "", None)
    assert things.clean == CleanConfig()


def test_everything_can_be_described(tmp_path):
    things = describe(
        tmp_path,
        ROWS
        + """
[labels]
item = "film"
items = "films"
creator = "Director"
[items]
files = "films.csv"
id = "id"
title = "name"
creator = "director"
year = "year"
fields = { genre = "genres", studio = "made_by" }
lists = { genre = "|" }
groups = ["studio"]
[clean]
liked_from = 3.5
liked_above_mean = true
[link]
label = "Films"
url = "https://films.example/{id}?by={creator}"
[picture]
url = "https://pictures.example:8443/{studio}/{id}.jpg"
[events]
keep_days = 30
[events.types.purchase]
weight = 3
success = true
""",
    )
    assert things.clean == CleanConfig(liked_from=3.5, liked_above_mean=True)
    assert things.shown == (
        ("title", "Title"),
        ("creator", "Director"),
        ("year", "Year"),
        ("genre", "Genre"),
        ("studio", "Studio"),
    )
    assert (things.groups, things.lists) == (("creator", "studio"), ("genre",))
    assert things.year == "year"
    assert things.link == Link("Films", "https://films.example/{id}?by={creator}")
    assert things.picture == Picture("https://pictures.example:8443/{studio}/{id}.jpg")
    assert list(things.events.types) == ["view", "click", "like", "dislike", "purchase"]
    assert (things.events.keep_days, things.events.types["purchase"].weight) == (30, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "domain.toml: not TOML"),
        ("", "interactions is missing; see docs/your-own-data.md"),
        ('[interactions]\nfiles = "a"\nuser = "u"\n', "interactions.item is missing"),
        (ROWS + "weigth = 1\n", "interactions.weigth = 1: no such key"),
        (ROWS + 'strenght = "w"\n', "did you mean 'strength'? There are files, format"),
        (ROWS + "[clean]\nliked_form = 3\n", "did you mean 'liked_from'?"),
        (ROWS + '[clean]\nliked_from = "much"\n', "clean.liked_from = 'much': "),
        (ROWS + "[clean]\nliked_from = -1\n", "greater than or equal to 0"),
        (ROWS + 'format = "xls"\n', "interactions.format = 'xls': Input should be 'csv', 'jsonl'"),
        (ROWS + 'header = "yes"\n', "interactions.header = 'yes'"),
        (ROWS + '[link]\nlabel = "a"\nurl = "http://a.b/{id}"\n', "link.url = 'http://a.b/{id}'"),
        (
            ROWS + '[link]\nlabel = "a"\nurl = "https://a.b/{isbn}"\n',
            "link.url: no field {isbn}; there are id, title",
        ),
        (
            ROWS + '[items]\nfiles = "a"\nid = "b"\nfields = { popularity = "p" }\n',
            "fields.popularity: this name has a meaning already",
        ),
        (
            ROWS + '[items]\nfiles = "a"\nid = "b"\ngroups = ["genre"]\n',
            "items.groups: 'genre' is not one of items.fields; there are none",
        ),
        (
            ROWS + '[picture]\nurl = "https://{id}.pictures.example/"\n',
            "picture.url = 'https://{id}.pictures.example/': expected https://, a host without",
        ),
        (ROWS + '[picture]\nurl = "http://a.example/{id}"\n', "picture.url = 'http://a.example/"),
        (ROWS + '[picture]\nurl = "https://a;script-src/{id}"\n', "picture.url = 'https://a;"),
        (ROWS + '[picture]\nurl = "https://a.example/all.jpg"\n', "such as https://pictures"),
        (ROWS + '[picture]\nurl = "https://a.example/{isbn}"\n', "no field {isbn}; there are id"),
        (
            ROWS + "[events.types.purchase]\nwieght = 3\n",
            "events.types.purchase.wieght = 3: no such key; did you mean 'weight'? There are",
        ),
        (ROWS + "[events.types.purchase]\nweight = 99\n", "events.types.purchase.weight = 99: "),
        (
            ROWS + '[items]\nfiles = "a"\nid = "b"\nfields = { Genre = "g" }\n',
            "items.fields.Genre: this name is not possible; choose another of at most 40",
        ),
        (ROWS + "[surprise]\n", "surprise = {}: no such key"),
        ("[source]\n", "source.reader is missing; see docs/your-own-data.md"),
        (
            '[source]\nreader = "films"\n',
            "source.reader = 'films': there is no module training/domains/films.py with a READER",
        ),
        ('[source]\nreader = "registry"\n', "no module training/domains/registry.py with a READER"),
        ('[source]\nreader = "../films"\n', "source.reader = '../films': String should match"),
        (READER + '[items]\ncreator = "band"\n', "items.creator: the reader books has no field"),
        (READER + '[items]\nsame_work = ["tilte"]\n', "'tilte'; there are title, author, year"),
        (READER + '[items]\nid = "isbn"\n', "no such key; There are creator, year, groups, same"),
        (READER + ROWS, "interactions = {'files': 'rows.csv', 'user': 'u', 'item': 'i'}: no such"),
        (
            READER
            + '[link]\nlabel = "a"\nurl = "https://a.b/{id}"\nsynthetic_url = "https://a.b/?q={x}"\n',
            "link.synthetic_url: no field {x}; there are id, title",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_value(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        describe(tmp_path, text)
    assert str(tmp_path / "things" / "domain.toml") in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["Films", "my films", "9films", "films-", "events", "a" * 41, "é"])
def test_a_name_that_no_url_or_route_can_have_is_refused(name):
    with pytest.raises(ConfigError, match="name"):
        check_name(name, "here")


def test_code_reads_odd_files_and_the_rest_is_described(tmp_path):
    things = describe(
        tmp_path,
        READER + '[labels]\nyear = "Published"\n[items]\nyear = "year"\ngroups = ["publisher"]\n',
    )
    assert things.shown == (("title", "Title"), ("year", "Published"))
    assert (things.creator, things.groups, things.same_work) == ("", ("publisher",), ())
    assert (things.code, things.folder) == ("training.domains.books", None)
    assert [source.names[0] for source in things.sources] == [
        "Ratings.csv",
        "Books.csv",
        "Users.csv",
    ]


def test_tables_are_named_in_place_of_files(tmp_path):
    rows = ROWS.replace("rows.csv", "harperdb:shop.orders")
    [table] = describe(tmp_path, f'{rows}time = "at.s"\n').tables
    assert (str(table), table.section) == ("harperdb:shop.orders", "interactions")
    assert (table.columns, table.time) == (("u", "i", "at.s"), "at.s")
    assert describe(tmp_path, ROWS, "files").tables == ()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ("harperdb:orders", r"interactions\.files = 'harperdb:orders': expected harperdb:DATABASE"),
        ("harperdb:a.b.c", r"such as harperdb:shop\.orders"),
        ("harperdb:things_recommender.events", r"would be deployed into the database 'things_rec"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path, files, message):
    with pytest.raises(ConfigError, match=message):
        describe(tmp_path, ROWS.replace("rows.csv", files))
