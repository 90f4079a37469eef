"""Songs: the triplets and the titles, with their irregularities."""

from pathlib import Path

import pytest

from training.domains.bad_rows import FIELDS, NOT_UTF8
from training.domains.domain import ITEM_ID, STRENGTH, TITLE, USER_ID
from training.domains.songs import read_plays, read_tracks
from training.errors import DataError


@pytest.fixture
def plays(tmp_path):
    """Reads triplets that hold these bytes."""

    def read(content: bytes, max_bad_rows: float = 1.0):
        (tmp_path / "train_triplets.txt").write_bytes(content)
        return read_plays(tmp_path, max_bad_rows)

    return read


@pytest.fixture
def tracks(tmp_path):
    """Reads titles that hold these bytes."""

    def read(content: bytes, max_bad_rows: float = 1.0):
        (tmp_path / "unique_tracks.txt").write_bytes(content)
        return read_tracks(tmp_path, max_bad_rows)

    return read


def triples(table) -> list[tuple[str, str, float]]:
    return list(table.rows[[USER_ID, ITEM_ID, STRENGTH]].itertuples(index=False, name=None))


def test_a_triplet_is_a_user_a_song_and_plays(plays):
    table = plays(b"u1\ts1\t3\nu2\ts1\t1\n", 0.0)
    assert triples(table) == [("u1", "s1", 3.0), ("u2", "s1", 1.0)]
    assert (table.read, table.dropped) == (2, {})


def test_windows_line_ends_and_a_byte_order_mark_are_not_part_of_a_value(plays):
    assert triples(plays(b"\xef\xbb\xbfu1\ts1\t3\r\nu2\ts1\t1\r\n", 0.0)) == [
        ("u1", "s1", 3.0),
        ("u2", "s1", 1.0),
    ]


def test_a_quote_is_a_character_like_any_other(plays):
    assert triples(plays(b'u"1\t"s1\t3\nu2\ts1"\t1\n', 0.0)) == [
        ('u"1', '"s1', 3.0),
        ("u2", 's1"', 1.0),
    ]


def test_the_last_line_needs_no_line_end(plays):
    assert triples(plays(b"u1\ts1\t3\nu2\ts1\t1", 0.0))[-1] == ("u2", "s1", 1.0)


@pytest.mark.parametrize(
    "count", ["", "x", "0", "-1", "1.5", "nan", "inf", "1e12", "true", "0x10", "1_000"]
)
def test_plays_that_are_not_a_positive_whole_number_are_dropped_and_counted(plays, count):
    table = plays(f"u1\ts1\t3\nu2\ts1\t{count}\n".encode())
    assert triples(table) == [("u1", "s1", 3.0)]
    assert table.read == 2
    assert table.dropped == {"plays that are no whole number from 1": 1}


def test_a_line_with_other_than_three_fields_is_dropped_and_counted(plays):
    table = plays(b"u1\ts1\t3\nu2\ts1\nu3\ts1\t2\tmore\nu4\ts1\t1\n")
    assert [user for user, _, _ in triples(table)] == ["u1", "u4"]
    assert (table.read, table.dropped) == (4, {FIELDS: 2})


def test_a_row_without_user_or_song_is_dropped_and_counted(plays):
    table = plays(b"u1\ts1\t3\n\ts1\t1\nu2\t\t1\n")
    assert triples(table) == [("u1", "s1", 3.0)]
    assert table.dropped == {"no user or song": 2}


def test_blank_lines_are_not_rows(plays):
    table = plays(b"\nu1\ts1\t3\n\n\nu2\ts1\t1\n\n", 0.0)
    assert len(triples(table)) == table.read == 2


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"u1\ts1\t1\nu2\ts1\tx\n", 2),
        (b"bad\nbad\nu1\ts1\t1\nu2\ts1\tx\n", 1),
        (b"\n\nu1\ts1\t1\nu2\ts1\tx\n", 4),
        (b"u1\ts1\t1\n\n\n\nu2\ts1\tx\n", 5),
        (b"u1\ts1\t1\n\nu2\ts1\t1\n\nu3\ts1\tx\n\n", 5),
    ],
)
def test_the_first_bad_line_is_named_by_its_place_in_the_file(plays, content, line):
    with pytest.raises(DataError) as caught:
        plays(content, 0.0)
    assert caught.value.line == line


def test_too_many_bad_rows_name_the_file_the_line_the_value_and_the_remedy(plays):
    rows = b"u\ts\t1\n" * 98 + b"u\ts\tmany\n" * 2
    with pytest.raises(DataError) as caught:
        plays(rows, 0.01)
    text = str(caught.value)
    assert "train_triplets.txt, line 99" in text
    assert "'many'" in text
    assert "2 of 100 rows" in text
    assert "clean.max_bad_rows=0.022" in text


