"""``domain.toml``: a domain described for people to edit. See docs/your-own-data.md."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError

from training.domains.described_tables import check_databases
from training.domains.description_errors import explained
from training.domains.description_files import FileDescription
from training.domains.description_reader import ReaderDescription
from training.domains.description_sections import NAME, Described
from training.domains.domain import Domain, Labels, Link, Picture
from training.domains.event_rules import EventRules
from training.errors import ConfigError

FILE = "domain.toml"
TAKEN = ("events", "health", "model", "recommend", "stats", "status", "ui")
"""Names that routes have already."""


def check_name(name: str, where: str) -> None:
    """Makes sure that a domain may have this name.

    Raises:
        ConfigError: it may not.
    """
    if not re.fullmatch(NAME, name) or len(name) > 40:
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
    kind: type[Described] = ReaderDescription if "source" in tree else FileDescription
    try:
        found = kind.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{path}: {explained(error, kind)}") from error
    domain = _domain(name, path, found)
    check_databases(domain, str(path))
    return domain


def _domain(name: str, path: Path, found: Described) -> Domain:
    fields, reader, words, link = found.fields(), found.reader(name, path), found.labels, found.link
    return Domain(
        name=name,
        project=found.project or f"{name}-recommender",
        labels=Labels(words.item, words.items, words.person, words.people, words.liked),
        sources=reader.sources,
        read_interactions=reader.read_interactions,
        read_items=reader.read_items,
        # Absolute: a program may change its folder.
        find_files=partial(found.files, name, path.absolute()),
        code=reader.code,
        clean=found.cleaning(),
        creator=fields.creator,
        shown=fields.shown,
        data_name=found.data.name,
        terms=found.data.terms,
        groups=fields.groups,
        lists=fields.lists,
        year=fields.year,
        same_work=fields.same_work,
        protocols=reader.protocols,
        site=reader.site,
        link=Link(link.label, link.url, link.synthetic_url or "") if link else None,
        picture=Picture(found.picture.url) if found.picture else None,
        events=found.events.model_copy(update={"types": EventRules().types | found.events.types}),
        folder=reader.folder,
        tables=reader.tables,
        read_tables=reader.read_tables,
    )
