"""Books: ratings and titles in Kaggle's dialect and in the dump's, with their irregularities."""

import pytest

from training.domains.bad_rows import FIELDS, NOT_UTF8
from training.domains.books import read_books, read_ratings
from training.domains.domain import ITEM_ID, STRENGTH, TITLE, USER_ID
from training.errors import DataError

KAGGLE = "User-ID,ISBN,Book-Rating\n"
DUMP = '"User-ID";"ISBN";"Book-Rating"\r\n'
KAGGLE_TITLES = "ISBN,Book-Title,Book-Author,Year-Of-Publication,Publisher,Image-URL-S\n"
DUMP_TITLES = (
    '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher";"Image-URL-S"\r\n'
)


@pytest.fixture
def ratings(tmp_path):
    """Reads ratings that hold this text."""

    def read(text: str | bytes, max_bad_rows: float = 1.0, name: str = "Ratings.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_ratings(tmp_path, max_bad_rows)

    return read


@pytest.fixture
def books(tmp_path):
    """Reads titles that hold this text."""

    def read(text: str | bytes, max_bad_rows: float = 1.0, name: str = "Books.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_books(tmp_path, max_bad_rows)

    return read


def triples(table) -> list[tuple[str, str, float]]:
    return list(table.rows[[USER_ID, ITEM_ID, STRENGTH]].itertuples(index=False, name=None))


def row(table, place: int = 0) -> list[str]:
    names = [ITEM_ID, TITLE, "author", "year", "publisher"]
    return table.rows[names].iloc[place].tolist()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ratings.csv", KAGGLE + "276725,034545104X,5\n276726,0155061224,0\n"),
        ("Ratings.csv", "\ufeff" + KAGGLE + "276725,034545104X,5\r\n276726,0155061224,0\r\n"),
        ("Ratings.csv", 'User-ID,ISBN,Rating\n276725,"034545104X",5\n276726,0155061224,0'),
        ("Ratings.csv", "Book-Rating,User-ID,ISBN\n5,276725,034545104X\n0,276726,0155061224\n"),
        ("BX-Book-Ratings.csv", DUMP + '"276725";"034545104X";"5"\r\n"276726";"0155061224";"0"'),
        (
            "BX-Book-Ratings.csv",
            "\ufeff" + DUMP + '"276725";"034545104X";"5"\r\n"276726";"0155061224";"0"\r\n',
        ),
        # The file names do not reveal the dialect.
        ("Ratings.csv", DUMP + '"276725";"034545104X";"5"\r\n"276726";"0155061224";"0"\r\n'),
        ("BX-Book-Ratings.csv", KAGGLE + "276725,034545104X,5\n276726,0155061224,0\n"),
    ],
)
def test_the_dialect_is_detected_from_the_content(ratings, name, text):
    table = ratings(text, 0.0, name)
    assert triples(table) == [("276725", "034545104X", 5.0), ("276726", "0155061224", 0.0)]
    assert (table.read, table.dropped) == (2, {})


def test_an_isbn_is_text_with_leading_zeros_and_a_capital_x(ratings):
    table = ratings(KAGGLE + "1,000123456x,5\n1,0-00-123456 x,6\n1,0000000000,7\n", 0.0)
    assert [isbn for _, isbn, _ in triples(table)] == ["000123456X", "000123456X", "0000000000"]


def test_a_rating_of_zero_is_kept_and_counted(ratings):
    table = ratings(KAGGLE + "1,a,0\n1,b,10\n", 0.0)
    assert table.notes == {"ratings of 0 (no rating given)": 1, NOT_UTF8: 0}
    assert len(table.rows) == 2


@pytest.mark.parametrize("rating", ["11", "-1", "7.5", "", "good", "²", "٣", "1" * 5000, "NULL"])
def test_a_rating_outside_zero_to_ten_is_dropped_and_counted(ratings, rating):
    table = ratings(KAGGLE + f"1,a,{rating}\n1,b,7\n")
    assert triples(table) == [("1", "B", 7.0)]
    assert table.dropped == {"rating outside 0..10": 1}


def test_a_row_without_user_or_isbn_is_dropped_and_counted(ratings):
    table = ratings(KAGGLE + ",a,7\n1,,7\n1, - ,7\n1,b,7\n")
    assert triples(table) == [("1", "B", 7.0)]
    assert table.dropped == {"no user or ISBN": 3}


@pytest.mark.parametrize("bad", ["1,a", "1,a,7,8", '1,"a,7', "1", '1,"a"b,7'])
def test_a_bad_line_is_dropped_and_counted_and_affects_no_other(ratings, bad):
    table = ratings(KAGGLE + f"1,first,7\n{bad}\n1,last,7\n")
    assert [isbn for _, isbn, _ in triples(table)] == ["FIRST", "LAST"]
    assert (table.read, table.dropped) == (3, {FIELDS: 1})


def test_blank_lines_are_not_rows(ratings):
    assert ratings(KAGGLE + "\n1,a,7\n\n", 0.0).read == 1


def test_too_many_bad_rows_name_the_file_the_line_the_value_and_the_remedy(ratings):
    text = KAGGLE + "1,a,7\n" * 90 + "1,a,11\n" * 10
    with pytest.raises(DataError) as caught:
        ratings(text, 0.01)
    shown = str(caught.value)
    assert "Ratings.csv, line 92" in shown
    assert "'11'" in shown
    assert "10 of 100 rows" in shown
    assert "--set clean.max_bad_rows=0.11" in shown
    assert len(ratings(text, 0.11).rows) == 90


