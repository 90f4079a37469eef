"""The songs: Echo Nest Taste Profile (who played what, how often) with Million Song titles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from training.domains.bad_rows import FIELDS, NOT_UTF8, BadRows
from training.domains.domain import (
    ITEM_ID,
    STRENGTH,
    TITLE,
    USER_ID,
    Remote,
    Site,
    Source,
    Table,
)
from training.domains.parts import Part, are_here_only, opened_part, parts_of
from training.domains.protocol import Protocol, Published
from training.domains.reader import Reader
from training.domains.reading import as_utf8, find, opened
from training.errors import DataError
from training.parallel.blocks import in_blocks
from training.parallel.engine import Shared

PLAYS = Source(
    names=("train_triplets.txt",),
    what="the Taste Profile's triplets",
    columns="user <tab> song <tab> plays, without a header",
)
TRACKS = Source(
    names=("unique_tracks.txt",),
    what="the Million Song Dataset's titles",
    columns="track<SEP>song<SEP>artist<SEP>title, without a header",
)
SITE = Site(
    base="http://millionsongdataset.com",
    page="http://millionsongdataset.com/tasteprofile/",
    remotes=(
        Remote(
            "sites/default/files/challenge/train_triplets.txt.zip",
            "train_triplets.txt.zip",
            also=("train_triplets.txt", "train_triplets.txt.gz"),
        ),
        Remote(
            "sites/default/files/AdditionalFiles/unique_tracks.txt",
            "unique_tracks.txt",
            also=("unique_tracks.txt.zip", "unique_tracks.txt.gz"),
        ),
    ),
)
_NAMES = [USER_ID, ITEM_ID, STRENGTH]


def read_plays(raw: Path, max_bad_rows: float) -> Table:
    """Reads the triplets.

    Args:
        raw: Folder with `PLAYS`.
        max_bad_rows: Share of unreadable rows, 0..1, above which reading stops.

    Returns:
        Rows of `USER_ID`, `ITEM_ID` (categories, text) and `STRENGTH` (plays, >= 1, float32).

    Raises:
        DataError: the file is missing, empty or has too many bad rows.
    """
    path = find(raw, PLAYS)
    bad = BadRows(path, max_bad_rows, PLAYS.columns, "\t")
    skipped: list[int] = []
    tables: list[pa.Table] = []
    lines, here = 0, are_here_only([path])
    for table, numbers, rejected in in_blocks(_read_part, Shared(path), parts_of(path), here=here):
        bad.include(rejected, lines_before=lines)
        skipped += [lines + number for number in numbers]
        tables.append(table)
        lines += len(table) + len(numbers)
    # At once, so that not both the parts and the whole are in memory for long.
    rows = pa.concat_tables(tables).unify_dictionaries().to_pandas()
    del tables, table
    plays = _plays(rows[STRENGTH])
    blank = (rows[_NAMES] == "").all(axis=1)
    read = len(rows) + len(skipped) - int(blank.sum())
    empty = (rows[USER_ID] == "") | (rows[ITEM_ID] == "")
    # Between two skipped lines, rows are numbered consecutively.
    rows_before = np.array(skipped, dtype=int) - np.arange(1, len(skipped) + 1)
    for i in rows.index[(plays.isna() | empty) & ~blank]:
        line = i + 1 + int(np.searchsorted(rows_before, i, side="right"))
        if empty[i]:
            bad.add(line, "no user or song", "a user and a song", str(rows.loc[i].tolist()))
        else:
            expected = "plays, a whole number from 1"
            bad.add(line, "plays that are no whole number from 1", expected, rows[STRENGTH][i])
    bad.check(read)
    rows[STRENGTH] = plays.astype("float32")
    return Table(rows[plays.notna() & ~empty].reset_index(drop=True), read, bad.dropped, {})


def _read_part(path: Path, part: Part) -> tuple[pa.Table, list[int], BadRows]:
    """Returns the triplets of a part, and the lines that are none, numbered from its first line."""
    bad = BadRows(path, 1, PLAYS.columns, "\t")
    skipped: list[int] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        skipped.append(row.number or 0)
        bad.add(row.number or 0, FIELDS, "3 fields separated by tabs", row.text)
        return "skip"

    with opened_part(path, part) as file:
        return _triplets(path, as_utf8(file), skip), skipped, bad


def _triplets(
    path: Path, file: BinaryIO, note_skipped: Callable[[pyarrow.csv.InvalidRow], str]
) -> pa.Table:
    # 48 million ids as separate strings would take 5 GB.
    text = pa.dictionary(pa.int32(), pa.string())
    try:
        return pyarrow.csv.read_csv(
            file,
            # With threads, skipped rows have no numbers.
            pyarrow.csv.ReadOptions(column_names=_NAMES, use_threads=False, block_size=1 << 24),
            pyarrow.csv.ParseOptions(
                delimiter="\t",
                quote_char=False,
                # Blank lines become empty rows, so that later lines keep their numbers.
                ignore_empty_lines=False,
                invalid_row_handler=note_skipped,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(_NAMES, text), null_values=[], strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(path, expected=PLAYS.columns, found=str(error)) from error


def _plays(text: pd.Series[str]) -> pd.Series[float]:
    """Returns the play counts as floats; NaN where the text is not a whole number of 1 or more."""
    numbers = pd.to_numeric(pd.Series(text.cat.categories), errors="coerce")
    good = numbers.where((numbers >= 1) & (numbers % 1 == 0) & (numbers < 1e9))
    values = good.to_numpy(dtype="float64")[text.cat.codes]
    return pd.Series(values, index=text.index, dtype="float64")


def read_tracks(raw: Path, max_bad_rows: float) -> Table:
    """Reads titles and artists; of several tracks with one song id the first is taken.

    Args:
        raw: Folder with `TRACKS`.
        max_bad_rows: Share of unreadable rows, 0..1, above which reading stops.

    Returns:
        Rows of `ITEM_ID`, `TITLE`, ``artist``; one per song.

    Raises:
        DataError: the file is missing, empty or has too many bad rows.
    """
    path = find(raw, TRACKS)
    bad = BadRows(path, max_bad_rows, TRACKS.columns, "<SEP>")
    songs: dict[str, tuple[str, str]] = {}
    read = again = 0
    with opened(path) as file:
        for read, line in enumerate(file, start=1):
            text = bad.decode(line).rstrip("\r\n")
            fields = text.split("<SEP>")
            if len(fields) != 4:
                bad.add(read, FIELDS, "4 fields separated by <SEP>", text)
            elif not fields[1]:
                bad.add(read, "no song", "a song id", text)
            elif fields[1] in songs:
                again += 1
            else:
                songs[fields[1]] = (fields[3].strip(), fields[2].strip())
    bad.check(read)
    rows = pd.DataFrame(
        [(song, title, artist) for song, (title, artist) in songs.items()],
        columns=[ITEM_ID, TITLE, "artist"],
    )
    notes = {"further tracks of a song": again, NOT_UTF8: bad.not_utf8}
    return Table(rows, read, bad.dropped, notes)


_LIANG = "Liang et al., Variational Autoencoders for Collaborative Filtering, WWW 2018"
_EASE = "Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019"
_SPARSE = "Spišák et al., Scalable Approximate NonSymmetric Autoencoder, RecSys 2023"


def _scores(*values: float | None) -> dict[str, float]:
    names = ("recall@20", "recall@50", "ndcg@100")
    return {name: v for name, v in zip(names, values, strict=True) if v is not None}


MSD = Protocol(
    name="msd",
    title="Taste Profile, strong generalisation",
    source=f"Protocol: {_LIANG}.",
    min_likers=200,
    min_liked=20,
    held_out=50_000,
    kept_back=0.2,
    seed=98765,
    shape=(571_355, 41_140),
    published=(
        Published("popularity", _scores(0.043, 0.068, 0.058), _EASE),
        Published("WMF", _scores(0.211, 0.312, 0.257), _LIANG),
        Published("Mult-VAE", _scores(0.266, 0.364, 0.316), _LIANG),
        Published("EASE", _scores(0.333, 0.428, 0.389), _EASE),
        Published("sparse MRF, 1.68 M weights", _scores(None, None, 0.3846), _SPARSE),
        Published("sparse MRF, 8.43 M weights", _scores(None, None, 0.3894), _SPARSE),
        Published("SANSA, 1.69 M weights", _scores(None, None, 0.3834), _SPARSE),
        Published("EDLAE, full rank", _scores(None, None, 0.3915), _SPARSE),
        Published(
            "ALS, tuned, 8192 factors",
            _scores(0.309, None, 0.368),
            "Rendle et al., Revisiting the Performance of iALS, RecSys 2022",
        ),
    ),
)


READER = Reader(
    code=__name__,
    sources=(PLAYS, TRACKS),
    read_interactions=read_plays,
    read_items=read_tracks,
    fields=("artist",),
    site=SITE,
    protocols=(MSD,),
)
