"""What a domain is: everything in which one differs from another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from training.config import CleanConfig
from training.domains.event_rules import EventRules
from training.domains.harper_table import HarperTable
from training.domains.protocol import Protocol

USER_ID, ITEM_ID, STRENGTH = "user_id", "item_id", "strength"
"""Columns of raw interactions: text, text, float in the domain's unit."""
TIME = "time"
"""Column of raw and prepared interactions of a domain with times: float64, seconds since 1970."""
USER, ITEM, LIKED = "user", "item", "liked"
"""Columns of prepared interactions: dense index, dense index, bool."""
TITLE, POPULARITY = "title", "popularity"


@dataclass(frozen=True)
class Table:
    """What a reader returns: the good rows, and the number of others by reason.

    Attributes:
        rows: The rows that could be read.
        read: Number of rows in the file.
        dropped: Number of unreadable rows by reason.
        notes: Number of other things worth knowing (ratings of 0, …); these rows are not errors.
    """

    rows: pd.DataFrame
    read: int
    dropped: dict[str, int]
    notes: dict[str, int]


@dataclass(frozen=True)
class Source:
    """One file of the raw folder.

    Attributes:
        names: The names it may have, each also as ``.gz`` or ``.zip``; the first one found is read.
        what: What it holds, for people.
        columns: Its columns, for people.
        required: Whether the domain needs it.
    """

    names: tuple[str, ...]
    what: str
    columns: str
    required: bool = True


@dataclass(frozen=True)
class Remote:
    """One file of a site.

    Attributes:
        path: Its address below the site's.
        name: Its name here.
        holds: The files to extract, if it is an archive; the archive is then deleted.
        optional: Those of ``holds`` that may be missing among manually placed files.
        also: Other names that a manually placed file may have.
    """

    path: str
    name: str
    holds: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """Where a domain's data comes from.

    Attributes:
        base: Address that each remote's path is relative to.
        page: The page for people.
        remotes: The files.
        login: Environment variables of user and key, if the site requires them.
        get_key: How to get a key, for people.
    """

    base: str
    page: str
    remotes: tuple[Remote, ...]
    login: tuple[str, str] | None = None
    get_key: str = ""


@dataclass(frozen=True)
class Labels:
    """Words for people, such as song, songs, listener, listeners, played."""

    item: str
    items: str
    person: str
    people: str
    liked: str


@dataclass(frozen=True)
class Link:
    """Where a page sends a visitor who wants to know more about an item.

    In an address, ``{id}`` and the name of a shown field in braces are replaced by its value.

    Attributes:
        label: The site, for people.
        url: The address, https.
        synthetic_url: The address for demonstration data, whose ids are invented; "": the same.
    """

    label: str
    url: str
    synthetic_url: str = ""


@dataclass(frozen=True)
class Picture:
    """Where the pictures of items are.

    Attributes:
        url: As `Link.url`; pages may load pictures from its host, and from no other.
    """

    url: str


@dataclass(frozen=True)
class Domain:
    """One domain, as its ``domain.toml`` describes it.

    Attributes:
        name: Key of the registry, and the collection's name in URLs.
        project: Name of the HarperDB component, and the URL prefix.
        labels: Words for people.
        sources: Files of the raw folder; empty: the description names files itself.
        read_interactions: (raw folder, most bad rows 0..1) -> table of `USER_ID`, `ITEM_ID`,
            `STRENGTH`, and `TIME` where the source has times.
        read_items: (raw folder, most bad rows 0..1) -> table of `ITEM_ID`, the shown fields and
            others, all text, "" where unknown.
        find_files: (raw folder) -> the description and the files that are read, by name.
        code: Dotted name of the module that reads the sources: part of what makes data stale.
        clean: What counts as liking.
        creator: The field that groups items; "": none.
        shown: Fields shown to people, with their labels.
        data_name: The data set, for people.
        terms: Its terms and citation.
        groups: Fields by whose values items are similar, the creator first if there is one; one
            value per item, but for ``lists``.
        lists: Fields with several values an item, in the form of `training.domains.lists`.
        year: Field with the year; "" where the source has none.
        same_work: Fields whose normalised values make two items editions of one work; empty: none.
        protocols: Published ways to measure on the whole data set.
        site: Where the sources can be downloaded, if anywhere.
        link: Where pages link each item to, if anywhere.
        picture: Where pictures of the items are, if anywhere.
        events: What is recorded of visitors, and what is learned from it.
        folder: Folder that relative names of files start from; None: the files are in any folder
            that is named, at first in that of the demonstration data.
        tables: HarperDB tables that are pulled before they are read.
        read_tables: (domain, folder of pulled rows) -> the domain that reads them from there.
    """

    name: str
    project: str
    labels: Labels
    sources: tuple[Source, ...]
    read_interactions: Callable[[Path, float], Table]
    read_items: Callable[[Path, float], Table]
    find_files: Callable[[Path], dict[str, Path]]
    code: str
    clean: CleanConfig
    creator: str
    shown: tuple[tuple[str, str], ...]
    data_name: str
    terms: str
    same_work: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    year: str = ""
    protocols: tuple[Protocol, ...] = ()
    site: Site | None = None
    link: Link | None = None
    picture: Picture | None = None
    events: EventRules = field(default_factory=EventRules)
    folder: Path | None = None
    tables: tuple[HarperTable, ...] = ()
    read_tables: Callable[[Domain, Path], Domain] | None = None

    def with_tables(self, folder: Path) -> Domain:
        """Returns the domain, whose HarperDB tables are read from the rows pulled into a folder."""
        return self.read_tables(self, folder) if self.read_tables else self

    @property
    def database(self) -> str:
        """Name of the HarperDB database; identifiers there contain no hyphen."""
        return self.project.replace("-", "_")
