"""The command that describes a domain: what was found in the files, confirmed and written."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from training.cli.connection import connect
from training.cli.console import err, out, printable
from training.cli.pull import source_client
from training.domains import DOMAINS, sniff
from training.domains.description import FILE, check_name, read_description
from training.domains.description_files import is_field
from training.domains.description_text import DescriptionText, Group, ItemsText
from training.domains.harper_table import is_table
from training.domains.registry import datasets_folder
from training.domains.sniff import Sniffed
from training.domains.source_files import find_files
from training.errors import ConfigError
from training.sources.sniff import sniff_table

Column = Annotated[str | None, typer.Option(help="Its column. Default: guessed.")]
_LIKED_SHARE = 0.7
"""Of the greatest rating: 3.5 of 5, 7 of 10."""
_SHOWN_ROWS, _WIDTH = 3, 24


def mount(app: typer.Typer) -> None:
    """Adds the command to a command line."""
    app.command()(new)


def new(
    name: Annotated[str, typer.Argument(help="Its name, such as films.", metavar="NAME")],
    interactions: Annotated[
        str,
        typer.Option(
            help="File, folder, pattern or harperdb:DATABASE.TABLE: who liked what.",
            show_default=False,
        ),
    ],
    user: Column = None,
    item: Column = None,
    strength: Annotated[
        str | None, typer.Option(help='Its column; "": none. Default: guessed.')
    ] = None,
    liked_from: Annotated[
        float | None, typer.Option(help="Least strength that counts as liked.", min=0)
    ] = None,
    time: Annotated[
        str | None, typer.Option(help='Its column; "": none. Default: guessed.')
    ] = None,
    separator: Annotated[str | None, typer.Option(help="Of the interactions.")] = None,
    items: Annotated[str | None, typer.Option(help="The same: titles.")] = None,
    item_id: Annotated[
        str | None, typer.Option("--id", help="Column of the items' id. Default: guessed.")
    ] = None,
    title: Column = None,
    creator: Column = None,
    project: Annotated[
        str | None, typer.Option(help="Prefix of the routes. Default: NAME-recommender.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; needed in scripts.")] = False,
) -> None:
    """Describe a catalogue of your own, so that every other command knows it by NAME.

    Shows what it finds in the files, asks, and writes datasets/NAME/domain.toml. What is not named
    is guessed from the files. CSV with any separator, JSON Lines and Parquet are read; plain, .gz,
    .zip or .zst; and tables of HarperDB, named harperdb:DATABASE.TABLE, of the node that HARPER_URL
    names.

    Example: harperdb-recommender new films --interactions ratings.csv --items movies.csv
    """
    check_name(name, "new")
    home = datasets_folder() / name
    if name in DOMAINS:
        raise ConfigError(f"{name} exists already: edit {home / FILE}, or choose another name")
    found = _sniffed(interactions, "interactions", separator)
    rows = _interactions(name, home, found, interactions, user, item, strength, liked_from)
    rows = replace(rows, project=project or rows.project, time=_time(found, rows, time))
    catalogue = None
    if items is not None:
        catalogue = _sniffed(items, "items", None)
        described = _items(home, catalogue, items, rows.item, item_id, title, creator)
        rows = replace(rows, items=described)
    _show(rows, found, catalogue)
    if not yes:
        _ask(home / FILE)
    _write(home, rows)
    out.print(f"{home / FILE} written. Next: harperdb-recommender run {name}")


def _sniffed(name: str, key: str, separator: str | None) -> Sniffed:
    if is_table(name):
        return sniff_table(source_client(connect()), name, option=f"--{key}")
    return sniff.sniff(find_files(Path.cwd(), name, key=f"--{key}")[0], separator=separator)


def _interactions(
    name: str,
    home: Path,
    found: Sniffed,
    files: str,
    user: str | None,
    item: str | None,
    strength: str | None,
    liked_from: float | None,
) -> DescriptionText:
    user = _known(found, user, "--user") or found.column(sniff.USER) or found.columns[0]
    item = _known(found, item, "--item") or found.column(sniff.ITEM, [user])
    item = item or next(column for column in found.columns if column != user)
    if strength is None:
        strength = found.column(sniff.STRENGTH, [user, item])
        third = [c for c in found.columns if c not in (user, item)][:1]
        # Without a header, three columns are nearly always user, item and strength.
        if not strength and not found.layout.header and third and found.values(third[0]):
            strength = third[0]
    _known(found, strength, "--strength")
    return DescriptionText(
        name=name,
        project=f"{name}-recommender",
        files=_from(home, files),
        layout=found.layout,
        user=user,
        item=item,
        strength=strength,
        time="",
        liked_from=_threshold(found, strength) if liked_from is None else liked_from,
    )


def _time(found: Sniffed, rows: DescriptionText, time: str | None) -> str:
    """Returns the column of times, "" if there is none; a guess must hold times throughout."""
    if time is not None:
        return _known(found, time, "--time")
    taken = [rows.user, rows.item, rows.strength]
    guess = found.column(sniff.TIME, taken)
    return guess if guess and found.holds_times(guess) else ""


def _threshold(found: Sniffed, strength: str) -> float:
    """Returns what a rating must reach to be a like; 0: every strength above 0 is one."""
    if not strength or found.column(sniff.RATINGS) != strength:
        return 0.0
    values = found.values(strength)
    # 3.5 of 5, 7 of 10; in halves.
    return math.ceil(max(values, default=0) * _LIKED_SHARE * 2) / 2 if values else 0.0


def _items(
    home: Path,
    found: Sniffed,
    files: str,
    item: str,
    item_id: str | None,
    title: str | None,
    creator: str | None,
) -> ItemsText:
    same = item if item in found.columns else ""
    id_ = _known(found, item_id, "--id") or same
    id_ = id_ or ("id" if "id" in found.columns else found.column(sniff.ITEM) or found.columns[0])
    columns = {
        "title": _known(found, title, "--title") or found.column(sniff.TITLE, [id_]),
        "creator": _known(found, creator, "--creator") or found.column(sniff.CREATOR, [id_]),
        "year": found.column(sniff.YEAR, [id_]),
    }
    columns = {key: column for key, column in columns.items() if column}
    group = _group(found, [id_, *columns.values()])
    return ItemsText(_from(home, files), found.layout, id_, columns, group)


def _group(found: Sniffed, taken: list[str]) -> Group | None:
    column = found.column(sniff.GROUPS, taken)
    name = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
    return Group(name, column, found.separator_of(column)) if column and is_field(name) else None


def _known(found: Sniffed, column: str | None, option: str) -> str:
    if column and column not in found.columns:
        raise ConfigError(f"{option} {column}: the columns are {', '.join(found.columns)}")
    return column or ""


def _from(home: Path, files: str) -> str:
    """Returns the name as the description says it: relative where the files are beside it."""
    if is_table(files):
        return files
    place = (Path.cwd() / Path(files).expanduser()).resolve()
    inside = home.resolve()
    return str(place.relative_to(inside)) if place.is_relative_to(inside) else str(place)


def _show(rows: DescriptionText, found: Sniffed, catalogue: Sniffed | None) -> None:
    named = {"user": rows.user, "item": rows.item, "strength": rows.strength or "(presence)"}
    named |= {"time": rows.time} if rows.time else {}
    _show_file("interactions", rows.files, found, named)
    if rows.strength:
        counts = f"from {rows.liked_from:g}" if rows.liked_from else "above 0"
        err.print(f"  liked: {rows.strength} {counts}")
    if catalogue and rows.items:
        named = {"id": rows.items.id, **rows.items.columns}
        named |= {"group": rows.items.group.column} if rows.items.group else {}
        _show_file("items", rows.items.files, catalogue, named)


def _show_file(what: str, files: str, found: Sniffed, named: dict[str, str]) -> None:
    layout = found.layout
    written = "HarperDB table" if is_table(files) else str(layout.format)
    if layout.format == "csv":
        header = "with" if layout.header else "without"
        written += f", separator {layout.separator!r}, {header} header"
    written += f", {found.encoding}" if found.encoding else ""
    err.print(printable(f"{what}: {files} ({written})"))
    for row in (found.columns, *found.rows[:_SHOWN_ROWS]):
        err.print(printable("  " + " | ".join(value[:_WIDTH] for value in row)))
    err.print(printable("  " + ", ".join(f"{key}: {column}" for key, column in named.items())))


def _ask(path: Path) -> None:
    if not sys.stdin.isatty():
        raise ConfigError("this is no terminal to ask on: check the above, and add --yes")
    if not typer.confirm(f"Write {path}?", default=True, err=True):
        err.print("Nothing written. Name columns with --user, --item, --strength, --title.")
        raise typer.Exit(1)


def _write(home: Path, rows: DescriptionText) -> None:
    home.mkdir(parents=True, exist_ok=True)
    path = home / FILE
    fresh = home / f"{FILE}.tmp"
    fresh.write_text(rows.toml(), encoding="utf-8")
    fresh.replace(path)
    try:
        read_description(path)
    except ConfigError:
        path.unlink()
        raise
