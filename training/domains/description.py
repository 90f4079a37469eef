"""``domain.toml``: a domain described without code. See docs/your-own-data.md."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import tomlkit
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from tomlkit.exceptions import TOMLKitError

from training.config import CleanConfig
from training.domains.described_data import TableSource, read_interactions, read_items
from training.domains.described_tables import (
    check_databases,
    check_files,
    read_tables,
    source_of,
)
from training.domains.description_errors import explained
from training.domains.domain import (
    ITEM_ID,
    STRENGTH,
    TIME,
    TITLE,
    USER_ID,
    Domain,
    Labels,
    Link,
    Picture,
)
from training.domains.event_rules import EventRules
from training.domains.tabular import Format, Layout
from training.errors import ConfigError

FILE = "domain.toml"
TAKEN = ("events", "health", "model", "recommend", "stats", "status", "ui")
"""Names that routes have already."""
CREATOR, YEAR = "creator", "year"
_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_FIELD = r"^[a-z][a-z0-9_]{0,39}$"
_RESERVED = {"id", ITEM_ID, TITLE, CREATOR, YEAR, "popularity", "editions", "digest", "index"}
Text = Annotated[str, Field(min_length=1, max_length=300)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Files(_Section):
    files: Annotated[Text, AfterValidator(check_files)]
    format: Format = "csv"
    separator: Annotated[str, Field(min_length=1, max_length=4)] = ","
    quote: Annotated[str, Field(max_length=1)] = '"'
    header: bool = True

    @property
    def layout(self) -> Layout:
        return Layout(self.format, self.separator, self.quote, self.header)


class _Interactions(_Files):
    user: Text
    item: Text
    strength: str = ""
    time: str = ""


class _Items(_Files):
    id: Text
    title: str = ""
    creator: str = ""
    year: str = ""
    fields: dict[str, Text] = {}
    """Further fields, with their columns."""
    lists: dict[str, Annotated[str, Field(min_length=1, max_length=4)]] = {}
    """Those of the fields that hold several values, with what is between two; or ``json``."""
    groups: list[str] = []
    """Those of the fields whose values make items similar."""

    @model_validator(mode="after")
    def _check_fields(self) -> _Items:
        for name in self.fields:
            if not is_field(name):
                problem = "has a meaning already" if name in _RESERVED else "is not possible"
                raise ValueError(
                    f"items.fields.{name}: this name {problem}; choose another of at most 40 "
                    "lower-case letters, digits and underscores that begins with a letter"
                )
        for key, names in (("lists", self.lists), ("groups", self.groups)):
            for name in names:
                if name not in self.fields:
                    there = ", ".join(self.fields) or "none"
                    raise ValueError(
                        f"items.{key}: {name!r} is not one of items.fields; there are {there}"
                    )
        return self


class _Labels(_Section):
    item: Text = "item"
    items: Text = "items"
    person: Text = "user"
    people: Text = "users"
    liked: Text = "liked"
    title: Text = "Title"
    creator: Text = "Creator"
    year: Text = "Year"


_ADDRESS = "expected https://, a host without placeholders, and a path, such as"


class _Link(_Section):
    label: Text
    url: Text

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        if not re.fullmatch(r"https://[^\s{}/]+(/\S*)?", url):
            raise ValueError(f"{_ADDRESS} https://shop.example/{{id}}")
        return url


class _Picture(_Section):
    url: Text

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        # The host becomes part of the Content-Security-Policy.
        if not re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]{1,5})?/\S*\{\S*", url):
            raise ValueError(f"{_ADDRESS} https://pictures.example/{{id}}.jpg")
        return url


class _Data(_Section):
    name: Text
    terms: str = ""


class Description(_Section):
    """What a ``domain.toml`` holds."""

    project: Annotated[str, Field(pattern=f"^{_NAME}$", max_length=60)] = ""
    data: _Data
    labels: _Labels = _Labels()
    interactions: _Interactions
    items: _Items | None = None
    clean: CleanConfig = Field(default_factory=CleanConfig)
    link: _Link | None = None
    picture: _Picture | None = None
    events: EventRules = Field(default_factory=EventRules)

    @model_validator(mode="after")
    def _check_placeholders(self) -> Description:
        known = {"id", *(name for name, _ in _shown(self))}
        for key, named in (("link", self.link), ("picture", self.picture)):
            for name in re.findall(r"\{(.*?)\}", named.url if named else ""):
                if name not in known:
                    there = ", ".join(sorted(known))
                    raise ValueError(f"{key}.url: no field {{{name}}}; there are {there}")
        return self


def is_field(name: str) -> bool:
    """Whether a further field of the items may have this name."""
    return bool(re.match(_FIELD, name)) and name not in _RESERVED


def check_name(name: str, where: str) -> None:
    """Makes sure that a domain may have this name.

    Raises:
        ConfigError: it may not.
    """
    if not re.fullmatch(_NAME, name) or len(name) > 40:
        raise ConfigError(
            f"{where}: the name {name!r} must have at most 40 lower-case letters, digits and "
            "single hyphens, and begin with a letter"
        )
    if name in TAKEN:
        raise ConfigError(f"{where}: {name!r} is the name of a route; choose another")


def read_description(path: Path) -> Domain:
    """Reads a domain from its description.

    Args:
        path: ``datasets/<name>/domain.toml``.

    Raises:
        ConfigError: the file is not TOML, or a key is unknown, missing or has a wrong value.
    """
    name = path.parent.name
    check_name(name, str(path))
    try:
        tree = tomlkit.parse(path.read_text(encoding="utf-8")).unwrap()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    try:
        found = Description.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{path}: {explained(error, Description)}") from error
    domain = _domain(name, path.parent, found)
    check_databases(domain, str(path))
    return domain


def _shown(found: Description) -> list[tuple[str, str]]:
    """Returns the shown fields with their labels, the title first."""
    shown = [(TITLE, found.labels.title)]
    if found.items:
        if found.items.creator:
            shown.append((CREATOR, found.labels.creator))
        if found.items.year:
            shown.append((YEAR, found.labels.year))
        shown += [(name, name.replace("_", " ").capitalize()) for name in found.items.fields]
    return shown


def _domain(name: str, folder: Path, found: Description) -> Domain:
    rows, items = found.interactions, found.items
    columns = {USER_ID: rows.user, ITEM_ID: rows.item}
    columns |= {key: name for key, name in ((STRENGTH, rows.strength), (TIME, rows.time)) if name}
    interactions = source_of(name, "interactions", rows.files, rows.layout, columns)
    catalogue = None
    if items:
        named = {TITLE: items.title, CREATOR: items.creator, YEAR: items.year, **items.fields}
        of_items = {ITEM_ID: items.id} | {key: column for key, column in named.items() if column}
        catalogue = source_of(name, "items", items.files, items.layout, of_items, items.lists)
    sources = (interactions, catalogue)
    creator = CREATOR if items and items.creator else ""
    # Where no column holds titles, none can be missing.
    untitled = items is not None and not items.title
    clean = replace(found.clean, max_untitled=1.0) if untitled else found.clean
    words = found.labels
    return Domain(
        name=name,
        project=found.project or f"{name}-recommender",
        labels=Labels(words.item, words.items, words.person, words.people, words.liked),
        sources=(),
        read_interactions=partial(read_interactions, source=interactions),
        read_items=partial(read_items, source=catalogue),
        clean=clean,
        creator=creator,
        shown=tuple(_shown(found)),
        data_name=found.data.name,
        terms=found.data.terms,
        groups=((creator,) if creator else ()) + (tuple(items.groups) if items else ()),
        lists=tuple(items.lists) if items else (),
        year=YEAR if items and items.year else "",
        link=Link(found.link.label, found.link.url) if found.link else None,
        picture=Picture(found.picture.url) if found.picture else None,
        events=found.events.model_copy(update={"types": EventRules().types | found.events.types}),
        module="training.domains.described_data",
        folder=folder,
        find_files=partial(_files, folder, sources),
        tables=tuple(source.table for source in sources if source and source.table),
        read_tables=partial(read_tables, sources=sources, find_files=partial(_files, folder)),
    )


def _files(folder: Path, sources: tuple[TableSource | None, ...], base: Path) -> dict[str, Path]:
    """Returns the files that are read, and the description itself, each by a name of its own."""
    found = {FILE: folder / FILE}
    for source in filter(None, sources):
        paths = source.paths(base)
        for path in paths:
            name = path.name if len(paths) == 1 else f"{source.name}/{path.name}"
            while name in found:
                name += "+"
            found[name] = path
    return found
