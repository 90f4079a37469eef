"""Other people's files: formats that no reader of ours was made for, and files that are broken."""

import gzip
import json
import zipfile

import pandas as pd
import pyarrow as pa
import pytest

from tests.domains.descriptions import describe, likes
from training.config import SplitConfig
from training.data.cleaning import build
from training.domains.domain import ITEM_ID, STRENGTH, TIME, TITLE, USER_ID
from training.errors import DataError, RecommenderError

TABS = '[interactions]\nfiles = "rows.tsv"\nseparator = "\\t"\nuser = "user"\nitem = "item"\n'
WEIGHTS = TABS + 'strength = "weight"\n'
TIMES = TABS + 'time = "at"\n'
ROWS = "user\titem\tweight\n" + "".join(f"{u}\t{i}\t{w}\n" for u, i, w in likes())


def things(folder, rows, text=WEIGHTS, name="rows.tsv", encoding="utf-8"):
    """Returns the domain of one file and the folder that it is in."""
    domain = describe(folder, text)
    data = rows if isinstance(rows, bytes) else rows.encode(encoding)
    (domain.folder / name).write_bytes(data)
    return domain, domain.folder


def read(folder, rows, text=WEIGHTS, *, most=0.01, **options):
    domain, base = things(folder, rows, text, **options)
    return domain.read_interactions(base, most)


def triples(table):
    return [tuple(row) for row in table.rows.astype({USER_ID: str, ITEM_ID: str}).to_numpy()]


def built(folder, rows, text=WEIGHTS, **options):
    domain, base = things(folder, rows, text, **options)
    return build(domain, base, domain.clean, SplitConfig())


def test_user_item_and_weight_in_tabs_with_a_header(tmp_path):
    table = read(tmp_path, ROWS)
    assert triples(table) == list(likes())
    assert (table.read, table.dropped) == (len(table.rows), {})
    assert table.rows[STRENGTH].dtype == "float32"


def test_anonymous_json_lines_count_by_presence(tmp_path):
    text = '[interactions]\nfiles = "views"\nformat = "jsonl"\nuser = "visit.id"\nitem = "page"\n'
    domain = describe(tmp_path, text)
    (domain.folder / "views" / "day=1").mkdir(parents=True)
    (domain.folder / "views" / "_SUCCESS").write_text("")
    lines = [json.dumps({"visit": {"id": u, "at": 3}, "page": i}) for u, i, _ in likes()]
    middle = len(lines) // 2
    part = domain.folder / "views" / "day=1" / "part-0.jsonl.gz"
    part.write_bytes(gzip.compress("\n".join(lines[:middle]).encode()))
    second = str(domain.folder / "views" / "part-1.jsonl.zst")
    with pa.OSFile(second, "wb") as file, pa.CompressedOutputStream(file, "zstd") as packed:
        packed.write("\n".join(lines[middle:]).encode())
    table = domain.read_interactions(domain.folder, 0.0)
    assert triples(table) == [(u, i, 1.0) for u, i, _ in likes()]
    assert len(domain.find_files(domain.folder)) == 3  # the description, too


def test_parquet_with_numbers_as_ids(tmp_path):
    text = (
        '[interactions]\nfiles = "rows.parquet"\nformat = "parquet"\nuser = "who"\nitem = "what"\n'
    )
    domain = describe(tmp_path, text)
    frame = pd.DataFrame({"who": [7, 7, 8], "what": [1, 2, 1], "more": ["a", "b", "c"]})
    frame.to_parquet(domain.folder / "rows.parquet")
    assert triples(domain.read_interactions(domain.folder, 0.0)) == [
        ("7", "1", 1.0),
        ("7", "2", 1.0),
        ("8", "1", 1.0),
    ]


def test_items_bring_titles_and_fields_and_one_row_an_id(tmp_path):
    text = WEIGHTS + (
        '[items]\nfiles = "items.zip"\nseparator = "::"\nquote = ""\nheader = false\n'
        'id = "column0"\ntitle = "column1"\nfields = { genre = "column2" }\n'
    )
    domain, base = things(tmp_path, ROWS, text)
    with zipfile.ZipFile(base / "items.zip", "w") as archive:
        archive.writestr(
            "movies.dat", '1::"A" Film::Crime|Drama\n2::Été::\n1::Again::x\n'.encode("cp1252")
        )
    table = domain.read_items(base, 0.0)
    assert table.rows.to_dict("records") == [
        {ITEM_ID: "1", TITLE: '"A" Film', "genre": "Crime|Drama"},
        {ITEM_ID: "2", TITLE: "Été", "genre": ""},
    ]
    assert table.notes == {"ids given twice": 1}


