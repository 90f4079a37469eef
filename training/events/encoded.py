"""Reads collected events with dense numbers for texts, so that many fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from training.events.store import EventStore

NO_POSITION = 0


@dataclass(frozen=True)
class Encoded:
    """Events whose texts are numbers.

    Attributes:
        events: A column of numbers for each text, -1: none; ``at``: ms since 1970; ``explored``:
            whether the place was; ``position``: from 1, or `NO_POSITION`.
        texts: The texts of each column, alphabetically, by number.
    """

    events: pd.DataFrame
    texts: dict[str, np.ndarray]


def read_encoded(store: EventStore, texts: Sequence[str], *, since: date | None = None) -> Encoded:
    """Reads the events.

    Args:
        store: The events.
        texts: Columns of text to read.
        since: The first day of arrival to read; None: all.
    """
    batches = list(_encoded(store, texts, since))
    if not batches:
        columns = {name: np.empty(0, np.int64) for name in (*texts, "at", "explored", "position")}
        return Encoded(pd.DataFrame(columns), {name: np.empty(0, object) for name in texts})
    table = pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()
    codes = {name: table[name].to_numpy() for name in ("at", "explored", "position")}
    known = {}
    for name in texts:
        column = table[name].chunk(0)
        found = column.dictionary.to_numpy(zero_copy_only=False)
        # Alphabetically: the order of the files must not decide between equal ones.
        order = np.argsort(found)
        place = np.append(np.argsort(order), -1)
        codes[name] = place[column.indices.fill_null(-1).to_numpy()]
        known[name] = found[order]
    return Encoded(pd.DataFrame(codes), known)


def _encoded(
    store: EventStore, texts: Sequence[str], since: date | None
) -> Iterator[pa.RecordBatch]:
    for batch in store.batches([*texts, "at", "arrived", "propensity", "position"], since=since):
        columns = {name: pc.dictionary_encode(batch.column(name)) for name in texts}
        # A client's clock may be wrong: no event happened after it arrived.
        times = [pc.cast(batch.column(name), pa.int64()) for name in ("at", "arrived")]
        columns |= {
            "at": pc.min_element_wise(*times),
            "explored": batch.column("propensity").is_valid(),
            "position": pc.fill_null(batch.column("position"), NO_POSITION),
        }
        yield pa.RecordBatch.from_pydict(columns)