def test_line_numbers_count_the_header_and_blank_lines(ratings):
    with pytest.raises(DataError) as caught:
        ratings(KAGGLE + "\n\n1,a,7\n1,a,11\n", 0.0)
    assert caught.value.line == 5


@pytest.mark.parametrize("header", ["User,ISBN,Book-Rating", "User-ID,ISBN"])
def test_a_header_without_the_column_names_what_is_missing_and_what_is_there(ratings, header):
    with pytest.raises(DataError, match=r"Ratings\.csv, line 1: expected a column") as caught:
        ratings(f"{header}\n1,a,7\n")
    assert header.split(",")[0].lower() in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00,\x00\x1b[31m;" * 40_000,
        bytes(range(256)) * 100,
        b"u1\ts1\t3\n",
        b"\n\n",
        b"",
    ],
)
def test_a_file_of_another_kind_is_refused_in_one_short_line(ratings, content, tmp_path):
    with pytest.raises(DataError, match=r"Ratings\.csv") as caught:
        ratings(content)
    shown = str(caught.value)
    assert len(shown) < len(str(tmp_path)) + 300
    assert shown.isprintable()


def test_a_file_with_only_a_header_is_refused(ratings):
    with pytest.raises(DataError, match="expected rows of data"):
        ratings(KAGGLE)


def test_a_missing_file_error_lists_the_expected_names_and_the_folder(tmp_path):
    (tmp_path / "Books.csv").write_text(KAGGLE_TITLES)
    with pytest.raises(DataError) as caught:
        read_ratings(tmp_path, 0.01)
    shown = str(caught.value)
    for part in (str(tmp_path), "Ratings.csv", "BX-Book-Ratings.csv", "found Books.csv"):
        assert part in shown


def test_kaggles_titles_keep_commas_and_doubled_quotes(books):
    line = '0001,"Say ""no"", he said; twice",A. Ño,2001,"P, Inc.",\n'
    table = books(KAGGLE_TITLES + line, 0.0)
    assert row(table) == ["0001", 'Say "no", he said; twice', "A. Ño", "2001", "P, Inc."]


def test_the_dumps_titles_are_latin_1_with_backslashes(books):
    line = '"000X";"A \\"quoted\\" one; two";"J. Müller";"2001";"back\\\\slash";"";\r\n'
    line = line.replace('"";', '""')
    table = books((DUMP_TITLES + line).encode("latin-1"), 0.0, "BX-Books.csv")
    assert row(table) == ["000X", 'A "quoted" one; two', "J. Müller", "2001", "back\\slash"]


def test_the_dump_saved_again_as_utf8_is_recognised_by_its_byte_order_mark(books):
    line = '"000X";"Die Brücke";"J. Müller";"2001";"P";""\r\n'
    table = books(("\ufeff" + DUMP_TITLES + line).encode(), 0.0, "BX-Books.csv")
    assert row(table)[:3] == ["000X", "Die Brücke", "J. Müller"]


@pytest.mark.parametrize("escaped", ["&", "&amp;", "&amp;amp;"])
def test_titles_escaped_once_or_twice_are_unescaped(books, escaped):
    table = books(KAGGLE_TITLES + f"1,War {escaped} Peace,Leo,1,P {escaped} Q,\n", 0.0)
    assert row(table)[1] == "War & Peace"
    assert row(table)[4] == "P & Q"


@pytest.mark.parametrize("year", ["0", "", "DK Publishing Inc", "-1"])
def test_an_unknown_year_is_empty_and_not_an_error(books, year):
    assert row(books(KAGGLE_TITLES + f"1,T,A,{year},P,\n", 0.0))[3] == ""


def test_an_isbn_given_twice_keeps_its_first_row(books):
    table = books(KAGGLE_TITLES + "00x,First,A,1999,P,\n00X,Second,A,2000,P,\n", 0.0)
    assert [row(table)[0], row(table)[1], len(table.rows)] == ["00X", "First", 1]
    assert table.notes == {"ISBNs given twice": 1, NOT_UTF8: 0}


def test_an_unclosed_quote_affects_only_its_own_line(books):
    table = books(KAGGLE_TITLES + '1,"open,A,2001,P,\n2,whole,A,2001,P,\n')
    assert table.rows[ITEM_ID].tolist() == ["2"]
    assert table.dropped == {FIELDS: 1}


def test_a_title_without_an_isbn_is_dropped_and_counted(books):
    table = books(KAGGLE_TITLES + ",T,A,2001,P,\n1,T,A,2001,P,\n")
    assert (len(table.rows), table.dropped) == (1, {"no ISBN": 1})


def test_the_other_name_of_the_publisher_column_is_known(books):
    header = "ISBN,Book-Title,Book-Author,Year-Of-Publication,Book-Publisher\n"
    assert row(books(header + "1,T,A,2001,P\n", 0.0)) == ["1", "T", "A", "2001", "P"]


def test_titles_of_a_kaggle_file_in_latin_1_are_read_and_counted(books):
    table = books((KAGGLE_TITLES + "1,Émile,Zola,1890,P,\n").encode("latin-1"), 0.0)
    assert table.rows[TITLE].tolist() == ["Émile"]
    assert table.notes[NOT_UTF8] == 1


def test_ratings_on_another_scale_are_recognised(ratings):
    text = KAGGLE + "".join(f"1,a{i},{i}\n" for i in range(100))
    with pytest.raises(DataError, match="These values range from 11 to 99: another scale"):
        ratings(text, 0.01)