def test_a_file_of_items_may_hold_their_ids_alone(tmp_path):
    text = WEIGHTS + '[items]\nfiles = "items.csv"\nid = "id"\n'
    domain, base = things(tmp_path, ROWS, text)
    (base / "items.csv").write_text("id\nthing 1\nthing 99\n")
    table = domain.read_items(base, 0.0)
    assert table.rows.to_dict("list") == {ITEM_ID: ["thing 1", "thing 99"], TITLE: ["", ""]}
    data, _ = build(domain, base, domain.clean, SplitConfig())
    assert len(data.items) == 24


def test_an_id_that_no_address_can_hold_is_no_item(tmp_path):
    domain, base = things(tmp_path, ROWS, WEIGHTS + '[items]\nfiles = "items.csv"\nid = "id"\n')
    (base / "items.csv").write_text(f"id\n{'x' * 100}\n{'y' * 101}\n")
    table = domain.read_items(base, 0.5)
    assert table.rows[ITEM_ID].tolist() == ["x" * 100]
    assert table.dropped == {"item ids of more than 100 characters": 1}
    with pytest.raises(DataError, match=r"items\.csv, line 3: .*, found 'y{80}…'"):
        domain.read_items(base, 0.0)


def test_a_domain_without_a_file_of_items_is_built_from_its_ids(tmp_path):
    data, counts = built(tmp_path, ROWS)
    assert len(data.items) == 24
    assert dict(counts.lines)["users"] == 240


def test_a_file_is_found_from_another_folder_that_is_named(tmp_path):
    domain, _ = things(tmp_path, ROWS)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "rows.tsv").write_text("user\titem\tweight\nu\ti\t2\n")
    assert triples(domain.read_interactions(tmp_path / "other", 0.0)) == [("u", "i", 2.0)]


# What is odd and yet right.


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_and_utf_16_are_read(tmp_path, encoding):
    assert triples(read(tmp_path, ROWS, encoding=encoding)) == list(likes())


def test_western_letters_that_are_not_utf_8_are_read(tmp_path):
    table = read(tmp_path, "user\titem\tweight\nzoë\tcafé\t2\n", encoding="cp1252")
    assert triples(table) == [("zoë", "café", 2.0)]


def test_quotes_hold_separators_quotes_and_line_ends(tmp_path):
    rows = 'user\titem\tweight\n"u\t1"\t"say ""hi""\nthere"\t2\nu2\ti2\t3\n'
    assert triples(read(tmp_path, rows)) == [
        ("u\t1", 'say "hi"\nthere', 2.0),
        ("u2", "i2", 3.0),
    ]


@pytest.mark.parametrize("item", ["a b", "a/b?c=%2F", "🎬 é", "x" * 100, "'; drop table x", '"'])
def test_ids_are_texts_of_any_kind(tmp_path, item):
    quoted = '"' + item.replace('"', '""') + '"'
    assert triples(read(tmp_path, f"user\titem\tweight\nu\t{quoted}\t1\n")) == [("u", item, 1.0)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1795514400", 1795514400),
        ("1795514400.5", 1795514400.5),
        ("1795514400000", 1795514400),
        ("1795514400000000", 1795514400),
        ("2026-11-24T10:00:00Z", 1795514400),
        ("2026-11-24 10:00:00", 1795514400),
        ("2026-11-24T10:00:00+02:00", 1795507200),
        ("2026-11-24", 1795478400),
    ],
)
def test_times_are_read_as_seconds_whatever_wrote_them(tmp_path, text, found):
    table = read(tmp_path, f"user\titem\tat\nu\ti\t{text}\n", TIMES)
    assert table.rows[TIME].tolist() == [found]
    assert table.rows[STRENGTH].tolist() == [1]


@pytest.mark.parametrize("text", ["", "soon", "20261124", "12", "nan", "24/11/2026", "1970-01-01"])
def test_times_that_cannot_be_read_are_counted_and_named(tmp_path, text):
    rows = f"user\titem\tat\nu\ti\t1795514400\nu\tj\t{text}\n"
    table = read(tmp_path, rows, TIMES, most=0.5)
    assert table.dropped == {"times that cannot be read": 1}
    with pytest.raises(DataError, match=r"line 3: expected a time between 1973 and 2100"):
        read(tmp_path, rows, TIMES)


