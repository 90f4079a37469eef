"""Unreadable rows: counted by reason, and explained with a remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.domains.bad_rows import FIELDS, BadRows
from training.errors import DataError


def bad_rows(most: float = 0.0, path: object = "file") -> BadRows:
    return BadRows(path, most, "user <tab> song <tab> plays", "\t")


def refusal(rows: BadRows, read: int) -> str:
    with pytest.raises(DataError) as caught:
        rows.check(read)
    return str(caught.value)


@given(st.integers(1, 1000), st.integers(5, 1000))
def test_the_share_named_as_the_remedy_accepts_the_same_rows(bad, times):
    rows = bad_rows()
    for line in range(1, bad + 1):
        rows.add(line, "odd", "whole", "half")
    share = float(refusal(rows, bad * (times + 1)).rpartition("=")[2])
    rows.most = share
    rows.check(bad * (times + 1))


def test_bad_rows_are_counted_by_reason_and_the_first_by_line_is_shown(tmp_path):
    rows = bad_rows(0.5, tmp_path)
    rows.add(9, "odd", "whole", "half")
    rows.add(3, "mad", "sane", "eleven")
    rows.add(12, "odd", "whole", "half")
    rows.check(6)
    text = refusal(rows, 5)
    assert "line 3: expected sane, found 'eleven'" in text
    assert "3 of 5 rows cannot be read (2 × odd, 1 × mad)" in text


@pytest.mark.parametrize(
    ("separator", "name"),
    [(",", "commas"), (";", "semicolons"), ("|", "vertical bars"), ("::", "double colons")],
)
def test_another_separator_is_recognised_and_no_limit_is_to_be_raised(separator, name):
    rows = bad_rows(1.0)
    for line in range(1, 51):
        found = separator.join((f"u{line}", "s", "3"))
        rows.add(line, FIELDS, "3 fields separated by tabs", found)
    text = refusal(rows, 50)
    assert text.startswith("file, line 1: expected 3 fields separated by tabs, found 'u1")
    assert f"The fields seem to be separated by {name}, not by tabs" in text
    assert "max_bad_rows" not in text


def test_values_on_another_scale_are_recognised_by_their_range():
    rows = bad_rows()
    for line, value in enumerate(("12", "100", "55.5"), start=1):
        rows.add(line, "rating outside 0..10", "a rating 0..10", value)
    text = refusal(rows, 3)
    assert "line 1: expected a rating 0..10, found '12'" in text
    assert "These values range from 12 to 100: another scale?" in text
    assert "max_bad_rows" not in text


def test_utf16_is_recognised():
    rows = bad_rows()
    for line, text in enumerate("u\ts\t1\nv\ts\t1".encode("utf-16").decode("latin-1").split("\n")):
        rows.add(line + 1, FIELDS, "3 fields separated by tabs", text)
    assert "iconv -f utf-16 -t utf-8" in refusal(rows, 2)


def test_a_completely_different_file_is_reported_with_the_expected_columns():
    rows = bad_rows()
    rows.add(1, FIELDS, "3 fields separated by tabs", "MIT License")
    rows.add(2, FIELDS, "3 fields separated by tabs", "Permission is hereby granted")
    text = refusal(rows, 2)
    assert "Is this the right file? Expected columns: user <tab> song <tab> plays" in text


def test_a_line_in_another_encoding_is_decoded_and_counted():
    rows = bad_rows()
    lines = [rows.decode(line) for line in (b"plain", "Jóga".encode(), b"Mot\xf6rhead")]
    assert lines == ["plain", "Jóga", "Motörhead"]
    assert rows.not_utf8 == 1


def test_a_file_without_rows_is_refused():
    assert "expected rows of data" in refusal(bad_rows(), 0)
