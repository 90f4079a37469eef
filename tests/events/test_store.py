import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.events.rows import NOW_MS, event_row
from training.errors import DataError, RecommenderError
from training.events.schema import SCHEMA, table_of
from training.events.store import EventStore

pytestmark = pytest.mark.slow

DAY_MS = 86_400_000


@pytest.fixture
def store(tmp_path: Path) -> EventStore:
    return EventStore(tmp_path / "events")


def append(store: EventStore, rows: list[dict[str, object]]) -> int:
    return store.append(table_of(rows)[0])


def ids(store: EventStore) -> list[str]:
    return [id_ for batch in store.batches(["id"]) for id_ in batch.column("id").to_pylist()]


def test_events_lie_by_the_day_on_which_they_arrived(store):
    rows = [event_row(arrived=NOW_MS), event_row(arrived=NOW_MS + DAY_MS)]
    assert append(store, rows) == 2
    assert [path.parent.name for path in store.files()] == ["date=2025-11-24", "date=2025-11-25"]
    assert ids(store) == [row["id"] for row in rows]


def test_an_event_is_kept_once_however_often_it_comes(store):
    rows = [event_row() for _ in range(5)]
    assert append(store, [*rows, *rows]) == 5
    assert append(store, rows) == 0
    moved = rows[0] | {"arrived": NOW_MS + DAY_MS, "node": "node-2"}
    assert append(EventStore(store.folder), [moved, event_row()]) == 1
    assert len(ids(store)) == store.count() == 6


def test_nothing_new_writes_no_file(store):
    rows = [event_row()]
    append(store, rows)
    before = store.files()
    append(store, rows)
    append(store, [])
    assert store.files() == before


def test_a_forgotten_session_is_gone_and_does_not_come_back(store):
    mine, other = event_row(session="a-session-of-mine"), event_row()
    alone = event_row(session="a-session-of-mine", arrived=NOW_MS + DAY_MS)
    append(store, [mine, other, alone])
    assert store.forget("a-session-of-mine") == 2
    assert ids(store) == [other["id"]]
    assert len(store.files()) == 1
    again = event_row(session="a-session-of-mine")
    assert append(EventStore(store.folder), [mine, again]) == 0
    everything = b"".join(p.read_bytes() for p in store.folder.rglob("*") if p.is_file())
    assert b"a-session-of-mine" not in everything


def test_old_days_are_removed_whole(store):
    append(store, [event_row(arrived=NOW_MS - days * DAY_MS) for days in (0, 9, 10, 11, 300)])
    assert store.expire(10, date(2025, 11, 24)) == 2
    assert store.count() == 3


def test_a_store_without_events_is_empty(store):
    assert store.count() == 0
    assert ids(store) == []
    assert store.read_state() == {}
    assert store.expire(1, date(2025, 11, 24)) == 0


def test_only_one_process_changes_it(store):
    other = EventStore(store.folder).lock()
    with store.lock(), pytest.raises(RecommenderError, match="in use by another process"), other:
        pass
    with store.lock():
        pass


def test_a_corrupt_file_is_named(store):
    append(store, [event_row()])
    [path] = store.files()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=path.name):
        ids(store)


def without(path: Path, column: str) -> None:
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.drop_columns([column]), path)


def test_a_column_that_a_file_of_an_earlier_release_lacks_is_null(store):
    append(store, [event_row(propensity=0.5)])
    without(store.files()[0], "propensity")
    append(store, [event_row(propensity=0.25, arrived=NOW_MS + DAY_MS)])
    batches = list(store.batches(["propensity", "id"]))
    assert [batch.schema.names for batch in batches] == [["propensity", "id"]] * 2
    assert [batch.column("propensity").to_pylist() for batch in batches] == [[None], [0.25]]
    assert all(batch.schema == SCHEMA for batch in store.batches())


def test_sessions_are_forgotten_in_a_file_of_an_earlier_release_too(store):
    rows = [event_row(session="a-session-of-mine"), event_row()]
    append(store, rows)
    without(store.files()[0], "propensity")
    assert store.forget("a-session-of-mine") == 1
    assert ids(store) == [rows[1]["id"]]


def test_a_file_that_lacks_what_every_event_has_is_named(store):
    append(store, [event_row()])
    [path] = store.files()
    without(path, "session")
    with pytest.raises(DataError, match=rf"{path.name}.*no column session"):
        ids(store)


def test_a_corrupt_state_begins_anew(store):
    store.write_state({"node-1": {}})
    (store.folder / "state.json").write_text("{")
    assert store.read_state() == {}


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.events.rows import event_row
from training.events import store as module
from training.events.schema import table_of

folder, calls = Path(sys.argv[1]), int(sys.argv[2])
real = os.fsync

def fsync(handle):
    global calls
    calls -= 1
    if calls == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(handle)

os.fsync = fsync
store = module.EventStore(folder)
with store.lock():
    for day in range(3):
        rows = [event_row(arrived=1_764_000_000_000 + day * 86_400_000, id=f"{day}:{n:04d}",
                          session="a-session-00000") for n in range(100)]
        store.append(table_of(rows)[0])
        store.write_state({"node-1": {"node-1": f"node-1/{day}"}})
print("done")
"""


@pytest.mark.parametrize("calls", range(1, 13))
def test_killed_at_any_sync_it_goes_on_without_loss_or_repetition(store, calls):
    """Each day syncs four times: file, folder, state, folder."""
    arguments = [sys.executable, "-c", KILLED, str(store.folder)]
    killed = subprocess.run([*arguments, str(calls)], check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    subprocess.run([*arguments, "0"], check=True, capture_output=True)
    assert sorted(ids(store)) == [f"{day}:{n:04d}" for day in range(3) for n in range(100)]
    assert not list(store.folder.rglob("*.partial"))
    assert all(pq.read_metadata(path).num_rows == 100 for path in store.files())