def test_the_time_of_a_pair_is_the_first_at_which_it_was_liked(tmp_path):
    head, *rows = ROWS.replace("weight", "weight\tat", 1).splitlines()
    timed = [f"{row}\t1700000000" for row in rows]
    again = [
        "u0\tthing 0\t1\t1600000001",
        "u0\tthing 0\t9\t1600000003",
        "u0\tthing 0\t8\t1600000002",
    ]
    text = WEIGHTS + 'time = "at"\n[clean]\nliked_from = 2\n'
    data, _ = built(tmp_path, "\n".join([head, *again, *timed]) + "\n", text)
    times = data.interactions[TIME]
    assert sorted(times.unique()) == [1600000002, 1700000000]
    row = data.interactions[times == 1600000002].iloc[0]
    assert data.items[ITEM_ID][row["item"]] == "thing 0"
    assert row[STRENGTH] == 9


def test_repeated_rows_count_once(tmp_path):
    data, counts = built(tmp_path, ROWS + "".join(ROWS.splitlines(keepends=True)[1:]))
    assert len(data.interactions) == len(list(likes()))
    assert dict(counts.lines)["repeated pairs"] == len(list(likes()))


def test_people_who_are_all_alike_are_split_like_any_others(tmp_path):
    rows = "".join(f"u{u}\tthing {i}\t1\n" for u in range(60) for i in range(25))
    data, _ = built(tmp_path, "user\titem\tweight\n" + rows)
    assert data.interactions["liked"].all()
    assert data.items["popularity"].nunique() == 1
    assert set(data.parts) == {0, 1, 2}


def test_negative_strengths_are_not_likes(tmp_path):
    head, *rows = ROWS.splitlines(keepends=True)
    more = "".join(f"u{user}\tthing {1 - user % 2}\t-5\n" for user in range(100))
    data, counts = built(tmp_path, head + "".join(rows) + more)
    assert dict(counts.lines)["pairs not liked"] == 100
    assert data.interactions["liked"].sum() == len(rows)


def test_items_without_a_row_are_kept_and_counted(tmp_path):
    text = WEIGHTS + '[items]\nfiles = "items.csv"\nid = "id"\ntitle = "name"\n'
    domain, base = things(tmp_path, ROWS, text)
    (base / "items.csv").write_text("id,name\n" + "".join(f"thing {n},N{n}\n" for n in range(20)))
    data, counts = build(domain, base, domain.clean, SplitConfig())
    assert len(data.items) == 24
    assert dict(counts.lines)["without a title"] == 4


def listed(folder, separator):
    text = WEIGHTS + '[items]\nfiles = "items"\nid = "id"\nfields = { genre = "genres" }\n'
    return describe(folder, text + f'lists = {{ genre = "{separator}" }}\n')


def genres_of(domain):
    return domain.read_items(domain.folder, 0.0).rows["genre"].tolist()


def test_lists_are_read_whatever_is_between_their_values(tmp_path):
    bars = listed(tmp_path / "bars", "|")
    (bars.folder / "items").write_text("id,genres\na,Comedy|Crime| Comedy\nb,\nc,Film Noir|\n")
    assert genres_of(bars) == ["Comedy, Crime", "", "Film Noir"]
    text = '[items]\nfiles = "items"\nformat = "jsonl"\nid = "id"\n'
    lines = describe(
        tmp_path / "lines",
        WEIGHTS + text + 'fields = { genre = "genres" }\nlists = { genre = "json" }\n',
    )
    rows = ['{"id": 1, "genres": ["Comedy", "Crime"]}', '{"id": 2}', '{"id": 3, "genres": "War"}']
    (lines.folder / "items").write_text("\n".join(rows))
    assert genres_of(lines) == ["Comedy, Crime", "", "War"]
    text = text.replace("jsonl", "parquet")
    parquet = describe(
        tmp_path / "parquet",
        WEIGHTS + text + 'fields = { genre = "genres" }\nlists = { genre = "json" }\n',
    )
    frame = pd.DataFrame({"id": ["a", "b"], "genres": [["Comedy", "Crime"], None]})
    frame.to_parquet(parquet.folder / "items")
    assert genres_of(parquet) == ["Comedy, Crime", ""]


# What is wrong: one line that names the place, the value and the remedy.


def broken(count):
    lines = ROWS.splitlines()
    return "\n".join([*lines[:-count], *["what is this"] * count])


