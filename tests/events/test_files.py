import gzip
import json
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training.errors import DataError
from training.events import files
from training.events.files import read_events
from training.events.store import EventStore

NOW = datetime(2026, 11, 24, tzinfo=timezone.utc)
ROW = {"id": "1", "session": "s", "type": "like", "item": "x", "at": "2024-05-01T10:00:00+02:00"}


def written(folder: Path, *rows: object, name: str = "events.jsonl") -> Path:
    path = folder / name
    text = "".join(f"{json.dumps(row)}\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def read(path: Path) -> list[dict[str, object]]:
    return [row for table in read_events(path, now=NOW) for row in table.to_pylist()]


@pytest.mark.parametrize("name", ["events.jsonl", "events.ndjson", "events.json", "e.jsonl.gz"])
def test_it_reads_json_lines(tmp_path, name):
    [row] = read(written(tmp_path, ROW | {"other": 1}, name=name))
    assert (row["item"], row["position"], row["arrived"]) == ("x", None, NOW)
    assert row["at"] == datetime(2024, 5, 1, 8, tzinfo=timezone.utc)


def test_it_reads_parquet_with_times_of_any_kind(tmp_path):
    at = datetime(2024, 5, 1, 8, tzinfo=timezone.utc)
    rows = [ROW | {"at": at, "arrived": at}, ROW | {"id": "2", "at": at, "arrived": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "events.parquet")
    first, second = read(tmp_path / "events.parquet")
    assert (first["at"], first["arrived"]) == (at, at)
    assert second["arrived"] == NOW


def test_what_collect_wrote_can_be_read_again(tmp_path):
    store = EventStore(tmp_path / "events")
    [table] = read_events(written(tmp_path, ROW), now=NOW)
    store.append(table)
    assert read(store.files()[0]) == read(written(tmp_path, ROW))


def test_reading_a_file_twice_adds_nothing(tmp_path):
    path, store = written(tmp_path, ROW, ROW | {"id": "2"}), EventStore(tmp_path / "events")
    assert [store.append(table) for table in read_events(path, now=NOW)] == [2]
    assert [store.append(table) for table in read_events(path, now=NOW)] == [0]


def test_a_large_file_comes_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ROWS", 10)
    path = written(tmp_path, *[ROW | {"id": str(n)} for n in range(25)])
    assert [table.num_rows for table in read_events(path, now=NOW)] == [10, 10, 5]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([1], r"line 2: expected a JSON object, found \[1\]"),
        ({"user": "u"}, 'line 2: expected a text "id", found columns user'),
        (ROW | {"session": 7}, 'line 2: expected a text "session", found 7'),
        (ROW | {"at": None}, 'line 2: expected a time "at"'),
        (ROW | {"at": "2024-05-01T10:00:00"}, "line 2: expected at as ISO 8601 with a zone"),
        (ROW | {"at": True}, "line 2: expected at as ISO 8601 with a zone"),
    ],
    ids=["list", "other columns", "number", "no time", "no zone", "boolean"],
)
def test_a_row_that_is_no_event_is_named(tmp_path, row, message):
    with pytest.raises(DataError, match=message):
        read(written(tmp_path, ROW, row))


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("id,session\n")
    with pytest.raises(DataError, match=r"expected \.jsonl"):
        read(tmp_path / "a.csv")
    with pytest.raises(DataError, match="found no file"):
        read(tmp_path / "missing.jsonl")
    (tmp_path / "a.parquet").write_text("no")
    with pytest.raises(DataError, match="expected a Parquet file"):
        read(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text("id,session\n")
    with pytest.raises(DataError, match="line 1: expected one JSON object a line"):
        read(tmp_path / "a.jsonl")
