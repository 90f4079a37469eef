"""The sections that every ``domain.toml`` may have, wherever its rows come from."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from training.config import CleanConfig
from training.domains.domain import TITLE
from training.domains.event_rules import EventRules
from training.domains.reader import Reader

NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
Text = Annotated[str, Field(min_length=1, max_length=300)]


class Section(BaseModel):
    """A section: an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _address(pattern: str, example: str) -> AfterValidator:
    """Returns the check of an address whose placeholders are in braces."""

    def check(url: str) -> str:
        if not re.fullmatch(pattern, url):
            raise ValueError(
                "expected https://, a host without placeholders, and a path, such as "
                f"https://{example}"
            )
        return url

    return AfterValidator(check)


_Page = Annotated[Text, _address(r"https://[^\s{}/]+(/\S*)?", "shop.example/{id}")]
# The host of a picture becomes part of the Content-Security-Policy.
_File = Annotated[
    Text,
    _address(r"https://[a-z0-9.-]+(:[0-9]{1,5})?/\S*\{\S*", "pictures.example/{id}.jpg"),
]


class _Link(Section):
    label: Text
    url: _Page
    synthetic_url: _Page | None = None


class _Picture(Section):
    url: _File


class _Data(Section):
    name: Text
    terms: str = ""


class _Labels(Section):
    item: Text = "item"
    items: Text = "items"
    person: Text = "user"
    people: Text = "users"
    liked: Text = "liked"
    title: Text = "Title"
    creator: Text = "Creator"
    year: Text = "Year"


@dataclass(frozen=True)
class Fields:
    """What a domain's fields mean; each attribute as `training.domains.domain.Domain` has it."""

    shown: tuple[tuple[str, str], ...]
    creator: str = ""
    year: str = ""
    groups: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    same_work: tuple[str, ...] = ()


class Described(Section):
    """What every ``domain.toml`` may hold."""

    project: Annotated[str, Field(pattern=f"^{NAME}$", max_length=60)] = ""
    data: _Data
    labels: _Labels = _Labels()
    clean: CleanConfig = Field(default_factory=CleanConfig)
    link: _Link | None = None
    picture: _Picture | None = None
    events: EventRules = Field(default_factory=EventRules)

    @abstractmethod
    def fields(self) -> Fields:
        """Returns what the fields mean."""

    @abstractmethod
    def reader(self, name: str, path: Path) -> Reader:
        """Returns how the rows are read.

        Args:
            name: The domain's name.
            path: The description's file.
        """

    @abstractmethod
    def files(self, name: str, path: Path, folder: Path) -> dict[str, Path]:
        """Returns the description and the files that are read, each by a name of its own.

        Args:
            name: The domain's name.
            path: The description's file.
            folder: Where files are, or what relative names start from.

        Raises:
            DataError: a file is missing or empty.
        """

    def cleaning(self) -> CleanConfig:
        """Returns what counts as liking."""
        return self.clean

    def named(self, creator: str, year: str) -> list[tuple[str, str]]:
        """Returns title, creator and year with their labels, as far as there are such fields."""
        labels = ((creator, self.labels.creator), (year, self.labels.year))
        return [(TITLE, self.labels.title), *((name, label) for name, label in labels if name)]

    @model_validator(mode="after")
    def _check_placeholders(self) -> Described:
        known = {"id", *(name for name, _ in self.fields().shown)}
        addresses = {
            "link.url": self.link and self.link.url,
            "link.synthetic_url": self.link and self.link.synthetic_url,
            "picture.url": self.picture and self.picture.url,
        }
        for key, url in addresses.items():
            for name in re.findall(r"\{(.*?)\}", url or ""):
                if name not in known:
                    there = ", ".join(sorted(known))
                    raise ValueError(f"{key}: no field {{{name}}}; there are {there}")
        return self