BROKEN = {
    "wrong column name": (
        ROWS.replace("weight", "wieght", 1),
        "expected a column 'weight', found 'user, item, wieght'. Did you mean 'wieght'?",
    ),
    "empty": ("", "expected rows of data, found an empty file"),
    "only a header": ("user\titem\tweight\n", "expected rows of data, found none"),
    "another separator": (ROWS.replace("\t", ";"), "expected a column 'user', found 'user;item"),
    "two separators": (
        ROWS.replace("\t", ",").replace("user,item,weight", "user\titem\tweight"),
        "line 2: expected 3 fields separated by '\\t'",
    ),
    "30 % broken rows": (broken(600), "600 of"),
    "dates as strengths": (
        "user\titem\tweight\nu\ti\t2026-11-24\nu\tj\t2026-11-25\n",
        "line 2: expected a number as strength, found '2026-11-24'",
    ),
    "decimal commas": ("user\titem\tweight\nu\ti\t3,5\n", "found '3,5'"),
    "no number": ("user\titem\tweight\nu\ti\tnan\n", "found 'nan'"),
    "no user": ("user\titem\tweight\n\ti\t2\n", "line 2: expected a user, found ''"),
    "no item": ("user\titem\tweight\n\n\nu\t \t2\n", "line 4: expected an item, found ''"),
    "an id of 200 characters": (
        f"user\titem\tweight\nu\t{'x' * 200}\t2\n",
        f"line 2: expected an item's id of at most 100 characters, found '{'x' * 80}…'. 1 of 1 "
        "rows cannot be read (1 × item ids of more than 100 characters). Addresses hold the ids: "
        "give the items shorter ones, such as numbers",
    ),
    "a picture": (bytes(range(256)) * 40, "expected text or Parquet, found binary data"),
    "two columns of a name": ("user\titem\titem\tweight\nu\ti\ti\t2\n", "one column 'item'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_explained_in_one_line(tmp_path, case):
    rows, message = BROKEN[case]
    with pytest.raises(DataError) as caught:
        read(tmp_path, rows)
    assert message in str(caught.value)
    assert str(tmp_path / "things" / "rows.tsv") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("user\titem\tweight\n" + "".join(f"me\ti{n}\t2\n" for n in range(50)), "found 1 users"),
        ("user\titem\tweight\n" + "".join(f"u{n}\tone\t2\n" for n in range(50)), "0 users and 1"),
    ],
    ids=["one user", "one item"],
)
def test_too_little_to_learn_from_is_explained(tmp_path, rows, message):
    with pytest.raises(RecommenderError, match="at least 20 users and 20 items") as caught:
        built(tmp_path, rows)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data"),
    [("rows.tsv.gz", b"\x1f\x8b no"), ("rows.tsv.zst", b"(\xb5/\xfd no"), ("rows.tsv.zip", b"PK")],
)
def test_a_corrupt_packed_file_is_named(tmp_path, name, data):
    with pytest.raises(DataError, match=name):
        read(tmp_path, data, WEIGHTS.replace("rows.tsv", name), name=name)


def test_missing_files_are_named_with_the_key_that_names_them(tmp_path):
    domain = describe(tmp_path, WEIGHTS)
    with pytest.raises(DataError, match=r"rows\.tsv.*found none.*interactions\.files"):
        domain.read_interactions(domain.folder, 0.0)


def test_broken_lines_of_json_are_counted_with_their_number(tmp_path):
    text = '[interactions]\nfiles = "a.jsonl"\nformat = "jsonl"\nuser = "u"\nitem = "i"\n'
    rows = '{"u": 1, "i": 2}\n\n[1]\n{"u": 1\n{"u": null, "i": 2}\n'
    domain, base = things(tmp_path, rows, text, name="a.jsonl")
    table = domain.read_interactions(base, 1.0)
    assert table.dropped == {"wrong number of fields": 2, "no user": 1}
    with pytest.raises(DataError, match=r"a\.jsonl, line 3: expected one JSON object"):
        domain.read_interactions(base, 0.5)


def test_a_missing_key_of_json_is_named(tmp_path):
    text = '[interactions]\nfiles = "a.jsonl"\nformat = "jsonl"\nuser = "usr"\nitem = "i"\n'
    with pytest.raises(DataError, match=r"a column 'usr', found 'user, i'. Did you mean 'user'"):
        read(tmp_path, '{"user": 1, "i": 2}\n', text, name="a.jsonl")