def test_the_remedy_named_for_bad_rows_works(plays):
    rows = b"u\ts\t1\n" * 98 + b"u\ts\tmany\n" * 2
    assert len(plays(rows, 0.022).rows) == 98
    assert len(plays(rows, 0.02).rows) == 98


def test_a_file_with_only_bad_rows_is_an_error_whatever_is_allowed(plays):
    with pytest.raises(DataError, match="2 of 2 rows cannot be read"):
        plays(b"u1\ts1\nu2\ts1\n", 1.0)


def test_ids_that_are_not_utf8_stay_distinct(plays):
    table = plays(b"u1\ts1\t3\nshort \xe9\nu\xe9\ts1\t2\nu\xe8\ts1\t1\n")
    assert [user for user, _, _ in triples(table)] == ["u1", "ué", "uè"]
    assert table.dropped == {FIELDS: 1}


@pytest.mark.parametrize("separator", [",", ";", "|"])
def test_another_separator_is_named_and_no_limit_is_to_be_raised(plays, separator):
    content = "".join(separator.join((f"u{i}", "s1", "3")) + "\n" for i in range(30))
    with pytest.raises(DataError) as caught:
        plays(content.encode(), 0.01)
    text = str(caught.value)
    assert (
        f"line 1: expected 3 fields separated by tabs, found 'u0{separator}s1{separator}3'" in text
    )
    assert "not by tabs" in text
    assert "max_bad_rows" not in text


def test_multi_byte_characters_survive_block_boundaries(plays):
    rows = "".join(f"{'ä' * (i % 7)}é€𝄞{i}\ts\t1\n" for i in range(60_000))
    users = [user for user, _, _ in triples(plays(rows.encode(), 0.0))]
    assert users == [line.split("\t")[0] for line in rows.splitlines()]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\n\xfe\xfd\t\x00\n",
        bytes(range(256)) * 200,
        b"user,song,plays\nu1,s1,1\n",
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(plays, content, capfd):
    with pytest.raises(DataError, match=r"train_triplets\.txt") as caught:
        plays(content, 0.01)
    assert str(caught.value).isprintable()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_a_file_without_rows_is_refused(plays, content):
    with pytest.raises(DataError, match=r"train_triplets\.txt"):
        plays(content)


def test_of_several_tracks_of_a_song_the_first_is_used(tracks):
    table = tracks(b"T1<SEP>S1<SEP>Nina<SEP>One\nT2<SEP>S1<SEP>N.<SEP>Uno\nT3<SEP>S2<SEP>B<SEP>2\n")
    assert table.rows[[ITEM_ID, TITLE, "artist"]].to_numpy().tolist() == [
        ["S1", "One", "Nina"],
        ["S2", "2", "B"],
    ]
    assert table.notes == {"further tracks of a song": 1, NOT_UTF8: 0}
    assert (table.read, table.dropped) == (3, {})


def test_titles_keep_accents_and_lose_the_space_around_them(tracks):
    table = tracks("T1<SEP>S1<SEP>Björk <SEP> Jóga\r\n".encode(), 0.0)
    assert table.rows.to_numpy().tolist() == [["S1", "Jóga", "Björk"]]


def test_an_unknown_artist_or_title_is_not_an_error(tracks):
    assert tracks(b"T1<SEP>S1<SEP><SEP>\n", 0.0).rows.to_numpy().tolist() == [["S1", "", ""]]


def test_titles_in_latin_1_are_read_and_counted(tracks):
    lines = "T1<SEP>S1<SEP>Motörhead<SEP>Ace\nT2<SEP>S2<SEP>A<SEP>a\n".encode("latin-1")
    table = tracks(lines, 0.0)
    assert table.rows["artist"].tolist() == ["Motörhead", "A"]
    assert table.notes[NOT_UTF8] == 1


def test_a_bad_line_of_titles_is_dropped_counted_and_named(tracks):
    content = b"T1<SEP>S1<SEP>A<SEP>a\nT2<SEP>S2<SEP>B\nT3<SEP><SEP>A<SEP>a\n"
    table = tracks(content)
    assert table.rows[ITEM_ID].tolist() == ["S1"]
    assert table.dropped == {FIELDS: 1, "no song": 1}
    with pytest.raises(DataError, match=r"unique_tracks\.txt, line 2") as caught:
        tracks(content, 0.5)
    assert "T2<SEP>S2<SEP>B" in str(caught.value)


def test_a_missing_file_error_names_the_expected_file_and_the_folder(tmp_path):
    with pytest.raises(DataError) as caught:
        read_tracks(tmp_path, 0.01)
    assert "unique_tracks.txt" in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        read_plays(tmp_path / "nowhere" / Path("deep"), 0.01)
